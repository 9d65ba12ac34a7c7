// Stretches of a run from one checkpoint to the next: which are trained again, and what came out otherwise.
import type { Checkpoint, FlatVector } from '../checkpoints/checkpoint.js';
import type { RandomStream } from '../numerics/random.js';
import type { LedgerEntry } from '../run-folder/ledger.js';
import { brief, type Recorded } from './records.js';

/** From a checkpoint, or from the first weights, to the next. */
export interface Segment {
  from: Recorded | undefined;
  to: Recorded;
}

/**
 * All that can be trained again: none begins with a checkpoint that is known not to be the run's. The first weights begin one only where
 * the run's first checkpoint is still there, else it would be most of the run.
 */
export function segmentsOf(checkpoints: readonly Recorded[]): Segment[] {
  return checkpoints.flatMap((to, i): Segment[] => {
    const from = checkpoints[i - 1];
    if (from) return from.agrees ? [{ from, to }] : [];
    const { everySteps } = to.config.checkpoint;
    return to.step > 0 && (to.step <= everySteps || checkpoints.length === 1)
      ? [{ from: undefined, to }]
      : [];
  });
}

/** So many of them at random, in their order; each as likely. */
export function drawn<T>(all: readonly T[], count: number, random: RandomStream): T[] {
  const left = all.map((_, i) => i);
  const taken = Array.from(
    { length: Math.min(count, all.length) },
    () => left.splice(random.below(left.length), 1)[0]!,
  );
  return taken.sort((a, b) => a - b).map((i) => all[i]!);
}

/** Tensors told of one vector. */
const TOLD_MAX = 3;

/** What differs between a checkpoint and what training again came to, by tensor. */
export function differencesOf(recorded: Checkpoint, again: Checkpoint): string[] {
  const names = new Set([...Object.keys(again.vectors), ...Object.keys(recorded.vectors)]);
  return [...names].flatMap((name) => {
    const [one, other] = [recorded.vectors[name], again.vectors[name]];
    if (!one || !other) return [`${name} is ${one ? 'not there when trained again' : 'missing'}`];
    const tensors = tensorsThatDiffer(name, one, other);
    return tensors.length > TOLD_MAX
      ? [...tensors.slice(0, TOLD_MAX), `and ${tensors.length - TOLD_MAX} more tensors of ${name}`]
      : tensors;
  });
}

function tensorsThatDiffer(vector: string, one: FlatVector, other: FlatVector): string[] {
  if (one.data.length !== other.data.length)
    return [`${vector} has ${one.data.length} numbers, when trained again ${other.data.length}`];
  const [a, b] = [bits(one.data), bits(other.data)];
  let begin = 0;
  return one.pieces.flatMap(({ name, shape }) => {
    const [from, to] = [begin, begin + shape.reduce((product, size) => product * size, 1)];
    begin = to;
    let [first, count] = [-1, 0];
    for (let i = from; i < to; i++)
      if (a[i] !== b[i]) {
        if (count === 0) first = i;
        count += 1;
      }
    if (count === 0) return [];
    return [
      `${vector}/${name} differs in ${count} of ${to - from} numbers: [${first - from}] is ${one.data[first]}, when trained again ${other.data[first]}`,
    ];
  });
}

const bits = ({ buffer, byteOffset, length }: Float32Array): Uint32Array =>
  new Uint32Array(buffer, byteOffset, length);

/** The first line of the ledger within a segment whose weights came out otherwise, for a person. */
export function firstOtherLine(
  { from, to }: Segment,
  entries: readonly LedgerEntry[],
  again: readonly LedgerEntry[],
): string | undefined {
  const end = entries.findLastIndex(({ checkpoint, step }) => checkpoint && step.generator === to.step);
  const within = again.filter(({ step }) => step.generator > (from?.step ?? -1) && step.generator <= to.step);
  for (const { step, weights } of within) {
    const said = entries.slice(0, end + 1).findLast((entry) => entry.step.generator === step.generator);
    const net = (['discriminator', 'generator'] as const).find(
      (each) => said && said.weights[each] !== weights[each],
    );
    if (said && net)
      return `the weights of ${net} at step ${step.generator} have sha256 ${brief(weights[net])}, by the ledger ${brief(said.weights[net])}`;
  }
  return undefined;
}
