// What is taken elsewhere: a generator of a run, and samples by which whoever has it can tell that it is the same.
import type { Recording } from '../compiler/recording.js';
import type { RunConfig } from '../config/run-config.js';
import type { Classes } from '../data/classes.js';
import type { Generator } from './generator-graph.js';
import type { Evaluated } from './last-evaluation.js';

export interface Taken {
  /** the run folder's name */
  run: string;
  /** of the checkpoint, resolved */
  config: RunConfig;
  /** G's */
  step: number;
  /** whether these are the weights of the step, not those averaged over its steps */
  isRaw: boolean;
  generator: Generator;
  /** see generator-graph.ts */
  graph: Recording;
  /** of the data, in a conditional run */
  classes?: Classes | undefined;
  samples: TakenSamples;
  /** PNG of more of them */
  figure: Uint8Array;
  /** what the run's evaluator said of that step, or one before */
  evaluated: Evaluated | undefined;
}

/** The first samples that `nash sample` draws. */
export interface TakenSamples {
  count: number;
  /** `[count, latent]` */
  latents: Float32Array;
  /** `[count]`, in a conditional run */
  labels?: Int32Array | undefined;
  /** `[count, ...item]`, in the range of the training data */
  items: Float32Array;
  /** of one */
  shape: readonly number[];
}

/** Files by their path in the folder. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** What the numbers of an item mean. */
export const rangeOf = (shape: readonly number[]): string =>
  shape.length === 3 ? 'pictures from -1 (black) to 1 (white)' : 'points as the data have them';
