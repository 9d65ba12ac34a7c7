// The Inception network of 2015 from the user's own file, `classify_image_graph_def.pb` of inception-2015-12-05.tgz: TensorFlow runs the
// frozen graph as it is. What it is fed and where its features are read is what the authors of FID and of the Inception Score do.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { type FrozenGraph, openFrozenGraph } from '../compiler/frozen-graph.js';
import { messageOf, NashError } from '../errors.js';
import type { Inception } from './measures/measure.js';

/** Pictures [N, height, width, 3] from 0 to 255: the graph enlarges and scales them. */
const INPUT = 'ExpandDims';
const FEATURES = 'pool_3';
/** Its second input are the classifier's weights; the score leaves their bias out (openai/improved-gan, inception_score/model.py). */
const LOGITS = 'softmax/logits/MatMul';
/** Pictures at once: 50, as there. */
const BATCH = 50;

/** Holds a TensorFlow session and tensors until `dispose`. */
export interface InceptionGraph extends Inception {
  /** of the file, hexadecimal */
  sha256: string;
  dispose(): void;
}

/**
 * @param wanted sha256 that the file must have; absent: any
 * @param shape of a picture, `[height, width, 1 or 3]`
 * @throws NashError('usage') where it is another file
 */
export function openInception(
  path: string,
  { wanted, shape }: { wanted: string | undefined; shape: readonly number[] },
): InceptionGraph {
  const bytes = bytesOf(path);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (wanted !== undefined && wanted.toLowerCase() !== sha256)
    throw new NashError('usage', `${path}: found sha256 ${sha256}, expected ${wanted}. Get the file again.`);
  const graph = graphOf(path, bytes);
  const weightsName = graph.inputsOf.get(LOGITS)![1]!;
  const blank = tf.zeros([1, ...shape.slice(0, 2), 3]);
  const [weights, features] = graph.run({ [`${INPUT}:0`]: blank }, [
    tensorName(weightsName),
    `${FEATURES}:0`,
  ]);
  const [size, classes] = weights!.shape as [number, number];
  tf.dispose([blank, features!]);
  return {
    sha256,
    size,
    classes,
    look(images) {
      const count = images.length / shape.reduce((a, b) => a * b, 1);
      const all = {
        features: new Float32Array(count * size),
        probabilities: new Float32Array(count * classes),
      };
      for (let from = 0; from < count; from += BATCH) {
        const batch = images.subarray(
          (from * images.length) / count,
          (Math.min(count, from + BATCH) * images.length) / count,
        );
        const { features, probabilities } = seen(graph, batch, weights as tf.Tensor2D, shape);
        all.features.set(features, from * size);
        all.probabilities.set(probabilities, from * classes);
      }
      return all;
    },
    dispose() {
      weights!.dispose();
      graph.dispose();
    },
  };
}

function seen(graph: FrozenGraph, images: Float32Array, weights: tf.Tensor2D, shape: readonly number[]) {
  return tf.tidy(() => {
    const pictures = tf.tensor(asBytes(images), [images.length / shape.reduce((a, b) => a * b, 1), ...shape]);
    const coloured = shape[2] === 3 ? pictures : tf.tile(pictures, [1, 1, 1, 3]);
    const [pooled] = graph.run({ [`${INPUT}:0`]: coloured }, [`${FEATURES}:0`]);
    const features = tf.reshape(pooled!, [-1, weights.shape[0]]) as tf.Tensor2D;
    const probabilities = tf.softmax(tf.matMul(features, weights));
    return {
      features: features.dataSync() as Float32Array,
      probabilities: probabilities.dataSync() as Float32Array,
    };
  });
}

/** From [-1, 1] to whole numbers of 0 to 255, as in a file of pictures. */
const asBytes = (images: Float32Array): Float32Array =>
  images.map((value) => Math.round(Math.min(255, Math.max(0, (value + 1) * 127.5))));

const tensorName = (input: string): string => (input.includes(':') ? input : `${input}:0`);

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new NashError('usage', `--inception ${path}: ${messageOf(cause)}. ${WHERE}`, { cause });
  }
}

const WHERE =
  'It is classify_image_graph_def.pb of inception-2015-12-05.tgz (download.tensorflow.org/models/image/imagenet), which Nash may not bring along.';

function graphOf(path: string, bytes: Buffer): FrozenGraph {
  let graph: FrozenGraph;
  try {
    graph = openFrozenGraph(bytes);
  } catch (cause) {
    throw new NashError('usage', `--inception ${path}: found no graph of TensorFlow. ${WHERE}`, { cause });
  }
  const missing = [INPUT, FEATURES, LOGITS].find((name) => !graph.inputsOf.has(name));
  if (missing === undefined) return graph;
  graph.dispose();
  throw new NashError('usage', `--inception ${path}: found a graph without '${missing}'. ${WHERE}`);
}
