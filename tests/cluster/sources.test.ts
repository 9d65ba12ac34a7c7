// Goal: it does not matter in which form a data set lies: the weights are those of the PNG folder that it was made from. Real runs of 50
// steps; and a run that was stopped while it decoded, in whatever way, goes on behind what it had done.
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RandomStream, seedOf } from '../../src/numerics/random.js';
import { nash, resultOf, scratch, start, trainWords, until, workersOnly } from '../support/nash.js';
import { python, pythonLacks } from '../support/python.js';
import { npy, png, zip } from '../unit/data/folders.js';

const [COUNT, SIDE, STEPS] = [40, 28, 50];
const noArrow = pythonLacks('PIL', 'pyarrow');

const random = new RandomStream(seedOf('sources'));
const pixels = Uint8Array.from({ length: COUNT * SIDE * SIDE }, () => random.below(256));
const picture = (i: number) =>
  png(SIDE, SIDE, (x, y) => {
    const value = pixels[(i * SIDE + y) * SIDE + x]!;
    return [value, value, value];
  });
const pictures = Object.fromEntries(
  Array.from({ length: COUNT }, (_, i) => [
    `${Math.floor(i / 10)}/${String(i).padStart(3, '0')}.png`,
    picture(i),
  ]),
);
const labels = Uint8Array.from({ length: COUNT }, (_, i) => Math.floor(i / 10));

function write(files: Record<string, Uint8Array>): void {
  for (const [name, bytes] of Object.entries(files)) {
    const path = scratch(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
}

/** The same pictures as Pillow and pyarrow write them. */
const OTHERS = `
import glob, io, os, sys
import pyarrow as pa, pyarrow.parquet as pq
from PIL import Image
source, out = sys.argv[1:]
rows, labels = [], []
for path in sorted(glob.glob(f'{source}/*/*.png')):
    label = os.path.basename(os.path.dirname(path))
    image = Image.open(path)
    os.makedirs(f'{out}/webp/{label}', exist_ok=True)
    image.save(f'{out}/webp/{label}/{os.path.basename(path)}.webp', lossless=True, exact=True)
    rows.append({'bytes': open(path, 'rb').read(), 'path': path})
    labels.append(int(label))
pq.write_table(pa.table({'image': pa.array(rows), 'label': pa.array(labels)}), f'{out}/set.parquet', row_group_size=7)
`;

describe(`one data set in five forms${noArrow ? ` (parquet and WebP skipped: ${noArrow})` : ''}`, () => {
  it('gives the same weights after 50 steps', async () => {
    write(Object.fromEntries(Object.entries(pictures).map(([name, bytes]) => [`png/${name}`, bytes])));
    const flat = Object.fromEntries(
      Object.values(pictures).map((bytes, i) => [`00000/img${String(i).padStart(8, '0')}.png`, bytes]),
    );
    const pairs = Object.keys(flat).map((name, i) => [name, labels[i]]);
    const list = Buffer.from(JSON.stringify({ labels: pairs }));
    const arrays = {
      'images.npy': npy('|u1', [COUNT, SIDE, SIDE], pixels),
      'labels.npy': npy('|u1', [COUNT], labels),
    };
    write({ 'set.zip': zip({ ...flat, 'dataset.json': list }, true), 'set.npz': zip(arrays, true) });
    if (!noArrow) python(OTHERS, scratch('png'), dirname(scratch('png')));
    const form = 'size: 28, channels: 1';
    const all = {
      png: `{ source: images, path: ${scratch('png')}, ${form} }`,
      zip: `{ source: images, path: ${scratch('set.zip')}, ${form} }`,
      npz: `{ source: npz, path: ${scratch('set.npz')} }`,
      ...(!noArrow && {
        webp: `{ source: images, path: ${scratch('webp')}, ${form} }`,
        parquet: `{ source: parquet, path: ${scratch('set.parquet')}, ${form} }`,
      }),
    };
    const names = Object.keys(all) as (keyof typeof all)[];
    const train = (name: keyof typeof all) => {
      writeFileSync(
        scratch(`${name}.yaml`),
        `data: ${all[name]}\nmodel: { name: mlp, latent: 8 }\nminibatch: { size: 16, shards: 2 }\nstop: { generatorSteps: ${STEPS} }\n`,
      );
      return start(trainWords(`run-${name}`, scratch(`${name}.yaml`), {}, workersOnly('any=1'))).finished;
    };
    for (const name of names) {
      const { exitCode, stderr, stdout } = await train(name);
      expect(exitCode, `${name}: ${stderr}`).toBe(0);
      expect(stdout).toMatch(/40 items of 28 x 28 x 1, /);
      expect(resultOf(`run-${name}`).weights, name).toEqual(resultOf('run-png').weights);
    }
  });
});

it('the first signal ends a run that decodes, and the next start goes on behind what it had done', async () => {
  const MANY = 600;
  const one = png(60, 60, (x, y) => [x & 255, y & 255, (x * y) & 255]);
  write(
    Object.fromEntries(
      Array.from({ length: MANY }, (_, i) => [`many/${String(i).padStart(4, '0')}.png`, one]),
    ),
  );
  writeFileSync(
    scratch('many.yaml'),
    `data: { source: images, path: ${scratch('many')}, size: 28 }\nmodel: { name: mlp, latent: 8 }\nminibatch: { size: 16, shards: 2 }\nstop: { generatorSteps: 2 }\n`,
  );
  const words = trainWords('left', scratch('many.yaml'), {}, workersOnly('any=1'));
  const cache = join(scratch('cache'), 'data');
  const journalBytes = () =>
    (existsSync(cache) ? readdirSync(cache) : [])
      .filter((name) => name.endsWith('.journal'))
      .reduce((sum, name) => sum + statSync(join(cache, name)).size, 0);
  const slowly = { NODE_OPTIONS: `--import=${resolve('tests/support/slow-pictures.mjs')}` }; // twelve seconds in all
  const [, ...serverWords] = trainWords('left', scratch('many.yaml'), {});
  for (const [typed, signal, exitCode] of [
    [words, 'SIGINT', 130],
    [words, 'SIGTERM', 143],
    [[...words, '--detach'], 'nash stop', 143],
    [[...words, '--detach'], 'SIGINT', 130],
    [['server', ...serverWords], 'SIGTERM', 143],
    [['server', ...serverWords, '--supervised'], 'SIGINT', 130], // as pm2 stops it
  ] as const) {
    const before = journalBytes();
    const run = start(typed, { env: slowly });
    await until('a piece more on the disk', () => journalBytes() > before);
    if (signal !== 'nash stop') run.child.kill(signal);
    else expect((await nash('stop', scratch('left'))).stdout).toMatch(/^stopped before it began/);
    const left = await run.finished;
    expect([typed, left.exitCode, left.stdout + left.stderr]).toEqual([
      typed,
      exitCode,
      expect.stringMatching(/^stopped before it began; what was read of the data is kept/m),
    ]);
    expect(left.stdout + left.stderr).not.toContain('died');
    expect(existsSync(scratch('left'))).toBe(false);
    expect(readdirSync(cache).filter((name) => name.endsWith('.lock'))).toEqual([]);
  }
  const last = await start(words).finished;
  expect(last.exitCode, last.stderr).toBe(0);
  expect(last.stdout).toMatch(/\d+ of 600 were decoded before; going on behind them/);
});
