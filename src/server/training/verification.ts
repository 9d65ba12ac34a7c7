// Which tasks two workers must agree on: a share of all, decided by the seed, so that a resumed run verifies the same ones.
import type { RunConfig } from '../../config/run-config.js';
import { RandomStream, seedOf } from '../../numerics/random.js';
import type { CoordinatorOptions } from '../../protocol/coordinator.js';
import { keyOf } from '../../protocol/shard-tree.js';

/** `verify.fraction` of all tasks, each drawn by its own name. */
export function verifiedShare({ seed, verify }: RunConfig): CoordinatorOptions['isVerified'] {
  if (verify.fraction === 0) return () => false;
  return (net, step, node) =>
    new RandomStream(seedOf(seed, 'verify', net, step, keyOf(node))).uniform() < verify.fraction;
}
