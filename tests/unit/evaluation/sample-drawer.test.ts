import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { SampleDrawer } from '../../../src/evaluation/sample-drawer.js';
import { buildArchitecture, modelOptions } from '../../../src/models/models.js';
import { initialParameters } from '../../../src/parameters/initial.js';

describe('samples', () => {
  let drawer: SampleDrawer;
  let generator: tf.Tensor;
  const draw = (count: number, seed = 1) => Array.from(drawer.draw(generator, { count, seed }));

  beforeAll(() => {
    loadTensorFlow({ kind: 'cpu', threads: 1 });
    const options = modelOptions.parse({ name: 'mlp', generator: { hidden: [8], batchNorm: true } });
    const architecture = buildArchitecture(options, [2]);
    drawer = new SampleDrawer({ architecture, latentDistribution: 'normal' });
    const parameters = initialParameters(architecture.generator.manifest, { seed: 1, net: 'generator' });
    generator = tf.tensor1d(parameters);
  });
  afterAll(() => drawer.dispose());

  it('are the same however many are asked for, and each another one', () => {
    const many = draw(200);
    for (const count of [1, 64, 65, 150]) expect(draw(count)).toEqual(many.slice(0, 2 * count));
    expect(new Set(many).size).toBe(many.length);
  });

  it('depend on the seed', () => {
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(3, 2));
  });
});
