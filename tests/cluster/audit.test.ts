// Goal: `nash audit` agrees with a run that ended and was resumed, and finds and names each way of falsifying one.
// Method: one real run; falsifications of copies, most held against the ledger alone, those that rewrite the ledger too trained again.
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { audit } from '../../src/audit/audit.js';
import { drawn } from '../../src/audit/segments.js';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../../src/checkpoints/checkpoint.js';
import { RandomStream, seedOf } from '../../src/numerics/random.js';
import { vectorHash } from '../../src/parameters/vector-hash.js';
import type { LedgerEntry } from '../../src/run-folder/ledger.js';
import { nash, resultOf, scratch, syntheticMnist, trainWords, workersOnly } from '../support/nash.js';

const STEPS = 60;
const SETS = () => ({
  'data.source': 'mnist',
  'data.path': syntheticMnist(),
  'model.generator.hidden': '[8]',
  'model.discriminator.hidden': '[8]',
  'minibatch.size': 16,
  'stop.generatorSteps': STEPS,
  'checkpoint.everySteps': 20,
  'ledger.everySteps': 10,
});

beforeAll(async () => {
  const words = (steps: number, rest: string[]) =>
    trainWords('honest', 'configs/ring.yaml', { ...SETS(), 'stop.generatorSteps': steps }, rest);
  const first = await nash(...words(30, workersOnly('discriminator=2,generator=1')));
  const second = await nash(...words(STEPS, [...workersOnly('any=1'), '--resume']));
  expect([first.exitCode, second.exitCode, resultOf('honest').steps.generator]).toEqual([0, 0, STEPS]);
});

/** A copy of the run, falsified. */
function falsified(name: string, falsify: (folder: string) => void): string {
  const folder = scratch(name.replaceAll(/[^a-z]+/g, '-'));
  cpSync(scratch('honest'), folder, { recursive: true });
  falsify(folder);
  return folder;
}
const inFile = (folder: string, name: string, change: (text: string) => string) =>
  writeFileSync(join(folder, name), change(readFileSync(join(folder, name), 'utf8')));
const checkpointFile = (folder: string, step: number) =>
  join(folder, 'checkpoints', `step-${step}.safetensors`);

const nudge = ({ data }: { data: Float32Array }, at: number) => {
  data[at] = data[at]! + 1e-3;
};

/** Changes a checkpoint such that its own checksum is right. */
async function inCheckpoint(folder: string, step: number, change: (checkpoint: Checkpoint) => void) {
  const path = checkpointFile(folder, step);
  const checkpoint = decodeCheckpoint(readFileSync(path));
  change(checkpoint);
  writeFileSync(path, Buffer.concat(await encodeCheckpoint(checkpoint)));
  return checkpoint;
}

type Line = Omit<LedgerEntry, 'previous'>;

/** Makes a ledger that is chained rightly of what the lines say once they are changed. */
function forgeLedger(folder: string, change: (line: Line) => void): void {
  let previous = '0'.repeat(64);
  inFile(folder, 'ledger.jsonl', (text) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => {
        const said = JSON.parse(line);
        change(said);
        const forged = JSON.stringify({ ...said, previous });
        previous = createHash('sha256').update(forged).digest('hex');
        return `${forged}\n`;
      })
      .join(''),
  );
}

/** What an audit that trains nothing says. */
const againstLedger = async (runDir: string, dataPath?: string) =>
  (await audit({ runDir, dataPath, segments: 0, seed: 1, train: () => Promise.reject(), onNote: () => {} }))
    .differences;

const linesOf = (text: string) => text.trimEnd().split('\n');

/** [what, the falsification, what the audit says of it] */
const ROWS: [what: string, falsify: (folder: string) => unknown, says: RegExp][] = [
  [
    'a byte of a checkpoint',
    (folder) => {
      const bytes = readFileSync(checkpointFile(folder, 40));
      bytes[bytes.length - 9]! ^= 1;
      writeFileSync(checkpointFile(folder, 40), bytes);
    },
    /^step-40\.safetensors: .*checksum does not match/,
  ],
  [
    'a weight, with its checksum',
    (folder) => inCheckpoint(folder, 40, ({ vectors }) => nudge(vectors.generator!, 3)),
    /^step-40\.safetensors: generator has sha256 \w{12}, by the ledger \w{12}: it is not what the run had$/,
  ],
  [
    'a moment of the optimizer',
    (folder) => inCheckpoint(folder, 60, ({ vectors }) => nudge(vectors['discriminator.adam.m']!, 0)),
    /^step-60\.safetensors: discriminator\.adam\.m has sha256/,
  ],
  [
    'the name of a checkpoint',
    (folder) => renameSync(checkpointFile(folder, 40), checkpointFile(folder, 50)),
    /^step-50\.safetensors: (it says that it is of step 40|the ledger has no checkpoint of step 50)$/,
  ],
  [
    'the step that a checkpoint says',
    (folder) =>
      inCheckpoint(folder, 40, ({ metadata }) => {
        (metadata as Record<string, string>).state = metadata.state!.replace(
          /"generator":40/,
          '"generator":41',
        );
      }),
    /^step-40\.safetensors: its version of generator is 41, by the ledger 40$/,
  ],
  [
    'the newest checkpoint taken away',
    (folder) => rmSync(checkpointFile(folder, 60)),
    /^step-60\.safetensors: the ledger has it, and it is not there$/,
  ],
  [
    'a setting of config.yaml',
    (folder) =>
      inFile(folder, 'config.yaml', (text) => text.replace(/learningRate: 0\.001/, 'learningRate: 0.002')),
    /^config\.yaml is not as the run wrote it: optimizer\.\w+\.learningRate was 0\.001, now 0\.002$/,
  ],
  [
    'a setting that decides nothing',
    (folder) =>
      inFile(folder, 'config.yaml', (text) => text.replace('generatorSteps: 60', 'generatorSteps: 70')),
    /^config\.yaml is not as the run wrote it: stop\.generatorSteps was 60, now 70$/,
  ],
  [
    "a checkpoint's settings",
    (folder) =>
      inCheckpoint(folder, 40, ({ metadata }) => {
        (metadata as Record<string, string>).state = metadata.state!.replace('"seed":1', '"seed":2');
      }),
    /^step-40\.safetensors: its settings are not those that the ledger has the hash of$/,
  ],
  [
    'a line of the ledger',
    (folder) =>
      inFile(folder, 'ledger.jsonl', (text) =>
        text.replace(/("generator":30.*"weights".*?)[0-9a-f]{8}/, '$100000000'),
      ),
    /^ledger\.jsonl: line \d+ does not follow line \d+: one of them was changed/,
  ],
  [
    'a line of the ledger left out',
    (folder) => inFile(folder, 'ledger.jsonl', (text) => `${linesOf(text).toSpliced(2, 1).join('\n')}\n`),
    /^ledger\.jsonl: line 3 does not follow line 2/,
  ],
  [
    'the end of the ledger',
    (folder) => inFile(folder, 'ledger.jsonl', (text) => `${linesOf(text).slice(0, -1).join('\n')}\n`),
    /^step-60\.safetensors: the ledger has no checkpoint of step 60$/,
  ],
  ['the ledger', (folder) => rmSync(join(folder, 'ledger.jsonl')), /^ledger\.jsonl: it is missing or empty/],
  [
    'the weights of result.json',
    (folder) =>
      inFile(folder, 'result.json', (text) => text.replace(/("generator": ")[0-9a-f]{12}/, '$1000000000000')),
    /^result\.json: weights of generator have sha256 0{12}, by the ledger/,
  ],
];

describe('against the ledger', () => {
  it('an honest run agrees', async () => {
    expect(await againstLedger(scratch('honest'))).toEqual([]);
  });

  it.each(ROWS)('%s', async (what, falsify, says) => {
    const folder = falsified(what, () => {});
    await falsify(folder);
    const differences = await againstLedger(folder);
    expect(
      differences.some((each) => says.test(each)),
      differences.join('\n'),
    ).toBe(true);
  });

  it('other data', async () => {
    const other = scratch('other-mnist');
    cpSync(syntheticMnist(), other, { recursive: true });
    const images = join(other, 'train-images-idx3-ubyte');
    const bytes = readFileSync(images);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(images, bytes);
    expect(await againstLedger(scratch('honest'), other)).toEqual([
      expect.stringMatching(/^the data in .* have digest \w{12}, by the ledger \w{12}/),
    ]);
  });
});

describe('trained again', () => {
  it('an honest run agrees', async () => {
    const { exitCode, stdout } = await nash('audit', scratch('honest'), '--segments', '2', '--json');
    const { agrees, checked } = JSON.parse(linesOf(stdout).at(-1)!);
    expect([exitCode, agrees, checked.checkpoints, checked.segments.length]).toEqual([0, true, 4, 2]);
  });

  it('a weight that the whole folder agrees on is found, by its tensor', async () => {
    const folder = falsified('forged', () => {});
    const { vectors } = await inCheckpoint(folder, 60, ({ vectors }) => {
      for (const name of ['generator', 'average']) nudge(vectors[name]!, 3);
    });
    forgeLedger(folder, (line) => {
      if (line.step.generator !== 60) return;
      const { checkpoint = {} } = line;
      for (const name of Object.keys(checkpoint)) checkpoint[name] = vectorHash(vectors[name]!.data);
    });
    expect(await againstLedger(folder)).toEqual([]);
    const { exitCode, stdout } = await nash('audit', folder, '--segments', '1', '--seed', seedOfTheLast());
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /differs: steps 40 to 60, trained again: generator\/dense1\/kernel differs in 1 of \d+ numbers: \[3\]/,
    );
  });

  it('steps that a run did not take are found', async () => {
    const folder = falsified('skipped', () => {});
    forgeLedger(folder, (line) => {
      if (line.step.generator === 50) line.weights.generator = line.weights.discriminator;
    });
    const { exitCode, stdout } = await nash('audit', folder, '--segments', '1', '--seed', seedOfTheLast());
    expect([exitCode, stdout]).toEqual([
      1,
      expect.stringMatching(/the weights of generator at step 50 have sha256/),
    ]);
  });
});

/** One that draws the last of four. */
const seedOfTheLast = () =>
  String(
    Array.from({ length: 100 }, (_, seed) => seed).find(
      (seed) => drawn([0, 1, 2, 3], 1, new RandomStream(seedOf('audit', seed)))[0] === 3,
    ),
  );

it('a run that is not there, or goes on, is refused', async () => {
  const { exitCode, stderr } = await nash('audit', scratch('nothing'));
  expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/holds no run/)]);
});
