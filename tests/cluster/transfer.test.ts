// Goal: a run that begins with another's weights, some of them frozen, has the same bits over 1 + 1 and 2 + 2 workers and after a resume from
// which the other run is gone, and is what the reference trainer makes of the same beginning. Method: real processes; vectors compared.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { type Checkpoint, loadCheckpoint } from '../../src/checkpoints/checkpoint-store.js';
import { loadTensorFlow } from '../../src/compiler/tensorflow.js';
import { loadConfig } from '../../src/config/load-config.js';
import { trainReference } from '../../src/reference-trainer.js';
import { openRun } from '../../src/run/open-run.js';
import { nash, resultOf, scratch, trainWords, workersOnly } from '../support/nash.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

const SETS = {
  'minibatch.size': 32,
  'model.generator.hidden': '[16, 16]',
  'model.discriminator.hidden': '[16, 16]',
};
const train = (
  name: string,
  steps: number,
  sets: Record<string, string>,
  count: number,
  rest: string[] = [],
) =>
  nash(
    ...trainWords(name, 'configs/ring.yaml', { ...SETS, ...sets, 'stop.generatorSteps': steps }, [
      ...workersOnly(`discriminator=${count},generator=${count}`),
      ...rest,
    ]),
  );
const checkpointOf = (name: string, step: number): Promise<Checkpoint> =>
  loadCheckpoint(join(scratch(name), `checkpoints/step-${step}.safetensors`));

it('weights of another run are a beginning, and frozen ones stay', async () => {
  expect((await train('before', 5, {}, 1)).exitCode).toBe(0);
  const first = await checkpointOf('before', 5);
  const init = {
    'init.from': scratch('before'),
    'init.freeze': '[discriminator/dense1]',
    'model.generator.hidden': '[16, 8]',
    'init.only': '[discriminator, generator/dense]',
  };
  const begun = await train('one', 2, init, 1);
  expect([begun.exitCode, begun.stderr]).toEqual([0, '']);
  expect(begun.stdout).toMatch(
    /init\.from: 8 of 12 tensors are taken from .*before\/checkpoints\/step-5\.safetensors\n/,
  );
  expect(begun.stdout).toMatch(
    /\nnot taken, as they have other shapes there \(2\): generator\/dense2\/kernel \[16, 16\], here \[16, 8\]/,
  );
  expect((await train('two', 4, init, 2)).exitCode).toBe(0);
  rmSync(scratch('before'), { recursive: true });
  const resumed = await train('one', 4, init, 1, ['--resume']);
  expect([resumed.exitCode, resumed.stderr]).toEqual([0, '']);
  expect(resultOf('one').weights).toEqual(resultOf('two').weights);

  const config = loadConfig(join(scratch('one'), 'config.yaml'));
  const { source, architecture } = await openRun(config);
  const { size } = architecture.discriminator.manifest;
  const d = first.vectors.discriminator!.data;
  const drawn = trainReference(config, source, 0).generator; // dense2 and output are not taken
  const g = Float32Array.from([...first.vectors.generator!.data.subarray(0, 48), ...drawn.subarray(48)]);
  const ours = await checkpointOf('one', 4);
  const reference = trainReference(config, source, 4, undefined, { discriminator: d, generator: g });
  for (const net of ['discriminator', 'generator'] as const) {
    const [mine, theirs] = [ours.vectors[net]!.data, reference[net]];
    expect(mine).toHaveLength(theirs.length);
    const far = mine.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i]!)), 0);
    const moved = theirs.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (net === 'discriminator' ? d : g)[i]!)),
      0,
    );
    expect(moved).toBeGreaterThan(1e-3);
    expect(far).toBeLessThan(1e-4 * moved + 4 * 2 ** -24);
  }
  expect(ours.vectors.discriminator!.data.subarray(0, 48)).toEqual(d.subarray(0, 48)); // dense1: [2, 16] and [16]
  expect(ours.vectors.discriminator!.data.subarray(48, size)).not.toEqual(d.subarray(48, size));

  const refused = await train('none', 2, { 'init.from': scratch('before') }, 1);
  expect(refused).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/^nash: init\.from: there is no .*before; /),
  });
  expect(existsSync(scratch('none'))).toBe(false);
});
