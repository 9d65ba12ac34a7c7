// Goal: a run whose G begins at the means of its pixels has the same bits over 1 + 1 and 2 + 2 workers and after a resume, is what the reference
// trainer makes of the same beginning, and agrees with an audit; one that has no such means is refused before anything is written.
// Method: real processes; logits by the bytes of the data's file.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { loadCheckpoint } from '../../src/checkpoints/checkpoint-store.js';
import { loadTensorFlow } from '../../src/compiler/tensorflow.js';
import { loadConfig } from '../../src/config/load-config.js';
import { trainReference } from '../../src/reference-trainer.js';
import { openRun } from '../../src/run/open-run.js';
import { nash, resultOf, scratch, syntheticMnist, trainWords, workersOnly } from '../support/nash.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

const COUNT = 200;
const PIXELS = 28 * 28;
const train = (name: string, steps: number, count: number, rest: string[] = []) =>
  nash(
    ...trainWords(
      name,
      'configs/paper/mnist-maxout.yaml',
      {
        'data.path': syntheticMnist(COUNT),
        'model.generator.hidden': '[16, 16]',
        'model.discriminator.units': '[8, 8]',
        'model.discriminator.range': 0.3, // else hardly a gradient reaches G in four steps
        'minibatch.size': 16,
        'stop.generatorSteps': steps,
      },
      [...workersOnly(`discriminator=${count},generator=${count}`), ...rest],
    ),
  );

/** Of each pixel's mean over the file, whose header has 16 bytes. */
function logits(): number[] {
  const bytes = readFileSync(join(syntheticMnist(COUNT), 'train-images-idx3-ubyte')).subarray(16);
  return Array.from({ length: PIXELS }, (_, pixel) => {
    let sum = 0;
    for (let i = 0; i < COUNT; i++) sum += bytes[i * PIXELS + pixel]!;
    return Math.log(sum / (255 * COUNT - sum));
  });
}

it('begins at the means of its pixels, for every number of workers and after a resume', async () => {
  expect(await train('one', 2, 1)).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await train('two', 4, 2)).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await train('one', 4, 1, ['--resume'])).toMatchObject({ exitCode: 0, stderr: '' });
  expect(resultOf('one').weights).toEqual(resultOf('two').weights);

  const config = loadConfig(join(scratch('one'), 'config.yaml'));
  const { source, architecture } = await openRun(config);
  const { size } = architecture.generator.manifest;
  const first = trainReference(config, source, 0).generator; // G's last tensor is its output's bias
  expect(first.subarray(size - PIXELS).every((value) => value === 0)).toBe(true);
  first.set(logits(), size - PIXELS);
  const theirs = trainReference(config, source, 4, undefined, { generator: first });
  const ours = await loadCheckpoint(join(scratch('one'), 'checkpoints/step-4.safetensors'));
  const mine = ours.vectors.generator!.data;
  const most = (value: (i: number) => number) =>
    mine.reduce((max, _, i) => Math.max(max, Math.abs(value(i))), 0);
  const moved = most((i) => theirs.generator[i]! - first[i]!);
  expect(moved).toBeGreaterThan(1e-4);
  expect(most((i) => mine[i]! - theirs.generator[i]!)).toBeLessThan(1e-4 * moved + 4 * 2 ** -24);
});

it('begins there again when it is audited', async () => {
  expect(await nash('audit', scratch('two'))).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^all agrees: .* trained again: steps 0 to 4 /),
  });
});

it.each([
  [
    'of points',
    'ring',
    {},
    /'init\.outputBias': pixel-means are those of stored items, and 'data\.source' is ring/,
  ],
  [
    'of a G whose last bias is no picture',
    'mnist-gan',
    { 'data.path': syntheticMnist(COUNT) },
    /^nash: init\.outputBias: pixel-means takes a G .* model dcgan has none/,
  ],
])('that is %s is refused with 2 and leaves nothing', async (_, config, sets, says) => {
  const asked = { ...sets, 'init.outputBias': 'pixel-means' };
  const { exitCode, stderr } = await nash(...trainWords('none', `configs/${config}.yaml`, asked));
  expect([exitCode, stderr]).toEqual([2, expect.stringMatching(says)]);
  expect(existsSync(scratch('none'))).toBe(false);
});
