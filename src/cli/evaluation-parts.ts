// What `nash evaluate` compares with what: the data of a config or a file of real items, the split that was asked for, and held-out items.
import { basename } from 'node:path';
import type { RunConfig } from '../config/run-config.js';
import { dataCacheFolder } from '../data/cache-folder.js';
import type { DataSource } from '../data/data-source.js';
import { itemsSource, type NpyFloats, readNpy } from '../data/read-npy.js';
import { NashError } from '../errors.js';
import { openHeldOut, openSplit, splitHeldOut } from '../evaluation/held-out.js';
import { type HeldOut, kindOf, type Measure } from '../evaluation/measures/measure.js';
import { MEASURES, type MeasureName, measuresOf } from '../evaluation/measures/measures.js';
import type { EvaluationOptions } from './evaluation.js';

export const context = ({ log }: EvaluationOptions) => ({ cacheDir: dataCacheFolder(), log });

export interface Parts {
  /** what samples are to be like */
  source: DataSource;
  /** what they are compared with */
  against: DataSource;
  againstName: string;
  /** whether that is a file */
  isFile: boolean;
  sourceName: string;
  heldOut: HeldOut | undefined;
  asked: readonly MeasureName[];
}

/** @param source of the config, where there is one */
export async function partsOf(
  source: DataSource | undefined,
  config: RunConfig | undefined,
  options: EvaluationOptions,
): Promise<Parts> {
  const { against } = options;
  const isFile = against !== undefined && against !== 'train' && against !== 'test';
  const file = isFile ? await readNpy(against) : undefined;
  const real = file && itemsSource(file);
  if (file && source) requireShape(against!, file, source, `the data of the config`);
  const data = (source ?? real)!;
  const asked = options.asked ?? everything(data, options);
  const isConditional = options.isRun && config!.model.conditional !== 'none';
  const needsHeldOut = measuresOf(data, { isConditional, asked }).some(({ needs = [] }) =>
    needs.includes('heldOut'),
  );
  const split = against === 'train' || against === 'test' ? against : undefined;
  const compared = real ?? (split ? await openSplit(data, config!.data, split, context(options)) : data);
  const own = config && 'split' in config.data ? config.data.split : 'train';
  let heldOut: HeldOut | undefined;
  if (needsHeldOut && real) heldOut = splitHeldOut(real, basename(against!));
  else if (needsHeldOut && source) heldOut = await heldOutOr(source, config!, options);
  return {
    source: data,
    against: compared,
    isFile,
    againstName: isFile ? against : (split ?? own),
    sourceName: config?.data.source ?? basename(against!),
    heldOut,
    asked,
  };
}

/** Where they are not asked for by name, test items that cannot be read are left out. */
async function heldOutOr(source: DataSource, config: RunConfig, options: EvaluationOptions) {
  try {
    return await openHeldOut(source, config.data, context(options));
  } catch (error) {
    if (options.asked || !(error instanceof NashError)) throw error;
    options.log(`no test items: ${error.message}`);
    return undefined;
  }
}

/** All values but those that need what nobody gave, or data of another make. */
function everything(source: DataSource, { inception }: EvaluationOptions): MeasureName[] {
  const isStacked = source.kind === 'dataset' && source.stackedOf !== undefined;
  const lacking = [
    ...(inception === undefined ? ['inception'] : []),
    ...(isStacked ? [] : ['channelClassifier']),
  ];
  const all: readonly Measure[] = MEASURES;
  return all
    .filter(
      ({ appliesTo, needs = [] }) =>
        appliesTo.includes(kindOf(source)) && !needs.some((part) => lacking.includes(part)),
    )
    .flatMap(({ metrics }) => Object.keys(metrics) as MeasureName[]);
}

export function requireShape(
  path: string,
  { shape: [count, ...shape], data }: NpyFloats,
  source: DataSource,
  what: string,
) {
  if (`${shape}` !== `${source.shape}`)
    throw new NashError(
      'usage',
      `${path}: found samples of shape [${[count, ...shape].join(', ')}], expected [N, ${source.shape.join(', ')}], as ${what} have it. Reshape it, or name other data.`,
    );
  if (kindOf(source) !== 'images') return;
  const odd = data.find((value) => Math.abs(value) > RANGE);
  if (odd !== undefined)
    throw new NashError(
      'usage',
      `${path}: found a value of ${odd}, expected pictures from -1 (black) to 1, as nash sample writes them. Of bytes: x / 127.5 - 1.`,
    );
}

/** Beyond a rounding no picture leaves [-1, 1]. */
const RANGE = 1.01;
