// What the server writes into the ledger of its run: hashes of weights at the ends of rounds, and of all that a checkpoint holds.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { configHash } from '../../config/decisive.js';
import type { RunConfig } from '../../config/run-config.js';
import { vectorHashInTurns } from '../../parameters/vector-hash.js';
import type { Line } from '../../protocol/line.js';
import { isEvery } from '../../protocol/schedule.js';
import type { LedgerEntry, LedgerFile } from '../../run-folder/ledger.js';
import { runFile } from '../../run-folder/run-files.js';
import type { FlatVectors } from './net-state.js';
import type { ParameterStore } from './parameter-store.js';

export interface RunLedgerParts {
  config: RunConfig;
  folder: { path: string; ledger: LedgerFile };
  store: ParameterStore;
  line: Line;
  /** of the items */
  dataDigest: string;
}

export class RunLedger {
  private readonly same: Pick<LedgerEntry, 'config' | 'settings' | 'data'>;
  /** lines stand in the order of the versions, though the hashes of a checkpoint take a while */
  private writing: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: RunLedgerParts) {
    const { config, folder, dataDigest } = parts;
    const written = readFileSync(runFile(folder.path, 'config'));
    this.same = {
      config: createHash('sha256').update(written).digest('hex'),
      settings: configHash(config),
      data: dataDigest,
    };
  }

  /** Whether a boundary has a line, a checkpoint or not. */
  isDue(round: number): boolean {
    const { schedule, ledger } = this.parts.config;
    return isEvery(schedule, ledger.everySteps, round);
  }

  /**
   * Writes a line for the end of the last whole round. Resolves when it is written.
   * @param vectors of the checkpoint that is taken there, copies
   */
  note(vectors?: FlatVectors): Promise<unknown> {
    const { store, line, folder } = this.parts;
    const entry = {
      step: { ...store.wholeVersions },
      line: { ...line },
      ...this.same,
      weights: store.weightHashes(),
    };
    this.writing = this.writing.then(async () => {
      const checkpoint = vectors && (await hashesOf(vectors));
      folder.ledger.append({ ...entry, ...(checkpoint && { checkpoint }) });
    });
    return this.writing;
  }
}

async function hashesOf(vectors: FlatVectors): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const [name, { data }] of Object.entries(vectors)) hashes[name] = await vectorHashInTurns(data);
  return hashes;
}
