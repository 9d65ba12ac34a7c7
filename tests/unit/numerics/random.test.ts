// Seeded streams. That they are the published ones is held against Python in tests/unit/training.test.ts; here, what must be true of them.
import { describe, expect, it } from 'vitest';
import { permutation, RandomStream, seedOf } from '../../../src/numerics/random.js';

const COUNT = 20_000;
const drawn = <T>(draw: (random: RandomStream) => T): T[] => {
  const random = new RandomStream(seedOf('test'));
  return Array.from({ length: COUNT }, () => draw(random));
};
const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

describe('a seed', () => {
  it('tells labels apart by their order, their kind and where they end', () => {
    const seeds = [
      seedOf('a', 'b'),
      seedOf('ab'),
      seedOf('b', 'a'),
      seedOf('a', 'b', ''),
      seedOf(1),
      seedOf('1'),
      seedOf(1, 0),
      seedOf(2 ** 32 + 1),
      seedOf(1 - 2 ** 32),
    ];
    expect(new Set(seeds.map((seed) => seed.join())).size).toBe(seeds.length);
  });

  it('is two int32', () => {
    for (let i = 0; i < 100; i++) for (const half of seedOf(i)) expect(half).toBe(half | 0);
  });
});

describe('a stream', () => {
  it('has integers without bias, also below a bound that 2^32 is no multiple of', () => {
    // of [0, 3 * 2^30) a third lies below 2^30; without rejection it would be a half. Standard error 0.0033
    const low = drawn((random) => random.below(3 * 2 ** 30)).filter((value) => value < 2 ** 30);
    expect(Math.abs(low.length / COUNT - 1 / 3)).toBeLessThan(0.015);
    expect(new Set(drawn((random) => random.below(3)))).toEqual(new Set([0, 1, 2]));
  });

  it('has standard normals', () => {
    const values = drawn((random) => random.normal());
    expect(Math.abs(mean(values))).toBeLessThan(0.03); // 4 standard errors of 0.007
    expect(Math.abs(mean(values.map((v) => v * v)) - 1)).toBeLessThan(0.04); // 4 of 0.01
    const within = values.filter((v) => Math.abs(v) < 1).length / COUNT;
    expect(Math.abs(within - 0.6827)).toBeLessThan(0.014); // 4 of 0.0033
  });

  it('has uniforms in [0, 1)', () => {
    const values = drawn((random) => random.uniform());
    expect(values.every((v) => v >= 0 && v < 1)).toBe(true);
    expect(Math.abs(mean(values) - 0.5)).toBeLessThan(0.009); // 4 of 0.002
  });
});

it('each of the six orders of three comes as often as the others', () => {
  const seen = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const order = permutation(3, seedOf('order', i)).join('');
    seen.set(order, (seen.get(order) ?? 0) + 1);
  }
  expect(seen.size).toBe(6);
  for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(120); // 4 of sqrt(6000 * 5 / 36) = 29
});
