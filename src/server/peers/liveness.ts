// Tells workers apart that are gone, stopped, hung or cut off: pings everybody, and looks at processes of its own host.
//
// A heartbeat in ZeroMQ's own thread notices a dead host or a stopped process, but never a hung JavaScript loop (tested); a loop that
// answers pings is alive; one that does not may be computing a long shard. So silence counts only beyond what its task may take.
import { hostname } from 'node:os';
import type { Coordinator } from '../../protocol/coordinator.js';
import { PING_MS, patienceMs } from '../../protocol/timing.js';
import { processStat } from '../../run-folder/process-stat.js';
import { OWN } from '../../transport/admission.js';
import { forgetOldest } from '../../transport/limits.js';
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

/** From hello to prepared a peer reads its data files and compiles: on a cold disk minutes, rarely so many. */
const PREPARE_MS = 600_000;
/** Times in a row that the patience with a name doubles. */
const DOUBLINGS_MAX = 4;
/** Names of which it is remembered that they were given up; the oldest is forgotten. */
const GIVEN_UP_MAX = 1024;
/** Two looks that lie further apart: the server had no time to listen, since it copied gigabytes of weights, or was stopped or starved. */
const AWAY_MS = 2 * PING_MS;
/** A peer's pipe dies a moment after the event that some connection has ended: pinged at once, and again at these times. */
const PROBE_AT_MS = [0, 5, 25, 100, 400];
/** Pings that a peer may leave unanswered, while it computes, and be probed: whoever connects and hangs up all the time fills no queue. */
const PROBED_MAX = 64;
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
  private checkedMs = Number.POSITIVE_INFINITY; // nothing comes before the first look
  /** how often in a row: who is too slow on a busy machine would be started again into the same, for ever */
  private readonly givenUp = new Map<string, number>();
  /** probes that are to come, by their delay */
  private readonly probing = new Set<number>();

  constructor(private readonly parts: LivenessParts) {}

  /** To be called several times a second. */
  check(): void {
    const { now, peers, ping } = this.parts;
    this.noteAbsence();
    if (now() - this.pingedMs < PING_MS) return;
    this.pingedMs = now();
    for (const peer of peers.all()) {
      const why = this.overdue(peer);
      if (why) this.giveUp(peer, why);
      else ping(peer.session); // finds dead connections; and a session that hears nothing takes itself for forgotten
    }
  }

  /** Silence counts only while this process had time to listen: what was said meanwhile, or who has hung up, is not known yet. */
  private noteAbsence(): void {
    const nowMs = this.parts.now();
    const awayMs = nowMs - this.checkedMs;
    this.checkedMs = nowMs;
    if (awayMs < AWAY_MS) return;
    for (const peer of this.parts.peers.all()) peer.heardMs = Math.min(nowMs, peer.heardMs + awayMs);
  }

  /** Whoever comes in its place, or itself again, has twice as long. */
  private giveUp(peer: Peer, why: Loss): void {
    const key = keyOf(peer);
    this.givenUp.set(key, Math.min(DOUBLINGS_MAX, this.doublings(peer) + 1));
    forgetOldest(this.givenUp, GIVEN_UP_MAX);
    this.parts.onSilent(peer, why);
  }

  /** It computes: what was too long for those before it is forgotten. */
  answered(peer: Peer): void {
    this.givenUp.delete(keyOf(peer));
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
    const times = 2 ** this.doublings(peer);
    if (peer.state === 'greeted')
      return nowMs - peer.greetedMs > times * PREPARE_MS ? 'unprepared' : undefined;
    const ms = patienceMs(this.parts.coordinator.lateAfterMs(peer.session));
    return peer.role === 'worker' && nowMs - peer.heardMs > times * ms ? 'hung' : undefined;
  }

  private doublings(peer: Peer): number {
    return this.givenUp.get(keyOf(peer)) ?? 0;
  }

  /** What became of a peer whose connection is gone. */
  diagnose(peer: Peer): Loss {
    this.noteAbsence(); // the news may be read before the next look
    const silentMs = this.parts.now() - peer.heardMs;
    if (peer.identity !== OWN || peer.host !== hostname()) return silentMs > CUT_MS ? 'unreachable' : 'ended';
    const state = processStat(peer.pid)?.state;
    if (state === 'T' || state === 't') return 'stopped';
    return state === undefined || state === 'Z' || silentMs < CUT_MS ? 'ended' : 'hung';
  }
}

/** Who starts a process again gives it the same name; by hand it may have another, and nobody ends it then. */
const keyOf = ({ identity, wishedName }: Peer): string => `${identity} ${wishedName}`;
