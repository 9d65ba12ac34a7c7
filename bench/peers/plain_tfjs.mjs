// What a tfjs user writes for the same D and G gradient steps: tfjs's own operations, eager, batch norm by moments.
import * as tf from '@tensorflow/tfjs-core';

const BATCH = 64;
const LATENT = 100;

/** @param {tf.Tensor} x @param {tf.Tensor} scale @param {tf.Tensor} offset */
function batchNorm(x, scale, offset) {
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  return tf.batchNorm(
    /** @type {tf.Tensor4D} */ (x),
    /** @type {tf.Tensor1D} */ (mean),
    /** @type {tf.Tensor1D} */ (variance),
    /** @type {tf.Tensor1D} */ (offset),
    /** @type {tf.Tensor1D} */ (scale),
    1e-5,
  );
}

/** @param {number} w @returns {number[][]} */
const generatorShapes = (w) => [
  [LATENT, 64 * w],
  [4 * w],
  [4 * w],
  [4, 4, 2 * w, 4 * w],
  [2 * w],
  [2 * w],
  [4, 4, w, 2 * w],
  [w],
  [w],
  [4, 4, 3, w],
];
/** @param {number} w @returns {number[][]} */
const discriminatorShapes = (w) => [
  [4, 4, 3, w],
  [4, 4, w, 2 * w],
  [2 * w],
  [2 * w],
  [4, 4, 2 * w, 4 * w],
  [4 * w],
  [4 * w],
  [64 * w, 1],
];

/** @param {any[]} p @param {tf.Tensor} z @param {number} w @returns {tf.Tensor4D} `[64, 32, 32, 3]` */
function generate(p, z, w) {
  let h = tf.reshape(tf.matMul(/** @type {tf.Tensor2D} */ (z), p[0]), [BATCH, 4, 4, 4 * w]);
  h = tf.relu(batchNorm(h, p[1], p[2]));
  h = tf.relu(
    batchNorm(
      tf.conv2dTranspose(/** @type {tf.Tensor4D} */ (h), p[3], [BATCH, 8, 8, 2 * w], 2, 'same'),
      p[4],
      p[5],
    ),
  );
  h = tf.relu(
    batchNorm(
      tf.conv2dTranspose(/** @type {tf.Tensor4D} */ (h), p[6], [BATCH, 16, 16, w], 2, 'same'),
      p[7],
      p[8],
    ),
  );
  return tf.tanh(tf.conv2dTranspose(/** @type {tf.Tensor4D} */ (h), p[9], [BATCH, 32, 32, 3], 2, 'same'));
}

/** @param {any[]} p @param {tf.Tensor4D} x @returns {tf.Tensor} logits `[64, 1]` */
function discriminate(p, x) {
  let h = tf.leakyRelu(tf.conv2d(x, p[0], 2, 'same'));
  h = tf.leakyRelu(batchNorm(tf.conv2d(h, p[1], 2, 'same'), p[2], p[3]));
  h = tf.leakyRelu(batchNorm(tf.conv2d(h, p[4], 2, 'same'), p[5], p[6]));
  return tf.matMul(tf.reshape(h, [BATCH, -1]), p[7]);
}

/**
 * An iteration computes the loss and reads every gradient, as Nash's step does.
 * @param {string} net
 * @param {number} width
 */
export function plainStep(net, width) {
  const draw = (/** @type {number[]} */ shape) => tf.randomNormal(shape, shape.length === 1 ? 1 : 0, 0.02);
  const [g, d] = [generatorShapes(width).map(draw), discriminatorShapes(width).map(draw)];
  const real = tf.randomUniform([BATCH, 32, 32, 3], -1, 1);
  const isDiscriminator = net === 'discriminator';
  const loss = (/** @type {tf.Tensor[]} */ ...trained) => {
    const fake = generate(isDiscriminator ? g : trained, tf.randomNormal([BATCH, LATENT]), width);
    if (!isDiscriminator)
      return /** @type {tf.Scalar} */ (tf.mean(tf.softplus(tf.neg(discriminate(d, fake)))));
    const onReal = tf.mean(tf.softplus(tf.neg(discriminate(trained, /** @type {tf.Tensor4D} */ (real)))));
    return /** @type {tf.Scalar} */ (tf.add(onReal, tf.mean(tf.softplus(discriminate(trained, fake)))));
  };
  return () =>
    tf.tidy(() => {
      const { value, grads } = tf.valueAndGrads(loss)(isDiscriminator ? d : g);
      for (const gradient of grads) gradient.dataSync();
      return value.dataSync()[0];
    });
}
