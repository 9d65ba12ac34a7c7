// Tells workers apart that are gone, stopped, hung or cut off: pings everybody, and looks at processes of its own host.
//
// A heartbeat in ZeroMQ's own thread notices a dead host or a stopped process, but never a hung JavaScript loop (tested); a loop that
// answers pings is alive; one that does not may be computing a long shard. So silence counts only beyond what its task may take.
import { hostname } from 'node:os';
import type { Coordinator } from '../../protocol/coordinator.js';
import { PING_MS, patienceMs } from '../../protocol/timing.js';
import { processStat } from '../../run-folder/process-stat.js';
import { OWN } from '../../transport/admission.js';
import type { Peer, Peers } from './peers.js';

/** Why a worker is not there any more. */
export type Loss =
  | 'left'
  | 'ended'
  | 'stopped'
  | 'hung'
  | 'unprepared'
  | 'unreachable'
  | 'replaced'
  | 'refused';

/** From hello to prepared a peer reads its data files and compiles: on a cold disk minutes, never so many. */
const PREPARE_MS = 600_000;
/** A peer's pipe dies a moment after the event that some connection has ended: pinged at once, and again at these times. */
const PROBE_AT_MS = [0, 5, 25, 100, 400];
/** Pings that a peer may leave unanswered, while it computes, and be probed: whoever connects and hangs up all the time fills no queue. */
const PROBED_MAX = 64;
/**
 * Pings that an evaluator may leave unanswered, which may think for minutes: its socket holds 16 messages (sockets.ts), and one that is full
 * reads no heartbeats either, so that its connection is taken for dead after 10 s (seen: an evaluation of 30 s was killed).
 */
const THINKING_MAX = 8;
/** A connection of another host that ends after so much silence was cut, not closed. */
const CUT_MS = 5000;

export interface LivenessParts {
  peers: Peers;
  coordinator: Coordinator;
  now(): number;
  ping(session: string): void;
  /** its connection stands, but nothing more is to be expected of it */
  onSilent(peer: Peer, why: Loss): void;
}

export class Liveness {
  private pingedMs = Number.NEGATIVE_INFINITY;
  /** probes that are to come, by their delay */
  private readonly probing = new Set<number>();

  constructor(private readonly parts: LivenessParts) {}

  /** To be called several times a second. */
  check(): void {
    const { now, peers, ping, onSilent } = this.parts;
    if (now() - this.pingedMs < PING_MS) return;
    this.pingedMs = now();
    for (const peer of peers.all()) {
      const why = this.overdue(peer);
      const isThinking = peer.role === 'evaluator' && peer.pingCount >= THINKING_MAX;
      if (why) onSilent(peer, why);
      else if (!isThinking) ping(peer.session); // finds dead connections; and a session that hears nothing takes itself for forgotten
    }
  }

  /** Some connection has ended: a peer is gone, perhaps. Those that end at the same time are found by the same probes. */
  probe(): void {
    for (const ms of PROBE_AT_MS) {
      if (this.probing.has(ms)) continue;
      this.probing.add(ms);
      setTimeout(() => {
        this.probing.delete(ms);
        this.pingAll();
      }, ms);
    }
  }

  private pingAll(): void {
    const { peers, ping } = this.parts;
    for (const { session, pingCount } of peers.all()) if (pingCount < PROBED_MAX) ping(session);
  }

  /** One that prepares may block its loop; nothing waits for an evaluator, which may think for minutes. */
  private overdue(peer: Peer): Loss | undefined {
    const nowMs = this.parts.now();
    if (peer.state === 'greeted') return nowMs - peer.greetedMs > PREPARE_MS ? 'unprepared' : undefined;
    return peer.role === 'worker' && nowMs - peer.heardMs > this.patienceMs(peer) ? 'hung' : undefined;
  }

  private patienceMs({ session }: Peer): number {
    return patienceMs(this.parts.coordinator.lateAfterMs(session));
  }

  /** What became of a peer whose connection is gone. */
  diagnose(peer: Peer): Loss {
    const silentMs = this.parts.now() - peer.heardMs;
    if (peer.identity !== OWN || peer.host !== hostname()) return silentMs > CUT_MS ? 'unreachable' : 'ended';
    const state = processStat(peer.pid)?.state;
    if (state === 'T' || state === 't') return 'stopped';
    return state === undefined || state === 'Z' || silentMs < CUT_MS ? 'ended' : 'hung';
  }
}
