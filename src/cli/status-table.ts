// What `nash status` shows, as lines for a person.
import type { EvaluationStatus, PeerStatus, RunStatus } from '../server/pages/run-status.js';
import { describe } from './progress.js';

/** A living run: where it stands, how it goes, what it waits for, and who works. */
export function table({ step, waitingFor, workers, http, progress, evaluation }: RunStatus): string {
  return [
    `step ${step.generator} of G, ${step.discriminator} of D; metrics at http://${http}/metrics`,
    ...(progress ? [describe(progress)] : []),
    ...(evaluation ? [evaluated(evaluation)] : []),
    `waiting for ${waitingFor ?? 'nothing'}`,
    ...columns(workers),
  ].join('\n');
}

/** `evaluated at step 1200: modes 8/8, collapse score 0.04: no collapse` */
function evaluated({ step, hasCollapsed, counted, measures }: EvaluationStatus): string {
  const { gan_modes_captured: captured, gan_modes_expected: expected } = measures;
  const score = measures.gan_mode_collapse_score_ratio;
  const parts = [
    ...(captured === undefined ? [] : [`${counted} ${captured}/${expected}`]),
    ...(score === undefined
      ? []
      : [`collapse score ${score.toFixed(2)}: ${hasCollapsed ? 'collapsed' : 'no collapse'}`]),
  ];
  return `evaluated at step ${step}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`;
}

function columns(workers: readonly PeerStatus[]): string[] {
  const rows = workers.map((w) => [
    ...[w.id, w.pool, w.state, w.host, String(w.pid ?? ''), w.device],
    w.step === null ? '' : String(w.step),
  ]);
  const all = [['worker', 'pool', 'state', 'host', 'pid', 'device', 'step'], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
}
