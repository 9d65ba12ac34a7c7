import { describe, expect, it } from 'vitest';
import type { DatasetSource } from '../../../src/data/data-source.js';
import { openSource } from '../../../src/data/open-source.js';
import { dataOptions } from '../../../src/data/options.js';
import { createSampler } from '../../../src/data/sampler.js';

/** A data set whose items are their own index. */
const counting = (count: number): DatasetSource => ({
  kind: 'dataset',
  shape: [1],
  count,
  digest: '',
  read(indices, out) {
    for (let i = 0; i < indices.length; i++) out[i] = indices[i]!;
  },
  label: () => undefined,
  close: () => {},
});

function minibatch(
  options: { count: number; size: number; shards: number; seed?: number; branch?: number },
  step: number,
): number[] {
  const { count, size, shards, seed = 1, branch = 0 } = options;
  const sampler = createSampler({ source: counting(count), seed, minibatchSize: size, shards, branch });
  return Array.from({ length: shards }, (_, shard) => {
    const out = new Float32Array(size / shards);
    sampler.shard(step, shard, out);
    return [...out];
  }).flat();
}

it('an epoch holds every item once', () => {
  const seen = Array.from({ length: 10 }, (_, step) =>
    minibatch({ count: 80, size: 8, shards: 2 }, step),
  ).flat();
  expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 80 }, (_, i) => i));
});

it('an epoch that ends inside a minibatch goes on with the next', () => {
  const seen = Array.from({ length: 5 }, (_, step) =>
    minibatch({ count: 10, size: 4, shards: 4 }, step),
  ).flat();
  expect(new Set(seen.slice(0, 10)).size).toBe(10);
  expect(new Set(seen.slice(10, 20)).size).toBe(10);
  expect(seen.slice(0, 10)).not.toEqual(seen.slice(10, 20));
});

it('a data set smaller than a minibatch repeats whole epochs', () => {
  expect([...minibatch({ count: 3, size: 12, shards: 2 }, 0)].sort()).toEqual([
    0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2,
  ]);
});

it('a minibatch is the same however many shards it is cut into', () => {
  for (const step of [0, 7, 1000]) {
    expect(minibatch({ count: 50, size: 8, shards: 8 }, step)).toEqual(
      minibatch({ count: 50, size: 8, shards: 1 }, step),
    );
  }
});

it('steps may be asked for in any order', () => {
  const sampler = createSampler({ source: counting(10), seed: 1, minibatchSize: 4, shards: 1, branch: 0 });
  const ask = (step: number) => {
    const out = new Float32Array(4);
    sampler.shard(step, 0, out);
    return [...out];
  };
  const forwards = [0, 5, 10, 15, 20, 25, 30].map(ask);
  expect([30, 25, 20, 15, 10, 5, 0].map(ask).reverse()).toEqual(forwards);
});

it('another seed gives another order', () => {
  expect(minibatch({ count: 50, size: 50, shards: 1, seed: 2 }, 0)).not.toEqual(
    minibatch({ count: 50, size: 50, shards: 1 }, 0),
  );
});

it.each([
  [{ source: 'ring' }, 8, 0.01, 1],
  [{ source: 'ring', modes: 5, radius: 2, deviation: 0.1 }, 5, 0.1, 2],
  [{ source: 'grid' }, 25, 0.05, Math.sqrt(32)],
] as const)('%j has its modes where they belong', async (given, count, deviation, farthest) => {
  const source = await openSource(dataOptions.parse(given), { cacheDir: '', log: () => {} });
  if (source.kind !== 'distribution') throw new Error('expected a distribution');
  expect(source.modes).toHaveLength(count);
  expect(source.deviation).toBe(deviation);
  expect(Math.max(...source.modes.map(([x, y]) => Math.hypot(x!, y!)))).toBeCloseTo(farthest, 12);
});

it('drawn items lie around the modes with the stated deviation, every mode as often as the others', async () => {
  const source = await openSource(dataOptions.parse({ source: 'ring', deviation: 0.02 }), {
    cacheDir: '',
    log: () => {},
  });
  if (source.kind !== 'distribution') throw new Error('expected a distribution');
  const count = 40_000;
  const out = new Float32Array(2 * count);
  source.draw([3, 4], out);
  const hits = new Array<number>(8).fill(0);
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const distances = source.modes.map(([x, y]) => (out[2 * i]! - x!) ** 2 + (out[2 * i + 1]! - y!) ** 2);
    const nearest = distances.indexOf(Math.min(...distances));
    hits[nearest]!++;
    squares += distances[nearest]!;
  }
  // 5000 expected a mode, deviation sqrt(40000 * 1/8 * 7/8) = 66: five of them
  for (const hit of hits) expect(Math.abs(hit - 5000)).toBeLessThan(330);
  // 80,000 squared normals: their mean deviates by sqrt(2 / 80000) = 0.5 %, five of that
  expect(squares / (2 * count) / 0.02 ** 2).toBeCloseTo(1, 1.6);
});

it('a distribution is decided by (seed, branch, step, shard)', async () => {
  const source = await openSource(dataOptions.parse({ source: 'ring' }), { cacheDir: '', log: () => {} });
  const draw = (seed: number, branch: number, step: number, shard: number) => {
    const out = new Float32Array(8);
    createSampler({ source, seed, minibatchSize: 8, shards: 2, branch }).shard(step, shard, out);
    return out.join();
  };
  expect(draw(1, 0, 3, 1)).toBe(draw(1, 0, 3, 1));
  const all = [draw(1, 0, 3, 1), draw(2, 0, 3, 1), draw(1, 1, 3, 1), draw(1, 0, 4, 1), draw(1, 0, 3, 0)];
  expect(new Set(all).size).toBe(all.length);
});

describe('labels', () => {
  it('are those of the items beside them, whatever the shard', () => {
    const source: DatasetSource = { ...counting(10), label: (index) => index % 3 };
    const sampler = createSampler({ source, seed: 1, minibatchSize: 8, shards: 2, branch: 0 });
    for (const [step, shard] of [
      [0, 0],
      [0, 1],
      [3, 1], // from one epoch into the next
    ] as const) {
      const [items, labels] = [new Float32Array(4), new Int32Array(4)];
      sampler.shard(step, shard, items, { labels });
      expect([...labels]).toEqual([...items].map((index) => index % 3));
    }
  });

  it('of a mixture are the modes that items were drawn from, and change no item', async () => {
    const options = dataOptions.parse({ source: 'ring', deviation: 0.01 });
    const source = await openSource(options, { cacheDir: '', log: () => {} });
    if (source.kind !== 'distribution') throw new Error('a ring is a distribution');
    const sampler = createSampler({ source, seed: 1, minibatchSize: 64, shards: 1, branch: 0 });
    const [items, same, labels] = [new Float32Array(128), new Float32Array(128), new Int32Array(64)];
    sampler.shard(2, 0, items, { labels });
    sampler.shard(2, 0, same);
    expect(items).toEqual(same);
    labels.forEach((label, i) => {
      const [x, y] = source.modes[label]!;
      expect(Math.hypot(items[2 * i]! - x!, items[2 * i + 1]! - y!)).toBeLessThan(0.1);
    });
    expect(new Set(labels).size).toBe(8);
  });
});
