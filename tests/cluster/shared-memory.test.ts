// Tensors of local workers travel through shared memory: the weights must not show it, and nothing may stay behind.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  isAlive,
  resultOf,
  scratch,
  start,
  statusWhen,
  syntheticCifar,
  trainWords,
  until,
  workersOnly,
} from '../support/nash.js';

const words = (name: string, steps: number) =>
  trainWords(
    name,
    'configs/cifar10-dcgan.yaml',
    {
      'data.path': syntheticCifar(),
      'model.width': 4,
      'minibatch.size': 16,
      'evaluation.everySteps': 1000,
      'stop.generatorSteps': steps,
    },
    workersOnly('discriminator=2,generator=1'),
  );

/** What the server's log says of each worker that became ready. */
function sharing(name: string): unknown[] {
  const folder = join(scratch(name), 'logs');
  return readdirSync(folder)
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').trim().split('\n'))
    .filter((line) => line.startsWith('{')) // TensorFlow says a word of its own
    .map((line) => JSON.parse(line))
    .filter(({ msg, role }) => msg === 'worker ready' && role === 'worker')
    .map(({ sharesMemory }) => sharesMemory);
}

const inMemory = () => readdirSync('/dev/shm').filter((name) => name.includes('nash'));

describe('shared memory between the processes of one host', () => {
  it('gives the weights that the socket gives', async () => {
    for (const [name, env] of [
      ['shared', {}],
      ['socket', { NASH_SHARED_MEMORY: '0' }],
    ] as const) {
      const { exitCode, stderr } = await start(words(name, 40), { env }).finished;
      expect([exitCode, stderr]).toEqual([0, '']);
    }
    expect(sharing('shared')).toEqual([true, true, true]);
    expect(sharing('socket')).toEqual([false, false, false]);
    expect(resultOf('shared').weights).toEqual(resultOf('socket').weights);
    // what is shared is counted as what the wire would have carried; a worker that had two shards of a step sends one sum of both, so that
    // the answers of two runs differ in number: by 7 % of some 120 on a busy machine
    const sent = (name: string) =>
      (resultOf(name).metrics as Record<string, number>)['gan_wire_bytes_total{direction="received"}'];
    const ratio = sent('shared')! / sent('socket')!;
    const lateCount = resultOf('shared').shardsReissued + resultOf('socket').shardsReissued;
    expect(Math.abs(ratio - 1)).toBeLessThan(0.25 + lateCount / 50);
  });

  const reason = process.getuid?.() === 0 ? undefined : 'needs root, to mount a small /dev/shm';
  it.skipIf(reason !== undefined)(
    'that is too small is given up, and the weights do not show it',
    async () => {
      const wide = (name: string) =>
        trainWords(
          name,
          'configs/ring.yaml',
          {
            'model.generator.hidden': '[1100, 1100]',
            'model.discriminator.hidden': '[1100, 1100]',
            'minibatch.size': 8,
            'stop.generatorSteps': 5,
          },
          workersOnly('any=1'),
        );
      const given = (megabytes: number) => {
        const script = `mount -t tmpfs -o size=${megabytes}m none /dev/shm && exec "$@"`;
        return ['unshare', '--mount', 'sh', '-c', script, 'sh'];
      };
      const noted = (name: string) =>
        readFileSync(join(scratch(name), 'logs', 'server.ndjson'), 'utf8').match(/"no shared memory"/g) ?? [];
      expect((await start(wide('roomy')).finished).exitCode).toBe(0);
      expect(noted('roomy')).toEqual([]);
      // too small for anything; for the second version, which the server's threads write
      for (const megabytes of [1, 8]) {
        const name = `narrow-${megabytes}`;
        const { exitCode, stderr } = await start(wide(name), { within: given(megabytes) }).finished;
        expect([exitCode, stderr]).toEqual([0, '']);
        expect(noted(name)).toHaveLength(1);
        expect(resultOf(name).weights).toEqual(resultOf('roomy').weights);
      }
    },
  );

  it('leaves nothing in /dev/shm when all processes are killed at once', async () => {
    const run = start(words('killed', 100_000));
    const { workers } = await statusWhen('killed', 'a few steps', ({ step }) => step.generator >= 3);
    const server = JSON.parse(readFileSync(join(scratch('killed'), 'server.json'), 'utf8')).pid as number;
    const pids = [run.pid, server, ...workers.map(({ pid }) => pid)];
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await until('their end', () => pids.every((pid) => !isAlive(pid)));
    expect(inMemory()).toEqual([]);
  });
});
