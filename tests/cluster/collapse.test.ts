// A run that collapses and goes back with other noise, in real processes: where it goes back to, and so its weights, follow from its
// verdicts alone. Method: minimax on four modes with minibatches of four, a game that one line of noise loses and another does not.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { COLLAPSE_SCORE } from '../../src/evaluation/measures/collapse-score.js';
import { faulty, nash, resultOf, scratch, start, trainWords } from '../support/nash.js';

const STEPS = 120;
const THRESHOLD = 0.5;

const words = (name: string, seed: number, workers: string) =>
  trainWords(
    name,
    'configs/ring.yaml',
    {
      seed,
      'data.modes': 4,
      'data.deviation': 0.1, // so wide that 120 steps bring samples near: what is lost here are modes
      'loss.name': 'minimax',
      'minibatch.size': 4,
      'model.generator.hidden': '[16]',
      'model.discriminator.hidden': '[16]',
      'optimizer.generator.learningRate': 0.01,
      'averaging.decay': 0,
      'checkpoint.everySteps': STEPS,
      'evaluation.everySteps': STEPS,
      'stop.generatorSteps': STEPS,
      'collapse.threshold': THRESHOLD,
      'collapse.patience': 1,
      onCollapse: 'rollback',
    },
    ['--workers', workers],
  );

const linesOf = (name: string, kind: string): Record<string, unknown>[] =>
  readFileSync(join(scratch(name), 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line.kind === kind);

/** Scores of the rounds that were judged, in the order in which they were. */
const judged = (name: string) =>
  linesOf(name, 'evaluation').flatMap((line) =>
    line.step === STEPS ? [line[COLLAPSE_SCORE] as number] : [],
  );

/** Seeds whose first line of noise collapses, and another does not; machines that round otherwise may need a later one. */
const SEEDS = [1, 9, 10, 11, 12];

it('ends with 0 and the same bits whoever is killed, once its noise is another', async () => {
  let seed: number | undefined;
  for (const each of SEEDS) {
    const { exitCode } = await nash(...words(`seed-${each}`, each, 'any=1'));
    if (exitCode !== 0 || linesOf(`seed-${each}`, 'rollback').length === 0) continue;
    seed = each;
    break;
  }
  expect(seed, `none of the seeds ${SEEDS} collapses and recovers here`).toBeDefined();
  const first = `seed-${seed}`;
  const rollbacks = linesOf(first, 'rollback');
  expect(rollbacks.map(({ cause, branch }) => [cause, branch])).toEqual(
    rollbacks.map((_, i) => ['collapse', i + 1]),
  );
  const scores = judged(first);
  expect(scores.map((score) => score > THRESHOLD)).toEqual([...rollbacks.map(() => true), false]);

  const env = faulty('kill', scratch('once'));
  const again = await start(words('killed', seed!, 'discriminator=1,generator=1'), { env }).finished;
  expect([again.exitCode, again.stderr]).toEqual([0, '']);
  expect(resultOf('killed').restarts).toBeGreaterThanOrEqual(1);
  expect(resultOf('killed').weights).toEqual(resultOf(first).weights);
  expect(judged('killed')).toEqual(scores);
});

it('ends with 1 after five returns, and says so in result.json, where every line of noise collapses', async () => {
  const { exitCode, stderr } = await nash(...words('hopeless', 6, 'any=1'));
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('after 5 returns to a checkpoint')]);
  expect(stderr).toMatch(/^nash: the generator of step 120 has collapsed/m);
  expect(linesOf('hopeless', 'rollback').map(({ branch }) => branch)).toEqual([1, 2, 3, 4, 5]);
  expect(judged('hopeless')).toHaveLength(6);
  expect(resultOf('hopeless')).toMatchObject({
    status: 'failed',
    error: expect.stringContaining('has collapsed'),
    steps: { generator: STEPS },
  });
});
