// A graph model is run once by TensorFlow.js itself, its WebAssembly back end, before anything is written: what it cannot do is said here, by
// name, and not in somebody's browser.
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { messageOf, NashError } from '../errors.js';
import type { GraphModel } from './graph-model.js';
import type { TakenSamples } from './taken.js';

/** Of the range of pictures, -1 to 1; of points of their largest. */
const DIFFERENCE_MAX = 1 / 255;

const require = createRequire(import.meta.url);

/** @throws NashError('failed') where the model needs what TensorFlow.js has not, or gives other samples */
export async function requireRuns({ json, shards }: GraphModel, samples: TakenSamples): Promise<void> {
  const before = tf.getBackend();
  let values: ArrayLike<number>;
  try {
    require('@tensorflow/tfjs-backend-wasm');
    await tf.setBackend('wasm');
    values = await run(json, Buffer.concat([...shards.values()]), samples);
  } catch (cause) {
    throw new NashError(
      'failed',
      `TensorFlow.js cannot run this generator: ${messageOf(cause).split('\n')[0]}. --format saved-model or safetensors takes it elsewhere.`,
      { cause },
    );
  } finally {
    await tf.setBackend(before);
  }
  const scale = samples.items.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const wrong = samples.items.findIndex(
    (value, i) => !(Math.abs(value - values[i]!) <= DIFFERENCE_MAX * scale),
  );
  if (wrong < 0) return;
  const message = `TensorFlow.js gives other samples than this generator: ${values[wrong]} where ${samples.items[wrong]} was expected. A layer of it is another there.`;
  throw new NashError('failed', message);
}

async function run(
  json: GraphModel['json'],
  weights: Uint8Array,
  samples: TakenSamples,
): Promise<ArrayLike<number>> {
  const { latents, labels, count } = samples;
  const load = async (): Promise<tf.io.ModelArtifacts> => ({
    modelTopology: json.modelTopology,
    signature: json.signature,
    weightSpecs: json.weightsManifest[0]!.weights,
    weightData: new Uint8Array(weights).buffer,
  });
  const model = await require('@tensorflow/tfjs-converter').loadGraphModel({ load });
  const given = {
    latents: tf.tensor2d(latents, [count, latents.length / count]),
    ...(labels && { labels: tf.tensor1d(labels, 'int32') }),
  };
  const result = model.execute(given) as tf.Tensor;
  const values = result.dataSync();
  tf.dispose([given, result]);
  model.dispose();
  return values;
}
