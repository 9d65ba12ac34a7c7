// A contestant is a child process that stays alive and, asked for "count iterations of a task", answers with the milliseconds that
// each took. So contestants can be taken in turns, whatever language they are written in.
// On its stdin: one line of JSON a request, { task, count }. On its stdout: one line a reply, { ms: [...], ...facts } or { error }.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** @typedef {{ ms: number[], [fact: string]: unknown }} Reply */

/** What a contestant may take to load, compile, warm up and run one request. */
const PATIENCE_MS = 300_000;

export class Contestant {
  /**
   * @param {string} command
   * @param {readonly string[]} args
   * @param {NodeJS.ProcessEnv} [env] added to this process's own
   */
  constructor(command, args, env = {}) {
    this.name = args.join(' ');
    this.child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    /** @type {((line: string | undefined) => void)[]} */
    this.waiting = [];
    const lines = createInterface({ input: this.child.stdout });
    lines.on('line', (line) => this.waiting.shift()?.(line));
    this.child.on('error', () => this.end());
    this.child.on('exit', () => this.end());
    this.child.stdin.on('error', () => {}); // a child that died is noticed by its exit
  }

  /**
   * @param {string} task
   * @param {number} count iterations
   * @returns {Promise<Reply>}
   */
  async run(task, count) {
    const line = await this.ask(JSON.stringify({ task, count }));
    if (line === undefined) throw new Error(`${this.name} ended during ${task}`);
    const reply = JSON.parse(line);
    if (reply.error) throw new Error(`${this.name}, ${task}: ${reply.error}`);
    return reply;
  }

  stop() {
    this.child.stdin.end();
    this.child.kill();
  }

  /**
   * @param {string} request
   * @returns {Promise<string | undefined>} undefined where the child has ended
   */
  ask(request) {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.child.kill(), PATIENCE_MS);
      this.waiting.push((line) => {
        clearTimeout(timer);
        resolve(line);
      });
      this.child.stdin.write(`${request}\n`);
    });
  }

  end() {
    for (const resolve of this.waiting.splice(0)) resolve(undefined);
  }
}

/**
 * A task that is ready and warmed up: `iterate` does one iteration; where a contestant times iterations itself, `many` does `count`
 * and returns the milliseconds.
 * @typedef {{ iterate?: () => unknown, many?: (count: number) => Promise<number[]>, facts?: object }} Task
 */

/** @param {Task} task @param {number} count @returns {Promise<number[]>} */
async function timesOf({ iterate, many }, count) {
  if (many) return many(count);
  const ms = [];
  for (let i = 0; i < count; i++) {
    const started = performance.now();
    await iterate?.();
    ms.push(performance.now() - started);
  }
  return ms;
}

/**
 * The other side, for contestants in JavaScript: answers requests until stdin ends.
 * @param {(name: string) => Promise<Task>} prepare makes a task, once
 */
export async function serveTasks(prepare) {
  /** @type {Map<string, Task>} */
  const ready = new Map();
  for await (const line of createInterface({ input: process.stdin })) {
    const { task: name, count } = JSON.parse(line);
    try {
      const task = ready.get(name) ?? (await prepare(name));
      ready.set(name, task);
      process.stdout.write(`${JSON.stringify({ ms: await timesOf(task, count), ...task.facts })}\n`);
    } catch (error) {
      process.stdout.write(
        `${JSON.stringify({ error: error instanceof Error ? error.message : String(error) })}\n`,
      );
    }
  }
}
