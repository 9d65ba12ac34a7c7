// How many of the modes of items that are stacked of others samples reach, and how evenly: the thousand triples of digits of stacked MNIST,
// each digit told by a classifier of one channel (Srivastava et al. 2017, section 5.2; Lin et al. 2018, section 4.2).
import { assert } from '../../errors.js';
import { countsOf } from './groups.js';
import { measure } from './measure.js';
import { reverseKl } from './reverse-kl.js';

export const stackedModes = measure({
  name: 'stacked-modes',
  metrics: {
    gan_stacked_modes_captured: {
      name: 'stacked-modes-captured',
      says: 'Triples of classes, one a channel, that at least one sample is of',
      better: 'higher',
    },
    gan_stacked_mode_kl_divergence_nats: {
      name: 'stacked-mode-kl',
      says: 'Reverse KL of the histogram of triples against all of them alike',
      better: 'lower',
    },
    gan_stacked_sure_ratio: {
      name: 'stacked-sure',
      says: 'Channels of samples of whose class the classifier is sure: 0.9 and more',
      better: 'higher',
    },
  },
  appliesTo: ['images'],
  needs: ['channelClassifier'],
  cost: { samples: 26_000, growth: 'samples; the classifier is a minute and a half in training' },
  protocol: ({ channelClassifier }) => ({
    modes: channelClassifier!.realCounts.length ** CHANNELS,
    classifier: 'two convolutions and a hidden layer, trained by Nash on single channels',
    sure: SURE,
  }),
  prepare({ channelClassifier, size }) {
    assert(channelClassifier, () => 'there is a classifier of channels');
    const classes = channelClassifier.realCounts.length;
    return (samples) => {
      const { classes: told, confidences } = channelClassifier.classify(channelsOf(samples, size));
      const triples = Int32Array.from({ length: told.length / CHANNELS }, (_, i) =>
        told.subarray(CHANNELS * i, CHANNELS * (i + 1)).reduce((triple, one) => classes * triple + one, 0),
      );
      const counts = countsOf(triples, classes ** CHANNELS);
      return {
        gan_stacked_modes_captured: counts.filter((count) => count > 0).length,
        gan_stacked_mode_kl_divergence_nats: reverseKl(
          counts,
          counts.map(() => 1),
        ),
        gan_stacked_sure_ratio: confidences.filter((one) => one >= SURE).length / confidences.length,
      };
    };
  },
});

const CHANNELS = 3;
const SURE = 0.9;

/** @param images `[n, size]`, three floats a pixel @returns `[3 n, size / 3]`: the channels of the first image, then those of the second */
function channelsOf(images: Float32Array, size: number): Float32Array {
  const pixels = size / CHANNELS;
  const channels = new Float32Array(images.length);
  for (let at = 0; at < images.length; at++) {
    const [image, within] = [Math.floor(at / size), at % size];
    channels[image * size + (within % CHANNELS) * pixels + Math.floor(within / CHANNELS)] = images[at]!;
  }
  return channels;
}
