// Goal: items are decoded once, whoever asks and however often; a cache that is not whole is never read.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openCached } from '../../../src/data/item-cache.js';
import type { ItemReader } from '../../../src/data/item-reader.js';
import { folderWith, idx, itemsOf, mnistFiles, noise, openData } from './folders.js';

/** Seconds since 1970, longer ago than what is unused is kept. */
const OLD = Date.now() / 1000 - 31 * 24 * 3600;

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
  ['changed in one pixel', changed(4096 + 784)],
  ['changed in one label', (path: string) => replaced(path, '\x09\x00{"classes', '\x08')],
  ['changed in its notes', (path: string) => replaced(path, '"damaged":[]', '"Damaged"')],
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

/** Another byte at a place. */
function changed(at: number): (path: string) => void {
  return (path) => {
    const bytes = readFileSync(path);
    bytes[at]! ^= 0x41;
    writeAnew(path, bytes);
  };
}

function replaced(path: string, from: string, to: string): void {
  const bytes = readFileSync(path);
  bytes.write(to, bytes.indexOf(from, 0, 'latin1'), 'latin1');
  writeAnew(path, bytes);
}

/** Another file: the first opening still holds the old one. */
function writeAnew(path: string, bytes: Uint8Array): void {
  rmSync(path);
  writeFileSync(path, bytes);
}

describe('a decoding that is interrupted', () => {
  const COUNT = 40;
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Items of one byte each, which is their index; every fifth is damaged. Each takes a third of a second of a clock of our own. */
  function slowReader(stopAt = Number.POSITIVE_INFINITY) {
    const froms: number[] = [];
    const reader: ItemReader = {
      description: 'slow',
      files: [],
      options: 'slow',
      classes: ['even', 'odd'],
      inputs: COUNT,
      async decode(sink, from) {
        froms.push(from);
        for (let i = from; i < COUNT; i++) {
          vi.advanceTimersByTime(333);
          if (i === stopAt) throw new Error('interrupted');
          if (i % 5 === 4) sink.leaveOut({ name: `${i}`, reason: 'found' });
          else sink.add(Uint8Array.of(i), i % 2);
          sink.progress(i + 1);
        }
        return [1, 1, 1];
      },
    };
    return { reader, froms };
  }

  async function prepare() {
    vi.useFakeTimers({ toFake: ['performance'] });
    const [root, cacheDir] = [folderWith({}), folderWith({})];
    const lines: string[] = [];
    const open = (reader: ItemReader) =>
      openCached(root, reader, { cacheDir, log: (line) => lines.push(line) }, 'skip');
    const whole = await openCached(
      root,
      slowReader().reader,
      { cacheDir: folderWith({}), log: () => {} },
      'skip',
    );
    return { open, cacheDir, lines, whole };
  }

  const labels = (source: { count: number; label(index: number): number | undefined }) =>
    Array.from({ length: source.count }, (_, i) => source.label(i));

  it('goes on where it was, twice, and ends as one that was not', async () => {
    const { open, cacheDir, lines, whole } = await prepare();
    await expect(open(slowReader(17).reader)).rejects.toThrow('interrupted');
    for (const name of readdirSync(cacheDir)) utimesSync(join(cacheDir, name), OLD, OLD); // however late
    const second = slowReader(30);
    await expect(open(second.reader)).rejects.toThrow('interrupted');
    const third = slowReader();
    const source = await open(third.reader);
    expect([second.froms, third.froms]).toEqual([[16], [28]]); // pieces of four, the work of a second
    expect(lines).toContain('data: 16 of 40 were decoded before; going on behind them');
    expect(source.digest).toBe(whole.digest);
    expect(itemsOf(source)).toEqual(itemsOf(whole));
    expect(labels(source)).toEqual(labels(whole));
    expect(readdirSync(cacheDir)).toHaveLength(1);
  });

  it('goes on before the first piece that is not as it was written', async () => {
    const { open, cacheDir, whole } = await prepare();
    await expect(open(slowReader(17).reader)).rejects.toThrow('interrupted');
    const part = join(cacheDir, readdirSync(cacheDir).find((name) => name.endsWith('.part'))!);
    const bytes = readFileSync(part);
    bytes[4096 + 7]! ^= 1;
    writeFileSync(part, bytes);
    const again = slowReader();
    const source = await open(again.reader);
    expect(again.froms).toEqual([8]); // the item of byte 7 is that of input 8
    expect(itemsOf(source)).toEqual(itemsOf(whole));
  });

  it('a journal that was cut short is good up to there', async () => {
    const { open, cacheDir, whole } = await prepare();
    await expect(open(slowReader(17).reader)).rejects.toThrow('interrupted');
    const journal = join(cacheDir, readdirSync(cacheDir).find((name) => name.endsWith('.journal'))!);
    writeFileSync(journal, readFileSync(journal).subarray(0, -30));
    const again = slowReader();
    const source = await open(again.reader);
    expect(again.froms).toEqual([12]);
    expect(source.digest).toBe(whole.digest);
  });

  it('says how long the rest will take', async () => {
    const { open, lines } = await prepare();
    await open(slowReader().reader);
    expect(lines).toContain('data: 7 of 40 decoded, about 11 s left'); // 33 items of 0.333 s
  });
});

it('what was left unfinished for a month is removed when others are decoded, and decoded sets that nobody opened are named', async () => {
  const { open, cacheDir, lines } = await prepared();
  const put = (name: string, seconds: number, text = 'x') => {
    writeFileSync(join(cacheDir, name), text);
    utimesSync(join(cacheDir, name), seconds, seconds);
  };
  const now = Date.now() / 1000;
  const start = readFileSync(`/proc/${process.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[19];
  put('left.items.part', OLD);
  put('left.items.journal', OLD);
  put('left.items.lock', OLD, `1 1 ${hostname()}\n`); // of a process that was killed
  put('left.items.lock.draft', OLD);
  put('recent.items.part', OLD);
  put('recent.items.journal', now);
  put('held.items.part', OLD);
  put('held.items.lock', OLD, `${process.pid} ${start} ${hostname()}\n`);
  put('unused.items', OLD);
  put('used.items', now);
  (await open()).close();
  const [own] = readdirSync(cacheDir).filter((name) => /^[0-9a-f]{32}\.items$/.test(name));
  const kept = [
    'held.items.lock',
    'held.items.part',
    'recent.items.journal',
    'recent.items.part',
    'unused.items',
    'used.items',
  ];
  expect(readdirSync(cacheDir).sort()).toEqual([...kept, own].sort());
  expect(lines.filter((line) => / month/.test(line))).toEqual([
    expect.stringContaining('removed what was decoded of a set that nobody went on with'),
    expect.stringMatching(/^data: one decoded set was not used .*: rm \S*\/unused\.items$/),
  ]);

  utimesSync(join(cacheDir, own!), OLD, OLD);
  (await open()).close();
  expect(statSync(join(cacheDir, own!)).mtimeMs / 1000).toBeGreaterThan(OLD + 24 * 3600); // it is used
});

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
