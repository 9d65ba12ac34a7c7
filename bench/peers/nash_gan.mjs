// Nash's side of the bench in one process: compiled gradient steps, whole iterations, and what the machine can do at most.
// Tasks: "discriminator 64 float32" (DCGAN of a width, or a name of GAMES; bfloat16; or tfjs: plain eager), "alternating 64 bfloat16" and
// "simultaneous 64 float32" (whole iterations), "matmul 2048 float32".
// Usage: nash_gan.mjs THREADS [cpu | gpu]
import '../../src/setup/node-shim.mjs';
import * as tf from '@tensorflow/tfjs-core';
import { serveTasks } from '../contestant.mjs';
import { flopsOf } from '../flops.mjs';
import { nash } from '../nash.mjs';
import { plainStep } from './plain_tfjs.mjs';

/** @typedef {'discriminator' | 'generator'} Net */
/** @typedef {'float32' | 'bfloat16'} Precision */
/** @typedef {'alternating' | 'simultaneous'} Order */

const compiler = await nash.compiler();
const { runConfig } = await nash.config();
const parameters = await nash.parameters();
const layout = await nash.layout();
const steps = await nash.steps();
const vectorCalls = await nash.vectorCalls();
const vectors = await nash.vectors();
const { optimizerOf } = await nash.optimizers();
const { optimizerOptions } = await nash.optimizerOptions();

const BATCH = 64;
const ITEM = [32, 32, 3];
const NETS = /** @type {const} */ (['discriminator', 'generator']);

const backend = (await nash.tensorflow()).loadTensorFlow({
  kind: process.argv[3] === 'gpu' ? 'gpu' : 'cpu',
  threads: Number(process.argv[2]),
});

/** What is trained beside DCGANs of a width, by the name of its tasks. @type {Readonly<Record<string, object>>} */
const GAMES = {
  r1: { model: { name: 'dcgan' }, penalties: { discriminator: [{ name: 'r1' }] } },
  'gradient-penalty': {
    model: { name: 'dcgan' },
    loss: { name: 'wasserstein' },
    penalties: { discriminator: [{ name: 'gradient-penalty' }] },
  },
  sngan: { model: { name: 'sngan' }, loss: { name: 'hinge' } },
  stylegan2: { model: { name: 'stylegan2' } },
};

/** @param {string} game a width of DCGAN, or a name of `GAMES` */
function contextOf(game) {
  const options = GAMES[game] ?? { model: { name: 'dcgan', width: Number(game) } };
  const config = runConfig.parse({
    data: { source: 'ring' },
    ...{ loss: { name: 'non-saturating' }, minibatch: { size: BATCH, shards: 1 } },
    ...options,
  });
  return steps.stepContextOf(config, steps.architectureOf(config, ITEM));
}

/** @param {Net} net @param {string} game @param {Precision} precision */
function compiledStep(net, game, precision) {
  const { inputs, step } = steps.STEPS[net].define(contextOf(game));
  return compiler.compile(step, inputs, { precision });
}

/** @param {string} game @returns {Record<Net, Float32Array>} */
function initialVectors(game) {
  const { architecture } = contextOf(game);
  const initial = (/** @type {Net} */ net) =>
    parameters.initialParameters(architecture[net].manifest, { seed: 1, net });
  return { discriminator: initial('discriminator'), generator: initial('generator') };
}

const realImages = () => tf.randomUniform([BATCH, ...ITEM], -1, 1);
/** @param {number} i */
const seedTensor = (i) => tf.tensor1d([i, 1], 'int32');

/** @param {Net} net @param {string} game @param {Precision} precision */
function gradientStep(net, game, precision) {
  const compiled = compiledStep(net, game, precision);
  const initial = initialVectors(game);
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

/** @typedef {Record<Net, Float32Array>} Payloads */
/** @typedef {Record<Net | 'real' | 'discriminator-seed' | 'generator-seed', tf.Tensor>} Feeds */

/**
 * Runs both nets' gradients from the weights as they are. Alternating: G's is asked for after D's update. Simultaneous: both are one
 * graph, in which the session overlaps them, as two workers would.
 * @param {Order} order @param {string} width @param {Precision} precision
 */
function gradients(order, width, precision) {
  if (order === 'alternating') {
    const compiled = {
      discriminator: compiledStep('discriminator', width, precision),
      generator: compiledStep('generator', width, precision),
    };
    return NETS.map((net) => ({
      nets: [net],
      run: (/** @type {Feeds} */ feeds) =>
        /** @type {Payloads} */ ({
          [net]: compiled[net].run({ ...feeds, seed: feeds[`${net}-seed`] }).payload,
        }),
    }));
  }
  const context = contextOf(width);
  const [d, g] = [steps.STEPS.discriminator.define(context), steps.STEPS.generator.define(context)];
  const seeds = NETS.map((net) => ({
    name: `${net}-seed`,
    shape: [2],
    dtype: /** @type {const} */ ('int32'),
  }));
  const inputs = [...d.inputs.filter(({ name }) => name !== 'seed'), ...seeds];
  const both = compiler.compile(
    (feeds) => ({
      discriminator: payloadOf(d, feeds, 'discriminator'),
      generator: payloadOf(g, feeds, 'generator'),
    }),
    inputs,
    { precision },
  );
  return [
    {
      nets: [...NETS],
      run: (/** @type {Feeds} */ feeds) => /** @type {Payloads} */ (both.run(feeds)),
    },
  ];
}

/** @param {import('../../src/steps/step.js').StepDefinition} definition @param {Record<string, tf.Tensor>} feeds @param {Net} net */
function payloadOf({ step }, feeds, net) {
  return /** @type {tf.Tensor} */ (
    step({ ...feeds, seed: /** @type {tf.Tensor} */ (feeds[`${net}-seed`]) }).payload
  );
}

/**
 * One D step and one G step with Adam, in one process: steps as workers run them, arithmetic as the server does it, G's average included.
 * @param {Order} order @param {string} width @param {Precision} precision
 */
function iteration(order, width, precision) {
  const memory = new vectors.VectorMemory();
  const { architecture } = contextOf(width);
  const optimizer = optimizerOf(optimizerOptions.parse({ name: 'adam' }));
  const initial = initialVectors(width);
  const real = realImages();
  const tensors = {
    discriminator: tf.tensor1d(initial.discriminator),
    generator: tf.tensor1d(initial.generator),
  };
  const stateOf = (/** @type {Net} */ net) => {
    const { manifest } = architecture[net];
    const vector = memory.allocate(layout.vectorLength(manifest));
    memory.write(vector, 0, initial[net]);
    const payload = memory.allocate(vector.length);
    return { manifest, vector, payload, state: optimizer.state.map(() => memory.allocate(manifest.size)) };
  };
  const states = { discriminator: stateOf('discriminator'), generator: stateOf('generator') };
  const average = memory.allocate(states.generator.vector.length);
  const apply = (
    /** @type {Net} */ net,
    /** @type {Float32Array} */ gradients,
    /** @type {number} */ step,
  ) => {
    const { manifest, vector, payload, state } = states[net];
    memory.write(payload, 0, gradients);
    memory.run(['scan', payload.offset, payload.length]); // nothing is applied that is not finite
    memory.run(
      vectorCalls.updateCall({
        kernel: optimizer.kernel,
        gradient: vectors.part(payload, 0, manifest.size),
        scale: 1,
        weights: vectors.part(vector, 0, manifest.size),
        state,
        scalars: optimizer.scalars(step),
      }),
    );
    if (manifest.slotSize > 0) {
      const cut = (/** @type {import('../../src/numerics/vector-memory.js').Vector} */ v) =>
        vectors.part(v, manifest.size, manifest.slotSize);
      memory.run(vectorCalls.blendCall({ into: cut(vector), from: cut(payload), keep: 0.9, take: 0.1 }));
    }
    if (net === 'generator')
      memory.run(vectorCalls.blendCall({ into: average, from: vector, keep: 0.999, take: 0.001 }));
    tensors[net].dispose();
    tensors[net] = tf.tensor1d(memory.read(vector));
  };
  const parts = gradients(order, width, precision);
  let step = 0;
  const iterate = () => {
    step++;
    const seeds = { 'discriminator-seed': seedTensor(2 * step), 'generator-seed': seedTensor(2 * step + 1) };
    for (const { nets, run } of parts) {
      const payloads = run({ ...tensors, ...seeds, real });
      for (const net of nets) apply(net, payloads[net], step);
    }
    tf.dispose(seeds);
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
  const [kind, size, precision] = /** @type {[Net | Order | 'matmul', string, Precision | 'tfjs']} */ (
    task.split(' ')
  );
  const make = () => {
    if (kind === 'alternating' || kind === 'simultaneous') {
      return iteration(kind, size, /** @type {Precision} */ (precision));
    }
    if (precision === 'tfjs') return { iterate: plainStep(/** @type {Net} */ (kind), Number(size)) };
    return kind === 'matmul' ? matmul(Number(size), precision) : gradientStep(kind, size, precision);
  };
  const entry = make();
  for (let i = 0; i < 3; i++) entry.iterate();
  return entry;
});
process.exit();
