// What follows from a run's config alone, made the same way by every process: the data, the networks and how their vectors lie.
import type { RunConfig } from '../config/run-config.js';
import { dataCacheFolder } from '../data/cache-folder.js';
import { type Classes, classesOf } from '../data/classes.js';
import type { DataSource } from '../data/data-source.js';
import { openSource } from '../data/open-source.js';
import type { Architecture } from '../models/architecture.js';
import type { Shape } from '../numerics/shape.js';
import { Layout } from '../parameters/layout.js';
import { manifestHashes, type Net } from '../parameters/manifest.js';
import { architectureOf, judgesItems, type NetworkConfig } from '../steps/steps.js';
import { requireOutputBias } from './first-bias.js';

/** The networks of a run; no data is needed for them but its items' shape and, in a conditional run, their classes. */
export interface RunNetworks {
  architecture: Architecture;
  layout: Layout;
  /** whether D says of one item alone how probably it is real */
  judgesItems: boolean;
  /** of the data, in a conditional run */
  classes?: Classes | undefined;
  /** hashes of both nets' manifests, by which processes make sure that they mean the same by a vector */
  manifests: Record<Net, string>;
}

export interface Run extends RunNetworks {
  config: RunConfig;
  /** whoever opened the run closes it */
  source: DataSource;
}

/**
 * Opens a run's data and builds its networks.
 * @param log told which files are read and why
 * @throws NashError('usage') when the data are missing or damaged, the networks cannot make such items, or the run is conditional and labels
 * are missing
 */
export async function openRun(config: RunConfig, log: (message: string) => void = () => {}): Promise<Run> {
  const shape = shapeToCome(config.data);
  if (shape) requireOutputBias(config, architectureOf(config, shape)); // refuses before hours of decoding, not after
  const source = await openSource(config.data, { cacheDir: dataCacheFolder(), log });
  try {
    const classes = config.model.conditional === 'none' ? undefined : classesOf(source);
    return { config, source, ...(await networksOf(config, source.shape, classes)) };
  } catch (error) {
    source.close();
    throw error;
  }
}

/** The shape of items where it is asked for and not found: before hours of decoding. */
export function shapeToCome(data: RunConfig['data']): Shape | undefined {
  if (data.source !== 'images') return undefined;
  return [...(typeof data.size === 'number' ? [data.size, data.size] : data.size), data.channels];
}

/**
 * @param classes of the data, in a conditional run
 * @throws NashError('usage') when the networks cannot make items of that shape
 */
export async function networksOf(
  config: NetworkConfig & Pick<RunConfig, 'loss'>,
  itemShape: Shape,
  classes?: Classes,
): Promise<RunNetworks> {
  const architecture = architectureOf(config, itemShape, classes?.counts.length);
  return {
    architecture,
    classes,
    layout: new Layout(architecture),
    judgesItems: judgesItems(config, architecture),
    manifests: manifestHashes(architecture),
  };
}
