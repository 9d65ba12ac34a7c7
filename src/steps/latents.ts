// What G makes a shard's samples of, drawn inside the step.
import * as tf from '@tensorflow/tfjs-core';
import { layer } from '../compiler/layer-scope.js';
import { randomNormal, randomUniform, type SeedSource } from '../kernels/random.js';
import type { Application } from '../models/network.js';
import { drawLabels, type Labelled, oneHot } from './labels.js';
import type { StepContext } from './step.js';

/** `[batch, latent]`: zero mean and unit variance; `uniform` is on [-sqrt(3), sqrt(3)]. */
export function drawLatents(
  {
    architecture,
    latentDistribution,
    batch,
  }: Pick<StepContext, 'architecture' | 'latentDistribution' | 'batch'>,
  seeds: SeedSource,
): tf.Tensor {
  const shape = [batch, ...architecture.generator.inputs.latents!];
  const bound = Math.sqrt(3);
  return layer('latents', () =>
    latentDistribution === 'normal'
      ? randomNormal(shape, seeds)
      : tf.sub(tf.mul(randomUniform(shape, seeds), 2 * bound), bound),
  );
}

/** G's inputs: `latents`, and `labels`, one-hot `[batch, classes]`, in a conditional run. */
export type Drawn = { latents: tf.Tensor; labels?: tf.Tensor };

export function draw(context: StepContext, seeds: SeedSource): Drawn {
  const { classes, batch } = context;
  const latents = drawLatents(context, seeds);
  if (!classes) return { latents };
  return { latents, labels: oneHot(drawLabels(classes, batch, seeds), classes.counts.length) };
}

/** What G made of what was drawn. */
export interface Generated {
  /** samples, each of the class that was asked for */
  fake: Labelled;
  /** G's own */
  slots: ReadonlyMap<string, tf.Tensor>;
  /** what the samples are made of: the latents, or what G maps them to first */
  codes: tf.Tensor;
  /** G with other codes, `[batch, ...item]` */
  synthesize(codes: tf.Tensor): tf.Tensor;
}

export function generate(
  { architecture }: Pick<StepContext, 'architecture'>,
  drawn: Drawn,
  application: Application,
): Generated {
  const { generator } = architecture;
  const mapped = generator.codes?.(drawn, application);
  const codes = mapped?.codes ?? drawn.latents;
  const withCodes = (given: tf.Tensor) =>
    generator.apply({ ...drawn, [mapped ? 'codes' : 'latents']: given }, application);
  const { output, slots } = withCodes(codes);
  return {
    fake: { items: output, ...(drawn.labels && { labels: drawn.labels }) },
    slots: new Map([...(mapped?.slots ?? []), ...slots]),
    codes,
    synthesize: (given) => withCodes(given).output,
  };
}
