// The ledger of a run: a line of JSON for a version of its weights, with the sha256 of the line before it, so that no line can be changed,
// left out or put in without changing all that follow. `nash audit` holds checkpoints, settings and data against it.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { LineFile } from './line-file.js';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();

const entry = z.strictObject({
  /** of the line before; of the first: zeros */
  previous: hash,
  step: z.strictObject({ discriminator: count, generator: count }),
  /** the server's term, and the branch that the weights belong to after a return to a checkpoint */
  line: z.strictObject({ term: count, branch: count }),
  /** of config.yaml, as this start of the server wrote it */
  config: hash,
  /** of the settings in force that decide bits */
  settings: hash,
  /** of the data's items */
  data: z.string(),
  /** of each net's weights, as result.json has them */
  weights: z.strictObject({ discriminator: hash, generator: hash }),
  /** of each vector of the checkpoint that was taken there; absent where none was */
  checkpoint: z.record(z.string(), hash).optional(),
});

/** What the ledger says of one version. */
export type LedgerEntry = z.infer<typeof entry>;

/** Before the first line. */
const BEGIN = '0'.repeat(64);

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Whole lines of a file; what a killed process left of one is none. */
const linesOf = (path: string): string[] =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];

export class LedgerFile {
  private readonly lines: LineFile;
  private previous: string;

  /** @param path goes on where it ends */
  constructor(path: string, onTrouble: (path: string, cause: unknown) => void) {
    this.lines = new LineFile(path, onTrouble);
    const last = linesOf(path).at(-1);
    this.previous = last === undefined ? BEGIN : hashOf(last);
  }

  append(said: Omit<LedgerEntry, 'previous'>): void {
    const line = JSON.stringify({ previous: this.previous, ...said });
    this.lines.append(line);
    this.previous = hashOf(line);
  }
}

/** The lines of a ledger that can be read, in their order, and what is wrong with the others, and with the chain, for a person. */
export function readLedger(path: string): { entries: LedgerEntry[]; problems: string[] } {
  const entries: LedgerEntry[] = [];
  const problems: string[] = [];
  let previous = BEGIN;
  for (const [i, line] of linesOf(path).entries()) {
    const read = entry.safeParse(parsed(line));
    if (!read.success) problems.push(`line ${i + 1} is no line of a ledger`);
    else {
      if (read.data.previous !== previous)
        problems.push(
          i === 0
            ? 'line 1 does not begin the chain: lines before it were left out'
            : `line ${i + 1} does not follow line ${i}: one of them was changed, or lines between them were left out`,
        );
      entries.push(read.data);
    }
    previous = hashOf(line);
  }
  return { entries, problems };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
