// Normalization of hidden layers by option: none, over the samples of a group, or over the features of each sample by itself.
import { z } from 'zod';
import { batchNorm, type Layer } from './layers.js';
import { layerNorm } from './pictures.js';

export const normalization = z
  .enum(['none', 'batch', 'layer'])
  .default('none')
  .describe(
    'after each hidden layer, before its activation: over the samples of a group (`batch`: Ioffe and Szegedy 2015), or over the features of ' +
      'each sample (`layer`: Ba et al. 2016), which leaves samples apart as a gradient penalty wants them',
  );
export type Normalization = z.output<typeof normalization>;

const LAYERS: Readonly<Record<Normalization, (name: string) => Layer[]>> = {
  none: () => [],
  batch: (name) => [batchNorm(name)],
  layer: (name) => [layerNorm(name)],
};

/** A hidden layer's normalization `[features]` → `[features]`, or nothing. */
export const normalized = (kind: Normalization, name: string): Layer[] => LAYERS[kind](name);

/** Whether the layer before has a bias: batch norm takes it away again, and its offset does the same. */
export const hasBias = (kind: Normalization): boolean => kind !== 'batch';
