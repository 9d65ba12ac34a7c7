// Whatever crashes, hangs or lies: the weights of the undisturbed run, or one clear reason. Real processes, real signals; a worker that
// computes wrongly is a real worker with one function replaced (tests/support/faulty-worker.mjs).
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  faulty,
  nash,
  resultOf,
  scratch,
  slowDisk,
  start,
  statusWhen,
  trainWords,
  workersOnly,
} from '../support/nash.js';

const STEPS = 120;
const SMALL = {
  'minibatch.size': 32,
  'model.generator.hidden': '[16]',
  'model.discriminator.hidden': '[16]',
  'stop.generatorSteps': STEPS,
  'checkpoint.everySteps': 20,
};

type Sets = Record<string, string | number>;

/** Without an evaluator. */
const words = (name: string, workers: string, sets: Sets = {}) =>
  trainWords(name, 'configs/ring.yaml', { ...SMALL, ...sets }, workersOnly(workers));
const evaluatedWords = (name: string, sets: Sets) =>
  trainWords(name, 'configs/ring.yaml', { ...SMALL, ...sets }, ['--workers', 'any=1']);

const logOf = (name: string): Record<string, unknown>[] =>
  readFileSync(join(scratch(name), 'logs', 'server.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const linesOf = (name: string): Record<string, unknown>[] =>
  readFileSync(join(scratch(name), 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const metricOf = (name: string, key: string) => resultOf(name).metrics[key];

let undisturbed: object;
beforeAll(async () => {
  expect((await nash(...words('undisturbed', 'discriminator=1,generator=1'))).exitCode).toBe(0);
  undisturbed = resultOf('undisturbed').weights;
});

/** Trains with so many D workers and one more that has a fault; G's comes last, so that all of them are there for what it waits for. */
async function trainWith(kind: string, name: string, discriminators: number, sets = {}) {
  const run = start(words(name, `discriminator=${discriminators},generator=0`, sets));
  const isThere = (id: string) =>
    statusWhen(name, id, ({ workers }) =>
      workers.some((worker) => worker.id === id && worker.state !== 'preparing'),
    );
  await isThere('discriminator-0');
  const join = (pool: string, id: string, env = {}) =>
    start(['worker', '--pool', pool, '--run-dir', scratch(name), '--name', id], { env });
  const wrongdoer = join('discriminator', 'wrongdoer', faulty(kind));
  await isThere('wrongdoer');
  const last = join('generator', 'last');
  const ends = await Promise.all([run.finished, wrongdoer.finished, last.finished]);
  return { exitCodes: ends.map(({ exitCode }) => exitCode), said: ends[1].stderr };
}

describe('a worker that computes wrongly', () => {
  it('is found by tasks computed twice, named, sent away with 3, and leaves no trace in the weights', async () => {
    const name = 'wrong';
    const { exitCodes, said } = await trainWith('wrong', name, 2, { 'verify.fraction': 1 });
    expect([exitCodes, said]).toEqual([[0, 3, 0], expect.any(String)]);
    expect(said).toMatch(
      /^nash: the server refused this worker \(corrupt\): its answer to shards of step \d+/m,
    );
    expect(metricOf(name, 'gan_workers_quarantined_total{pool="discriminator"}')).toBe(1);
    expect(metricOf(name, 'gan_answers_disagreed_total{net="discriminator"}')).toBeGreaterThanOrEqual(1);
    const [alarm] = logOf(name).filter((line) => line.msg === 'answers differ: silent corruption');
    expect(alarm!.peers).toContain('wrongdoer');
    expect(resultOf(name).weights).toEqual(undisturbed);
  });

  it.each(['nan', 'huge'])(
    'is found by its numbers where they are %s, and the run goes on to the same weights',
    async (name) => {
      const { exitCodes, said } = await trainWith(name, name, 1);
      expect([exitCodes, said]).toEqual([[0, 3, 0], expect.stringContaining('(corrupt)')]);
      expect(metricOf(name, 'gan_gradients_not_finite_total{net="discriminator"}')).toBeGreaterThanOrEqual(1);
      expect(resultOf(name).weights).toEqual(undisturbed);
    },
  );
});

describe('a worker that answers late', () => {
  const long = { 'stop.generatorSteps': 600 }; // it must not be over before the late answer
  beforeAll(async () => {
    expect((await nash(...words('not-late', 'discriminator=1,generator=1', long))).exitCode).toBe(0);
  });

  it('again and again is set aside by name, and the run goes on to the same weights', async () => {
    const { exitCodes } = await trainWith('slow', 'slow', 2, long);
    expect(exitCodes).toEqual([0, 0, 0]);
    expect(metricOf('slow', 'gan_workers_set_aside_total{pool="discriminator"}')).toBe(1);
    const [aside] = logOf('slow').filter((line) => /^worker set aside/.test(line.msg as string));
    expect(aside).toMatchObject({ peer: 'wrongdoer', seconds: 60 });
    expect(resultOf('slow').weights).toEqual(resultOf('not-late').weights);
  });

  it('with other bits sends the run back, is found when the step is done again, and leaves no trace', async () => {
    const { exitCodes, said } = await trainWith('late', 'late', 2, long);
    expect([exitCodes, said]).toEqual([[0, 3, 0], expect.stringContaining('when the step was done again')]);
    // on a busy machine an honest answer may be late too, and be disputed with the liar's
    expect([1, 2, 3]).toContain(metricOf('late', 'gan_rollbacks_total{reason="corruption"}'));
    expect(metricOf('late', 'gan_workers_quarantined_total{pool="discriminator"}')).toBe(1);
    expect(resultOf('late').weights).toEqual(resultOf('not-late').weights);
  });
});

describe('a run whose every task is computed twice', () => {
  it('has the weights of one whose tasks are computed once', async () => {
    const { exitCode, stderr } = await nash(
      ...words('verified', 'discriminator=2,generator=2', { 'verify.fraction': 1 }),
    );
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(metricOf('verified', 'gan_shards_verified_total{net="generator"}')).toBeGreaterThanOrEqual(STEPS);
    expect(resultOf('verified').weights).toEqual(undisturbed);
  });
});

// most of their time is waiting
describe.concurrent('a worker that does not answer', () => {
  it('is ended and replaced when its process was stopped, and it was the only one', async () => {
    const name = 'stopped';
    const env = faulty('stop', scratch('stopped-once'));
    const { exitCode, stdout } = await start(words(name, 'discriminator=1,generator=1'), { env }).finished;
    expect([exitCode, stdout]).toEqual([0, expect.any(String)]);
    for (const pool of ['discriminator', 'generator']) {
      expect(stdout).toContain(`${pool}-0 is stopped and does not answer; another one is started`);
      expect(metricOf(name, `gan_workers_lost_total{pool="${pool}",reason="stopped"}`)).toBe(1);
    }
    expect(resultOf(name).weights).toEqual(undisturbed);
  });

  it('is ended and replaced when its loop hangs while its connection stands, and the run says meanwhile what it waits for', async () => {
    const name = 'hung';
    const env = faulty('hang', scratch('hung-once'));
    const run = start(words(name, 'any=1'), { env });
    const status = await statusWhen(
      name,
      'a task that hangs',
      (s) =>
        /^step \d+ [DG]: shards .* with any-0 for \d+\.\d s$/.test(s.waitingFor ?? '') &&
        Number(/([\d.]+) s$/.exec(s.waitingFor!)![1]) > 5,
    );
    expect(status.workers.find((worker) => worker.id === 'any-0')!.state).toBe('busy');
    const { exitCode, stdout } = await run.finished;
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/any-0 is hung and does not answer; another one is started/);
    expect(logOf(name).filter((line) => line.msg === 'waiting').length).toBeGreaterThanOrEqual(1);
    expect(resultOf(name).weights).toEqual(undisturbed);
  });

  it('is not taken for dead while it gets ready for three quarters of a minute at a stretch', async () => {
    const name = 'long';
    const run = start(words(name, 'discriminator=1,generator=1'), { env: faulty('long') });
    const { exitCode, stdout } = await run.finished;
    expect([exitCode, stdout]).toEqual([0, expect.not.stringContaining('another one is started')]);
    expect(logOf(name).filter((line) => line.msg === 'worker gone')).toEqual([]);
    expect(resultOf(name).weights).toEqual(undisturbed);
  });
});

describe('checkpoints', () => {
  it('are taken by the clock between those of the steps, the last such one is kept, and no weight shows it', async () => {
    const name = 'by-the-clock';
    const { exitCode, stderr } = await nash(...words(name, 'any=1', { 'checkpoint.everySeconds': 0.05 }));
    expect([exitCode, stderr]).toEqual([0, '']);
    const written = logOf(name).flatMap((line) =>
      line.msg === 'checkpoint written' ? [line.step as number] : [],
    );
    expect(written.filter((step) => step % 20 === 0)).toEqual([20, 40, 60, 80, 100, 120]);
    expect(written.filter((step) => step % 20 !== 0).length).toBeGreaterThanOrEqual(1);
    expect(readdirSync(join(scratch(name), 'checkpoints')).sort()).toEqual(
      [80, 100, 120].map((step) => `step-${step}.safetensors`).sort(),
    );
    expect(resultOf(name).weights).toEqual(undisturbed);
  });

  const reason = process.getuid?.() === 0 ? undefined : 'needs root, to mount a small disk';
  const onSmallDisk = async (name: string, body: (grow: () => void) => Promise<void>) => {
    const disk = scratch(name);
    mkdirSync(disk);
    const mount = (...options: string[]) => execFileSync('mount', ['-t', 'tmpfs', ...options, 'none', disk]);
    mount('-o', 'size=100k');
    try {
      await body(() => mount('-o', 'remount,size=100m'));
    } finally {
      execFileSync('umount', ['--lazy', disk]); // after a failure the run may still be there
    }
  };
  const often = { 'evaluation.everySteps': 10 };

  it.skipIf(reason !== undefined).each(['quick', 'slow'])(
    'that find a %s disk full for longer than was said end the run with 3, one message and nothing half-written; with room it goes on',
    async (speed) => {
      const name = `full-${speed}`;
      await onSmallDisk(name, async (grow) => {
        // on a slow one there is always a checkpoint under way when something else finds no room
        const env = speed === 'slow' ? slowDisk : {};
        const words = evaluatedWords(`${name}/run`, { ...often, 'checkpoint.patienceSeconds': 0.1 });
        const filled = await start(words, { env }).finished;
        expect([filled.exitCode, filled.stderr]).toEqual([3, expect.stringMatching(/ENOSPC.*[Mm]ake room/)]);
        expect(filled.stderr.trim().split('\n')).toHaveLength(1);
        const files = readdirSync(join(scratch(name), 'run'), { recursive: true, withFileTypes: true });
        const bytesOf = (ending: string) =>
          files
            .filter(({ name }) => name.endsWith(ending))
            .map(({ parentPath, name }) => readFileSync(join(parentPath, name)));
        for (const png of bytesOf('.png')) expect(png.subarray(-8, -4).toString()).toBe('IEND');
        expect(files.filter(({ name }) => name.includes('partial')).length).toBe(0);
        grow();
        const resumed = await nash(...evaluatedWords(`${name}/run`, often), '--resume');
        expect([resumed.exitCode, resumed.stderr]).toEqual([0, '']);
        expect(resultOf(`${name}/run`).weights).toEqual(undisturbed);
      });
    },
  );

  it.skipIf(reason !== undefined)(
    'that find a disk full are waited for, what is only written down is not, and with room the run is as if nothing had been',
    async () => {
      await onSmallDisk('waits', async (grow) => {
        const run = start(evaluatedWords('waits/run', often));
        const waits = () =>
          statusWhen('waits/run', 'a wait for room', ({ waitingFor }) =>
            /room on the disk: .*ENOSPC/.test(waitingFor ?? ''),
          );
        const later = () => new Promise((resolve) => setTimeout(resolve, 500));
        await waits();
        await later(); // the step that had begun is over
        const status = await waits();
        await later();
        expect((await waits()).step).toEqual(status.step);
        grow();
        const { exitCode, stdout, stderr } = await run.finished;
        expect([exitCode, stderr]).toEqual([0, '']);
        expect(stdout).toMatch(/could not be written: .*; training waits\n/);
        expect(resultOf('waits/run')).toMatchObject({
          weights: undisturbed,
          metrics: { gan_checkpoint_failures_total: expect.any(Number) },
        });
        const lines = readFileSync(join(scratch('waits/run'), 'metrics.jsonl'), 'utf8')
          .trimEnd()
          .split('\n');
        const steps = lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'step');
        expect(steps).toHaveLength(120);
        expect(steps.length).toBeGreaterThan(0);
        expect(lines.map((line) => JSON.parse(line)).at(-1)).toMatchObject({ kind: 'evaluation', step: 120 });
        expect(logOf('waits/run').find(({ msg }) => msg === 'no room for a checkpoint')).toMatchObject({
          level: 50,
        });
      });
    },
  );
});

describe('a run that diverges', () => {
  const sets = {
    'optimizer.generator.name': 'sgd',
    'optimizer.generator.learningRate': '1.0e+30',
    'checkpoint.everySteps': 1,
  };

  it('with Adam at a rate of a million, too, at the step that leaves the bounds; one of loss likewise', async () => {
    const adam = { 'optimizer.generator.learningRate': 1e6, 'optimizer.discriminator.learningRate': 1e6 };
    const flown = await nash(...words('flown', 'any=1', adam));
    expect(flown.exitCode).toBe(1);
    expect(flown.stderr).toMatch(
      /^nash: the run has diverged: a weight after the update of step 0 of the discriminator is not finite, or beyond 1e5 \(divergence\.weight\)/m,
    );
    const strict = await nash(...words('strict', 'any=1', { 'divergence.loss': 0.5 }));
    expect(strict.exitCode).toBe(1);
    expect(strict.stderr).toMatch(
      /^nash: the run has diverged: the loss of step 0 of the discriminator is \d\.\d{3}, beyond 0\.500 \(divergence\.loss\)/m,
    );
  });

  it('stops with 1 and says where, by default', async () => {
    const { exitCode, stderr } = await nash(...words('diverged', 'any=1', sets));
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^nash: the run has diverged: .* of step \d+ of the .* not finite.*the step was not applied/m,
    );
    expect(resultOf('diverged')).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('has diverged'),
    });
  });

  it('goes back with other noise where the config says so, records it, and gives up after five times', async () => {
    const { exitCode, stderr } = await nash(
      ...words('rolled-back', 'any=1', { ...sets, onDivergence: 'rollback' }),
    );
    expect(exitCode).toBe(1);
    expect(stderr).toContain('after 5 returns to a checkpoint with other noise');
    const rollbacks = linesOf('rolled-back').filter((line) => line.kind === 'rollback');
    expect(rollbacks.map((line) => line.branch)).toEqual([1, 2, 3, 4, 5]);
    expect(rollbacks[0]).toMatchObject({
      cause: 'divergence',
      because: expect.stringContaining('not finite'),
    });
  });
});

describe('a run that the evaluator judges', () => {
  const sets = { 'evaluation.everySteps': 20, 'stop.generatorSteps': 60 };

  it('fails with 1 at the exact step at which the generator has collapsed, its checkpoint kept', async () => {
    // an untrained net that never moves: all its samples fall on few modes
    const still = { 'optimizer.generator.name': 'sgd', 'optimizer.generator.learningRate': '1.0e-30' };
    const { exitCode, stderr } = await nash(
      ...evaluatedWords('collapsed', { ...sets, ...still, onCollapse: 'stop', 'collapse.patience': 1 }),
    );
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('mode collapse at step 20 of G')]);
    expect(resultOf('collapsed')).toMatchObject({ status: 'failed', steps: { generator: 20 } });
    expect(
      readFileSync(join(scratch('collapsed'), 'checkpoints', 'step-20.safetensors')).length,
    ).toBeGreaterThan(0);
  });

  it('has the same weights as one that is only watched, where nothing is wrong', async () => {
    const oneMode = { ...sets, 'data.source': 'gaussian-1d' }; // whose only mode no generator can lose
    for (const onCollapse of ['stop', 'alert']) {
      const { exitCode, stderr } = await nash(...evaluatedWords(onCollapse, { ...oneMode, onCollapse }));
      expect([exitCode, stderr]).toEqual([0, '']);
    }
    const evaluated = linesOf('stop').filter((line) => line.kind === 'evaluation');
    expect(evaluated.map((line) => line.step)).toEqual(expect.arrayContaining([20, 40, 60])); // none was skipped
    expect(resultOf('stop').weights).toEqual(resultOf('alert').weights);
  });
});
