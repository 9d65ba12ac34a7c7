// Goal: networks by the name of a paper are those of the paper. Method: their numbers of parameters, as published or summed by hand from
// the paper's table; and at every size a step of each net, with and without a penalty, is finite.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { SampleDrawer } from '../../../src/evaluation/sample-drawer.js';
import { lossOf } from '../../../src/losses/losses.js';
import { buildArchitecture, modelOptions } from '../../../src/models/models.js';
import { initialParameters } from '../../../src/parameters/initial.js';
import { penaltyOptions } from '../../../src/penalties/penalties.js';
import { STEPS } from '../../../src/steps/steps.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

const built = (model: object, item: readonly number[], classes = 0) =>
  buildArchitecture(modelOptions.parse(model), [...item], classes);

describe('parameters, G and D', () => {
  const conv = (k: number, from: number, to: number) => k * k * from * to + to;
  const dense = (from: number, to: number) => from * to + to;

  it.each<[name: string, model: object, item: number[], g: number, d: number, classes?: number]>([
    // kwotsin/mimicry's SNGAN at 32 x 32, built by PyTorch: 4,276,739 and 1,053,825
    ['SNGAN, table 4', { name: 'sngan' }, [32, 32, 3], 4_276_739, 1_053_825],
    [
      'SNGAN, table 3',
      { name: 'sngan', architecture: 'cnn' },
      [32, 32, 3],
      dense(128, 4 * 4 * 512) + // and a scale and an offset for each channel that is normalized
        conv(4, 512, 256) +
        conv(4, 256, 128) +
        conv(4, 128, 64) +
        conv(3, 64, 3) +
        2 * (512 + 256 + 128 + 64),
      conv(3, 3, 64) +
        conv(4, 64, 64) +
        conv(3, 64, 128) +
        conv(4, 128, 128) +
        conv(3, 128, 256) +
        conv(4, 256, 256) +
        conv(3, 256, 512) +
        dense(4 * 4 * 512, 1),
    ],
    // google/compare_gan's resnet_biggan_test.py asserts these of BigGAN for ImageNet
    ['BigGAN', { name: 'biggan', conditional: 'projection' }, [128, 128, 3], 70_433_988, 87_982_370, 1000],
    // NVlabs/stylegan2 prints these when it trains configuration F at 1024 x 1024
    ['StyleGAN2 F', { name: 'stylegan2', width: 32, mapping: 8 }, [1024, 1024, 3], 30_370_060, 29_012_513],
    [
      "the 2014 paper's convolutional nets for CIFAR-10",
      { name: 'maxout-conv' },
      [32, 32, 3],
      dense(100, 8000) + dense(8000, 8000) + 5 * 5 * 80 * 3 + 32 * 32 * 3,
      conv(8, 3, 64) + conv(8, 32, 64) + conv(5, 32, 384) + dense(5 * 5 * 192, 2500) + dense(500, 1),
    ],
    [
      'R3GAN, plain, of one stage of blocks',
      { name: 'r3gan', width: 8, blocks: 1, latent: 4 },
      [8, 8, 3],
      4 * 4 * 8 + 4 * 8 + 2 * (8 * 8 + 9 * 8 * 8 + 8 * 8 + 2 * 8) + 8 * 3,
      3 * 8 + 2 * (8 * 8 + 9 * 8 * 8 + 8 * 8 + 2 * 8) + 4 * 4 * 8 + 8,
    ],
  ])('%s', (_, model, item, g, d, classes) => {
    const { generator, discriminator } = built(model, item, classes);
    expect([generator.manifest.size, discriminator.manifest.size]).toEqual([g, d]);
  });
});

describe('pix2pix, of pictures with three channels and three', () => {
  const of = (side: number, options = {}, condition = [side, side, 3]) =>
    buildArchitecture(modelOptions.parse({ name: 'pix2pix', ...options }), [side, side, 3], 0, condition);

  it('has the 54.414 M and 2.769 M parameters that junyanz/pytorch-CycleGAN-and-pix2pix prints at 256 x 256', () => {
    const { generator, discriminator } = of(256);
    expect([generator.manifest.size, discriminator.manifest.size]).toEqual([54_413_955, 2_768_705]);
    expect(discriminator.outputShape).toEqual([32, 32, 1]);
  });

  it('makes and judges pictures of every sensible side, of a condition of other channels', () => {
    const patches = [16, 28, 32, 48, 64, 128].map((side) => {
      const { generator, discriminator } = of(side, { width: 2 }, [side, side, 1]);
      expect(generator.outputShape).toEqual([side, side, 3]);
      return discriminator.outputShape[0];
    });
    expect(patches).toEqual([8, 14, 16, 12, 16, 16]);
  });

  it('refuses sides that cannot be halved twice, and data that are no pairs, in a line', () => {
    expect(() => of(30)).toThrow(/sides of at least 16 pixels that 4 divides; the data has items of 30 x 30/);
    expect(() => built({ name: 'pix2pix' }, [32, 32, 3])).toThrow(
      /the data are no pairs; set data.pairs.name/,
    );
  });

  it('drops half of the inner values in sampling too: another seed, another picture', () => {
    const architecture = of(16, { width: 4 });
    const weights = tf.tensor1d(
      initialParameters(architecture.generator.manifest, { seed: 1, net: 'generator' }),
    );
    const drawer = new SampleDrawer({ architecture, latentDistribution: 'normal' });
    const conditions = new Float32Array(3 * 768).map((_, i) => Math.sin(i % 768));
    const drawn = (count: number, seed: number) =>
      drawer.draw(weights, { count, seed, conditions: conditions.subarray(0, count * 768) });
    const [three, two, other] = [drawn(3, 1), drawn(2, 1), drawn(2, 2)];
    expect(three.slice(0, 2 * 768)).toEqual(two); // whatever else is drawn
    expect(three.slice(0, 768)).not.toEqual(three.slice(768, 2 * 768));
    expect(other).not.toEqual(two);
    expect(() => drawer.draw(weights, { count: 1, seed: 0 })).toThrow(/no floats of them/);
    drawer.dispose();
    weights.dispose();
  });
});

const SMALL = {
  sngan: { name: 'sngan', width: 8, latent: 4 },
  'sngan as a CNN': { name: 'sngan', architecture: 'cnn', width: 4, latent: 4 },
  sagan: { name: 'sagan', width: 16, latent: 4 },
  biggan: { name: 'biggan', width: 8, latent: 60, shared: 4 },
  stylegan2: { name: 'stylegan2', width: 4, latent: 4, styles: 4 },
  r3gan: { name: 'r3gan', width: 8, blocks: 1, latent: 4 },
  'maxout-conv': {
    name: 'maxout-conv',
    latent: 4,
    generator: { hidden: 8, channels: 4 },
    discriminator: { channels: [2, 2, 4], units: 4 },
  },
};

describe.each(Object.entries(SMALL))('%s', (_, model) => {
  it('makes and judges pictures of every sensible side', () => {
    for (const side of [16, 28, 32, 48, 64, 128]) {
      const { generator, discriminator } = built(model, [side, side, 3]);
      expect(generator.outputShape).toEqual([side, side, 3]);
      expect(discriminator.outputShape).toEqual([1]);
    }
  });

  it.each([28, 32])('has finite steps at side %s, with penalties on both nets', (side) => {
    const architecture = built(model, [side, side, 1]);
    const penalties = penaltyOptions.parse({
      discriminator: [{ name: 'r1' }, { name: 'gradient-penalty' }],
      generator: [],
    });
    const context = { architecture, penalties, loss: lossOf({ name: 'hinge' }), batch: 2 };
    const weights = (net: 'discriminator' | 'generator') =>
      tf.tensor1d(initialParameters(architecture[net].manifest, { seed: 1, net }));
    for (const net of ['discriminator', 'generator'] as const) {
      const { step } = STEPS[net].define({ ...context, latentDistribution: 'normal' });
      tf.tidy(() => {
        const seed = tf.tensor1d([1, 2], 'int32');
        const real = tf.randomNormal([2, side, side, 1]);
        const out = step({
          discriminator: weights('discriminator'),
          generator: weights('generator'),
          real,
          seed,
        });
        const payload = out.payload!.dataSync();
        expect(payload.every(Number.isFinite)).toBe(true);
        expect(payload.some((v) => v !== 0)).toBe(true);
      });
    }
  });

  it('takes labels in every way', () => {
    for (const conditional of ['concat', 'projection', 'auxiliary']) {
      const { discriminator, generator } = built({ ...model, conditional }, [32, 32, 3], 3);
      expect(generator.inputs).toMatchObject({ labels: [3] });
      expect(discriminator.outputShape).toEqual([conditional === 'auxiliary' ? 4 : 1]);
    }
  });
});

it('StyleGAN2 truncated to nothing makes one picture, and as trained another of each z', () => {
  const architecture = built(SMALL.stylegan2, [8, 8, 1]);
  const weights = tf.tensor1d(
    initialParameters(architecture.generator.manifest, { seed: 1, net: 'generator' }),
  );
  const drawn = (truncation?: number) => {
    const parts = { architecture, latentDistribution: 'normal' as const };
    const drawer = new SampleDrawer({ ...parts, ...(truncation !== undefined && { truncation }) });
    const samples = drawer.draw(weights, { count: 2, seed: 3 });
    drawer.dispose();
    return samples;
  };
  const [mean, whole, plain] = [drawn(0), drawn(1), drawn()];
  expect(mean.slice(0, 64)).toEqual(mean.slice(64));
  expect(plain.slice(0, 64)).not.toEqual(plain.slice(64));
  expect(whole).toEqual(plain);
  weights.dispose();
});
