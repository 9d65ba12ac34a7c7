// The checkpoints of a run: written whole, the newest few kept, damaged ones named.
import { basename, dirname } from 'node:path';
import { messageOf, NashError } from '../errors.js';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint, NewerCheckpoint } from './checkpoint.js';
import { FileStorage } from './file-storage.js';
import { decodeMetadata, headerBytes, PREFIX_BYTES } from './safetensors.js';
import type { CheckpointStorage } from './storage.js';

export type { Checkpoint } from './checkpoint.js';

const NAME = /^step-(\d+)\.safetensors$/;
/** The file of a step's checkpoint. */
export const nameOf = (step: number): string => `step-${step}.safetensors`;

export interface Found {
  checkpoint: Checkpoint;
  path: string;
  /** one message for each newer checkpoint that is damaged and was passed over */
  warnings: string[];
}

/** Which checkpoints have served, now that the one of step `written` is there too. */
export type Expiry = (steps: readonly number[], written: number) => readonly number[];

export class CheckpointStore {
  /** @param expired default: none */
  constructor(
    private readonly storage: CheckpointStorage,
    private readonly expired: Expiry = () => [],
  ) {}

  /** Steps that have a checkpoint, damaged or not, newest first. */
  async steps(): Promise<number[]> {
    const steps = (await this.storage.list()).flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number);
    return steps.sort((a, b) => b - a);
  }

  /**
   * Writes `step-N.safetensors` whole or not at all, then removes those that have served; answers with its path. The vectors must
   * not change meanwhile. Throws NashError('environment') where the disk is full or refuses; what was there before stays.
   */
  async write(checkpoint: Checkpoint): Promise<string> {
    const pieces = await encodeCheckpoint(checkpoint);
    try {
      await this.storage.write(nameOf(checkpoint.step), pieces);
    } catch (cause) {
      throw await this.writeError(checkpoint, cause);
    }
    for (const step of this.expired(await this.steps(), checkpoint.step))
      await this.storage.remove(nameOf(step));
    return this.pathOf(checkpoint.step);
  }

  /**
   * The newest whole checkpoint that is accepted, or undefined where there is none; `warnings` also where all are damaged.
   * @throws NewerCheckpoint where that is one which only a newer Nash reads
   */
  async latest(
    accepts: (step: number) => boolean = () => true,
  ): Promise<Found | { checkpoint: undefined; warnings: string[] }> {
    const warnings: string[] = [];
    for (const step of (await this.steps()).filter(accepts)) {
      try {
        const checkpoint = await readCheckpoint(this.storage, nameOf(step));
        return { checkpoint, path: this.pathOf(step), warnings };
      } catch (error) {
        if (!(error instanceof NashError) || error instanceof NewerCheckpoint) throw error;
        warnings.push(error.message);
      }
    }
    return { checkpoint: undefined, warnings };
  }

  /** Removes the checkpoints after `step`: those of a line that a rollback has abandoned. */
  async discardAfter(step: number): Promise<void> {
    for (const later of await this.steps()) if (later > step) await this.storage.remove(nameOf(later));
  }

  /** Gives the checkpoints after `step` other names, `<label>-step-N.safetensors`: those of a line that is left. @returns their steps */
  async setAside(step: number, label: string): Promise<number[]> {
    const later = (await this.steps()).filter((each) => each > step);
    for (const each of later) {
      await this.storage.write(`${label}-${nameOf(each)}`, [await this.storage.read(nameOf(each))]);
      await this.storage.remove(nameOf(each));
    }
    return later;
  }

  /** What a checkpoint says of itself beside its vectors, unchecked; undefined where it cannot be read. */
  async metadataOf(step: number): Promise<Readonly<Record<string, string>> | undefined> {
    try {
      const prefix = await this.storage.read(nameOf(step), PREFIX_BYTES);
      return decodeMetadata(await this.storage.read(nameOf(step), headerBytes(prefix)));
    } catch {
      return undefined;
    }
  }

  private pathOf(step: number): string {
    return `${this.storage.place}/${nameOf(step)}`;
  }

  private async writeError({ step, vectors }: Checkpoint, cause: unknown): Promise<unknown> {
    if (!(cause instanceof Error && 'code' in cause)) return cause; // a bug of ours, not the disk's fault
    const floats = Object.values(vectors).reduce((sum, { data }) => sum + data.length, 0);
    const [last] = await this.steps().catch(() => []);
    const kept = last === undefined ? 'there is no earlier one' : `the one of step ${last} is kept`;
    const need = `${Math.ceil((4 * floats) / 2 ** 20)} MiB are needed`;
    const message = `checkpoint ${this.pathOf(step)} could not be written: ${cause.message}; ${need}, ${kept}; make room or mend the folder, then resume`;
    return new NashError('environment', message, { cause });
  }
}

/** Reads one checkpoint file. Throws NashError('usage') that says what is wrong with it and how to go on. */
export const loadCheckpoint = (path: string): Promise<Checkpoint> =>
  readCheckpoint(new FileStorage(dirname(path)), basename(path));

async function readCheckpoint(storage: CheckpointStorage, name: string): Promise<Checkpoint> {
  const path = `${storage.place}/${name}`;
  let file: Buffer;
  try {
    file = await storage.read(name);
  } catch (cause) {
    throw new NashError('usage', `checkpoint ${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
  try {
    return decodeCheckpoint(file);
  } catch (cause) {
    if (!(cause instanceof NashError)) throw cause;
    if (cause instanceof NewerCheckpoint)
      throw new NewerCheckpoint('usage', `checkpoint ${path} cannot be read: ${cause.message}`, { cause });
    const advice = 'name another one, or resume with `--resume latest`, which takes the newest that is whole';
    throw new NashError(
      'usage',
      `checkpoint ${name} is damaged or not ours: ${cause.message}; ${advice} (${path})`,
      { cause },
    );
  }
}
