import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { CIFAR10_CLASSES } from '../../../src/data/cifar10.js';
import { folderWith, itemsOf, openData, realData, records, tar } from './folders.js';

let batch: Buffer;
let archive: Buffer;
beforeAll(() => {
  batch = records(10_000);
  const names = [
    'data_batch_1',
    'data_batch_2',
    'data_batch_3',
    'data_batch_4',
    'data_batch_5',
    'test_batch',
  ];
  const files = Object.fromEntries(
    names.map((name, i) => [`cifar-10-batches-bin/${name}.bin`, i === 5 ? records(10_000, 2) : batch]),
  );
  archive = gzipSync(tar({ 'cifar-10-batches-bin/readme.html': Buffer.from('<html>'), ...files }), {
    level: 1,
  });
});

async function chosen(files: Record<string, Uint8Array>, split = 'train') {
  const lines: string[] = [];
  const path = folderWith(files);
  const source = await openData(
    { source: 'cifar10', path, split },
    { log: (line) => lines.push(line.replaceAll(`${path}/`, '')) },
  );
  return { source, said: lines[0] };
}

it('planes become pixels: red, green and blue side by side, rows first', async () => {
  const record = new Uint8Array(3073);
  record[0] = 9;
  record[1 + 33] = 10; // red at row 1, column 1
  record[1 + 1024 + 33] = 20;
  record[1 + 2048 + 33] = 30;
  const { source } = await chosen({ 'some.bin': record });
  expect(source).toMatchObject({ count: 1, shape: [32, 32, 3] });
  expect([...itemsOf(source).subarray(33 * 3, 33 * 3 + 3)]).toEqual([10, 20, 30]);
  expect(source.label(0)).toBe(9);
});

describe('the complete form wins over a part, then exact over JPEG', () => {
  it('the archive gives 50,000 and 10,000 items, and five loose batches are complete and equal it', async () => {
    const whole = await chosen({ 'cifar-10-binary.tar.gz': archive, 'part.bin': records(3) });
    expect(whole.source.count).toBe(50_000);
    expect(whole.said).toMatch(/cifar-10-binary\.tar\.gz, complete and exact/);
    const test = await chosen({ 'cifar-10-binary.tar.gz': archive }, 'test');
    expect(test.source.count).toBe(10_000);
    expect(test.source.label(11)).toBe(1);
    const loose = Object.fromEntries(
      [1, 2, 3, 4, 5].map((i) => [
        `data_batch_${i}.bin${i === 3 ? '.gz' : ''}`,
        i === 3 ? gzipSync(batch, { level: 1 }) : batch,
      ]),
    );
    const { source, said } = await chosen({ ...loose, 'cifar10-jpeg.tar.xz': Buffer.from('not read') });
    expect(said).toMatch(/data_batch_1\.bin, .*complete and exact/);
    expect(source.digest).toBe(whole.source.digest);
  });

  it('some batches are a part; other names are read when no batch is there', async () => {
    expect((await chosen({ 'data_batch_1.bin': batch, 'other.bin': records(3) })).said).toMatch(
      /^data: data_batch_1\.bin, exact, only a part/,
    );
    const { source, said } = await chosen({
      'b.bin.gz': gzipSync(records(4)),
      'a.bin': records(3),
      'test_some.bin': records(2),
    });
    expect(said).toMatch(/^data: a\.bin, b\.bin\.gz, exact, only a part/);
    expect(source.count).toBe(7);
    expect((await chosen({ 'a.bin': records(3), 'test_some.bin': records(2) }, 'test')).source.count).toBe(2);
  });
});

describe('a damaged file is refused by name and byte', () => {
  const mislabelled = records(5);
  mislabelled[2 * 3073] = 10;
  it.each<[string, () => Record<string, Uint8Array>, RegExp]>([
    [
      'a batch that is short',
      () => ({ 'data_batch_1.bin': batch.subarray(0, 3073 * 9999) }),
      /data_batch_1\.bin, byte 30726927: found the end after 30726927 bytes, expected 10000 records of 3073 bytes/,
    ],
    [
      'a batch that is long',
      () => ({ 'data_batch_1.bin': records(10_001) }),
      /byte 30730000: found 3073 bytes too many/,
    ],
    [
      'half a record',
      () => ({ 'a.bin': records(2).subarray(0, 5000) }),
      /a\.bin, byte 5000: found the end after 5000 bytes, expected whole records/,
    ],
    ['an empty file', () => ({ 'a.bin': Buffer.alloc(0) }), /a\.bin, byte 0/],
    ['a label beyond the classes', () => ({ 'a.bin': mislabelled }), /a\.bin, byte 6146: found label 10/],
    [
      'an archive cut short',
      () => ({ 'cifar-10-binary.tar.gz': archive.subarray(0, archive.length / 2) }),
      /tar\.gz, byte \d+: found the end of the file/,
    ],
    [
      'an archive without a batch',
      () => ({ 'cifar-10-binary.tar.gz': gzipSync(tar({ 'x/data_batch_1.bin': batch }), { level: 1 }) }),
      /found no data_batch_2\.bin/,
    ],
    [
      'an archive with a short batch',
      () => ({
        'cifar-10-binary.tar.gz': gzipSync(
          tar(Object.fromEntries([1, 2, 3, 4, 5].map((i) => [`data_batch_${i}.bin`, records(2)]))),
        ),
      }),
      /byte 6658: found the end after 6146/,
    ],
    [
      'an archive that is none',
      () => ({ 'cifar-10-binary.tar.gz': gzipSync(records(2)) }),
      /byte 0: found a damaged header/,
    ],
    [
      'an xz file that is none',
      () => ({ 'cifar10-jpeg.tar.xz': records(2) }),
      /cifar10-jpeg\.tar\.xz, byte \d+: found damage/,
    ],
  ])('%s', async (_, files, message) => {
    await expect(chosen(files())).rejects.toMatchObject({
      message: expect.stringMatching(message),
      fault: 'usage',
    });
  });

  it('a folder with none of the forms says what it holds and what was expected', async () => {
    await expect(chosen({ 'readme.txt': Buffer.from('x') })).rejects.toThrow(
      /holds readme\.txt; expected cifar-10-binary\.tar\.gz.*nash data cifar10 --to/,
    );
  });
});

const real = join(realData, 'cifar10');
describe.skipIf(!existsSync(real))('the real files (skipped where ../shared/data is absent)', () => {
  it('the JPEG archive is complete and wins over the first 4,000; nothing is written beside it', async () => {
    const before = readdirSync(real);
    const lines: string[] = [];
    const source = await openData(
      { source: 'cifar10', path: real, split: 'test' },
      { log: (line) => lines.push(line) },
    );
    expect(lines[0]).toMatch(/cifar10-jpeg\.tar\.xz, complete, JPEG \(not exact\)/);
    expect(source.count).toBe(10_000);
    const perClass = CIFAR10_CLASSES.map(() => 0);
    for (let i = 0; i < source.count; i++) perClass[source.label(i)!]!++;
    expect(perClass).toEqual(CIFAR10_CLASSES.map(() => 1000));
    expect(readdirSync(real)).toEqual(before);
  }, 120_000);
});
