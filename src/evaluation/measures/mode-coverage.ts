// Which of the data's modes the samples reach, and how evenly: the modes of a mixture, the classes of digits, bins of other images.
import { assert } from '../../errors.js';
import { type Bins, type Classifier, type Modes, measure, type Reference } from './measure.js';
import { modeReport } from './nearest-modes.js';
import { reverseKl } from './reverse-kl.js';

export const modeCoverage = measure({
  metrics: {
    gan_modes_captured: 'Modes that are the nearest to at least one high-quality sample',
    gan_modes_expected: 'Modes of the data',
    gan_mode_coverage_ratio: 'Captured modes over expected modes',
    gan_mode_kl_divergence_nats: 'Reverse KL of the histogram of nearest modes against the data',
  },
  appliesTo: ['mixtures', 'images'],
  cost: { samples: 1000, growth: 'samples, times modes or bins' },
  prepare(reference) {
    const modesOf = modesBy(reference);
    return (samples) => {
      const { captured, expected, klDivergence } = modesOf(samples);
      return {
        gan_modes_captured: captured,
        gan_modes_expected: expected,
        gan_mode_coverage_ratio: captured / expected,
        gan_mode_kl_divergence_nats: klDivergence,
      };
    };
  },
});

/** What counts as a mode of these data. */
function modesBy({ source, bins, classifier }: Reference): (samples: Float32Array) => Modes {
  if (source.kind === 'distribution') return (samples) => modeReport(samples, source);
  if (classifier) return (samples) => classModes(classifier, samples);
  assert(bins, () => 'images are measured against bins');
  return (samples) => binModes(bins, samples);
}

/** A class is captured when at least one sample in a hundred falls into it, since the classifier errs that often. */
export function classModes(classifier: Classifier, samples: Float32Array): Modes {
  const counts = new Array<number>(classifier.classCount).fill(0);
  const classes = classifier.classify(samples);
  for (const label of classes) counts[label]! += 1;
  return {
    captured: counts.filter((count) => count >= classes.length / 100).length,
    expected: counts.length,
    klDivergence: reverseKl(counts, classifier.realCounts),
  };
}

export function binModes(bins: Bins, samples: Float32Array): Modes {
  const counts = bins.count(samples);
  return {
    captured: counts.filter((count) => count > 0).length,
    expected: counts.length,
    klDivergence: reverseKl(counts, bins.realCounts),
  };
}
