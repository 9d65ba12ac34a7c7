// Rows as a table for a person and as one line of JSON for a program.

/**
 * One comparison. `ratio` above 1 favours Nash; `peer` and `ratio` are absent where there is no peer to compare with.
 * @typedef {{ name: string, unit: string, nash: number, peer?: number, ratio?: number }} Row
 */

/** Units of which less is better. */
const LESS_IS_BETTER = new Set(['ms', '%']);

/**
 * @param {string} name
 * @param {string} unit
 * @param {number} nash
 * @param {number} [peer]
 * @returns {Row}
 */
export function rowOf(name, unit, nash, peer) {
  if (peer === undefined) return { name, unit, nash };
  return { name, unit, nash, peer, ratio: LESS_IS_BETTER.has(unit) ? peer / nash : nash / peer };
}

/** @param {number | undefined} value */
const figure = (value) => {
  if (value === undefined) return '';
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
};

/**
 * @param {string} title
 * @param {readonly Row[]} rows
 */
export function printTable(title, rows) {
  const width = Math.max(24, ...rows.map(({ name }) => name.length));
  const units = Math.max(4, ...rows.map(({ unit }) => unit.length));
  const line = (/** @type {string[]} */ [name = '', unit = '', ...cells]) =>
    console.log(
      `  ${name.padEnd(width)}  ${unit.padEnd(units)}${cells.map((cell) => cell.padStart(9)).join('')}`.trimEnd(),
    );
  console.log(`\n${title}`);
  line(['', 'unit', 'nash', 'peer', 'ratio']);
  for (const { name, unit, nash, peer, ratio } of rows)
    line([name, unit, figure(nash), figure(peer), figure(ratio)]);
}
