// Goal: data as people have them give the items of the PNG folder that they were made from, bit for bit. Method: one set of noise, written
// in each form by hand; what other programs write is tried in python.test.ts.
import { describe, expect, it } from 'vitest';
import { folderWith, itemsOf, labelsOf, noise, npy, openData, png, zip } from './folders.js';

const [COUNT, SIDE] = [12, 6];
const pixels = noise(COUNT * SIDE * SIDE * 3);
const names = Array.from(
  { length: COUNT },
  (_, i) => `${String(i % 3)}/${String(i).padStart(3, '0')}.png`,
).sort();
/** in the order of the names */
const labels = names.map((name) => Number(name[0]));
const picture = (i: number) =>
  png(
    SIDE,
    SIDE,
    (x, y) => [...pixels.subarray(3 * (i * SIDE * SIDE + y * SIDE + x)).subarray(0, 3)] as never,
  );
const pictures = Object.fromEntries(names.map((name, i) => [name, picture(i)]));
const form = { size: SIDE };

async function expectSame(options: Record<string, unknown>, classes?: readonly string[]) {
  const folder = await openData({ source: 'images', path: folderWith(pictures), ...form });
  const other = await openData(options);
  expect(itemsOf(folder)).toEqual(new Uint8Array(pixels));
  expect(other).toMatchObject({ count: COUNT, shape: [SIDE, SIDE, 3], digest: folder.digest });
  expect(itemsOf(other)).toEqual(itemsOf(folder));
  expect(labelsOf(other)).toEqual(labels);
  if (classes) expect(other.classes).toEqual(classes);
}

describe('a zip archive', () => {
  it.each([false, true])('gives the items of the folder that was packed (deflated: %s)', async (isPacked) => {
    const path = `${folderWith({ 'set.zip': zip({ ...pictures, '.hidden.png': '' }, isPacked) })}/set.zip`;
    await expectSame({ source: 'images', path, ...form }, ['0', '1', '2']);
  });

  const flat = Object.fromEntries(
    names.map((_, i) => [`00000/img${String(i).padStart(8, '0')}.png`, picture(i)]),
  );
  const listed = (all: unknown) => JSON.stringify({ labels: all });
  const pairs = Object.keys(flat).map((name, i) => [name, labels[i]]);

  it('takes its labels from dataset.json, and so does a folder', async () => {
    const files = { 'dataset.json': listed(pairs.toReversed()), ...flat };
    await expectSame({ source: 'images', path: `${folderWith({ 'set.zip': zip(files) })}/set.zip`, ...form });
    await expectSame({ source: 'images', path: folderWith(files), ...form }, ['0', '1', '2']);
  });

  it('without labels in dataset.json nothing has a class', async () => {
    const path = folderWith({ 'dataset.json': listed(null), ...flat });
    const source = await openData({ source: 'images', path, ...form });
    expect([labelsOf(source), source.classes]).toEqual([new Array(COUNT).fill(undefined), []]);
  });

  it.each([
    [
      'lacks a picture',
      listed(pairs.slice(1)),
      /no label of 1 of 12 pictures, 00000\/img00000000\.png among them/,
    ],
    [
      'has vectors for labels',
      listed([['00000/img00000000.png', [0, 1]]]),
      /expected \{ "labels": \[\["file", class\]/,
    ],
    ['is no JSON', '{', /dataset\.json: found .*expected/],
  ])('a dataset.json that %s is refused', async (_, text, message) => {
    const path = folderWith({ 'dataset.json': text, ...flat });
    await expect(openData({ source: 'images', path, ...form })).rejects.toThrow(message);
    const inZip = `${folderWith({ 'set.zip': zip({ 'dataset.json': text, ...flat }) })}/set.zip`;
    await expect(openData({ source: 'images', path: inZip, ...form })).rejects.toThrow(message);
  });

  it('that is cut short is refused, and a damaged entry is named like a damaged file', async () => {
    const whole = zip(pictures, true);
    const cut = `${folderWith({ 'a.zip': whole.subarray(0, -30) })}/a.zip`;
    await expect(openData({ source: 'images', path: cut, ...form })).rejects.toMatchObject({
      fault: 'usage',
    });
    await expect(openData({ source: 'images', path: cut, ...form })).rejects.toThrow(
      /a\.zip: found .*expected a whole zip/,
    );
    const spoilt = Buffer.from(whole);
    spoilt.fill(0xff, 60, 80);
    const path = `${folderWith({ 'b.zip': spoilt })}/b.zip`;
    await expect(openData({ source: 'images', path, ...form })).rejects.toThrow(
      /1 of 12 pictures .*\n.*b\.zip:0\/000\.png: found/,
    );
    expect((await openData({ source: 'images', path, ...form, damaged: 'skip' })).count).toBe(COUNT - 1);
  });

  it('an entry that says a size it has not is damaged, whatever it unpacks to', async () => {
    const bomb = zip({ ...pictures, 'z.png': Buffer.alloc(2 ** 24) }, true);
    for (let at = bomb.indexOf('z.png'); at > 0; at = bomb.indexOf('z.png', at + 1))
      bomb.writeUInt32LE(100, at - (at === bomb.indexOf('z.png') ? 8 : 22));
    const path = `${folderWith({ 'a.zip': bomb })}/a.zip`;
    await expect(openData({ source: 'images', path, ...form })).rejects.toThrow(
      /z\.png: found damage \(too many bytes/,
    );
  });

  it('a file of another kind is refused', async () => {
    const path = `${folderWith({ 'a.tar': 'x' })}/a.tar`;
    await expect(openData({ source: 'images', path })).rejects.toThrow(
      /is a file that does not end in \.zip/,
    );
    await expect(openData({ source: 'images', path: '/nowhere' })).rejects.toThrow(
      /'\/nowhere' does not exist/,
    );
  });
});

describe('arrays', () => {
  const images = npy('|u1', [COUNT, SIDE, SIDE, 3], pixels);
  const bytes = Uint8Array.from(labels);
  const numbers = (type: string, write: (buffer: Buffer, label: number, i: number) => void, size: number) => {
    const data = Buffer.alloc(COUNT * size);
    for (const [i, label] of labels.entries()) write(data, label, i);
    return npy(type, [COUNT], data);
  };
  const long = numbers('<i8', (data, label, i) => data.writeBigInt64LE(BigInt(label), 8 * i), 8);

  it.each([false, true])('an .npz gives the items of the folder (deflated: %s)', async (isPacked) => {
    const path = `${folderWith({ 'set.npz': zip({ 'labels.npy': long, 'images.npy': images }, isPacked) })}/set.npz`;
    await expectSame({ source: 'npz', path });
  });

  it('so does an .npy, with its labels beside it', async () => {
    const folder = folderWith({ 'set.npy': images, 'set.labels.npy': npy('|u1', [COUNT], bytes) });
    await expectSame({ source: 'npz', path: `${folder}/set.npy` });
  });

  it.each([
    ['|i1', 1, (data: Buffer, label: number, i: number) => data.writeInt8(label, i)],
    ['<u2', 2, (data: Buffer, label: number, i: number) => data.writeUInt16LE(label, 2 * i)],
    ['<i4', 4, (data: Buffer, label: number, i: number) => data.writeInt32LE(label, 4 * i)],
  ])('labels may be %s', async (type, size, write) => {
    const path = `${folderWith({ 'set.npz': zip({ 'x.npy': images, 'y.npy': numbers(type, write, size) }) })}/set.npz`;
    await expectSame({ source: 'npz', path });
  });

  it('a negative label is none', async () => {
    const two = npy('<i2', [2], Buffer.of(255, 255, 7, 0));
    const path = `${folderWith({ 'set.npz': zip({ 'x.npy': npy('|u1', [2, 1, 1], Buffer.of(1, 2)), 'y.npy': two }) })}/set.npz`;
    expect(labelsOf(await openData({ source: 'npz', path }))).toEqual([undefined, 7]);
  });

  it('colours may come first', async () => {
    const planes = new Uint8Array(pixels.length);
    const area = SIDE * SIDE;
    for (let i = 0; i < pixels.length; i++) {
      const [item, at] = [Math.floor(i / (3 * area)), i % (3 * area)];
      planes[item * 3 * area + (at % 3) * area + Math.floor(at / 3)] = pixels[i]!;
    }
    const files = {
      'x.npy': npy('|u1', [COUNT, 3, SIDE, SIDE], planes),
      'y.npy': npy('|u1', [COUNT, 1], bytes),
    };
    await expectSame({ source: 'npz', path: `${folderWith({ 'set.npz': zip(files) })}/set.npz` });
  });

  it('names or the split say which arrays are meant, where there are several', async () => {
    const test = npy('|u1', [2, 4, 4], noise(32, 2));
    const files = {
      'x_train.npy': images,
      'y_train.npy': long,
      'x_test.npy': test,
      'y_test.npy': npy('|u1', [2], bytes.subarray(0, 2)),
    };
    const path = `${folderWith({ 'set.npz': zip(files) })}/set.npz`;
    await expectSame({ source: 'npz', path });
    expect(await openData({ source: 'npz', path, split: 'test' })).toMatchObject({
      count: 2,
      shape: [4, 4, 1],
    });
    expect(await openData({ source: 'npz', path, images: 'x_test' })).toMatchObject({ count: 2 });
  });

  it.each<[string, Record<string, Buffer>, RegExp]>([
    ['no images', { 'y.npy': long }, /found y <i8 \[12\]; expected one array of images.*uint8/],
    [
      'floats',
      { 'x.npy': npy('<f4', [1, 2, 2], Buffer.alloc(16)) },
      /found x <f4 \[1, 2, 2\]; expected one array of images/,
    ],
    [
      'two that may be meant',
      { 'a.npy': images, 'b.npy': images },
      /expected one array of images\. data\.images names it/,
    ],
    [
      'an array cut short',
      { 'x.npy': images.subarray(0, -1) },
      /found 1295 bytes of elements, expected 1296/,
    ],
    [
      'an array too long',
      { 'x.npy': Buffer.concat([images, Buffer.alloc(1)]) },
      /found more than 1296 bytes of elements/,
    ],
    ['Fortran order', { 'x.npy': npy('|u1', [COUNT, SIDE, SIDE], pixels, 'True') }, /np\.ascontiguousarray/],
    [
      'four channels',
      { 'x.npy': npy('|u1', [1, 2, 2, 4], Buffer.alloc(16)) },
      /found shape \[1, 2, 2, 4\], expected images of 1 or 3/,
    ],
    [
      'no array',
      { 'x.npy': Buffer.from('hello, hello, hello') },
      /found bytes 68656c6c6f2c, expected an array/,
    ],
    [
      'a label beyond all',
      { 'x.npy': npy('|u1', [1, 2, 2], Buffer.alloc(4)), 'y.npy': npy('<u2', [1], Buffer.of(255, 255)) },
      /found label 65535/,
    ],
  ])('%s: refused', async (_, files, message) => {
    const path = `${folderWith({ 'set.npz': zip(files) })}/set.npz`;
    await expect(openData({ source: 'npz', path })).rejects.toThrow(message);
    await expect(openData({ source: 'npz', path })).rejects.toMatchObject({ fault: 'usage' });
  });
});
