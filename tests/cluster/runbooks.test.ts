// Goal: what a runbook tells people to type does what it says. Method: the commands of the alerts, taken from their file and typed at a
// run that is in the state for which they are meant: one that nobody works for, one that trains, and one that was stopped.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { flat, nashCommandsIn } from '../support/commands.js';
import {
  nash,
  type Running,
  resultOf,
  scratch,
  start,
  statusWhen,
  trainWords,
  workersOnly,
} from '../support/nash.js';

const ALERTS = 'cluster/observability/rules/alerts.yml';
const CONFIG = 'configs/ring.yaml';
const RUN = scratch('run');
const NETS = ['discriminator', 'generator'];

/** A command as it is typed, once for each net where it is of one. */
const typed = (command: string): string[][] =>
  (command.includes('$labels.net') ? NETS : ['']).map((net) =>
    command
      .replace(/{{ \$labels\.net }}/, net)
      .split(' ')
      .map((word) => ({ RUN_DIR: RUN, CONFIG })[word] ?? word),
  );
const commands = [...new Set(nashCommandsIn(ALERTS))];
const of = (name: string) =>
  commands.filter((command) => command.split(' ')[0] === name && command !== name).flatMap(typed);
/** Settings that `--resume RUN_DIR` is told beside another command, as in "or `--amend x=y`". */
const amends = [...new Set([...flat(ALERTS).matchAll(/--amend [\w.]+=[\w.-]+/g)].map(([words]) => words))];

it('knows what to do with each of them', () => {
  const names = commands.map((command) => command.split(' ')[0]!);
  expect([...new Set(names)].sort()).toEqual(['evaluator', 'status', 'stop', 'train', 'worker']);
});

it('a run comes to its workers and its evaluator, says how it is, stops, and goes on with what is amended', async () => {
  const sets = { 'stop.generatorSteps': 1_000_000, 'loss.name': 'minimax' };
  const server = start(['server', ...trainWords('run', CONFIG, sets, ['--expect-evaluator']).slice(1)]);
  await statusWhen('run', 'the server', () => true);
  const started: Running[] = [...of('worker'), ...of('evaluator')].map((words) => start(words));
  expect(started).toHaveLength(3);
  await statusWhen(
    'run',
    'steps, and everybody at work',
    ({ step, workers }) =>
      step.generator > 10 && workers.length === 3 && workers.every(({ state }) => state !== 'preparing'),
  );
  for (const words of of('status')) expect((await nash(...words)).exitCode).toBe(0);
  expect((await nash('stop', RUN)).exitCode).toBe(0);
  expect((await server.finished).exitCode).toBe(75);
  for (const each of started) await each.finished;

  const trains = of('train');
  for (const amend of amends)
    if (!trains.some((words) => words.join(' ').endsWith(amend)))
      trains.push(['train', '--resume', RUN, ...amend.split(' ')]);
  expect(trains.length).toBeGreaterThan(amends.length);
  for (const words of trains) {
    const goal = resultOf('run').steps.generator + 3;
    const here = words.includes(CONFIG) ? ['--run-dir', RUN] : [];
    const rest = [
      ...here,
      ...workersOnly('discriminator=1,generator=1'),
      '--set',
      `stop.generatorSteps=${goal}`,
    ];
    const { exitCode, stderr } = await nash(
      ...words.map((word) => (word === 'STEP' ? 'latest' : word)),
      ...rest,
    );
    expect([words.join(' '), exitCode, stderr]).toEqual([words.join(' '), 0, expect.anything()]);
    expect(resultOf('run').steps.generator).toBe(goal);
  }
  const rows = readFileSync(join(RUN, 'metrics.jsonl'), 'utf8');
  expect(rows.match(/"kind":"resumed"[^}]*"changes":/g)?.length).toBe(amends.length);
});
