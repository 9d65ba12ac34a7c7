// What a person is told at the end of a run that is done, and what to try next.
import type { RunConfig } from '../config/run-config.js';
import { modesInWords } from '../evaluation/measures/mode-coverage.js';
import { runFile } from '../run-folder/run-files.js';
import type { RunResult } from '../run-folder/run-result.js';
import { duration } from './progress.js';
import type { ResolvedRun } from './run-arguments.js';

/** What is said of a run that was stopped before its server listened. */
export const NOT_BEGUN =
  'stopped before it began; what was read of the data is kept, and the next start goes on behind it';

/** What is said of a run that was stopped: from where it goes on, and how. */
export const stoppedLine = (result: RunResult | undefined, resume: string): string =>
  `stopped at step ${result?.savedStep ?? 0} of G, which is saved; go on with: ${resume}`;

/** One line after the other. */
export const summaryOf = (
  result: RunResult,
  { runDir, config }: Pick<ResolvedRun, 'runDir' | 'config'>,
): string[] => [
  ...outcomeOf(result, runDir, config.data.source),
  config.data.source === 'ring'
    ? 'next: npx nash data mnist && npx nash train mnist-gan'
    : `next: npx nash sample ${runDir} --count 64 --out samples.png`,
];

const percent = (ratio: number): string => `${Math.round(ratio * 100)} %`;

/** How a run ended, in lines. @param source of its data, which says what is counted */
export function outcomeOf(result: RunResult, runDir: string, source: RunConfig['data']['source']): string[] {
  const { status, steps, seconds, imagesPerSecond, metrics, error } = result;
  const where = `${steps.discriminator} steps of D and ${steps.generator} of G`;
  const resume = `npx nash train --resume ${runDir}`;
  if (status === 'failed')
    return [`failed after ${where}: ${error ?? 'see its logs'}`, `go on with: ${resume}`];
  if (status === 'stopped') return [stoppedLine(result, resume)];
  const rate = Math.round(imagesPerSecond).toLocaleString('en');
  const captured = metrics.gan_modes_captured;
  const lacking = metrics.gan_mode_collapse_verdict === 1 && metrics.gan_mode_collapse_score_ratio;
  const quality = metrics.gan_high_quality_samples_ratio;
  const near =
    quality === undefined ? '' : `, ${percent(quality)} of samples within three deviations of a mode`;
  const { gan_class_agreement_ratio: agreed, gan_class_agreement_least_ratio: least } = metrics;
  const off = metrics.gan_pixel_distance;
  return [
    `done: ${where} in ${duration(seconds)}, ${rate} images/s`,
    ...(captured === undefined
      ? []
      : [`${modesInWords(source)} ${captured}/${metrics.gan_modes_expected}${near}`]),
    ...(agreed === undefined || least === undefined
      ? []
      : [`${percent(agreed)} of samples are of the class asked for, ${percent(least)} of the worst class`]),
    ...(off === undefined ? [] : [`${off.toFixed(3)} a pixel from the pictures that they were to be`]),
    ...(lacking ? [`collapsed: samples lack ${percent(lacking)} of the data's variety`] : []),
    `figures: ${runFile(runDir, 'figures')}, result: ${runFile(runDir, 'result')}`,
  ];
}
