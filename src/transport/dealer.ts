// A worker's end: a DEALER that connects, and connects again.
import { randomBytes } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { Dealer } from 'zeromq';
import { networkAddressOf } from '../protocol/network-address.js';
import { toZ85, type WorkerKeys } from './keys.js';
import { isLocal } from './private-folder.js';
import { type Proof, proofOf } from './proof.js';
import type { Reach } from './reach.js';
import { COMMON, codeOf, RETRY_MS, wait } from './sockets.js';
import type { WorkerTransport } from './transport.js';

/**
 * While this process computes nobody takes messages from its socket, and libzmq reads nothing from a connection whose queue is full, no
 * heartbeat either: it would be taken for dead after 10 s, and kill this process when it is read again (4.3.5, an assertion). What may
 * wait here the server bounds: the versions that are on their way, and a ping a second until its patience is over.
 */
const UNBOUNDED = 0;
/** A server whose key is not the expected one just hangs up: after so many times it is no accident. */
const HUNG_UP_MAX = 3;

/**
 * Connects a DEALER under a fresh session id; the connection is made, and made again, in the background.
 * @param hasMet whether the server let this process in before: whoever turns it away now is a proxy without a server behind it, or poses in
 * the place of one that is gone and will be back
 * @returns closes what leads to the server with itself
 */
export function connectWorker(way: Reach, hasMet = false): WorkerTransport {
  const used = wireKeysOf(way);
  const session = randomBytes(8).toString('hex');
  const dealer = new Dealer({
    ...COMMON,
    receiveHighWaterMark: UNBOUNDED,
    routingId: session,
    ipv6: !isIPv4(networkAddressOf(way.endpoint)?.host ?? ''),
    reconnectInterval: 50,
    reconnectMaxInterval: 1000,
    ...(used && {
      curvePublicKey: toZ85(used.pair.publicKey),
      curveSecretKey: toZ85(used.pair.secretKey),
      curveServerKey: toZ85(used.serverKey),
    }),
  });
  return new DealerTransport(dealer, session, way, hasMet);
}

/** What the wire is encrypted with; over a Unix socket the kernel says who we are. */
const wireKeysOf = ({ endpoint, keys }: Reach): WorkerKeys | undefined =>
  isLocal(endpoint) ? undefined : keys;

class DealerTransport implements WorkerTransport {
  private readonly queue: (readonly Uint8Array[])[] = [];
  private readonly messageListeners: ((frames: Uint8Array[]) => void)[] = [];
  private readonly connectListeners: (() => void)[] = [];
  private readonly refusedListeners: ((why: string) => void)[] = [];
  private readonly deadListeners: (() => void)[] = [];
  private hungUpCount = 0;
  private readonly disconnectListeners: (() => void)[] = [];
  private isPumping = false;
  private isClosed = false;
  readonly isLocal: boolean;
  readonly proof: Proof | undefined;

  constructor(
    private readonly dealer: Dealer,
    readonly session: string,
    private readonly way: Reach,
    private hasMet: boolean,
  ) {
    this.isLocal = isLocal(way.endpoint);
    this.proof = way.keys && proofOf(way.keys.pair, way.keys.serverKey, session);
    void this.receive();
    void this.watch();
    dealer.connect(way.endpoint);
  }

  send(frames: readonly Uint8Array[]): void {
    this.queue.push(frames);
    if (!this.isPumping) void this.pump();
  }

  onMessage(listener: (frames: Uint8Array[]) => void): void {
    this.messageListeners.push(listener);
  }

  onConnect(listener: () => void): void {
    this.connectListeners.push(listener);
  }

  onDisconnect(listener: () => void): void {
    this.disconnectListeners.push(listener);
  }

  onRefused(listener: (why: string) => void): void {
    this.refusedListeners.push(listener);
  }

  onDead(listener: () => void): void {
    this.deadListeners.push(listener);
  }

  async flush(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (this.queue.length > 0 && Date.now() < deadline) await wait(RETRY_MS);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.dealer.close();
    this.way.close();
  }

  private async pump(): Promise<void> {
    this.isPumping = true;
    while (this.queue.length > 0 && !this.isClosed) {
      try {
        await this.dealer.send(this.queue[0] as never); // waits while the server is full or away
        this.queue.shift();
      } catch (error) {
        if (this.isClosed) return;
        if (codeOf(error) !== 'EAGAIN') throw error;
        await wait(RETRY_MS);
      }
    }
    this.isPumping = false;
  }

  private async receive(): Promise<void> {
    for await (const frames of this.dealer) {
      for (const listener of this.messageListeners) listener(frames);
    }
  }

  private async watch(): Promise<void> {
    for await (const event of this.dealer.events) {
      if (event.type === 'handshake') {
        this.hasMet = true;
        for (const listener of this.connectListeners) listener();
      }
      if (event.type === 'disconnect') for (const listener of this.disconnectListeners) listener();
      if (event.type === 'end') return;
      // libzmq gives up for good on who has another mechanism, or says that a key is refused
      if (this.hasMet && /^handshake:error:(protocol|auth)$/.test(event.type))
        for (const listener of this.deadListeners) listener();
      const why = this.refusalBy(event.type);
      if (why !== undefined) for (const listener of this.refusedListeners) listener(why);
    }
  }

  /** What a failed handshake means, in words; undefined where trying again may help. */
  private refusalBy(event: string): string | undefined {
    const { name: endpoint } = this.way;
    const keys = wireKeysOf(this.way);
    if (this.hasMet) return undefined;
    if (event === 'handshake:error:auth')
      return keys
        ? `the server at ${endpoint} does not allow this key; there, \`nash keys allow ${keys.pair.publicKey} NAME\` does`
        : `the server at ${endpoint} belongs to another user`;
    if (event === 'handshake:error:protocol')
      return keys
        ? `the server at ${endpoint} takes no keys; \`--keys none\` leaves them out`
        : `the server at ${endpoint} wants a key; \`nash keys make\` makes one, \`--keys DIR\` says where it is`;
    if (event !== 'handshake:error:other' || !keys || ++this.hungUpCount < HUNG_UP_MAX) return undefined;
    return `the server at ${endpoint} hangs up: it does not have the key ${keys.serverKey}, or takes no keys. Copy server.pub from its host, or \`nash keys trust KEY\`; \`--keys none\` leaves keys out`;
  }
}
