// Opens the data that a run config names, with the cache where this host keeps decoded images.
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { DataSource } from './data-source.js';
import { openSource } from './open-source.js';
import type { DataOptions } from './options.js';

/** Where decoded images are kept, outside every data folder: `$NASH_CACHE/data`, else `~/.cache/nash/data`. */
export const dataCacheFolder = (): string =>
  join(process.env.NASH_CACHE ?? join(homedir(), '.cache', 'nash'), 'data');

/**
 * @param log told which files are read and why
 * @throws NashError('usage') when the data are missing or damaged
 */
export const openRunData = (
  config: { data: DataOptions },
  log: (message: string) => void,
): Promise<DataSource> => openSource(config.data, { cacheDir: dataCacheFolder(), log });
