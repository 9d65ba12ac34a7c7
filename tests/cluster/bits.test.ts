// Goal: no refactoring changes a bit of what is trained. Method: train each packaged config for a few steps by the real command line,
// 1 + 1 workers and no evaluator, and compare the sha256 of both nets' weights with tests/golden/bits.json.
//
// Which kernels TensorFlow and oneDNN run, and so how they round, depends on the processor's instruction set: bits.json has a row for
// each that was recorded. Every machine with AVX2 also has the row `avx2` to check: ONEDNN_MAX_CPU_ISA=AVX2 makes oneDNN forget the rest.
// Block sizes of matrix products may depend on the caches too: other bits on a processor with other caches than the row was recorded
// on are no fault, and skip, saying so.
//
// A change that is meant to change bits records anew, in the same commit, and says why:
//   BITS_RECORD=1 node node_modules/vitest/vitest.mjs run tests/cluster/bits.test.ts
// That writes this machine's rows and leaves those of other machines, which are then stale: delete them.
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { cachesOf, instructionSet } from '../support/instruction-set.js';
import { resultOf, start, syntheticCifar, syntheticMnist, trainWords, workersOnly } from '../support/nash.js';

type Weights = Record<'discriminator' | 'generator', string>;
interface Row {
  instructions: string;
  /** processor and caches of the machine that it was recorded on */
  caches: string;
  weights: Record<string, Weights>;
}

const FILE = 'tests/golden/bits.json';
const rows: Row[] = JSON.parse(readFileSync(FILE, 'utf8'));
const isRecording = process.env.BITS_RECORD === '1';
const native = instructionSet();

/** A small net whose G normalizes, k = 2, both nets from the same weights, a clip: what the packaged configs leave out. */
const SMALL = {
  'minibatch.size': 32,
  'model.generator.normalization': 'batch',
  'loss.name': 'wasserstein',
  'optimizer.discriminator': '{name: rmsprop, learningRate: 1.0e-3}',
  'optimizer.generator': '{name: sgd, learningRate: 0.01}',
  'schedule.order': 'simultaneous',
  'schedule.discriminatorSteps': 2,
};
const MAXOUT = '{name: maxout, generator: {hidden: [64, 64]}, discriminator: {units: [32, 32]}}';
const mnist = () => ({ 'data.path': syntheticMnist() });
const cifar = () => ({ 'data.path': syntheticCifar() });

const RUNS: [name: string, config: string, steps: number, sets: () => Record<string, string | number>][] = [
  ['ring', 'ring', 20, () => ({})],
  ['ring, simultaneous, k = 2', 'ring', 20, () => SMALL],
  ['mnist-gan', 'mnist-gan', 2, mnist],
  ['mnist-gan, maxout', 'mnist-gan', 2, () => ({ ...mnist(), model: MAXOUT })],
  ['mnist-conditional', 'mnist-conditional', 2, mnist],
  ['cifar10-dcgan', 'cifar10-dcgan', 2, cifar],
  ['cifar10-dcgan, bfloat16', 'cifar10-dcgan', 2, () => ({ ...cifar(), precision: 'bfloat16' })],
];

interface Checked {
  instructions: string;
  env: Record<string, string>;
  runs: typeof RUNS;
}

/** oneDNN has bfloat16 kernels with AVX-512 only; without them a worker's process aborts. */
const runsWith = (instructions: string) =>
  RUNS.filter(([name]) => instructions.startsWith('avx512') || !name.includes('bfloat16'));

/** What this machine can check: its own instruction set, and of AVX2 the packaged configs where it has more. */
const CHECKED: Checked[] = [{ instructions: native, env: {}, runs: runsWith(native) }];
if (native.startsWith('avx512') || native === 'avx2_vnni') {
  const runs = runsWith('avx2').filter(([name, config]) => isRecording || name === config);
  CHECKED.push({ instructions: 'avx2', env: { ONEDNN_MAX_CPU_ISA: 'AVX2' }, runs });
}

async function weightsOf(
  [name, config, steps, sets]: (typeof RUNS)[number],
  { instructions, env }: Pick<Checked, 'instructions' | 'env'>,
): Promise<Weights> {
  const folder = `${instructions} ${name}`.replace(/\W+/g, '-');
  const settings = { ...sets(), 'stop.generatorSteps': steps };
  const workers = workersOnly('discriminator=1,generator=1');
  const words = trainWords(folder, `configs/${config}.yaml`, settings, workers);
  const { exitCode, stderr } = await start(words, { env }).finished;
  expect([exitCode, stderr]).toEqual([0, '']);
  return resultOf(folder).weights;
}

describe.each(CHECKED)('with $instructions', ({ instructions, env, runs }) => {
  const row = rows.find((row) => row.instructions === instructions);
  const recorded: Row = { instructions, caches: cachesOf(), weights: {} };

  it.for(runs)('%s trains to the recorded bits', async (run, context) => {
    const [name] = run;
    if (!row && !isRecording) context.skip(`no row for ${instructions} in ${FILE}`);
    const found = await weightsOf(run, { instructions, env });
    recorded.weights[name] = found;
    if (isRecording) return;
    const isSame = JSON.stringify(found) === JSON.stringify(row!.weights[name]);
    if (!isSame && row!.caches !== cachesOf())
      context.skip(`other bits than on '${row!.caches}', and this is '${cachesOf()}': nothing follows`);
    expect(found).toEqual(row!.weights[name]);
  });

  afterAll(() => {
    if (!isRecording) return;
    const others = rows.filter((row) => row.instructions !== instructions);
    rows.splice(0, rows.length, ...others, recorded);
    writeFileSync(FILE, `${JSON.stringify(rows, null, 2)}\n`);
  });
});
