// Networks, a layer, a loss and a penalty of one's own: `npx nash train my-networks.yaml` trains them.
import * as tf from '@tensorflow/tfjs-core';
import type { Logits, OwnLoss } from 'nash/losses';
import {
  type Architecture,
  activation,
  dense,
  type Layer,
  layer,
  network,
  reshape,
  type Shape,
} from 'nash/models';
import type { DiscriminatorContext } from 'nash/penalties';

/** What stands beside `module` in the config. */
interface Options {
  latent: number;
  width: number;
}

/** Both networks, for items of a shape: [2] for points, [height, width, channels] for pictures. */
export default ({ latent, width }: Options, itemShape: Shape): Architecture => {
  const numbers = itemShape.reduce((product, d) => product * d, 1);
  return {
    generator: network(
      'generator',
      [latent],
      [
        dense('dense1', width),
        activation.relu('relu1'),
        dense('dense2', width),
        activation.relu('relu2'),
        dense('output', numbers),
        reshape('item', itemShape),
      ],
    ),
    discriminator: network('discriminator', itemShape, [
      fourierFeatures('fourier', { count: width, deviation: 1 }),
      dense('dense1', width),
      activation.leakyRelu('leaky1'),
      dense('logit', 1),
    ]),
  };
};

/** Sines and cosines of learned frequencies (Tancik et al. 2020, equation 5): `[features]` → `[2 * count]`. */
const fourierFeatures = (name: string, { count, deviation }: { count: number; deviation: number }): Layer =>
  layer({
    name,
    outputShape: () => [2 * count],
    parameters: ([features]) => [
      { name: 'frequencies', shape: [features!, count], initializer: { kind: 'normal', deviation } },
    ],
    apply(x, { parameter }) {
      const angles = tf.matMul(x as tf.Tensor2D, parameter('frequencies') as tf.Tensor2D); // [batch, count]
      return tf.concat([tf.sin(angles), tf.cos(angles)], 1); // [batch, 2 * count]
    },
  });

/** The hinge loss with a margin of one's own. */
export const loss = ({ margin = 1 }: { margin?: number }): OwnLoss => ({
  discriminator: ({ real, fake }: Logits) =>
    tf.add(tf.mean(tf.relu(tf.sub(margin, real))), tf.mean(tf.relu(tf.add(margin, fake)))) as tf.Scalar,
  generator: ({ fake }: Logits) => tf.neg(tf.mean(fake)) as tf.Scalar,
});

/** Keeps what D gives for real items near 0, as Karras et al. 2018 do (appendix A.1). */
export const penalty =
  ({ weight = 1e-3 }: { weight?: number }) =>
  ({ discriminator, real }: DiscriminatorContext): tf.Scalar =>
    tf.mul(weight, tf.mean(tf.square(discriminator(real, 'real')))) as tf.Scalar;
