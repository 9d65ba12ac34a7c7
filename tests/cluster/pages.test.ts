// Goal: what README and pages tell people to type works as it stands there. Method: every command of their shell blocks is taken from the
// page and typed in a folder of a user's own, in its order, with less data, smaller nets and fewer steps; what another test tries, or what
// needs what is not here, is said beside it.
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { examplesIn, fencedIn, PAGES } from '../support/commands.js';
import {
  type Running,
  scratch,
  start,
  statusWhen,
  syntheticCifar,
  syntheticMnist,
  workersOnly,
} from '../support/nash.js';
import { python, pythonLacks } from '../support/python.js';
import { npy, png, zip } from '../unit/data/folders.js';

const HOME = scratch('home');

const noArrow = pythonLacks('pyarrow');
const PARQUET = `
import glob, os, sys
import pyarrow as pa, pyarrow.parquet as pq
os.makedirs(sys.argv[2])
rows = [{'bytes': open(path, 'rb').read(), 'path': path} for path in sorted(glob.glob(f'{sys.argv[1]}/*.png'))]
pq.write_table(pa.table({'image': pa.array(rows), 'label': pa.array([0] * len(rows))}), f'{sys.argv[2]}/train.parquet')
`;

/** Commands that this test does not type: where they are tried, or why they cannot be. */
const ELSEWHERE: readonly (readonly [RegExp, where: string])[] = [
  [/^npm (test|run test:all)$/, '.ci/run'],
  [/^npm start$/, 'tests/cluster/resume.test.ts'],
  [/^npm install && npx nash setup$/, '.ci/run'],
  [/^npx nash data (mnist|cifar10)$/, 'tests/unit/data/download.test.ts'],
  [/^npx nash (keys|server|worker) /, 'tests/cluster/keys.test.ts'],
  [/pm2|^npx nash stop runs\/ring$/, 'tests/cluster/pm2.test.ts'],
  [/^npx nash audit /, 'tests/cluster/audit.test.ts'],
  [/^npx nash evaluate /, 'tests/cluster/evaluate.test.ts'],
  [/^npx nash export /, 'tests/cluster/export.test.ts'],
  [/^npx nash reproduce /, 'tests/cluster/reproduce.test.ts'],
  [/^npx nash train (failures|cures)\//, 'tests/unit/config/failures.test.ts'],
  [/^npx nash compare /, 'tests/cluster/sample.test.ts'],
  [/^npm run soak/, 'tests/soak/soak.mjs'],
  [/^docker compose/, 'docs/grafana.md'], // which says that nobody here has run it
];

/** Commands of a page's shell blocks, without remarks; a line that ends in a backslash goes on. */
const commandsIn = (page: string): string[] =>
  fencedIn(page, 'sh').flatMap((block) =>
    block
      .replaceAll(/\\\n\s*/g, '')
      .split('\n')
      .map((line) => line.replace(/\s+#.*$/, '').trim())
      .filter(Boolean),
  );
const wordsOf = (command: string): string[] =>
  command.split(/\s+/).map((word) => word.replace(/^'(.*)'$/, '$1'));
const elsewhere = (command: string) => ELSEWHERE.find(([pattern]) => pattern.test(command))?.[1];
const pages = PAGES.map((page) => [page, commandsIn(page).filter((command) => !elsewhere(command))] as const);

it('each is typed here, or tried where that is said', () => {
  const all = PAGES.flatMap(commandsIn);
  expect(all.length).toBeGreaterThan(25);
  for (const command of all) {
    const where = elsewhere(command);
    if (where) expect(existsSync(where), `${command}: ${where}`).toBe(true);
    else
      expect(command).toMatch(
        /^npx nash (train|status|stop|sample|neighbors|simulate|data show|init)\b|^grep /,
      );
  }
});

/** Less of everything, where a command trains: fewer steps and processes, and of a run that begins smaller nets and minibatches. */
function less(command: string, steps: number): string[] {
  const isResumed = command.includes('--resume');
  const isMeasured = command.includes('runs/plain'); // whose evaluations are looked for
  const sets = ['server.http=127.0.0.1:0', `stop.generatorSteps=${steps}`];
  if (!isResumed) sets.push('minibatch.size=16');
  const isPaper = command.includes('train paper/'); // its nets have no width, and those that pages train are small
  if (!isResumed && !isPaper && /mnist|cifar|images/.test(command)) sets.push('model.width=4');
  return [...(isMeasured ? [] : workersOnly('any=1')), ...sets.flatMap((set) => ['--set', set])];
}

/** A user's folder. */
beforeAll(() => {
  mkdirSync(join(HOME, 'data'), { recursive: true });
  symlinkSync(resolve('configs'), join(HOME, 'configs'));
  cpSync(syntheticMnist(), join(HOME, 'data/mnist'), { recursive: true });
  for (const name of ['cifar10', 'other'])
    cpSync(syntheticCifar(), join(HOME, 'data', name), { recursive: true });
  const pictures = join(HOME, 'MY_PICTURES');
  mkdirSync(pictures);
  for (let i = 0; i < 20; i++)
    writeFileSync(
      join(pictures, `${i}.png`),
      png(70, 50, (x, y) => [(7 * i) % 256, (3 * x) % 256, (5 * y) % 256]),
    );
  symlinkSync(pictures, join(HOME, 'data/pictures'));
  const count = 16;
  const numbers = Uint8Array.from({ length: count * 32 * 32 * 3 }, (_, i) => (31 * i) % 251);
  const arrays = {
    'images.npy': npy('|u1', [count, 32, 32, 3], numbers),
    'labels.npy': npy(
      '|u1',
      [count],
      Uint8Array.from({ length: count }, (_, i) => i % 3),
    ),
  };
  writeFileSync(join(HOME, 'data/items.npz'), zip(arrays));
  if (!noArrow) python(PARQUET, pictures, join(HOME, 'data/parquet'));
});

/** What is typed for a command of a page. */
function typed(command: string, { isAwaited }: { isAwaited: boolean }): string[] {
  const [, , ...words] = wordsOf(command); // without `npx nash`
  if (words[0] === 'simulate') return words.map((word) => (word === '1000' ? '20' : word));
  if (words[0] !== 'train') return words;
  const resumed = /--resume runs\/(\S+)/.exec(command)?.[1];
  const result = resumed && JSON.parse(readFileSync(join(HOME, 'runs', resumed, 'result.json'), 'utf8'));
  const steps = isAwaited ? 4 + (result?.steps.generator ?? 0) : 1_000_000;
  const first = words.map((word) => (word.startsWith('stop.generatorSteps=') ? 'seed=1' : word));
  return [...first, ...less(command, steps)];
}

it('they do what the page says, one after the other', async () => {
  const within = ['env', '-C', HOME];
  let living: Running | undefined;
  const done = new Set<string>();
  for (const [page, commands] of pages) {
    for (const [i, command] of commands.entries()) {
      const at = `${page}: ${command}`;
      if (command.startsWith('grep ')) {
        expect(readFileSync(join(HOME, command.split(' ').at(-1)!), 'utf8'), at).toContain('evaluation');
        continue;
      }
      const run = /configs\/(\S+)\.yaml/.exec(command)?.[1];
      if (run && /nash train/.test(command) && !/--run-dir/.test(command) && done.has(run)) continue; // as before
      const isAwaited = !/^npx nash (status|stop)/.test(commands[i + 1] ?? '');
      const begun = start(typed(command, { isAwaited }), { within });
      if (isAwaited || !/nash train/.test(command)) {
        const { exitCode, stderr } = await begun.finished;
        expect([at, exitCode, stderr]).toEqual([at, 0, expect.anything()]);
      } else {
        living = begun;
        await statusWhen(`home/runs/${run}`, 'steps', ({ step }) => step.generator > 0);
      }
      if (/nash stop/.test(command)) expect((await living!.finished).exitCode, at).toBe(75);
      if (run) done.add(run);
    }
  }
  expect([...done].sort()).toEqual(expect.arrayContaining(['cifar10-dcgan', 'images', 'mnist-gan', 'ring']));
}, 900_000);

const examples = examplesIn('docs/config.md').map(
  (text) => [/source: (\w[\w-]*)/.exec(text)![1]!, text] as const,
);
const tried = examples.filter(([source]) => !(noArrow && source === 'parquet'));
it.each(tried)('the example of %s in docs/config.md trains five steps', async (source, text) => {
  const config = join(HOME, `example-${source}.yaml`);
  writeFileSync(config, text);
  const sets = [
    'minibatch.size=16',
    'minibatch.shards=4',
    'stop.generatorSteps=5',
    'server.http=127.0.0.1:0',
  ];
  const placed = /onCollapse/.test(text) ? ['--workers', 'any=1'] : workersOnly('any=1'); // who stops for a collapse needs an evaluator
  const words = ['train', config, ...placed, ...sets.flatMap((set) => ['--set', set])];
  const { exitCode, stderr } = await start(words, { within: ['env', '-C', HOME] }).finished;
  expect([exitCode, stderr]).toEqual([0, expect.anything()]);
  const result = JSON.parse(readFileSync(join(HOME, `runs/example-${source}/result.json`), 'utf8'));
  expect(result.steps.generator).toBe(5);
});
if (noArrow) it(`the example of parquet (${noArrow})`, (context) => context.skip(noArrow));
