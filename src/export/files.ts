// The files of an export: of each format those that its readers know, and beside them samples and the model card.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { places } from '../../src/setup/places.mjs';
import { savedModel } from '../compiler/graph.js';
import { encodeNpy } from '../evaluation/npy.js';
import { modelCard } from './model-card.js';
import type { Files, Taken } from './taken.js';
import { isSequence, safetensorsOf } from './torch-tensors.js';

/** A file that is written as it stands. */
const beside = (name: string): Buffer => readFileSync(join(places().root, 'src/export/beside', name));

/** What is written of a format. */
const FORMATS = {
  'saved-model': ({ graph }: Taken): Files => new Map([['saved_model.pb', savedModel(graph)]]),
  safetensors: (taken: Taken): Files => {
    const weights = ['generator.safetensors', safetensorsOf(taken)] as const;
    return new Map(isSequence(taken) ? [weights, ['generator.py', beside('generator.py')]] : [weights]);
  },
} as const;

export type Format = keyof typeof FORMATS;

/** Files by their path, the card last. */
export function filesOf(taken: Taken, formats: readonly Format[]): Files {
  const { latents, labels, items, shape, count } = taken.samples;
  const files = new Map<string, Uint8Array>(formats.flatMap((format) => [...FORMATS[format](taken)]));
  files.set('latents.npy', encodeNpy(latents, [count, latents.length / count]));
  if (labels) files.set('labels.npy', encodeNpy(labels, [count]));
  files.set('samples.npy', encodeNpy(items, [count, ...shape]));
  files.set('samples.png', taken.figure);
  files.set('README.md', Buffer.from(modelCard(taken, formats, files)));
  return files;
}
