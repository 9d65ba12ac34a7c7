// Draws samples from a generator: always in batches of one size, so that sample i is the same however many are asked for.

import * as tf from '@tensorflow/tfjs-core';
import { type CompiledStep, compile } from '../compiler/compile.js';
import { assert } from '../errors.js';
import type { Architecture } from '../models/architecture.js';
import { seedOf } from '../numerics/random.js';
import { type Shape, sizeOf } from '../numerics/shape.js';
import { latentSize, latentsStep, sampleStep, synthesisStep } from '../steps/sample-step.js';
import type { StepContext } from '../steps/step.js';
import { discriminatorLogits } from './discriminator-logits.js';
import type { Players } from './measures/measure.js';

/** Samples computed at once; decides no sample, since at inference none depends on its neighbours. */
export const BATCH = 64;

export interface Wanted {
  count: number;
  seed: number;
  labels?: Int32Array | undefined;
  /** `[count, ...condition]`, what each sample is to be made from, where the data are pairs */
  conditions?: Float32Array | undefined;
}

/** Where samples lie, instead of a seed of their latents. */
interface Given {
  /** `[count, latent]` */
  latents: Float32Array;
  /** of noise inside G, where it has any */
  seed: number;
  labels?: Int32Array | undefined;
}

/** Values of a whole batch, of which the last are not asked for. */
function padded<T extends Float32Array | Int32Array>(values: T, each = 1): T {
  const whole = new (values.constructor as new (length: number) => T)(BATCH * each);
  whole.set(values);
  return whole;
}

type Options = { architecture: Architecture; truncation?: number } & Pick<StepContext, 'latentDistribution'>;

const STEPS = { sample: sampleStep, latents: latentsStep, synthesis: synthesisStep } as const;

/** Holds TensorFlow sessions until `dispose`. */
export class SampleDrawer {
  private readonly steps = new Map<keyof typeof STEPS, CompiledStep>();
  private readonly itemSize: number;
  private readonly latentSize: number;
  private readonly isConditional: boolean;
  private readonly condition: Shape | undefined;

  constructor(private readonly options: Options) {
    const { generator } = options.architecture;
    this.isConditional = generator.inputs.labels !== undefined;
    this.condition = generator.inputs.condition;
    this.itemSize = sizeOf(generator.outputShape);
    this.latentSize = latentSize(options);
    this.step('sample'); // what cannot be compiled is said at once
  }

  private step(name: keyof typeof STEPS): CompiledStep {
    const known = this.steps.get(name);
    if (known) return known;
    const { inputs, step } = STEPS[name]({ ...this.options, batch: BATCH });
    const compiled = compile(step, inputs, { precision: 'float32' });
    this.steps.set(name, compiled);
    return compiled;
  }

  /**
   * @param generator G's weights and slots, float32 `[size + slotSize]`; stays the caller's
   * @param wanted.labels the class that each sample is to be of, where G is told them
   * @returns `[count, ...item]`, decided by (weights, seed, its own number, label and condition) alone
   */
  draw(generator: tf.Tensor, { count, seed, labels, conditions }: Wanted): Float32Array {
    this.requireLabels(labels, count);
    this.requireConditions(conditions, count);
    return this.inBatches(count, this.itemSize, (from) => {
      const own = {
        ...seedAt(seed, from),
        ...labelsAt(labels, from),
        ...this.conditionsAt(conditions, from),
      };
      const { samples } = this.step('sample').run({ generator, ...own });
      tf.dispose(own);
      return samples!;
    });
  }

  /** The latents of the samples that `draw` draws, `[count, latent]`. */
  latents({ count, seed }: Omit<Wanted, 'labels'>): Float32Array {
    return this.inBatches(count, this.latentSize, (from) => {
      const own = seedAt(seed, from);
      const { latents } = this.step('latents').run(own);
      tf.dispose(own);
      return latents!;
    });
  }

  /** Samples of given latents, `[count, ...item]`. */
  drawAt(generator: tf.Tensor, { latents, seed, labels }: Given): Float32Array {
    const count = latents.length / this.latentSize;
    this.requireLabels(labels, count);
    return this.inBatches(count, this.itemSize, (from) => {
      const part = latents.subarray(from * this.latentSize, (from + BATCH) * this.latentSize);
      const given = tf.tensor2d(padded(part, this.latentSize), [BATCH, this.latentSize]);
      const own = { latents: given, ...seedAt(seed, from), ...labelsAt(labels, from) };
      const { samples } = this.step('synthesis').run({ generator, ...own });
      tf.dispose(own);
      return samples!;
    });
  }

  /** What measures ask of nets. @param generator,discriminator stay the caller's; without D there are no logits */
  players(generator: tf.Tensor, discriminator?: tf.Tensor1D): Players {
    return {
      latentSize: this.latentSize,
      latents: (wanted) => this.latents(wanted),
      drawAt: (given) => this.drawAt(generator, given),
      ...(discriminator && {
        logits: (items: Float32Array) => discriminatorLogits(this.options.architecture, discriminator, items),
      }),
    };
  }

  private requireLabels(labels: Int32Array | undefined, count: number): void {
    assert(
      labels?.length === (this.isConditional ? count : undefined),
      () =>
        `${count} samples of a ${this.isConditional ? '' : 'not '}conditional G, ${labels?.length ?? 'no'} labels`,
    );
  }

  private requireConditions(conditions: Float32Array | undefined, count: number): void {
    const expected = this.condition && count * sizeOf(this.condition);
    assert(
      conditions?.length === expected,
      () =>
        `${count} samples of conditions [${this.condition}], ${conditions?.length ?? 'no'} floats of them`,
    );
  }

  private conditionsAt(conditions: Float32Array | undefined, from: number) {
    if (!conditions) return undefined;
    const size = sizeOf(this.condition!);
    const part = conditions.subarray(from * size, (from + BATCH) * size);
    return { condition: tf.tensor(padded(part, size), [BATCH, ...this.condition!]) };
  }

  /** @param size numbers of one @param batchAt makes a whole batch from the one of that number on */
  private inBatches(count: number, size: number, batchAt: (from: number) => Float32Array): Float32Array {
    const all = new Float32Array(count * size);
    for (let from = 0; from < count; from += BATCH) {
      const wanted = Math.min(BATCH, count - from) * size;
      all.set(batchAt(from).subarray(0, wanted), from * size);
    }
    return all;
  }

  dispose(): void {
    for (const step of this.steps.values()) step.dispose();
  }
}

/** What a batch of samples is drawn with. */
export const batchSeed = (seed: number, batch: number) => seedOf(seed, 'sample', batch);

const seedAt = (seed: number, from: number) => ({
  seed: tf.tensor1d([...batchSeed(seed, from / BATCH)], 'int32'),
});

const labelsAt = (labels: Int32Array | undefined, from: number) =>
  labels && { labels: tf.tensor1d(padded(labels.subarray(from, from + BATCH)), 'int32') };
