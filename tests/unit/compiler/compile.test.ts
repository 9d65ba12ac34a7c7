import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { compile } from '../../../src/compiler/compile.js';
import { layer } from '../../../src/compiler/layer-scope.js';
import type { InputSpec, StepFunction } from '../../../src/compiler/recording.js';
import { loadTensorFlow, nodeBackend } from '../../../src/compiler/tensorflow.js';
import { NashError } from '../../../src/errors.js';
import { dropout, SeedSource } from '../../../src/kernels/random.js';
import { lossOf, lossOptions } from '../../../src/losses/losses.js';
import { buildArchitecture, modelOptions } from '../../../src/models/models.js';
import { RandomStream, seedOf } from '../../../src/numerics/random.js';
import { sizeOf } from '../../../src/numerics/shape.js';
import { initialParameters } from '../../../src/parameters/initial.js';
import { sampleStep } from '../../../src/steps/sample-step.js';
import type { StepContext } from '../../../src/steps/step.js';
import { STEPS } from '../../../src/steps/steps.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

const NETWORKS = [
  { name: 'mlp on points', model: { name: 'mlp' }, item: [2], batch: 32 },
  {
    name: 'mlp with batch norm',
    model: { name: 'mlp', generator: { normalization: 'batch' } },
    item: [2],
    batch: 32,
  },
  {
    name: 'maxout with dropout on 28x28',
    model: { name: 'maxout', generator: { hidden: [64, 64] } },
    item: [28, 28, 1],
    batch: 10,
  },
  { name: 'dcgan 32x32', model: { name: 'dcgan', width: 8 }, item: [32, 32, 3], batch: 8 },
  { name: 'dcgan 28x28', model: { name: 'dcgan', width: 8 }, item: [28, 28, 1], batch: 8 },
] as const;

function contextOf({ model, item, batch }: (typeof NETWORKS)[number], loss = 'non-saturating'): StepContext {
  const options = modelOptions.parse(model);
  return {
    architecture: buildArchitecture(options, item),
    loss: lossOf(lossOptions.parse({ name: loss } as never)),
    penalties: { discriminator: [], generator: [] },
    latentDistribution: options.latentDistribution,
    batch,
  };
}

/** Real parameters, random items, a fixed seed. */
function feedsFor(inputs: readonly InputSpec[], { architecture }: StepContext): Record<string, tf.Tensor> {
  const random = new RandomStream(seedOf('feeds'));
  const feeds: Record<string, tf.Tensor> = { seed: tf.tensor1d([7, -9], 'int32') };
  for (const net of ['discriminator', 'generator'] as const) {
    feeds[net] = tf.tensor1d(initialParameters(architecture[net].manifest, { seed: 3, net }));
  }
  const real = inputs.find((input) => input.name === 'real');
  if (real) {
    const values = Float32Array.from({ length: sizeOf(real.shape) }, () => 2 * random.uniform() - 1);
    feeds.real = tf.tensor(values, [...real.shape]);
  }
  return feeds;
}

function runEagerly(step: StepFunction, feeds: Record<string, tf.Tensor>): Record<string, Float32Array> {
  const results = tf.tidy(() => step(feeds));
  const values = Object.fromEntries(
    Object.entries(results).map(([k, t]) => [k, t.dataSync() as Float32Array]),
  );
  tf.dispose(results);
  return values;
}

const bytes = (values: Record<string, Float32Array>) =>
  Object.entries(values).map(
    ([name, v]) => `${name} ${Buffer.from(v.buffer, v.byteOffset, v.byteLength).toString('hex')}`,
  );

describe('a traced step', () => {
  const kinds = {
    discriminator: STEPS.discriminator.define,
    generator: STEPS.generator.define,
    sample: sampleStep,
  };
  for (const network of NETWORKS) {
    for (const [kind, define] of Object.entries(kinds)) {
      it(`gives the bits of the eager ${kind} step of ${network.name}`, () => {
        const context = contextOf(network);
        const { inputs, step } = define(context);
        const feeds = feedsFor(inputs, context);
        const compiled = compile(step, inputs, { precision: 'float32' });
        expect(bytes(compiled.run(feeds))).toEqual(bytes(runEagerly(step, feeds)));
        compiled.dispose();
      });
    }
  }
});

describe('a traced step of every loss', () => {
  for (const loss of ['minimax', 'wasserstein']) {
    for (const [kind, { define }] of Object.entries(STEPS)) {
      it(`gives the bits of the eager ${kind} step with ${loss}`, () => {
        const context = contextOf(NETWORKS[3], loss);
        const { inputs, step } = define(context);
        const feeds = feedsFor(inputs, context);
        const compiled = compile(step, inputs, { precision: 'float32' });
        expect(bytes(compiled.run(feeds))).toEqual(bytes(runEagerly(step, feeds)));
        compiled.dispose();
      });
    }
  }
});

it('compiles an operation of which tfjs does not say the type', () => {
  const compiled = compile(
    ({ x }) => ({ y: tf.expandDims(tf.mul(x!, 2), 0) }),
    [{ name: 'x', shape: [3], dtype: 'float32' }],
    { precision: 'float32' },
  );
  const x = tf.tensor1d([1, 2, 3]);
  expect([...compiled.run({ x }).y!]).toEqual([2, 4, 6]);
  x.dispose();
  compiled.dispose();
});

describe('compilation refuses', () => {
  const inputs: InputSpec[] = [
    { name: 'x', shape: [4], dtype: 'float32' },
    { name: 'seed', shape: [2], dtype: 'int32' },
  ];
  const refusal = (step: StepFunction): string => {
    try {
      compile(step, inputs, { precision: 'float32' }).dispose();
    } catch (error) {
      expect(error).toBeInstanceOf(NashError);
      return (error as Error).message;
    }
    return 'compiled';
  };
  const HOST_DRAWS: [string, StepFunction][] = [
    ['tf.randomNormal', ({ x }) => ({ y: layer('noise', () => tf.add(x!, tf.randomNormal([4]))) })],
    ['tf.dropout', ({ x }) => ({ y: layer('noise', () => tf.dropout(x!, 0.5)) })],
    ['Math.random', ({ x }) => ({ y: layer('noise', () => tf.mul(x!, Math.random())) })],
    ['data read back', ({ x }) => ({ y: layer('noise', () => tf.mul(x!, x!.dataSync()[0]!)) })],
    [
      'a branch on data',
      ({ x }) => ({ y: layer('noise', () => (x!.dataSync()[0]! > 0 ? tf.neg(x!) : tf.exp(x!))) }),
    ],
    [
      'a kernel with a random state of its own',
      ({ x }) => ({ y: layer('noise', () => tf.cast(tf.multinomial(x as tf.Tensor1D, 4), 'float32')) }),
    ],
  ];
  it.each(HOST_DRAWS)('%s, naming the layer', (_, step) => {
    expect(refusal(step)).toMatch(/'noise'/);
  });

  it.runIf(process.arch === 'x64')(
    'bfloat16 where oneDNN is held to less than AVX-512: it would end the process',
    () => {
      vi.stubEnv('ONEDNN_MAX_CPU_ISA', 'AVX2');
      const step: StepFunction = ({ x }) => ({ y: tf.neg(x!) });
      expect(() => compile(step, inputs, { precision: 'bfloat16' })).toThrow(
        /needs a processor with AVX-512.*is AVX2/,
      );
      vi.unstubAllEnvs();
    },
  );

  it('nothing that draws from the seed input', () => {
    const step: StepFunction = ({ x, seed }) => ({ y: dropout(x!, 0.5, new SeedSource(seed!)) });
    expect(refusal(step)).toBe('compiled');
  });
});

describe('a compiled step', () => {
  const context = contextOf(NETWORKS[3]);
  const { inputs, step } = STEPS.discriminator.define(context);

  it('leaves no tensor behind, neither of tfjs nor of TensorFlow, and hands its feeds over once', () => {
    const feeds = feedsFor(inputs, context);
    const compiled = compile(step, inputs, { precision: 'float32' });
    const before = tf.memory().numTensors;
    const seen = watchNative(() => {
      for (let i = 0; i < 20; i++) compiled.run(feeds);
    });
    expect(tf.memory().numTensors).toBe(before);
    expect(seen.createTensor).toHaveLength(inputs.length);
    expect(seen.runSavedModel).toHaveLength(20 * compiled.recording.outputs.length);
    expect(seen.deleteTensor).toEqual(seen.runSavedModel);
    tf.dispose(feeds);
    compiled.dispose();
  });

  it('names its nodes by layer, backward ones too, and leaves the SavedModel where it is asked to', () => {
    const folder = mkdtempSync(join(tmpdir(), 'nash-dump-'));
    const compiled = compile(step, inputs, { precision: 'float32', dumpFolder: folder });
    const names = compiled.recording.nodes.map((node) => node.name);
    expect(names).toContain('discriminator/conv2/Conv2D');
    expect(names).toContain('discriminator/conv2/gradient/Conv2DBackpropFilter');
    expect(names).toContain('generator/norm1/FusedBatchNormV3');
    expect(names.some((name) => name.startsWith('generator/') && name.includes('gradient'))).toBe(false); // pruned: D's step trains D
    expect(readFileSync(join(folder, 'saved_model.pb')).includes('discriminator/conv2/Conv2D')).toBe(true);
    compiled.dispose();
  });

  it('in bfloat16 works in bfloat16 between matrix kernels, gives float32, and stays close', () => {
    const exact = compile(step, inputs, { precision: 'float32' });
    const mixed = compile(step, inputs, { precision: 'bfloat16' });
    const feeds = feedsFor(inputs, context);
    const dtypeOf = (name: string) =>
      mixed.recording.nodes.find((node) => node.name === name)!.outputs[0]!.dtype;
    expect(dtypeOf('discriminator/conv2/Conv2D')).toBe('bfloat16');
    expect(dtypeOf('discriminator/norm2/FusedBatchNormV3')).toBe('bfloat16');
    expect(dtypeOf('discriminator/leaky2/LeakyRelu')).toBe('bfloat16');
    expect(mixed.recording.outputs.map((output) => output.spec.dtype)).toEqual(['float32', 'float32']);
    const [a, b] = [exact.run(feeds), mixed.run(feeds)];
    // bfloat16 has 8 bits: 0.4 % an operand; over a dozen layers a gradient agrees to a few per cent
    expect(relativeError(b.payload!, a.payload!)).toBeLessThan(0.1);
    expect(relativeError(b.payload!, a.payload!)).toBeGreaterThan(0);
    expect(Math.abs(a.statistics![0]! - b.statistics![0]!)).toBeLessThan(0.05);
    exact.dispose();
    mixed.dispose();
  });
});

/** The ids of tensors that TensorFlow gave out and deleted during `work`; it keeps no count of its own. */
function watchNative(work: () => void) {
  interface Native {
    createTensor(...given: unknown[]): number;
    runSavedModel(...given: unknown[]): { id: number }[];
    deleteTensor(id: number): void;
  }
  const backend = nodeBackend() as unknown as { binding: Native };
  const native = backend.binding;
  const seen: Record<keyof Native, number[]> = { createTensor: [], runSavedModel: [], deleteTensor: [] };
  const watching: Native = {
    createTensor(...given) {
      const id = native.createTensor(...given);
      seen.createTensor.push(id);
      return id;
    },
    runSavedModel(...given) {
      const results = native.runSavedModel(...given);
      seen.runSavedModel.push(...results.map(({ id }) => id));
      return results;
    },
    deleteTensor(id) {
      seen.deleteTensor.push(id);
      native.deleteTensor(id);
    },
  };
  backend.binding = Object.setPrototypeOf(watching, native); // whose own properties cannot be replaced
  try {
    work();
  } finally {
    backend.binding = native;
  }
  return seen;
}

function relativeError(a: Float32Array, b: Float32Array): number {
  const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
  return norm(a.map((v, i) => v - b[i]!)) / norm(b);
}
