// Draws samples from a generator: always in batches of one size, so that sample i is the same however many are asked for.

import * as tf from '@tensorflow/tfjs-core';
import { type CompiledStep, compile } from '../compiler/compile.js';
import { assert } from '../errors.js';
import type { Architecture } from '../models/architecture.js';
import { seedOf } from '../numerics/random.js';
import { sizeOf } from '../numerics/shape.js';
import { sampleStep } from '../steps/sample-step.js';
import type { StepContext } from '../steps/step.js';

/** Samples computed at once; decides no sample, since at inference none depends on its neighbours. */
const BATCH = 64;

interface Wanted {
  count: number;
  seed: number;
  labels?: Int32Array | undefined;
}

/** Labels of a whole batch. */
function padded(labels: Int32Array): Int32Array {
  const whole = new Int32Array(BATCH);
  whole.set(labels);
  return whole;
}

/** Holds a TensorFlow session until `dispose`. */
export class SampleDrawer {
  private readonly step: CompiledStep;
  private readonly itemSize: number;
  private readonly isConditional: boolean;

  constructor(
    options: { architecture: Architecture; truncation?: number } & Pick<StepContext, 'latentDistribution'>,
  ) {
    const { inputs, step } = sampleStep({ ...options, batch: BATCH });
    this.isConditional = inputs.some(({ name }) => name === 'labels');
    this.step = compile(step, inputs, { precision: 'float32' });
    this.itemSize = sizeOf(options.architecture.generator.outputShape);
  }

  /**
   * @param generator G's weights and slots, float32 `[size + slotSize]`; stays the caller's
   * @param wanted.labels the class that each sample is to be of, where G is told them
   * @returns `[count, ...item]`, decided by (weights, seed, its own label) alone
   */
  draw(generator: tf.Tensor, { count, seed, labels }: Wanted): Float32Array {
    assert(
      labels?.length === (this.isConditional ? count : undefined),
      () =>
        `${count} samples of a ${this.isConditional ? '' : 'not '}conditional G, ${labels?.length ?? 'no'} labels`,
    );
    const samples = new Float32Array(count * this.itemSize);
    for (let from = 0; from < count; from += BATCH) {
      const own = {
        seed: tf.tensor1d([...seedOf(seed, 'sample', from / BATCH)], 'int32'),
        ...(labels && { labels: tf.tensor1d(padded(labels.subarray(from, from + BATCH)), 'int32') }),
      };
      const batch = this.step.run({ generator, ...own }).samples!;
      tf.dispose(own);
      const wanted = Math.min(BATCH, count - from) * this.itemSize;
      samples.set(batch.subarray(0, wanted), from * this.itemSize);
    }
    return samples;
  }

  dispose(): void {
    this.step.dispose();
  }
}
