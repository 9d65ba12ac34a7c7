// Workers that mean ill. They know more than anybody could: what the server has decided, whom it waits for, and until when.
import type { Net } from '../parameters/manifest.js';
import type { Pool } from '../protocol/roster.js';
import type { World } from './world.js';

export type Liar =
  /** so many of its answers are wrong, each in another way */
  | { kind: 'wrong'; share: number }
  /** waits until another answer was taken, then gives other bits */
  | { kind: 'late' }
  /** several sessions of one identity agree on the same wrong bits */
  | { kind: 'conspiracy' }
  /** answers right, and always just before it would be late */
  | { kind: 'just in time' };

/** Whose processes liars are, unless they are among honest ones. */
export const LIARS_IDENTITY = 'liars';

/** A place that some worker process fills, another one after each death. */
export interface Slot {
  pool: Pool;
  identity: string;
  isLiar: boolean;
}

/** What a liar sees of the server. */
export interface Sight {
  /** another answer to its task was taken */
  isSuperseded: boolean;
  /** milliseconds after which it is late with its task */
  lateAfterMs: number;
  /** identities of the workers that serve a net */
  identities(net: Net): ReadonlySet<string>;
}

/** A liar for a run in which this share of nodes is verified, or none. */
export function drawLiar(world: World, verified: number): Liar | undefined {
  if (!world.chance(0.6)) return undefined;
  const unverified: Liar[] = [{ kind: 'late' }, { kind: 'just in time' }];
  // those who lie in an answer that may be the only one leave wrong weights behind wherever nobody checks
  const verifiedOnly: Liar[] = [{ kind: 'wrong', share: world.between(0.05, 1) }, { kind: 'conspiracy' }];
  const liars = verified === 1 ? [...unverified, ...verifiedOnly] : unverified;
  return liars[world.random.below(liars.length)];
}

/** The honest workers and the liar among them; a conspiracy has two honest identities against it. */
export function withLiar(world: World, honest: readonly Slot[], liar: Liar | undefined): Slot[] {
  const liarOf = (pool: Pool): Slot => ({ pool, identity: LIARS_IDENTITY, isLiar: true });
  switch (liar?.kind) {
    case undefined:
      return [...honest];
    case 'wrong': {
      const [first, ...others] = honest;
      const identity = world.chance(0.5) ? first!.identity : LIARS_IDENTITY;
      return [{ ...first!, identity, isLiar: true }, ...others];
    }
    case 'late':
    case 'just in time':
      return [...honest, liarOf('any')];
    case 'conspiracy': {
      const opposed = ['host0', 'host1'].map((identity): Slot => ({ pool: 'any', identity, isLiar: false }));
      const sessions = Array.from({ length: 2 + world.random.below(2) }, () => liarOf('any'));
      return [...honest, ...opposed, ...sessions];
    }
  }
}
