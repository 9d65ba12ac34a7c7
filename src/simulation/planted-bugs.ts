// Mistakes that somebody could make, to be planted one at a time: the simulator is worth what it finds of them.
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
] as const;
export type PlantedBug = (typeof PLANTED_BUGS)[number];
