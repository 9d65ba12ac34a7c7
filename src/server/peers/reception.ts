// Messages of peers as they come off the wire: the handshake by which a peer earns work or is refused by name, and the parting.
// What a ready worker answers goes on to the training; what an evaluator answers, to the evaluations.
import type { RunConfig } from '../../config/run-config.js';
import type { Metrics } from '../../metrics/metrics.js';
import { NETS } from '../../parameters/manifest.js';
import type { Line } from '../../protocol/line.js';
import {
  anyHello,
  clipped,
  type MessageOf,
  quoted,
  type ServerMessage,
  type WorkerMessage,
  workerMessage,
} from '../../protocol/messages.js';
import type { StepKind } from '../../protocol/step-kinds.js';
import { OWN } from '../../transport/admission.js';
import { decode, MalformedMessage } from '../../wire/codec.js';
import type { Log } from '../log.js';
import type { Evaluations } from '../training/evaluations.js';
import type { Training } from '../training/training.js';
import type { Liveness, Loss } from './liveness.js';
import type { LocalPeers } from './local-peers.js';
import { type Peer, type Peers, type Refusal, refusalOfProtocol, refusalOfRole, UNPROVEN } from './peers.js';
import { placeFor } from './places.js';
import { Quarantines } from './quarantines.js';
import type { WeightsSender } from './weights-sender.js';

export interface ReceptionParts {
  config: RunConfig;
  configHash: string;
  line: Line;
  peers: Peers;
  local: LocalPeers;
  weights: WeightsSender;
  training: Training;
  evaluations: Evaluations;
  liveness: Liveness;
  metrics: Metrics;
  log: Log;
  now(): number;
  /** Whose process a session is; undefined where it does not prove what it says. */
  identify(session: string, hello: MessageOf<WorkerMessage, 'hello'>): string | undefined;
  send(session: string, message: ServerMessage): void;
  /** whether losing a worker is worth a word: not while the run stops */
  isStopping(): boolean;
  /** A worker is not answering, its process may be there still: whoever started it ought to start it anew. */
  onSilent(peer: Peer, why: Loss): void;
}

/** Only whoever was found to compute as this run does may ask for weights and answer. */
const OF_READY_PEERS: ReadonlySet<WorkerMessage['kind']> = new Set([
  'fetch',
  'received',
  'answer',
  'evaluated',
]);

export class Reception {
  private readonly quarantines: Quarantines;

  constructor(private readonly parts: ReceptionParts) {
    this.quarantines = new Quarantines((identity) => identity === OWN);
  }

  receive(session: string, frames: Uint8Array[]): void {
    if (this.refusesProtocol(session, frames)) return;
    try {
      const { message, payload } = decode(workerMessage, frames);
      if (message.kind === 'hello') this.greet(session, message);
      else this.take(session, message, payload);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.refuse(session, { reason: 'malformed', message: `the server received ${error.message}` });
      this.lose(session, 'refused');
    }
  }

  /** A hello of another version may look otherwise in all but its version: that is said by name. */
  private refusesProtocol(session: string, frames: Uint8Array[]): boolean {
    if (this.parts.peers.get(session)) return false;
    try {
      const refusal = refusalOfProtocol(decode(anyHello, frames).message.protocol);
      if (refusal) this.refuse(session, refusal);
      return refusal !== undefined;
    } catch {
      return false; // no hello at all: the caller says what it is
    }
  }

  private take(session: string, message: WorkerMessage, payload: Uint8Array[]): void {
    const { peers, weights, training, evaluations, liveness, log, now } = this.parts;
    const peer = peers.get(session);
    if (!peer) return; // its connection was given up; it will say hello again
    peer.heardMs = now();
    if (OF_READY_PEERS.has(message.kind) && peer.state !== 'ready')
      throw new MalformedMessage(`'${message.kind}' from a peer that has not prepared`);
    if (message.kind !== 'received') weights.requireRoom(peer);
    switch (message.kind) {
      case 'prepared':
        this.prepare(peer, message);
        return;
      case 'fetch':
        weights.fetch(peer, message);
        return;
      case 'received':
        weights.received(peer, message);
        return;
      case 'answer':
        liveness.answered(peer);
        training.answer(peer, message, payload);
        return;
      case 'evaluated':
        liveness.answered(peer);
        evaluations.answered(peer, message);
        return;
      case 'failed':
        log('worker failed', { peer: peer.name, message: quoted(message.message) });
        return;
      case 'leaving':
        this.takeLeave(peer);
        return;
      case 'pong':
        peer.pingCount = Math.max(0, peer.pingCount - 1);
        training.handle({ kind: 'ponged', worker: session, pingedMs: message.sentMs, nowMs: now() });
        return;
      case 'report':
        peer.residentBytes = message.residentBytes;
        return;
      case 'hello':
        return;
    }
  }

  private greet(session: string, hello: MessageOf<WorkerMessage, 'hello'>): void {
    const { peers, now } = this.parts;
    const before = peers.get(session);
    this.lose(session, 'replaced'); // it connected again
    const identity = this.parts.identify(session, hello);
    if (identity === undefined) {
      this.refuse(session, UNPROVEN);
      return;
    }
    const refusal =
      refusalOfRole(hello.role, identity) ??
      this.quarantines.refusalOf(identity, hello.name) ??
      this.makeRoom(identity);
    if (refusal) {
      this.refuse(session, refusal);
      return;
    }
    const heardMs = now();
    const greetedMs = before?.state === 'greeted' ? before.greetedMs : heardMs; // saying it again wins no time
    const welcomeMs = heardMs + this.quarantines.delayMs(identity);
    const peer = peers.greet(session, hello, { identity, greetedMs, heardMs, welcomeMs });
    if (welcomeMs === heardMs) this.welcome(peer);
  }

  /** @returns why there is no room for one more of an identity */
  private makeRoom(identity: string): Refusal | undefined {
    const place = placeFor(identity, this.parts.peers.all());
    if (place.kind === 'none') return { reason: 'name', message: place.because };
    if (place.kind === 'instead-of') this.lose(place.peer.session, 'unprepared'); // not refused: it may try again
    return undefined;
  }

  /** Welcomes whose time has come; to be called several times a second. */
  welcomeDue(): void {
    const nowMs = this.parts.now();
    for (const peer of this.parts.peers.all())
      if (peer.welcomeMs !== undefined && peer.welcomeMs <= nowMs) this.welcome(peer);
  }

  private welcome(peer: Peer): void {
    const { local, config, configHash, line } = this.parts;
    const { session, identity, host } = peer;
    delete peer.welcomeMs;
    const plain = structuredClone(config) as unknown as Record<string, unknown>;
    const memory = identity === OWN ? local.offer(session, host) : undefined;
    this.parts.send(session, {
      kind: 'welcome',
      ...line,
      config: plain,
      configHash,
      ...(memory ? { memory } : {}),
    });
  }

  private prepare(peer: Peer, prepared: MessageOf<WorkerMessage, 'prepared'>): void {
    if (peer.state === 'ready') throw new MalformedMessage('prepared from a peer that is ready already');
    if (peer.welcomeMs !== undefined)
      throw new MalformedMessage('prepared from a peer that was not welcomed');
    const { peers, local, weights, training, evaluations, log } = this.parts;
    const refusal = peers.prepare(peer, prepared);
    if (refusal) {
      this.refuse(peer.session, refusal);
      this.lose(peer.session, 'refused');
      return;
    }
    const { session, identity, name, role, pool, pid, host } = peer;
    const { sharesMemory } = prepared;
    if (!sharesMemory) local.drop(session);
    log('worker ready', { peer: name, role, pool, peerPid: pid, host, sharesMemory });
    if (role === 'evaluator') {
      evaluations.joined();
      return;
    }
    for (const net of NETS) weights.sendAhead(peer, net);
    training.handle({ kind: 'joined', worker: session, pool, identity });
  }

  refuse(session: string, { reason, message: quoting }: Refusal): void {
    const message = clipped(quoting);
    this.countRefusal(reason, { session, message: quoted(message) });
    this.parts.send(session, { kind: 'refused', reason, message });
  }

  countRefusal(reason: string, fields: { session?: string; message?: string; why?: string }): void {
    this.parts.log('refused', { reason, ...fields });
    this.parts.metrics.increment('gan_refusals_total', 1, { reason });
  }

  /** It may go at once, unless the run is stopping and its round needs it: then it is sent home with the others. */
  private takeLeave({ session }: Peer): void {
    if (this.parts.isStopping()) return;
    this.lose(session, 'left');
    this.parts.send(session, { kind: 'stop', comesBack: false, message: 'farewell' });
  }

  /** A peer's connection is gone. */
  gone(session: string): void {
    const peer = this.parts.peers.get(session);
    if (!peer) return;
    const why = this.parts.liveness.diagnose(peer);
    this.lose(session, why);
    if (why === 'stopped' || why === 'hung') this.parts.onSilent(peer, why);
  }

  /** Gives up who keeps versions in memory, the slowest first; to be called several times a second. They may come again. */
  dropLaggards(): void {
    const { weights } = this.parts;
    for (let slow = weights.laggards(); slow.length > 0; slow = weights.laggards())
      for (const session of slow) this.lose(session, 'hung');
  }

  /** A peer is given up while its connection stands. */
  silent(peer: Peer, why: Loss): void {
    this.lose(peer.session, why);
    this.parts.onSilent(peer, why);
  }

  /** A peer is no more: its half-received answer is dropped, its task waits for another. */
  private lose(session: string, why: Loss): void {
    const { peers, local, training, weights, log, metrics } = this.parts;
    const peer = peers.remove(session);
    training.intake.drop(session);
    local.drop(session);
    if (!peer) return;
    weights.drop(peer);
    log('worker gone', { peer: peer.name, why });
    if (peer.role === 'evaluator') {
      if (why === 'ended') this.parts.evaluations.died();
      return;
    }
    const isReady = peer.state === 'ready';
    const isCounted = isReady || why !== 'refused'; // a refusal in the handshake has a counter of its own
    if (isCounted && !this.parts.isStopping()) {
      metrics.increment('gan_workers_lost_total', 1, { pool: peer.pool, reason: why });
    }
    if (isReady) training.handle({ kind: 'left', worker: session });
  }

  /** An answer counts: whoever computes otherwise than its author is sent away. */
  settled(author: string, stepKind: StepKind): void {
    for (const { session, refusal } of this.parts.peers.settled(author, stepKind)) {
      this.refuse(session, refusal);
      this.lose(session, 'refused');
    }
  }

  /** A worker that computes wrongly is sent away for good. */
  quarantine(session: string, because: string): void {
    const peer = this.parts.peers.get(session);
    if (!peer) return;
    this.parts.metrics.increment('gan_workers_quarantined_total', 1, { pool: peer.pool });
    this.quarantines.note(peer);
    const message = `${because}. Its memory, its processor or its GPU is broken, or its library differs; test the hardware of ${peer.host}`;
    this.refuse(session, { reason: 'corrupt', message });
    this.lose(session, 'refused');
  }
}
