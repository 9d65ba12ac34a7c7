// How alike two samples look, mean over pairs: multi-scale structural similarity (Wang et al. 2003; as a measure of variety Odena et al.
// 2017, section 4.2). Windows shrink with small images, as in tensorflow/models' msssim.py, which Karras et al. 2018 measured with.
import { measure, type Reference } from './measure.js';

/** Wang et al. 2003, section 3.2: exponents of the scales, each half the size of the one before. */
const WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];
/** Side and standard deviation of the window, and the constants of SSIM, for values in [0, 1] (Wang et al. 2004). */
const WINDOW = 11;
const DEVIATION = 1.5;
const C1 = 0.01 ** 2;
const C2 = 0.03 ** 2;
/** Pairs that are compared, at most. */
const PAIRS_MAX = 1000;

export const msSsim = measure({
  name: 'ms-ssim',
  metrics: {
    gan_ms_ssim_ratio: {
      name: 'ms-ssim',
      says: 'Multi-scale structural similarity of pairs of samples, mean; the less the more various',
      better: 'lower',
    },
    gan_real_ms_ssim_ratio: { name: 'ms-ssim-real', says: 'The same of pairs of real images' },
  },
  appliesTo: ['images'],
  cost: { samples: 2 * PAIRS_MAX, growth: 'at most 1,000 pairs, times floats of an image' },
  least: () => 2,
  protocol: ({ real, size }: Reference) => ({
    pairs: `items 0 and 1, 2 and 3, …, at most ${PAIRS_MAX}`,
    real: real.length / size,
    scales: WEIGHTS,
    window: `${WINDOW} pixels, deviation ${DEVIATION}; smaller where the image is`,
  }),
  prepare({ source, real, size }) {
    const shape = source.shape as [number, number, number];
    if (real.length < 2 * size) return { because: 'there is one real image' };
    const ofReal = meanSimilarity(real, shape);
    return (samples) => ({
      gan_ms_ssim_ratio: meanSimilarity(samples, shape),
      gan_real_ms_ssim_ratio: ofReal,
    });
  },
});

type Shape = readonly [height: number, width: number, channels: number];

/** Mean over items 0 and 1, 2 and 3, … @param images `[count, ...shape]` in [-1, 1], at least two */
export function meanSimilarity(images: Float32Array, shape: Shape): number {
  const size = shape[0] * shape[1] * shape[2];
  const pairs = Math.min(PAIRS_MAX, Math.floor(images.length / size / 2));
  let sum = 0;
  for (let i = 0; i < pairs; i++) {
    const [a, b] = [2 * i, 2 * i + 1].map((at) => images.subarray(at * size, (at + 1) * size));
    sum += similarity(a!, b!, shape);
  }
  return sum / pairs;
}

/** A channel of an image, values in [0, 1]. */
interface Plane {
  height: number;
  width: number;
  values: Float64Array;
}

/**
 * Multi-scale structural similarity of two images in [-1, 1], from 0 to 1. A scale whose contrasts disagree counts 0 (Karras et al. 2018):
 * a root of what is negative is none.
 */
export function similarity(a: Float32Array, b: Float32Array, shape: Shape): number {
  let planes = [planesOf(a, shape), planesOf(b, shape)] as [Plane[], Plane[]];
  let product = 1;
  for (const [scale, weight] of WEIGHTS.entries()) {
    const channels = planes[0].map((plane, c) => compare(plane, planes[1][c]!));
    const isLast = scale === WEIGHTS.length - 1;
    const of = channels.map(({ whole, contrast }) => (isLast ? whole : contrast));
    const mean = of.reduce((sum, value) => sum + value, 0) / of.length;
    product *= Math.max(0, mean) ** weight;
    planes = planes.map((each) => each.map(halved)) as [Plane[], Plane[]];
  }
  return product;
}

function planesOf(image: Float32Array, [height, width, channels]: Shape): Plane[] {
  return Array.from({ length: channels }, (_, c) => ({
    height,
    width,
    values: Float64Array.from({ length: height * width }, (__, i) => image[i * channels + c]! / 2 + 0.5),
  }));
}

/** Means over squares of two pixels; the last row and column of an odd image are repeated. */
function halved({ height, width, values }: Plane): Plane {
  const [h, w] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const at = (y: number, x: number) => values[Math.min(y, height - 1) * width + Math.min(x, width - 1)]!;
  const means = Float64Array.from({ length: h * w }, (_, i) => {
    const [y, x] = [2 * Math.floor(i / w), 2 * (i % w)];
    return (at(y, x) + at(y + 1, x) + at(y, x + 1) + at(y + 1, x + 1)) / 4;
  });
  return { height: h, width: w, values: means };
}

/** Structural similarity, and its part without luminance, means over all whole windows. */
function compare(a: Plane, b: Plane): { whole: number; contrast: number } {
  const window = windowOf(Math.min(WINDOW, a.height, a.width));
  const product = (x: Plane, y: Plane): Plane => ({
    ...x,
    values: x.values.map((value, i) => value * y.values[i]!),
  });
  const [meanA, meanB, aa, bb, ab] = [a, b, product(a, a), product(b, b), product(a, b)].map((plane) =>
    blurred(plane, window),
  ) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  let [whole, contrast] = [0, 0];
  for (let i = 0; i < meanA.length; i++) {
    const [ma, mb] = [meanA[i]!, meanB[i]!];
    const upper = 2 * (ab[i]! - ma * mb) + C2;
    const lower = aa[i]! - ma * ma + (bb[i]! - mb * mb) + C2;
    contrast += upper / lower;
    whole += ((2 * ma * mb + C1) / (ma * ma + mb * mb + C1)) * (upper / lower);
  }
  return { whole: whole / meanA.length, contrast: contrast / meanA.length };
}

/** A Gaussian of `size` places that sums to 1, narrower where it is shorter. */
function windowOf(size: number): Float64Array {
  const deviation = (size * DEVIATION) / WINDOW;
  const middle = (size - 1) / 2;
  const window = Float64Array.from({ length: size }, (_, i) =>
    Math.exp(-((i - middle) ** 2) / (2 * deviation ** 2)),
  );
  const sum = window.reduce((a, b) => a + b, 0);
  return window.map((value) => value / sum);
}

/** Every whole window's weighted mean, rows then columns. */
function blurred({ height, width, values }: Plane, window: Float64Array): Float64Array {
  const n = window.length;
  const [h, w] = [height - n + 1, width - n + 1];
  const rows = new Float64Array(height * w);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < w; x++)
      for (let k = 0; k < n; k++) rows[y * w + x]! += window[k]! * values[y * width + x + k]!;
  const result = new Float64Array(h * w);
  for (let y = 0; y < h; y++)
    for (let k = 0; k < n; k++)
      for (let x = 0; x < w; x++) result[y * w + x]! += window[k]! * rows[(y + k) * w + x]!;
  return result;
}
