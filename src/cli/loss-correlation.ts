// Whether D's loss falls as samples get better, of a finished run's checkpoints: `nash reproduce wgan-correlation`.
import { join } from 'node:path';
import { writeWhole } from '../../src/setup/files.mjs';
import { mixtureSource } from '../data/mixture.js';
import { assert } from '../errors.js';
import { type Checkpoint, type Course, drawCourses } from '../evaluation/loss-figure.js';
import { metricsNamed, prepareMeasures } from '../evaluation/measures/measures.js';
import { seedOf } from '../numerics/random.js';
import { checkpointSteps, openGenerator } from './run-generator.js';

/** Samples and items of the data at each checkpoint. */
const COUNT = 5000;

/** @returns the correlation over checkpoints, and the last one's distance */
export async function measureLossCorrelation(runDir: string): Promise<Record<string, number>> {
  const { correlation, checkpoints } = await courseOf(runDir);
  return {
    loss_distance_correlation: correlation,
    sliced_wasserstein_distance: checkpoints.at(-1)!.distance,
  };
}

/** Draws runs of one seed in one figure, in the first one's folder. */
export async function drawLossCorrelation(runDirs: readonly string[]): Promise<void> {
  const courses: Course[] = [];
  for (const runDir of runDirs) courses.push(await courseOf(runDir));
  writeWhole(join(runDirs[0]!, 'figures', 'loss-correlation.png'), await drawCourses(courses));
}

async function courseOf(runDir: string): Promise<Course> {
  const checkpoints: Checkpoint[] = [];
  let isWasserstein = false;
  for (const step of await checkpointSteps(runDir)) {
    const generator = await openGenerator(runDir, { step: String(step), raw: true });
    const { data, loss } = generator.config;
    assert(data.source === 'ring', () => `data of ${data.source} are not the ring`);
    isWasserstein = loss.name === 'wasserstein';
    const source = mixtureSource(data);
    const real = new Float32Array(COUNT * 2);
    source.draw(seedOf('correlation'), real);
    const samples = generator.draw({ count: COUNT, seed: 0 });
    const { measure } = prepareMeasures(
      { source, real, size: 2 },
      { asked: metricsNamed('sliced-wasserstein')! },
    );
    const logits = { real: generator.logits(real), fake: generator.logits(samples) };
    const distance = measure(samples).gan_sliced_wasserstein_distance!;
    checkpoints.push({ step, distance, estimate: estimateOf(isWasserstein, logits) });
    generator.dispose();
  }
  return {
    title: isWasserstein ? 'WGAN' : 'GAN of 2014',
    estimates: isWasserstein ? 'E f(x) - E f(G(z))' : 'V / 2 + log 2, nats',
    correlation: correlationOf(checkpoints),
    checkpoints,
  };
}

/** Of the Wasserstein distance, times the critic's slope; or of the Jensen-Shannon divergence, which V / 2 + log 2 is at the best D. */
export function estimateOf(
  isWasserstein: boolean,
  { real, fake }: Record<'real' | 'fake', Float32Array>,
): number {
  if (isWasserstein) return mean(real, (f) => f) - mean(fake, (f) => f);
  return (mean(real, (logit) => -softplus(-logit)) + mean(fake, (logit) => -softplus(logit))) / 2 + Math.LN2;
}

/** Pearson's, of estimates and distances, from -1 to 1. @param checkpoints at least two, that differ */
export function correlationOf(checkpoints: readonly Omit<Checkpoint, 'step'>[]): number {
  const centred = (values: readonly number[]) => {
    const middle = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.map((value) => value - middle);
  };
  const a = centred(checkpoints.map(({ estimate }) => estimate));
  const b = centred(checkpoints.map(({ distance }) => distance));
  const product = a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  return product / (Math.hypot(...a) * Math.hypot(...b));
}

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const mean = (values: Float32Array, of: (value: number) => number): number =>
  values.reduce((sum, value) => sum + of(value), 0) / values.length;
