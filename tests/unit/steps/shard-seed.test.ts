import { expect, it } from 'vitest';
import { shardSeed } from '../../../src/steps/steps.js';

it("a shard's noise depends on seed, branch, net, step and shard, each by itself", () => {
  const base = { seed: 1, branch: 2, net: 'discriminator', step: 3, shard: 4 } as const;
  const of = ({ seed, ...at }: Omit<typeof base, 'net'> & { net: 'discriminator' | 'generator' }) =>
    shardSeed({ seed }, at).join();
  const others = [
    { ...base, seed: 5 as never },
    { ...base, branch: 5 as never },
    { ...base, net: 'generator' as const },
    { ...base, step: 5 as never },
    { ...base, shard: 5 as never },
    { ...base, step: 4 as never, shard: 3 as never },
  ];
  expect(of(base)).toBe(of({ ...base }));
  expect(new Set([base, ...others].map(of)).size).toBe(1 + others.length);
});
