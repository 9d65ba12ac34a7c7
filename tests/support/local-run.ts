// A whole training in this process, of the real parts: the worker's shard gradients and the server's parameter store, joined by a loop
// instead of sockets and processes. The second of the two places where tests touch how src names its parts (see steps.ts).
import * as tf from '@tensorflow/tfjs-core';
import { type RunConfig, runConfig } from '../../src/config/run-config.js';
import { classesOf } from '../../src/data/classes.js';
import type { DataSource } from '../../src/data/data-source.js';
import { createSampler } from '../../src/data/sampler.js';
import { SampleDrawer } from '../../src/evaluation/sample-drawer.js';
import { drawnLabels } from '../../src/evaluation/sample-labels.js';
import { VectorEngine } from '../../src/numerics/vector-engine.js';
import { NETS, type Net } from '../../src/parameters/manifest.js';
import { phaseOf, readBehind, type Versions, versionsAfter } from '../../src/protocol/schedule.js';
import { levelFor, nodeCount } from '../../src/protocol/shard-tree.js';
import { networksOf } from '../../src/run/open-run.js';
import { ParameterStore } from '../../src/server/training/parameter-store.js';
import { scheduleOf, stepContextOf } from '../../src/steps/steps.js';
import { GradientComputer } from '../../src/worker/shard-gradient.js';

export interface LocalRunOptions {
  source: DataSource;
  /** of G's steps */
  rounds: number;
  /** among how many workers each minibatch is divided; default: as many as there are shards */
  workers?: number;
  /** steps that are compiled already, of the same config and source; the caller's to dispose */
  computer?: GradientComputer;
  /** spoils a payload, the sum of a node's gradients and slots, before the server takes it */
  spoil?: (net: Net, payload: Float32Array) => void;
  /** the statistics of each step, means over its shards, in the order of the step */
  seen?: (net: Net, step: number, statistics: readonly number[]) => void;
}

/** Both nets' weights and slots, and G's average. */
export interface LocalRun extends Record<Net | 'average', Float32Array> {
  /** everything that a checkpoint would hold, by name: `discriminator`, `average`, … */
  vectors: Record<string, Float32Array>;
  /** samples of the averaged generator, as the evaluator draws them */
  samples(count: number): Float32Array;
}

export async function trainLocally(given: object, options: LocalRunOptions): Promise<LocalRun> {
  const config = runConfig.parse(given);
  const { source } = options;
  const classes = config.model.conditional === 'none' ? undefined : classesOf(source);
  const { architecture, layout } = await networksOf(config, source.shape, classes);
  const engine = await VectorEngine.create(1);
  const store = new ParameterStore(config, layout, engine);
  const computer = options.computer ?? (await computerOf(config, source));
  store.initialize();
  const train = (net: Net, step: number) => trainStep({ config, store, computer, options }, net, step);
  let at: Versions = { discriminator: 0, generator: 0 };
  while (at.generator < options.rounds) {
    const end = versionsAfter(config.schedule, at.generator + 1);
    for (const net of NETS) for (let step = at[net]; step < end[net]; step++) await train(net, step);
    store.versions.forgetBefore('discriminator', readBehind(config.schedule, end) ?? end.discriminator);
    store.versions.forgetBefore('generator', end.generator);
    at = end;
  }
  const vectors = Object.fromEntries(Object.entries(store.export()).map(([name, { data }]) => [name, data]));
  if (!options.computer) computer.dispose();
  await engine.close();
  const drawn = (count: number) => {
    const drawer = new SampleDrawer({ architecture, latentDistribution: config.model.latentDistribution });
    const generator = tf.tensor1d(vectors.average!);
    const wanted = { count, seed: config.seed };
    const labels = classes && drawnLabels(classes.counts, wanted);
    const samples = drawer.draw(generator, { ...wanted, labels });
    drawer.dispose();
    generator.dispose();
    return samples;
  };
  const [discriminator, generator] = NETS.map((net) => vectors[net]!) as [Float32Array, Float32Array];
  return { discriminator, generator, average: vectors.average!, vectors, samples: drawn };
}

/** The worker's side of a run; the caller disposes it. */
export async function computerOf(config: RunConfig, source: DataSource): Promise<GradientComputer> {
  const classes = config.model.conditional === 'none' ? undefined : classesOf(source);
  const { architecture } = await networksOf(config, source.shape, classes);
  const { size, shards } = config.minibatch;
  const samplerOf = (branch: number) =>
    createSampler({ source, seed: config.seed, minibatchSize: size, shards, branch });
  return new GradientComputer(config, stepContextOf(config, architecture, classes), samplerOf);
}

interface Parts {
  config: RunConfig;
  store: ParameterStore;
  computer: GradientComputer;
  options: LocalRunOptions;
}

async function trainStep({ config, store, computer, options }: Parts, net: Net, step: number): Promise<void> {
  const { shards } = config.minibatch;
  const { stepKind, reads } = phaseOf(scheduleOf(config), net, step);
  const weightsOf = (of: Net) => tf.tensor1d(store.versions.get(of, reads[of])!.values.slice());
  const weights = { discriminator: weightsOf('discriminator'), generator: weightsOf('generator') };
  const level = levelFor(shards, options.workers ?? shards);
  const rows: number[][] = [];
  for (let index = nodeCount(shards, level) - 1; index >= 0; index--) {
    const node = { level, index };
    const { payload, statistics } = computer.compute(
      { net, stepKind, step, reads, branch: 0, ...node },
      weights,
    );
    options.spoil?.(net, payload);
    rows.push(...statistics);
    const vector = store.allocatePayload(net);
    store.view(vector).set(payload);
    await store.settle(net, node, vector);
  }
  tf.dispose(weights);
  const applied = await store.apply(net, step);
  if (applied.kind !== 'applied') throw new Error(`step ${step} of the ${net} is not finite`);
  options.seen?.(
    net,
    step,
    rows[0]!.map((_, i) => rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length),
  );
}
