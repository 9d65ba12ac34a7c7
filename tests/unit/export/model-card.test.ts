// Goal: a card tells of the weights that it lies beside, and of no others. Method: records of a run, and cards of two kinds of samples.
import { beforeAll, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { lastEvaluation } from '../../../src/export/last-evaluation.js';
import { modelCard } from '../../../src/export/model-card.js';
import { takenOf } from '../../support/taken.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

const RING = { model: { name: 'mlp' }, item: [2] };
const LINES = [
  '{"kind":"evaluation","time":"t","step":5,"seconds":1,"gan_modes_captured":6,"gan_mode_kl_divergence_nats":0.25}',
  '{"kind":"step","steps":{"generator":6}}',
  '{"kind":"evaluation","time":"t","step":7,"seconds":1,"gan_modes_captured":7,"gan_mode_kl_divergence_nats":null}',
  '{"kind":"evaluation","time":"t","step":9,"seconds":1,"gan_modes_captured":8}',
  '{"kind":"evaluation","time":"t","st',
].join('\n');

it('measures are those of the last evaluation up to the step, with their samples', () => {
  const { config } = takenOf(RING);
  const modes = (step: number) => {
    const found = lastEvaluation(LINES, step, config);
    return found && [found.step, found.values.map(({ name, value, samples }) => [name, value, samples])];
  };
  expect(modes(7)).toEqual([7, [['modes', 7, config.evaluation.samples]]]);
  expect(modes(6)).toEqual([
    5,
    [
      ['modes', 6, 2500],
      ['mode_kl_divergence_nats', 0.25, 2500],
    ],
  ]);
  expect(modes(100)![0]).toBe(9);
  expect(modes(4)).toBeUndefined();
});

it('a card tells steps, measures, latents, sums and how each format is loaded', () => {
  const taken = takenOf(RING);
  const evaluated = lastEvaluation(LINES, 7, taken.config);
  const card = modelCard(
    { ...taken, evaluated, isRaw: true },
    ['onnx', 'tfjs'],
    new Map([['a.bin', Buffer.from('abc')]]),
  );
  expect(card).toMatch(/^# taken: a generator trained with Nash\n/);
  expect(card).toContain('weights of step 7\n');
  expect(card).toContain('latents: `[n, 2]`, normal with mean 0 and deviation 1\n');
  expect(card).toContain('the first 16 samples of `nash sample --raw` from the run');
  expect(card).toContain('at step 7: ');
  expect(card).toMatch(/^\| modes \| 7 \| higher is better \| 2,500 \| /m);
  // of the three letters, by FIPS 180-2
  expect(card).toContain(
    '| a.bin | 3 | `ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad` |',
  );
  expect(card).toContain('onnxruntime.InferenceSession("model.onnx")');
  expect(card).toContain("tf.loadGraphModel('model.json')");
  expect(card).not.toMatch(/safetensors|serving_default|labels|noise|undefined/);
});

it('of a conditional generator with noise inside the card tells both', () => {
  const stylegan2 = { name: 'stylegan2', width: 4, styles: 5, latent: 3, conditional: 'concat' };
  const taken = takenOf({ model: stylegan2, item: [8, 8, 3], classes: 3 });
  const card = modelCard(
    { ...taken, classes: { counts: [1, 1, 1], names: ['ant', 'bee', 'fly'] } },
    ['saved-model'],
    new Map(),
  );
  expect(card).toContain('labels: `[n]`, from 0 to 2: ant, bee, fly\n');
  expect(card).toContain('noise inside G is fixed: sample i of a batch has that of sample i modulo 16');
  expect(card).toContain('generate(latents=latents, labels=labels)["samples"]');
  expect(card).toContain('The run was not evaluated.');
});

it('a card does not tell where on a machine data, modules and the server were', () => {
  const taken = takenOf({ model: { name: 'mlp' }, item: [28, 28, 1] });
  const data = {
    ...taken.config.data,
    source: 'mnist',
    path: '/home/grace/mnist',
  } as typeof taken.config.data;
  const init = { ...taken.config.init, from: 'runs/first' };
  const server = { ...taken.config.server, endpoint: 'tcp://10.0.0.7:4100' };
  const config = { ...taken.config, data, init, server };
  const card = modelCard({ ...taken, config }, ['onnx'], new Map());
  expect(card).toContain('data: mnist, `mnist`');
  expect(card).toContain('  path: mnist\n');
  expect(card).toContain('  from: runs/first\n');
  expect(card).not.toMatch(/grace|10\.0\.0\.7|^server:/m);
});
