// What lies unused among decoded items: decodings that nobody went on with are removed, and sets that nobody opened are named, with the
// command that removes them, since decoding them again may take hours.
import { readdirSync, rmSync, type Stats, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from '../../src/setup/lock.mjs'; // from dist/ too this is where it lies
import { partOf } from './item-file.js';

/** Data that nobody asked for so long have changed, or are those of another version. */
const UNUSED_MS = 30 * 24 * 3600 * 1000;

/** A file's own time says when it was used last, so that it is seen which one is not. */
export function noteUse(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // another user's, or on a disk that is only read: it is not this one's to remove
  }
}

/** @param wanted that is decoded next, or gone on with @param log told what was removed, and what may be */
export async function removeUnused(
  cacheDir: string,
  wanted: string,
  log: (line: string) => void,
): Promise<void> {
  const files = readdirSync(cacheDir).map((name) => join(cacheDir, name));
  const unfinished = new Set(files.map((path) => /^(.*\.items)\.(part|journal)$/.exec(path)?.[1]));
  for (const path of unfinished) if (path && path !== wanted) await removeUnfinished(path, log);
  for (const draft of files.filter((path) => /\.items\.lock\..+$/.test(path)))
    if (isUnused(statOf(draft))) rmSync(draft, { force: true });
  const unused = files.filter((path) => path.endsWith('.items') && isUnused(statOf(path)));
  if (unused.length === 0) return;
  const bytes = unused.reduce((sum, path) => sum + (statOf(path)?.size ?? 0), 0);
  const sets = unused.length === 1 ? 'one decoded set was' : `${unused.length} decoded sets were`;
  log(
    `data: ${sets} not used for a month, ${(bytes / 1e9).toFixed(2)} GB; to remove: rm ${unused.join(' ')}`,
  );
}

const HELD = new Error('somebody decodes it');

async function removeUnfinished(path: string, log: (line: string) => void): Promise<void> {
  const files = Object.values(partOf(path));
  const areUnused = () => files.map(statOf).every((stat) => stat === undefined || isUnused(stat));
  if (!areUnused()) return;
  const refuse = () => {
    throw HELD;
  };
  await withLock(`${path}.lock`, refuse, async () => {
    if (!areUnused()) return;
    for (const file of files) rmSync(file, { force: true });
    log(`data: removed what was decoded of a set that nobody went on with for a month (${path})`);
  }).catch((error) => {
    if (error !== HELD) throw error;
  });
}

const statOf = (path: string): Stats | undefined => statSync(path, { throwIfNoEntry: false });

/** Of this user's, and not touched for so long. */
const isUnused = (stat: Stats | undefined): boolean =>
  stat !== undefined && stat.uid === process.getuid!() && Date.now() - stat.mtimeMs > UNUSED_MS;
