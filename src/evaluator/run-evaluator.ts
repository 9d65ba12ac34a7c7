// The evaluator process: looks at the averaged generator at its own pace, beside training.
import { join } from 'node:path';
import { loadTensorFlow } from '../compiler/tensorflow.js';
import type { RunConfig } from '../config/run-config.js';
import { openRunData } from '../data/run-data.js';
import { SampleDrawer } from '../evaluation/sample-drawer.js';
import { buildArchitecture } from '../models/architecture.js';
import { manifestHashes } from '../parameters/manifest.js';
import type { MessageOf, ServerMessage } from '../protocol/messages.js';
import { connectWorker } from '../transport/zeromq.js';
import { type Farewell, Session, type SessionRole } from '../worker/session.js';
import { WeightsCache } from '../worker/weights-cache.js';
import { CollapseHistory } from './collapse-history.js';
import { createExaminer, type Examiner, writeFigure } from './evaluation.js';

export interface EvaluatorOptions {
  endpoint: string;
  /** run folder: figures go there, and earlier scores are read from it */
  runDir: string;
  /** a lost server ends the evaluator, which is started again and looks for it anew */
  endsWhenLost?: boolean;
  onSession(session: Session): void;
}

interface Prepared {
  config: RunConfig;
  examiner: Examiner;
  drawer: SampleDrawer;
  history: CollapseHistory;
  cache: WeightsCache;
}

/** Serves one server until it says stop. */
export async function runEvaluator(options: EvaluatorOptions): Promise<Farewell> {
  const transport = connectWorker(options.endpoint);
  let prepared: Prepared | undefined;
  let asked: MessageOf<ServerMessage, 'evaluate'> | undefined;
  let isWorking = false;

  const work = async (session: Session): Promise<void> => {
    if (!prepared || !asked || isWorking) return;
    const { version } = asked;
    const generator = prepared.cache.get('average', version);
    if (!generator) return;
    asked = undefined;
    isWorking = true;
    const started = performance.now();
    const { config, examiner, drawer, history } = prepared;
    const samples = drawer.draw(generator, { count: examiner.sampleCount, seed: config.seed });
    const { measures, figure } = await examiner.examine(samples, version);
    writeFigure(join(options.runDir, 'figures'), examiner.figureKind, version, figure);
    await history.draw(version, measures);
    const seconds = (performance.now() - started) / 1000;
    session.send({ kind: 'evaluated', version, seconds, metrics: measures as Record<string, number> });
    isWorking = false;
    await work(session);
  };

  const role: SessionRole = {
    role: 'evaluator',
    pool: 'any',
    name: 'evaluator',
    async prepare(config, memory) {
      const backend = loadTensorFlow({
        ...config.device,
        kind: config.device.kind === 'gpu' ? 'auto' : config.device.kind,
      });
      const source = await openRunData(config, () => {});
      const architecture = buildArchitecture(config.model, source.shape);
      dispose(prepared);
      const { size, slotSize } = architecture.generator.manifest;
      prepared = {
        config,
        examiner: createExaminer(source, config.data.source, config.evaluation.samples),
        drawer: new SampleDrawer({ architecture, latentDistribution: config.model.latentDistribution }),
        history: new CollapseHistory(options.runDir),
        cache: new WeightsCache(
          { discriminator: 0, generator: 0, average: size + slotSize },
          memory?.weights,
        ),
      };
      return {
        manifests: manifestHashes(architecture),
        data: source.digest,
        device: backend.isUsingGpuDevice ? 'gpu' : 'cpu',
      };
    },
    receive(message, payload, current) {
      if (message.kind === 'weights') prepared?.cache.add(message.vector, message.version, message, payload);
      else if (message.kind === 'evaluate') asked = message;
      current.guard(() => work(current));
    },
  };
  const session = new Session(transport, role, options.endsWhenLost);
  options.onSession(session);
  try {
    return await session.run();
  } finally {
    await transport.close();
    dispose(prepared);
  }
}

function dispose(prepared: Prepared | undefined): void {
  prepared?.drawer.dispose();
  prepared?.examiner.dispose();
  prepared?.cache.dispose();
}
