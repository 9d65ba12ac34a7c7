// Brings one archive into the cache: whole and with the right sum, or not at all.
import { createHash } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { lastLines, run } from './child.mjs';
import { codeOf, explainFileError, SetupFailure } from './failure.mjs';
import { makeFolder } from './files.mjs';
import { megabytes } from './say.mjs';

/** @typedef {import('./wheels.mjs').Archive} Archive */
/** @typedef {import('./say.mjs').Voice} Voice */

const watchMs = 500;
/** Wheels name the oldest glibc that they serve; pip takes the named tags only. */
const platforms = [
  'manylinux_2_27_x86_64',
  'manylinux_2_17_x86_64',
  'manylinux2014_x86_64',
  'manylinux2010_x86_64',
];

/** @param {string} path @returns {Promise<string>} */
export async function sha256Of(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

/** Bytes of all files below a folder. @param {string} folder @returns {number} */
function bytesBelow(folder) {
  let total = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile())
      total +=
        statSync(join(entry.parentPath ?? entry.path, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return total;
}

/**
 * Returns the path of the archive in `folder`, downloading it when it is not there. A file with another sum is never left there.
 * The caller holds the cache's lock.
 * @param {{ archive: Archive, folder: string, python: string, out: Voice }} job
 */
export async function provideArchive({ archive, folder, python, out }) {
  const path = join(folder, archive.file);
  if (existsSync(path)) {
    if ((await sha256Of(path)) === archive.sha256) return path;
    out.say(`library: ${path} is damaged, it is downloaded again`);
    rmSync(path);
  }
  const partial = join(folder, `partial-${process.pid}`);
  for (const name of readdirSync(folder).filter((entry) => entry.startsWith('partial-'))) {
    rmSync(join(folder, name), { recursive: true, force: true }); // an interrupted download
  }
  out.say(`library: downloading ${archive.file}`);
  try {
    makeFolder(partial);
    await (archive.url
      ? fetchFile(archive, archive.url, partial, out)
      : pipDownload(archive, partial, python, out));
    const found = await sha256Of(join(partial, archive.file));
    if (found !== archive.sha256) {
      throw new SetupFailure({
        found: `${archive.file} was downloaded with sha256 ${found}`,
        needed: `sha256 ${archive.sha256}, which this version of Nash holds for it`,
        mend: 'run the command again; if it stays so, a proxy or mirror changes the file: use another one (pip config), or NASH_LIBTENSORFLOW=DIR',
      });
    }
    renameSync(join(partial, archive.file), path);
  } catch (error) {
    throw explainFileError(error, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return path;
}

/** @param {Archive} archive @param {string} into @param {string} python @param {Voice} out */
async function pipDownload(archive, into, python, out) {
  let size = '';
  const watch = setInterval(() => {
    out.progress(
      `library: downloading ${archive.file}: ${megabytes(bytesBelow(into))}${size && ` of ${size}`}`,
    );
  }, watchMs);
  const args = [
    '-u',
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--only-binary=:all:',
    '--python-version',
    '3.11',
    '--implementation',
    'cp',
  ];
  args.push(
    ...platforms.flatMap((tag) => ['--platform', tag]),
    '--no-cache-dir',
    '--progress-bar',
    'off',
    '--no-input',
    '--retries',
    '2',
  );
  try {
    const finished = await run(
      python,
      [...args, '--disable-pip-version-check', '--dest', into, archive.requirement ?? archive.file],
      {
        env: { ...process.env, TMPDIR: into }, // pip's own temporary file is the one that grows
        onLine: (line) => {
          size = /^\s*Downloading .*\(([\d.]+ [kMG]B)\)/.exec(line)?.[1] ?? size;
        },
      },
    );
    if (finished.status === 0 && existsSync(join(into, archive.file))) return;
    throw pipFailure(archive, finished, into);
  } finally {
    clearInterval(watch);
  }
}

/** @param {Archive} archive @param {import('./child.mjs').Finished} finished @param {string} into */
function pipFailure(archive, finished, into) {
  const text = finished.stdout + finished.stderr;
  if (/No space left|Errno 28/.test(text)) {
    return explainFileError(Object.assign(new Error('no space'), { code: 'ENOSPC' }), into);
  }
  const unreachable =
    /NewConnectionError|NameResolutionError|Temporary failure|Name or service not known|ConnectTimeout|ReadTimeout|Connection refused|Network is unreachable|ProxyError|Max retries/.test(
      text,
    );
  if (unreachable || finished.status === 0) {
    return new SetupFailure({
      found: `the Python package index could not be reached for ${archive.requirement}`,
      needed: `${archive.file}, once; it is kept for every later set-up`,
      mend: 'connect to the network, name a mirror (pip config set global.index-url URL), put the wheel into a folder and name it with PIP_FIND_LINKS, or use a library that you have with NASH_LIBTENSORFLOW=DIR',
    });
  }
  return new SetupFailure({
    found: `pip could not download ${archive.requirement}\n    ${lastLines(finished)}`,
    needed: archive.file,
    mend: 'try the same with `pip download`, or use a library that you have with NASH_LIBTENSORFLOW=DIR',
  });
}

/** @param {Archive} archive @param {string} url @param {string} into @param {Voice} out */
async function fetchFile(archive, url, into, out) {
  try {
    const response = await fetch(url);
    if (!response.ok || !response.body) throw new Error(`${response.status} ${response.statusText}`);
    const total = Number(response.headers.get('content-length') ?? 0);
    let bytes = 0;
    const counted = async function* (/** @type {AsyncIterable<Uint8Array>} */ source) {
      for await (const chunk of source) {
        bytes += chunk.length;
        out.progress(
          `library: downloading ${archive.file}: ${megabytes(bytes)}${total ? ` of ${megabytes(total)}` : ''}`,
        );
        yield chunk;
      }
    };
    const body = /** @type {import('node:stream/web').ReadableStream<Uint8Array>} */ (response.body);
    await pipeline(Readable.fromWeb(body), counted, createWriteStream(join(into, archive.file)));
  } catch (error) {
    if (codeOf(error) === 'ENOSPC') throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new SetupFailure({
      found: `${url} could not be read (${cause instanceof Error ? cause.message : cause})`,
      needed: `${archive.file}, once; it is kept for every later set-up`,
      mend: 'connect to the network, take the default library (nash setup --library 2.21), or use one that you have with NASH_LIBTENSORFLOW=DIR',
      cause: error,
    });
  }
}
