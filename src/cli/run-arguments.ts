// The arguments that `train` and `server` share: which config, with what changes, into which folder.
import { basename, extname, join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { loadConfig } from '../config/load-config.js';
import type { RunConfig } from '../config/run-config.js';
import { WORKERS_MAX } from '../config/topology.js';
import { NashError } from '../errors.js';
import { POOLS, type Pool } from '../protocol/roster.js';
import type { Opening } from '../run-folder/run-folder.js';

export interface RunArguments {
  set: string[];
  runDir?: string;
  resume?: string | true;
  force?: boolean;
  otherMachines?: boolean;
}

const collect = (value: string, previous: string[]): string[] => [...previous, value];

/** Adds the shared arguments to a command. */
export const withRunArguments = (command: Command): Command =>
  command
    .argument('<config>', 'YAML file of the experiment')
    .option(
      '--set <key=value>',
      'change a key of the config, such as minibatch.size=32; may be repeated',
      collect,
      [],
    )
    .option('--run-dir <dir>', 'folder of the run (default: runs/<name of the config>)')
    .option(
      '--resume [checkpoint]',
      "go on with the folder's run from its latest checkpoint, or from the one named",
    )
    .option('--force', 'replace a run that the folder holds')
    .option(
      '--other-machines',
      'go on with workers that compute otherwise than those before: the weights will not be those of an undisturbed run',
    );

/** A run as its arguments describe it. */
export interface ResolvedRun {
  config: RunConfig;
  runDir: string;
  opening: Opening;
  resume: string;
  takesOtherMachines: boolean;
}

/** @throws NashError('usage') */
export function resolveRun(configFile: string, args: RunArguments): ResolvedRun {
  if (args.resume && args.force) {
    throw new NashError('usage', '--resume goes on with a run and --force replaces it; give one of them');
  }
  return {
    config: loadConfig(configFile, args.set),
    runDir: args.runDir ?? join('runs', basename(configFile, extname(configFile))),
    opening: args.resume ? 'resume' : args.force ? 'force' : 'fresh',
    resume: typeof args.resume === 'string' ? args.resume : 'latest',
    takesOtherMachines: args.otherMachines ?? false,
  };
}

/** The same arguments as words, for a process that is started with them. */
export function toWords(configFile: string, args: RunArguments): string[] {
  return [
    configFile,
    ...args.set.flatMap((assignment) => ['--set', assignment]),
    ...(args.runDir ? ['--run-dir', args.runDir] : []),
    ...(args.resume ? ['--resume', ...(typeof args.resume === 'string' ? [args.resume] : [])] : []),
    ...(args.force ? ['--force'] : []),
    ...(args.otherMachines ? ['--other-machines'] : []),
  ];
}

export type WorkerCounts = Record<Pool, number>;

/** Parses `discriminator=2,generator=2`. */
export function parseWorkers(text: string): WorkerCounts {
  const counts: WorkerCounts = { discriminator: 0, generator: 0, any: 0 };
  for (const part of text.split(',')) {
    const [pool, number, ...rest] = part.split('=');
    const isPool = (POOLS as readonly string[]).includes(pool ?? '');
    if (!isPool || rest.length > 0 || !/^\d+$/.test(number ?? '') || Number(number) > WORKERS_MAX) {
      throw new InvalidArgumentError(
        `'${part}' is no count of workers; write discriminator=2,generator=2 or any=2, each at most ${WORKERS_MAX}.`,
      );
    }
    counts[pool as keyof WorkerCounts] = Number(number);
  }
  return counts;
}
