// Every worker of a pool must round alike. What is usual in a run is what a worker claimed whose work was accepted: until the first answer
// to a kind of step is settled, workers with different claims compute beside each other, and whoever only claims and leaves decides
// nothing. Whoever differs is told in which respect. The fingerprint says why two machines differ, the canary that they do. What is usual
// goes into checkpoints: a run that was resumed elsewhere would end with other weights than one that nothing disturbed.

import { NETS } from '../../parameters/manifest.js';
import type { Fingerprint, MessageOf, WorkerMessage } from '../../protocol/messages.js';
import { serves } from '../../protocol/roster.js';
import { netOf, type StepKind } from '../../protocol/step-kinds.js';
import type { Peer } from './peers.js';

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
  /** absent where the step was amended since: it is another one, on the same machines */
  canary?: string;
  /** whose work was the first to be accepted */
  worker: string;
}

/** What a living worker says of itself, of kinds of steps where nothing is usual yet. */
interface Claim {
  worker: string;
  fingerprint: Fingerprint;
  canaries: ReadonlyMap<StepKind, string>;
}

export class Uniformity {
  private readonly usual: Map<StepKind, Usual>;
  private readonly isResumed: boolean;
  /** by session */
  private readonly claims = new Map<string, Claim>();

  /**
   * @param before what `toJSON` gave for the run's earlier steps; absent: anything may become usual
   * @param stepKinds those that the run takes
   */
  constructor(
    before: Readonly<Record<string, unknown>> = {},
    private readonly stepKinds: readonly StepKind[] = NETS,
  ) {
    this.usual = new Map(Object.entries(before) as [StepKind, Usual][]);
    this.isResumed = this.usual.size > 0;
  }

  /** The steps are others from now on, and so are their canaries. */
  forgetCanaries(): void {
    for (const [stepKind, { canary: _, ...rest }] of this.usual) this.usual.set(stepKind, rest);
  }

  toJSON(): Partial<Record<StepKind, Usual>> {
    return Object.fromEntries(this.usual);
  }

  /** Compares a worker with what is usual for the steps that it serves; equal, or nothing is usual yet: it is one of them. */
  join(
    { session, name, role, pool }: Pick<Peer, 'session' | 'name' | 'role' | 'pool'>,
    { fingerprint, canaries }: Prepared,
  ): Difference | undefined {
    if (role === 'evaluator') return undefined; // it computes nothing
    const served = this.stepKinds.filter((stepKind) => serves(pool, netOf(stepKind)));
    const missing = served.find((stepKind) => canaries[stepKind] === undefined);
    if (missing) {
      const message = `this worker says of no trial gradient of the ${netOf(missing)} what its bits are`;
      return { reason: 'canary', message: `${message}; give it the same version of nash` };
    }
    const claim = {
      worker: name,
      fingerprint,
      canaries: new Map(served.map((stepKind) => [stepKind, canaries[stepKind]!])),
    };
    const difference = this.differenceOf(claim);
    if (!difference && served.some((stepKind) => this.isOpen(stepKind))) this.claims.set(session, claim);
    return difference;
  }

  /** A worker is gone. */
  leave(session: string): void {
    this.claims.delete(session);
  }

  /** An answer of a worker counts: where it is the first to its kind of step, that worker's claim is usual from now on. @returns who differs from it */
  settled(session: string, stepKind: StepKind): { session: string; difference: Difference }[] {
    const claim = this.claims.get(session);
    const canary = claim?.canaries.get(stepKind);
    if (!claim || canary === undefined || !this.isOpen(stepKind)) return [];
    const { fingerprint, worker } = this.usual.get(stepKind) ?? claim;
    this.usual.set(stepKind, { fingerprint, canary, worker });
    return [...this.claims].flatMap(([other, theirs]) => {
      const difference = this.differenceOf(theirs);
      return difference ? [{ session: other, difference }] : [];
    });
  }

  /** No canary is usual yet. */
  private isOpen(stepKind: StepKind): boolean {
    return this.usual.get(stepKind)?.canary === undefined;
  }

  private differenceOf({ fingerprint, canaries }: Claim): Difference | undefined {
    for (const [stepKind, canary] of canaries) {
      const difference = this.differenceIn(stepKind, fingerprint, canary);
      if (difference) return difference;
    }
    return undefined;
  }

  private differenceIn(stepKind: StepKind, fingerprint: Fingerprint, canary: string): Difference | undefined {
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
    if (usual.canary === undefined || canary === usual.canary) return undefined;
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
