// What is measured and drawn of a generator, by the kind of data it learns.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataSource, DatasetSource, DistributionSource } from '../data/data-source.js';
import { drawDensity } from '../evaluation/density-figure.js';
import { meanPairwiseDistance } from '../evaluation/diversity.js';
import { drawImageGrid } from '../evaluation/image-grid.js';
import { modeReport } from '../evaluation/modes.js';
import { drawScatter } from '../evaluation/scatter-figure.js';
import type { MetricName } from '../metrics/catalogue.js';
import { permutation, seedOf } from '../numerics/random.js';
import { sizeOf } from '../parameters/manifest.js';

export type Measures = Partial<Record<MetricName, number>>;

export interface Evaluation {
  measures: Measures;
  figure: Buffer;
}

/** Samples in a grid, and samples compared pair by pair. */
const GRID_COUNT = 64;
const PAIRWISE_COUNT = 256;
/** Real points drawn behind the generated ones. */
const REAL_POINTS = 1000;

/** How many samples an evaluation of this source needs. */
export const samplesNeeded = (source: DataSource, configured: number): number =>
  source.kind === 'distribution' ? configured : PAIRWISE_COUNT;

/**
 * @param samples `[count, ...item]` of the averaged generator
 * @param step G's step, for the caption
 */
export async function evaluate(source: DataSource, samples: Float32Array, step: number): Promise<Evaluation> {
  return source.kind === 'distribution'
    ? evaluateMixture(source, samples, step)
    : evaluateImages(source, samples);
}

async function evaluateMixture(
  source: DistributionSource,
  samples: Float32Array,
  step: number,
): Promise<Evaluation> {
  const report = modeReport(samples, source);
  const real = new Float32Array(REAL_POINTS * sizeOf(source.shape));
  source.draw(seedOf('figure'), real);
  const caption = `step ${step.toLocaleString('en')}`;
  const figure =
    sizeOf(source.shape) === 1
      ? await drawDensity({ generated: samples, real, caption })
      : await drawScatter({ generated: samples, real, mixture: source, report, caption });
  return {
    measures: {
      gan_modes_captured: report.captured,
      gan_modes_expected: report.expected,
      gan_mode_coverage_ratio: report.captured / report.expected,
      gan_mode_kl_divergence_nats: report.klDivergence,
      gan_high_quality_samples_ratio: report.highQualityRatio,
    },
    figure,
  };
}

async function evaluateImages(source: DatasetSource, samples: Float32Array): Promise<Evaluation> {
  const size = sizeOf(source.shape);
  const count = Math.min(PAIRWISE_COUNT, source.count);
  const real = new Float32Array(count * size);
  source.read(permutation(source.count, seedOf('diversity')).subarray(0, count), real);
  const diversity =
    meanPairwiseDistance(samples.subarray(0, PAIRWISE_COUNT * size), size) / meanPairwiseDistance(real, size);
  return {
    measures: { gan_sample_diversity_ratio: diversity },
    figure: drawImageGrid({ images: samples.subarray(0, GRID_COUNT * size), shape: source.shape }),
  };
}

/** Writes a figure under its step and as the latest. */
export function writeFigure(folder: string, kind: 'samples' | 'points', step: number, png: Buffer): void {
  writeFileSync(join(folder, `${kind}-${String(step).padStart(7, '0')}.png`), png);
  writeFileSync(join(folder, `${kind}-latest.png`), png);
}
