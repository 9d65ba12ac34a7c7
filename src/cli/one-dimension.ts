// A finished one-dimensional run, measured at its last checkpoint and drawn at four: `nash reproduce gaussian-1d`.
import { writeWhole } from '../../src/setup/files.mjs';
import { mixtureSource } from '../data/mixture.js';
import { assert } from '../errors.js';
import { densityAt, type Gaussian, oneDimension, SUPPORT, sigmoid } from '../evaluation/one-dimension.js';
import { drawOneDimension, type Moment } from '../evaluation/one-dimension-figure.js';
import { runFile } from '../run-folder/run-files.js';
import { checkpointSteps, openGenerator, type RunGenerator } from './run-generator.js';

/** Samples and items of the data that are measured. */
const COUNT = 100_000;
/** of the items of the data */
const SEED = [1, 2] as const;
const POINTS = 121;
const WAYS = 25;
const PANELS = 4;

/** @returns the measures of one-dimension.ts; the figure lies in the run's folder, `figures/one-dimension.png` */
export async function measureOneDimension(runDir: string): Promise<Record<string, number>> {
  const steps = await checkpointSteps(runDir);
  const shown = Array.from(
    { length: PANELS },
    (_, i) => steps[Math.round(((steps.length - 1) * i ** 2) / (PANELS - 1) ** 2)]!,
  );
  const moments: Moment[] = [];
  for (const step of new Set(shown)) {
    const generator = await openGenerator(runDir, { step: String(step) });
    moments.push(momentOf(generator));
    generator.dispose();
  }
  const generator = await openGenerator(runDir, {});
  const measures = measuresOf(generator);
  generator.dispose();
  const caption = `total variation ${measures.total_variation_ratio.toFixed(3)}, V(D, G) ${measures.value_function_nats.toFixed(3)} nats at the end; at the optimum 0 and ${(-Math.log(4)).toFixed(3)}`;
  writeWhole(`${runFile(runDir, 'figures')}/one-dimension.png`, await drawOneDimension(moments, caption));
  return { ...measures };
}

function gaussianOf({ config: { data } }: RunGenerator): Gaussian {
  assert(data.source === 'gaussian-1d', () => `data of ${data.source} are not one Gaussian`);
  return data;
}

const spread = ({ mean, deviation }: Gaussian, deviations: number): number[] =>
  Array.from({ length: POINTS }, (_, i) => mean + deviations * deviation * ((2 * i) / (POINTS - 1) - 1));

function measuresOf(generator: RunGenerator) {
  const data = gaussianOf(generator);
  const generated = generator.draw({ count: COUNT, seed: 0 });
  const real = new Float32Array(COUNT);
  mixtureSource(generator.config.data as Parameters<typeof mixtureSource>[0]).draw(SEED, real);
  const at = spread(data, SUPPORT);
  return oneDimension(data, {
    generated,
    generatedLogits: generator.logits(generated),
    realLogits: generator.logits(real),
    support: { at, logits: generator.logits(Float32Array.from(at)) },
  });
}

function momentOf(generator: RunGenerator): Moment {
  const data = gaussianOf(generator);
  const at = spread(data, 5);
  const width = at[1]! - at[0]!;
  const generated = at.map(() => 0);
  for (const x of generator.draw({ count: COUNT, seed: 0 })) {
    const i = Math.round((x - at[0]!) / width);
    if (i >= 0 && i < POINTS) generated[i]! += 1 / (COUNT * width);
  }
  const z = Array.from({ length: WAYS }, (_, i) => (2 * i) / (WAYS - 1) - 1);
  const mapped = generator.drawAt({
    latents: Float32Array.from(z, (share) => share * Math.sqrt(3)),
    seed: 0,
  });
  return {
    step: generator.step,
    at,
    real: at.map((x) => densityAt(x, data)),
    generated,
    discriminator: Array.from(generator.logits(Float32Array.from(at)), sigmoid),
    mapping: z.map((share, i) => ({ z: share, x: mapped[i]! })),
  };
}
