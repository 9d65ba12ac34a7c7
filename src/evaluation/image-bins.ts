// Bins for images whose modes nobody knows: k-means over real images (Richardson and Weiss 2018, NDB), in a random
// projection to a few dimensions, which keeps distances (Johnson and Lindenstrauss) and costs milliseconds.
import * as tf from '@tensorflow/tfjs-core';
import { RandomStream, seedOf } from '../numerics/random.js';
import { countsOf } from './measures/groups.js';
import type { Bins } from './measures/measure.js';

/** Bins: enough to see a lost mode, few enough that 1,000 samples fill them. */
const BIN_COUNT = 50;
const DIMENSIONS = 32;
const ITERATIONS = 20;

/** Bins made of real images, all with a fixed seed: the same data give the same bins. */
export class ImageBins implements Bins {
  readonly realCounts: number[];
  private readonly centres: Float32Array[];
  private readonly projection: tf.Tensor2D;

  /** @param real `[count, size]`, several times as many images as bins */
  constructor(
    real: Float32Array,
    private readonly size: number,
  ) {
    const random = new RandomStream(seedOf('bins'));
    const values = Float32Array.from(
      { length: size * DIMENSIONS },
      () => random.normal() / Math.sqrt(DIMENSIONS),
    );
    this.projection = tf.tensor2d(values, [size, DIMENSIONS]);
    const points = this.project(real);
    const centres = kMeans(points, Math.min(BIN_COUNT, points.length), random);
    const counts = countsOf(this.assignPoints(points, centres), centres.length);
    this.centres = centres.filter((_, i) => counts[i]! > 0); // few or equal images leave bins empty
    this.realCounts = counts.filter((count) => count > 0);
  }

  assign(images: Float32Array): Int32Array {
    return this.assignPoints(this.project(images), this.centres);
  }

  dispose(): void {
    this.projection.dispose();
  }

  private project(images: Float32Array): Float32Array[] {
    const rows = images.length / this.size;
    const flat = tf.tidy(() =>
      tf.matMul(tf.tensor2d(images, [rows, this.size]), this.projection).dataSync(),
    ) as Float32Array;
    return Array.from({ length: rows }, (_, i) => flat.subarray(i * DIMENSIONS, (i + 1) * DIMENSIONS));
  }

  private assignPoints(points: readonly Float32Array[], centres: readonly Float32Array[]): Int32Array {
    return Int32Array.from(points, (point) => nearest(point, centres).index);
  }
}

/** Lloyd's algorithm from k-means++ seeds (Arthur and Vassilvitskii 2007). */
function kMeans(points: readonly Float32Array[], k: number, random: RandomStream): Float32Array[] {
  let centres = seeds(points, k, random);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const sums = centres.map((centre) => ({ sum: new Float64Array(centre.length), count: 0 }));
    for (const point of points) {
      const group = sums[nearest(point, centres).index]!;
      group.count += 1;
      for (let d = 0; d < point.length; d++) group.sum[d]! += point[d]!;
    }
    centres = sums.map(({ sum, count }, i) =>
      count === 0 ? centres[i]! : Float32Array.from(sum, (s) => s / count),
    );
  }
  return centres;
}

function seeds(points: readonly Float32Array[], k: number, random: RandomStream): Float32Array[] {
  const centres = [points[random.below(points.length)]!];
  const distances = points.map((point) => squaredDistance(point, centres[0]!));
  while (centres.length < k) {
    let left = random.uniform() * distances.reduce((a, b) => a + b, 0);
    let index = 0;
    while (index < points.length - 1 && left >= distances[index]!) left -= distances[index++]!;
    const centre = points[index]!;
    centres.push(centre);
    points.forEach((point, i) => {
      distances[i] = Math.min(distances[i]!, squaredDistance(point, centre));
    });
  }
  return centres;
}

function nearest(point: Float32Array, centres: readonly Float32Array[]): { index: number; distance: number } {
  let best = { index: 0, distance: Number.POSITIVE_INFINITY };
  centres.forEach((centre, index) => {
    const distance = squaredDistance(point, centre);
    if (distance < best.distance) best = { index, distance };
  });
  return best;
}

function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += (a[d]! - b[d]!) ** 2;
  return sum;
}
