// Goal: it does not matter in which form a data set lies: the weights are those of the PNG folder that it was made from. Real runs of 50
// steps; and a run that was left while it decoded goes on behind what it had done.
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RandomStream, seedOf } from '../../src/numerics/random.js';
import { resultOf, scratch, start, trainWords, until, workersOnly } from '../support/nash.js';
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

it('a run that is left while it decodes goes on behind what it had done', async () => {
  const MANY = 200;
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
  const words = (name: string) => trainWords(name, scratch('many.yaml'), {}, workersOnly('any=1'));
  const cache = join(scratch('cache'), 'data');
  const hasPiece = () =>
    existsSync(cache) &&
    readdirSync(cache).some((name) => name.endsWith('.journal') && statSync(join(cache, name)).size > 0);
  const slowly = { NODE_OPTIONS: `--import=${resolve('tests/support/slow-pictures.mjs')}` }; // four seconds in all
  const first = start(words('left'), { env: slowly });
  let said = '';
  first.child.stdout!.on('data', (text) => {
    said += text;
  });
  await until('a piece is on the disk', hasPiece);
  first.child.kill('SIGINT');
  await until('the first signal is heard', () => said.includes('once more leaves at once') || undefined);
  first.child.kill('SIGINT');
  expect((await first.finished).exitCode).toBe(130);
  const second = await start(words('again')).finished;
  expect(second.exitCode, second.stderr).toBe(0);
  expect(second.stdout).toMatch(/\d+ of 200 were decoded before; going on behind them/);
});
