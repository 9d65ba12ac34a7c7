// What the server shows of its run while it goes: to `nash status`, to whoever scrapes it, to the log. It only looks.
import type { Metrics } from '../metrics/metrics.js';
import { NETS } from '../parameters/manifest.js';
import type { Coordinator } from '../protocol/coordinator.js';
import type { ServerTransport } from '../transport/transport.js';
import type { Pace } from './pace.js';
import type { PeerStatus, RunStatus } from './pages/run-status.js';
import type { Peer, Peers } from './peers/peers.js';
import type { RunReport } from './run-report.js';

export interface RunViewParts {
  coordinator: Coordinator;
  peers: Peers;
  pace: Pace;
  report: RunReport;
  metrics: Metrics;
  transport: Pick<ServerTransport, 'bytes'>;
  now(): number;
}

export class RunView {
  constructor(private readonly parts: RunViewParts) {}

  /** Brings the gauges up to date: for a scrape, and for the last word of a run. */
  updateGauges(): void {
    const { coordinator, report, transport, now } = this.parts;
    report.gauges(coordinator.current, coordinator.poolStates(), transport.bytes);
    for (const net of NETS) report.waiting(net, coordinator.waitingMs(net, now()) ?? 0);
  }

  /** What `nash status` shows, as far as the server knows it. */
  status(): Pick<RunStatus, 'step' | 'waitingFor' | 'workers'> {
    const { coordinator, peers } = this.parts;
    return {
      step: coordinator.current,
      waitingFor: this.waitingFor(),
      workers: peers.all().map((peer) => this.describe(peer)),
    };
  }

  /** What the run waits for, with the names that people gave to workers; null while steps come, or for nothing. */
  waitingFor(): string | null {
    const { coordinator, peers, pace, now } = this.parts;
    if (pace.isStepping(now())) return null;
    const text = coordinator.waitingFor(now());
    return text === undefined ? null : peers.inWords(text);
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
