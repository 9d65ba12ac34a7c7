// The files of an export: of each format those that its readers know, and beside them samples and the model card.
import { savedModel } from '../compiler/graph.js';
import { encodeNpy } from '../evaluation/npy.js';
import { graphModel } from './graph-model.js';
import { modelCard } from './model-card.js';
import { onnxModel } from './onnx-model.js';
import { beside, pageOf } from './page.js';
import type { Files, Taken } from './taken.js';
import { isSequence, safetensorsOf } from './torch-tensors.js';
import { requireRuns } from './tried.js';

/** What is written of a format. */
const FORMATS = {
  'saved-model': ({ graph }: Taken): Files => new Map([['saved_model.pb', savedModel(graph)]]),
  onnx: ({ graph, run, step }: Taken): Files =>
    new Map([['model.onnx', onnxModel(graph, { run, step: String(step) })]]),
  async tfjs(taken: Taken): Promise<Files> {
    const model = graphModel(taken.graph);
    await requireRuns(model, taken.samples);
    const json = Buffer.from(JSON.stringify(model.json));
    return new Map([['model.json', json], ...model.shards, ...pageOf(taken, model)]);
  },
  safetensors: (taken: Taken): Files => {
    const weights = ['generator.safetensors', safetensorsOf(taken)] as const;
    return new Map(isSequence(taken) ? [weights, ['generator.py', beside('generator.py')]] : [weights]);
  },
} as const;

export type Format = keyof typeof FORMATS;

/**
 * Files by their path, the card last.
 * @throws NashError('failed') where a format cannot hold the generator
 */
export async function filesOf(taken: Taken, formats: readonly Format[]): Promise<Files> {
  const { latents, labels, items, shape, count } = taken.samples;
  const files = new Map<string, Uint8Array>();
  for (const format of formats)
    for (const [path, bytes] of await FORMATS[format](taken)) files.set(path, bytes);
  files.set('latents.npy', encodeNpy(latents, [count, latents.length / count]));
  if (labels) files.set('labels.npy', encodeNpy(labels, [count]));
  files.set('samples.npy', encodeNpy(items, [count, ...shape]));
  files.set('samples.png', taken.figure);
  files.set('README.md', Buffer.from(modelCard(taken, formats, files)));
  return files;
}
