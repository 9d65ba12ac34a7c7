// How far pictures of image to image are from those that they were to be: what G's pixel-l1 is in training (Isola et al. 2017, equation 3).
import { assert } from '../../errors.js';
import { measure } from './measure.js';

export const pixelDistance = measure({
  name: 'pixel-distance',
  metrics: {
    gan_pixel_distance: {
      says: 'Of image to image: mean absolute difference of samples from the pictures that they were to be, on [-1, 1]',
      better: 'lower',
    },
  },
  appliesTo: ['images'],
  isStanding: true,
  needsTargets: true,
  cost: { samples: 1000, growth: 'samples' },
  protocol: () => ({ range: 'from -1 to 1' }),
  prepare:
    () =>
    (samples, _, { targets }) => {
      assert(targets, () => 'samples of image to image come with targets');
      const sum = samples.reduce((all, value, i) => all + Math.abs(value - targets[i]!), 0);
      return { gan_pixel_distance: sum / samples.length };
    },
});
