// Puts a server together: sockets first, then the folder, so that a run that is refused leaves nothing behind.
import { hostname } from 'node:os';
import { configHash } from '../config/decisive.js';
import { mergedAssignments } from '../config/load-config.js';
import { modulesOf } from '../config/module-references.js';
import type { RunConfig } from '../config/run-config.js';
import { forPerson, messageOf, NashError } from '../errors.js';
import type { Metrics } from '../metrics/metrics.js';
import { prometheusMetrics } from '../metrics/prometheus.js';
import { isLoaded, ownModule } from '../modules/own-module.js';
import type { Shape } from '../numerics/shape.js';
import { VectorEngine } from '../numerics/vector-engine.js';
import { markByTheClock } from '../numerics/young-garbage.js';
import type { Line } from '../protocol/line.js';
import { stepKindsOf, type Versions } from '../protocol/schedule.js';
import { firstBias } from '../run/first-bias.js';
import { openRun, type Run, shapeToCome } from '../run/open-run.js';
import { loadModules } from '../run/own-modules.js';
import { amendmentsInWords } from '../run/resumed-config.js';
import { moduleCopies, writeModules } from '../run-folder/modules.js';
import { startOf } from '../run-folder/process-stat.js';
import type { ResumeTarget } from '../run-folder/resume-target.js';
import { type Opening, RunFolder } from '../run-folder/run-folder.js';
import type { RunResult } from '../run-folder/run-result.js';
import { requireAccuracy, scheduleOf } from '../steps/steps.js';
import { forgetLoopback } from '../transport/loopback.js';
import type { PrivateFolder } from '../transport/private-folder.js';
import { bindServer } from '../transport/router.js';
import { doorOf, openInner } from './door.js';
import { describeEnvironment } from './environment.js';
import { firstWeights, requireNames } from './first-weights.js';
import {
  beginning,
  earlierStarts,
  finishedBefore,
  type GoingOn,
  goOn,
  importCheckpoint,
  overLine,
  requireSameData,
  setAside,
} from './going-on.js';
import type { Log } from './log.js';
import { failure, finished } from './outcome.js';
import { serveHttp } from './pages/http.js';
import { routesOf } from './pages/routes.js';
import { Scrapes } from './pages/scrapes.js';
import { ParameterServer, type ServerParts } from './parameter-server.js';
import { Uniformity } from './peers/uniformity.js';
import type { Progress } from './run-report.js';
import { ParameterStore } from './training/parameter-store.js';

export interface ServerOptions {
  /** by the config file and every --set */
  config: RunConfig;
  /** every --set, for the folder to remember */
  sets: readonly string[];
  runDir: string;
  opening: Opening;
  /** only with opening 'resume'; default: the newest checkpoint of the folder */
  resume?: ResumeTarget | undefined;
  /** changes from there on, `key=value` */
  amends: readonly string[];
  quickStart: boolean;
  /** a resumed run may go on with workers that compute otherwise than those before */
  takesOtherMachines?: boolean;
  hasEvaluator: boolean;
  /** Told, for a person to read, what takes a while or was chosen among several: which data files are read and why. */
  onNote(note: string): void;
  /** a log for a folder that is known to be ours now; `steps` says what each line was written at */
  openLog(logs: string, steps: () => Versions | null): Log;
  onProgress(progress: Progress): void;
  onWaiting: ServerParts['onWaiting'];
  connectTimeoutMs?: number | undefined;
  onSilent: ServerParts['onSilent'];
  onEnding(): void;
  /** Tries networks, loss and penalties of one's own, see worker/trial.ts. @throws NashError what is wrong with them */
  tryModules(config: RunConfig, itemShape: Shape, classes?: Run['classes']): Promise<void>;
  /** Called once the data are there: until then nothing was begun, and the process may end as it likes. */
  onData?(): void;
  /** Called once the server listens; `stop` ends the run gracefully. */
  onListening(server: { endpoint: string; http: string; parameterServer: ParameterServer }): void;
}

/** While the folder is opened and the first weights are made. */
const NO_STATUS = {
  step: { discriminator: 0, generator: 0 },
  waitingFor: 'the server to start',
  workers: [],
};

/**
 * Runs a server from its first step to its last.
 * @throws NashError('usage' | 'environment') before anything was written, NashError('failed') after a failed training,
 * whose result.json is written
 */
export async function startServer(options: ServerOptions): Promise<RunResult> {
  const { runDir, opening } = options;
  markByTheClock();
  RunFolder.check(runDir, opening);
  const begin = opening === 'resume' ? await goOn(options) : beginning(options.config);
  const { config, restored } = begin;
  loadModules(config, { copyOf: moduleCopies(runDir, options.resume?.folder) }); // of amendments before, of which what is given says nothing
  const earlier = earlierStarts(begin);
  const times = () => ({ began: earlier.before.began, ended: new Date().toISOString() });
  const shape = config.model.conditional === 'none' ? shapeToCome(config.data) : undefined;
  if (shape) await options.tryModules(config, shape);
  const opened = await openRun(config, options.onNote);
  const { source, classes, layout, manifests } = opened;
  options.onData?.();
  const bias = firstBias(opened);
  source.close();
  requireSameData(begin, source.digest);
  const before = finishedBefore(begin, runDir);
  if (before) {
    options.onNote(overLine(runDir));
    return before;
  }
  if (!shape) await options.tryModules(config, source.shape, classes);
  requireNames(config, layout);
  requireAccuracy(config);
  const first = firstWeights(config, layout, bias);
  if (!restored) first(); // refuses before anything is written
  const door = doorOf(config.server);
  const transport = await bindServer(door);
  const now = performance.now.bind(performance);
  const scrapes = new Scrapes(now);
  let run: string | undefined;
  let metrics: Metrics | undefined;
  let ended: RunResult['status'] | undefined;
  let server: ParameterServer | undefined;
  let folder: RunFolder | undefined;
  let inner: PrivateFolder | undefined;
  const http: { address: string; close(): void } = await serveHttp(
    config.server.http,
    routesOf({
      run: () => (server ? run : undefined),
      metrics() {
        server!.view.updateGauges();
        server!.view.showState(ended ?? server!.state);
        scrapes.note();
        return metrics!.expose();
      },
      status: () => ({
        ...(server?.view.status() ?? NO_STATUS),
        http: http.address,
        endpoint: transport.endpoint ?? inner?.nameOfSocket ?? '',
      }),
      notReady: () => (server ? reasonNotToBeReady(server) : 'starting'),
    }),
    config.server.httpNames,
  ).catch(async (error) => {
    await transport.close();
    throw error;
  });
  const wished = config.server.http.replace(/\+$/, '');
  if (wished !== http.address && !wished.endsWith(':0'))
    options.onNote(`${wished} is taken: metrics are at http://${http.address}/metrics`);
  let engine: VectorEngine | undefined;
  try {
    folder = RunFolder.open(runDir, opening);
    inner = await openInner(folder, door, transport);
    const localEndpoint = inner.nameOfSocket;
    const endpoint = transport.endpoint ?? localEndpoint;
    engine = await VectorEngine.create();
    const line = nextLine(folder, restored);
    const store = new ParameterStore(config, layout, engine, line, (net) => first().vectors[net]);
    if (restored) importCheckpoint(store, restored);
    else store.initialize();
    if (!restored) for (const line of first().lines) options.onNote(line);
    const note = await setAside(folder.checkpoints, begin, line);
    if (note) options.onNote(note);
    const named = [...modulesOf(begin.begun), ...modulesOf(config)];
    writeModules(runDir, named.filter(({ moduleHash = '' }) => isLoaded(moduleHash)).map(ownModule));
    folder.writeConfig(begin.begun, amendmentsInWords(begin.amendments));
    const set = mergedAssignments([...options.sets, ...begin.freelyAmended]);
    folder.writeArguments({ set, quickStart: options.quickStart });
    folder.writeEnvironment(describeEnvironment());
    const log = options.openLog(folder.logs, () => server?.steps ?? null);
    run = folder.run;
    metrics = prometheusMetrics({ run });
    describeRun(metrics, config);
    server = new ParameterServer({
      config,
      expected: {
        configHash: configHash(config),
        manifests,
        data: source.digest,
      },
      itemShape: source.shape,
      classes,
      uniformity: uniformityOf(begin, options),
      store,
      transport,
      admission: door.admission,
      folder,
      metrics,
      log,
      now,
      line,
      ...earlier,
      sharesMemory: process.env.NASH_SHARED_MEMORY !== '0',
      hasEvaluator: options.hasEvaluator,
      onProgress: options.onProgress,
      onNote: options.onNote,
      onWaiting: options.onWaiting,
      connectTimeoutMs: options.connectTimeoutMs,
      onSilent: options.onSilent,
      onEnding: options.onEnding,
    });
    log('server listening', {
      endpoint,
      trust: door.trust,
      http: http.address,
      runDir,
      resumedFrom: restored?.checkpoint.step,
      amendments: amendmentsInWords(begin.amendments),
    });
    folder.writeAddress({
      pid: process.pid,
      started: startOf(process.pid),
      endpoint,
      localEndpoint,
      http: http.address,
      host: hostname(),
    });
    options.onListening({ endpoint, http: http.address, parameterServer: server });
    const result = await finished(server, store, metrics);
    folder.writeResult({ ...result, ...times() });
    ended = result.status;
    await scrapes.lastOne();
    folder.close();
    return result;
  } catch (thrown) {
    const error = forPerson(thrown) ?? thrown;
    // a run that is refused with 2 or 3 before its first step leaves nothing; one that fails later leaves its record
    const refused = error instanceof NashError && error.fault !== 'failed' && !server?.hasStepped;
    if (server && folder && metrics && !refused) {
      try {
        folder.writeResult({ ...failure(server, metrics, error), ...times() });
      } catch (second) {
        options.onNote(messageOf(second)); // the first error is the one to tell
      }
      ended = 'failed';
      await scrapes.lastOne();
    }
    folder?.close({ refused: refused && opening !== 'resume' });
    throw error;
  } finally {
    http.close();
    if (transport.endpoint) forgetLoopback(transport.endpoint);
    await transport.close();
    inner?.close();
    await engine?.close();
  }
}

function reasonNotToBeReady({ state, view }: ParameterServer): string | undefined {
  if (state === 'stepping') return undefined;
  return state === 'waiting' ? `waiting for ${view.waitingFor() ?? 'a step'}` : state;
}

function describeRun(metrics: Metrics, config: RunConfig): void {
  metrics.set('gan_run_info', 1, {
    config: configHash(config).slice(0, 12),
    model: config.model.name,
    loss: config.loss.name,
    source: config.data.source,
  });
}

/** A term that no server of this folder had before, and the branch that the weights belong to. */
function nextLine(folder: RunFolder, restored: GoingOn['restored']): Line {
  const { term, branch } = restored?.state.line ?? { term: 0, branch: 0 };
  const line = { term: Math.max(folder.lastTerm(), term) + 1, branch };
  folder.noteTerm(line.term);
  return line;
}

/** What was usual among the workers of the run so far. */
function uniformityOf(
  { config, restored, isAmended }: GoingOn,
  { takesOtherMachines }: ServerOptions,
): Uniformity {
  const before = takesOtherMachines ? {} : restored?.state.uniformity;
  const uniformity = new Uniformity(before, stepKindsOf(scheduleOf(config)));
  if (isAmended) uniformity.forgetCanaries();
  return uniformity;
}
