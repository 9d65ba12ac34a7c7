import { expect, it } from 'vitest';
import { placementOf, surplusLines } from '../../../src/cli/placement.js';
import { loadConfig } from '../../../src/config/load-config.js';

it('workers that a pool cannot use are named before they are started', () => {
  const config = loadConfig('configs/ring.yaml', ['minibatch.shards=2']);
  const lines = (discriminator: number, generator: number, any: number) =>
    surplusLines(placementOf({ workers: { discriminator, generator, any } }), config);
  expect(lines(2, 2, 2)).toEqual([]);
  expect(lines(3, 2, 0)).toEqual([
    expect.stringContaining('3 workers of pool discriminator, and a minibatch has 2 shards'),
  ]);
  expect(lines(2, 4, 3)).toHaveLength(2);
});
