// Goal: image to image trains, resumes and is shown like any other run. Method: small pix2pix runs in real processes on pictures whose halves
// are pairs, the right half the left one turned black for white.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { expect, it } from 'vitest';
import { RandomStream, seedOf } from '../../src/numerics/random.js';
import { faulty, nash, resultOf, scratch, start, trainWords, workersOnly } from '../support/nash.js';

const SIDE = 16;

/** A folder of pictures `[left | right]`. */
function halves(): string {
  const path = scratch('halves');
  mkdirSync(path);
  const random = new RandomStream(seedOf('halves'));
  for (let i = 0; i < 24; i++) {
    const png = new PNG({ width: 2 * SIDE, height: SIDE });
    for (let y = 0; y < SIDE; y++)
      for (let x = 0; x < SIDE; x++) {
        const grey = random.below(256);
        png.data.set([grey, grey, grey, 255], 4 * (y * 2 * SIDE + x));
        png.data.set([255 - grey, 255 - grey, 255 - grey, 255], 4 * (y * 2 * SIDE + SIDE + x));
      }
    writeFileSync(join(path, `${i}.png`), PNG.sync.write(png));
  }
  return path;
}

it('has the same weights with killed workers and when resumed, and is sampled beside what it was given', async () => {
  const path = halves();
  const sets = (steps: number) => ({
    data: `{source: images, path: ${path}, size: ${SIDE}, channels: 1, pairs: {name: side-by-side}}`,
    model: '{name: pix2pix, width: 2}',
    'minibatch.size': 4,
    'minibatch.shards': 2,
    'stop.generatorSteps': steps,
    'evaluation.everySteps': steps,
  });
  const words = (name: string, steps: number, rest: string[]) =>
    trainWords(name, 'configs/cifar10-colorization.yaml', sets(steps), rest);
  const alone = await nash(...words('pairs', 12, ['--workers', 'discriminator=1,generator=1']));
  expect(alone.exitCode).toBe(0);
  expect(alone.stdout).toMatch(/0\.\d{3} a pixel from the pictures that they were to be/);
  const env = faulty('kill', scratch('pairs-once'));
  const killed = start(words('pairs-killed', 12, workersOnly('discriminator=2,generator=2')), { env });
  expect((await killed.finished).exitCode).toBe(0);
  expect(resultOf('pairs-killed')).toMatchObject({ restarts: 2, weights: resultOf('pairs').weights });
  expect((await nash(...words('pairs-half', 6, workersOnly('any=1')))).exitCode).toBe(0);
  expect((await nash(...words('pairs-half', 12, [...workersOnly('any=2'), '--resume']))).exitCode).toBe(0);
  expect(resultOf('pairs-half').weights).toEqual(resultOf('pairs').weights);

  const sampled = await nash('sample', scratch('pairs'), '--count', '5', '--out', scratch('pairs.npy'));
  expect(sampled.exitCode).toBe(0);
  const floats = (name: string) => {
    const bytes = readFileSync(scratch(name));
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset + bytes.length - 4 * 5 * SIDE * SIDE));
  };
  const [given, wanted] = [floats('pairs.conditions.npy'), floats('pairs.targets.npy')];
  expect(Math.max(...given.map((value, i) => Math.abs(value + wanted[i]!)))).toBeLessThan(1e-6);
  expect(floats('pairs.npy').every((value) => Math.abs(value) <= 1)).toBe(true);
  for (const refused of [
    ['interpolate', scratch('pairs'), '--out', scratch('between.png')],
    ['export', scratch('pairs'), '--format', 'onnx', '--to', scratch('exported')],
  ]) {
    const { exitCode, stderr } = await nash(...refused);
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringMatching(/^nash: .*makes pictures of pictures.*\n$/),
    ]);
  }
});
