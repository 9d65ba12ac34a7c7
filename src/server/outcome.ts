// What a run came to, as result.json has it.
import { messageOf, NashError } from '../errors.js';
import type { Metrics } from '../metrics/metrics.js';
import type { RunResult } from '../run-folder/run-result.js';
import type { ParameterServer } from './parameter-server.js';
import type { ParameterStore } from './training/parameter-store.js';

/** Runs a server to its end. @throws what ended it */
export async function finished(
  server: ParameterServer,
  store: ParameterStore,
  metrics: Metrics,
): Promise<RunResult> {
  const outcome = await server.run();
  server.view.updateGauges();
  server.view.showState(outcome.status);
  return {
    ...outcome,
    weights: store.weightHashes(),
    metrics: metrics.latest(),
    ...counted(server),
  };
}

const counted = (server: ParameterServer) => ({
  restarts: server.restartCount,
  shardsReissued: server.reissuedCount,
  ...(server.savedStep === undefined ? {} : { savedStep: server.savedStep }),
});

/** Of a run that failed, what is known. */
export function failure(server: ParameterServer, metrics: Metrics, error: unknown): Partial<RunResult> {
  const { step } = server.view.status();
  server.view.showState('failed');
  return {
    status: 'failed',
    steps: step,
    metrics: metrics.latest(),
    ...counted(server),
    error: messageOf(error),
    fault: error instanceof NashError ? error.fault : 'failed',
  };
}
