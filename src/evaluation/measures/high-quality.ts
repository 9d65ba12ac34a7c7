// How many samples are good: those near a mode (Lin et al. 2018, section 4.1).
import { assert } from '../../errors.js';
import { measure } from './measure.js';
import { modeReport, NEAR_A_MODE } from './nearest-modes.js';

export const highQuality = measure({
  name: 'high-quality',
  metrics: {
    gan_high_quality_samples_ratio: { says: 'Samples within three deviations of a mode', better: 'higher' },
  },
  appliesTo: ['mixtures'],
  isStanding: true,
  cost: { samples: 1000, growth: 'samples, times modes' },
  protocol: () => NEAR_A_MODE,
  prepare({ source }) {
    assert(source.kind === 'distribution', () => 'only a mixture says where its modes are');
    return (samples) => ({
      gan_high_quality_samples_ratio: modeReport(samples, source).highQualityRatio,
    });
  },
});
