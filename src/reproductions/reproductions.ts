// Every experiment that `nash reproduce` knows, once.
import { NashError } from '../errors.js';
import { gaussian, grid, ring } from './mixtures.js';
import { mnistParzen, stackedMnist } from './mnist.js';
import type { Reproduction } from './reproduction.js';
import { wganCorrelation } from './wgan.js';

export const REPRODUCTIONS: readonly Reproduction[] = [
  ring,
  grid,
  gaussian,
  mnistParzen,
  stackedMnist,
  wganCorrelation,
];

/** @throws NashError('usage') */
export function reproductionOf(name: string): Reproduction {
  const found = REPRODUCTIONS.find((one) => one.name === name);
  if (found) return found;
  const known = REPRODUCTIONS.map((one) => one.name).join(', ');
  throw new NashError('usage', `there is no experiment '${name}' to reproduce; there are: ${known}`);
}
