// What G makes a shard's samples of, drawn inside the step.
import * as tf from '@tensorflow/tfjs-core';
import { layer } from '../compiler/layer-scope.js';
import { randomNormal, randomTruncatedNormal, randomUniform, type SeedSource } from '../kernels/random.js';
import type { Application } from '../models/network.js';
import { codeCount, type LatentCodes, type LatentDistribution } from '../models/options.js';
import { drawLabels, type Labelled, oneHot } from './labels.js';
import type { StepContext } from './step.js';

const HALF_WIDTH = Math.sqrt(3);
const DISTRIBUTIONS: Readonly<
  Record<LatentDistribution, (shape: readonly number[], seeds: SeedSource) => tf.Tensor>
> = {
  normal: randomNormal,
  uniform: (shape, seeds) => symmetric(shape, HALF_WIDTH, seeds),
  truncated: randomTruncatedNormal,
};

/** Uniform on [-bound, bound). */
const symmetric = (shape: readonly number[], bound: number, seeds: SeedSource): tf.Tensor =>
  tf.sub(tf.mul(randomUniform(shape, seeds), 2 * bound), bound);

/**
 * `[batch, latent]`: of zero mean and unit variance (`uniform` is on [-sqrt(3), sqrt(3)]), but for truncated ones, whose variance is 0.77; and
 * after that noise the codes of an architecture that has them.
 */
export function drawLatents(
  {
    architecture,
    latentDistribution,
    batch,
  }: Pick<StepContext, 'architecture' | 'latentDistribution' | 'batch'>,
  seeds: SeedSource,
): tf.Tensor {
  const { generator, codes } = architecture;
  const shape = generator.inputs.latents!;
  const draw = DISTRIBUTIONS[latentDistribution];
  return layer('latents', () => {
    if (!codes) return draw([batch, ...shape], seeds);
    return tf.concat(
      [draw([batch, shape[0]! - codeCount(codes)], seeds), ...drawCodes(codes, batch, seeds)],
      1,
    );
  });
}

/** `[batch, values]` for each category, one-hot, then `[batch, continuous]`. */
function drawCodes({ categories, continuous }: LatentCodes, batch: number, seeds: SeedSource): tf.Tensor[] {
  const hot = categories.map((values) =>
    oneHot(tf.cast(tf.floor(tf.mul(randomUniform([batch], seeds), values)), 'int32'), values),
  );
  return continuous === 0 ? hot : [...hot, symmetric([batch, continuous], 1, seeds)];
}

/** G's inputs: `latents`, where it takes any, `labels`, one-hot `[batch, classes]`, in a conditional run, and of pairs `condition`. */
export type Drawn = { latents?: tf.Tensor; labels?: tf.Tensor; condition?: tf.Tensor };

/** @param given the step's inputs, of which G is given the condition */
export function draw(
  context: StepContext,
  { condition }: Readonly<Record<string, tf.Tensor>>,
  seeds: SeedSource,
): Drawn {
  const { classes, batch, architecture } = context;
  return {
    ...(architecture.generator.inputs.latents && { latents: drawLatents(context, seeds) }),
    ...(classes && { labels: oneHot(drawLabels(classes, batch, seeds), classes.counts.length) }),
    ...(condition && { condition }),
  };
}

/** What G made of what was drawn. */
export interface Generated {
  /** samples, each of the class that was asked for, and beside what it was made from */
  fake: Labelled;
  /** G's own */
  slots: ReadonlyMap<string, tf.Tensor>;
  /** what the samples are made of: the latents, or what G maps them to first; absent where G takes none */
  codes: tf.Tensor | undefined;
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
  const { output, slots } = codes ? withCodes(codes) : generator.apply(drawn, application);
  const { latents: _, ...beside } = drawn;
  return {
    fake: { items: output, ...beside },
    slots: new Map([...(mapped?.slots ?? []), ...slots]),
    codes,
    synthesize: (given) => withCodes(given).output,
  };
}
