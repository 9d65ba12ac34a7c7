// When a run takes checkpoints, what stands in them, and going back to one.
import { type Checkpoint, CheckpointStore } from '../../checkpoints/checkpoint-store.js';
import type { CheckpointStorage } from '../../checkpoints/storage.js';
import type { RunConfig } from '../../config/run-config.js';
import type { Line } from '../../protocol/line.js';
import { type Versions, versionsAfter } from '../../protocol/schedule.js';
import { decodeState, encodeState } from '../../run/run-state.js';
import type { Log } from '../log.js';
import type { Uniformity } from '../peers/uniformity.js';
import type { RunReport } from '../run-report.js';
import type { FlatVectors } from './net-state.js';
import type { ParameterStore } from './parameter-store.js';

export interface RunCheckpointsParts {
  config: RunConfig;
  storage: CheckpointStorage;
  store: ParameterStore;
  line: Line;
  /** shape of one item of the data, so that sampling needs no data */
  itemShape: readonly number[];
  uniformity: Uniformity;
  report: RunReport;
  log: Log;
  /** step of the checkpoint that the run goes on from; undefined where it begins */
  resumedFrom: number | undefined;
  now(): number;
}

export class RunCheckpoints {
  private readonly files: CheckpointStore;
  private writing: Promise<unknown> = Promise.resolve();
  private lastMs: number;
  private lastRound: number | undefined;
  /** G's step of the newest that is written; undefined where there is none */
  newestStep: number | undefined;

  constructor(private readonly parts: RunCheckpointsParts) {
    const { config, storage, now } = parts;
    const isAnchor = (round: number) => this.isAnchor(round);
    this.files = new CheckpointStore(storage, { keep: config.checkpoint.keep, isAnchor });
    this.lastMs = now();
    this.lastRound = parts.resumedFrom;
    this.newestStep = parts.resumedFrom;
  }

  /**
   * Rounds whose checkpoints do not depend on time. Only to these may a run return, since where it returns to decides its weights;
   * those taken by the clock only save work after a crash, and go when a newer one is there.
   */
  private isAnchor(round: number): boolean {
    return round % this.parts.config.checkpoint.everySteps === 0;
  }

  /** Whether one is due at this boundary. */
  isDue(round: number): boolean {
    const { everySeconds } = this.parts.config.checkpoint;
    return this.isAnchor(round) || this.parts.now() - this.lastMs >= everySeconds * 1000;
  }

  /** Copies what the last whole round ended with, and writes the copy while training goes on. Resolves when it is written. */
  write(): Promise<unknown> {
    const { config, store, line, itemShape, uniformity, log, report, now } = this.parts;
    const versions = store.wholeVersions;
    if (this.lastRound === versions.generator) return this.writing;
    this.lastMs = now();
    this.lastRound = versions.generator;
    const checkpoint: Checkpoint = {
      step: versions.generator,
      vectors: store.exportWhole(),
      metadata: encodeState({
        config,
        versions,
        line,
        itemShape,
        uniformity: uniformity.toJSON(),
        amendments: [],
        controllers: {},
      }),
    };
    this.writing = this.writing.then(async () => {
      const path = await this.files.write(checkpoint);
      log('checkpoint written', { path, step: versions.generator });
      this.newestStep = versions.generator;
      report.checkpoint(versions.generator);
    });
    return this.writing;
  }

  /** Resolves when nothing is being written. */
  idle(): Promise<unknown> {
    return this.writing;
  }

  /**
   * The newest checkpoint of a round or an earlier one; those after it belong to a line that is abandoned, and are removed.
   * @returns no vectors where there is none: the run begins anew
   */
  async goBack(round: number): Promise<{ versions: Versions; vectors?: FlatVectors }> {
    await this.writing;
    const { checkpoint, warnings } = await this.files.latest((step) => step <= round && this.isAnchor(step));
    for (const warning of warnings) this.parts.log('damaged checkpoint passed over', { warning });
    await this.files.discardAfter(checkpoint?.step ?? 0);
    this.lastRound = checkpoint?.step;
    this.newestStep = checkpoint?.step;
    if (!checkpoint) return { versions: versionsAfter(this.parts.config.schedule, 0) };
    return {
      versions: decodeState(checkpoint.metadata).versions,
      vectors: checkpoint.vectors,
    };
  }
}
