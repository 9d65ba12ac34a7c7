// Who is connected: the handshake, by which a peer earns work or is refused by name, and what each was sent.

import { NETS, type Net } from '../../parameters/manifest.js';
import {
  type MessageOf,
  PROTOCOL_VERSION,
  type RefusalReason,
  type WorkerMessage,
} from '../../protocol/messages.js';
import type { Pool } from '../../protocol/roster.js';
import type { StepKind } from '../../protocol/step-kinds.js';
import { OWN } from '../../transport/admission.js';
import { forgetOldest } from '../../transport/limits.js';
import type { VersionName } from '../training/published-versions.js';
import type { Uniformity } from './uniformity.js';

export interface Peer {
  session: string;
  /** whose process it is, as the transport knows it: votes, limits and blame count by it */
  identity: string;
  role: 'worker' | 'evaluator';
  pool: Pool;
  /** no other living peer has it */
  name: string;
  /** as it said it itself */
  wishedName: string;
  pid: number;
  /** by which its process is known for sure, should it have to be ended */
  token?: string;
  host: string;
  device: string;
  /** greeted: knows the config and compiles; ready: may be given work */
  state: 'greeted' | 'ready';
  /** when it said hello, by the server's clock */
  greetedMs: number;
  /** when it is to be welcomed; absent once it was */
  welcomeMs?: number;
  /** when it last said anything, by the same clock */
  heardMs: number;
  /** memory of the process, as it last said */
  residentBytes: number;
  /** pings that it has not answered yet */
  pingCount: number;
  /** how often each vector was sent, as `vector@version` */
  sent: Map<string, number>;
  /** vectors that were sent and that it has not yet said it has, by the same key */
  onTheirWay: Map<string, VersionName>;
}

/** What every peer must have made of the config. */
export interface Expected {
  configHash: string;
  manifests: Record<Net, string>;
  data: string;
}

export interface Refusal {
  reason: RefusalReason;
  message: string;
}

/** Names get small numbers; a crowd of one name gets numbers that nobody had, so that none has to be looked for. */
const SMALL_MAX = 9;
const GONE_MAX = 256;

export class Peers {
  private readonly bySession = new Map<string, Peer>();
  private readonly names = new Set<string>();
  private lastNumber = SMALL_MAX;
  /** names of the last that went: they are still spoken of */
  private readonly gone = new Map<string, string>();
  constructor(
    private readonly expected: Expected,
    private readonly uniformity: Uniformity,
  ) {}

  get(session: string): Peer | undefined {
    return this.bySession.get(session);
  }

  all(): Peer[] {
    return [...this.bySession.values()];
  }

  /** Those that may be given work. */
  workers(): Peer[] {
    return this.all().filter((peer) => peer.role === 'worker' && peer.state === 'ready');
  }

  /** What people call a session, also one that is gone. */
  nameOf(session: string): string {
    return this.bySession.get(session)?.name ?? this.gone.get(session) ?? session;
  }

  /** A text for people, with the names that they gave where it speaks of sessions. */
  inWords(text: string): string {
    return text.replace(/\b[0-9a-f]{16}\b/g, (session) => this.nameOf(session));
  }

  remove(session: string): Peer | undefined {
    const peer = this.bySession.get(session);
    this.bySession.delete(session);
    if (!peer) return undefined;
    this.names.delete(peer.name);
    this.uniformity.leave(session);
    this.gone.set(session, peer.name);
    forgetOldest(this.gone, GONE_MAX);
    return peer;
  }

  /** First message of a session. One that was greeted before is taken off the list first, whatever it was doing (see Reception). */
  greet(
    session: string,
    { role, pool, name: wishedName, pid, host, token }: MessageOf<WorkerMessage, 'hello'>,
    times: Pick<Peer, 'identity' | 'greetedMs' | 'heardMs' | 'welcomeMs'>,
  ): Peer {
    const peer: Peer = {
      ...{ session, role, pool, name: this.freeName(wishedName), wishedName, pid, host },
      ...(token !== undefined && { token }),
      ...times,
      device: '',
      residentBytes: 0,
      pingCount: 0,
      state: 'greeted',
      sent: new Map(),
      onTheirWay: new Map(),
    };
    this.bySession.set(session, peer);
    this.names.add(peer.name);
    return peer;
  }

  /** Compares what the peer made of the config; equal: the peer is ready. */
  prepare(peer: Peer, prepared: MessageOf<WorkerMessage, 'prepared'>): Refusal | undefined {
    const { configHash, manifests, data } = this.expected;
    if (prepared.configHash !== configHash) {
      return {
        reason: 'config',
        message: differs('reads the config differently', prepared.configHash, configHash),
      };
    }
    for (const net of NETS) {
      if (prepared.manifests[net] === manifests[net]) continue;
      return {
        reason: 'manifest',
        message: differs(`builds another ${net}`, prepared.manifests[net], manifests[net]),
      };
    }
    if (prepared.data !== null && prepared.data !== data) {
      return { reason: 'data', message: differs('has other data files', prepared.data, data) };
    }
    const difference = this.uniformity.join(peer, prepared);
    if (difference) return difference;
    peer.state = 'ready';
    peer.device = prepared.device;
    return undefined;
  }

  /** An answer of a peer counts. @returns who is not to compute beside it any more */
  settled(session: string, stepKind: StepKind): { session: string; refusal: Refusal }[] {
    return this.uniformity
      .settled(session, stepKind)
      .map(({ session, difference }) => ({ session, refusal: difference }));
  }

  /** Two living peers never share a name: the later one gets a number. */
  private freeName(wished: string): string {
    if (!this.names.has(wished)) return wished;
    let number = 2;
    while (this.names.has(`${wished}.${number}`)) {
      number = number < SMALL_MAX ? number + 1 : Math.max(number, this.lastNumber) + 1;
      if (number > SMALL_MAX) this.lastNumber = number;
    }
    return `${wished}.${number}`;
  }
}

/** Whether a peer's protocol version is ours; asked before the rest of its hello is read, which may look otherwise. */
export const refusalOfProtocol = (protocol: number): Refusal | undefined =>
  protocol === PROTOCOL_VERSION
    ? undefined
    : {
        reason: 'protocol',
        message: `this worker speaks protocol ${protocol}, the server speaks ${PROTOCOL_VERSION}; install the same version of nash on both`,
      };

export const UNPROVEN: Refusal = {
  reason: 'key',
  message:
    'its hello does not prove by a key whose process this is. On the host of the server `--run-dir DIR` knows the key of the run; ' +
    'elsewhere `nash keys make` makes one, and `nash keys allow KEY NAME` on the host of the server lets it in',
};

/** What an evaluator says may end a run, and its figures belong into the run folder: it is the server's own user's. */
export const refusalOfRole = (role: Peer['role'], identity: string): Refusal | undefined =>
  role === 'worker' || identity === OWN
    ? undefined
    : {
        reason: 'key',
        message:
          "an evaluator decides on collapse and writes figures into the run folder: it must be the server's own user's, on its host; start it with --run-dir",
      };

const differs = (what: string, theirs: string, ours: string): string =>
  `this worker ${what} (${theirs.slice(0, 12)}, the server has ${ours.slice(0, 12)}); give it the same version of nash and the same files`;
