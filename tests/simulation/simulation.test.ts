// Goal: whatever goes wrong and whoever lies, a run ends with the weights of an undisturbed one or with a reason, and honest workers stay.
// Method: the real coordinator and the real worker logic under seeded faults and lies in virtual time; and the same with a mistake planted,
// which must be found.
import { describe, expect, it } from 'vitest';
import { PLANTED_BUGS, type PlantedBug } from '../../src/simulation/planted-bugs.js';
import { simulate } from '../../src/simulation/simulate.js';

const SEEDS = 300;
/** Mistakes that few seeds find: where to begin. Only time depends on it; after a change of the simulator begin at 0 and look. */
const BEGINS_AT: Partial<Record<PlantedBug, number>> = {
  'takes one answer that came twice for two': 225,
  'takes a verdict for another round': 326,
  'takes a verdict of an abandoned line': 417,
  'learns nothing of disputes': 233,
  'measures all workers as one': 106,
};

describe('a simulated run', () => {
  it(`keeps every claim under ${SEEDS} seeds of crashes, hangs, lies and lost messages`, () => {
    let crashes = 0;
    const ends = new Set<string>();
    const liars = new Set<string>();
    for (let seed = 0; seed < SEEDS; seed++) {
      const outcome = simulate({ seed });
      crashes += outcome.crashes.server;
      expect(outcome.violations, `npx nash simulate --seed ${seed}`).toEqual([]);
      expect(outcome.end).toMatch(/^(done|collapsed|failed: )/);
      ends.add(outcome.end);
      liars.add(outcome.scenario.liar?.kind ?? 'none');
    }
    expect(crashes).toBeGreaterThan(SEEDS); // the faults are there
    expect(liars).toEqual(new Set(['none', 'wrong', 'late', 'conspiracy', 'just in time']));
    expect([...ends]).toEqual(expect.arrayContaining(['done', 'collapsed', 'failed: given up'])); // and the verdicts
  }, 120_000);

  it('is the same again for the same seed, to the last line', () => {
    const transcriptOf = (seed: number) => {
      const lines: string[] = [];
      simulate({ seed, transcript: (line) => lines.push(line) });
      return lines;
    };
    expect(transcriptOf(5)).toEqual(transcriptOf(5));
    expect(transcriptOf(5)).not.toEqual(transcriptOf(6));
  });
});

describe('the simulator', () => {
  it.each(PLANTED_BUGS)(
    'finds a server or worker that %s',
    (bug) => {
      let found: string | undefined;
      for (let i = 0; i < SEEDS && found === undefined; i++)
        [found] = simulate({ seed: (BEGINS_AT[bug] ?? 0) + i, bug }).violations;
      expect(found).toBeTypeOf('string');
    },
    120_000,
  );
});
