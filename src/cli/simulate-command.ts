// `nash simulate`: the protocol under every fault that a seed can think of, in virtual time.
import { Command, Option } from 'commander';
import { EXIT, NashError } from '../errors.js';
import { PLANTED_BUGS, type PlantedBug } from '../simulation/planted-bugs.js';
import { type Outcome, simulate } from '../simulation/simulate.js';
import type { CommandMaker } from './main.js';
import { wholeNumber } from './sample-command.js';

interface SimulateArguments {
  seeds?: number;
  seed?: number;
  plant?: PlantedBug;
}

const SEEDS = 1000;
/** Violations shown, and time between two lines that say how far it is. */
const SHOWN_MAX = 10;
const SAY_MS = 5000;

export const simulateCommand: CommandMaker = (finish) =>
  new Command('simulate')
    .description('run the protocol against crashes, hangs, lies and lost messages, in virtual time')
    .option('--seeds <n>', `how many runs, from seed 0 on (default: ${SEEDS})`, wholeNumber(1, 10_000_000))
    .option('--seed <n>', 'one run, with a transcript of every message and decision', wholeNumber(0, 2 ** 31))
    .addOption(new Option('--plant <bug>', 'plant a mistake, to see that it is found').choices(PLANTED_BUGS))
    .addHelpText('after', '\nExample:\n  npx nash simulate --seeds 1000\n  npx nash simulate --seed 7')
    .action((args: SimulateArguments) => finish(run(args)));

function run({ seeds = SEEDS, seed, plant }: SimulateArguments): number {
  const bug = plant === undefined ? {} : { bug: plant };
  if (seed !== undefined) return replay(seed, bug);
  const sum = { events: 0, server: 0, worker: 0, broken: 0, done: 0 };
  const startedMs = performance.now();
  let saidMs = startedMs;
  for (let each = 0; each < seeds; each++) {
    const outcome = simulate({ seed: each, ...bug });
    sum.events += outcome.events;
    sum.server += outcome.crashes.server;
    sum.worker += outcome.crashes.worker;
    if (outcome.violations.length === 0 && outcome.end === 'done') sum.done += 1;
    if (outcome.violations.length > 0 && ++sum.broken <= SHOWN_MAX) complain(outcome, plant);
    if (performance.now() - saidMs < SAY_MS) continue;
    saidMs = performance.now();
    process.stderr.write(`${each + 1} of ${seeds} seeds\n`);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  process.stdout.write(
    `${seeds} seeds, ${sum.events.toLocaleString('en')} events, ${sum.server.toLocaleString('en')} crashes of the server and ` +
      `${sum.worker.toLocaleString('en')} of workers in ${seconds.toFixed(1)} s: ${sum.done} runs ended with the weights of an undisturbed run, ` +
      `${seeds - sum.done - sum.broken} stopped with a reason, ${sum.broken} broke a claim\n`,
  );
  return sum.broken === 0 ? EXIT.done : EXIT.failed;
}

function complain({ seed, violations }: Outcome, plant: string | undefined): void {
  const again = `npx nash simulate --seed ${seed}${plant === undefined ? '' : ` --plant '${plant}'`}`;
  process.stdout.write(`seed ${seed}: ${violations[0]}\n  replay: ${again}\n`);
}

function replay(seed: number, bug: { bug?: PlantedBug }): number {
  const outcome = simulate({ seed, ...bug, transcript: (line) => process.stdout.write(`${line}\n`) });
  const { end, violations, scenario, seconds, events } = outcome;
  process.stdout.write(`scenario: ${JSON.stringify(scenario)}\n`);
  process.stdout.write(`end: ${end} after ${seconds.toFixed(1)} virtual seconds and ${events} events\n`);
  if (violations.length === 0) return EXIT.done;
  throw new NashError('failed', `seed ${seed} breaks ${violations.length} claims: ${violations.join('; ')}`);
}
