// The promise of design 1.2, in real processes: the weights do not show how many workers there were, nor who was killed.
import { beforeAll, describe, expect, it } from 'vitest';
import {
  faulty,
  nash,
  resultOf,
  scratch,
  start,
  statusWhen,
  syntheticCifar,
  trainWords,
  workersOnly,
} from '../support/nash.js';

const STEPS = 40;

function words(name: string, order: string, workers: string, rest: string[] = []): string[] {
  const sets = {
    'data.path': syntheticCifar(),
    'model.width': 4,
    'minibatch.size': 16,
    'stop.generatorSteps': STEPS,
    'checkpoint.everySteps': 15,
    'schedule.order': order,
  };
  return trainWords(name, 'configs/cifar10-dcgan.yaml', sets, [...workersOnly(workers), ...rest]);
}

const weightsOf = (name: string) => resultOf(name).weights;

describe.each(['alternating', 'simultaneous'])('a DCGAN trained in %s order', (order) => {
  const undisturbed = `${order}-undisturbed`;

  beforeAll(async () => {
    const { exitCode, stderr } = await nash(...words(undisturbed, order, 'discriminator=1,generator=1'));
    expect([exitCode, stderr]).toEqual([0, '']);
  });

  it('has the same weights with more workers, as many as there are shards, and with workers for both pools', async () => {
    const most = order === 'alternating' ? 'discriminator=4,generator=4' : 'discriminator=2,generator=1';
    for (const [name, workers] of [
      [`${order}-most`, most],
      [`${order}-any`, 'discriminator=0,generator=0,any=3'],
    ] as const) {
      const { exitCode, stderr } = await nash(...words(name, order, workers));
      expect([exitCode, stderr]).toEqual([0, '']);
      expect(resultOf(name)).toMatchObject({
        status: 'done',
        steps: { discriminator: STEPS, generator: STEPS },
      });
      expect(weightsOf(name), name).toEqual(weightsOf(undisturbed));
    }
  });

  it('has the same weights when a worker of each pool is killed at its task', async () => {
    const name = `${order}-killed`;
    const env = faulty('kill', scratch(`${name}-once`));
    const run = start(words(name, order, 'discriminator=2,generator=2'), { env });
    expect((await run.finished).exitCode).toBe(0);
    expect(resultOf(name)).toMatchObject({ restarts: 2 });
    expect(resultOf(name).shardsReissued).toBeGreaterThanOrEqual(2);
    expect(weightsOf(name)).toEqual(weightsOf(undisturbed));
  });

  it('has the same weights when a worker of each pool hangs and another takes its task', async () => {
    const name = `${order}-hung`;
    const env = faulty('stop', scratch(`${name}-once`));
    const run = start(words(name, order, 'discriminator=2,generator=2'), { env });
    expect((await run.finished).exitCode).toBe(0);
    expect(resultOf(name).shardsReissued).toBeGreaterThanOrEqual(2);
    expect(weightsOf(name)).toEqual(weightsOf(undisturbed));
  });

  it('has the same weights when it is stopped and resumed with other worker counts', async () => {
    const name = `${order}-resumed`;
    const run = start(words(name, order, 'discriminator=1,generator=2'));
    await statusWhen(name, 'the fifth step', (s) => s.step.generator >= 5);
    process.kill(run.pid, 'SIGTERM');
    const stopped = await run.finished;
    expect(stopped.exitCode).toBe(75);
    expect(stopped.stdout).toMatch(/go on with: npx nash train .*--resume/);
    expect(resultOf(name)).toMatchObject({ status: 'stopped' });
    const resumed = await nash(...words(name, order, 'discriminator=3,generator=1', ['--resume']));
    expect([resumed.exitCode, resumed.stderr]).toEqual([0, '']);
    expect(weightsOf(name)).toEqual(weightsOf(undisturbed));
  });
});

/** Schedules that remember more than where they are. */
const SCHEDULES: [name: string, sets: Record<string, string | number>][] = [
  ['conditional-pipelined', { 'model.conditional': 'auxiliary', 'schedule.order': 'pipelined' }],
  [
    'paced',
    {
      'schedule.discriminatorSteps': 'auto',
      'schedule.auto': '{accuracy: [0.9, 0.95], everySteps: 2, most: 4}',
    },
  ],
];

it.each(SCHEDULES)(
  'a %s run has the same weights with more workers of which some are killed, and when it is resumed',
  async (kind, schedule) => {
    const sets = { 'minibatch.size': 32, 'stop.generatorSteps': STEPS, ...schedule };
    const of = (name: string, workers: string, rest: string[] = []) =>
      trainWords(name, 'configs/ring.yaml', sets, [...workersOnly(workers), ...rest]);
    const alone = await nash(...of(`${kind}-alone`, 'discriminator=1,generator=1'));
    expect([alone.exitCode, alone.stderr]).toEqual([0, '']);
    const env = faulty('kill', scratch(`${kind}-once`));
    const killed = start(of(`${kind}-killed`, 'discriminator=2,generator=2'), { env });
    expect((await killed.finished).exitCode).toBe(0);
    expect(resultOf(`${kind}-killed`)).toMatchObject({ restarts: 2 });
    expect(weightsOf(`${kind}-killed`)).toEqual(weightsOf(`${kind}-alone`));
    const half = { ...sets, 'stop.generatorSteps': STEPS / 2 };
    const begun = trainWords(`${kind}-half`, 'configs/ring.yaml', half, workersOnly('any=1'));
    expect((await nash(...begun)).exitCode).toBe(0);
    expect((await nash(...of(`${kind}-half`, 'any=2', ['--resume']))).exitCode).toBe(0);
    expect(weightsOf(`${kind}-half`)).toEqual(weightsOf(`${kind}-alone`));
  },
);

/** Objectives with steps that differ from each other, with state beside the weights, and with gradients of gradients. */
const OBJECTIVES: [name: string, config: string, sets: Record<string, string | number>][] = [
  [
    'wgan-gp-packed',
    'configs/ring-wgan-gp.yaml',
    {
      'model.packing': 2,
      'minibatch.size': 32,
      'penalties.discriminator':
        '[{name: gradient-penalty, weight: 0.1, everySteps: 4}, {name: lecam}, {name: weight-decay}]',
      'penalties.generator': '[{name: path-length, everySteps: 3}]',
    },
  ],
  [
    'r3gan-sngan',
    'configs/cifar10-dcgan.yaml',
    {
      'data.path': syntheticCifar(),
      model: '{name: sngan, width: 4, latent: 8}',
      loss: '{name: relativistic}',
      'minibatch.size': 8,
      'minibatch.shards': 2,
      'penalties.discriminator':
        '[{name: r1, weight: 1, everySteps: 2}, {name: r2, weight: 1, everySteps: 2}]',
    },
  ],
];

it.each(OBJECTIVES)(
  '%s has the same weights with more workers of which some are killed',
  async (name, config, sets) => {
    const all = { ...sets, 'stop.generatorSteps': 20 };
    const alone = await nash(...trainWords(name, config, all, workersOnly('discriminator=1,generator=1')));
    expect([alone.exitCode, alone.stderr]).toEqual([0, '']);
    const env = faulty('kill', scratch(`${name}-once`));
    const words = trainWords(`${name}-killed`, config, all, workersOnly('discriminator=2,generator=2'));
    expect((await start(words, { env }).finished).exitCode).toBe(0);
    expect(resultOf(`${name}-killed`)).toMatchObject({ restarts: 2 });
    expect(weightsOf(`${name}-killed`)).toEqual(weightsOf(name));
  },
);
