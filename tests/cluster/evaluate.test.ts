// Goal: `nash evaluate` measures a run's checkpoints as its evaluator saw them, by whose measure the best one is known. Method: a run of
// points with several checkpoints.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { nash, resultOf, scratch, trainWords } from '../support/nash.js';

interface Answer {
  measures: Record<string, number>;
  checkpoints?: { step: number; measures: Record<string, number> }[];
  protocol: Record<string, unknown> & { measures: Record<string, Record<string, unknown>> };
}

async function evaluated(...words: string[]): Promise<Answer> {
  const { exitCode, stdout, stderr } = await nash('evaluate', ...words, '--json');
  expect([exitCode, stderr.match(/^nash: .*/m)]).toEqual([0, null]);
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

it('a run: the newest checkpoint as its evaluator saw it, all of them with a figure of their curves, one by its step', async () => {
  const sets = {
    'stop.generatorSteps': 60,
    'checkpoint.everySteps': 20,
    'checkpoint.keepBest': 'frechet',
    'evaluation.everySteps': 20,
    'evaluation.samples': 200,
    'evaluation.measures': '[frechet, latent-sensitivity]',
  };
  expect(
    (await nash(...trainWords('ring', 'configs/ring.yaml', sets, ['--workers', 'any=1']))).exitCode,
  ).toBe(0);
  const { measures, protocol } = await evaluated(
    scratch('ring'),
    '--seed',
    '1',
    '--measures',
    'modes,high-quality,coverage,latent-sensitivity',
  );
  const { metrics } = resultOf('ring'); // the evaluator draws with the seed of the config, which is 1
  expect(measures).toMatchObject({
    modes: metrics.gan_modes_captured,
    mode_kl_divergence_nats: metrics.gan_mode_kl_divergence_nats,
    high_quality_samples_ratio: metrics.gan_high_quality_samples_ratio,
    'latent-sensitivity': metrics.gan_latent_sensitivity_ratio,
    'latent-condition': metrics.gan_latent_condition_nats,
  });
  expect(Object.keys(measures)).toContain('coverage');
  expect(Object.keys(measures)).not.toContain('precision');
  expect(protocol).toMatchObject({
    run: 'ring',
    step: 60,
    samples: 200,
    data: 'ring',
    measures: { prdc: { nearest: 5, real: 200 } },
  });

  const all = await evaluated(
    scratch('ring'),
    '--seed',
    '1',
    '--checkpoints',
    'all',
    '--measures',
    'modes,frechet',
  );
  expect(all.checkpoints!.map(({ step }) => step)).toEqual([20, 40, 60]);
  expect(all.measures.modes).toBe(measures.modes);
  const distances = all.checkpoints!.map((each) => each.measures.frechet!);
  expect(metrics.gan_frechet_distance).toBe(distances[2]);
  expect(metrics.gan_best_version).toBe(20 * (1 + distances.indexOf(Math.min(...distances))));
  const best = await nash('sample', scratch('ring'), '--step', 'best', '--out', scratch('best.npy'));
  expect(best.stdout).toContain(` samples of step ${metrics.gan_best_version} written`);
  expect(existsSync(join(scratch('ring'), 'figures/evaluation.png'))).toBe(true);
  const of20 = await evaluated(scratch('ring'), '--seed', '1', '--step', '20', '--measures', 'frechet');
  expect(of20.measures.frechet).toBe(all.checkpoints![0]!.measures.frechet);

  const { exitCode, stdout, stderr } = await nash('evaluate', scratch('ring'), '--measures', 'fid');
  expect([exitCode, stdout]).toEqual([2, '']);
  expect(stderr.trim().split('\n').at(-1)).toBe(
    'nash: --measures fid: it cannot be had, since it is of images. Leave it out.',
  );
});
