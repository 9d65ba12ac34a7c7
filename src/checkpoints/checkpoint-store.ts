// The checkpoints of a run: written whole, the newest few kept, damaged ones named.
import { basename, dirname } from 'node:path';
import { assert, messageOf, NashError } from '../errors.js';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.js';
import { FileStorage } from './file-storage.js';
import type { CheckpointStorage } from './storage.js';

export type { Checkpoint } from './checkpoint.js';

const NAME = /^step-(\d+)\.safetensors$/;
const nameOf = (step: number): string => `step-${step}.safetensors`;

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
}

export class CheckpointStore {
  private readonly keep: number;
  private readonly isAnchor: (step: number) => boolean;

  constructor(
    private readonly storage: CheckpointStorage,
    { keep, isAnchor = () => true }: StoreOptions,
  ) {
    assert(keep >= 1, () => `a store that keeps ${keep} checkpoints`);
    this.keep = keep;
    this.isAnchor = isAnchor;
  }

  /** Steps that have a checkpoint, damaged or not, newest first. */
  async steps(): Promise<number[]> {
    const steps = (await this.storage.list()).flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number);
    return steps.sort((a, b) => b - a);
  }

  /**
   * Writes `step-N.safetensors` whole or not at all, then removes the oldest beyond `keep`; answers with its path. The vectors must
   * not change meanwhile. Throws NashError('environment') where the disk is full or refuses; what was there before stays.
   */
  async write(checkpoint: Checkpoint): Promise<string> {
    const pieces = await encodeCheckpoint(checkpoint);
    try {
      await this.storage.write(nameOf(checkpoint.step), pieces);
    } catch (cause) {
      throw await this.writeError(checkpoint, cause);
    }
    await this.removeOldest(checkpoint.step);
    return this.pathOf(checkpoint.step);
  }

  /** The newest whole checkpoint that is accepted, or undefined where there is none; `warnings` also where all are damaged. */
  async latest(
    accepts: (step: number) => boolean = () => true,
  ): Promise<Found | { checkpoint: undefined; warnings: string[] }> {
    const warnings: string[] = [];
    for (const step of (await this.steps()).filter(accepts)) {
      try {
        const checkpoint = await readCheckpoint(this.storage, nameOf(step));
        return { checkpoint, path: this.pathOf(step), warnings };
      } catch (error) {
        if (!(error instanceof NashError)) throw error;
        warnings.push(error.message);
      }
    }
    return { checkpoint: undefined, warnings };
  }

  /** Removes the checkpoints after `step`: those of a line that a rollback has abandoned. */
  async discardAfter(step: number): Promise<void> {
    for (const later of await this.steps()) if (later > step) await this.storage.remove(nameOf(later));
  }

  private pathOf(step: number): string {
    return `${this.storage.place}/${nameOf(step)}`;
  }

  private async removeOldest(written: number): Promise<void> {
    const steps = await this.steps();
    const old = [
      ...steps.filter(this.isAnchor).slice(this.keep),
      ...steps.filter((step) => !this.isAnchor(step)),
    ];
    for (const step of old) if (step !== written) await this.storage.remove(nameOf(step));
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
    const advice = 'name another one, or resume with `--resume latest`, which takes the newest that is whole';
    throw new NashError(
      'usage',
      `checkpoint ${name} is damaged or not ours: ${cause.message}; ${advice} (${path})`,
      { cause },
    );
  }
}
