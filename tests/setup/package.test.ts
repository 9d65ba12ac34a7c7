// Goal: Nash is a package like any other: packed, installed in an empty project, set up, it trains and draws there with nothing of the
// checkout, and a program of the project may import it. Method: npm itself; skipped where its registry cannot be reached.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { withoutWaits } from '../support/nash.js';
import { repository } from './checkout.js';

const folder = mkdtempSync(join(tmpdir(), 'nash-package-'));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
const project = join(folder, 'project');

function run(words: readonly string[], cwd = project) {
  const library = join(
    realpathSync(join(repository, 'node_modules/@tensorflow/tfjs-node-gpu/deps/lib')),
    '..',
  );
  const env = { ...process.env, NASH_LIBTENSORFLOW: library, NASH_CACHE: join(folder, 'cache') };
  const { status, stdout, stderr } = spawnSync(words[0]!, words.slice(1), { cwd, env, encoding: 'utf8' });
  return { status, stdout, stderr: withoutWaits(stderr) };
}

const done = { status: 0, stderr: '' };
const SETS = ['--set', 'stop.generatorSteps=5', '--set', 'server.http=127.0.0.1:0'];

/** Every text below a folder, packages aside. */
const texts = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules' || entry.isSymbolicLink()) return [];
    if (entry.isDirectory()) return texts(join(path, entry.name));
    return entry.isFile() ? [readFileSync(join(path, entry.name), 'latin1')] : [];
  });

it('packed and installed, it is set up, trains, draws and is imported', ({ skip }) => {
  const packed = run(['npm', 'pack', '--pack-destination', folder], repository);
  expect(packed.status, packed.stderr).toBe(0);
  mkdirSync(project);
  const tarball = join(folder, packed.stdout.trim().split('\n').at(-1)!);
  const installed = run(['npm', 'install', '--prefer-offline', '--no-fund', '--no-audit', tarball]);
  const isAway = /E(NOTFOUND|TIMEDOUT|CONNREFUSED|AI_AGAIN|NOTCACHED)/.test(installed.stderr);
  if (installed.status !== 0 && isAway) skip('the npm registry cannot be reached');
  expect(installed.status, installed.stderr).toBe(0);
  const own = join(project, 'node_modules/nash');
  expect(readdirSync(own).sort()).toEqual(
    [
      'README.md',
      'SECURITY.md',
      'bin',
      'cluster',
      'configs',
      'dist',
      'docs',
      'ecosystem.config.js',
      'package.json',
      'src',
    ].sort(),
  );
  expect(readdirSync(join(own, 'src'))).toEqual(['export', 'setup']);
  expect(readdirSync(join(own, 'src/export'))).toEqual(['beside']); // what lies beside an exported generator

  expect(run(['npx', 'nash', '--version'])).toMatchObject({ ...done, stdout: '0.1.0\n' });
  expect(run(['npx', 'nash', 'train', 'ring'])).toMatchObject({
    status: 3,
    stderr: expect.stringContaining('`npx nash setup`'),
  });
  expect(run(['npx', 'nash', 'setup'])).toMatchObject({
    status: 0,
    stderr: expect.stringMatching(/addon: ready.*\nnash setup: done/),
  });
  expect(run(['npx', 'nash', 'setup'])).toMatchObject({
    status: 0,
    stderr: 'nash setup: everything is in place\n',
  });

  expect(run(['npx', 'nash', 'init', 'mine'])).toMatchObject({
    ...done,
    stdout: expect.stringContaining('ring.yaml'),
  });
  const [, schema] = /\$schema=(.+)/.exec(readFileSync(join(project, 'mine/ring.yaml'), 'utf8'))!;
  expect(existsSync(join(project, 'mine', schema!))).toBe(true);
  const again = run(['npx', 'nash', 'init', 'mine']);
  expect(again).toMatchObject({
    status: 2,
    stderr: expect.stringContaining(
      'ring.yaml, my-networks.yaml, my-networks.ts, tsconfig.json, topology.yaml, README.md already',
    ),
  });
  cpSync(join(project, 'mine/ring.yaml'), join(project, 'my.yaml'));
  expect(run(['npx', 'nash', 'train', 'my.yaml', ...SETS])).toMatchObject(done);
  const mine = ['mine/my-networks.yaml', ...SETS, '--set', 'model.width=8'];
  expect(run(['npx', 'nash', 'train', ...mine])).toMatchObject(done);
  const topology = ['--topology', 'mine/topology.yaml'];
  expect(run(['npx', 'nash', 'train', 'ring', ...topology, ...SETS])).toMatchObject(done);
  const weights = (name: string) =>
    JSON.parse(readFileSync(join(project, `runs/${name}/result.json`), 'utf8')).weights;
  expect(weights('my')).toEqual(weights('ring'));
  expect(
    run(['npx', 'nash', 'export', 'runs/ring', '--to', 'g', '--format', 'tfjs,safetensors']),
  ).toMatchObject(done);
  for (const file of ['index.html', 'page/tensorflow.js', 'generator.py'])
    expect(existsSync(join(project, 'g', file)), file).toBe(true);
  expect(
    run(['npx', 'nash', 'train', '--resume', 'runs/my', '--set', 'stop.generatorSteps=7']),
  ).toMatchObject(done);
  expect(run(['npx', 'nash', 'sample', 'runs/my', '--count', '3', '--out', 'points.npy'])).toMatchObject(
    done,
  );
  expect(existsSync(join(project, 'points.npy'))).toBe(true);
  expect(texts(project).filter((text) => text.includes(repository))).toEqual([]);

  writeFileSync(
    join(project, 'nets.ts'),
    `import { type RunConfig, loadConfig } from 'nash';
import { activation, dense, network } from 'nash/models';
import type { GanLoss } from 'nash/losses';
import type { Penalty } from 'nash/penalties';
const config: RunConfig = loadConfig('my.yaml');
const layer = dense('item', 3, { initializer: { kind: 'normal', deviation: 0.5 }, bias: true });
const net = network('generator', [config.model.latent ?? 2], [layer, activation.relu('last')]);
export const of = (_loss: GanLoss, _penalty: Penalty<never>): number => net.manifest.size;
console.log(net.manifest.size);
`,
  );
  writeFileSync(join(project, 'package.json'), '{"type": "module", "dependencies": {"nash": "*"}}');
  const tsc = join(repository, 'node_modules/typescript/bin/tsc');
  expect(run([process.execPath, tsc, '-p', 'mine'])).toEqual({ status: 0, stdout: '', stderr: '' });
  const types = ['--typeRoots', join(repository, 'node_modules/@types'), '--types', 'node'];
  const form = ['--module', 'nodenext', '--target', 'es2022', '--strict', '--skipLibCheck', ...types];
  expect(run([process.execPath, tsc, ...form, 'nets.ts'])).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(run([process.execPath, 'nets.js'])).toMatchObject({ ...done, stdout: '9\n' });
}, 900_000);
