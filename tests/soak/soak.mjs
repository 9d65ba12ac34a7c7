// Runs that are killed at random, for as long as somebody wants to watch.
//   npm run soak -- --steps 20000    one long run: its weights, and the memory of each process over its steps (soak.png, slopes)
//   npm run soak -- --runs 50        fifty short ones: each has the weights of the undisturbed run
// Exit status 1 when a claim is broken.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killedRun } from './killed-run.mjs';
import { drawMemory, slopesOf } from './memory.mjs';

const { values } = parseArgs({
  options: {
    steps: { type: 'string' },
    runs: { type: 'string' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: 'runs/soak' },
  },
});

/** @param {string | undefined} text @param {string} option @returns {number | undefined} */
function count(text, option) {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  process.stderr.write(`soak: --${option} ${text}: expected a whole number above 0\n`);
  process.exit(2);
}

const seed = count(values.seed, 'seed') ?? 1;
const runs = count(values.runs, 'runs');
const steps = count(values.steps, 'steps') ?? (runs === undefined ? 20_000 : 300);
const folder = mkdtempSync(join(tmpdir(), 'nash-soak-'));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1)); // and so its run
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const env = { NASH_CACHE: join(folder, 'cache') };

/** Processes of which a run has one each. */
const ONE_OF_A_KIND = ['server', 'evaluator'];

/** Memory may grow by this much in 1,000 steps before it is called a leak: 20,000 steps would show 10 MB. */
const SLOPE_MAX = 0.5;

const say = (/** @type {string} */ line) => process.stdout.write(`${line}\n`);
const undisturbed = await killedRun({ runDir: join(folder, 'undisturbed'), steps, workers: 'any=1', env });
say(`undisturbed: ${steps} steps, weights ${undisturbed.result.weights.generator.slice(0, 16)} (G)`);
process.exitCode = (await (runs === undefined ? long() : many(runs))) ? 0 : 1;

/** @param {Awaited<ReturnType<typeof killedRun>>} ended @returns {string | undefined} what is wrong with it */
function complaint({ exitCode, trouble, result, kills, restartsMin, restartsMax }) {
  if (exitCode !== 0) return `it ended with ${exitCode}: ${trouble}`;
  if (JSON.stringify(result.weights) !== JSON.stringify(undisturbed.result.weights))
    return 'its weights differ';
  if (result.restarts < restartsMin || result.restarts > restartsMax)
    return `${result.restarts} processes were started again and ${kills.length} were killed`;
  return undefined;
}

/** @param {number} number */
async function many(number) {
  let right = 0;
  let killed = 0;
  for (let i = 0; i < number; i++) {
    const kill = { seed: seed + i, fromMs: 100, toMs: 1500 };
    const ended = await killedRun({
      runDir: join(folder, 'run'),
      steps,
      workers: 'discriminator=2,generator=2',
      env,
      kill,
    });
    const wrong = complaint(ended);
    if (wrong === undefined) right += 1;
    killed += ended.kills.length;
    const who = ended.kills.map(({ name, step }) => `${name}@${step}`).join(' ');
    say(`run ${i + 1} of ${number} (seed ${seed + i}): ${wrong ?? 'equal'}; killed: ${who || 'nobody'}`);
  }
  say(
    `${right} of ${number} runs ended with the weights of the undisturbed run; ${killed} processes were killed`,
  );
  return right === number;
}

async function long() {
  /** @type {import('./memory.mjs').Sample[]} */
  const samples = [];
  const ended = await killedRun({
    runDir: join(folder, 'run'),
    steps,
    workers: 'discriminator=2,generator=2',
    env,
    everyMs: 500,
    // server and evaluator die first and once, one worker of each pool never, so that long lives of every kind are seen too
    kill: {
      seed,
      fromMs: 8000,
      toMs: 16_000,
      spares: (name) => {
        if (ONE_OF_A_KIND.every((one) => hasDied(samples, one))) return !/-0$/.test(name);
        return !ONE_OF_A_KIND.includes(name) || hasDied(samples, name);
      },
    },
    onLook: ({ step, processes }) =>
      samples.push(...processes.map((one) => ({ ...one, step, bytes: residentBytes(one.pid) }))),
  });
  const wrong = complaint(ended);
  say(`${ended.kills.length} kills: ${ended.kills.map(({ name, step }) => `${name}@${step}`).join(' ')}`);
  say(wrong === undefined ? 'weights equal those of the undisturbed run' : `BROKEN: ${wrong}`);
  const slopes = slopesOf(samples);
  for (const { name, pid, from, to, megabytes, slope } of slopes)
    say(
      `${name} (${pid}): steps ${from} to ${to}, ${megabytes.toFixed(0)} MB, ${slope >= 0 ? '+' : ''}${slope.toFixed(3)} MB in 1,000 steps`,
    );
  mkdirSync(values.out, { recursive: true });
  writeFileSync(join(values.out, 'memory.json'), JSON.stringify(samples));
  writeFileSync(join(values.out, 'memory.png'), await drawMemory(samples));
  say(`figure: ${join(values.out, 'memory.png')}`);
  const leaks = slopes.filter(({ slope }) => slope > SLOPE_MAX);
  for (const { name, slope } of leaks)
    say(`BROKEN: the memory of ${name} grows by ${slope.toFixed(2)} MB in 1,000 steps`);
  return wrong === undefined && leaks.length === 0;
}

/** @param {import('./memory.mjs').Sample[]} samples @param {string} name */
function hasDied(samples, name) {
  return new Set(samples.filter((one) => one.name === name).map((one) => one.pid)).size > 1;
}

/** @param {number} pid */
function residentBytes(pid) {
  try {
    return (
      1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN)
    );
  } catch {
    return Number.NaN; // it has just been killed
  }
}
