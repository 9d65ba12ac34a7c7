// Lookahead (Zhang et al. 2019, algorithm 1): k steps forward with any optimizer, one step back. The optimizer's own state stays as it is.
import type { Deed, Vector } from '../numerics/vector-engine.js';
import type { LookaheadOptions } from './options.js';

/** Whether the slow weights move after update `step`, counted from 1. */
export const isLookaheadDue = ({ steps }: LookaheadOptions, step: number): boolean => step % steps === 0;

/**
 * What follows update `step` of a stretch of weights: with every k-th, slow += rate * (fast - slow) and fast = slow.
 * @param options absent: nothing follows, and there are no slow weights
 * @param fast what the optimizer has just made @param slow of before @param slowInto where the new ones go
 */
export function lookaheadAfter(
  options: LookaheadOptions | undefined,
  step: number,
  { fast, slow, slowInto }: { fast: Vector; slow?: Vector | undefined; slowInto?: Vector | undefined },
): Deed[] {
  if (!options || !slow || !slowInto) return [];
  if (!isLookaheadDue(options, step)) return [copying(slowInto, slow)];
  const keep = Math.fround(1 - options.rate);
  return [
    { kind: 'blend', into: slowInto, old: slow, from: fast, keep, take: 1 - keep },
    copying(fast, slowInto),
  ];
}

/** The same bits: 1 * old + 0 * old. */
export const copying = (into: Vector, old: Vector): Deed => ({
  kind: 'blend',
  into,
  old,
  from: old,
  keep: 1,
  take: 0,
});
