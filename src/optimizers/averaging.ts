// The moving average of the generator's weights, from which samples are drawn.
import type { AveragingOptions } from './options.js';

/**
 * Factors of `average = keep * average + take * weights` after update `step`, counted from 1. The decay warms up as
 * min(decay, (1 + t) / (10 + t)) (TensorFlow's ExponentialMovingAverage), so that the first weights are soon forgotten.
 * Both factors are float32 and sum to 1 exactly: an average of equal weights stays what it is.
 */
export function averagingAt({ decay }: AveragingOptions, step: number): { keep: number; take: number } {
  const keep = Math.fround(Math.min(decay, (1 + step) / (10 + step)));
  return { keep, take: 1 - keep };
}
