// Goal: what a run leaves for people to read is whole, also when everything was killed in its middle. Method: a real run is killed with
// SIGKILL and resumed; the real TensorBoard reads what both lives wrote, `nash status --watch` sees the second one to its end.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Finished, nash, scratch, start, statusWhen, trainWords, until } from '../support/nash.js';
import { startTensorboard, tensorboardPackages } from '../support/tensorboard.js';

const RUN = 'records';
const STEPS = 400;
/** A line of metrics.jsonl: of a step, or of an evaluation with its measures. */
interface Line {
  kind: 'step' | 'evaluation';
  step: number;
  steps: { generator: number };
  lossGenerator: number;
  [measure: string]: unknown;
}
const linesOf = (name: string) =>
  readFileSync(join(scratch(RUN), name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const stepOf = (line: Line) => (line.kind === 'step' ? line.steps.generator : line.step);

let watched: Finished;
/** lines of metrics.jsonl that count: where the second life did a step again, its own */
let lines: Line[];

/** What a line says of a step replaces what earlier lines of its kind say of that step and of later ones. */
const withLine = (kept: Line[], line: Line): Line[] => [
  ...kept.filter((other) => other.kind !== line.kind || stepOf(other) < stepOf(line)),
  line,
];

beforeAll(async () => {
  const sets = { 'stop.generatorSteps': STEPS, 'evaluation.everySteps': 50, 'checkpoint.everySteps': 100 };
  const first = start(trainWords(RUN, 'configs/ring.yaml', sets));
  const alive = await statusWhen(RUN, 'some evaluations', ({ step }) => step.generator > 220);
  const server = JSON.parse(readFileSync(join(scratch(RUN), 'server.json'), 'utf8')).pid;
  for (const pid of [first.pid, server, ...alive.workers.map(({ pid }) => pid)]) process.kill(pid, 'SIGKILL');
  await first.finished;
  const second = start(trainWords(RUN, 'configs/ring.yaml', sets, ['--resume']));
  await until('the second life', () => {
    const { pid } = JSON.parse(readFileSync(join(scratch(RUN), 'server.json'), 'utf8'));
    return pid !== server || undefined;
  });
  watched = await nash('status', scratch(RUN), '--watch', '--json');
  expect((await second.finished).exitCode).toBe(0);
  lines = (linesOf('metrics.jsonl') as Line[]).reduce(withLine, []);
});

describe('the logs', () => {
  it('say run, worker, version and release in each line, by process', () => {
    const files = readdirSync(join(scratch(RUN), 'logs')).filter((name) => name.endsWith('.ndjson'));
    expect(files.sort()).toEqual(
      ['discriminator-0', 'evaluator', 'generator-0', 'server'].map((name) => `${name}.ndjson`),
    );
    for (const file of files)
      for (const line of linesOf(join('logs', file))) {
        expect(line).toMatchObject({ run: scratch(RUN), worker: file.replace('.ndjson', ''), nash: '0.1.0' });
        expect(line).toHaveProperty('version');
      }
    const last = linesOf('logs/discriminator-0.ndjson').at(-1);
    expect(last.version).toEqual({ discriminator: STEPS - 1, generator: STEPS - 1 });
  });
});

describe('nash status', () => {
  it('of a run that has ended says what came of it, and ends well', async () => {
    const { exitCode, stdout, stderr } = await nash('status', scratch(RUN));
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^done: 400 steps of D and 400 of G in .*\nmodes \d\/8.*\nfigures: .*result\.json\n$/,
    );
    const result = JSON.parse(readFileSync(join(scratch(RUN), 'result.json'), 'utf8'));
    const asked = await nash('status', scratch(RUN), '--json');
    expect([asked.exitCode, JSON.parse(asked.stdout)]).toEqual([
      0,
      { step: result.steps, waitingFor: null, workers: [], result },
    ]);
  });

  it('of one that lives says its goal, losses, accuracy, time left, and what the evaluator thinks of it', () => {
    const said = watched.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(said.at(-1).result.status).toBe('done');
    const alive = said.findLast(({ progress, evaluation }) => progress && evaluation);
    const number = expect.any(Number);
    expect(alive.progress).toMatchObject({
      generatorSteps: STEPS,
      lossGenerator: number,
      judgement: { accuracyReal: number, accuracyFake: number },
      secondsLeft: number,
    });
    const { measures, ...evaluation } = alive.evaluation;
    expect(evaluation).toEqual({ step: number, hasCollapsed: expect.any(Boolean), counted: 'modes' });
    expect(measures).toMatchObject({ gan_modes_expected: 8, gan_mode_collapse_score_ratio: number });
  });
});

describe('nash status --watch', () => {
  it('shows the run until it ends, and ends well with it', () => {
    expect(watched).toMatchObject({ exitCode: 0, stderr: '' });
    const steps = watched.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).step.generator);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
  });
});

const tools = tensorboardPackages();
const { packages } = tools as { packages: string };
if ('missing' in tools)
  it(`TensorBoard is tested (${tools.missing})`, (context) => context.skip(tools.missing));

describe.skipIf('missing' in tools)('TensorBoard', () => {
  let ask: Awaited<ReturnType<typeof startTensorboard>>;
  const series = async <T>(kind: string, tag: string): Promise<T[]> =>
    (await ask(`${kind}/${kind}?${new URLSearchParams({ run: RUN, tag, sample: '0' })}`)).json() as Promise<
      T[]
    >;

  beforeAll(async () => {
    ask = await startTensorboard(packages, scratch('.'));
    await until('both event files to be read', async () => {
      const loss = await series<[number, number, number]>('scalars', 'gan_loss/generator').catch(() => []);
      return loss.at(-1)?.[1] === STEPS || undefined;
    });
  });

  it('finds one file a life', () => {
    const files = readdirSync(scratch(RUN)).filter((name) => name.startsWith('events.out.tfevents.'));
    expect(files).toHaveLength(2);
  });

  it.each([
    ['gan_loss/generator', 'lossGenerator'],
    ['gan_loss/discriminator', 'lossDiscriminator'],
    ['gan_discriminator_accuracy_ratio/real', 'accuracyReal'],
    ['gan_value_function_nats', 'valueFunction'],
    ['gan_gradient_norm/generator', 'gradientNormGenerator'],
    ['gan_gradient_norm/discriminator', 'gradientNormDiscriminator'],
    ['images_per_second', 'imagesPerSecond'],
  ])('shows %s of every recorded step once', async (tag, key) => {
    const shown = await series<[number, number, number]>('scalars', tag);
    const recorded = lines.filter(({ kind }) => kind === 'step');
    expect(shown.map(([, step]) => step)).toEqual(recorded.map(stepOf));
    const values = recorded.map((line) => Math.fround(line[key] as number));
    expect(shown.map(([, , value]) => Math.fround(value))).toEqual(values);
  });

  it('shows every measure of every evaluation', async () => {
    const recorded = lines.filter(({ kind }) => kind === 'evaluation');
    expect(recorded.length).toBeGreaterThan(2);
    for (const tag of Object.keys(recorded[0]!).filter((name) => name.startsWith('gan_'))) {
      const shown = await series<[number, number, number]>('scalars', tag);
      expect(
        shown.map(([, step]) => step),
        tag,
      ).toEqual(recorded.map(stepOf));
      expect(Math.fround(shown.at(-1)![2])).toBe(Math.fround(recorded.at(-1)![tag] as number));
    }
  });

  it('shows every figure at its step, to the byte', async () => {
    const shown = await series<{ step: number; query: string }>('images', 'points');
    expect(shown.map(({ step }) => step)).toEqual(
      lines.filter(({ kind }) => kind === 'evaluation').map(stepOf),
    );
    const last = await ask(`images/individualImage?${shown.at(-1)!.query}`);
    const file = join(scratch(RUN), 'figures', `points-${String(STEPS).padStart(7, '0')}.png`);
    expect(Buffer.from(await last.arrayBuffer()).equals(readFileSync(file))).toBe(true);
  });
});
