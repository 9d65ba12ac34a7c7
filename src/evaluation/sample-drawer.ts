// Draws samples from a generator: always in batches of one size, so that sample i is the same however many are asked for.

import * as tf from '@tensorflow/tfjs-core';
import { type CompiledStep, compile } from '../compiler/compile.js';
import type { Architecture } from '../models/architecture.js';
import { seedOf } from '../numerics/random.js';
import { sizeOf } from '../numerics/shape.js';
import { sampleStep } from '../steps/sample-step.js';
import type { StepContext } from '../steps/step.js';

/** Samples computed at once; decides no sample, since at inference none depends on its neighbours. */
const BATCH = 64;

/** Holds a TensorFlow session until `dispose`. */
export class SampleDrawer {
  private readonly step: CompiledStep;
  private readonly itemSize: number;

  constructor(options: { architecture: Architecture } & Pick<StepContext, 'latentDistribution'>) {
    const { inputs, step } = sampleStep({ ...options, batch: BATCH });
    this.step = compile(step, inputs, { precision: 'float32' });
    this.itemSize = sizeOf(options.architecture.generator.outputShape);
  }

  /**
   * @param generator G's weights and slots, float32 `[size + slotSize]`; stays the caller's
   * @returns `[count, ...item]`, decided by (weights, seed) alone
   */
  draw(generator: tf.Tensor, { count, seed }: { count: number; seed: number }): Float32Array {
    const samples = new Float32Array(count * this.itemSize);
    for (let from = 0; from < count; from += BATCH) {
      const seedTensor = tf.tensor1d([...seedOf(seed, 'sample', from / BATCH)], 'int32');
      const batch = this.step.run({ generator, seed: seedTensor }).samples!;
      seedTensor.dispose();
      const wanted = Math.min(BATCH, count - from) * this.itemSize;
      samples.set(batch.subarray(0, wanted), from * this.itemSize);
    }
    return samples;
  }

  dispose(): void {
    this.step.dispose();
  }
}
