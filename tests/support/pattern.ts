// The first values that tests/golden/nets.py and the tests both compute, so that the golden files need not hold them.
import type { Net } from '../../src/parameters/manifest.js';

/** Numbers in (-1, 1), whole multiples of 1/512: a quadratic modulo a prime, salted by a name. */
export function pattern(name: string, count: number): Float32Array {
  const salt = Array.from(name).reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  return Float32Array.from(
    { length: count },
    (_, i) => (((31 * i * i + 7919 * i + 613 * salt) % 1021) - 510) / 512,
  );
}

/**
 * Kernels around 0 (a mapping's as many times larger as StyleGAN2 uses them smaller), scales and variances around 1, small biases, offsets
 * and means.
 */
export function startValue(net: Net, gain: number): (name: string, count: number) => Float32Array {
  return (name, count) => {
    const values = pattern(`${net}/${name}`, count);
    const kind = name.split('/').at(-1)!;
    const factor = (name.startsWith('mapping') ? 100 : 1) * gain;
    if (kind === 'kernel') return values.map((v) => factor * v);
    const centre = kind === 'scale' || kind === 'variance' ? 1 : 0;
    return values.map((v) => centre + v / 4);
  };
}
