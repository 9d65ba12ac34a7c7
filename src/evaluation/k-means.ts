// Lloyd's algorithm over many items with many centres, as products of matrices: 50,000 images with 10,000 centres take 8 s an iteration of
// two cores.
import * as tf from '@tensorflow/tfjs-core';

/** Items whose distances to all centres are held at once. */
const BLOCK = 1000;

/**
 * @param items `[n, size]`, in an order of no meaning: the first `k` are the first centres
 * @returns `[k, size]`; a centre that loses all its items stays where it was
 */
export function kMeansCentres(
  items: Float32Array,
  { size, k, iterations }: { size: number; k: number; iterations: number },
): Float32Array {
  let centres = items.slice(0, k * size);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const sums = new Float64Array(k * size);
    const counts = new Uint32Array(k);
    for (const [i, centre] of nearestCentres(items, centres, size).entries()) {
      counts[centre]! += 1;
      for (let d = 0; d < size; d++) sums[centre * size + d]! += items[i * size + d]!;
    }
    centres = centres.map((value, i) => {
      const count = counts[Math.floor(i / size)]!;
      return count === 0 ? value : sums[i]! / count;
    });
  }
  return centres;
}

/** Of each item the index of the nearest centre: the largest 2 x c - |c|^2. */
function nearestCentres(items: Float32Array, centres: Float32Array, size: number): Uint32Array {
  const count = items.length / size;
  const nearest = new Uint32Array(count);
  const c = tf.tensor2d(centres, [centres.length / size, size]);
  const norms = tf.tidy(() => tf.sum(tf.square(c), 1)); // [k]
  for (let from = 0; from < count; from += BLOCK) {
    const to = Math.min(count, from + BLOCK);
    const block = tf.tidy(() => {
      const x = tf.tensor2d(items.subarray(from * size, to * size), [to - from, size]);
      return tf.argMax(tf.sub(tf.mul(tf.matMul(x, c, false, true), 2), norms), 1).dataSync(); // [block]
    });
    nearest.set(block, from);
  }
  tf.dispose([c, norms]);
  return nearest;
}
