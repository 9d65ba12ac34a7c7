import { NashError } from '../errors.js';
import type { DataSource } from './data-source.js';
import { mixtureSource } from './mixture.js';
import type { DataOptions } from './options.js';

export async function openSource(options: DataOptions, _context: { cacheDir: string; log(message: string): void }): Promise<DataSource> {
  switch (options.source) {
    case 'ring':
    case 'grid':
    case 'gaussian-1d':
      return mixtureSource(options);
    default:
      throw new NashError('usage', `source ${options.source} is being written`);
  }
}
