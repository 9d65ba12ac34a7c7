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
import {
  boundsOf,
  lazyInterval,
  penaltiesOf,
  penaltyOptions,
  penaltySlots,
} from '../../../src/penalties/penalties.js';
import type { StepContext } from '../../../src/steps/step.js';
import { STEPS } from '../../../src/steps/steps.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

const mlp = modelOptions.parse({ name: 'mlp' });
const onDiscriminator = (list: object[], isRegularized = false) =>
  penaltiesOf('discriminator', penaltyOptions.parse({ discriminator: list }), isRegularized);

describe('by hand', () => {
  const seeds = () => new SeedSource(tf.tensor1d([1, 2], 'int32'));
  /** D(x) = w.x with w = (3, -4): its slope is w everywhere. */
  const linear = () => {
    const w = tf.tensor2d([3, -4], [2, 1]);
    const items = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    const parameters = new Map([['logit/kernel', w]]);
    const discriminator = (x: tf.Tensor) => tf.matMul(x as tf.Tensor2D, w);
    const logits = { real: discriminator(items), fake: discriminator(items) };
    const slope = (): tf.Tensor => tf.mul(tf.onesLike(items), tf.reshape(w, [1, 2]));
    const context = { discriminator, slope, real: items, fake: items, logits, parameters, seeds: seeds() };
    return { w, context: { ...context, slot: () => tf.tensor1d([0]), writeSlot: () => {} } };
  };

  it('R1 of a linear D is weight/2 |w|^2, and its gradient is weight * w', () => {
    tf.tidy(() => {
      const [r1] = onDiscriminator([{ name: 'r1', weight: 6 }]);
      const { w, context } = linear();
      expect(r1!(context).dataSync()[0]).toBeCloseTo((6 / 2) * 25, 4);
      const slope = tf.grad((v) =>
        r1!({ ...context, slope: () => tf.mul(tf.onesLike(context.real), tf.reshape(v, [1, 2])) }),
      )(w);
      expect([...slope.dataSync()]).toEqual([18, -24]);
    });
  });

  it('weight decay is weight/2 |w|^2 on either net', () => {
    tf.tidy(() => {
      const list = [{ name: 'weight-decay', weight: 0.1 }];
      const options = penaltyOptions.parse({ discriminator: list, generator: list });
      const { context } = linear();
      const both = { ...context, codes: context.real, synthesize: context.discriminator };
      for (const net of ['discriminator', 'generator'] as const) {
        const [term] = penaltiesOf(net, options, false);
        expect(term!(both).dataSync()[0]).toBeCloseTo(0.05 * 25, 5);
      }
    });
  });

  it('pixel L1 is weight times the mean absolute difference, and its gradient the sign of each, 0 where there is none', () => {
    tf.tidy(() => {
      const options = penaltyOptions.parse({ generator: [{ name: 'pixel-l1', weight: 100 }] });
      const [term] = penaltiesOf('generator', options, false);
      const { context } = linear();
      const real = tf.tensor2d([1, 0, -1, 0.5], [2, 2]);
      const given = { ...context, codes: real, synthesize: (x: tf.Tensor) => x };
      const of = (fake: tf.Tensor) => term!({ ...given, pair: { real, fake } });
      const fake = tf.tensor2d([0, 0.5, -1, -0.5], [2, 2]);
      expect(of(fake).dataSync()[0]).toBeCloseTo((100 * (1 + 0.5 + 0 + 1)) / 4, 4);
      expect(Array.from(tf.grad(of)(fake).dataSync(), (slope) => slope + 0)).toEqual([-25, 25, 0, -25]);
    });
  });

  /** D(x) = |x|^2 / 2, whose slope at x is x. */
  const round = (real: number[][], fake: number[][]) => {
    const discriminator = (x: tf.Tensor) => tf.mul(0.5, tf.sum(tf.square(x), 1, true));
    const items = { real: tf.tensor2d(real), fake: tf.tensor2d(fake) };
    return {
      ...linear().context,
      ...items,
      discriminator,
      slope: (at: 'real' | 'fake'): tf.Tensor => items[at],
    };
  };
  const termOf = (options: object, context: ReturnType<typeof round>) =>
    onDiscriminator([options])[0]!(context).dataSync()[0]!;

  it('R1 looks at real items, R2 at generated ones', () => {
    tf.tidy(() => {
      const context = round([[1, 2]], [[3, 4]]);
      expect(termOf({ name: 'r1', weight: 2 }, context)).toBeCloseTo(5, 5);
      expect(termOf({ name: 'r2', weight: 2 }, context)).toBeCloseTo(25, 5);
    });
  });

  it('a gradient penalty is weight (|slope| - target)^2, one-sided only above the target', () => {
    tf.tidy(() => {
      const { context } = linear(); // a slope of length 5 everywhere
      for (const name of ['gradient-penalty', 'dragan']) {
        expect(termOf({ name, weight: 2 }, context)).toBeCloseTo(2 * 16, 4);
        expect(termOf({ name, weight: 2, target: 7 }, context)).toBeCloseTo(2 * 4, 4);
      }
      expect(termOf({ name: 'gradient-penalty', target: 7, sides: 1 }, context)).toBe(0);
      expect(termOf({ name: 'gradient-penalty', target: 3, sides: 1 }, context)).toBeCloseTo(10 * 4, 4);
    });
  });

  it('a gradient penalty looks between the two items of a pair, everywhere alike', () => {
    tf.tidy(() => {
      const many = (item: number[]) => Array.from({ length: 4000 }, () => item);
      const found = termOf(
        { name: 'gradient-penalty', weight: 1, target: 0 },
        round(many([6, 8]), many([3, 4])),
      );
      expect(Math.abs(found - (25 + 50 / 2 + 25 / 3))).toBeLessThan(1); // E (5 + 5u)^2
    });
  });

  it('DRAGAN looks around real items, as far as half their deviation', () => {
    tf.tidy(() => {
      const same = round([[3], [3]], [[100], [100]]);
      expect(termOf({ name: 'dragan', weight: 1, target: 0 }, same)).toBeCloseTo(9, 4);
      const apart = round(
        Array.from({ length: 4000 }, (_, i) => [i % 2 === 0 ? 1 : 3]),
        Array.from({ length: 4000 }, () => [100]),
      );
      // x + 0.5 u v with u, v uniform: E x^2 + E x / 4 + E (u v)^2 / 4
      const found = termOf({ name: 'dragan', weight: 1, target: 0 }, apart);
      expect(Math.abs(found - (5 + 2 / 4 + 1 / 36))).toBeLessThan(0.1);
    });
  });

  it("LeCam keeps D's outputs near what it lately gave for the other kind, and remembers their means", () => {
    tf.tidy(() => {
      const slots = new Map([
        ['lecam/real', tf.tensor1d([2])],
        ['lecam/fake', tf.tensor1d([-1])],
      ]);
      const written = new Map<string, number>();
      const logits = { real: tf.tensor2d([[1], [3]]), fake: tf.tensor2d([[0], [-4]]) };
      const context = {
        ...linear().context,
        logits,
        slot: (name: string) => slots.get(name)!,
        writeSlot: (name: string, value: tf.Tensor) => void written.set(name, value.dataSync()[0]!),
      };
      const found = onDiscriminator([{ name: 'lecam', weight: 0.5 }])[0]!(context).dataSync()[0]!;
      expect(found).toBeCloseTo(0.5 * ((4 + 16) / 2 + (4 + 36) / 2), 4);
      expect(Object.fromEntries(written)).toEqual({ 'lecam/real': 2, 'lecam/fake': -2 });
    });
    const [real] = penaltySlots(
      'discriminator',
      penaltyOptions.parse({ discriminator: [{ name: 'lecam' }] }),
    );
    expect(real).toMatchObject({ name: 'lecam/real', momentum: 0.99, merge: 'mean' });
  });

  it('a lazy penalty is absent, or as many times as strong as it is seldom', () => {
    tf.tidy(() => {
      const list = [{ name: 'r1', weight: 6, everySteps: 4 }, { name: 'weight-decay' }];
      expect(onDiscriminator(list, false)).toHaveLength(1);
      const [r1] = onDiscriminator(list, true);
      expect(r1!(linear().context).dataSync()[0]).toBeCloseTo(4 * (6 / 2) * 25, 3);
      const options = penaltyOptions.parse({ discriminator: list });
      expect(lazyInterval('discriminator', options)).toBe(4);
      expect(lazyInterval('generator', options)).toBeUndefined();
    });
  });

  it.each([
    [
      'other intervals in one list',
      [
        { name: 'r1', everySteps: 4 },
        { name: 'r2', everySteps: 8 },
      ],
      /4 and 8.*must be equal/,
    ],
    ['one penalty twice', [{ name: 'r1' }, { name: 'r1' }], /r1 stands twice/],
  ])('refuses %s', (_, list, message) => {
    expect(() => penaltyOptions.parse({ discriminator: list })).toThrow(message);
  });

  it("a penalty on D's slope takes the place of Wasserstein's clipping, and clip goes with any loss", () => {
    const loss = lossOptions.parse({ name: 'wasserstein' });
    const bound = (list: object[]) =>
      boundsOf('discriminator', {
        loss,
        model: mlp,
        penalties: penaltyOptions.parse({ discriminator: list }),
      });
    expect(bound([{ name: 'weight-decay' }])).toEqual({ weight: 0.01 });
    expect(bound([{ name: 'gradient-penalty' }])).toEqual({});
    expect(bound([{ name: 'clip', bound: 0.3 }])).toEqual({ weight: 0.3 });
    const normed = (model: object) =>
      boundsOf('discriminator', {
        loss,
        penalties: penaltyOptions.parse({}),
        model: modelOptions.parse(model),
      });
    expect(normed({ name: 'sngan' })).toEqual({});
    expect(normed({ name: 'sngan', spectralNorm: [] })).toEqual({ weight: 0.01 });
    expect(normed({ name: 'mlp', spectralNorm: ['discriminator'] })).toEqual({});
    expect(normed({ name: 'mlp', spectralNorm: ['generator'] })).toEqual({ weight: 0.01 });
    const penalties = penaltyOptions.parse({ discriminator: [{ name: 'clip', bound: 0.3 }] });
    expect(boundsOf('discriminator', { loss: { name: 'hinge' }, penalties, model: mlp })).toEqual({
      weight: 0.3,
    });
  });

  it('the bounds of a net are those of its loss and its own penalties, the least of a kind, and none where nobody asks for one', () => {
    const penalties = penaltyOptions.parse({});
    const wasserstein = lossOptions.parse({ name: 'wasserstein', clip: 0.02 });
    expect(boundsOf('discriminator', { loss: wasserstein, penalties, model: mlp })).toEqual({ weight: 0.02 });
    expect(boundsOf('generator', { loss: wasserstein, penalties, model: mlp })).toEqual({});
    expect(boundsOf('discriminator', { loss: { name: 'minimax' }, penalties, model: mlp })).toEqual({});
    const both = penaltyOptions.parse({
      discriminator: [
        { name: 'clip', bound: 0.01 },
        { name: 'max-norm', bound: 2 },
      ],
      generator: [{ name: 'max-norm', bound: 3 }],
    });
    const asked = { loss: wasserstein, penalties: both, model: mlp };
    expect(boundsOf('discriminator', asked)).toEqual({ weight: 0.01, unit: 2 });
    expect(boundsOf('generator', asked)).toEqual({ unit: 3 });
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
    penalties: penaltyOptions.parse(penalties),
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
