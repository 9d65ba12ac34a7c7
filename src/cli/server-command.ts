// `nash server`: the parameter server alone. `nash train` starts one of these; under pm2 or a scheduler it is started by itself.
import { hostname } from 'node:os';
import { Command } from 'commander';
import { amendedConfig } from '../config/load-config.js';
import { modulesOf } from '../config/module-references.js';
import { EXIT, forPerson, messageOf, NashError } from '../errors.js';
import { moduleCopies } from '../run-folder/modules.js';
import { holdsRun } from '../run-folder/ownership.js';
import { hasToken } from '../run-folder/process-token.js';
import { begunConfigOf } from '../run-folder/remembered.js';
import { overLine } from '../server/going-on.js';
import type { ParameterServer } from '../server/parameter-server.js';
import type { ServerOptions } from '../server/start-server.js';
import { supervisedOpening } from '../server/supervised-opening.js';
import { OWN } from '../transport/admission.js';
import {
  type DownMessage,
  endWithLauncher,
  isLaunched,
  onLauncherMessage,
  tellLauncher,
} from './launcher-link.js';
import { openLog } from './log.js';
import type { CommandMaker } from './main.js';
import { progressDisplay } from './progress.js';
import { type ResolvedRun, type RunArguments, resolveRun, withRunArguments } from './run-arguments.js';
import { onStopSignal, statusOf } from './signals.js';
import { NOT_BEGUN, stoppedLine } from './summary.js';
import { backOff, doneStatus, requireGpu, type SupervisedArguments, withSupervision } from './supervision.js';
import { tryModules } from './trial.js';

interface ServerArguments extends RunArguments, SupervisedArguments {
  supervised?: boolean;
  expectEvaluator?: boolean;
}

export const serverCommand: CommandMaker = (finish) =>
  withSupervision(withRunArguments(new Command('server')))
    .description('run the parameter server alone; workers are started by themselves')
    .option(
      '--supervised',
      "under a service manager: go on with the folder's own unfinished run, leave a finished one alone; SIGINT is a pause",
    )
    .option('--expect-evaluator', 'an evaluator is started beside it: the end waits for its last word')
    .addHelpText(
      'after',
      '\nExample:\n  npx nash server configs/ring.yaml --set server.endpoint=tcp://127.0.0.1:5555',
    )
    .action(async (config: string | undefined, args: ServerArguments) => finish(await run(config, args)));

async function run(given: string | undefined, args: ServerArguments): Promise<number> {
  const onOrphaned = endWithLauncher();
  try {
    return await serve(given, args, onOrphaned);
  } catch (error) {
    if (!isLaunched()) throw error;
    const known = forPerson(error);
    if (!known) console.error(error);
    const exitCode = known?.exitCode ?? EXIT.failed;
    tellLauncher({ kind: 'error', exitCode, message: messageOf(known ?? error) });
    return exitCode;
  }
}

async function serve(
  given: string | undefined,
  args: ServerArguments,
  onOrphaned: (end: () => void) => void,
): Promise<number> {
  requireGpu(args.requireGpu);
  if (args.supervised) await backOff();
  const resolved = await withTexts(resolveRun(given, args), args.supervised ?? false);
  const { config, runDir } = resolved;
  const opening = args.supervised ? supervisedOpening(runDir, config) : resolved.opening;
  if (opening === 'finished') {
    process.stdout.write(`${overLine(runDir)}\n`);
    return doneStatus(args);
  }
  const display = isLaunched() ? undefined : progressDisplay(process.stdout);
  let server: ParameterServer | undefined;
  let hasData = false;
  const heard: ((server: ParameterServer) => void)[] = [];
  const tell = (what: (server: ParameterServer) => void, exitCode?: number) => {
    if (server) what(server);
    else if (hasData || exitCode === undefined) heard.push(what);
    else {
      display?.say(NOT_BEGUN);
      process.exit(exitCode);
    }
  };
  onStopSignal((signal) => {
    const isPause = args.supervised === true && signal === 'SIGINT';
    const isEnd = args.supervised === true && signal === 'SIGTERM'; // which its manager is to take as one
    tell((it) => it.stop({ comesBack: isPause }), isEnd ? EXIT.resumable : statusOf(signal));
  });
  onLauncherMessage((message) =>
    tell((it) => obey(it, message), message.kind === 'stop' ? message.exitCode : undefined),
  );
  const { startServer } = await import('../server/start-server.js'); // workers and launchers do without
  const result = await startServer({
    ...resolved,
    opening,
    hasEvaluator: args.expectEvaluator ?? false,
    tryModules,
    onData() {
      hasData = true;
    },
    openLog: (folder, version) => openLog({ folder, worker: 'server', run: runDir, version }),
    onNote(note) {
      display?.say(note);
      tellLauncher({ kind: 'note', note });
    },
    onProgress(progress) {
      display?.show(progress);
      tellLauncher({ kind: 'progress', progress });
    },
    onWaiting(line, isOver) {
      display?.complain(line);
      tellLauncher({ kind: 'waiting', line, isOver });
    },
    ...(args.connectTimeout !== undefined && { connectTimeoutMs: args.connectTimeout * 1000 }),
    onSilent: (worker, why) => endSilent(worker, why, args.supervised ?? false),
    onEnding: () => tellLauncher({ kind: 'ending' }),
    onListening({ endpoint, http, parameterServer }) {
      display?.say(`server of ${runDir} listens at ${endpoint}, metrics at http://${http}/metrics`);
      tellLauncher({ kind: 'listening', endpoint, http });
      onOrphaned(() => parameterServer.stop({ atOnce: true }));
      server = parameterServer;
      for (const what of heard) what(parameterServer);
    },
  });
  display?.end();
  if (result.status === 'stopped') display?.say(stoppedLine(result, resumeCommand('server', resolved)));
  return result.status === 'stopped' ? EXIT.resumable : doneStatus(args);
}

/** With the hashes of the files that the config names; what a run that goes on began with, it has copies of. */
async function withTexts(resolved: ResolvedRun, isSupervised: boolean): Promise<ResolvedRun> {
  const { config, amends, runDir, opening, resume } = resolved;
  const amended = amends.some((text) => text.includes('module'))
    ? [amendedConfig(config, amends, '--amend')]
    : [];
  const isPlain =
    config.init.from === null && [config, ...amended].every((each) => modulesOf(each).length === 0);
  if (isPlain) return resolved;
  const folder = resume?.folder ?? runDir;
  const goesOn = (isSupervised || opening === 'resume') && holdsRun(folder);
  const earlier = goesOn ? begunConfigOf(folder) : undefined;
  const { pinned } = await import('../run/own-modules.js');
  const { withInitFile } = await import('../server/first-weights.js');
  const sources = { copyOf: moduleCopies(runDir, folder) };
  for (const each of amended) pinned(each, sources, earlier);
  return { ...resolved, config: await withInitFile(pinned(config, sources, earlier), earlier) };
}

function obey(server: ParameterServer, message: DownMessage): void {
  switch (message.kind) {
    case 'stop':
      server.stop();
      return;
    case 'no-evaluator':
      server.forgoEvaluator(message.why);
      return;
    case 'restarts':
      server.restartCount = message.count;
      return;
    case 'give-up':
      server.fail(
        new NashError(message.exitCode === EXIT.environment ? 'environment' : 'usage', message.message),
      );
  }
}

/**
 * Ends a process that does not answer, so that whoever started it starts another: `nash train` ends its own children, and a service
 * manager's are ended from here, on this host. A peer names its process itself: only one that bears the peer's token is believed.
 */
function endSilent(
  { identity, pid, token, host, name }: Parameters<ServerOptions['onSilent']>[0],
  why: string,
  isSupervised: boolean,
): void {
  if (identity !== OWN || host !== hostname() || !hasToken(pid, token)) return;
  if (isLaunched()) tellLauncher({ kind: 'silent', pid, name, why });
  else if (isSupervised) process.kill(pid, 'SIGKILL');
}

/** The command that goes on with a stopped run; its settings are remembered. */
export const resumeCommand = (
  command: 'train' | 'server',
  { configFile, runDir }: Pick<ResolvedRun, 'configFile' | 'runDir'>,
): string => `npx nash ${command} ${configFile} --run-dir ${runDir} --resume`;
