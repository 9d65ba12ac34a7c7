// The processes of a run as pm2 apps: the arguments of `nash train`, spread over apps that pm2 starts, watches and starts again.
import { basename, dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { EXIT, NashError } from '../errors.js';
import { withToken } from '../run-folder/process-token.js';
import {
  type PlacementArguments,
  placementOf,
  requireFitting,
  withEndpoint,
  withPlacement,
} from './placement.js';
import { modulesIn, NASH, processesOf } from './processes.js';
import { type RunArguments, resolveRun, withRunArguments } from './run-arguments.js';
import { splitWords } from './split-words.js';

/** As far as Nash uses pm2's form. */
export interface Pm2App {
  name: string;
  namespace: string;
  script: string;
  interpreter: 'node';
  exec_mode: 'fork';
  cwd: string;
  args: string[];
  env: Record<string, string>;
  kill_timeout: number;
  stop_exit_codes: number[];
  min_uptime: number;
  max_restarts: number;
  max_memory_restart?: string;
  out_file: string;
  error_file: string;
  merge_logs: boolean;
  time: boolean;
}

/**
 * A run that is over rests with this status. pm2 7 takes a process that a signal killed for one that exited with 0, so 0 must
 * not be among the statuses that rest: a worker that the kernel killed for memory would never come back.
 */
const OVER = 64;

/**
 * A process that lived less than `min_uptime` died young; 16 of those in the first 160 s and it is given up, which with the delays of
 * `backOff` takes a minute and a half. Later every loss is answered by a start, after at most 8 s.
 */
const RESTARTS = { min_uptime: 10_000, max_restarts: 16 };

/** pm2 kills after this. The server needs it to finish its round (30 s at most) and to write a checkpoint. */
const KILL_TIMEOUT_MS = 45_000;

type Arguments = RunArguments & PlacementArguments;

/**
 * The apps of this host, NASH_HOST or else by its hostname.
 * @param text the words of `nash train`, as a shell would take them: NASH_ARGS
 * @throws NashError('usage') for what `nash train` would refuse too, and for --force and --resume, which pm2 would repeat at every start
 */
export function pm2Apps(text: string, cwd = process.cwd()): Pm2App[] {
  const { configFile, args: given } = parse(text);
  const placement = placementOf(given);
  const args = withEndpoint(given, placement);
  const { config, runDir } = resolveRun(configFile, args);
  requireFitting(placement, config);
  const { logs, ...common } = commonOf(runDir, cwd);
  return processesOf({
    placement,
    configFile,
    args,
    runDir,
    modules: modulesIn(config),
    isSupervised: true,
  }).map(
    ({ name, role, words, env }): Pm2App => ({
      name,
      ...common,
      args: [...words, '--done-status', String(OVER)],
      env: role === 'server' ? env : withToken(env),
      stop_exit_codes: [EXIT.usage, EXIT.environment, OVER, ...(role === 'server' ? [EXIT.resumable] : [])],
      out_file: join(logs, `${name}.out.log`),
      error_file: join(logs, `${name}.err.log`),
    }),
  );
}

function commonOf(runDir: string, cwd: string) {
  const folder = resolve(cwd, runDir);
  return {
    namespace: basename(folder),
    script: NASH,
    interpreter: 'node' as const,
    exec_mode: 'fork' as const,
    cwd,
    kill_timeout: KILL_TIMEOUT_MS,
    ...RESTARTS,
    ...memoryLimit(process.env.NASH_MAX_MEMORY),
    merge_logs: true,
    time: true,
    /** beside the run folder, not in it: a run that is refused leaves no folder, and pm2 keeps the reason here */
    logs: join(dirname(folder), '.pm2-logs', basename(folder)),
  };
}

/** @throws NashError('usage') */
function memoryLimit(limit: string | undefined): Pick<Pm2App, 'max_memory_restart'> {
  if (!limit) return {};
  if (/^\d+[KMG]?$/.test(limit)) return { max_memory_restart: limit };
  throw new NashError(
    'usage',
    `NASH_MAX_MEMORY is '${limit}'; expected bytes, or a number with K, M or G, such as 8G`,
  );
}

function parse(text: string): { configFile: string; args: Arguments } {
  const words = splitWords(text);
  if (words.length === 0) {
    throw new NashError(
      'usage',
      'NASH_ARGS is empty; give it the arguments of nash train: NASH_ARGS="configs/ring.yaml --workers discriminator=2,generator=2" pm2 start ecosystem.config.js',
    );
  }
  let parsed: { configFile: string; args: Arguments } | undefined;
  const command = withPlacement(withRunArguments(new Command('NASH_ARGS')))
    .option('--json', 'nash train prints result.json; under pm2 read it from the run folder')
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .action((configFile: string, args: Arguments) => {
      parsed = { configFile, args };
    });
  try {
    command.parse(words, { from: 'user' });
  } catch (cause) {
    throw new NashError('usage', `NASH_ARGS: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  const { args } = parsed!;
  if (args.force || args.resume) {
    throw new NashError(
      'usage',
      `NASH_ARGS: ${args.force ? '--force' : '--resume'} would be repeated whenever pm2 starts the server again. ` +
        'It goes on with an unfinished run by itself; to begin anew, remove the run folder or take another.',
    );
  }
  return parsed!;
}
