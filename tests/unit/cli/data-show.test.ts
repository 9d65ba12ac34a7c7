// Goal: what `nash data show` writes are the items, as the trainer sees them, with their labels. Oracle: pixels and labels that the test made.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { folderWith, idx, mnistFiles, noise } from '../data/folders.js';

const pixels = noise(20 * 784);
let folder: string;
let said: string[];

beforeEach(() => {
  folder = folderWith(mnistFiles(20));
  writeFileSync(
    join(folder, 'run.yaml'),
    `data: { source: mnist, path: ${folder} }\nmodel: { name: mlp, latent: 8 }\n`,
  );
  vi.stubEnv('NASH_CACHE', folderWith({}));
  said = [];
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((text) => said.push(String(text)) > 0);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const show = (...words: string[]) => main(['data', 'show', join(folder, 'run.yaml'), ...words]);
/** Where the elements of an array of version 1.0 begin. */
const elements = (path: string) => {
  const bytes = readFileSync(path);
  const start = 10 + bytes.readUInt16LE(8);
  return { header: bytes.toString('latin1', 10, start), data: bytes.subarray(start) };
};

it('.npy: the first items in the order of the source, in the range of the training, and their labels beside', async () => {
  expect(await show('--count', '13', '--out', join(folder, 'seen.npy'))).toBe(0);
  const { header, data } = elements(join(folder, 'seen.npy'));
  expect(header).toContain("'<f4', 'fortran_order': False, 'shape': (13, 28, 28, 1)");
  const values = Array.from({ length: 13 * 784 }, (_, i) => data.readFloatLE(4 * i));
  expect(values.map((value) => Math.round((value + 1) * 127.5))).toEqual([...pixels.subarray(0, 13 * 784)]);
  const labels = elements(join(folder, 'seen.labels.npy'));
  expect(labels.header).toContain("'<i4', 'fortran_order': False, 'shape': (13,)");
  expect(Array.from({ length: 13 }, (_, i) => labels.data.readInt32LE(4 * i))).toEqual([
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2,
  ]);
  expect(said.join('')).toMatch(/20 items of 28 x 28 x 1, 10 classes \(0, 1, .*13 items written to/s);
});

it('.png: a grid of them with something written below each; no more than there are', async () => {
  const out = join(folder, 'seen.png');
  expect(await show('--count', '100', '--out', out, '--set', 'data.mirror=true')).toBe(0);
  expect(said.join('')).toContain('40 items written to');
  const png = PNG.sync.read(readFileSync(out));
  const [side, room] = [84, 20];
  expect(png.width).toBe(7 * (side + room) + room); // 40 items in 7 columns
  const at = (x: number, y: number) => png.data[4 * (y * png.width + x)]!;
  for (const [x, y] of [
    [0, 0],
    [5, 9],
    [27, 27],
  ] as const)
    expect(at(room + 3 * x + 1, room + 3 * y + 1)).toBe(pixels[28 * y + x]);
  const isWritten = (column: number) =>
    Array.from({ length: side * room }, (_, i) =>
      at(room + column * (side + room) + (i % side), room + side + Math.floor(i / side)),
    );
  for (const column of [0, 1, 6]) expect(Math.min(...isWritten(column))).toBeLessThan(128);
});

it('a distribution, and items without labels', async () => {
  expect(
    await main(['data', 'show', 'configs/ring.yaml', '--count', '5', '--out', join(folder, 'ring.npy')]),
  ).toBe(0);
  expect(elements(join(folder, 'ring.npy')).header).toContain('(5, 2)');
  expect(existsSync(join(folder, 'ring.labels.npy'))).toBe(false);
});

it('an ending that is none of ours, or data that are damaged, write nothing', async () => {
  expect(await show('--out', join(folder, 'seen.bmp'))).toBe(2);
  writeFileSync(join(folder, 'train-labels-idx1-ubyte'), idx([1], Uint8Array.of(1)));
  expect(await show('--out', join(folder, 'seen.png'))).toBe(2);
  expect(existsSync(join(folder, 'seen.png'))).toBe(false);
});
