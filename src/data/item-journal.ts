// What an unfinished decoding has done, a line at a time: so that one which is interrupted goes on where it was.
//
// Every line stands for a piece of the items' file, written and on the disk before the line is, with the piece's sum: after a power cut
// or on a bad disk the pieces up to the first wrong one are kept.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const pieceForm = z.strictObject({
  /** inputs dealt with so far, from the first on */
  inputs: z.int().positive(),
  /** of the piece, in the items' file */
  bytes: z.int().nonnegative(),
  sha256: z.string(),
  /** of each item of the piece */
  labels: z.array(z.int().nonnegative()),
  damaged: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
});
export type Piece = z.infer<typeof pieceForm>;

export class ItemJournal {
  constructor(readonly path: string) {}

  /** The lines up to the first that is not whole. */
  read(): Piece[] {
    if (!existsSync(this.path)) return [];
    const pieces: Piece[] = [];
    for (const line of readFileSync(this.path, 'utf8').split('\n')) {
      const piece = parsePiece(line);
      if (!piece) break;
      pieces.push(piece);
    }
    return pieces;
  }

  /** Begins anew with what is still good. */
  restart(pieces: readonly Piece[]): void {
    writeFileSync(this.path, pieces.map((piece) => `${JSON.stringify(piece)}\n`).join(''));
  }

  append(piece: Piece): void {
    appendFileSync(this.path, `${JSON.stringify(piece)}\n`);
  }
}

function parsePiece(line: string): Piece | undefined {
  try {
    return pieceForm.parse(JSON.parse(line));
  } catch {
    return undefined; // cut short when its writer ended
  }
}
