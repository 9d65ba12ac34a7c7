// Whatever crashes, hangs or lies: the weights of the undisturbed run, or one clear reason. Real processes, real signals; a worker that
// computes wrongly is a real worker with one function replaced (tests/support/faulty-worker.mjs).
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { nash, resultOf, scratch, start, statusWhen, trainWords, until } from '../support/nash.js';

const FAULTY = `--import=${resolve('tests/support/faulty-worker.mjs')}`;
const STEPS = 120;

function words(name: string, workers: string, sets: Record<string, string | number> = {}): string[] {
  const all = {
    'minibatch.size': 32,
    'model.generator.hidden': '[16]',
    'model.discriminator.hidden': '[16]',
    'stop.generatorSteps': STEPS,
    'checkpoint.everySteps': 20,
    'evaluation.everySteps': 100_000,
    ...sets,
  };
  return trainWords(name, 'configs/ring.yaml', all, ['--workers', workers]);
}

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
  const longer = words('wrong-reference', 'any=1', { 'stop.generatorSteps': 400 });
  expect((await nash(...longer)).exitCode).toBe(0);
}, 60_000);

/** A further worker of a run, with a fault. */
async function faultyWorker(run: string, fault: string) {
  await until(
    'the run to listen',
    () => logOfOrNone(run).some((line) => line.msg === 'server listening') || undefined,
  );
  return start(['worker', '--pool', 'discriminator', '--run-dir', scratch(run), '--name', 'faulty'], {
    env: { NODE_OPTIONS: FAULTY, FAULT: fault },
  });
}

function logOfOrNone(name: string): Record<string, unknown>[] {
  try {
    return logOf(name);
  } catch {
    return []; // it has not begun
  }
}

describe('a worker that computes wrongly', () => {
  it('is found by tasks computed twice, named, sent away with 3, and leaves no trace in the weights', async () => {
    const name = 'wrong';
    const run = start(
      words(name, 'discriminator=2,generator=1', { 'verify.fraction': 1, 'stop.generatorSteps': 400 }),
    );
    const worker = await faultyWorker(name, 'wrong');
    const faulty = await worker.finished;
    expect(faulty.exitCode).toBe(3);
    expect(faulty.stderr).toMatch(
      /^nash: the server refused this worker \(corrupt\): its answer to shards of step \d+/m,
    );
    expect((await run.finished).exitCode).toBe(0);
    expect(metricOf(name, 'gan_workers_quarantined_total{pool="discriminator"}')).toBe(1);
    expect(metricOf(name, 'gan_answers_disagreed_total{net="discriminator"}')).toBeGreaterThanOrEqual(1);
    const [alarm] = logOf(name).filter((line) => line.msg === 'answers differ: silent corruption');
    expect(alarm!.peers).toContain('faulty');
    expect(resultOf(name).weights).toEqual(resultOf('wrong-reference').weights);
  }, 120_000);

  it('is found by its numbers where they are not finite, and the run goes on to the same weights', async () => {
    const name = 'nan';
    const run = start(words(name, 'discriminator=1,generator=1', { 'stop.generatorSteps': 400 }));
    const faulty = await (await faultyWorker(name, 'nan')).finished;
    expect([faulty.exitCode, faulty.stderr]).toEqual([3, expect.stringContaining('(corrupt)')]);
    expect((await run.finished).exitCode).toBe(0);
    expect(metricOf(name, 'gan_gradients_not_finite_total{net="discriminator"}')).toBeGreaterThanOrEqual(1);
    const reference = resultOf('wrong-reference').weights;
    expect(resultOf(name).weights).toEqual(reference);
  }, 120_000);
});

describe('a run whose every task is computed twice', () => {
  it('has the weights of one whose tasks are computed once', async () => {
    const { exitCode, stderr } = await nash(
      ...words('verified', 'discriminator=2,generator=2', { 'verify.fraction': 1 }),
    );
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(metricOf('verified', 'gan_shards_verified_total{net="generator"}')).toBeGreaterThanOrEqual(STEPS);
    expect(resultOf('verified').weights).toEqual(undisturbed);
  }, 60_000);
});

describe('a worker that does not answer', () => {
  it('is ended and replaced when its process was stopped, and it was the only one', async () => {
    const name = 'stopped';
    const run = start(words(name, 'discriminator=1,generator=1', { 'stop.generatorSteps': 2000 }));
    const { workers } = await statusWhen(name, 'some steps', (s) => s.step.generator > 3);
    process.kill(workers.find((worker) => worker.pool === 'discriminator')!.pid, 'SIGSTOP');
    const { exitCode, stdout } = await run.finished;
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/discriminator-0 is stopped and does not answer; another one is started/);
    expect(metricOf(name, 'gan_workers_lost_total{pool="discriminator",reason="stopped"}')).toBe(1);
    const plain = words('stopped-reference', 'any=1', { 'stop.generatorSteps': 2000 });
    expect((await nash(...plain)).exitCode).toBe(0);
    expect(resultOf(name).weights).toEqual(resultOf('stopped-reference').weights);
  }, 120_000);

  it('is ended and replaced when its loop hangs while its connection stands, and the run says meanwhile what it waits for', async () => {
    const name = 'hung';
    const env = { NODE_OPTIONS: FAULTY, FAULT: 'hang', HANG_ONCE: scratch('hung-once') };
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
  }, 120_000);
});

describe('a run that diverges', () => {
  const sets = {
    'optimizer.generator.name': 'sgd',
    'optimizer.generator.learningRate': '1.0e+30',
    'checkpoint.everySteps': 1,
  };

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
  }, 60_000);

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
  }, 60_000);
});

describe('a run that the evaluator judges', () => {
  const sets = { 'evaluation.everySteps': 20, 'stop.generatorSteps': 60 };

  it('fails with 1 at the exact step at which the generator has collapsed, its checkpoint kept', async () => {
    // an untrained net that never moves: all its samples fall on few modes
    const still = { 'optimizer.generator.name': 'sgd', 'optimizer.generator.learningRate': '1.0e-30' };
    const { exitCode, stderr } = await nash(
      ...words('collapsed', 'any=1', { ...sets, ...still, onCollapse: 'stop' }),
    );
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('mode collapse at step 20 of G')]);
    expect(resultOf('collapsed')).toMatchObject({ status: 'failed', steps: { generator: 20 } });
    expect(
      readFileSync(join(scratch('collapsed'), 'checkpoints', 'step-20.safetensors')).length,
    ).toBeGreaterThan(0);
  }, 60_000);

  it('has the same weights as one that is only watched, where nothing is wrong', async () => {
    const oneMode = { ...sets, 'data.source': 'gaussian-1d' }; // whose only mode no generator can lose
    for (const onCollapse of ['stop', 'alert']) {
      const { exitCode, stderr } = await nash(...words(onCollapse, 'any=1', { ...oneMode, onCollapse }));
      expect([exitCode, stderr]).toEqual([0, '']);
    }
    const evaluated = linesOf('stop').filter((line) => line.kind === 'evaluation');
    expect(evaluated.map((line) => line.step)).toEqual(expect.arrayContaining([20, 40, 60])); // none was skipped
    expect(resultOf('stop').weights).toEqual(resultOf('alert').weights);
  }, 120_000);
});
