// Mistakes that somebody could make, to be planted one at a time: the simulator is worth what it finds of them.
import { Deadlines } from '../protocol/deadlines.js';
import { Disputes } from '../protocol/disputes.js';

export const PLANTED_BUGS = [
  'forgets to release a lost worker',
  'believes that nothing is lost',
  'takes one answer that came twice for two',
  'never notices that a worker is late',
  'keeps its term after a crash',
  'keeps versions of an abandoned line',
  'comes back the same way after a divergence',
  'sums as answers arrive',
  'sums a discarded answer too',
  'takes a checkpoint of another moment',
  'takes a verdict for another round',
  'takes a verdict of an abandoned line',
  'takes every session for another host',
  'learns nothing of disputes',
  'measures all workers as one',
  'begins anew with one D step a round after a crash',
] as const;
export type PlantedBug = (typeof PLANTED_BUGS)[number];

/** What one worker takes is what all take. */
export class OneMeasure extends Deadlines {
  override note(
    _worker: string,
    ...rest: [Parameters<Deadlines['note']>[1], Parameters<Deadlines['note']>[2]]
  ): void {
    super.note('everybody', ...rest);
  }
}

/** Disputed steps are done again, and that is all. */
export class Unlearning extends Disputes {
  override take(...[dispute]: Parameters<Disputes['take']>): ReturnType<Disputes['take']> {
    super.take(dispute, new Set(), Number.POSITIVE_INFINITY); // so that its step is mistrusted
    return { blamed: [], because: '', isRestoring: true };
  }
  override settled(): string[] {
    return [];
  }
}
