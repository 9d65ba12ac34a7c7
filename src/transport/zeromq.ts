// ROUTER and DEALER. What decides the form: a ROUTER drops silently at its high-water mark unless `mandatory`, sends
// may not overlap, sent buffers are read later by the I/O thread, leaving a process loses what is queued, and a
// heartbeat in the I/O thread does not notice a hung JavaScript loop (each tested, see the research notes).
import { randomBytes } from 'node:crypto';
import { Dealer, Router } from 'zeromq';
import { messageOf, NashError } from '../errors.js';
import type { Envelope, ServerTransport, WorkerTransport } from './transport.js';

/** Messages queued inside ZeroMQ a peer; with 4 MiB blocks this bounds a peer's share of memory. */
const HIGH_WATER_MARK = 16;
/** A full peer is tried again after this. */
const RETRY_MS = 1;
const HEARTBEAT = { heartbeatInterval: 1000, heartbeatTimeout: 10_000, heartbeatTimeToLive: 10_000 };
/** A bit more than the largest legal frame. */
const MESSAGE_BYTES_MAX = 8 * 2 ** 20;

const COMMON = {
  linger: 0,
  sendHighWaterMark: HIGH_WATER_MARK,
  receiveHighWaterMark: HIGH_WATER_MARK,
  maxMessageSize: MESSAGE_BYTES_MAX,
  ...HEARTBEAT,
};

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? '';
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Binds a ROUTER.
 * @param endpoint `tcp://address:port`; port 0 takes any free one
 * @throws NashError('environment') when the port is taken or the address is not this host's
 */
export async function bindServer(endpoint: string): Promise<ServerTransport> {
  const router = new Router({ ...COMMON, mandatory: true });
  // in Linux's abstract namespace: no file is left behind, whoever dies
  const localEndpoint = `ipc://@nash-${randomBytes(8).toString('hex')}`;
  let bound: string;
  try {
    await router.bind(endpoint.replace(/:0$/, ':*'));
    bound = router.lastEndpoint!;
    await router.bind(localEndpoint);
  } catch (cause) {
    router.close();
    throw new NashError(
      'environment',
      `server.endpoint ${endpoint} cannot be bound: ${messageOf(cause)}. ` +
        'Another run may hold the port; --set server.endpoint=tcp://127.0.0.1:0 takes a free one.',
      { cause },
    );
  }
  return new RouterTransport(router, bound, localEndpoint);
}

class RouterTransport implements ServerTransport {
  readonly bytes = { sent: 0, received: 0 };
  private readonly queues = new Map<string, (readonly Uint8Array[])[]>();
  private readonly messageListeners: ((envelope: Envelope) => void)[] = [];
  private readonly goneListeners: ((peer: string) => void)[] = [];
  private readonly disconnectListeners: (() => void)[] = [];
  private isPumping = false;
  private isClosed = false;

  constructor(
    private readonly router: Router,
    readonly endpoint: string,
    readonly localEndpoint: string,
  ) {
    void this.receive();
    void this.watch();
  }

  send(peer: string, frames: readonly Uint8Array[]): void {
    const queue = this.queues.get(peer);
    if (queue) queue.push(frames);
    else this.queues.set(peer, [frames]);
    if (!this.isPumping) void this.pump();
  }

  onMessage(listener: (envelope: Envelope) => void): void {
    this.messageListeners.push(listener);
  }

  onGone(listener: (peer: string) => void): void {
    this.goneListeners.push(listener);
  }

  onDisconnect(listener: () => void): void {
    this.disconnectListeners.push(listener);
  }

  async flush(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (this.queues.size > 0 && Date.now() < deadline) await wait(RETRY_MS);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.router.close();
  }

  /** Sends one message a peer in turn, so that a slow peer holds up nobody else. */
  private async pump(): Promise<void> {
    this.isPumping = true;
    while (this.queues.size > 0 && !this.isClosed) {
      let progress = false;
      for (const [peer, queue] of [...this.queues]) {
        const outcome = await this.trySend(peer, queue[0]!);
        if (outcome === 'full') continue;
        progress = true;
        if (outcome === 'gone') this.drop(peer);
        else if (queue.length === 1) this.queues.delete(peer);
        else queue.shift();
      }
      if (!progress) await wait(RETRY_MS);
    }
    this.isPumping = false;
  }

  private async trySend(peer: string, frames: readonly Uint8Array[]): Promise<'sent' | 'full' | 'gone'> {
    try {
      await this.router.send([peer, ...(frames as Uint8Array[])] as never);
      for (const frame of frames) this.bytes.sent += frame.byteLength;
      return 'sent';
    } catch (error) {
      if (codeOf(error) === 'EAGAIN') return 'full';
      return 'gone'; // EHOSTUNREACH, or the socket was closed
    }
  }

  private drop(peer: string): void {
    this.queues.delete(peer);
    for (const listener of this.goneListeners) listener(peer);
  }

  private async receive(): Promise<void> {
    for await (const [id, ...frames] of this.router) {
      for (const frame of frames) this.bytes.received += frame.byteLength;
      const envelope = { peer: id!.toString('latin1'), frames };
      for (const listener of this.messageListeners) listener(envelope);
    }
  }

  private async watch(): Promise<void> {
    for await (const event of this.router.events) {
      if (event.type === 'disconnect') for (const listener of this.disconnectListeners) listener();
      if (event.type === 'end') return;
    }
  }
}

/** Connects a DEALER under a fresh session id; the connection is made, and made again, in the background. */
export function connectWorker(endpoint: string): WorkerTransport {
  const session = randomBytes(8).toString('hex');
  const dealer = new Dealer({
    ...COMMON,
    routingId: session,
    reconnectInterval: 50,
    reconnectMaxInterval: 1000,
  });
  return new DealerTransport(dealer, session, endpoint);
}

class DealerTransport implements WorkerTransport {
  private readonly queue: (readonly Uint8Array[])[] = [];
  private readonly messageListeners: ((frames: Uint8Array[]) => void)[] = [];
  private readonly connectListeners: (() => void)[] = [];
  private readonly disconnectListeners: (() => void)[] = [];
  private isPumping = false;
  private isClosed = false;

  constructor(
    private readonly dealer: Dealer,
    readonly session: string,
    endpoint: string,
  ) {
    void this.receive();
    void this.watch();
    dealer.connect(endpoint);
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

  async flush(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (this.queue.length > 0 && Date.now() < deadline) await wait(RETRY_MS);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.dealer.close();
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
      if (event.type === 'handshake') for (const listener of this.connectListeners) listener();
      if (event.type === 'disconnect') for (const listener of this.disconnectListeners) listener();
      if (event.type === 'end') return;
    }
  }
}
