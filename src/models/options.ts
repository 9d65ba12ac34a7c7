// The `model` section of a run config: which architecture, how wide, and how its latent vectors are drawn.
import { z } from 'zod';

const width = z.int().positive().max(65_536);
const hidden = z.array(width).min(1).max(32);
const latent = z.int().positive().max(65_536);
/** uniform: on [-sqrt(3), sqrt(3)], unit variance, as goodfeli/adversarial draws it for MNIST. */
const latentDistribution = z.enum(['normal', 'uniform']);
const keep = z.number().gt(0).max(1);

const mlp = z.strictObject({
  name: z.literal('mlp'),
  latent: latent.default(2),
  latentDistribution: latentDistribution.default('normal'),
  generator: z
    .strictObject({
      hidden: hidden.default([128, 128, 128]),
      activation: z.enum(['relu', 'leakyRelu', 'tanh']).default('relu'),
      batchNorm: z.boolean().default(false),
      output: z.enum(['linear', 'tanh', 'sigmoid']).default('linear'),
    })
    .prefault({}),
  discriminator: z
    .strictObject({
      hidden: hidden.default([128, 128, 128]),
      activation: z.enum(['relu', 'leakyRelu', 'tanh']).default('relu'),
    })
    .prefault({}),
});

/** Goodfellow et al. 2014: a ReLU generator against a maxout discriminator with dropout (goodfeli/adversarial, mnist.yaml). */
const maxout = z.strictObject({
  name: z.literal('maxout'),
  latent: latent.default(100),
  latentDistribution: latentDistribution.default('uniform'),
  generator: z
    .strictObject({
      hidden: hidden.default([1200, 1200]),
      output: z.enum(['linear', 'tanh', 'sigmoid']).default('sigmoid'),
      range: z.number().positive().default(0.05),
    })
    .prefault({}),
  discriminator: z
    .strictObject({
      units: hidden.default([240, 240]),
      pieces: z.int().min(2).max(16).default(5),
      keepInput: keep.default(0.8),
      keepHidden: keep.default(0.5),
      range: z.number().positive().default(0.005),
    })
    .prefault({}),
});

/** Radford et al. 2016, for square images whose side is 7 or less times a power of two: 28, 32, 48, 64, … */
const dcgan = z.strictObject({
  name: z.literal('dcgan'),
  width: width.default(64),
  latent: latent.default(100),
  latentDistribution: latentDistribution.default('normal'),
});

export const modelOptions = z.discriminatedUnion('name', [mlp, maxout, dcgan]);
export type ModelOptions = z.infer<typeof modelOptions>;
export type MlpOptions = z.infer<typeof mlp>;
export type MaxoutOptions = z.infer<typeof maxout>;
export type DcganOptions = z.infer<typeof dcgan>;
