// Every worker of a pool must round alike. The first of a pool that becomes ready says what is usual in this run; whoever differs later is
// told in which respect. The fingerprint says why two machines differ, the canary that they do. What is usual goes into checkpoints: a run
// that was resumed elsewhere would end with other weights than one that nothing disturbed.

import type { Fingerprint, MessageOf, WorkerMessage } from '../../protocol/messages.js';
import { netOf, STEP_KINDS, type StepKind } from '../../protocol/step-kinds.js';

type Prepared = Pick<MessageOf<WorkerMessage, 'prepared'>, 'fingerprint' | 'canaries'>;

export interface Difference {
  reason: 'fingerprint' | 'canary';
  message: string;
}

const MEANING: Record<keyof Fingerprint, string> = {
  device: 'another processor',
  tensorflow: 'another TensorFlow',
  threads: 'another number of threads',
  flags: 'other switches in its environment',
};

interface Usual {
  fingerprint: Fingerprint;
  canary: string;
  /** the first that had it */
  worker: string;
}

export class Uniformity {
  private readonly usual: Map<StepKind, Usual>;
  private readonly isResumed: boolean;

  /** @param before what `toJSON` gave for the run's earlier steps; absent: anything may become usual */
  constructor(before: Readonly<Record<string, unknown>> = {}) {
    this.usual = new Map(Object.entries(before) as [StepKind, Usual][]);
    this.isResumed = this.usual.size > 0;
  }

  toJSON(): Partial<Record<StepKind, Usual>> {
    return Object.fromEntries(this.usual);
  }

  /** Compares a worker with the first of its pools; equal, or the first: it joins them. @param worker its name */
  join(worker: string, { fingerprint, canaries }: Prepared): Difference | undefined {
    const served = STEP_KINDS.filter((stepKind) => canaries[stepKind] !== undefined);
    for (const stepKind of served) {
      const difference = this.differenceOf(stepKind, fingerprint, canaries[stepKind]!);
      if (difference) return difference;
    }
    for (const stepKind of served)
      if (!this.usual.has(stepKind))
        this.usual.set(stepKind, { fingerprint, canary: canaries[stepKind]!, worker });
    return undefined;
  }

  private differenceOf(stepKind: StepKind, fingerprint: Fingerprint, canary: string): Difference | undefined {
    const net = netOf(stepKind);
    const usual = this.usual.get(stepKind);
    if (!usual) return undefined;
    for (const key of Object.keys(MEANING) as (keyof Fingerprint)[]) {
      const [theirs, ours] = [fingerprint[key], usual.fingerprint[key]];
      if (theirs === ours) continue;
      const message = `this worker has ${MEANING[key]} than ${usual.worker}, the first to compute the ${net}: ${onlyIn(theirs, ours)}`;
      return {
        reason: 'fingerprint',
        message: `${message}. Its gradients might differ in their last bits; ${this.mend}`,
      };
    }
    if (canary === usual.canary) return undefined;
    const message = `this worker computes other bits for the ${net} than ${usual.worker} from the same inputs (${canary.slice(0, 12)}, not ${usual.canary.slice(0, 12)}), though its processor and library look the same`;
    return { reason: 'canary', message: `${message}. Its hardware may be damaged; ${this.mend}` };
  }

  private get mend(): string {
    const rule = 'a run needs machines that compute alike';
    return this.isResumed ? `${rule}. To go on with others, and to other weights: --other-machines` : rule;
  }
}

/** What one list of words has and the other has not. */
function onlyIn(theirs: string, ours: string): string {
  const [a, b] = [new Set(theirs.split(' ')), new Set(ours.split(' '))];
  const missing = (from: Set<string>, other: Set<string>) =>
    [...from].filter((word) => !other.has(word)).join(' ') || 'nothing';
  return `it alone has ${missing(a, b)}; it lacks ${missing(b, a)}`;
}
