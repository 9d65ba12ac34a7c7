// When a run takes checkpoints, what stands in them, and going back to one.
import { type Checkpoint, CheckpointStore } from '../../checkpoints/checkpoint-store.js';
import { type Reason, Retention } from '../../checkpoints/retention.js';
import type { CheckpointStorage } from '../../checkpoints/storage.js';
import type { RunConfig } from '../../config/run-config.js';
import { NashError } from '../../errors.js';
import type { Line } from '../../protocol/line.js';
import type { Pace } from '../../protocol/pace.js';
import { isEvery, type Versions } from '../../protocol/schedule.js';
import { type Amendment, decodeState, encodeState, type RunState, type Totals } from '../../run/run-state.js';
import type { Log } from '../log.js';
import type { Uniformity } from '../peers/uniformity.js';
import type { RunReport } from '../run-report.js';
import type { BestCheckpoint } from './best-checkpoint.js';
import type { FlatVectors } from './net-state.js';
import type { ParameterStore } from './parameter-store.js';
import type { RunLedger } from './run-ledger.js';

/** From one try to write to a full disk to the next. */
const RETRY_MS = 1000;
/** How long a run that ends tries: a service manager kills after 45 s. */
const HURRIED_MS = 15_000;

/** The checkpoint that a run goes on from. */
export interface ResumedFrom {
  /** of G */
  step: number;
  /** it lies in the run's own folder as it is gone on from: no amendment begins with it */
  isSaved: boolean;
  /** see retention.ts */
  floor: number | undefined;
}

export interface RunCheckpointsParts {
  config: RunConfig;
  storage: CheckpointStorage;
  ledger: RunLedger;
  store: ParameterStore;
  line: Line;
  /** shape of one item of the data, so that sampling needs no data */
  itemShape: readonly number[];
  /** of the data in a conditional run, likewise */
  classes: RunState['classes'];
  /** of the items */
  dataDigest: string;
  uniformity: Uniformity;
  report: RunReport;
  log: Log;
  /** absent where the run begins */
  resumedFrom?: ResumedFrom | undefined;
  amendments: Amendment[];
  /** absent where none is kept for being the best */
  best?: BestCheckpoint | undefined;
  /** of the run, all its starts together */
  totals(): Totals;
  /** A checkpoint finds no room, and training is to wait; undefined: it is written, or given up. @param why for a person */
  onNoRoom(why: string | undefined): void;
  now(): number;
}

export class RunCheckpoints {
  private readonly files: CheckpointStore;
  private retention: Retention | undefined;
  private writing: Promise<unknown> = Promise.resolve();
  private lastMs: number;
  private lastRound: number | undefined;
  private isHurried = false;
  /** G's step of the newest that is written; undefined where there is none */
  newestStep: number | undefined;

  constructor(private readonly parts: RunCheckpointsParts) {
    const { storage, resumedFrom, now } = parts;
    this.files = new CheckpointStore(storage, (steps, written) => this.retention!.expired(steps, written));
    this.lastMs = now();
    if (resumedFrom?.isSaved) {
      this.lastRound = resumedFrom.step;
      this.newestStep = resumedFrom.step;
    }
  }

  /** Whether one is due at this boundary, and why. */
  due(round: number): Extract<Reason, 'rule' | 'clock'> | undefined {
    const { checkpoint, schedule } = this.parts.config;
    const { everySteps, everySeconds } = checkpoint;
    if (isEvery(schedule, everySteps, round)) return 'rule';
    return this.parts.now() - this.lastMs >= everySeconds * 1000 ? 'clock' : undefined;
  }

  /** Copies what the last whole round ended with, and writes the copy while training goes on. Resolves when it is written. */
  write(reason: Reason): Promise<unknown> {
    const { config, store, line, itemShape, classes, dataDigest, uniformity, amendments, totals } =
      this.parts;
    const { log, report, now, ledger } = this.parts;
    const versions = store.wholeVersions;
    const { generator: step } = versions;
    if (this.lastRound === step) return this.writing;
    this.lastMs = now();
    this.lastRound = step;
    const vectors = store.exportWhole();
    const state = {
      config,
      versions,
      line: { ...line },
      itemShape,
      classes,
      uniformity: uniformity.toJSON(),
      amendments,
      controllers: { ...(store.wholePace && { discriminatorSteps: store.wholePace }) },
      data: dataDigest,
      totals: totals(),
      reason,
    };
    const noted = ledger.note(vectors);
    this.writing = this.writing.then(async () => {
      await noted; // first: a checkpoint of which the ledger says nothing is none of the run's
      const retention = await this.openRetention();
      retention.note(step, reason, await this.files.steps());
      const checkpoint: Checkpoint = {
        step,
        vectors,
        metadata: encodeState({ ...state, floor: retention.floor }),
      };
      const path = await this.writeOnceThereIsRoom(checkpoint);
      log('checkpoint written', { path, step, reason });
      this.newestStep = step;
      report.checkpoint(step);
    });
    return this.writing;
  }

  /** The whole round at which training stands is the best so far. Resolves when it is written. */
  writeBest(): Promise<unknown> {
    const { config, store } = this.parts;
    const isByRule = isEvery(config.schedule, config.checkpoint.everySteps, store.wholeVersions.generator);
    return this.write(isByRule ? 'rule' : 'best');
  }

  /** Tries again and again, for as long as the config's patience lasts. Throws what the last try did. */
  private async writeOnceThereIsRoom(checkpoint: Checkpoint): Promise<string> {
    const { config, now, log, onNoRoom } = this.parts;
    const sinceMs = now();
    for (let tries = 0; ; tries++) {
      try {
        const path = await this.files.write(checkpoint);
        if (tries > 0) onNoRoom(undefined);
        return path;
      } catch (error) {
        const patienceMs = this.isHurried ? HURRIED_MS : config.checkpoint.patienceSeconds * 1000;
        const isOfDisk = error instanceof NashError && error.fault === 'environment';
        if (!isOfDisk || now() - sinceMs >= patienceMs) throw error;
        if (tries === 0) log('no room for a checkpoint', { error: error.message }, 'error');
        onNoRoom(error.message);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** The run is ending: a disk without room is not waited for much longer. */
  hurry(): void {
    this.isHurried = true;
  }

  /** Resolves when nothing is being written. */
  idle(): Promise<unknown> {
    return this.writing;
  }

  /**
   * The newest checkpoint of a round or an earlier one that the rule has, for where a run goes back to decides its weights; those after it
   * belong to a line that is abandoned, and are removed. Nobody goes back beyond an amendment: it began another run.
   * @returns no vectors where there is none: the run begins anew
   * @throws NashError('failed') where the run cannot begin anew
   */
  async goBack(
    round: number,
  ): Promise<{ versions: Versions; vectors?: FlatVectors; pace?: Pace | undefined }> {
    await this.writing;
    const retention = await this.openRetention();
    const amended = this.parts.amendments.at(-1)?.step;
    const accepts = (step: number) =>
      step <= round && step >= (amended ?? 0) && (retention.isAnchor(step) || step === amended);
    const { checkpoint, warnings } = await this.files.latest(accepts);
    for (const warning of warnings) this.parts.log('damaged checkpoint passed over', { warning }, 'warn');
    if (!checkpoint && amended !== undefined) throw nothingSince(amended, warnings);
    await this.files.discardAfter(checkpoint?.step ?? 0);
    this.lastRound = checkpoint?.step;
    this.newestStep = checkpoint?.step;
    if (!checkpoint) return { versions: { discriminator: 0, generator: 0 } };
    const { versions, controllers } = decodeState(checkpoint.metadata);
    return { versions, vectors: checkpoint.vectors, pace: controllers.discriminatorSteps };
  }

  /** What is there says why it was taken; what says nothing, or cannot be read, was not taken by the rule and stays. */
  private async openRetention(): Promise<Retention> {
    if (this.retention) return this.retention;
    const { config, resumedFrom } = this.parts;
    const reasons: [number, Reason][] = [];
    for (const step of await this.files.steps()) {
      const reason = reasonOf(await this.files.metadataOf(step));
      if (reason) reasons.push([step, reason]);
    }
    this.retention = new Retention({
      ...config.checkpoint,
      isByRule: (step) => isEvery(config.schedule, config.checkpoint.everySteps, step),
      floor: resumedFrom?.floor ?? 0,
      best: () => this.parts.best?.step,
      reasons,
    });
    return this.retention;
  }
}

function reasonOf(metadata: Readonly<Record<string, string>> | undefined): Reason | undefined {
  try {
    return metadata && decodeState(metadata).reason;
  } catch {
    return undefined;
  }
}

const nothingSince = (step: number, warnings: readonly string[]): NashError =>
  new NashError(
    'failed',
    `the run would go back to its amendment at step ${step}, and its checkpoint is not there: ${warnings.join('; ') || 'it was removed'}. ` +
      'Resume from another one with --resume STEP.',
  );
