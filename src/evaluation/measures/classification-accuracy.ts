// How much of the classes a conditional G has caught: a classifier that has seen its samples alone is asked about held-out items (Ravuri
// and Vinyals 2019, Classification Accuracy Score for Conditional Generative Models, section 3), beside one that has seen as many real
// items. They train ResNet-50 on as many samples as ImageNet has items; this is the small classifier of classifier.ts.
import { assert } from '../../errors.js';
import { type Classifier, measure } from './measure.js';

/** Samples, and real items, that a classifier learns from. */
const ITEMS = 10_000;

export const classificationAccuracy = measure({
  name: 'classification-accuracy-score',
  metrics: {
    gan_classification_accuracy_ratio: {
      name: 'classification-accuracy-score',
      says: 'Held-out items whose class a classifier tells that learned from samples of a conditional run alone',
      better: 'higher',
    },
    gan_classification_accuracy_real_ratio: {
      name: 'classification-accuracy-real',
      says: 'The same of a classifier that learned from as many real items: what the score can reach',
    },
  },
  appliesTo: ['images'],
  needsLabels: true,
  needs: ['heldOut'],
  cost: { samples: ITEMS, growth: 'samples and held-out items, times floats of an item' },
  protocol: ({ real, size, heldOut }) => ({ real: real.length / size, heldOut: heldOut!.testName }),
  prepare({ real, size, realLabels, learn, heldOut }) {
    const { test, testLabels } = heldOut!;
    if (!testLabels) return { because: 'the held-out items have no classes' };
    if (!learn || !realLabels)
      return { because: 'samples are compared with other items than those that G was trained with' };
    const accuracyOf = (items: Float32Array, labels: Int32Array) => {
      const learned = learn(items, labels);
      const accuracy = shareRight(learned, test, testLabels);
      learned.dispose();
      return accuracy;
    };
    const ofReal = accuracyOf(real, realLabels.subarray(0, real.length / size));
    return (samples, _, { labels }) => {
      assert(labels, () => 'samples of a conditional run come with labels');
      return {
        gan_classification_accuracy_ratio: accuracyOf(samples, labels),
        gan_classification_accuracy_real_ratio: ofReal,
      };
    };
  },
});

function shareRight({ classify }: Classifier, items: Float32Array, labels: Int32Array): number {
  const { classes } = classify(items);
  return classes.reduce((sum, each, i) => sum + Number(each === labels[i]), 0) / labels.length;
}
