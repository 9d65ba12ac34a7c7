// How far a one-dimensional game is from the optimum of Goodfellow et al. 2014, theorem 1: p_g = p_data, D = 1/2 and V(D, G) = -log 4. Sums in
// double precision; densities by a histogram of samples over the data's support.
import type { DataSource } from '../../data/data-source.js';

/** The data: one Gaussian. */
export interface Gaussian {
  mean: number;
  deviation: number;
}

/** The Gaussian that numbers are of; undefined where data are something else. @param size numbers of an item */
export const gaussianOf = (source: DataSource, size: number): Gaussian | undefined =>
  source.kind === 'distribution' && size === 1 && source.modes.length === 1
    ? { mean: source.modes[0]![0]!, deviation: source.deviation }
    : undefined;
export const NOT_GAUSSIAN = 'the data are not numbers of one Gaussian';

/** What a game has come to. */
export interface Game {
  /** samples of the averaged G, `[count]` */
  generated: Float32Array;
  /** D's logits of them */
  generatedLogits: Float32Array;
  /** D's logits of items of the data */
  realLogits: Float32Array;
  /** numbers over the support, and D's logits of them */
  support: { at: readonly number[]; logits: Float32Array };
}

/** The support is the mean and so many deviations on both sides; 0.3 % of the data lie beyond. */
export const SUPPORT = 3;
/** Wide enough that 100,000 samples fill each with 0.3 % noise or less. */
export const BINS = 40;

/** Points of a curve. */
export const POINTS = 121;

/** Evenly spaced numbers, the mean and so many deviations on both sides. */
export const spread = ({ mean, deviation }: Gaussian, deviations: number): number[] =>
  Array.from({ length: POINTS }, (_, i) => mean + deviations * deviation * ((2 * i) / (POINTS - 1) - 1));

export interface OneDimension {
  /** half the L1 distance of p_g and p_data, from 0 to 1 */
  total_variation_ratio: number;
  /** Jensen-Shannon divergence, nats, from 0 to log 2 */
  js_divergence_nats: number;
  /** the largest |D(x) - 1/2| over the support */
  discriminator_distance_ratio: number;
  /** mean |D(x) - D*(x)| under p_data, D* = p_data / (p_data + p_g): the best D for this G (proposition 1) */
  optimal_discriminator_distance_ratio: number;
  /** V(D, G), equation 1 */
  value_function_nats: number;
  /** -E log D(G(z)), which G minimizes (section 3) */
  generator_loss_nats: number;
}

export function oneDimension(data: Gaussian, game: Game): OneDimension {
  const { edges, real, generated } = histograms(data, game.generated);
  const sigmoids = Array.from(game.support.logits, sigmoid);
  const best = (x: number): number => {
    const bin = edges.findIndex((edge) => x < edge); // the first bin is all below the first edge
    const i = bin < 0 ? real.length - 1 : bin;
    return real[i]! / (real[i]! + generated[i]!);
  };
  const weights = game.support.at.map((x) => densityAt(x, data));
  const total = sum(weights);
  return {
    ...divergences(real, generated),
    discriminator_distance_ratio: Math.max(...sigmoids.map((d) => Math.abs(d - 0.5))),
    optimal_discriminator_distance_ratio:
      sum(game.support.at.map((x, i) => weights[i]! * Math.abs(sigmoids[i]! - best(x)))) / total,
    value_function_nats:
      mean(game.realLogits, (logit) => -softplus(-logit)) +
      mean(game.generatedLogits, (logit) => -softplus(logit)),
    generator_loss_nats: mean(game.generatedLogits, (logit) => softplus(-logit)),
  };
}

/** How far samples alone are from the data. @param samples `[count]` */
export function divergenceOf(
  data: Gaussian,
  samples: Float32Array,
): Pick<OneDimension, 'total_variation_ratio' | 'js_divergence_nats'> {
  const { real, generated } = histograms(data, samples);
  return divergences(real, generated);
}

function divergences(real: readonly number[], generated: readonly number[]) {
  const middle = real.map((p, i) => (p + generated[i]!) / 2);
  return {
    total_variation_ratio: sum(real.map((p, i) => Math.abs(p - generated[i]!))) / 2,
    js_divergence_nats: (divergence(real, middle) + divergence(generated, middle)) / 2,
  };
}

/** Shares of data and samples in equal bins over the support, and in one below and one above it. */
function histograms({ mean, deviation }: Gaussian, samples: Float32Array) {
  const [low, width] = [mean - SUPPORT * deviation, (2 * SUPPORT * deviation) / BINS];
  const edges = Array.from({ length: BINS + 1 }, (_, i) => low + i * width);
  const below = edges.map((edge) => cumulative((edge - mean) / deviation));
  const real = [...below, 1].map((share, i) => share - (i === 0 ? 0 : below[i - 1]!));
  const generated = real.map(() => 0);
  for (const x of samples) {
    const bin = Math.min(BINS + 1, Math.max(0, Math.floor((x - low) / width) + 1));
    generated[bin]! += 1 / samples.length;
  }
  return { edges, real, generated };
}

/** Of a Gaussian. */
export const densityAt = (x: number, { mean, deviation }: Gaussian): number =>
  Math.exp(-(((x - mean) / deviation) ** 2) / 2) / (deviation * Math.sqrt(2 * Math.PI));

/** Of the standard normal distribution, by Simpson's rule from 0: off by less than 1e-9 within ten deviations. */
function cumulative(z: number): number {
  const steps = 2 * Math.ceil(20 * Math.abs(z) + 1);
  const width = z / steps;
  const at = (i: number) =>
    (i === 0 || i === steps ? 1 : i % 2 ? 4 : 2) * densityAt(i * width, { mean: 0, deviation: 1 });
  return 0.5 + (width / 3) * sum(Array.from({ length: steps + 1 }, (_, i) => at(i)));
}

/** Kullback-Leibler, nats; what p has not counts nothing. */
const divergence = (p: readonly number[], q: readonly number[]): number =>
  sum(p.map((share, i) => (share > 0 ? share * Math.log(share / q[i]!) : 0)));

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: Float32Array, of: (value: number) => number): number => {
  let total = 0;
  for (const value of values) total += of(value);
  return total / values.length;
};
