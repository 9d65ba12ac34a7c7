// `nash`: the config of a run, read and checked as the commands do, and errors as they say them.
export { loadConfig, validateConfig } from './config/load-config.js';
export type { RunConfig } from './config/run-config.js';
export { EXIT, NashError } from './errors.js';
