import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { Placement } from '../../../src/cli/placement.js';
import { processesOf, type WhichRun } from '../../../src/cli/processes.js';

const placement: Placement = {
  server: true,
  evaluator: true,
  suffix: '',
  needsGpu: true,
  workers: [
    { name: 'discriminator-0', pool: 'discriminator', device: '2' },
    { name: 'discriminator-1', pool: 'discriminator' },
    { name: 'any-0', pool: 'any' },
  ],
};
const elsewhere: Placement = {
  ...placement,
  server: false,
  evaluator: false,
  endpoint: 'tcp://10.0.0.1:5',
  suffix: '@b',
};
const linesOf = (given: Partial<WhichRun>) =>
  processesOf({
    placement,
    configFile: 'a.yaml',
    args: { set: ['seed=2'] },
    runDir: 'runs/a',
    modules: [],
    isSupervised: false,
    ...given,
  }).map(({ name, words, env }) => [name, words.join(' '), env]);

/** threads that decode pictures: one a core, and no fewer than libuv has by itself */
const DECODING = { UV_THREADPOOL_SIZE: String(Math.max(4, availableParallelism())) };

describe('the processes of a run', () => {
  it('are the server, the evaluator and the workers, each with its own GPU, linked to who starts them', () => {
    expect(linesOf({})).toEqual([
      ['server', 'server a.yaml --set seed=2 --expect-evaluator', DECODING],
      ['evaluator', 'evaluator --run-dir runs/a', {}],
      [
        'discriminator-0',
        'worker --pool discriminator --name discriminator-0 --run-dir runs/a --require-gpu',
        { CUDA_VISIBLE_DEVICES: '2' },
      ],
      ['discriminator-1', 'worker --pool discriminator --name discriminator-1 --run-dir runs/a', {}],
      ['any-0', 'worker --pool any --name any-0 --run-dir runs/a', {}],
    ]);
  });

  it('under a manager wait for their server and look for the GPUs themselves', () => {
    const lines = linesOf({ isSupervised: true }).map(([, words]) => words);
    expect(lines).toEqual([
      'server a.yaml --set seed=2 --supervised --expect-evaluator --require-gpu',
      'evaluator --run-dir runs/a --wait --require-gpu',
      'worker --pool discriminator --name discriminator-0 --run-dir runs/a --wait --require-gpu',
      'worker --pool discriminator --name discriminator-1 --run-dir runs/a --wait',
      'worker --pool any --name any-0 --run-dir runs/a --wait',
    ]);
  });

  it('on a host without the server are its workers, which find it by its address and bear the name of their host', () => {
    for (const isSupervised of [true, false])
      expect(linesOf({ placement: elsewhere, isSupervised }).map(([, words]) => words)).toEqual([
        'worker --pool discriminator --name discriminator-0@b --endpoint tcp://10.0.0.1:5 --require-gpu',
        'worker --pool discriminator --name discriminator-1@b --endpoint tcp://10.0.0.1:5',
        'worker --pool any --name any-0@b --endpoint tcp://10.0.0.1:5',
      ]);
  });

  it('on a host without the server are told where its own modules lie; beside the server they read its copies', () => {
    const modules = ['/here/nets.ts', '/here/loss.ts'];
    for (const [, words] of linesOf({ placement: elsewhere, modules }))
      expect(words).toContain('--endpoint tcp://10.0.0.1:5 --module /here/nets.ts --module /here/loss.ts');
    for (const [, words] of linesOf({ modules })) expect(words).not.toContain('--module');
  });

  it('leave compiled steps once a pool, where that is asked for', () => {
    const dumping = linesOf({ dumpGraph: 'graphs' }).filter(([, words]) =>
      String(words).includes('--dump-graph graphs'),
    );
    expect(dumping.map(([name]) => name)).toEqual(['discriminator-0', 'any-0']);
  });

  it('have no evaluator, and a server that expects none, where the topology has none', () => {
    const lines = linesOf({ placement: { ...placement, evaluator: false } });
    expect(lines[0]![1]).toBe('server a.yaml --set seed=2');
    expect(lines.map(([name]) => name)).not.toContain('evaluator');
  });
});
