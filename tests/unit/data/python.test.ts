// Goal: what other programs write is read as they mean it. Oracle: Pillow, NumPy and pyarrow, which make the files and read them too; where
// this machine's Python lacks them the tests are skipped, and their names say so.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodePicture } from '../../../src/data/picture.js';
import { apart, Pillow } from '../../support/pillow.mjs';
import { python, pythonLacks } from '../../support/python.js';
import { folderWith, itemsOf, labelsOf, openData } from './folders.js';

const noPillow = pythonLacks('PIL', 'numpy');
const noArrow = pythonLacks('PIL', 'numpy', 'pyarrow');

/** A picture with colours, edges and a part that is transparent, saved in every form that Pillow writes. */
const FORMS = `
import sys, numpy
from PIL import Image, ImageCms
out = sys.argv[1]
y, x = numpy.mgrid[0:48, 0:64]
rgb = numpy.stack([4 * x, 5 * y, 2 * (x + y)], 2).astype(numpy.uint8)
rgb[8:24, 8:24] = (250, 20, 30)
alpha = numpy.where(x < 32, 255, 4 * (x - 32)).astype(numpy.uint8)
colour = Image.fromarray(rgb)
clear = Image.fromarray(numpy.dstack([rgb, alpha]))
grey = colour.convert('L')
deep = Image.fromarray((x * 1000 + y).astype(numpy.uint16))
def save(name, image, **more): image.save(f'{out}/{name}', **more)
for ending in ['png', 'jpg', 'webp', 'gif', 'tiff', 'avif']:
    save(f'colour.{ending}', colour)
    if ending != 'avif': save(f'grey.{ending}', grey)
for ending in ['png', 'webp', 'gif', 'tiff', 'avif']: save(f'clear.{ending}', clear)
save('progressive.jpg', colour, progressive=True)
save('sampled.jpg', colour, subsampling=2, quality=95)
save('lossless.webp', clear, lossless=True)
save('palette.png', colour.quantize(64))
save('deep.png', deep)
save('deep.tiff', deep)
save('grey-clear.png', Image.merge('LA', [grey, clear.getchannel('A')]))
save('bits.png', grey.convert('1'))
save('packed.tiff', colour, compression='tiff_lzw')
save('jpeg.tiff', colour, compression='jpeg')
frames = [colour, Image.new('RGB', (64, 48), 'white')]
for ending in ['gif', 'webp', 'png', 'tiff']: save(f'animated.{ending}', frames[0], save_all=True, append_images=frames[1:])
for tag in range(1, 9):
    exif = Image.Exif(); exif[0x0112] = tag
    for ending in ['jpg', 'png', 'webp', 'tiff', 'avif']: save(f'turned-{tag}.{ending}', colour, exif=exif)
`;

describe(`pictures that Pillow writes${noPillow ? ` (skipped: ${noPillow})` : ''}`, () => {
  it.skipIf(noPillow)('have the size and the pixels that Pillow reads', async () => {
    const folder = folderWith({});
    python(FORMS, folder);
    const pillow = new Pillow();
    const far: string[] = [];
    const names = readdirSync(folder);
    for (const name of names) {
      const theirs = await pillow.read(join(folder, name));
      if ('error' in theirs) throw new Error(`${name}: ${theirs.error}`);
      const difference = apart(await decodePicture(readFileSync(join(folder, name)), 'white'), theirs);
      if (difference > 3) far.push(`${name}: ${difference.toFixed(1)}`);
    }
    pillow.close();
    expect(names.length).toBeGreaterThan(65);
    expect(far).toEqual([]);
  });

  it.skipIf(noPillow)('CMYK comes near to the colours that it was made from', async () => {
    const folder = folderWith({});
    python(
      `import sys; from PIL import Image
for name, colour in [('white', (0, 0, 0, 0)), ('black', (0, 0, 0, 255)), ('red', (0, 255, 255, 0))]:
    Image.new('CMYK', (16, 16), colour).save(f'{sys.argv[1]}/{name}.jpg')`,
      folder,
    );
    const pixel = async (name: string) =>
      [
        ...(await decodePicture(readFileSync(join(folder, `${name}.jpg`)), 'white')).rgb.subarray(0, 3),
      ] as number[];
    expect(Math.min(...(await pixel('white')))).toBeGreaterThan(240);
    expect(Math.max(...(await pixel('black')))).toBeLessThan(60); // ink is not as black as a screen
    const [r, g, b] = await pixel('red');
    expect([r! > 200, g! < 60, b! < 60]).toEqual([true, true, true]);
  });
});

/** Noise as digits would be: PNG in folders of classes, and the same in the other forms. */
const SETS = `
import io, json, os, sys, zipfile, numpy
import pyarrow as pa, pyarrow.parquet as pq
from PIL import Image
out, count = sys.argv[1], 60
random = numpy.random.default_rng(1)
images = random.integers(0, 256, (count, 28, 28), dtype=numpy.uint8)
labels = numpy.sort(random.integers(0, 10, count)); labels[:10] = range(10); labels = numpy.sort(labels)
def encode(image, kind, **more):
    file = io.BytesIO(); Image.fromarray(image).save(file, kind, **more); return file.getvalue()
def write(name, data):
    os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(name, 'wb') as file: file.write(data)
for i, (image, label) in enumerate(zip(images, labels)):
    write(f'{out}/png/{label}/{i:04}.png', encode(image, 'PNG'))
    write(f'{out}/webp/{label}/{i:04}.webp', encode(numpy.dstack([image] * 3), 'WEBP', lossless=True))
with zipfile.ZipFile(f'{out}/set.zip', 'w', zipfile.ZIP_DEFLATED) as archive:
    names = [f'00000/img{i:08}.png' for i in range(count)]
    for name, image in zip(names, images): archive.writestr(name, encode(image, 'PNG'))
    archive.writestr('dataset.json', json.dumps({'labels': [[n, int(l)] for n, l in zip(names, labels)]}))
numpy.savez_compressed(f'{out}/set.npz', images=images, labels=labels)
numpy.save(f'{out}/set.npy', images); numpy.save(f'{out}/set.labels.npy', labels.astype(numpy.uint8))
rows = [{'bytes': encode(image, 'PNG'), 'path': f'{i}.png'} for i, image in enumerate(images)]
table = pa.table({'image': pa.array(rows), 'label': pa.array(labels.astype(numpy.int64))})
features = {'image': {'_type': 'Image'}, 'label': {'names': [f'digit {i}' for i in range(10)], '_type': 'ClassLabel'}}
named = table.replace_schema_metadata({'huggingface': json.dumps({'info': {'features': features}})})
os.makedirs(f'{out}/hub/data')
pq.write_table(named.slice(0, 35), f'{out}/hub/data/train-00000-of-00002.parquet', row_group_size=10)
pq.write_table(named.slice(35), f'{out}/hub/data/train-00001-of-00002.parquet', row_group_size=10)
pq.write_table(named.slice(0, 3), f'{out}/hub/data/test-00000-of-00001.parquet')
for codec in ['none', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4']: pq.write_table(table, f'{out}/{codec}.parquet', compression=codec)
two = table.append_column('coarse', pa.array(labels.astype(numpy.int32) // 2)).rename_columns(['picture', 'fine', 'coarse'])
pq.write_table(two, f'{out}/two.parquet')
bare = pa.table({'raw': pa.array([row['bytes'] for row in rows]), 'text': pa.array(['a'] * count)})
pq.write_table(bare, f'{out}/bare.parquet')
absent = pa.table({'image': pa.array([{'bytes': None, 'path': 'a.png'}, rows[0]])})
pq.write_table(absent, f'{out}/absent.parquet')
`;

describe(`data sets that NumPy, Pillow and pyarrow write${noArrow ? ` (skipped: ${noArrow})` : ''}`, () => {
  const folder = folderWith({});
  if (!noArrow) python(SETS, folder);
  const form = { size: 28, channels: 1 };
  const png = () => openData({ source: 'images', path: join(folder, 'png'), ...form });

  it
    .skipIf(noArrow)
    .each([
      ['images', 'webp', form],
      ['images', 'set.zip', form],
      ['npz', 'set.npz', {}],
      ['npz', 'set.npy', {}],
      ['parquet', 'hub', form],
      ...['none', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4'].map(
        (codec) => ['parquet', `${codec}.parquet`, form] as const,
      ),
      ['parquet', 'two.parquet', { ...form, label: 'fine' }],
    ] as const)('%s, %s: the items, labels and digest of the PNG folder', async (source, path, more) => {
    const [expected, found] = [await png(), await openData({ source, path: join(folder, path), ...more })];
    expect(found).toMatchObject({ count: 60, shape: [28, 28, 1], digest: expected.digest });
    expect(itemsOf(found)).toEqual(itemsOf(expected));
    expect(labelsOf(found)).toEqual(labelsOf(expected));
  });

  it.skipIf(noArrow)('columns, splits and names of classes of parquet', async () => {
    const open = async (path: string, more = {}) => {
      const lines: string[] = [];
      const log = (line: string) => lines.push(line);
      const source = await openData(
        { source: 'parquet', path: join(folder, path), ...form, ...more },
        { log },
      );
      return { source, said: lines.join('\n') };
    };
    expect((await open('hub')).source.classes).toEqual(Array.from({ length: 10 }, (_, i) => `digit ${i}`));
    expect((await open('hub', { split: 'test' })).source.count).toBe(3);
    await expect(open('hub', { split: 'valid' })).rejects.toThrow(/expected names that begin with 'valid'/);
    const unclear = await open('two.parquet');
    expect(unclear.said).toMatch(/no labels \(data\.label may name one of fine, coarse\)/);
    expect(new Set(labelsOf(unclear.source))).toEqual(new Set([undefined]));
    expect((await open('bare.parquet')).source.count).toBe(60);
    await expect(open('bare.parquet', { label: 'text' })).rejects.toThrow(
      /expected 'text' among them with whole numbers/,
    );
    await expect(open('bare.parquet', { image: 'text' })).rejects.toThrow(
      /columns raw, text; expected 'text' among them with bytes/,
    );
    await expect(open('absent.parquet')).rejects.toThrow(
      /1 of 2 pictures.*\n.*absent\.parquet, row 0: found no bytes/,
    );
    expect((await open('absent.parquet', { damaged: 'skip' })).source.count).toBe(1);
  });

  it.skipIf(noArrow)('a changed byte of a parquet file is refused or harmless', async () => {
    const good = readFileSync(join(folder, 'snappy.parquet'));
    for (let i = 0; i < 60; i++) {
      const bytes = Buffer.from(good);
      bytes[Math.floor((i * 7919 * 31) % (good.length - 8)) + 4]! ^= 1 + (i % 255);
      if (i % 3 === 0) bytes[good.length - 9 - 11 * i]! ^= 0x40; // in the description at its end
      const path = join(folderWith({ 'a.parquet': bytes }), 'a.parquet');
      await openData({ source: 'parquet', path, ...form }).catch((error) =>
        expect(error).toMatchObject({ fault: 'usage' }),
      );
    }
  });
});
