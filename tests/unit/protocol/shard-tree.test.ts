import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leavesOf, levelFor, nodeCount, rootLevel, sumAlongTree } from '../../../src/protocol/shard-tree.js';

/** The expression that a sum is: shows the order of every addition. */
const expression = (level: number, index: number, shards: number): string =>
  sumAlongTree({ level, index }, shards, { leaf: (i) => String(i), add: (a, b) => `(${a}+${b})` });

describe('the shard tree', () => {
  it('sums five shards in one fixed order', () => {
    expect(expression(rootLevel(5), 0, 5)).toBe('(((0+1)+(2+3))+4)');
  });

  it('gives the same expression whatever level its nodes are computed at', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 80 }), (shards, workers) => {
        const level = levelFor(shards, workers);
        let sums = Array.from({ length: nodeCount(shards, level) }, (_, i) => expression(level, i, shards));
        while (sums.length > 1) {
          sums = sums.flatMap((s, i) => (i % 2 ? [] : sums[i + 1] ? [`(${s}+${sums[i + 1]})`] : [s]));
        }
        expect(sums[0]).toBe(expression(rootLevel(shards), 0, shards));
      }),
    );
  });

  it('covers every leaf once at every level', () => {
    for (let shards = 1; shards <= 33; shards++) {
      for (let level = 0; level <= rootLevel(shards); level++) {
        const leaves = Array.from({ length: nodeCount(shards, level) }, (_, index) =>
          leavesOf({ level, index }, shards),
        );
        expect(
          leaves.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i)),
        ).toEqual(Array.from({ length: shards }, (_, i) => i));
      }
    }
  });

  it('gives every worker a node while there are enough shards, and no finer', () => {
    expect([1, 2, 3, 4, 5, 9].map((workers) => nodeCount(8, levelFor(8, workers)))).toEqual([
      1, 2, 4, 4, 8, 8,
    ]);
  });
});
