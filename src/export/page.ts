// The page beside a graph model: everything that it needs in scripts, since a page that is opened as a file may not fetch its neighbours.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { places } from '../../src/setup/places.mjs';
import type { GraphModel } from './graph-model.js';
import type { Files, Taken } from './taken.js';

/** A file that is written as it stands in Nash. */
export const beside = (name: string): Buffer => readFileSync(join(places().root, 'src/export/beside', name));

const packaged = (path: string): Buffer =>
  readFileSync(createRequire(import.meta.url).resolve(`@tensorflow/tfjs-${path}`));

/** TensorFlow.js, as its packages ship it for browsers, in the order in which they need each other. */
const BUNDLES = [
  'core/dist/tf-core.min.js',
  'converter/dist/tf-converter.min.js',
  'backend-cpu/dist/tf-backend-cpu.min.js',
  'backend-wasm/dist/tf-backend-wasm.min.js',
];
const WASM = 'backend-wasm/dist/tfjs-backend-wasm-simd.wasm';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const floats = (data: Float32Array): string =>
  base64(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));

/** index.html and the folder page/. */
export function pageOf(taken: Taken, { json, shards }: GraphModel): Files {
  const { run, step, config, generator, classes, samples } = taken;
  const { architecture, latentDistribution } = generator;
  const model = {
    name: run,
    about: `${config.model.name ?? 'A generator'}, trained with Nash on ${config.data.source}: step ${step.toLocaleString('en')}`,
    json,
    weights: [...shards.values()].map(base64),
    latent: architecture.generator.inputs.latents![0]!,
    distribution: latentDistribution,
    codes: {
      categories: architecture.codes?.categories ?? [],
      continuous: architecture.codes?.continuous ?? 0,
    },
    classes: classes && (classes.names ?? classes.counts.map((_, i) => String(i))),
    shape: samples.shape,
    recorded: {
      count: samples.count,
      latents: floats(samples.latents),
      labels: samples.labels && [...samples.labels],
      samples: floats(samples.items),
    },
  };
  const sources = BUNDLES.map((path) =>
    packaged(path)
      .toString('utf8')
      .replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'),
  );
  return new Map([
    ['index.html', beside('index.html')],
    ['page/tensorflow.js', Buffer.from(sources.join(''))],
    ['page/wasm.js', Buffer.from(`globalThis.nashWasm = '${base64(packaged(WASM))}';\n`)],
    ['page/model.js', Buffer.from(`globalThis.nashModel = ${JSON.stringify(model)};\n`)],
    ['page/page.js', beside('page.js')],
  ]);
}
