// How well samples cover the known modes of a mixture: the measures of PacGAN (Lin et al. 2018, section 4.1) and VEEGAN.
import { assert } from '../../errors.js';
import { reverseKl } from './reverse-kl.js';

/** A mixture of equally likely Gaussians. */
export interface Mixture {
  modes: readonly (readonly number[])[];
  /** standard deviation of each mode, per axis */
  deviation: number;
}

export interface ModeReport {
  /** modes that are the nearest to at least one high-quality sample */
  captured: number;
  /** modes that there are */
  expected: number;
  /** share of samples within three deviations (Euclidean, exclusive) of the nearest mode, in [0, 1] */
  highQualityRatio: number;
  /** reverse KL of the samples' nearest-mode histogram against the uniform one, sum p log(p K), in nats, from 0 to log K */
  klDivergence: number;
  /** how many samples are nearest to each mode, high quality or not */
  counts: readonly number[];
  /** whether each mode is captured */
  isCaptured: readonly boolean[];
  /** the mode that each sample is nearest to; -1 where a coordinate is not finite */
  nearest: Int32Array;
}

/** As the papers have it. */
const HIGH_QUALITY_DEVIATIONS = 3;

/** What counts as near to a mode, for a protocol. */
export const NEAR_A_MODE = { near: `closer than ${HIGH_QUALITY_DEVIATIONS} deviations to a mode` };

interface Nearest {
  mode: number;
  squaredDistance: number;
}

/** The nearest mode of the sample at `at`, the first of equals; -1 where a coordinate is not finite. */
function nearestMode(samples: Float32Array, at: number, modes: Mixture['modes']): Nearest {
  let best: Nearest = { mode: -1, squaredDistance: Infinity };
  for (let mode = 0; mode < modes.length; mode++) {
    const squaredDistance = modes[mode]!.reduce(
      (sum, centre, axis) => sum + (samples[at + axis]! - centre) ** 2,
      0,
    );
    if (squaredDistance < best.squaredDistance) best = { mode, squaredDistance };
  }
  return best;
}

/**
 * Measures samples `[count, dimensions]` against a mixture. A sample with a coordinate that is not finite is of no mode: it lowers
 * the ratio of high quality and is left out of the histogram. The KL of n perfect samples is about (K - 1) / 2n.
 */
export function modeReport(samples: Float32Array, { modes, deviation }: Mixture): ModeReport {
  const dimensions = modes[0]!.length;
  assert(
    samples.length % dimensions === 0,
    () => `${samples.length} floats are no points of ${dimensions} dimensions`,
  );
  const counts = modes.map(() => 0);
  const isCaptured = modes.map(() => false);
  const nearest = new Int32Array(samples.length / dimensions);
  let highQuality = 0;
  for (let at = 0; at < samples.length; at += dimensions) {
    const { mode, squaredDistance } = nearestMode(samples, at, modes);
    nearest[at / dimensions] = mode;
    if (mode < 0) continue;
    counts[mode]! += 1;
    if (Math.sqrt(squaredDistance) >= HIGH_QUALITY_DEVIATIONS * deviation) continue;
    highQuality++;
    isCaptured[mode] = true;
  }
  const captured = isCaptured.filter(Boolean).length;
  const highQualityRatio = highQuality / Math.max(1, samples.length / dimensions);
  return {
    captured,
    expected: modes.length,
    highQualityRatio,
    klDivergence: reverseKl(
      counts,
      modes.map(() => 1),
    ),
    counts,
    isCaptured,
    nearest,
  };
}
