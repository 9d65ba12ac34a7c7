// The folder of a run's checkpoints: written atomically, the newest few kept, damaged ones named. One process writes it at a time
// (the lock on the run folder sees to that); anyone may read.
import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makeFolder } from '../../src/setup/files.mjs';
import { assert, messageOf, NashError } from '../errors.js';
import { firstNotFinite } from '../numerics/vectors.js';
import { blankHeader, type Checkpoint, decodeCheckpoint, fillChecksum } from './checkpoint.js';
import { bytesOf } from './safetensors.js';

export type { Checkpoint } from './checkpoint.js';

/** Hashing and writing this much at a time (about 2 ms) leaves the event loop free in between. */
const CHUNK_BYTES = 2 ** 21;
const NAME = /^step-(\d+)\.safetensors$/;
const PARTIAL = '.partial';

export interface Found {
  checkpoint: Checkpoint;
  path: string;
  /** one message for each newer checkpoint that is damaged and was passed over */
  warnings: string[];
}

export interface StoreOptions {
  /** how many checkpoints stay, at least 1 */
  keep: number;
  /** whether a step's checkpoint counts among those; the others stay until a newer one is written (default: all count) */
  isAnchor?: (step: number) => boolean;
  /** for tests of full disks */
  openFile?: (path: string, flags: string) => Promise<FileHandle>;
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** Writes the data, hashing on the way, then the header with the checksum: until the last write the file is no checkpoint. */
async function writeCheckpoint(file: FileHandle, checkpoint: Checkpoint): Promise<void> {
  const header = blankHeader(checkpoint);
  const hash = createHash('sha256').update(header);
  let position = header.length;
  for (const [name, vector] of Object.entries(checkpoint.vectors)) {
    for (let at = 0; at < vector.length; at += CHUNK_BYTES / 4) {
      const chunk = vector.subarray(at, at + CHUNK_BYTES / 4);
      assert(
        firstNotFinite(chunk) < 0,
        () => `${name} of the checkpoint of step ${checkpoint.step} is not finite`,
      );
      const bytes = bytesOf(chunk);
      hash.update(bytes);
      await writeAll(file, bytes, position);
      position += bytes.length;
    }
  }
  fillChecksum(header, hash.digest('hex'));
  await writeAll(file, header, 0);
  await file.sync();
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

export class CheckpointStore {
  private readonly folder: string;
  private readonly keep: number;
  private readonly isAnchor: (step: number) => boolean;
  private readonly openFile: NonNullable<StoreOptions['openFile']>;

  constructor(folder: string, { keep, isAnchor = () => true, openFile = open }: StoreOptions) {
    assert(keep >= 1, () => `a store that keeps ${keep} checkpoints`);
    this.folder = folder;
    this.keep = keep;
    this.isAnchor = isAnchor;
    this.openFile = openFile;
  }

  /** Steps that have a checkpoint, whole or not, newest first; none where the folder does not exist. */
  async steps(): Promise<number[]> {
    const names = await this.names();
    const steps = names.flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number);
    return steps.sort((a, b) => b - a);
  }

  /**
   * Writes `step-N.safetensors` whole or not at all, then removes the oldest beyond `keep`; answers with its path. The vectors must
   * not change meanwhile. Throws NashError('environment') where the disk is full or refuses; what was there before stays.
   */
  async write(checkpoint: Checkpoint): Promise<string> {
    const path = this.pathOf(checkpoint.step);
    const partial = path + PARTIAL;
    try {
      makeFolder(this.folder);
      await this.removePartials();
      const file = await this.openFile(partial, 'w');
      await writeCheckpoint(file, checkpoint).finally(() => file.close());
      await rename(partial, path);
      await syncFolder(this.folder);
    } catch (cause) {
      await rm(partial, { force: true }).catch(() => {}); // the first error is the one to tell
      throw await this.writeError(checkpoint, path, cause);
    }
    await this.removeOldest(checkpoint.step);
    return path;
  }

  /** The newest whole checkpoint that is accepted, or undefined where there is none; `warnings` also where all are damaged. */
  async latest(
    accepts: (step: number) => boolean = () => true,
  ): Promise<Found | { checkpoint: undefined; warnings: string[] }> {
    const warnings: string[] = [];
    for (const step of (await this.steps()).filter(accepts)) {
      const path = this.pathOf(step);
      try {
        return { checkpoint: await loadCheckpoint(path), path, warnings };
      } catch (error) {
        if (!(error instanceof NashError)) throw error;
        warnings.push(error.message);
      }
    }
    return { checkpoint: undefined, warnings };
  }

  /** Removes the checkpoints after `step`: those of a line that a rollback has abandoned. */
  async discardAfter(step: number): Promise<void> {
    for (const later of await this.steps()) if (later > step) await rm(this.pathOf(later), { force: true });
  }

  private pathOf(step: number): string {
    return join(this.folder, `step-${step}.safetensors`);
  }

  private async names(): Promise<string[]> {
    try {
      return await readdir(this.folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  private async removeOldest(written: number): Promise<void> {
    const steps = await this.steps();
    const old = [
      ...steps.filter(this.isAnchor).slice(this.keep),
      ...steps.filter((step) => !this.isAnchor(step)),
    ];
    for (const step of old) if (step !== written) await rm(this.pathOf(step), { force: true });
  }

  /** What a killed process left half-written. */
  private async removePartials(): Promise<void> {
    for (const name of await this.names())
      if (name.endsWith(PARTIAL)) await rm(join(this.folder, name), { force: true });
  }

  private async writeError(checkpoint: Checkpoint, path: string, cause: unknown): Promise<unknown> {
    if (!(cause instanceof Error && 'code' in cause)) return cause; // a bug of ours, not the disk's fault
    const floats = Object.values(checkpoint.vectors).reduce((sum, vector) => sum + vector.length, 0);
    const [last] = await this.steps().catch(() => []);
    const kept = last === undefined ? 'there is no earlier one' : `the one of step ${last} is kept`;
    const need = `${Math.ceil((4 * floats) / 2 ** 20)} MiB are needed`;
    const message = `checkpoint ${path} could not be written: ${cause.message}; ${need}, ${kept}; make room or mend the folder, then resume`;
    return new NashError('environment', message, { cause });
  }
}

/** Reads one checkpoint. Throws NashError('usage') that says what is wrong with the file and how to go on. */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  let file: Buffer;
  try {
    file = await readFile(path);
  } catch (cause) {
    throw new NashError('usage', `checkpoint ${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
  try {
    return decodeCheckpoint(file);
  } catch (cause) {
    if (!(cause instanceof NashError)) throw cause;
    const advice = 'name another one, or resume with `--resume latest`, which takes the newest that is whole';
    throw new NashError(
      'usage',
      `checkpoint ${basename(path)} is damaged or not ours: ${cause.message}; ${advice} (${path})`,
      { cause },
    );
  }
}
