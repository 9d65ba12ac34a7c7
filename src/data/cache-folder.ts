// Where this host keeps decoded images.
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Outside every data folder: `$NASH_CACHE/data`, else `~/.cache/nash/data`. */
export const dataCacheFolder = (): string =>
  join(process.env.NASH_CACHE || join(homedir(), '.cache', 'nash'), 'data');
