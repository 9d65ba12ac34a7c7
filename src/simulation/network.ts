// The wire between the server and its workers: it delays, loses, doubles, reorders and stalls messages, and connections are cut.
// Harder than ZeroMQ, which loses nothing while a connection stands: what survives this survives that.
import type { Scenario } from './faults.js';
import type { World } from './world.js';

/** One end's view of a connection; a new one each time that a process connects. */
export interface Link {
  /** whether messages pass; a cut link never passes any again */
  isUp: boolean;
  toServer(message: unknown): void;
  toWorker(message: unknown): void;
}

export interface Ends {
  server(message: unknown): void;
  worker(message: unknown): void;
  /** each end is told in its own time that the connection is gone */
  serverLost(): void;
  workerLost(): void;
}

/** ZeroMQ's heartbeat notices a cut connection after this (src/transport/sockets.ts). */
const HEARTBEAT_MS = 10_000;

export class Network {
  constructor(
    private readonly world: World,
    private readonly scenario: Scenario,
    private readonly isCalm: () => boolean,
  ) {}

  connect(ends: Ends): Link {
    const link: Link = {
      isUp: true,
      toServer: (message) => this.carry(link, ends, message, 'server'),
      toWorker: (message) => this.carry(link, ends, message, 'worker'),
    };
    return link;
  }

  /** The peer's process is gone: its kernel says so at once. */
  close(link: Link, ends: Ends, who: 'server' | 'worker'): void {
    if (!link.isUp) return;
    link.isUp = false;
    this.world.after(this.delay(), () => (who === 'worker' ? ends.serverLost() : ends.workerLost()));
  }

  /** Nobody says anything: both find out by their heartbeats. */
  cut(link: Link, ends: Ends): void {
    if (!link.isUp) return;
    link.isUp = false;
    this.world.after(HEARTBEAT_MS * this.world.between(1, 1.3), () => ends.serverLost());
    this.world.after(HEARTBEAT_MS * this.world.between(1, 1.3), () => ends.workerLost());
  }

  private carry(link: Link, ends: Ends, message: unknown, to: 'server' | 'worker'): void {
    const { wire, cut } = this.scenario;
    const isCalm = this.isCalm();
    if (!isCalm && this.world.chance(cut)) this.cut(link, ends);
    if (!isCalm && this.world.chance(wire.loss)) return;
    const copies = !isCalm && this.world.chance(wire.duplication) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.world.after(this.delay(), () => {
        if (link.isUp) ends[to](message);
      });
    }
  }

  private delay(): number {
    const { minMs, maxMs, stallProbability, stallMs } = this.scenario.wire;
    const stall = !this.isCalm() && this.world.chance(stallProbability) ? stallMs : 0;
    return this.world.between(minMs, maxMs) + stall;
  }
}
