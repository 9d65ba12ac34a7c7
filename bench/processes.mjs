// A run's real processes, started one by one and ended together, and what its server's pages say.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const NASH = fileURLToPath(new URL('../bin/nash', import.meta.url));
const PATIENCE_MS = 180_000;

/** /proc counts CPU in hundredths of a second. */
const TICKS_PER_SECOND = 100;

/** Seconds of CPU that processes have used, all their threads together. @param {import('node:child_process').ChildProcess[]} children */
export function cpuSeconds(children) {
  const ticks = children.map(({ pid }) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, count) => sum + count, 0) / TICKS_PER_SECOND;
}

export class Processes {
  /**
   * @param {string} folder of the bench
   * @param {object} config
   * @param {Record<string, string>} [env] added to this process's own
   */
  constructor(folder, config, env = {}) {
    this.env = { ...process.env, ...env };
    this.runDir = mkdtempSync(join(folder, 'run-'));
    rmSync(this.runDir, { recursive: true });
    this.config = `${this.runDir}.yaml`;
    writeFileSync(this.config, JSON.stringify(config)); // JSON is YAML
    /** @type {import('node:child_process').ChildProcess[]} */
    this.children = [];
    this.http = '';
    this.trouble = '';
    this.isOver = false;
    this.ended = Promise.resolve();
  }

  /** @param {string[]} words of `nash` @param {string | undefined} cores that it may use, as taskset has them */
  start(words, cores = undefined) {
    const [command = '', ...args] = [
      ...(cores ? ['taskset', '-c', cores] : []),
      process.execPath,
      NASH,
      ...words,
    ];
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: this.env });
    child.stderr.on('data', (text) => {
      this.trouble += text;
    });
    this.children.push(child);
    return child;
  }

  /** Starts the server and waits until it listens. @param {string[]} words more of them @param {string} [cores] */
  async serve(words = [], cores = undefined) {
    const server = this.start(['server', this.config, '--run-dir', this.runDir, ...words], cores);
    this.ended = new Promise((resolve) => server.once('exit', () => resolve(undefined)));
    void this.ended.then(() => {
      this.isOver = true;
    });
    const path = join(this.runDir, 'server.json');
    for (let waited = 0; waited < PATIENCE_MS; waited += 50) {
      if (server.exitCode !== null) throw this.failure();
      if (existsSync(path)) {
        this.http = JSON.parse(readFileSync(path, 'utf8')).http;
        return server;
      }
      await wait(50);
    }
    throw new Error('the server did not come up');
  }

  /** @param {string} pool @param {string[]} words more of them @param {string} [cores] */
  work(pool, words = [], cores = undefined) {
    return this.start(['worker', '--pool', pool, '--run-dir', this.runDir, ...words], cores);
  }

  /** Every sample of the server's metrics page, by name and labels, but for the run's. @returns {Promise<Map<string, number>>} */
  async scrape() {
    const text = await (await fetch(`http://${this.http}/metrics`)).text();
    const samples = text.split('\n').filter((line) => line && !line.startsWith('#'));
    return new Map(
      samples.map((line) => [
        line
          .slice(0, line.lastIndexOf(' '))
          .replace(/,?run="[^"]*"/, '')
          .replace('{}', ''),
        Number(line.slice(line.lastIndexOf(' ') + 1)),
      ]),
    );
  }

  /** Scrapes until G has done this many steps. @param {number} steps */
  async after(steps) {
    for (let waited = 0; waited < PATIENCE_MS; waited += 20) {
      if (this.isOver) throw this.failure();
      const seen = await this.scrape();
      if ((seen.get('gan_steps_total{net="generator"}') ?? 0) >= steps) return seen;
      await wait(20);
    }
    throw new Error(`the run did not reach step ${steps} in ${PATIENCE_MS / 1000} s: ${this.trouble}`);
  }

  /** Lines of metrics.jsonl. @returns {Record<string, any>[]} */
  records() {
    const path = join(this.runDir, 'metrics.jsonl');
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
    return lines.map((line) => JSON.parse(line));
  }

  failure() {
    return new Error(`the server left with ${this.children[0]?.exitCode}: ${this.trouble}`);
  }

  kill() {
    for (const child of this.children) child.kill('SIGKILL');
  }
}
