// Checkpoints as files of a folder. One process writes it at a time (the lock on the run folder sees to that); anyone may read.
import { type FileHandle, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../src/setup/files.mjs';
import type { CheckpointStorage } from './storage.js';

const PARTIAL = '.partial';
/** Of a checkpoint: what others call so is theirs. */
const HALF_WRITTEN = /step-\d+\.safetensors\.partial$/;

type OpenFile = (path: string, flags: string) => Promise<FileHandle>;

export class FileStorage implements CheckpointStorage {
  /**
   * @param place the folder; made with the first file
   * @param openFile for tests of full disks
   */
  constructor(
    readonly place: string,
    private readonly openFile: OpenFile = open,
  ) {}

  async list(): Promise<string[]> {
    return (await this.names()).filter((name) => !name.endsWith(PARTIAL));
  }

  async read(name: string, bytes?: number): Promise<Buffer> {
    const path = join(this.place, name);
    if (bytes === undefined) return readFile(path);
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async write(name: string, pieces: Iterable<Uint8Array>): Promise<void> {
    const path = join(this.place, name);
    const partial = path + PARTIAL;
    try {
      makeFolder(this.place);
      await this.removePartials();
      const file = await this.openFile(partial, 'w');
      await writeAll(file, pieces).finally(() => file.close());
      await rename(partial, path);
      await syncFolder(this.place);
    } catch (error) {
      await rm(partial, { force: true }).catch(() => {}); // the first error is the one to tell
      throw error;
    }
  }

  remove(name: string): Promise<void> {
    return rm(join(this.place, name), { force: true });
  }

  /** What a killed process left half-written. */
  private async removePartials(): Promise<void> {
    for (const name of await this.names()) if (HALF_WRITTEN.test(name)) await this.remove(name);
  }

  private async names(): Promise<string[]> {
    try {
      return await readdir(this.place);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }
}

async function writeAll(file: FileHandle, pieces: Iterable<Uint8Array>): Promise<void> {
  let position = 0;
  for (const bytes of pieces) {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
    position += bytes.length;
  }
  await file.sync();
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
