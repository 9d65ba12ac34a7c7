// A file of lines that a full disk does not end a run for: what finds no room waits for some, and nothing is written behind half a line.
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';

/** Characters that wait; beyond them the oldest lines are given up. */
const WAITING_MAX = 2 ** 20;

export class LineFile {
  private waiting: string[] = [];
  private length = 0;
  /** what was written last may have been half a line: of a killed process, or on a full disk */
  private isTorn = true;

  /** @param onTrouble called for each line that finds no room when it comes */
  constructor(
    private readonly path: string,
    private readonly onTrouble: (path: string, cause: unknown) => void,
  ) {}

  /** @param line without its end */
  append(line: string): void {
    this.waiting.push(`${line}\n`);
    this.length += line.length + 1;
    while (this.length > WAITING_MAX) this.length -= this.waiting.shift()!.length;
    try {
      if (this.isTorn) dropUnfinishedLine(this.path);
      this.isTorn = true;
      appendFileSync(this.path, this.waiting.join(''));
    } catch (cause) {
      this.onTrouble(this.path, cause);
      return;
    }
    this.isTorn = false;
    this.waiting = [];
    this.length = 0;
  }
}

function dropUnfinishedLine(path: string): void {
  if (!existsSync(path)) return;
  const bytes = readFileSync(path);
  if (bytes.length > 0 && bytes.at(-1) !== 10) truncateSync(path, bytes.lastIndexOf(10) + 1);
}
