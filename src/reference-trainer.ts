// The whole algorithm in one process, on one page: Goodfellow et al. 2014, Algorithm 1, as ordinary eager tfjs.
// No graph, no server, no flat vectors in shared memory, no threads; the optimizers are written out below from their
// papers. The tests hold everything else against it. Read it first.

import * as tf from '@tensorflow/tfjs-core';
import type { RunConfig } from './config/run-config.js';
import { classesOf } from './data/classes.js';
import type { DataSource } from './data/data-source.js';
import { createSampler } from './data/sampler.js';
import { sizeOf } from './numerics/shape.js';
import { averagingAt } from './optimizers/averaging.js';
import { clippedShare } from './optimizers/clipping.js';
import { isExtrapolation } from './optimizers/extragradient.js';
import { isLookaheadDue } from './optimizers/lookahead.js';
import type { OptimizerOptions } from './optimizers/options.js';
import { learningRateAt, momentumAt } from './optimizers/rate-schedule.js';
import { spansOf } from './parameters/frozen.js';
import { initialParameters } from './parameters/initial.js';
import { vectorLength } from './parameters/layout.js';
import { type Manifest, NETS, type Net, type SlotMerge } from './parameters/manifest.js';
import { boundsOf } from './penalties/penalties.js';
import {
  minibatchOf,
  type Phase,
  phaseOf,
  type ScheduleOptions,
  versionsAfter,
} from './protocol/schedule.js';
import type { InputName } from './steps/step.js';
import {
  architectureOf,
  noiseAt,
  STEPS,
  scheduleOf,
  shardSeed,
  statisticsOf,
  stepContextOf,
} from './steps/steps.js';

/** Weights and state slots of both nets, `[size + slotSize]` each, and G's average. */
export interface TrainedVectors {
  discriminator: Float32Array;
  generator: Float32Array;
  average: Float32Array;
}

/**
 * Trains for so many generator steps, from some round on with an amended config. Loads nothing: TensorFlow must be there, and `source` stays the caller's.
 * @param first a net's first vector, where it is not drawn from the seed
 * Agrees with the distributed run up to rounding: it sums shards in double precision, one after another.
 */
export function trainReference(
  begun: RunConfig,
  source: DataSource,
  generatorSteps: number,
  amended: { round: number; config: RunConfig } = { round: generatorSteps, config: begun },
  first: Partial<Record<Net, Float32Array>> = {},
): TrainedVectors {
  let config = begun;
  const classes = config.model.conditional === 'none' ? undefined : classesOf(source);
  const architecture = architectureOf(config, source.shape, classes?.counts.length);
  let context = stepContextOf(config, architecture, classes);
  let schedule: ScheduleOptions = config.schedule;
  let right = { items: 0, of: 0 }; // D's, since its steps a round were decided on
  const { size, shards } = config.minibatch;
  const sampler = createSampler({ source, seed: config.seed, minibatchSize: size, shards, branch: 0 });
  const start = (net: Net) =>
    first[net]?.slice() ?? initialParameters(architecture[net].manifest, { seed: config.seed, net });
  const versions = new Map<string, Float32Array>(NETS.map((net) => [`${net}@0`, start(net)]));
  const memory: Record<Net, Float64Array[]> = { discriminator: [], generator: [] };
  const average = start('generator');
  const base = { discriminator: new Float32Array(), generator: new Float32Array() }; // from which an update looks ahead

  const { condition } = architecture.generator.inputs; // absent where the data are no pairs

  const realItems = (minibatch: number, shard: number) => {
    const shape = [size / shards, ...source.shape];
    const beside = [size / shards, ...(condition ?? [])];
    const [items, conditions] = [new Float32Array(sizeOf(shape)), new Float32Array(sizeOf(beside))];
    const labels = new Int32Array(size / shards);
    sampler.shard(minibatch, shard, items, {
      labels: classes && labels,
      conditions: condition && conditions,
    });
    return {
      real: tf.tensor(items, shape),
      labels: tf.tensor1d(labels, 'int32'),
      condition: tf.tensor(conditions, beside),
    };
  };

  /** The mean gradient over all shards of one step, then its state slots, each merged by its own rule. */
  const meanPayload = ({ net, stepKind, step, reads }: Phase): Float64Array => {
    const { manifest } = architecture[net];
    const mean = new Float64Array(vectorLength(manifest));
    const { inputs: declared, step: compute } = STEPS[stepKind].define(context);
    for (let shard = 0; shard < shards; shard++) {
      const payload = tf.tidy(() => {
        const inputs: Record<InputName, tf.Tensor> = {
          discriminator: tf.tensor1d(versions.get(`discriminator@${reads.discriminator}`)!),
          generator: tf.tensor1d(versions.get(`generator@${reads.generator}`)!),
          ...realItems(minibatchOf(schedule, { net, step, reads }), shard),
          noise: tf.tensor1d([noiseAt(config, reads)]),
          seed: tf.tensor1d(shardSeed(config, { branch: 0, net, step, shard }), 'int32'),
        };
        const fed = Object.fromEntries(declared.map(({ name }) => [name, inputs[name]]));
        const { payload, statistics } = compute(fed);
        if (schedule.discriminatorSteps === 'auto' && net === 'discriminator') {
          const told = statisticsOf(stepKind, config).map(({ name }) => name);
          const rates = statistics!.dataSync();
          const accuracy = rates[told.indexOf('accuracyReal')]! + rates[told.indexOf('accuracyFake')]!;
          right = {
            items: right.items + Math.round((accuracy * size) / shards),
            of: right.of + (2 * size) / shards,
          };
        }
        return payload!.dataSync() as Float32Array;
      });
      for (let i = 0; i < manifest.size; i++) mean[i]! += payload[i]! / shards;
      for (const slot of manifest.slots) {
        const from = manifest.size + slot.offset;
        const share = shareOf(slot.merge, shard, shards);
        for (let i = from; i < from + slot.size; i++) mean[i]! += share * payload[i]!;
      }
    }
    return mean;
  };

  const train = (net: Net, step: number) => {
    const { manifest } = architecture[net];
    const payload = meanPayload(phaseOf({ ...scheduleOf(config), ...schedule }, net, step));
    const before = versions.get(`${net}@${step}`)!;
    const next = before.slice();
    const frozen = spansOf(net, manifest, config.init.freeze).filter(({ isFrozen }) => isFrozen);
    for (const { from, to } of frozen) payload.fill(0, from, to);
    const gradient = payload.subarray(0, manifest.size);
    const share = clippedShare(normOf(gradient), config.optimizer[net].clipNorm);
    for (let i = 0; i < gradient.length; i++) gradient[i]! *= share;
    if (isExtrapolation(config.schedule.extragradient, step + 1)) base[net] = next.slice();
    else if (config.schedule.extragradient) next.set(base[net].subarray(0, manifest.size)); // Gidel et al. 2019, algorithm 4
    descend(config.optimizer[net], next, gradient, memory[net], step + 1);
    const { weight, unit } = boundsOf(net, config);
    if (weight !== undefined) clamp(next.subarray(0, manifest.size), weight);
    if (unit !== undefined) shorten(manifest, next, unit);
    lookAhead(config.optimizer[net], next, memory[net], step + 1);
    for (const { from, to } of frozen) next.set(before.subarray(from, to), from);
    moveSlots(manifest, next, payload);
    versions.set(`${net}@${step + 1}`, next);
  };

  let at = { discriminator: 0, generator: 0 };
  while (at.generator < generatorSteps) {
    if (at.generator === amended.round) {
      config = amended.config;
      context = stepContextOf(config, architecture, classes);
      schedule = config.schedule;
    }
    const end = versionsAfter(schedule, at.generator + 1);
    for (let step = at.discriminator; step < end.discriminator; step++) train('discriminator', step);
    for (let step = at.generator; step < end.generator; step++) {
      train('generator', step); // which D it reads, the newest or the round's first, is the schedule's to say
      if (isExtrapolation(config.schedule.extragradient, step + 1)) continue;
      const { keep, take } = averagingAt(config.averaging, step + 1, size);
      const newest = versions.get(`generator@${step + 1}`)!;
      for (let i = 0; i < average.length; i++) average[i] = keep * average[i]! + take * newest[i]!;
    }
    at = end;
    if (schedule.discriminatorSteps !== 'auto') continue;
    const { accuracy: [low, high] = [0.6, 0.8], everySteps = 100, most = 10 } = schedule.auto ?? {};
    let { steps } = schedule.paced ?? { steps: 1 };
    if (at.generator % everySteps < (schedule.generatorSteps ?? 1)) {
      if (right.items < low * right.of) steps = Math.min(most, steps + 1);
      else if (right.items > high * right.of) steps = Math.max(1, steps - 1);
      right = { items: 0, of: 0 };
    }
    schedule = { ...schedule, paced: { steps, since: at } };
  }
  const newest = (net: Net) => versions.get(`${net}@${at[net]}`)!;
  return { discriminator: newest('discriminator'), generator: newest('generator'), average };
}

/** One update in place; `memory` holds the optimizer's moments and lookahead's slow weights, made at its first update. `t` counts from 1. */
function descend(
  options: OptimizerOptions,
  w: Float32Array,
  g: Float64Array,
  memory: Float64Array[],
  t: number,
): void {
  const rate = learningRateAt(options, t);
  if (memory.length === 0) {
    const zeros = () => new Float64Array(g.length);
    memory.push(zeros(), zeros(), zeros(), Float64Array.from(w.subarray(0, g.length)));
  }
  const [m, v, last] = memory as [Float64Array, Float64Array, Float64Array];
  for (let i = 0; i < g.length; i++) {
    switch (options.name) {
      case 'sgd': // pylearn2's momentum: v = mu v - rate g, w = w + v
        v[i] = momentumAt(options.momentum, t) * v[i]! - rate * g[i]!;
        w[i]! += v[i]!;
        break;
      case 'rmsprop': // Tieleman and Hinton 2012, epsilon outside the root as in PyTorch
        v[i] = options.decay * v[i]! + (1 - options.decay) * g[i]! ** 2;
        w[i]! -= (rate * g[i]!) / (Math.sqrt(v[i]!) + options.epsilon);
        break;
      default: {
        // Kingma and Ba 2015, algorithm 1
        m[i] = options.beta1 * m[i]! + (1 - options.beta1) * g[i]!;
        v[i] = options.beta2 * v[i]! + (1 - options.beta2) * g[i]! ** 2;
        const spread = Math.sqrt(v[i]! / (1 - options.beta2 ** t)) + options.epsilon;
        const x = m[i]! / (1 - options.beta1 ** t) / spread;
        if (options.name === 'adamw') w[i]! *= 1 - rate * options.weightDecay; // Loshchilov and Hutter 2019, algorithm 2
        w[i]! -= options.name === 'optimistic-adam' ? 2 * rate * x - rate * last[i]! : rate * x; // Daskalakis et al. 2018, algorithm 1
        last[i] = x;
      }
    }
  }
}

/** Zhang et al. 2019, algorithm 1: now and then the weights go back part of the way to where they were. */
function lookAhead(
  { lookahead }: OptimizerOptions,
  w: Float32Array,
  memory: Float64Array[],
  t: number,
): void {
  if (!lookahead || !isLookaheadDue(lookahead, t)) return;
  const [, , , slow] = memory as [Float64Array, Float64Array, Float64Array, Float64Array];
  for (let i = 0; i < slow.length; i++) {
    slow[i]! += lookahead.rate * (w[i]! - slow[i]!);
    w[i] = slow[i]!;
  }
}

const normOf = (g: Float64Array): number => Math.sqrt(g.reduce((sum, x) => sum + x * x, 0));

function clamp(w: Float32Array, bound: number): void {
  for (let i = 0; i < w.length; i++) w[i] = Math.max(-bound, Math.min(bound, w[i]!));
}

/** Max-norm (Srivastava et al. 2014, section 5.1): the weights that lead to one unit are no longer than `bound`. */
function shorten({ entries }: Manifest, w: Float32Array, bound: number): void {
  for (const { shape, offset, size, outputAxis = shape.length - 1 } of entries) {
    if (shape.length < 2) continue;
    const units = shape[outputAxis]!;
    const after = sizeOf(shape.slice(outputAxis + 1));
    const unitOf = (i: number) => Math.floor(i / after) % units;
    const squares = new Float64Array(units);
    for (let i = 0; i < size; i++) squares[unitOf(i)]! += w[offset + i]! ** 2;
    for (let i = 0; i < size; i++) w[offset + i]! *= Math.min(1, bound / Math.sqrt(squares[unitOf(i)]!));
  }
}

/** What a shard's value of a state slot counts for. */
function shareOf(merge: SlotMerge, shard: number, shards: number): number {
  if (merge === 'mean') return 1 / shards;
  return merge === 'sum' || shard === 0 ? 1 : 0;
}

/** State slots: new = momentum * old + (1 - momentum) * what the shards give. */
function moveSlots({ size, slots }: Manifest, vector: Float32Array, payload: Float64Array): void {
  for (const slot of slots) {
    for (let i = size + slot.offset; i < size + slot.offset + slot.size; i++) {
      vector[i] = slot.momentum * vector[i]! + (1 - slot.momentum) * payload[i]!;
    }
  }
}
