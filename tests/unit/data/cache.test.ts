// Goal: items are decoded once, whoever asks and however often; a cache that is not whole is never read.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folderWith, idx, itemsOf, mnistFiles, noise, openData } from './folders.js';

const decodings = (lines: string[]) => lines.filter((line) => /decoded in/.test(line)).length;

async function prepared() {
  const path = folderWith(mnistFiles());
  const cacheDir = folderWith({});
  const lines: string[] = [];
  const open = () => openData({ source: 'mnist', path }, { cacheDir, log: (line) => lines.push(line) });
  return { path, cacheDir, lines, open };
}

it('a second opening decodes nothing, and does not so much as read the data', async () => {
  const { open, path, lines } = await prepared();
  const files = readdirSync(path).map((name) => join(path, name));
  for (const file of files) utimesSync(file, 1, 1);
  const first = await open();
  for (const file of files) {
    writeFileSync(file, Buffer.alloc(statSync(file).size)); // whoever reads it now refuses it
    utimesSync(file, 1, 1);
  }
  const second = await open();
  expect(decodings(lines)).toBe(1);
  expect(second.digest).toBe(first.digest);
  expect(itemsOf(second)).toEqual(itemsOf(first));
});

it('openings at once decode once, and leave one file', async () => {
  const { open, lines, cacheDir } = await prepared();
  await Promise.all([open(), open(), open()]);
  expect(decodings(lines)).toBe(1);
  expect(readdirSync(cacheDir)).toHaveLength(1);
});

it('changed data are decoded anew and have another digest', async () => {
  const { open, path, lines } = await prepared();
  const before = (await open()).digest;
  const images = join(path, 'train-images-idx3-ubyte.gz');
  writeFileSync(images.replace('.gz', ''), idx([20, 28, 28], noise(20 * 784, 9))); // the plain file is preferred
  expect((await open()).digest).not.toBe(before);
  expect(decodings(lines)).toBe(2);
});

it('a file with another time is read again, and the digest stays', async () => {
  const { open, path, lines } = await prepared();
  const { digest } = await open();
  utimesSync(join(path, 'train-images-idx3-ubyte.gz'), 1, 1);
  expect((await open()).digest).toBe(digest);
  expect(decodings(lines)).toBe(2);
});

it.each([
  ['cut short', (path: string) => writeAnew(path, readFileSync(path).subarray(0, -1))],
  ['cut inside its header', (path: string) => writeAnew(path, readFileSync(path).subarray(0, 100))],
  ['overwritten', (path: string) => writeAnew(path, Buffer.from('hello'))],
  ['empty', (path: string) => writeAnew(path, Buffer.alloc(0))],
  ['changed in one pixel', changed(-20 * 2 - 784)],
  ['changed in one label', changed(-1)],
  ['changed in its header', changed(13)],
  ['changed in its count', (path: string) => replaced(path, '"count":20', '"count":-2')],
  ['changed in its shape', (path: string) => replaced(path, '[28,28,1]', '[28,1,28]')],
])('a cache file that was %s is made again, and that is said', async (_, spoil) => {
  const { open, cacheDir, lines } = await prepared();
  const first = await open();
  spoil(join(cacheDir, readdirSync(cacheDir)[0]!));
  const second = await open();
  expect(itemsOf(second)).toEqual(itemsOf(first));
  expect(second).toMatchObject({ digest: first.digest, shape: first.shape });
  expect(decodings(lines)).toBe(2);
  expect(lines.filter((line) => /damaged since it was written; it is made again/.test(line))).toHaveLength(1);
  await open();
  expect(decodings(lines)).toBe(2);
});

/** Another byte at a place, counted from the end when negative. */
function changed(at: number): (path: string) => void {
  return (path) => {
    const bytes = readFileSync(path);
    bytes[at < 0 ? bytes.length + at : at]! ^= 0x41;
    writeAnew(path, bytes);
  };
}

function replaced(path: string, from: string, to: string): void {
  const bytes = readFileSync(path);
  bytes.write(to, bytes.indexOf(from), 'latin1');
  writeAnew(path, bytes);
}

/** Another file: the first opening still holds the old one. */
function writeAnew(path: string, bytes: Uint8Array): void {
  rmSync(path);
  writeFileSync(path, bytes);
}

it('data that turn out to be damaged leave no cache', async () => {
  const path = folderWith({ ...mnistFiles(), 'train-labels-idx1-ubyte.gz': 'x' });
  const cacheDir = folderWith({});
  await expect(openData({ source: 'mnist', path }, { cacheDir })).rejects.toThrow(/labels/);
  expect(readdirSync(cacheDir)).toEqual([]);
});

it('a cache folder that cannot be made is the environment’s fault', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'nash-')), 'file');
  writeFileSync(file, '');
  const refusal = openData(
    { source: 'mnist', path: folderWith(mnistFiles()) },
    { cacheDir: join(file, 'cache') },
  );
  await expect(refusal).rejects.toMatchObject({ fault: 'environment' });
  await expect(refusal).rejects.toThrow(/NASH_CACHE/);
});

it('an index beyond the items and an output of another size are our own mistakes', async () => {
  const source = await (await prepared()).open();
  expect(() => source.read([20], new Float32Array(784))).toThrow(/item 20 of 20/);
  expect(() => source.read([0], new Float32Array(783))).toThrow(/do not fill 783/);
});
