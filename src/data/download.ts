// Brings a published data set into a folder: each file aside, checked, then renamed.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { makeFolder } from '../../src/setup/files.mjs';
import { messageOf, NashError } from '../errors.js';
import type { Original, OriginalFile } from './originals.js';

export interface DownloadReport {
  log(line: string): void;
  /** replaced by the next one */
  progress(line: string): void;
}

/**
 * Downloads what is missing. A broken-off download goes on where it stopped.
 * @throws NashError('environment') when no address answers with the right file
 */
export async function download(original: Original, to: string, report: DownloadReport): Promise<void> {
  const aside = join(to, '.partial');
  for (const file of original.files) {
    const path = join(to, file.name);
    if (existsSync(path) && (await sumOf(path, file)) === file.sha256) {
      report.log(`${path} is there already`);
      continue;
    }
    makeFolder(aside);
    await fetchFrom(original.addresses, file, join(aside, file.name), report);
    renameSync(join(aside, file.name), path);
    report.log(`${path} has the right sum`);
  }
  rmSync(aside, { recursive: true, force: true });
}

async function fetchFrom(
  addresses: readonly string[],
  file: OriginalFile,
  path: string,
  report: DownloadReport,
): Promise<void> {
  const failures: string[] = [];
  for (const address of addresses) {
    try {
      report.log(`downloading ${address}${file.name}`);
      await fetchTo(address + file.name, path, file, report);
      const sum = await sumOf(path, file);
      if (sum === file.sha256) return;
      rmSync(path);
      failures.push(`${address}${file.name}: sha256 ${sum}, expected ${file.sha256}`);
    } catch (error) {
      if (isDiskError(error))
        throw new NashError(
          'environment',
          `${path}: ${messageOf(error)}. Free some space, or name another folder with --to.`,
          { cause: error },
        );
      const cause = error instanceof Error && error.cause ? error.cause : error;
      failures.push(`${address}${file.name}: ${messageOf(cause)}`);
    }
  }
  throw new NashError(
    'environment',
    `${file.name} could not be downloaded:\n  ${failures.join('\n  ')}\nConnect to the network and run the command again (it goes on where it stopped), ` +
      'or get the file on another machine and name it with --from.',
  );
}

/** Appends to what an earlier try left, where the server can send the rest. */
async function fetchTo(url: string, path: string, file: OriginalFile, report: DownloadReport): Promise<void> {
  const had = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const response = await fetch(url, had > 0 ? { headers: { range: `bytes=${had}-` } } : {});
  if (response.status === 416) {
    rmSync(path); // it was whole, or longer than whole: its sum is wrong or it would have been renamed
    return fetchTo(url, path, file, report);
  }
  if (!response.ok || !response.body) throw new Error(`HTTP status ${response.status}`);
  const isRest = response.status === 206;
  let bytes = isRest ? had : 0;
  const counted = async function* (source: AsyncIterable<Uint8Array>) {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > 2 * file.bytes + 2 ** 20)
        throw new Error(`more than ${bytes} bytes, expected about ${file.bytes}`);
      report.progress(
        `${file.name}: ${megabytes(bytes)} of ${megabytes(file.bytes)} (${Math.floor((100 * bytes) / file.bytes)} %)`,
      );
      yield chunk;
    }
  };
  await pipeline(
    Readable.fromWeb(response.body as never),
    counted,
    createWriteStream(path, { flags: isRest ? 'a' : 'w' }),
  );
}

/** sha256 of a file, or of its content where that is what is known of it. */
export async function sumOf(
  path: string,
  { isUnpackedSum }: Pick<OriginalFile, 'isUnpackedSum'>,
): Promise<string> {
  const hash = createHash('sha256');
  try {
    if (isUnpackedSum && path.endsWith('.gz')) await pipeline(createReadStream(path), createGunzip(), hash);
    else await pipeline(createReadStream(path), hash);
  } catch (error) {
    if (messageOf(error).includes('ENOENT')) throw error;
    return `unreadable (${messageOf(error)})`;
  }
  return hash.digest('hex');
}

const isDiskError = (error: unknown) =>
  error instanceof Error &&
  'code' in error &&
  ['ENOSPC', 'EDQUOT', 'EACCES', 'EROFS'].includes(String(error.code));

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
