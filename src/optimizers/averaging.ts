// The moving average of the generator's weights, from which samples are drawn.
import type { AveragingOptions } from './options.js';
import { halfToThe } from './rate-schedule.js';

/** Where there were no images yet, the half-life is this: nothing of the first weights is kept. StyleGAN2's. */
const HALF_LIFE_MIN = 1e-8;

/**
 * Factors of `average = keep * average + take * weights` after update `step`, counted from 1. Both are float32 and sum to 1: an average
 * of equal weights stays what it is.
 * - By `decay`, which warms up as min(decay, (1 + t) / (10 + t)) (TensorFlow's ExponentialMovingAverage), so that the first weights are
 *   soon forgotten.
 * - By `halfLifeImages`: keep = 0.5^(batch / min(half-life, ramp * samples before this update)) (Karras et al. 2020, their training_loop.py).
 * @param batch samples of G an update
 */
export function averagingAt(
  options: AveragingOptions,
  step: number,
  batch: number,
): { keep: number; take: number } {
  const keep = step <= options.start ? 0 : Math.fround(keptAt(options, step, batch));
  return { keep, take: 1 - keep };
}

function keptAt({ decay, halfLifeImages, ramp }: AveragingOptions, step: number, batch: number): number {
  if (halfLifeImages === undefined) return Math.min(decay, (1 + step) / (10 + step));
  const most = ramp === undefined ? halfLifeImages : ramp * (step - 1) * batch;
  return halfToThe(batch / Math.max(HALF_LIFE_MIN, Math.min(halfLifeImages, most)));
}
