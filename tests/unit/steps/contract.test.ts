// What steps promise beyond their mathematics: slots merged by their rule, and real items for a G whose loss asks for them.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import type { GanLoss } from '../../../src/losses/loss.js';
import { lossOf } from '../../../src/losses/losses.js';
import { dense, type Layer } from '../../../src/models/layers.js';
import { network } from '../../../src/models/network.js';
import type { SlotMerge } from '../../../src/parameters/manifest.js';
import type { StepContext } from '../../../src/steps/step.js';
import { STEPS } from '../../../src/steps/steps.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

const LINEAR = { initializer: { kind: 'constant', value: 1 }, bias: false } as const;

/** Notes the mean of what passes through it in a state slot for each merge rule. */
const noting: Layer = {
  name: 'noting',
  outputShape: (input) => input,
  parameters: () => [],
  slots: () =>
    (['mean', 'first', 'sum'] as const).map((merge: SlotMerge) => ({
      name: merge,
      shape: [1],
      initializer: { kind: 'constant', value: 0 },
      merge,
      momentum: 0.5,
    })),
  apply(x, context) {
    for (const merge of ['mean', 'first', 'sum']) context.writeSlot(merge, tf.reshape(tf.mean(x), [1]));
    return x;
  },
};

/** G and D on numbers: G(z) = g z + b, D(x) = d x. */
const contextOf = (loss: GanLoss): StepContext => ({
  architecture: {
    generator: network('generator', [1], [dense('g', 1, { ...LINEAR, bias: true })]),
    discriminator: network('discriminator', [1], [noting, dense('d', 1, LINEAR)]),
  },
  loss,
  penalties: { discriminator: [], generator: [] },
  latentDistribution: 'normal',
  batch: 4,
});

function run(kind: 'discriminator' | 'generator', context: StepContext, feeds: Record<string, tf.Tensor>) {
  const { inputs, step } = STEPS[kind].define(context);
  const names = inputs.map(({ name }) => name);
  const outputs = step(Object.fromEntries(names.map((name) => [name, feeds[name]!])));
  return { names, payload: [...outputs.payload!.dataSync()] };
}

const feedsOf = (g: number, b: number, real: number[]) => ({
  discriminator: tf.tensor1d([2, 0, 0, 0]), // d, then its slots
  generator: tf.tensor1d([g, b]),
  real: tf.tensor2d(real, [4, 1]),
  seed: tf.tensor1d([3, 4], 'int32'),
});

describe('the slots of a D step', () => {
  it('of its real and its fake pass become one by each slot’s merge rule', () => {
    tf.tidy(() => {
      // the real pass notes 5, the fake pass 2
      const feeds = feedsOf(0, 2, [4, 4, 6, 6]);
      const { payload } = run('discriminator', contextOf(lossOf({ name: 'minimax' })), feeds);
      expect(payload.slice(1)).toEqual([3.5, 5, 7]); // mean, first, sum
    });
  });
});

describe('a loss of G that looks at both', () => {
  const both: GanLoss = {
    discriminator: ({ real, fake }) => tf.sub(tf.mean(fake), tf.mean(real)) as tf.Scalar,
    generator: ({ real, fake }) => tf.mean(tf.mul(fake, tf.mean(real))) as tf.Scalar,
    generatorSees: 'both',
    discriminatorGives: 'logit',
  };

  it('has real items declared, and D’s logits of them', () => {
    tf.tidy(() => {
      const { names, payload } = run('generator', contextOf(both), feedsOf(1, 0, [1, 2, 3, 6]));
      expect(names).toContain('real');
      const other = run('generator', contextOf(both), feedsOf(1, 0, [2, 4, 6, 12])).payload;
      expect(other[0]).toBeCloseTo(2 * payload[0]!, 4); // mean logit of the real items doubled
    });
  });

  it('is the only one that is given any', () => {
    const { inputs } = STEPS.generator.define(contextOf(lossOf({ name: 'non-saturating' })));
    expect(inputs.map(({ name }) => name)).not.toContain('real');
  });

  it('is refused where it has not said so', () => {
    const context = contextOf({ ...both, generatorSees: 'fake' });
    expect(() => tf.tidy(() => run('generator', context, feedsOf(1, 0, [1, 2, 3, 6])))).toThrow(
      /generatorSees/,
    );
  });
});
