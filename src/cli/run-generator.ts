// The generator of a run's checkpoint: which one is meant, and samples of it.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { type Checkpoint, CheckpointStore, loadCheckpoint } from '../checkpoints/checkpoint-store.js';
import { FileStorage } from '../checkpoints/file-storage.js';
import { validateConfig } from '../config/load-config.js';
import type { RunConfig } from '../config/run-config.js';
import type { Classes } from '../data/classes.js';
import { messageOf, NashError } from '../errors.js';
import type { Players } from '../evaluation/measures/measure.js';
import type { Wanted } from '../evaluation/sample-drawer.js';
import type { Architecture } from '../models/architecture.js';
import type { Net } from '../parameters/manifest.js';
import { moduleCopies } from '../run-folder/modules.js';
import { holdsRun } from '../run-folder/ownership.js';
import { checkpointOf } from '../run-folder/resume-target.js';
import { runFile } from '../run-folder/run-files.js';
import { resultOf } from '../run-folder/run-result.js';

/** A G and a D. */
export interface RunPlayers extends Players {
  /** @returns `[count, ...shape]`, see sample-drawer.ts */
  draw(wanted: Wanted): Float32Array;
  /** D's logits, or a critic's scores, at inference of items `[count, ...shape]`; of a run without labels, pairs and packing */
  logits(items: Float32Array): Float32Array;
  dispose(): void;
}

export interface RunGenerator extends RunPlayers {
  /** of the checkpoint */
  config: RunConfig;
  classes: Classes | undefined;
  architecture: Architecture;
  /** whether D says of one item alone how probably it is real */
  judgesItems: boolean;
  /** G's */
  step: number;
  /** of one sample */
  shape: readonly number[];
  /** G's weights and slots, those that samples are drawn with: `[size + slotSize]` */
  vector: Float32Array;
  /** the same networks with other vectors, which end when this one is disposed */
  withVectors(vectors: Readonly<Record<Net, Float32Array>>): Omit<RunPlayers, 'dispose'>;
}

export interface GeneratorChoice {
  /** a step, `best` or a checkpoint file; default: the newest whole checkpoint */
  step?: string | undefined;
  /** the weights of the step, without averaging */
  raw?: boolean | undefined;
  /** see `nash sample --truncation` */
  truncation?: number | undefined;
}

/**
 * Loads TensorFlow and opens the generator.
 * @throws NashError('usage') where there is no such run or checkpoint
 */
export async function openGenerator(runDir: string, choice: GeneratorChoice): Promise<RunGenerator> {
  const { device, checkpoint: rule } = configOf(runDir);
  const found = await find(runDir, choice.step, rule.everySteps);
  const { loadTensorFlow } = await import('../compiler/tensorflow.js');
  const { SampleDrawer } = await import('../evaluation/sample-drawer.js');
  const { networksOf } = await import('../run/open-run.js');
  const { loadModules } = await import('../run/own-modules.js');
  const { decodeState } = await import('../run/run-state.js');
  const { discriminatorLogits } = await import('../evaluation/discriminator-logits.js');
  const tf = await import('@tensorflow/tfjs-core');
  loadTensorFlow(device.kind === 'gpu' ? { ...device, kind: 'auto' } : device);
  const { config, itemShape, classes } = decodeState(found.metadata);
  const valid = validateConfig(config, `the checkpoint of step ${found.step}`);
  const named = choice.step === undefined ? undefined : dirname(dirname(resolve(choice.step)));
  loadModules(valid, { copyOf: moduleCopies(runDir, named) });
  const { architecture, judgesItems } = await networksOf(valid, itemShape, classes);
  const { truncation } = choice;
  if (truncation !== undefined && !architecture.generator.codes) {
    throw new NashError(
      'usage',
      `--truncation draws styles towards their mean, and model ${valid.model.name} has none; stylegan2 has. Leave it out.`,
    );
  }
  const drawer = new SampleDrawer({
    architecture,
    latentDistribution: valid.model.latentDistribution,
    ...(truncation !== undefined && { truncation }),
  });
  const vector = found.vectors[choice.raw ? 'generator' : 'average']!.data;
  const held: ReturnType<typeof tf.tensor1d>[] = [];
  const withVectors: RunGenerator['withVectors'] = ({ generator, discriminator }) => {
    const weights = tf.tensor1d(generator);
    held.push(weights);
    return {
      draw: (wanted) => drawer.draw(weights, wanted),
      ...drawer.players(weights),
      logits: (items) => tf.tidy(() => discriminatorLogits(architecture, tf.tensor1d(discriminator), items)),
    };
  };
  return {
    config: valid,
    classes,
    architecture,
    judgesItems,
    step: found.step,
    shape: architecture.generator.outputShape,
    vector,
    withVectors,
    ...withVectors({ generator: vector, discriminator: found.vectors.discriminator!.data }),
    dispose() {
      drawer.dispose();
      tf.dispose(held);
    },
  };
}

/** @param why it is refused, and what to do instead @throws NashError('usage') where it is a picture that G makes a sample of */
export function requireLatents(runDir: string, { architecture, dispose }: RunGenerator, why: string): void {
  if (!architecture.generator.inputs.condition) return;
  dispose();
  throw new NashError('usage', `${runDir}: its G makes pictures of pictures, ${why}`);
}

/** @throws NashError('usage') where there is none */
async function find(runDir: string, step: string | undefined, everySteps: number): Promise<Checkpoint> {
  if (step !== undefined) {
    const named = step === 'best' ? String(bestStep(runDir)) : step;
    return loadCheckpoint(/^\d+$/.test(named) ? checkpointOf(runDir, Number(named), '--step') : named);
  }
  const found = await checkpointsOf(runDir).latest();
  for (const warning of found.warnings) process.stderr.write(`nash: warning: ${warning}\n`);
  if (found.checkpoint) return found.checkpoint;
  throw new NashError(
    'usage',
    `${runDir} has no checkpoint to sample from yet; one is taken every ${everySteps} steps and at the end`,
  );
}

/** Of `checkpoint.keepBest`. @throws NashError('usage') where the run says of none */
function bestStep(runDir: string): number {
  const step = resultOf(runDir)?.metrics.gan_best_version;
  if (typeof step === 'number') return step;
  throw new NashError(
    'usage',
    `--step best: ${runDir} says of no best checkpoint; a run with checkpoint.keepBest says so at its end. --step N names one.`,
  );
}

const checkpointsOf = (runDir: string) =>
  new CheckpointStore(new FileStorage(runFile(runDir, 'checkpoints')));

/** G's steps that a run has checkpoints of, ascending. */
export const checkpointSteps = async (runDir: string): Promise<number[]> =>
  (await checkpointsOf(runDir).steps()).reverse();

function configOf(runDir: string): RunConfig {
  const file = runFile(runDir, 'config');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const what = holdsRun(runDir) ? `its config.yaml cannot be read: ${messageOf(cause)}` : 'it holds no run';
    throw new NashError('usage', `${runDir}: ${what}. Name the folder of a run, such as runs/ring.`, {
      cause,
    });
  }
  return validateConfig(parse(text), file);
}
