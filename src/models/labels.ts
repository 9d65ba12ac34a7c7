// How labels enter two networks, chosen by `model.conditional`: beside G's latents, and into D in one of three ways. A label reaches
// layers as one-hot numbers `[batch, classes]`, which no gradient goes through.
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { assert } from '../errors.js';
import type { Shape } from '../numerics/shape.js';
import {
  batchNorm,
  conditionalBatchNorm,
  dense,
  glorotUniform,
  type Layer,
  labelsFor,
  type WeightOptions,
} from './layers.js';
import type { InputShapes } from './network.js';
import { type LatentCodes, toldCodes } from './options.js';

/** Options of every network. */
export const conditionalOptions = {
  conditional: z
    .enum(['none', 'concat', 'projection', 'auxiliary'])
    .default('none')
    .describe(
      "labels of the data, given to G beside z, and to D: `concat`: beside its input (Mirza and Osindero 2014), `projection`: the label's " +
        'vector times the last features is added to the logit (Miyato and Koyama 2018), `auxiliary`: D tells the class (Odena et al. 2017)',
    ),
  auxiliaryWeight: z
    .number()
    .positive()
    .max(1e6)
    .optional()
    .describe(
      "of the class's cross-entropy in both nets' losses, where `conditional` is `auxiliary`; default: 1",
    ),
};

export interface ConditionalOptions {
  latentCodes?: LatentCodes | undefined;
  conditional: 'none' | 'concat' | 'projection' | 'auxiliary';
  auxiliaryWeight?: number | undefined;
}

/** Where labels enter networks that are layers in sequence: each part is empty, or as it is without labels, where they do not. */
export interface Labelling {
  /** of the data; 0 where the run is not conditional */
  classes: number;
  /** of G: `latents`, with `labels` beside them */
  generatorInputs(latent: number): InputShapes;
  /** after which G goes on from latents and labels as from latents */
  besideLatents: readonly Layer[];
  /** in place of `besideLatents`: batch norm whose scale and offset are the class's own, in a conditional run */
  norm(name: string): Layer;
  /** of D: `items`, with `labels` beside them where it is told them */
  discriminatorInputs(item: Shape): InputShapes;
  /** after which D goes on from items and labels as from items */
  besideItems: readonly Layer[];
  /** numbers that D gives for an item: a logit, one for each class that it tells, and as many as there are codes that it tells */
  outputs: number;
  /** from D's last features to them, `[outputs]` */
  head(name: string, options?: WeightOptions): Layer;
}

/** @param classes of the data; 0 where the run knows none: then nothing is conditional */
export function labelling({ conditional, latentCodes }: ConditionalOptions, classes: number): Labelling {
  const isConditional = classes > 0 && conditional !== 'none';
  const mode = isConditional ? conditional : 'none';
  const beside = isConditional ? [appendLabels('labels', classes)] : [];
  const labels = { labels: [classes] };
  const outputs = 1 + (mode === 'auxiliary' ? classes : 0) + toldCodes(latentCodes);
  return {
    classes: isConditional ? classes : 0,
    generatorInputs: (latent) => ({ latents: [latent], ...(isConditional && labels) }),
    besideLatents: beside,
    norm: (name) => (isConditional ? conditionalBatchNorm(name, classes) : batchNorm(name)),
    discriminatorInputs: (item) => ({
      items: item,
      ...((mode === 'concat' || mode === 'projection') && labels),
    }),
    besideItems: mode === 'concat' ? beside : [],
    outputs,
    head: (name, options = {}) => {
      if (mode === 'projection') return projection(name, classes, options);
      return dense(name, outputs, options);
    },
  };
}

/**
 * One-hot labels beside what comes in (Mirza and Osindero 2014): `[features]` → `[features + classes]`, and as constant maps beside a
 * picture's channels, `[h, w, c]` → `[h, w, c + classes]`.
 */
export const appendLabels = (name: string, classes: number): Layer => ({
  name,
  outputShape: (input) => [...input.slice(0, -1), input.at(-1)! + classes],
  parameters: () => [],
  slots: () => [],
  apply: (x, context) => {
    const sides = x.shape.slice(1, -1);
    const [batch, labels] = [x.shape[0]!, labelsFor(name, classes, context)];
    if (sides.length === 0) return tf.concat([x, labels], 1);
    const point = tf.reshape(labels, [batch, ...sides.map(() => 1), classes]);
    return tf.concat([x, tf.tile(point, [1, ...sides, 1])], x.rank - 1);
  },
});

/** Miyato and Koyama 2018, equation 3: f(x, y) = y'V phi(x) + psi(phi(x)), psi a dense layer. `[features]`, flattened → `[1]` */
export function projection(name: string, classes: number, options: WeightOptions): Layer {
  const psi = dense(name, 1, options);
  return {
    ...psi,
    parameters: (input) => {
      const own = psi.parameters(input);
      const features = own[0]!.shape[0]!;
      const initializer = options.initializer ?? glorotUniform(features, 1);
      return [...own, { name: 'embedding', shape: [classes, features], initializer }];
    },
    apply: (x, context) => {
      const batch = x.shape[0]!;
      const features = tf.reshape(x, [batch, x.size / batch]); // phi(x)
      const labels = labelsFor(name, classes, context) as tf.Tensor2D;
      const vectors = tf.matMul(labels, context.parameter('embedding') as tf.Tensor2D); // y'V, [batch, features]
      return tf.add(psi.apply(features, context), tf.sum(tf.mul(vectors, features), 1, true)); // [batch, 1]
    },
  };
}

/** What D gives, in its parts: the logit `[batch, 1]`, then what it tells of classes and of codes, `[batch, n]` each. */
export function outputParts(
  output: tf.Tensor,
  { classes, codes }: { classes: number; codes: number },
): { logit: tf.Tensor; classes?: tf.Tensor; codes?: tf.Tensor } {
  const [batch, width] = output.shape as [number, number];
  assert(
    width === 1 + classes + codes,
    () => `D tells ${classes} classes and ${codes} codes in [${output.shape}]`,
  );
  return {
    logit: tf.slice(output, [0, 0], [batch, 1]),
    ...(classes > 0 && { classes: tf.slice(output, [0, 1], [batch, classes]) }),
    ...(codes > 0 && { codes: tf.slice(output, [0, 1 + classes], [batch, codes]) }),
  };
}
