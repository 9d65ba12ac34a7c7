// Fair comparison on a machine that others may use too: contestants in turns, several rounds, medians.

/** @typedef {{ run: (count: number) => Promise<{ ms: number[], [fact: string]: unknown }>, name: string }} Entry */
/** @typedef {{ name: string, ms: number, facts: Record<string, unknown> }} Result median milliseconds of an iteration */

/** @param {readonly number[]} values at least one */
export function median(values) {
  if (values.length === 0) throw new Error('the median of nothing: no iteration was counted');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = /** @type {number} */ (sorted[middle]);
  return sorted.length % 2 ? upper : (upper + /** @type {number} */ (sorted[middle - 1])) / 2;
}

/**
 * Each round runs every entry once; every other round in the opposite order, so that nobody always follows the same neighbour.
 * @param {readonly Entry[]} entries
 * @param {{ rounds: number, count: number }} options iterations of an entry in one round
 * @returns {Promise<Result[]>} in the order of the entries
 */
export async function takeTurns(entries, { rounds, count }) {
  const samples = entries.map(() => /** @type {number[]} */ ([]));
  /** @type {Record<string, unknown>[]} */
  const facts = entries.map(() => ({}));
  for (let round = 0; round < rounds; round++) {
    const order = entries.map((_, i) => i);
    if (round % 2) order.reverse();
    for (const i of order) {
      const { ms, ...rest } = await /** @type {Entry} */ (entries[i]).run(count);
      samples[i]?.push(...ms);
      facts[i] = rest;
    }
  }
  return entries.map(({ name }, i) => ({ name, ms: median(samples[i] ?? []), facts: facts[i] ?? {} }));
}
