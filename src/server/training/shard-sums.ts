// The sums of one net's open step: nodes that wait for their siblings, added along the fixed tree as soon as both are there.
import { assert } from '../../errors.js';
import type { Vector, VectorEngine } from '../../numerics/vector-engine.js';
import { keyOf, parentOf, rootLevel, siblingOf, type TreeNode } from '../../protocol/shard-tree.js';

export class ShardSums {
  private readonly sums = new Map<string, Vector>();

  constructor(
    private readonly engine: VectorEngine,
    private readonly shards: number,
  ) {}

  /** Takes a node's sum; adds siblings up to the root's children, whose addition is left to whoever takes them. */
  async add(node: TreeNode, payload: Vector): Promise<void> {
    let [at, sum] = [node, payload];
    while (at.level < rootLevel(this.shards) - 1) {
      const sibling = siblingOf(at, this.shards);
      const other = sibling && this.sums.get(keyOf(sibling));
      if (sibling && !other) break;
      if (sibling && other) {
        this.sums.delete(keyOf(sibling));
        const [left, right] = sibling.index < at.index ? [other, sum] : [sum, other];
        await this.engine.add(left, right);
        this.engine.release(right);
        sum = left;
      }
      at = parentOf(at);
    }
    this.sums.set(keyOf(at), sum);
  }

  /** The root's sum, or its two children, left and right, which are still to be added; they are the caller's. */
  take(): [Vector] | [Vector, Vector] {
    const level = rootLevel(this.shards);
    const children = [0, 1].map((index) => ({ level: level - 1, index }));
    const nodes = this.sums.size === 1 ? [{ level, index: 0 }] : children;
    const found = nodes.flatMap((node) => this.sums.get(keyOf(node)) ?? []);
    assert(
      found.length === this.sums.size,
      () => `a step with sums of ${[...this.sums.keys()]} is not whole`,
    );
    this.sums.clear();
    return found as [Vector] | [Vector, Vector];
  }

  clear(): void {
    for (const sum of this.sums.values()) this.engine.release(sum);
    this.sums.clear();
  }
}
