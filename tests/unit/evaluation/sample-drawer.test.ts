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
    const options = modelOptions.parse({ name: 'mlp', generator: { hidden: [8], normalization: 'batch' } });
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

  it('of a conditional generator depend on their own labels alone', () => {
    const options = modelOptions.parse({
      name: 'mlp',
      conditional: 'projection',
      generator: { hidden: [8] },
    });
    const architecture = buildArchitecture(options, [2], 3);
    const conditional = new SampleDrawer({ architecture, latentDistribution: 'normal' });
    const weights = tf.tensor1d(
      initialParameters(architecture.generator.manifest, { seed: 1, net: 'generator' }),
    );
    const of = (labels: number[]) =>
      conditional.draw(weights, { count: labels.length, seed: 1, labels: Int32Array.from(labels) });
    const many = Array.from({ length: 100 }, (_, i) => i % 3);
    const all = of(many);
    const others = of(many.map((label, i) => (i < 70 ? label : 2 - label)));
    expect(others.slice(0, 140)).toEqual(all.slice(0, 140));
    expect(others.slice(140)).not.toEqual(all.slice(140));
    expect(of(many.slice(0, 65))).toEqual(all.slice(0, 130));
    expect(() => conditional.draw(weights, { count: 2, seed: 1 })).toThrow(
      /2 samples of a conditional G, no labels/,
    );
    conditional.dispose();
    weights.dispose();
  });

  it('of latents that are given are those of the seed that draws them', () => {
    const latents = drawer.latents({ count: 70, seed: 1 });
    expect(latents.length).toBe(140);
    expect(Array.from(drawer.drawAt(generator, { latents, seed: 9 }))).toEqual(draw(70));
    const one = latents.subarray(2 * 66, 2 * 67);
    expect(Array.from(drawer.drawAt(generator, { latents: one, seed: 9 }))).toEqual(draw(70).slice(132, 134));
  });

  it('depend on the seed', () => {
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(3, 2));
  });
});
