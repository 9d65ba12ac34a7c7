// Goal: what is saved when, tried: each way in which a run may end, in each phase, and the table of docs/what-is-saved.md made of what
// was seen. Checkpoints of the rule are far apart here, so that what is saved was saved for the end.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { livingAddress } from '../../src/run-folder/server-address.js';
import {
  isAlive,
  nash,
  resultOf,
  scratch,
  slowDisk,
  start,
  statusWhen,
  trainWords,
  until,
  workersOnly,
} from '../support/nash.js';

const RING = 'configs/ring.yaml';
const RULE = 200;
const SETS = { 'minibatch.size': 16, 'stop.generatorSteps': 1_000_000, 'checkpoint.everySteps': RULE };
const DOC = 'docs/what-is-saved.md';

type Run = ReturnType<typeof start>;
interface Trial {
  name: string;
  run: Run;
  /** the process of the server */
  server: number;
  /** whole rounds that were seen before the end */
  seen: number;
}

const launched = (name: string, env = {}) =>
  start(trainWords(name, RING, SETS, workersOnly('any=1')), { env });
const serverOf = (name: string) => livingAddress(scratch(name))!.pid;
const stepsBeyond = (name: string, step: number) =>
  statusWhen(name, `step ${step}`, (status) => status.step.generator > step);
/** The same, and the rule's first checkpoint is there, which takes its time on a busy machine. */
async function stepsBeyondFirst(name: string) {
  await until('the first checkpoint', () => newest(name) >= RULE || undefined);
  return stepsBeyond(name, RULE + 20);
}

/** Phases, each with how to get there. */
const PHASES: Record<string, (name: string) => Promise<Trial>> = {
  'it steps': async (name) => {
    const run = launched(name);
    const { step } = await stepsBeyondFirst(name);
    return { name, run, server: serverOf(name), seen: step.generator };
  },
  'it waits for a worker': async (name) => {
    const words = trainWords(name, RING, SETS).slice(1);
    const run = start(['server', ...words]);
    await until('the server', () => livingAddress(scratch(name)));
    const worker = start(['worker', '--run-dir', scratch(name), '--pool', 'any']);
    await stepsBeyondFirst(name);
    process.kill(worker.pid, 'SIGKILL');
    const { step } = await statusWhen(name, 'a wait', ({ waitingFor }) =>
      /no worker serves|workers for/.test(waitingFor ?? ''),
    );
    return { name, run, server: serverOf(name), seen: step.generator };
  },
  'a checkpoint is being written': async (name) => {
    const run = launched(name, slowDisk); // a fifth of a second for each write
    const { step } = await stepsBeyond(name, RULE + 1);
    return { name, run, server: serverOf(name), seen: step.generator };
  },
};

/** Ends, each with what it does. */
const ENDS: Record<string, (trial: Trial) => unknown> = {
  '`nash stop`': ({ name }) => nash('stop', scratch(name)),
  'SIGTERM, SIGINT (Ctrl-C)': ({ run }) => process.kill(run.pid, 'SIGTERM'),
  'SIGHUP: the terminal is closed': ({ run }) => process.kill(run.pid, 'SIGHUP'),
  'the launcher is killed': ({ run }) => process.kill(run.pid, 'SIGKILL'),
  'the server is killed, or its machine dies': ({ run, server }) => {
    process.kill(run.pid, 'SIGKILL');
    process.kill(server, 'SIGKILL');
  },
};
const WITHOUT_LAUNCHER = 'the launcher is killed';

/** Files of checkpoints; the first one makes their folder. */
function filesOf(name: string): string[] {
  const folder = join(scratch(name), 'checkpoints');
  return existsSync(folder) ? readdirSync(folder) : [];
}
const newest = (name: string) =>
  Math.max(
    0,
    ...filesOf(name).flatMap((file) => /^step-(\d+)\.safetensors$/.exec(file)?.slice(1).map(Number) ?? []),
  );
const WHOLE = 'the last whole round';
const LAST = 'the last checkpoint';

const table = new Map<string, Map<string, string>>();
const note = (end: string, phase: string, cell: string) => {
  if (!table.has(end)) table.set(end, new Map());
  table.get(end)!.set(phase, cell);
};

describe.each(Object.keys(PHASES))('while %s', (phase) => {
  it.each(Object.keys(ENDS))('%s', async (end) => {
    if (end === WITHOUT_LAUNCHER && phase === 'it waits for a worker') return note(end, phase, '-');
    const trial = await PHASES[phase]!(
      `${Object.keys(PHASES).indexOf(phase)}-${Object.keys(ENDS).indexOf(end)}`,
    );
    const { name, run, server, seen } = trial;
    await ENDS[end]!(trial);
    const { exitCode } = await run.finished;
    await until('the end of the server', () => !isAlive(server) || undefined);
    const saved = newest(name);
    note(end, phase, saved >= seen ? WHOLE : LAST);
    expect(filesOf(name).filter((file) => file.endsWith('.partial')).length === 0 || /killed/.test(end)).toBe(
      true,
    );
    if (/server is killed/.test(end)) {
      expect(saved).toBeGreaterThanOrEqual(phase === 'a checkpoint is being written' ? 0 : RULE);
      return;
    }
    expect(saved).toBeGreaterThanOrEqual(seen);
    expect(resultOf(name)).toMatchObject({
      status: 'stopped',
      savedStep: saved,
      steps: { generator: saved },
    });
    expect(existsSync(join(scratch(name), 'server.json'))).toBe(false);
    if (end !== WITHOUT_LAUNCHER) expect(exitCode).toBe(75);
  });
});

afterAll(() => {
  const phases = Object.keys(PHASES);
  if (
    [...table.values()].reduce((cells, row) => cells + row.size, 0) <
    phases.length * Object.keys(ENDS).length
  )
    return;
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const made = [
    line(['what happens', ...phases.map((phase) => `while ${phase}`)]),
    line(['---', ...phases.map(() => '---')]),
    ...Object.keys(ENDS).map((end) => line([end, ...phases.map((phase) => table.get(end)!.get(phase)!)])),
  ].join('\n');
  expect(readFileSync(DOC, 'utf8'), `${DOC} is to hold\n${made}\n`).toContain(made);
});
