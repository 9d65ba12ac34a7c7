// Goal: a penalty is its paper's formula, and a step with one has the gradient that the loss with it has.
// Method: D linear by hand; then whole D steps of every network against central differences of the loss that the step reports.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../../src/compiler/compile.js';
import type { StepFunction } from '../../../src/compiler/recording.js';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { SeedSource } from '../../../src/kernels/random.js';
import { lossOf, lossOptions } from '../../../src/losses/losses.js';
import type { Architecture } from '../../../src/models/architecture.js';
import { activation, batchNorm, convolution, dense, reshape } from '../../../src/models/layers.js';
import { buildArchitecture, modelOptions } from '../../../src/models/models.js';
import { network } from '../../../src/models/network.js';
import { RandomStream, seedOf } from '../../../src/numerics/random.js';
import { initialParameters } from '../../../src/parameters/initial.js';
import { boundOf, penaltiesOf, penaltyOptions } from '../../../src/penalties/penalties.js';
import type { StepContext } from '../../../src/steps/step.js';
import { STEPS } from '../../../src/steps/steps.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

describe('by hand', () => {
  const seeds = () => new SeedSource(tf.tensor1d([1, 2], 'int32'));
  /** D(x) = w.x with w = (3, -4): its slope is w everywhere. */
  const linear = () => {
    const w = tf.tensor2d([3, -4], [2, 1]);
    const items = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    const parameters = new Map([['logit/kernel', w]]);
    const discriminator = (x: tf.Tensor) => tf.matMul(x as tf.Tensor2D, w);
    return { w, context: { discriminator, real: items, fake: items, parameters, seeds: seeds() } };
  };

  it('R1 of a linear D is weight/2 |w|^2, and its gradient is weight * w', () => {
    tf.tidy(() => {
      const [r1] = penaltiesOf(
        penaltyOptions.parse({ discriminator: [{ name: 'r1', weight: 6 }] }),
      ).discriminator;
      const { w, context } = linear();
      expect(r1!(context).dataSync()[0]).toBeCloseTo((6 / 2) * 25, 4);
      const slope = tf.grad((v) =>
        r1!({ ...context, discriminator: (x) => tf.matMul(x as tf.Tensor2D, v as tf.Tensor2D) }),
      )(w);
      expect([...slope.dataSync()]).toEqual([18, -24]);
    });
  });

  it('weight decay is weight/2 |w|^2 on either net', () => {
    tf.tidy(() => {
      const list = [{ name: 'weight-decay', weight: 0.1 }];
      const { discriminator, generator } = penaltiesOf(
        penaltyOptions.parse({ discriminator: list, generator: list }),
      );
      const { context } = linear();
      expect(discriminator[0]!(context).dataSync()[0]).toBeCloseTo(0.05 * 25, 5);
      expect(generator[0]!(context).dataSync()[0]).toBeCloseTo(0.05 * 25, 5);
    });
  });

  it('the bound of a net is that of its loss, and none where nobody asks for one', () => {
    const penalties = penaltyOptions.parse({});
    const wasserstein = lossOptions.parse({ name: 'wasserstein', clip: 0.02 });
    expect(boundOf('discriminator', { loss: wasserstein, penalties })).toBe(0.02);
    expect(boundOf('generator', { loss: wasserstein, penalties })).toBeUndefined();
    expect(boundOf('discriminator', { loss: { name: 'minimax' }, penalties })).toBeUndefined();
  });
});

/** Convolution and batch norm under a smooth activation: under ReLU the slope of D jumps, and no difference shows that. */
const smooth: Architecture = {
  generator: network(
    'generator',
    [2],
    [
      dense('g', 16, { initializer: { kind: 'normal', deviation: 1 }, bias: true }),
      reshape('item', [4, 4, 1]),
    ],
  ),
  discriminator: network(
    'discriminator',
    [4, 4, 1],
    [
      convolution('conv', 3, {
        kernel: 3,
        stride: 2,
        initializer: { kind: 'normal', deviation: 0.5 },
        bias: false,
      }),
      batchNorm('norm'),
      activation.tanh('tanh'),
      dense('logit', 1, { initializer: { kind: 'normal', deviation: 0.2 }, bias: true }),
    ],
  ),
};

const built = (model: object, item: number[]) => buildArchitecture(modelOptions.parse(model), item);
const NETWORKS: [name: string, architecture: Architecture][] = [
  ['an mlp of tanh', built({ name: 'mlp', discriminator: { activation: 'tanh', hidden: [16, 16] } }, [2])],
  [
    'an mlp of leaky ReLU',
    built({ name: 'mlp', discriminator: { activation: 'leakyRelu', hidden: [16, 16] } }, [2]),
  ],
  ['a convolution with batch norm', smooth],
];

describe.each(NETWORKS)('a D step of %s with R1', (_, architecture) => {
  const contextOf = (penalties: object): StepContext => ({
    architecture,
    loss: lossOf({ name: 'non-saturating' }),
    penalties: penaltiesOf(penaltyOptions.parse(penalties)),
    latentDistribution: 'normal',
    batch: 4,
  });
  const context = contextOf({ discriminator: [{ name: 'r1', weight: 1 }] });
  const { inputs, step } = STEPS.discriminator.define(context);

  const random = (label: string, length: number) => {
    const stream = new RandomStream(seedOf(label));
    return Float32Array.from({ length }, () => stream.normal());
  };
  const weights = (net: 'discriminator' | 'generator') =>
    initialParameters(context.architecture[net].manifest, { seed: 3, net });
  const shape = inputs.find(({ name }) => name === 'real')!.shape;
  const real = random(
    'items',
    shape.reduce((a, b) => a * b, 1),
  );
  const feeds = (discriminator: Float32Array) => ({
    discriminator: tf.tensor1d(discriminator),
    generator: tf.tensor1d(weights('generator')),
    real: tf.tensor(real, [...shape]),
    seed: tf.tensor1d([7, -9], 'int32'),
  });
  const runEagerly = (run: StepFunction, discriminator: Float32Array) =>
    tf.tidy(() => {
      const { payload, statistics } = run(feeds(discriminator));
      return { payload: payload!.dataSync(), loss: statistics!.dataSync()[0]! };
    });

  it('has the gradient that finite differences of its loss show', () => {
    const { size } = context.architecture.discriminator.manifest;
    const w = weights('discriminator');
    const { payload } = runEagerly(step, w);
    for (const label of ['one direction', 'another']) {
      const direction = random(label, size);
      const h = 2e-2 / Math.sqrt(size); // float32: longer steps meet kinks and curvature, shorter ones drown in rounding
      const lossAt = (sign: number) =>
        runEagerly(
          step,
          w.map((v, i) => (i < size ? v + sign * h * direction[i]! : v)),
        ).loss;
      const shown = (lossAt(1) - lossAt(-1)) / (2 * h);
      const found = direction.reduce((sum, v, i) => sum + v * payload[i]!, 0);
      expect(Math.abs(found - shown)).toBeLessThan(0.03 * Math.max(1, Math.abs(shown)));
    }
  });

  it('differs from the step without it', () => {
    const without = STEPS.discriminator.define(contextOf({})).step;
    const w = weights('discriminator');
    expect(runEagerly(step, w).loss).toBeGreaterThan(runEagerly(without, w).loss);
  });

  it('gives compiled what it gives eagerly', () => {
    const compiled = compile(step, inputs, { precision: 'float32' });
    const w = weights('discriminator');
    const [a, b] = [compiled.run(feeds(w)).payload!, runEagerly(step, w).payload];
    // not the same bits: TensorFlow simplifies the arithmetic of composed operations in a graph
    a.forEach((v, i) => {
      expect(Math.abs(v - b[i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(b[i]!)));
    });
    compiled.dispose();
  });
});
