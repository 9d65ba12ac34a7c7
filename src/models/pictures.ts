// Layers over pictures `[height, width, channels]`: pooling, upsampling, normalizations, attention, and what they end in.
import * as tf from '@tensorflow/tfjs-core';
import { addBias } from '../kernels/activations.js';
import { attention } from '../kernels/modulation.js';
import * as normalization from '../kernels/normalization.js';
import * as resample from '../kernels/resample.js';
import type { Shape } from '../numerics/shape.js';
import type { Initializer } from '../parameters/manifest.js';
import { contextOf } from './blocks.js';
import { convolution, type Layer, type ParameterSpec, plain } from './layers.js';

const scaledBy =
  (factor: number) =>
  ([height, width, channels]: Shape): Shape => [height! * factor, width! * factor, channels!];

/** Means of squares of 2 x 2: half the sides. */
export const averagePool = (name: string): Layer =>
  plain(name, (x) => resample.averagePool(x, 2), scaledBy(0.5));

/** Largest of squares of 2 x 2: half the sides. */
export const maxPool = (name: string): Layer => plain(name, (x) => resample.maxPool(x, 2), scaledBy(0.5));

/** Each value as a square of 2 x 2: twice the sides. */
export const upsample = (name: string): Layer =>
  plain(name, (x) => resample.upsampleNearest(x, 2), scaledBy(2));

/** Of the filter between pixels of StyleGAN2 (Karras et al. 2020a, appendix B); doubling with it is bilinear. */
export const TAPS = [1, 3, 3, 1];

/** Half the sides, filtered. */
export const filteredHalf = (name: string): Layer =>
  plain(name, (x) => resample.filtered(x, TAPS, { pad: 1, stride: 2 }), scaledBy(0.5));

/** Twice the sides, filtered. */
export const filteredDouble = (name: string): Layer =>
  plain(name, (x) => resample.upsampleFiltered(x, TAPS), scaledBy(2));

/** The sum over all positions: `[h, w, c]` → `[c]` (Miyato et al. 2018, table 3). */
export const sumPool = (name: string): Layer =>
  plain(
    name,
    (x) => tf.sum(x, [1, 2]),
    ([, , channels]) => [channels!],
  );

type Normalization = 'layer' | 'instance';

const constant = (value: number): Initializer => ({ kind: 'constant', value });

/** A normalization with a scale and an offset for each channel. */
const scaled = (name: string, kind: Normalization): Layer => ({
  name,
  outputShape: (input) => input,
  parameters: (input): ParameterSpec[] => [
    { name: 'scale', shape: input.slice(-1), initializer: constant(1) },
    { name: 'offset', shape: input.slice(-1), initializer: constant(0) },
  ],
  slots: () => [],
  apply: (x, context) => {
    const normalized = { layer: normalization.layerNorm, instance: normalization.instanceNorm }[kind](x);
    return addBias(tf.mul(normalized, context.parameter('scale')), context.parameter('offset'));
  },
});

/** Each sample normalized over all its values; scale and offset by channel, as WGAN-GP's code has it. */
export const layerNorm = (name: string): Layer => scaled(name, 'layer');

/** Each channel of each picture normalized by itself. */
export const instanceNorm = (name: string): Layer => scaled(name, 'instance');

/** Each position's channels to unit mean square (Karras et al. 2018, section 4.2). */
export const pixelNorm = (name: string): Layer => plain(name, normalization.pixelNorm);

/** One more channel: how much the samples of a group differ (Karras et al. 2018, section 3), the same number everywhere. */
export const minibatchDeviation = (name: string, groupMax = 4): Layer =>
  plain(
    name,
    (x, { group }) => {
      const size = largestDivisor(group, groupMax);
      const deviation = normalization.groupDeviation(x, size); // [batch]
      const [batch, ...rest] = x.shape as [number, ...number[]];
      const sides = rest.slice(0, -1);
      const map = tf.tile(tf.reshape(deviation, [batch, ...sides.map(() => 1), 1]), [1, ...sides, 1]);
      return tf.concat([x, map], x.rank - 1);
    },
    (input) => [...input.slice(0, -1), input.at(-1)! + 1],
  );

/** The largest divisor of a number that is at most `max`. */
const largestDivisor = (n: number, max: number): number =>
  Array.from({ length: Math.min(n, max) }, (_, i) => Math.min(n, max) - i).find((d) => n % d === 0)!;

/** Queries and keys have this share of the channels, values half of them (Zhang et al. 2019, section 3, and the authors' code). */
const QUERY_SHARE = 8;
const VALUE_SHARE = 2;

/**
 * Self-attention over positions (Zhang et al. 2019, equations 1 to 3), with keys and values pooled as in the authors' code: x + gamma times
 * what it finds, gamma 0 at first.
 */
export function selfAttention(name: string, channels: number, initializer: Initializer): Layer {
  const point = (part: string, units: number) =>
    convolution(part, units, { kernel: 1, stride: 1, initializer, bias: false });
  const [queries, keys, values, output] = [
    point('queries', channels / QUERY_SHARE),
    point('keys', channels / QUERY_SHARE),
    point('values', channels / VALUE_SHARE),
    point('output', channels),
  ];
  const inside = [queries, keys, values, output] as Layer[];
  const inputOf = (layer: Layer, [h, w]: Shape): Shape => [
    h!,
    w!,
    layer === output ? channels / VALUE_SHARE : channels,
  ];
  const flat = (x: tf.Tensor) => tf.reshape(x, [x.shape[0]!, x.shape[1]! * x.shape[2]!, x.shape[3]!]);
  return {
    name,
    outputShape: (input) => input,
    parameters: (input) => [
      { name: 'gamma', shape: [], initializer: constant(0) },
      ...inside.flatMap((layer) =>
        layer
          .parameters(inputOf(layer, input))
          .map((spec) => ({ ...spec, name: `${layer.name}/${spec.name}` })),
      ),
    ],
    slots: (input) =>
      inside.flatMap((layer) =>
        layer.slots(inputOf(layer, input)).map((spec) => ({ ...spec, name: `${layer.name}/${spec.name}` })),
      ),
    apply: (x, context) => {
      const apply = (layer: Layer, h: tf.Tensor) => layer.apply(h, contextOf(layer, context));
      const found = attention(
        flat(apply(queries!, x)),
        flat(resample.maxPool(apply(keys!, x), 2)),
        flat(resample.maxPool(apply(values!, x), 2)),
      );
      const [batch, height, width] = x.shape as [number, number, number];
      const seen = tf.reshape(found, [batch, height, width, channels / VALUE_SHARE]);
      return tf.add(x, tf.mul(context.parameter('gamma'), apply(output!, seen)));
    },
  };
}
