// Goal: what a machine does not allow is said in a line, with how to mend it and exit 3. Method: nash as another user beside root's
// set-up and root's run, on a disk that may only be read, and with few files to open; each for real.

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isAlive, nash, scratch, start, statusWhen, syntheticCifar, trainWords } from '../support/nash.js';
import { NOBODY, openToOthers, whyNoOtherUser } from '../support/other-user.js';

const limited = (files: number) => ({ within: ['bash', '-c', `ulimit -n ${files}; exec "$0" "$@"`] });

describe('with few files to open', () => {
  it('nash says how many it needs', async () => {
    const { exitCode, stdout, stderr } = await start(['status', scratch('none')], limited(64)).finished;
    expect([exitCode, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(
      /^this process may open 64 files, and needs 256\n {2}To mend it: .*ulimit -n 1024.*\n$/,
    );
  });

  it('a server keeps enough of them for its run, whoever connects to its pages', async () => {
    const words = trainWords('few', 'configs/ring.yaml', { 'stop.generatorSteps': 1_000_000 }).slice(1);
    const server = start(['server', ...words], limited(256));
    await statusWhen('few', 'the server', () => true);
    const { http, pid } = JSON.parse(readFileSync(join(scratch('few'), 'server.json'), 'utf8'));
    const sockets: Socket[] = [];
    for (let i = 0; i < 300; i++) {
      const socket = connect(Number(http.split(':')[1]), '127.0.0.1');
      sockets.push(socket.on('error', () => {}));
    }
    const worker = start(['worker', '--pool', 'any', '--run-dir', scratch('few')], limited(256));
    await statusWhen('few', 'a step', ({ step }) => step.generator > 0);
    expect(isAlive(pid)).toBe(true);
    for (const socket of sockets) socket.destroy();
    expect((await nash('stop', scratch('few'))).exitCode).toBe(0);
    expect((await server.finished).exitCode).toBe(75);
    await worker.finished;
  });
});

/** A checkout with this one's build, whose library lies in a folder. */
function checkoutWith(library: string): string {
  const root = scratch(`checkout-of-${library}`);
  if (existsSync(root)) return root;
  const addon = join(root, 'node_modules/@tensorflow/tfjs-node-gpu');
  for (const folder of [
    join(root, 'bin'),
    join(addon, 'lib/napi-v8'),
    join(addon, 'deps'),
    join(scratch(library), 'lib'),
  ])
    mkdirSync(folder, { recursive: true });
  cpSync('bin/nash', join(root, 'bin/nash'));
  cpSync('package.json', join(root, 'package.json'));
  cpSync('src/setup', join(root, 'src/setup'), { recursive: true });
  symlinkSync(resolve('dist'), join(root, 'dist'));
  writeFileSync(join(addon, 'lib/napi-v8/tfjs_binding.node'), '');
  symlinkSync(join(scratch(library), 'lib'), join(addon, 'deps/lib'));
  return root;
}

const why = whyNoOtherUser();

describe.skipIf(why)('on a disk that may only be read', () => {
  const disk = scratch('read-only');
  mkdirSync(disk);
  const mounted = `mount --bind ${disk} ${disk} && mount -o remount,bind,ro ${disk} && exec "$0" "$@"`;
  const within = ['unshare', '--mount', 'bash', '-c', mounted];
  const small = { 'data.path': syntheticCifar(16), 'model.width': 4, 'minibatch.size': 8 };
  it.each([
    [
      'the run folder',
      'read-only/run',
      'configs/ring.yaml',
      {},
      {},
      /^nash: the run folder .*read-only\/run/,
    ],
    [
      'what is kept of the data',
      'run',
      'configs/cifar10-dcgan.yaml',
      small,
      { NASH_CACHE: join(disk, 'cache') },
      /^nash: decoded images cannot be kept in .*NASH_CACHE/m,
    ],
  ])('%s cannot be written, and nash says so', async (_, name, config, sets, env, expected) => {
    const words = trainWords(name, config, { 'stop.generatorSteps': 3, ...sets });
    const { exitCode, stderr } = await start(words, { env, within }).finished;
    const errors = stderr.split('\n').filter((line) => line.startsWith('nash: '));
    expect([exitCode, errors]).toEqual([3, [expect.stringContaining('EROFS')]]);
    expect(stderr).toMatch(expected);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

describe.skipIf(why)('as another user', () => {
  openToOthers(scratch('.'));
  const asNobody = (root: string, ...words: string[]) => {
    const options = { uid: NOBODY, gid: NOBODY, cwd: '/', encoding: 'utf8' } as const;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(root, 'bin/nash'), ...words],
      options,
    );
    return [status, stdout, stderr];
  };

  it('whose library is closed to him, he is told so, and not that nothing is set up', () => {
    const root = checkoutWith('private');
    chmodSync(scratch('private'), 0o700);
    expect(asNobody(root, 'status', 'runs/ring')).toEqual([
      3,
      '',
      expect.stringMatching(
        /^nash was set up by another user: .*deps\/lib, which leads to .*private\/lib, is closed to this one\n.*NASH_CACHE=.*\n$/,
      ),
    ]);
    rmSync(join(root, 'node_modules/@tensorflow/tfjs-node-gpu/deps/lib'));
    expect(asNobody(root, 'status')).toEqual([
      3,
      '',
      expect.stringMatching(/^nash is not set up: .*deps\/lib is missing\n/),
    ]);
  });

  it.each([
    'status',
    'stop',
    'worker --pool any --run-dir',
    'evaluator --run-dir',
    'sample --count 1 --out /x.npy',
  ])("in a run of root's, nash %s says that it is closed to him", (command) => {
    const root = checkoutWith('public');
    mkdirSync(scratch('closed'), { recursive: true, mode: 0o700 });
    const refused = /^nash: EACCES: permission denied, \w+ '.*closed\/.*'\. It is closed to this user: .*\n$/;
    expect(asNobody(root, ...command.split(' '), scratch('closed'))).toEqual([
      3,
      '',
      expect.stringMatching(refused),
    ]);
  });
});

if (why) it(`another user is tried (${why})`, (context) => context.skip(why));
