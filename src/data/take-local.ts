// Brings a data set that lies on this machine into a folder, checked like a downloaded one.
import { copyFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { makeFolder } from '../../src/setup/files.mjs';
import { NashError } from '../errors.js';
import { cifar10Reader } from './cifar10.js';
import { sumOf } from './download.js';
import { mnistReader } from './idx.js';
import type { ItemReader } from './item-reader.js';
import { ORIGINALS, type OriginalName } from './originals.js';

const SPLITS = ['train', 'test'] as const;
const READERS: Record<OriginalName, (folder: string, split: 'train' | 'test') => ItemReader> = {
  mnist: mnistReader,
  cifar10: cifar10Reader,
};

/**
 * Copies the files of a data set from a folder, or one file, into `to`: aside, checked, then renamed. Files with a published sum are checked
 * against it, the others by decoding them.
 * @param log told which files were taken
 * @throws NashError('usage') when the files are missing or damaged
 */
export async function takeLocal(
  name: OriginalName,
  from: string,
  to: string,
  log: (line: string) => void,
): Promise<void> {
  const stat = statSync(from, { throwIfNoEntry: false });
  if (!stat)
    throw new NashError(
      'usage',
      `--from '${from}' does not exist. Name a folder that holds ${name}, or one of its files.`,
    );
  const aside = join(to, '.partial');
  rmSync(aside, { recursive: true, force: true });
  makeFolder(aside);
  try {
    const paths = stat.isDirectory() ? filesOf(name, from) : [from];
    for (const path of paths) copyFileSync(path, join(aside, basename(path)));
    await check(name, aside, stat.isDirectory() ? from : join(from, '..'));
    for (const file of readdirSync(aside)) {
      renameSync(join(aside, file), join(to, file));
      log(`${join(to, file)} taken`);
    }
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** The files of both splits; a folder that holds only a part of the training images will do. */
function filesOf(name: OriginalName, folder: string): string[] {
  const [train, test] = SPLITS.map((split) => attempt(() => READERS[name](folder, split)));
  if (train instanceof NashError && (name === 'mnist' || test instanceof NashError)) throw train;
  if (test instanceof NashError && name === 'mnist') throw test;
  const readers = [train, test].filter(
    (reader): reader is ItemReader => reader !== undefined && !(reader instanceof NashError),
  );
  return [...new Set(readers.flatMap(({ files }) => files.map(({ path }) => path)))];
}

async function check(name: OriginalName, aside: string, from: string): Promise<void> {
  const decoded = new Set(readdirSync(aside));
  for (const file of ORIGINALS[name].files) {
    const present = [...decoded].find((entry) => plain(entry) === plain(file.name));
    if (!present) continue;
    const sum = await sumOf(join(aside, present), file);
    if (sum !== file.sha256) {
      throw new NashError(
        'usage',
        `${join(from, present)} has sha256 ${sum}, expected ${file.sha256}. It is damaged or another file: get it again.`,
      );
    }
    decoded.delete(present);
  }
  if (decoded.size === 0) return;
  const readers = SPLITS.map((split) => attempt(() => READERS[name](aside, split)));
  const usable = readers.filter((reader): reader is ItemReader => !(reader instanceof NashError));
  if (usable.length === 0) throw readers[0];
  for (const reader of usable) await decodeForCheck(reader, aside, from);
}

/** Decodes to nowhere; errors name the file that the user gave. */
async function decodeForCheck(reader: ItemReader, aside: string, from: string): Promise<void> {
  try {
    await reader.decode({ add() {}, leaveOut() {}, progress() {} }, 0);
  } catch (error) {
    if (!(error instanceof NashError)) throw error;
    throw new NashError(error.fault, error.message.replaceAll(aside, relative('', from) || '.'), {
      cause: error,
    });
  }
}

/** A file's name without `.gz`, in the spelling of the originals. */
const plain = (name: string) =>
  name.replace(/\.idx(\d)-ubyte/, '-idx$1-ubyte').replace(/(?<!\.tar)\.gz$/, '');

function attempt<T>(make: () => T): T | NashError {
  try {
    return make();
  } catch (error) {
    if (error instanceof NashError) return error;
    throw error;
  }
}
