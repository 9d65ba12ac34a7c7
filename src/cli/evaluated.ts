// What `nash evaluate` says of a run or a file, for commands that build on it.
import { valueNamed } from '../evaluation/measures/measures.js';
import { runCommand } from './child-command.js';

/** @param words arguments of `nash evaluate` @returns the values of a measure, by their names in the catalogue without `gan_` */
export async function evaluated(
  words: readonly string[],
  measure: 'parzen' | 'stacked-modes',
): Promise<Record<string, number>> {
  let last = '';
  await runCommand(['evaluate', ...words, '--measures', measure, '--json'], (line) => {
    last = line;
  });
  const { measures } = JSON.parse(last) as { measures: Record<string, number> };
  return Object.fromEntries(
    Object.entries(measures).map(([name, value]) => [valueNamed(name)!.replace(/^gan_/, ''), value]),
  );
}
