// How often a sample of a conditional G is of the class that G was asked for.
import { assert } from '../../errors.js';
import { measure, type Reference } from './measure.js';
import { modeReport } from './nearest-modes.js';

export const classAgreement = measure({
  name: 'class-agreement',
  metrics: {
    gan_class_agreement_ratio: {
      says: "Samples of a conditional run that are of the class that G was asked for: a classifier's verdict, or the nearest mode",
      better: 'higher',
    },
    gan_class_agreement_least_ratio: {
      says: 'The same of the class where it is least',
      better: 'higher',
    },
  },
  appliesTo: ['mixtures', 'images'],
  isStanding: true,
  needsLabels: true,
  cost: { samples: 1000, growth: 'samples' },
  protocol: ({ source }) => ({
    class: source.kind === 'distribution' ? 'the nearest mode' : "a classifier's",
  }),
  prepare(reference) {
    const classesOf = classifierOf(reference);
    if (!classesOf) return { because: 'there is no classifier for these data' };
    return (samples, _, { labels }) => {
      assert(labels, () => 'samples of a conditional run come with labels');
      const told = classesOf(samples);
      const shares = [...new Set(labels)].map((label) => agreement(told, labels, (each) => each === label));
      return {
        gan_class_agreement_ratio: agreement(told, labels, () => true),
        gan_class_agreement_least_ratio: Math.min(...shares),
      };
    };
  },
});

/** The class of each sample, -1 for those that are of none. */
function classifierOf({
  source,
  classifier,
}: Reference): ((samples: Float32Array) => Int32Array) | undefined {
  if (source.kind === 'distribution') return (samples) => modeReport(samples, source).nearest;
  return classifier && ((samples) => classifier.classify(samples).classes);
}

/** Share of the samples of some labels that are what they were to be. */
function agreement(told: Int32Array, labels: Int32Array, isMeant: (label: number) => boolean): number {
  const meant = labels.reduce((sum, label) => sum + Number(isMeant(label)), 0);
  const right = labels.reduce((sum, label, i) => sum + Number(isMeant(label) && told[i] === label), 0);
  return right / meant;
}
