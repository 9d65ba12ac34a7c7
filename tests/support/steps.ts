// The one place where tests of the mathematics touch how src names and calls its steps: everything else sees vectors by parameter name.
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '../../src/compiler/compile.js';
import type { InputSpec } from '../../src/compiler/recording.js';
import { loadTensorFlow } from '../../src/compiler/tensorflow.js';
import { type RunConfig, runConfig } from '../../src/config/run-config.js';
import type { DataSource } from '../../src/data/data-source.js';
import { lossOptions } from '../../src/losses/losses.js';
import type { Architecture } from '../../src/models/architecture.js';
import { modelOptions } from '../../src/models/models.js';
import type { Manifest, Net } from '../../src/parameters/manifest.js';
import { trainReference } from '../../src/reference-trainer.js';
import { sampleStep } from '../../src/steps/sample-step.js';
import { architectureOf, STEPS, statisticsOf, stepContextOf } from '../../src/steps/steps.js';

export type StepKind = Net | 'sample';
/** Values by input or output name; a number more or less than the declared shape fails. */
export type Values = Record<string, ArrayLike<number>>;

export interface StepOptions {
  model: object;
  loss: object;
  penalties?: object;
  item: readonly number[];
  /** items of one shard */
  batch: number;
  /** items that batch norm couples; default: all of them */
  group?: number;
  /** items of each class in the data, of a conditional run */
  counts?: readonly number[];
  /** `data.pairs`, where the data are pairs */
  pairs?: object;
}

export interface TestedStep {
  /** once, operation by operation */
  eager(inputs: Values): Record<string, Float32Array>;
  /** once, as a graph */
  compiled(inputs: Values): Record<string, Float32Array>;
  /** as a graph that is kept until `dispose` */
  compile(): { run(inputs: Values): Record<string, Float32Array>; dispose(): void };
}

/** Call it before anything else here, once a test file. */
export const useTensorFlow = (): void => void loadTensorFlow({ kind: 'cpu', threads: 1 });

/** A config whose shard is the whole minibatch, and its networks. */
function gameOf({ model, loss, penalties = {}, item, batch, group, counts, pairs }: StepOptions): {
  config: RunConfig;
  classes: { counts: readonly number[] } | undefined;
  architecture: Architecture;
} {
  const config = runConfig.parse({
    data: pairs ? { source: 'cifar10', pairs } : { source: 'ring' },
    model,
    loss,
    penalties,
    minibatch: { size: batch, shards: 1, ...(group === undefined ? {} : { group }) },
  });
  const classes = counts && { counts };
  return { config, classes, architecture: architectureOf(config, [...item], counts?.length) };
}

/** Names of a step's statistics, in their order. */
export const statisticNames = (net: Net, { loss, model }: Pick<StepOptions, 'loss' | 'model'>): string[] =>
  statisticsOf(net, {
    augmentation: { name: 'none' },
    loss: lossOptions.parse(loss),
    model: modelOptions.parse(model),
  }).map(({ name }) => name);

/**
 * Inputs: `discriminator` and `generator` (weights, then slots, as `layOut` gives them), `real`, `labels`, `condition`, `seed` (two int32).
 * Outputs: `payload` and `statistics`, or `samples`.
 */
export function stepOf(kind: StepKind, options: StepOptions): TestedStep {
  const { config, architecture, classes } = gameOf(options);
  const context = stepContextOf(config, architecture, classes);
  const { inputs, step } = kind === 'sample' ? sampleStep(context) : STEPS[kind].define(context);
  const compileStep = () => {
    const compiled = compile(step, inputs, { precision: 'float32' });
    const run = (values: Values) => {
      const tensors = tensorsOf(inputs, values);
      const results = compiled.run(tensors);
      tf.dispose(tensors);
      return results;
    };
    return { run, dispose: () => compiled.dispose() };
  };
  return {
    eager: (values) => {
      const results = tf.tidy(() => step(tensorsOf(inputs, values)));
      const read = Object.entries(results).map(([name, tensor]) => [name, tensor.dataSync() as Float32Array]);
      tf.dispose(results);
      return Object.fromEntries(read);
    },
    compiled: (values) => {
      const compiled = compileStep();
      const results = compiled.run(values);
      compiled.dispose();
      return results;
    },
    compile: compileStep,
  };
}

function tensorsOf(inputs: readonly InputSpec[], values: Values): Record<string, tf.Tensor> {
  return Object.fromEntries(
    inputs.map(({ name, shape, dtype }) => {
      const array = dtype === 'int32' ? Int32Array.from(values[name]!) : Float32Array.from(values[name]!);
      return [name, tf.tensor(array, [...shape], dtype)];
    }),
  );
}

/** Both nets' manifests, with what their penalties keep. */
export function manifestsOf({
  model,
  item,
  counts,
  penalties = {},
  pairs,
}: Pick<StepOptions, 'model' | 'item' | 'counts' | 'penalties' | 'pairs'>): Record<Net, Manifest> {
  const game = { model, item, penalties, loss: { name: 'minimax' }, batch: 1 };
  const { architecture } = gameOf({ ...game, ...(counts && { counts }), ...(pairs && { pairs }) });
  return { discriminator: architecture.discriminator.manifest, generator: architecture.generator.manifest };
}

/** A net's flat vector, its parameters and slots filled by name. */
export function layOut(
  { entries, size, slots, slotSize }: Manifest,
  fill: (name: string, count: number) => ArrayLike<number>,
): Float32Array {
  const vector = new Float32Array(size + slotSize);
  for (const entry of entries) vector.set(fill(entry.name, entry.size), entry.offset);
  for (const entry of slots) vector.set(fill(entry.name, entry.size), size + entry.offset);
  return vector;
}

/** The parts of a flat vector, or of a step's payload, by name. */
export function byName(
  { entries, size, slots }: Manifest,
  vector: Float32Array,
): { parameters: Record<string, Float32Array>; slots: Record<string, Float32Array> } {
  const cut = (list: Manifest['entries'], start: number) =>
    Object.fromEntries(
      list.map((entry) => [
        entry.name,
        vector.subarray(start + entry.offset, start + entry.offset + entry.size),
      ]),
    );
  return { parameters: cut(entries, 0), slots: cut(slots, size) };
}

/** Weights and slots of both nets, and G's average, after some rounds of the reference trainer. */
export const trainedByReference = (
  config: object,
  source: DataSource,
  rounds: number,
): Record<Net | 'average', Float32Array> => trainReference(runConfig.parse(config), source, rounds);
