// Goal: G's weights are where a PyTorch user looks for them. Method: by hand for each layout; where Python has torch, the networks that
// generator.py builds load them, strict, and give the samples that Nash gives.
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeSafetensors } from '../../../src/checkpoints/safetensors.js';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { filesOf } from '../../../src/export/files.js';
import { weightsOf } from '../../../src/export/generator-graph.js';
import type { Taken } from '../../../src/export/taken.js';
import { safetensorsOf, torchTensors } from '../../../src/export/torch-tensors.js';
import { pythonLacks, pythonOfFolders } from '../../support/python.js';
import { type TakenOptions, takenOf } from '../../support/taken.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

const DCGAN = { model: { name: 'dcgan', width: 2, latent: 3, hidden: [5] }, item: [28, 28, 3] };
const ours = (taken: Taken, name: string) => {
  const { parameters, slots } = weightsOf(taken.generator);
  return [...parameters, ...slots].find((each) => each.name === name)!.values;
};

describe('by hand', () => {
  it('names are those of PyTorch, and kernels have outputs first, transposed ones inputs', () => {
    const taken = takenOf(DCGAN);
    const tensors = torchTensors(taken.generator, taken.graph);
    expect(Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]))).toEqual({
      'hidden1.weight': [5, 3],
      'hiddenNorm1.weight': [5],
      'hiddenNorm1.bias': [5],
      'hiddenNorm1.running_mean': [5],
      'hiddenNorm1.running_var': [5],
      'project.weight': [7 * 7 * 4, 5],
      'norm0.weight': [4],
      'norm0.bias': [4],
      'norm0.running_mean': [4],
      'norm0.running_var': [4],
      'deconv1.weight': [4, 2, 4, 4],
      'norm1.weight': [2],
      'norm1.bias': [2],
      'norm1.running_mean': [2],
      'norm1.running_var': [2],
      'image.weight': [2, 3, 4, 4],
    });
    const [hidden, image] = [tensors.get('hidden1.weight')!.data, tensors.get('image.weight')!.data];
    expect(hidden[2 * 3 + 1]).toBe(ours(taken, 'hidden1/kernel')[1 * 5 + 2]); // [2, 1] of [out, in]
    // [1, 2, 0, 3] of [in, out, h, w] is [0, 3, 2, 1] of [h, w, out, in]
    expect(image[((1 * 3 + 2) * 4 + 0) * 4 + 3]).toBe(
      ours(taken, 'image/kernel')[((0 * 4 + 3) * 3 + 2) * 2 + 1],
    );
    expect(tensors.get('norm0.running_var')!.data).toEqual(ours(taken, 'norm0/variance'));
  });

  it('what a dense layer makes of a picture stands channel by channel, and what follows it on the way', () => {
    const taken = takenOf(DCGAN);
    const project = torchTensors(taken.generator, taken.graph).get('project.weight')!.data;
    // channel 3, row 2, column 5 of 4 x 7 x 7, input 1
    expect(project[(3 * 49 + 2 * 7 + 5) * 5 + 1]).toBe(
      ours(taken, 'project/kernel')[1 * 196 + (2 * 7 + 5) * 4 + 3],
    );
    const flat = takenOf({
      model: { name: 'mlp', generator: { hidden: [3], output: 'tanh' } },
      item: [4, 4, 3],
    });
    const bias = torchTensors(flat.generator, flat.graph).get('output.bias')!.data;
    expect(bias[1 * 16 + 2 * 4 + 3]).toBe(ours(flat, 'output/bias')[(2 * 4 + 3) * 3 + 1]);
    const points = takenOf({ model: { name: 'mlp', generator: { hidden: [3] } }, item: [2] });
    expect(torchTensors(points.generator, points.graph).get('output.bias')!.data).toEqual(
      ours(points, 'output/bias'),
    );
  });

  it('a kernel under spectral normalization is divided by its norm, and nothing else is left of that', () => {
    const taken = takenOf({
      model: { name: 'mlp', generator: { hidden: [4] }, spectralNorm: ['generator'] },
      item: [2],
    });
    const tensors = torchTensors(taken.generator, taken.graph);
    expect([...tensors.keys()]).toEqual(['dense1.weight', 'dense1.bias', 'output.weight', 'output.bias']);
    const [raw, given] = [ours(taken, 'dense1/kernel'), tensors.get('dense1.weight')!];
    const [first] = given.data;
    const norm = raw[0]! / first!;
    expect(norm).not.toBeCloseTo(1, 2);
    expect(given.data[1 * 2 + 1]).toBeCloseTo(raw[1 * 4 + 1]! / norm, 5);
  });

  it('layers that PyTorch has not keep their names, and the file says what it holds', () => {
    const taken = takenOf({
      model: { name: 'sngan', width: 4, latent: 3, conditional: 'projection' },
      item: [32, 32, 3],
      classes: 2,
    });
    const { tensors, metadata } = decodeSafetensors(safetensorsOf(taken));
    expect(metadata).toMatchObject({ format: 'pt', shape: '[3,32,32]', classes: '["0","1"]', step: '7' });
    expect(JSON.parse(metadata.config!)).toEqual(JSON.parse(JSON.stringify(taken.config)));
    for (const name of tensors.keys()) expect(name).toMatch(/^[\w.]+$/);
  });
});

/** generator.py of each folder says how far what it gives is from what Nash gave. */
const PROGRAM = `
import runpy, sys
for folder in sys.argv[1:]:
    runpy.run_path(f"{folder}/generator.py", run_name="__main__")
`;

const HIDDEN = { hidden: [6, 5] };
const SEQUENCES: readonly TakenOptions[] = [
  { model: { name: 'mlp' }, item: [2] },
  {
    model: {
      name: 'mlp',
      generator: { ...HIDDEN, normalization: 'batch', activation: 'leakyRelu', output: 'tanh' },
    },
    item: [4, 4, 3],
  },
  { model: { name: 'mlp', generator: { ...HIDDEN, normalization: 'layer' } }, item: [2] },
  { model: { name: 'maxout', latent: 5, generator: HIDDEN }, item: [8, 8, 1] },
  {
    model: {
      name: 'maxout',
      latent: 5,
      span: 4,
      generator: {
        ...HIDDEN,
        activations: ['relu', 'sigmoid'],
        output: 'linear',
        sigmoidBias: -2,
        outputWeights: 3,
      },
    },
    item: [8, 8, 3],
  },
  DCGAN,
  { model: { name: 'dcgan', width: 2, latent: 3, conditional: 'projection' }, item: [16, 16, 1], classes: 3 },
];

/** Python takes seconds to load what is asked of it, and on a busy machine many. */
const PYTHON_MS = 200_000;

const lacking = pythonLacks('torch', 'numpy');
it.skipIf(lacking)(
  `PyTorch loads each sequence, strict, and gives the same${lacking ? `: ${lacking}` : ''}`,
  async () => {
    const files = await Promise.all(SEQUENCES.map((options) => filesOf(takenOf(options), ['safetensors'])));
    const said = pythonOfFolders(PROGRAM, files);
    expect(said.length).toBe(files.length);
    for (const line of said)
      expect(Number(/^largest difference: (\S+) of 255/.exec(line)![1])).toBeLessThan(0.01);
  },
  PYTHON_MS,
);
