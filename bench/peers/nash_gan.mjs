// Nash's side of the bench in one process: compiled gradient steps, whole iterations, and what the machine can do at most.
// Tasks: "discriminator 64 float32" (or bfloat16, or tfjs: plain eager), "iteration 64 bfloat16", "matmul 2048 float32".
// Usage: nash_gan.mjs THREADS
import '../../src/setup/node-shim.mjs';
import * as tf from '@tensorflow/tfjs-core';
import { serveTasks } from '../contestant.mjs';
import { flopsOf } from '../flops.mjs';
import { nash } from '../nash.mjs';
import { plainStep } from './plain_tfjs.mjs';

/** @typedef {'discriminator' | 'generator'} Net */
/** @typedef {'float32' | 'bfloat16'} Precision */

const compiler = await nash.compiler();
const losses = await nash.losses();
const models = await nash.models();
const parameters = await nash.parameters();
const steps = await nash.steps();
const vectorCalls = await nash.vectorCalls();
const vectors = await nash.vectors();
const { optimizerOf } = await nash.optimizers();
const { optimizerOptions } = await nash.optimizerOptions();

const BATCH = 64;
const ITEM = [32, 32, 3];
const NETS = /** @type {const} */ (['discriminator', 'generator']);

const backend = (await nash.tensorflow()).loadTensorFlow({ kind: 'cpu', threads: Number(process.argv[2]) });

/** @param {number} width */
const contextOf = (width) => ({
  architecture: models.buildArchitecture(
    { name: 'dcgan', width, latent: 100, latentDistribution: 'normal' },
    ITEM,
  ),
  loss: losses.lossOf({ name: 'non-saturating' }),
  latentDistribution: /** @type {const} */ ('normal'),
  batch: BATCH,
});

/** @param {Net} net @param {number} width @param {Precision} precision */
function compiledStep(net, width, precision) {
  const make = { discriminator: steps.discriminatorStep, generator: steps.generatorStep }[net];
  const { inputs, step } = make(contextOf(width));
  return compiler.compile(step, inputs, { precision });
}

/** @param {number} width @returns {Record<Net, Float32Array>} */
function initialVectors(width) {
  const { architecture } = contextOf(width);
  const initial = (/** @type {Net} */ net) =>
    parameters.initialParameters(architecture[net].manifest, { seed: 1, net });
  return { discriminator: initial('discriminator'), generator: initial('generator') };
}

const realImages = () => tf.randomUniform([BATCH, ...ITEM], -1, 1);
/** @param {number} i */
const seedTensor = (i) => tf.tensor1d([i, 1], 'int32');

/** @param {Net} net @param {number} width @param {Precision} precision */
function gradientStep(net, width, precision) {
  const compiled = compiledStep(net, width, precision);
  const initial = initialVectors(width);
  const weights = {
    discriminator: tf.tensor1d(initial.discriminator),
    generator: tf.tensor1d(initial.generator),
  };
  const real = realImages();
  let i = 0;
  const iterate = () => {
    const seed = seedTensor(i++);
    compiled.run({ ...weights, seed, ...(net === 'discriminator' ? { real } : {}) });
    seed.dispose();
  };
  return { iterate, facts: { gflop: flopsOf(compiled.recording) / 1e9 } };
}

/** One D step and one G step with Adam, in one process: steps as workers run them, arithmetic as the server does it. @param {number} width @param {Precision} precision */
function iteration(width, precision) {
  const memory = new vectors.VectorMemory();
  const { architecture } = contextOf(width);
  const optimizer = optimizerOf(optimizerOptions.parse({ name: 'adam' }));
  const initial = initialVectors(width);
  const real = realImages();
  const tensors = {
    discriminator: tf.tensor1d(initial.discriminator),
    generator: tf.tensor1d(initial.generator),
  };
  const states = NETS.map((net) => {
    const { manifest } = architecture[net];
    const vector = memory.allocate(manifest.size + manifest.slotSize);
    memory.write(vector, 0, initial[net]);
    const payload = memory.allocate(vector.length);
    const slots = optimizer.slots.map(() => memory.allocate(manifest.size));
    return { net, manifest, vector, payload, slots, compiled: compiledStep(net, width, precision) };
  });
  let step = 0;
  const iterate = () => {
    step++;
    for (const { net, manifest, vector, payload, slots, compiled } of states) {
      const seed = seedTensor(step);
      const outputs = compiled.run({ ...tensors, seed, ...(net === 'discriminator' ? { real } : {}) });
      memory.write(payload, 0, /** @type {Float32Array} */ (outputs.payload));
      const gradient = vectors.part(payload, 0, manifest.size);
      const weights = vectors.part(vector, 0, manifest.size);
      memory.run(
        vectorCalls.updateCall({
          kernel: optimizer.kernel,
          gradient,
          scale: 1,
          weights,
          slots,
          scalars: optimizer.scalars(step),
        }),
      );
      if (manifest.slotSize > 0) {
        const cut = (/** @type {import('../../src/numerics/vector-memory.js').Vector} */ v) =>
          vectors.part(v, manifest.size, manifest.slotSize);
        memory.run(vectorCalls.blendCall({ into: cut(vector), from: cut(payload), keep: 0.9, take: 0.1 }));
      }
      tf.dispose([tensors[net], seed]);
      tensors[net] = tf.tensor1d(memory.read(vector));
    }
  };
  return { iterate };
}

/** Two large matrix products in one graph: what the machine can do at most. @param {number} size @param {Precision} precision */
function matmul(size, precision) {
  const input = (/** @type {string} */ name) => ({
    name,
    shape: [size, size],
    dtype: /** @type {const} */ ('float32'),
  });
  const { TF_ATTR_BOOL, TF_ATTR_TYPE, TF_FLOAT } = backend.binding;
  const attributes = [
    ...['transpose_a', 'transpose_b'].map((name) => ({ name, type: TF_ATTR_BOOL, value: false })),
    { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
  ];
  const product = (/** @type {tf.Tensor} */ x, /** @type {tf.Tensor} */ y) =>
    backend.executeSingleOutput('MatMul', attributes, [x, y]);
  /** @type {import('../../src/compiler/recording.js').StepFunction} */
  const step = ({ a, b }) => {
    const [x, y] = /** @type {[tf.Tensor, tf.Tensor]} */ ([a, b]);
    return { mean: tf.mean(product(product(x, y), y)) };
  };
  const compiled = compiler.compile(step, [input('a'), input('b')], { precision });
  const tensors = { a: tf.randomUniform([size, size]), b: tf.randomUniform([size, size]) };
  return { iterate: () => compiled.run(tensors), facts: { gflop: flopsOf(compiled.recording) / 1e9 } };
}

await serveTasks(async (task) => {
  const [kind, size, precision] = /** @type {[Net | 'iteration' | 'matmul', string, Precision | 'tfjs']} */ (
    task.split(' ')
  );
  const make = () => {
    if (precision === 'tfjs') return { iterate: plainStep(kind, Number(size)) };
    if (kind === 'matmul') return matmul(Number(size), precision);
    return kind === 'iteration'
      ? iteration(Number(size), precision)
      : gradientStep(kind, Number(size), precision);
  };
  const entry = make();
  for (let i = 0; i < 3; i++) entry.iterate();
  return entry;
});
process.exit();
