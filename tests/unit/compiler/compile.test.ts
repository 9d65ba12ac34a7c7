import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CompiledStep, compile } from '../../../src/compiler/compile.js';
import type { InputSpec, StepFunction } from '../../../src/compiler/recording.js';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { lossOf, lossOptions } from '../../../src/losses/gan-loss.js';
import { buildArchitecture } from '../../../src/models/architecture.js';
import { modelOptions } from '../../../src/models/options.js';
import { RandomStream, seedOf } from '../../../src/numerics/random.js';
import { initialParameters } from '../../../src/parameters/initial.js';
import { sizeOf } from '../../../src/parameters/manifest.js';
import { discriminatorStep, generatorStep, type StepContext, sampleStep } from '../../../src/steps/step.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

const NETWORKS = [
  { name: 'mlp on points', model: { name: 'mlp' }, item: [2], batch: 32 },
  {
    name: 'mlp with batch norm',
    model: { name: 'mlp', generator: { batchNorm: true } },
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
    loss: lossOf(lossOptions.parse({ name: loss })),
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
  const kinds = { discriminatorStep, generatorStep, sampleStep };
  for (const network of NETWORKS) {
    for (const [kind, define] of Object.entries(kinds)) {
      it(`gives the bits of the eager ${kind} of ${network.name}`, () => {
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
