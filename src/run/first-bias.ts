// What G's output bias begins with where that follows from the data: goodfeli/adversarial's recipes take the logit of each pixel's mean.
import type { RunConfig } from '../config/run-config.js';
import { pixelMeans } from '../data/pixel-means.js';
import { assert, NashError } from '../errors.js';
import type { Architecture } from '../models/architecture.js';
import type { ManifestEntry } from '../parameters/manifest.js';
import type { Run } from './open-run.js';

/** The bias among G's tensors, and its first values. */
export interface FirstBias {
  entry: ManifestEntry;
  values: Float32Array;
}

/**
 * Reads all items once.
 * @returns undefined where the bias is drawn
 * @throws NashError('usage') see `requireOutputBias`
 */
export function firstBias({ config, architecture, source }: Run): FirstBias | undefined {
  if (config.init.outputBias === 'drawn') return undefined;
  requireOutputBias(config, architecture);
  assert(source.kind === 'dataset', () => `${config.data.source} has items, by the config's schema`);
  const { name, before } = architecture.outputBias!;
  const values = Float32Array.from(pixelMeans(source), before);
  const entry = architecture.generator.manifest.entries.find((each) => each.name === name);
  assert(
    entry?.size === values.length,
    () => `G's ${name} has ${entry?.size} values, items ${values.length}`,
  );
  return { entry, values };
}

/** @throws NashError('usage') where the bias is to follow from the data, and G has none for each value of an item */
export function requireOutputBias(
  { init, model }: Pick<RunConfig, 'init' | 'model'>,
  { outputBias }: Architecture,
): void {
  if (init.outputBias === 'drawn' || outputBias) return;
  throw new NashError(
    'usage',
    `init.outputBias: ${init.outputBias} takes a G whose last layer has a bias for each value of an item, and that of model ${model.name} has ` +
      'none; expected model.name mlp, maxout or maxout-conv, or init.outputBias drawn',
  );
}
