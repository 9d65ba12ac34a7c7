// What the server shows of its run while it goes: to `nash status`, to whoever scrapes it, to the log. It only looks.
import type { RunConfig } from '../config/run-config.js';
import { isMeasure } from '../evaluation/measures/measures.js';
import { modesInWords } from '../evaluation/measures/mode-coverage.js';
import { RUN_STATES, type RunState } from '../metrics/catalogue.js';
import type { Metrics } from '../metrics/metrics.js';
import { NETS } from '../parameters/manifest.js';
import type { Coordinator } from '../protocol/coordinator.js';
import type { ServerTransport } from '../transport/transport.js';
import type { Pace } from './pace.js';
import type { EvaluationStatus, PeerStatus, RunStatus } from './pages/run-status.js';
import type { Peer, Peers } from './peers/peers.js';
import type { Progress, RunReport } from './run-report.js';

export interface RunViewParts {
  config: RunConfig;
  coordinator: Coordinator;
  peers: Peers;
  pace: Pace;
  report: RunReport;
  metrics: Metrics;
  transport: Pick<ServerTransport, 'bytes'>;
  /** an evaluator was started beside this server */
  hasEvaluator: boolean;
  now(): number;
}

export class RunView {
  /** workers that each pool has had at once */
  private readonly most = new Map<string, number>();
  private hadEvaluator = false;
  /** after the last round */
  progress: Progress | undefined;
  /** why a checkpoint that training waits for is not written */
  noRoom: string | undefined;

  constructor(private readonly parts: RunViewParts) {}

  /** Brings the gauges up to date: for a scrape, and for the last word of a run. */
  updateGauges(): void {
    const { coordinator, report, transport, now } = this.parts;
    report.gauges(coordinator.current, coordinator.poolStates(), transport.bytes);
    for (const net of NETS) report.waiting(net, coordinator.waitingMs(net, now()) ?? 0);
  }

  /** To be called several times a second: what nobody scrapes in time is missed nevertheless. */
  countPeers(): void {
    const { coordinator, peers, metrics, hasEvaluator } = this.parts;
    for (const [pool, states] of Object.entries(coordinator.poolStates())) {
      const workers = Object.values(states).reduce((sum, count) => sum + count, 0);
      this.most.set(pool, Math.max(workers, this.most.get(pool) ?? 0));
      metrics.set('gan_pool_workers_most', this.most.get(pool)!, { pool });
    }
    const evaluators = peers
      .all()
      .filter(({ role, state }) => role === 'evaluator' && state === 'ready').length;
    this.hadEvaluator ||= hasEvaluator || evaluators > 0;
    if (this.hadEvaluator) metrics.set('gan_evaluators', evaluators);
  }

  /** @param state what the run does, or how it ended */
  showState(state: RunState): void {
    for (const each of RUN_STATES)
      this.parts.metrics.set('gan_run_state', each === state ? 1 : 0, { state: each });
  }

  /** What `nash status` shows, as far as the server knows it. */
  status(): Omit<RunStatus, 'http' | 'endpoint'> {
    const { coordinator, peers } = this.parts;
    return {
      step: coordinator.current,
      waitingFor: this.waitingFor(),
      workers: peers.all().map((peer) => this.describe(peer)),
      progress: this.progress,
      evaluation: this.evaluation(),
    };
  }

  private evaluation(): EvaluationStatus | undefined {
    const latest = this.parts.metrics.latest();
    const { gan_evaluated_version: step, gan_mode_collapse_verdict: verdict } = latest;
    if (step === undefined) return undefined;
    const measures = Object.fromEntries(Object.entries(latest).filter(([name]) => isMeasure(name)));
    return {
      step,
      hasCollapsed: verdict === 1,
      counted: modesInWords(this.parts.config.data.source),
      measures,
    };
  }

  /** What the run waits for, with the names that people gave to workers; null while steps come, or for nothing. */
  waitingFor(): string | null {
    const { coordinator, peers, pace, now } = this.parts;
    if (this.noRoom !== undefined) return `room on the disk: ${this.noRoom}`;
    if (pace.isStepping(now())) return null;
    const text = coordinator.waitingFor(now());
    return text === undefined ? null : peers.inWords(text);
  }

  /** Workers that have come and compile, or read the data. */
  preparingCount(): number {
    return this.parts.peers.all().filter(({ role, state }) => role === 'worker' && state === 'greeted')
      .length;
  }

  private describe({ session, name, role, pool, state, pid, host, device }: Peer): PeerStatus {
    const task = this.parts.coordinator.taskOf(session);
    return {
      id: name,
      pool: role === 'evaluator' ? role : pool,
      state: state === 'greeted' ? 'preparing' : (this.parts.coordinator.stateOf(session) ?? 'idle'),
      pid,
      host,
      device,
      step: task?.step ?? null,
    };
  }
}
