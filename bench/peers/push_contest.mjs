// One push of 11 MB, sum and pull: a server process and up to four worker processes over a local socket. Two servers take part:
// a naive one (the comparison that the project began with) and Nash's own parts. Task: "push 4", the number of workers.
// Usage: push_contest.mjs naive | nash
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serveTasks } from '../contestant.mjs';

const WORKERS_MAX = 4;

/**
 * What takes part: a server that is told how many workers the next rounds have, and a worker that pushes and waits for the sum.
 * @typedef {{
 *   serve: (endpoint: string) => Promise<(workers: number) => unknown>,
 *   connect: (endpoint: string) => Promise<() => Promise<unknown>>,
 * }} Implementation
 */

/** @param {string} name @returns {Promise<Implementation>} */
const implementationOf = (name) => import(`./push_${name}.mjs`);

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {object} [message]
 * @returns {Promise<any>} its next message
 */
function answerOf(child, message) {
  const answer = new Promise((resolve, reject) => {
    const leave = (/** @type {number | null} */ code) =>
      reject(new Error(`a process of the contest left with ${code}`));
    child.once('exit', leave);
    child.once('message', (reply) => {
      child.off('exit', leave);
      resolve(reply);
    });
  });
  if (message) child.send(message);
  return answer;
}

/** @param {string} name */
async function lead(name) {
  const folder = mkdtempSync(join(tmpdir(), 'nash-bench-')); // private, as Nash wants it
  const endpoint = `ipc://${folder}/socket`;
  const start = (/** @type {string[]} */ ...args) =>
    fork(fileURLToPath(import.meta.url), [name, ...args], { stdio: ['ignore', 2, 2, 'ipc'] });
  const server = start('server', endpoint);
  await answerOf(server);
  const workers = Array.from({ length: WORKERS_MAX }, () => start('worker', endpoint));
  await Promise.all(workers.map((worker) => answerOf(worker)));
  const rounds = async (/** @type {number} */ count, /** @type {number} */ active) => {
    await answerOf(server, { workers: active });
    const replies = await Promise.all(workers.slice(0, active).map((worker) => answerOf(worker, { count })));
    return /** @type {number[]} */ (replies.flatMap(({ ms }) => ms));
  };
  await serveTasks(async (task) => {
    const active = Number(task.split(' ')[1]);
    await rounds(5, active);
    return { many: (count) => rounds(count, active) };
  });
  for (const child of [server, ...workers]) child.kill();
  rmSync(folder, { recursive: true });
}

/** @param {string} name @param {string} endpoint */
async function server(name, endpoint) {
  const expect = await (await implementationOf(name)).serve(endpoint);
  process.on('message', async (/** @type {{ workers: number }} */ { workers }) => {
    await expect(workers);
    process.send?.({ ready: true });
  });
  process.send?.({ ready: true });
}

/** @param {string} name @param {string} endpoint */
async function worker(name, endpoint) {
  const pushAndPull = await (await implementationOf(name)).connect(endpoint);
  process.on('message', async (/** @type {{ count: number }} */ { count }) => {
    const ms = [];
    for (let i = 0; i < count; i++) {
      const started = performance.now();
      await pushAndPull();
      ms.push(performance.now() - started);
    }
    process.send?.({ ms });
  });
  process.send?.({ ready: true });
}

const [name = '', role, endpoint = ''] = process.argv.slice(2);
if (role !== undefined) process.on('disconnect', () => process.exit());
if (role === 'server') await server(name, endpoint);
else if (role === 'worker') await worker(name, endpoint);
else {
  await lead(name);
  process.exit();
}
