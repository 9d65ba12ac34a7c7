// Which decoded items this host keeps, under which name, and who decodes them when there are none.
import { createHash } from 'node:crypto';
import { existsSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { makeFolder } from '../../src/setup/files.mjs';
import { withLock } from '../../src/setup/lock.mjs'; // the one lock of the house: from dist/ too this is where it lies
import { messageOf, NashError } from '../errors.js';
import type { DatasetSource } from './data-source.js';
import { type ItemFile, ItemWriter, openItems, partOf } from './item-file.js';
import type { Damage, ItemReader } from './item-reader.js';
import { noteUse, removeUnused } from './unused-items.js';

/** Raised when what a reader makes of the same files changes. */
const CACHE_VERSION = 2;
/** Between two lines that say how decoding goes on. */
const SAY_MS = 2000;
/** Of a list for a person. */
const NAMES_MAX = 100;
const CLASSES_MAX = 20;

export interface CacheContext {
  cacheDir: string;
  log(message: string): void;
}

/** What becomes of inputs that cannot be read: the data are refused, or do without them. */
export type OnDamage = 'refuse' | 'skip';

/**
 * Opens the items of a reader, decoding them when this host has not done so. The digest is one of the decoded items and not of the files,
 * so that packed and unpacked files, and two hosts, agree exactly when they train on the same numbers.
 * @throws NashError('usage') when a data file is damaged, NashError('environment') when the cache cannot be written
 */
export async function openCached(
  root: string,
  reader: ItemReader,
  { cacheDir, log }: CacheContext,
  onDamage: OnDamage = 'refuse',
): Promise<DatasetSource> {
  const decoder = await reader.decoder?.();
  const path = join(cacheDir, `${keyOf(root, reader, decoder)}.items`);
  log(`data: ${reader.description}`);
  const file = await openOrDecode(path, reader, { cacheDir, log }).finally(() => reader.close?.());
  const { source, notes } = file;
  try {
    judge(notes.damaged, source.count, onDamage, log);
  } catch (error) {
    source.close();
    throw error;
  }
  log(`data: ${describe(source, decoder)}`);
  return source;
}

/** Names, sizes and times of the files, and what else decides the items. */
function keyOf(given: string, reader: ItemReader, decoder: string | undefined): string {
  const root = realpathSync(given);
  const files = reader.files.map(({ path, bytes, modifiedMs }) => [relative(given, path), bytes, modifiedMs]);
  const text = JSON.stringify([CACHE_VERSION, decoder ?? null, root, reader.options, files]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** Such as `70000 items of 32 x 32 x 3, 2 classes (cat, dog), decoded by libvips 8.18`. */
function describe({ count, shape, classes = [] }: DatasetSource, decoder: string | undefined): string {
  const names = classes.slice(0, CLASSES_MAX).join(', ') + (classes.length > CLASSES_MAX ? ', …' : '');
  const inClasses = classes.length > 0 ? `${classes.length} classes (${names})` : 'no classes';
  return `${count} items of ${shape.join(' x ')}, ${inClasses}${decoder ? `, decoded by ${decoder}` : ''}`;
}

function judge(
  damaged: readonly Damage[],
  count: number,
  onDamage: OnDamage,
  log: CacheContext['log'],
): void {
  if (damaged.length === 0) return;
  const named = damaged.slice(0, NAMES_MAX).map(({ name, reason }) => `\n  ${name}: ${reason}`);
  if (damaged.length > NAMES_MAX) named.push(`\n  and ${damaged.length - NAMES_MAX} more`);
  const inWords = `${damaged.length} of ${damaged.length + count} pictures cannot be read`;
  if (onDamage === 'refuse' || count === 0) {
    const skip = count > 0 ? ', or do without them with --set data.damaged=skip' : '';
    throw new NashError('usage', `${inWords}:${named.join('')}\nGet them again, remove them${skip}.`);
  }
  log(`data: ${inWords} and are left out:${named.join('')}`);
}

async function openOrDecode(
  path: string,
  reader: ItemReader,
  { cacheDir, log }: CacheContext,
): Promise<ItemFile> {
  const ready = await tryOpen(path, log);
  if (ready) return ready;
  try {
    makeFolder(cacheDir, 0o700);
    await removeUnused(cacheDir, path, log);
    const wait = (holder: number) => log(`data: process ${holder} is decoding them, waiting`);
    return await withLock(
      `${path}.lock`,
      wait,
      async () => (await tryOpen(path)) ?? (await decodeTo(path, reader, log)),
    );
  } catch (error) {
    throw explain(error, cacheDir);
  }
}

async function decodeTo(path: string, reader: ItemReader, log: CacheContext['log']): Promise<ItemFile> {
  const part = partOf(path);
  const isResumable = reader.inputs !== undefined;
  const writer = new ItemWriter(path, isResumable);
  const before = writer.inputsBefore;
  if (before > 0) log(`data: ${before} of ${reader.inputs} were decoded before; going on behind them`);
  const say = progressOf(reader, before, log);
  const started = performance.now();
  let isDone = !isResumable; // what an interrupted one did is kept
  try {
    const sink = {
      add: writer.add.bind(writer),
      leaveOut: writer.leaveOut.bind(writer),
      progress(done: number) {
        writer.settle(done);
        say(done);
      },
    };
    const shape = await reader.decode(sink, before);
    isDone = true;
    const { items, damaged } = writer.counts;
    if (items === 0) judge(damaged, 0, 'refuse', log);
    writer.finish(shape, [...(reader.classes ?? [])]);
    renameSync(part.items, path);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    log(`data: ${items} items decoded in ${seconds} s, kept in ${path}`);
  } finally {
    writer.close();
    if (isDone) for (const file of Object.values(part)) rmSync(file, { force: true });
  }
  const file = await tryOpen(path);
  if (file) return file;
  throw new NashError(
    'environment',
    `${path} was just written and reads back changed. Set NASH_CACHE to a folder on a sound disk.`,
  );
}

/** Says now and then how many are decoded and, where their number is known, how long the rest will take. */
function progressOf(
  { inputs }: ItemReader,
  before: number,
  log: CacheContext['log'],
): (done: number) => void {
  const started = performance.now();
  let said = started;
  return (done) => {
    const now = performance.now();
    if (now - said < SAY_MS) return;
    said = now;
    if (inputs === undefined) log(`data: ${done} items decoded`);
    else {
      const left = ((now - started) / (done - before)) * (inputs - done);
      log(`data: ${done} of ${inputs} decoded, about ${inWords(left)} left`);
    }
  };
}

const inWords = (ms: number): string => {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
};

/** What a file of the cache holds, or undefined when there is none or it is damaged, which is said. */
async function tryOpen(path: string, log?: CacheContext['log']): Promise<ItemFile | undefined> {
  if (!existsSync(path)) return undefined;
  const file = await openItems(path);
  if (file) noteUse(path);
  else log?.(`data: ${path} was damaged since it was written; it is made again`);
  return file;
}

/** Tells a cache that cannot be written apart from damaged data and from bugs. */
function explain(error: unknown, cacheDir: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const found = {
    ENOSPC: 'the disk is full',
    EDQUOT: 'the disk is full',
    EACCES: 'it may not be written',
    EPERM: 'it may not be written',
    EROFS: 'it may not be written',
    ENOTDIR: 'a file stands in its way',
  }[code];
  if (!found) return error;
  const mend = 'Free some space or set NASH_CACHE to a folder on another disk.';
  return new NashError(
    'environment',
    `decoded images cannot be kept in ${cacheDir}: ${found} (${messageOf(error)}). ${mend}`,
    { cause: error },
  );
}
