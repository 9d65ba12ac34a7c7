// Child processes of set-up: run to the end, output kept, and ended with us.
import { spawn } from 'node:child_process';

/** Of what a child prints, the last bytes are kept. */
const outputBytesMax = 64 * 1024;

/**
 * @typedef {object} Finished
 * @property {boolean} missing there is no such program
 * @property {number | null} status
 * @property {string} stdout the last 64 KiB
 * @property {string} stderr the last 64 KiB
 */

/**
 * Runs a program and waits for its end. Never throws for a bad exit status.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, input?: string, onLine?: (line: string) => void, timeoutMs?: number }} [given]
 * @returns {Promise<Finished>}
 */
export function run(program, args, { cwd, env = process.env, input, onLine, timeoutMs } = {}) {
  return new Promise((settle, fail) => {
    const child = spawn(program, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'], timeout: timeoutMs });
    const stop = () => child.kill('SIGTERM');
    process.once('exit', stop);
    const kept = { stdout: '', stderr: '' };
    for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
      let rest = '';
      child[name].setEncoding('utf8').on('data', (text) => {
        kept[name] = (kept[name] + text).slice(-outputBytesMax);
        if (!onLine) return;
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) onLine(line);
      });
    }
    child.stdin.on('error', () => {}); // a child that ends without reading its input says so by its status
    child.stdin.end(input);
    child.once('error', (error) => {
      process.removeListener('exit', stop);
      if ('code' in error && (error.code === 'ENOENT' || error.code === 'EACCES'))
        settle({ missing: true, status: null, ...kept });
      else fail(error);
    });
    child.once('close', (status) => {
      process.removeListener('exit', stop);
      settle({ missing: false, status, ...kept });
    });
  });
}

/**
 * The last lines of what a program printed that a person should see.
 * @param {Finished} finished
 * @param {number} [count]
 */
export function lastLines({ stdout, stderr }, count = 8) {
  const text = stderr.trim() || stdout.trim() || '(it printed nothing)';
  return text.split('\n').slice(-count).join('\n    ');
}
