// The fixed binary tree along which the shards of a minibatch are summed (design 1.2).
// Its leaves are the shards; a node stands for an aligned run of 2^level leaves, cut off at the last shard.
// Every sum of every run follows this tree, so the number of workers never shows in the weights.

/** A node: `level` 0 is a leaf; node `index` of level l covers leaves [index * 2^l, (index + 1) * 2^l). */
export interface TreeNode {
  level: number;
  index: number;
}

/** Level of the root over `shards` leaves. */
export const rootLevel = (shards: number): number => Math.ceil(Math.log2(shards));

/** Number of nodes at a level. */
export const nodeCount = (shards: number, level: number): number => Math.ceil(shards / 2 ** level);

/** First leaf and one past the last. */
export function leavesOf({ level, index }: TreeNode, shards: number): { from: number; to: number } {
  return { from: index * 2 ** level, to: Math.min(shards, (index + 1) * 2 ** level) };
}

/**
 * The coarsest level that still gives every worker a node: few workers send few, larger sums.
 * @param workers at least 1; more workers than shards leaves some idle
 */
export function levelFor(shards: number, workers: number): number {
  for (let level = rootLevel(shards); level > 0; level--) {
    if (nodeCount(shards, level) >= workers) return level;
  }
  return 0;
}

/** The node that a sum with its sibling makes; a node without a right sibling rises unchanged. */
export const parentOf = ({ level, index }: TreeNode): TreeNode => ({ level: level + 1, index: index >> 1 });

/** The other child of the same parent, or undefined where the tree is cut off. */
export function siblingOf({ level, index }: TreeNode, shards: number): TreeNode | undefined {
  const sibling = index ^ 1;
  return sibling < nodeCount(shards, level) ? { level, index: sibling } : undefined;
}

export const keyOf = ({ level, index }: TreeNode): string => `${level}.${index}`;

/**
 * Sums the leaves of a node along the tree. `leaf` makes one leaf's value, `add` adds the second into the first.
 * Holds at most one value a level at a time.
 */
export function sumAlongTree<T>(
  node: TreeNode,
  shards: number,
  { leaf, add }: { leaf: (index: number) => T; add: (into: T, from: T) => T },
): T {
  if (node.level === 0) return leaf(node.index);
  const left = { level: node.level - 1, index: node.index * 2 };
  const sum = sumAlongTree(left, shards, { leaf, add });
  const right = siblingOf(left, shards);
  return right ? add(sum, sumAlongTree(right, shards, { leaf, add })) : sum;
}
