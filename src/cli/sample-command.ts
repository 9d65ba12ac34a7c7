// `nash sample`: draws from the averaged generator of a run's latest checkpoint.
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { parse } from 'yaml';
import { CheckpointStore } from '../checkpoints/checkpoint-store.js';
import { FileStorage } from '../checkpoints/file-storage.js';
import { validateConfig } from '../config/load-config.js';
import type { RunConfig } from '../config/run-config.js';
import { EXIT, messageOf, NashError } from '../errors.js';
import { exportSamples, sampleFormat } from '../evaluation/sample-export.js';
import { holdsRun } from '../run-folder/ownership.js';
import { runFile } from '../run-folder/run-files.js';
import type { CommandMaker } from './main.js';

const COUNT_MAX = 1_000_000;

/** A parser of whole numbers in a range, for commander. */
export const wholeNumber = (from: number, to: number) => (text: string) => {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= from && value <= to) return value;
  throw new InvalidArgumentError(`expected a whole number from ${from} to ${to}, got '${text}'.`);
};

interface SampleArguments {
  count: number;
  out: string;
  seed: number;
}

export const sampleCommand: CommandMaker = (finish) =>
  new Command('sample')
    .description("draw samples from a run's generator")
    .argument('<run-dir>', 'run folder')
    .requiredOption('--count <n>', 'how many', wholeNumber(1, COUNT_MAX))
    .requiredOption('--out <file>', 'FILE.npy, FILE.png or FILE.safetensors')
    .option('--seed <s>', 'another seed draws others', wholeNumber(0, Number.MAX_SAFE_INTEGER), 0)
    .addHelpText('after', '\nExample:\n  npx nash sample runs/ring --count 1000 --out samples.npy')
    .action(async (runDir: string, args: SampleArguments) => {
      sampleFormat(args.out);
      await run(runDir, args);
      finish(EXIT.done);
    });

async function run(runDir: string, { count, out, seed }: SampleArguments): Promise<void> {
  const config = configOf(runDir);
  const storage = new FileStorage(runFile(runDir, 'checkpoints'));
  const found = await new CheckpointStore(storage).latest();
  for (const warning of found.warnings) process.stderr.write(`nash: warning: ${warning}\n`);
  if (!found.checkpoint) {
    throw new NashError(
      'usage',
      `${runDir} has no checkpoint to sample from yet; one is taken every ${config.checkpoint.everySteps} steps and at the end`,
    );
  }
  const { loadTensorFlow } = await import('../compiler/tensorflow.js');
  const { SampleDrawer } = await import('../evaluation/sample-drawer.js');
  const { networksOf } = await import('../run/open-run.js');
  const { decodeState } = await import('../run/run-state.js');
  const tf = await import('@tensorflow/tfjs-core');
  loadTensorFlow(config.device.kind === 'gpu' ? { ...config.device, kind: 'auto' } : config.device);
  const { architecture } = await networksOf(config, decodeState(found.checkpoint.metadata).itemShape);
  const drawer = new SampleDrawer({ architecture, latentDistribution: config.model.latentDistribution });
  const data = drawer.draw(tf.tensor1d(found.checkpoint.vectors.average!.data), { count, seed });
  await exportSamples(out, { data, shape: architecture.generator.outputShape });
  process.stdout.write(`${count} samples of step ${found.checkpoint.step} written to ${out}\n`);
}

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
