// The losses that a config may name.
import type { z } from 'zod';
import { optionsOf, variantOf } from '../variants.js';
import { minimax, nonSaturating } from './cross-entropy.js';
import { hinge } from './hinge.js';
import { leastSquares } from './least-squares.js';
import type { Bounds, GanLoss } from './loss.js';
import { ownLoss } from './own-loss.js';
import { relativistic, relativisticAverage } from './relativistic.js';
import { wasserstein } from './wasserstein.js';

const LOSSES = [
  minimax,
  nonSaturating,
  leastSquares,
  hinge,
  wasserstein,
  relativistic,
  relativisticAverage,
  ownLoss,
] as const;

export const lossOptions = optionsOf(LOSSES);
export type LossOptions = z.infer<typeof lossOptions>;

export const lossOf = (options: LossOptions): GanLoss => variantOf(LOSSES, options).make(options as never);

/**
 * What the loss asks of D's weights after an update.
 * @param isSlopeBounded whether a penalty keeps D's slope within bounds already
 */
export const lossBounds = (options: LossOptions, isSlopeBounded: boolean): Bounds =>
  variantOf(LOSSES, options).bounds?.(options as never, isSlopeBounded) ?? {};
