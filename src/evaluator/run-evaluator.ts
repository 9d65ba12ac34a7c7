// The evaluator process: looks at the averaged generator at its own pace, beside training.
import { loadTensorFlow } from '../compiler/tensorflow.js';
import type { RunConfig } from '../config/run-config.js';
import { dataCacheFolder } from '../data/cache-folder.js';
import type { Classes } from '../data/classes.js';
import { pairsOf } from '../data/options.js';
import { messageOf } from '../errors.js';
import { createExaminer, type Examiner } from '../evaluation/examiner.js';
import { openTestPairs } from '../evaluation/given-pictures.js';
import { openHeldOut } from '../evaluation/held-out.js';
import { type Measures, measuresNeed, metricsNamed } from '../evaluation/measures/measures.js';
import { SampleDrawer } from '../evaluation/sample-drawer.js';
import { drawnLabels } from '../evaluation/sample-labels.js';
import type { MessageOf, ServerMessage } from '../protocol/messages.js';
import { openRun } from '../run/open-run.js';
import { loadModules } from '../run/own-modules.js';
import { writeFigure, writeRealFigure } from '../run-folder/figures.js';
import { fingerprintOf } from '../worker/fingerprint.js';
import { type Serving, serveRun } from '../worker/serve-run.js';
import type { ServerMemory, Session, SessionRole } from '../worker/session.js';
import { WeightsCache } from '../worker/weights-cache.js';
import { CollapseHistory } from './collapse-history.js';

export interface EvaluatorOptions extends Serving {
  /** run folder: figures go there, and earlier scores are read from it */
  runDir: string;
  log(message: string, fields: Record<string, unknown>): void;
  /** Called after each evaluation. */
  onEvaluated(): void;
}

interface Prepared {
  config: RunConfig;
  examiner: Examiner;
  drawer: SampleDrawer;
  /** of the data, in a conditional run */
  classes: Classes | undefined;
  history: CollapseHistory;
  cache: WeightsCache;
}

type Weights = NonNullable<ReturnType<WeightsCache['get']>>;

/** Serves a run until its server says that it is over; a server that went away is looked for anew. */
export async function runEvaluator(options: EvaluatorOptions): Promise<void> {
  const evaluator = new Evaluator(options);
  try {
    await serveRun(evaluator, options);
  } finally {
    evaluator.dispose();
  }
}

/** What a disk says that takes nothing more. */
const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO']);

class Evaluator implements SessionRole {
  readonly role = 'evaluator';
  readonly pool = 'any';
  readonly name = 'evaluator';
  private prepared: Prepared | undefined;
  private asked: MessageOf<ServerMessage, 'evaluate'> | undefined;
  private isWorking = false;

  private readonly runDir: string;

  constructor(
    private readonly options: Pick<EvaluatorOptions, 'runDir' | 'log' | 'onEvaluated' | 'modules'>,
  ) {
    this.runDir = options.runDir;
  }

  async prepare(config: RunConfig, memory: ServerMemory | undefined) {
    const kind = config.device.kind === 'gpu' ? 'auto' : config.device.kind;
    const backend = loadTensorFlow({ ...config.device, kind });
    loadModules(config, this.options.modules ?? {});
    const { source, architecture, classes, layout, judgesItems, manifests } = await openRun(config);
    this.dispose();
    this.asked = undefined;
    const asked = config.evaluation.measures.flatMap((name) => metricsNamed(name)!);
    const tell = (line: string) => this.options.log(line, {});
    const heldOut = measuresNeed('heldOut', config.evaluation.measures)
      ? await openHeldOut(source, config.data, { cacheDir: dataCacheFolder(), log: tell })
      : undefined;
    const given = pairsOf(config.data)
      ? await openTestPairs(config.data, { cacheDir: dataCacheFolder(), log: tell })
      : undefined;
    this.prepared = {
      config,
      examiner: createExaminer(source, {
        sourceName: config.data.source,
        configured: config.evaluation.samples,
        classes,
        asked,
        heldOut,
        nets: { generator: !pairsOf(config.data), discriminator: judgesItems },
        given,
      }),
      classes,
      drawer: new SampleDrawer({ architecture, latentDistribution: config.model.latentDistribution }),
      history: new CollapseHistory(this.runDir, config.collapse),
      cache: new WeightsCache(layout, memory?.weights),
    };
    given?.close();
    const { examiner } = this.prepared;
    if (Object.keys(examiner.leftOut).length > 0)
      this.options.log('measures left out', { measures: examiner.leftOut });
    await this.drawing(() => writeRealFigure(this.runDir, () => examiner.drawReal()));
    const device = backend.isUsingGpuDevice ? 'gpu' : 'cpu';
    const fingerprint = fingerprintOf(backend, config.device.threads);
    const canaries = {}; // it computes no gradient
    return { manifests, data: source.digest, device, fingerprint, canaries };
  }

  receive(message: ServerMessage, payload: Uint8Array[], session: Session): void {
    if (message.kind === 'weights') {
      // an average has no other value under the same number: after a return to a checkpoint it is sent again and takes its place
      const { term, vector, version } = message;
      const arrival = this.prepared?.cache.add(vector, version, message, payload);
      if (arrival === 'torn') session.send({ kind: 'fetch', term, vector, version });
      else if (arrival === 'whole' && vector !== 'average')
        session.send({ kind: 'received', term, vector, version });
    } else if (message.kind === 'evaluate') this.asked = message;
    session.guard(() => this.work(session));
  }

  private async work(session: Session): Promise<void> {
    const { prepared, asked } = this;
    if (!prepared || !asked || this.isWorking) return;
    const generator = prepared.cache.get('average', asked.version);
    const { discriminator: against } = asked;
    const discriminator = against === undefined ? undefined : prepared.cache.get('discriminator', against);
    if (!generator || (against !== undefined && !discriminator)) return;
    const { term, version } = asked;
    this.asked = undefined;
    this.isWorking = true;
    try {
      const started = performance.now();
      const measures = await this.examine(prepared, { generator, discriminator }, version);
      const seconds = (performance.now() - started) / 1000;
      session.send({
        kind: 'evaluated',
        term,
        version,
        seconds,
        metrics: measures as Record<string, number>,
      });
      this.options.onEvaluated();
    } finally {
      this.isWorking = false;
    }
    await this.work(session);
  }

  private async examine(
    { config, examiner, drawer, classes, history }: Prepared,
    { generator, discriminator }: { generator: Weights; discriminator: Weights | undefined },
    version: number,
  ): Promise<Measures> {
    const { seed } = config;
    const wanted = { count: examiner.sampleCount, seed };
    const labels = classes && drawnLabels(classes.counts, wanted);
    const { conditions } = examiner;
    const samples = drawer.draw(generator, { ...wanted, labels, conditions });
    const players = drawer.players(generator, discriminator);
    const measures = examiner.measure(samples, { labels, players });
    await this.drawing(async () => {
      const rows = examiner.figureLabels;
      const shown = rows ? drawer.draw(generator, { count: rows.length, seed, labels: rows }) : samples;
      writeFigure(this.runDir, examiner.figureKind, version, await examiner.draw(shown, version));
      await history.draw(version, measures);
    });
    return measures;
  }

  /** A figure that a full disk does not take is left out: nobody measures worse for it. */
  private async drawing(draw: () => Promise<void>): Promise<void> {
    try {
      await draw();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined || !NO_ROOM.has(code)) throw error;
      this.options.log('figure left out', { error: messageOf(error) });
    }
  }

  dispose(): void {
    this.prepared?.drawer.dispose();
    this.prepared?.examiner.dispose();
    this.prepared?.cache.dispose();
    this.prepared = undefined;
  }
}
