// What goes wrong in a simulated run: rates drawn widely from the seed, so that some runs are calm and some are not.

import { RandomStream, seedOf } from '../numerics/random.js';
import { NETS } from '../parameters/manifest.js';
import { POOLS, type Pool } from '../protocol/roster.js';
import type { ScheduleOptions } from '../protocol/schedule.js';
import { drawLiar, type Liar, type Slot, withLiar } from './liars.js';
import type { Judging } from './verdicts.js';
import type { World } from './world.js';

export interface Scenario {
  schedule: ScheduleOptions;
  shards: number;
  /** G's steps, with whose round the run ends */
  generatorSteps: number;
  checkpointEvery: number;
  slots: readonly Slot[];
  /** milliseconds that a shard takes a worker of ordinary speed */
  shardMs: number;
  /** of the wire, a message */
  wire: {
    minMs: number;
    maxMs: number;
    loss: number;
    duplication: number;
    stallProbability: number;
    stallMs: number;
  };
  /** chances that a worker, on being given a task, … */
  worker: { crash: number; hang: number; stop: number; slow: number };
  /** chance that a connection is cut, on a message */
  cut: number;
  /** chance that the server crashes, on an event */
  serverCrash: number;
  /** share of tasks computed twice */
  verified: number;
  /** what those of the workers do that lie */
  liar: Liar | undefined;
  /** chance that an honest worker's answer is not finite, once */
  notFinite: number;
  /** a step of G whose gradient is not finite on the first branch, whoever computes it */
  divergesAt: number | undefined;
  /** verdicts that training waits for; undefined: none are asked for */
  judging: Judging | undefined;
  /** how long it takes for one, and the chances that it dies over one, takes much longer, or says an answer again */
  evaluator: { seconds: number; crash: number; slow: number; repeats: number };
  /** after this, nothing goes wrong any more, and the run must end */
  calmAfterMs: number;
}

/** Rounds of several G steps, and long ones of a critic: by a stream of its own, so that all else is what it would be without. */
function drawRounds({ seed }: World): Pick<ScheduleOptions, 'generatorSteps' | 'criticWarmup' | 'pretrain'> {
  const random = new RandomStream(seedOf(seed, 'rounds'));
  switch (random.below(6)) {
    case 0:
    case 1:
      return { generatorSteps: 2 + random.below(2) };
    case 2:
      return {
        criticWarmup: { steps: 1 + random.below(5), rounds: random.below(4), every: 1 + random.below(7) },
      };
    case 3:
      return { pretrain: 1 + random.below(5) };
    default:
      return {};
  }
}

/** D's steps a round where they follow how D judges; by a stream of its own, likewise. */
function drawPace({ seed }: World): Pick<ScheduleOptions, 'discriminatorSteps' | 'auto'> | undefined {
  const random = new RandomStream(seedOf(seed, 'pace'));
  if (random.below(2) > 0) return undefined;
  const [everySteps, most] = [1 + random.below(3), 2 + random.below(3)];
  return { discriminatorSteps: 'auto', auto: { accuracy: [0.45, 0.55], everySteps, most } };
}

/** The order of steps; the third by a stream of its own, likewise. */
const drawOrder = (world: World): ScheduleOptions['order'] => {
  const isAlternating = world.chance(0.5);
  if (new RandomStream(seedOf(world.seed, 'order')).below(3) === 0) return 'pipelined';
  return isAlternating ? 'alternating' : 'simultaneous';
};

/** Where it goes with the rest. */
const withPace = (pace: ReturnType<typeof drawPace>, schedule: ScheduleOptions): ScheduleOptions =>
  schedule.order === 'pipelined' || schedule.criticWarmup ? schedule : { ...schedule, ...pace };

/** A rate that is 0 in half of all runs. */
const sometimes = (world: World, most: number): number =>
  world.chance(0.5) ? 0 : most * world.random.uniform() ** 2;

export function drawScenario(world: World): Scenario {
  const { random } = world;
  const k = 1 + random.below(3);
  const generatorSteps = 4 + random.below(17);
  const isVerified = world.chance(0.4);
  const pools: Pool[] = [...NETS];
  while (world.chance(0.7) && pools.length < 9) pools.push(POOLS[random.below(POOLS.length)]!);
  const hosts = 1 + random.below(4);
  const honest = pools.map((pool) => ({ pool, identity: `host${random.below(hosts)}`, isLiar: false }));
  const verified = isVerified ? 1 : sometimes(world, 0.5);
  const liar = drawLiar(world, verified);
  return {
    schedule: withPace(drawPace(world), {
      order: drawOrder(world),
      discriminatorSteps: k,
      ...drawRounds(world),
    }),
    shards: 1 + random.below(8),
    generatorSteps,
    checkpointEvery: 1 + random.below(4),
    slots: withLiar(world, honest, liar),
    shardMs: 5 * 2 ** random.below(8),
    wire: {
      minMs: 0.1,
      maxMs: 0.2 + world.between(0, 30),
      loss: sometimes(world, 0.3),
      duplication: sometimes(world, 0.3),
      stallProbability: sometimes(world, 0.2),
      stallMs: world.between(100, 3000),
    },
    worker: {
      crash: sometimes(world, 0.4),
      hang: sometimes(world, 0.1),
      stop: sometimes(world, 0.1),
      slow: sometimes(world, 0.5),
    },
    cut: sometimes(world, 0.05),
    serverCrash: sometimes(world, 0.03),
    verified,
    liar,
    notFinite: sometimes(world, 0.02),
    divergesAt: world.chance(0.15) ? random.below(generatorSteps) : undefined,
    calmAfterMs: world.between(5000, 200_000),
    judging: world.chance(0.4)
      ? { every: 1 + random.below(4), rollback: world.between(0, 0.4), stop: sometimes(world, 0.1) }
      : undefined,
    evaluator: {
      seconds: world.between(0.01, 2),
      crash: sometimes(world, 0.3),
      slow: sometimes(world, 0.5),
      repeats: sometimes(world, 1),
    },
  };
}
