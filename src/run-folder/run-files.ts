// What lies where in the folder of a run: every name of a file, once.
import { join } from 'node:path';

/** Files of a run, and folders of such. */
export const RUN_FILES = {
  /** resolved: every key stands there */
  config: 'config.yaml',
  environment: 'environment.json',
  /** what was set on the command line, which --resume need not repeat */
  arguments: 'arguments.json',
  /** where the server listens, while it lives */
  address: 'server.json',
  /** where Prometheus finds the server, while it lives */
  targets: 'prometheus.json',
  /** tells the run from others in folders of the same name; stays when it is resumed */
  id: 'id',
  /** the server's Unix socket and the key made for the run: for its user alone */
  private: 'private',
  /** the highest term that a server of this folder has had */
  term: 'term',
  /** a line of JSON for an event */
  metrics: 'metrics.jsonl',
  /** a line of JSON for a version of the weights, chained, see ledger.ts */
  ledger: 'ledger.jsonl',
  /** copies of the modules of one's own that its config names, by hash */
  modules: 'modules',
  figures: 'figures',
  checkpoints: 'checkpoints',
  /** one file a process */
  logs: 'logs',
  result: 'result.json',
} as const;

/** And the lock, which is a server's and not the run's. */
export type RunFile = keyof typeof RUN_FILES | 'lock';

/** The path of a file in the folder of a run. */
export const runFile = (runDir: string, file: RunFile): string =>
  join(runDir, file === 'lock' ? file : RUN_FILES[file]);
