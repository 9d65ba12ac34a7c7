// A real run of a small net in real processes, of which a seed kills some: workers, the evaluator, the server.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { RandomStream, seedOf } from '../../dist/numerics/random.js';

const NASH = fileURLToPath(new URL('../../bin/nash', import.meta.url));
const CONFIG = fileURLToPath(new URL('../../configs/ring.yaml', import.meta.url));
const SMALL = {
  'server.http': '127.0.0.1:0',
  'minibatch.size': 32,
  'model.generator.hidden': '[16]',
  'model.discriminator.hidden': '[16]',
  'checkpoint.everySteps': 50,
  'evaluation.everySteps': 200,
};

/** A server that dies ten times without the run getting any further ends it: that is another claim, and another test. */
const SERVER_DEATHS = 5;

/** @typedef {{ name: string, pid: number }} Process */
/** @typedef {{ step: number, processes: Process[] }} Look what a run is doing now */
/** @typedef {{ name: string, step: number, pid: number, isBack: boolean }} Kill `isBack`: it was seen again */
/**
 * @typedef {{
 *   exitCode: number, trouble: string, kills: Kill[], restartsMin: number, restartsMax: number,
 *   result: { weights: { discriminator: string, generator: string }, restarts: number, steps: object },
 * }} Ended
 */

/**
 * Trains in `runDir`.
 * @param {{
 *   runDir: string, steps: number, workers: string, env?: Record<string, string>,
 *   kill?: { seed: number, fromMs: number, toMs: number, countMax?: number, spares?: (name: string) => boolean },
 *   onLook?: (look: Look) => void, everyMs?: number,
 * }} options `kill`: a random process dies after a random time, again and again or `countMax` times; `spares`: those that live
 * @returns {Promise<Ended>}
 */
export async function killedRun({ runDir, steps, workers, env = {}, kill, onLook, everyMs = 50 }) {
  const sets = Object.entries({ ...SMALL, 'stop.generatorSteps': steps }).flatMap(([key, value]) => [
    '--set',
    `${key}=${value}`,
  ]);
  const words = ['train', CONFIG, '--run-dir', runDir, '--force', '--workers', workers, ...sets];
  const child = spawn(process.execPath, [NASH, ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  const endWithUs = () => child.kill();
  process.once('exit', endWithUs);
  let trouble = '';
  child.stderr.on('data', (text) => {
    trouble += text;
  });
  /** @type {number | undefined} */
  let exitCode;
  const ended = new Promise((done) => {
    child.once('close', (code) => {
      exitCode = code ?? 1;
      done(undefined);
    });
  });
  /** @type {Kill[]} */
  const kills = [];
  const random = new RandomStream(seedOf('kills', kill?.seed ?? 0));
  const pause = () =>
    kill ? kill.fromMs + (kill.toMs - kill.fromMs) * random.uniform() : Number.POSITIVE_INFINITY;
  let nextMs = performance.now() + pause();
  let [furthest, serverDeaths] = [0, 0];
  while (exitCode === undefined) {
    const look = await lookAt(runDir);
    if (look) onLook?.(look);
    for (const { name, pid } of look?.processes ?? [])
      for (const kill of kills) if (kill.name === name && kill.pid !== pid) kill.isBack = true;
    if (look && look.step > furthest) [furthest, serverDeaths] = [look.step, 0];
    const lives = (/** @type {string} */ name) =>
      kill?.spares?.(name) || (name === 'server' && serverDeaths >= SERVER_DEATHS);
    const isSated = kills.length >= (kill?.countMax ?? Number.POSITIVE_INFINITY);
    const victims = isSated ? [] : (look?.processes.filter(({ name }) => !lives(name)) ?? []);
    if (look && look.step > 0 && look.step < steps && victims.length > 0 && performance.now() > nextMs) {
      const victim = /** @type {Process} */ (victims[random.below(victims.length)]);
      if (end(victim.pid)) kills.push({ ...victim, step: look.step, isBack: false });
      if (victim.name === 'server') serverDeaths += 1;
      nextMs = performance.now() + pause();
    }
    await Promise.race([ended, wait(everyMs)]);
  }
  process.off('exit', endWithUs);
  // what was killed last may have been needed no more
  const restartsMin = kills.filter(({ isBack }) => isBack).length;
  const restartsMax = kills.length + takenForHung(runDir);
  return { exitCode, trouble, kills, restartsMin, restartsMax, result: resultOf(runDir) };
}

/** What the run came to; a run that died has nothing to say. @param {string} runDir */
function resultOf(runDir) {
  const file = join(runDir, 'result.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  return { weights: { discriminator: '', generator: '' }, restarts: 0, steps: {} };
}

/** Workers that the server ended itself: on a machine with too much to do one may be silent for long. @param {string} runDir */
function takenForHung(runDir) {
  const file = join(runDir, 'logs', 'server.ndjson');
  if (!existsSync(file)) return 0;
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /"msg":"worker gone"/.test(line) && /"why":"(hung|stopped)"/.test(line)).length;
}

/** Kills a process. @param {number} pid @returns {boolean} false where it was gone already */
function end(pid) {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

/** Asks the server. @param {string} runDir @returns {Promise<Look | undefined>} undefined while there is none */
async function lookAt(runDir) {
  try {
    const server = JSON.parse(readFileSync(join(runDir, 'server.json'), 'utf8'));
    const answer = await fetch(`http://${server.http}/status`, { signal: AbortSignal.timeout(2000) });
    const { step, workers } = await answer.json();
    const others = workers.map((/** @type {{ id: string, pid: number }} */ { id, pid }) => ({
      name: id,
      pid,
    }));
    return { step: step.generator, processes: [{ name: 'server', pid: server.pid }, ...others] };
  } catch {
    return undefined; // it is starting, has just been killed, or has ended
  }
}
