// Which versions each worker has, and which it is sent next: what a task names, and what its pool will read soon.
import { assert } from '../../errors.js';
import { NETS, type Net } from '../../parameters/manifest.js';
import type { Coordinator } from '../../protocol/coordinator.js';
import type { Line } from '../../protocol/line.js';
import type { MessageOf, ServerMessage, VectorName, WorkerMessage } from '../../protocol/messages.js';
import { serves } from '../../protocol/roster.js';
import type { Task } from '../../protocol/task.js';
import type { Region } from '../../transport/shared-memory.js';
import { wholeOf } from '../../wire/blocks.js';
import { MalformedMessage } from '../../wire/codec.js';
import type { ParameterStore } from '../training/parameter-store.js';
import { type Published, place, type VersionName } from '../training/published-versions.js';
import type { LocalPeers } from './local-peers.js';
import type { Peer } from './peers.js';

/** Versions that a peer is remembered to have; more are forgotten, and fetched should they be needed after all. */
const REMEMBERED_MAX = 64;
/** Versions on their way to one peer beyond which none is sent ahead: a peer that hangs must not fill the server's memory. */
const ON_THEIR_WAY_MAX = 4;
/** And beyond which a peer is given up. A worker that keeps to the protocol has those, two for its task, and two for each return to a checkpoint while it computes. */
const UNRECEIVED_MAX = 24;
/** Times that a peer may be sent one version: a few, since what lies in shared memory may be torn while it is read. */
const SENT_MAX = 16;

export class WeightsSender {
  constructor(
    private readonly store: ParameterStore,
    private readonly coordinator: Coordinator,
    private readonly local: LocalPeers,
    private readonly line: Line,
    private readonly send: (session: string, message: ServerMessage, frames: readonly Uint8Array[]) => void,
  ) {}

  /** Everything that a task reads and the peer has not been sent. */
  sendFor(peer: Peer, task: Task): void {
    for (const net of NETS) this.sendOnce(peer, net, task.reads[net]);
  }

  /** What the peer's next steps will read of a net, where it exists already: it travels while others compute, or the peer itself does. */
  sendAhead(peer: Peer, changed: Net): void {
    for (const net of NETS) {
      if (!serves(peer.pool, net)) continue;
      for (const { reads } of [this.coordinator.next(net), this.coordinator.coming(net)]) {
        const isRoom = peer.onTheirWay.size < ON_THEIR_WAY_MAX;
        if (isRoom && this.store.versions.get(changed, reads[changed]))
          this.sendOnce(peer, changed, reads[changed]);
      }
    }
  }

  /**
   * What a peer asks for and has not got: of this line only, an older one's versions may have other values.
   * @throws MalformedMessage when it asks without end
   */
  fetch(peer: Peer, name: MessageOf<WorkerMessage, 'fetch'>): void {
    const { term, vector, version } = name;
    if (term !== this.line.term) {
      this.received(peer, name); // it will not come
      return;
    }
    if ((peer.sent.get(`${vector}@${version}`) ?? 0) >= SENT_MAX)
      throw new MalformedMessage(`more than ${SENT_MAX} requests for ${vector}@${version}`);
    this.sendAgain(peer, vector, version);
  }

  /**
   * A worker says that it has a version before it computes with it. One that never does would keep every version in memory.
   * @throws MalformedMessage when it has answered a task, and has not said so of what the task reads
   */
  requireReceived(peer: Peer, { reads }: Task): void {
    const { term } = this.line;
    for (const vector of NETS) {
      const version = reads[vector];
      if (peer.onTheirWay.has(keyOf({ term, vector, version })))
        throw new MalformedMessage(`an answer from ${vector}@${version}, which its sender never said it has`);
    }
  }

  /** @throws MalformedMessage when a peer is sent version after version, and never says that it has them */
  requireRoom({ onTheirWay }: Peer): void {
    if (onTheirWay.size > UNRECEIVED_MAX)
      throw new MalformedMessage(`nothing of the last ${onTheirWay.size} versions that were sent to it`);
  }

  /** The run went back to a checkpoint: what the peer has counts for nothing, and what is on its way may still be read from. */
  startLine(peer: Peer): void {
    peer.sent.clear();
  }

  /** What a peer asks for by name; nothing where the version is no longer needed by any step. */
  sendAgain(peer: Peer, vector: VectorName, version: number): void {
    const published = this.store.versions.get(vector, version);
    if (!published) return;
    const key = `${vector}@${version}`;
    peer.sent.set(key, (peer.sent.get(key) ?? 0) + 1);
    if (peer.sent.size > REMEMBERED_MAX)
      for (const old of [...peer.sent.keys()].slice(0, REMEMBERED_MAX / 2)) peer.sent.delete(old);
    const name = { term: this.line.term, vector, version };
    if (vector !== 'average') {
      peer.onTheirWay.set(keyOf(name), name); // an average has its memory for good
      published.holders.add(peer.session);
    }
    const message = { kind: 'weights', ...name } as const;
    const region = this.local.has(peer.session) ? this.post(published) : undefined;
    if (region) {
      this.send(peer.session, { ...message, ...wholeOf(published.values.length), region }, []);
      this.local.sent(published.values.byteLength);
      return;
    }
    for (const { header, bytes } of published.blocks) {
      this.send(peer.session, { ...message, ...header }, [bytes]);
    }
  }

  /** The peer has a version whole. */
  received(peer: Peer, name: VersionName): void {
    peer.onTheirWay.delete(keyOf(name));
    this.store.versions.letGo(name, peer.session);
  }

  /** Sessions that keep too many versions in memory by not receiving them. */
  laggards(): string[] {
    return this.store.versions.laggards();
  }

  /** The peer is gone. */
  drop(peer: Peer): void {
    for (const name of peer.onTheirWay.values()) this.store.versions.letGo(name, peer.session);
    peer.onTheirWay.clear();
  }

  /** Versions that no open or coming step reads are dropped. */
  forget(): void {
    const phases = NETS.map((net) => this.coordinator.next(net));
    for (const net of NETS)
      this.store.versions.forgetBefore(net, Math.min(...phases.map((phase) => phase.reads[net])));
  }

  /** Puts a version into shared memory when the first peer is sent it from there. */
  private post(published: Published): Region | undefined {
    if (published.region) return published.region;
    const { buffer, byteOffset, byteLength } = published.values;
    const draft = this.local.draft(byteLength);
    if (draft) place(published, draft, draft.fill(new Uint8Array(buffer, byteOffset, byteLength)));
    return published.region;
  }

  private sendOnce(peer: Peer, net: Net, version: number): void {
    const key = `${net}@${version}`;
    if (peer.sent.has(key)) return;
    assert(this.store.versions.get(net, version), () => `version ${key} is needed and was dropped`);
    this.sendAgain(peer, net, version);
  }
}

const keyOf = ({ term, vector, version }: VersionName): string => `${term} ${vector}@${version}`;
