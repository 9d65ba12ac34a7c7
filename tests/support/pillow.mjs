// Pillow as an oracle: one process of Python that reads picture after picture.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** @typedef {{ width: number, height: number, rgb: Buffer } | { error: string }} Reading */

const SCRIPT = fileURLToPath(new URL('pillow.py', import.meta.url));

export class Pillow {
  #process = spawn(process.env.NASH_PYTHON || 'python3', [SCRIPT], { stdio: ['pipe', 'pipe', 'ignore'] });
  #chunks = this.#process.stdout[Symbol.asyncIterator]();
  /** @type {Buffer[]} */
  #parts = [];

  /** @param {string} path @returns {Promise<Reading>} */
  async read(path) {
    this.#process.stdin.write(`${path}\n`);
    const answer = JSON.parse((await this.#upTo((bytes) => bytes.indexOf(10))).toString());
    if ('error' in answer) return answer;
    const bytes = answer.width * answer.height * 3;
    return { ...answer, rgb: await this.#upTo((all) => (all.length >= bytes ? bytes : -1), 0) };
  }

  close() {
    this.#process.stdin.end();
  }

  /** @param {(bytes: Buffer) => number} endIn -1: not yet @param {number} [separator] bytes that are dropped behind the end */
  async #upTo(endIn, separator = 1) {
    for (;;) {
      const all =
        this.#parts.length === 1 ? /** @type {Buffer} */ (this.#parts[0]) : Buffer.concat(this.#parts);
      this.#parts = [all];
      const end = endIn(all);
      if (end >= 0) {
        this.#parts = [all.subarray(end + separator)];
        return all.subarray(0, end);
      }
      const { value, done } = await this.#chunks.next();
      if (done) throw new Error('Python ended: has it pillow and numpy? NASH_PYTHON names another');
      this.#parts.push(value);
    }
  }
}

/**
 * How far two readings of a picture are apart.
 * @param {{ width: number, height: number, rgb: Uint8Array }} ours
 * @param {{ width: number, height: number, rgb: Uint8Array }} theirs
 * @returns {number} mean absolute difference of a byte, infinite where the sizes differ
 */
export function apart(ours, theirs) {
  if (ours.width !== theirs.width || ours.height !== theirs.height) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let i = 0; i < ours.rgb.length; i++)
    sum += Math.abs(/** @type {number} */ (ours.rgb[i]) - /** @type {number} */ (theirs.rgb[i]));
  return sum / ours.rgb.length;
}
