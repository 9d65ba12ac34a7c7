// The server's end: a ROUTER, bound to TCP where that is asked for, and to a Unix socket for processes of its user.
import { Context, Router } from 'zeromq';
import { messageOf, NashError } from '../errors.js';
import { type ServerKeys, toZ85 } from './keys.js';
import { COMMON, codeOf, RETRY_MS, wait } from './sockets.js';
import type { Envelope, ServerTransport, Stranger } from './transport.js';
import { answerZap, ZAP_DOMAIN } from './zap.js';

/** How long the last words may take over a slow link once this end is closed: without them a worker would look for the server for minutes. */
const LINGER_MS = 2000;
/** Messages that may wait for one peer: far more than a run has under way; who lets more pile up is given up. */
const QUEUE_MAX = 1024;

/**
 * Makes a ROUTER, bound where others reach it.
 * @param options.endpoint `tcp://address:port`; port 0 takes any free one; absent: no TCP
 * @param options.keys without them anybody who reaches the endpoint is let in
 * @throws NashError('environment') when the port is taken or the address is not this host's
 */
export async function bindServer({
  endpoint,
  keys,
}: {
  endpoint?: string | undefined;
  keys?: ServerKeys | undefined;
} = {}): Promise<ServerTransport> {
  const context = new Context(); // of its own: it has one judge
  const refusals: RefusalListener[] = [];
  const judge = await answerZap(context, keys, (why) => {
    for (const listener of refusals) listener('key', why);
  });
  // without a timeout a message to the last peer, which has just left, would wait for another peer to come instead of failing
  const router = new Router({ ...COMMON, mandatory: true, sendTimeout: 0, context });
  try {
    if (endpoint !== undefined) {
      betweenBinds(() => secure(router, keys));
      await router.bind(endpoint.replace(/:0$/, ':*'));
    }
  } catch (cause) {
    router.close();
    judge.close();
    throw new NashError(
      'environment',
      `server.endpoint ${endpoint} cannot be bound: ${messageOf(cause)}. ` +
        'Another run may hold the port; --set server.endpoint=tcp://127.0.0.1:0 takes a free one.',
      { cause },
    );
  }
  return new RouterTransport({ router, judge, refusals }, endpoint && router.lastEndpoint!);
}

type RefusalListener = (reason: Stranger, why: string) => void;

/** What the address of other hosts wants of those who connect. */
function secure(router: Router, keys: ServerKeys | undefined): void {
  router.zapDomain = ZAP_DOMAIN.remote;
  if (!keys) return;
  router.curveServer = true;
  router.curveSecretKey = toZ85(keys.pair.secretKey);
}

/** zeromq warns that an option only counts for the next bind: just so, TCP and the Unix socket want different ones. */
function betweenBinds(set: () => void): void {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    set();
  } finally {
    process.emitWarning = emitWarning;
  }
}

class RouterTransport implements ServerTransport {
  readonly bytes = { sent: 0, received: 0 };
  private readonly queues = new Map<string, (readonly Uint8Array[])[]>();
  private readonly messageListeners: ((envelope: Envelope) => void)[] = [];
  private readonly goneListeners: ((peer: string) => void)[] = [];
  private readonly disconnectListeners: (() => void)[] = [];
  private isPumping = false;
  private isClosed = false;

  private readonly router: Router;

  constructor(
    private readonly sockets: { router: Router; judge: Router; refusals: RefusalListener[] },
    readonly endpoint: string | undefined,
  ) {
    this.router = sockets.router;
    void this.watch();
  }

  async bindLocal(endpoint: string): Promise<void> {
    betweenBinds(() => {
      this.router.curveServer = false;
      this.router.zapDomain = ZAP_DOMAIN.local;
    });
    await this.router.bind(endpoint);
  }

  send(peer: string, frames: readonly Uint8Array[]): void {
    const queue = this.queues.get(peer);
    if (queue && queue.length >= QUEUE_MAX) this.drop(peer);
    else if (queue) queue.push(frames);
    else this.queues.set(peer, [frames]);
    if (!this.isPumping) void this.pump();
  }

  /** Messages wait in the socket until somebody listens: workers that were there first say hello only once. */
  onMessage(listener: (envelope: Envelope) => void): void {
    if (this.messageListeners.push(listener) === 1) void this.receive();
  }

  onGone(listener: (peer: string) => void): void {
    this.goneListeners.push(listener);
  }

  onDisconnect(listener: () => void): void {
    this.disconnectListeners.push(listener);
  }

  onRefused(listener: RefusalListener): void {
    this.sockets.refusals.push(listener);
  }

  async flush(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (this.queues.size > 0 && Date.now() < deadline) await wait(RETRY_MS);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.router.linger = LINGER_MS;
    this.router.close();
    this.sockets.judge.close();
  }

  /** Sends one message a peer in turn, so that a slow peer holds up nobody else. */
  private async pump(): Promise<void> {
    this.isPumping = true;
    while (this.queues.size > 0 && !this.isClosed) {
      let progress = false;
      for (const [peer, queue] of [...this.queues]) {
        const outcome = await this.trySend(peer, queue[0]!);
        if (this.queues.get(peer) !== queue) continue; // given up meanwhile
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
      if (this.isClosed) return; // whoever listened has left
      for (const frame of frames) this.bytes.received += frame.byteLength;
      const envelope = { peer: id!.toString('latin1'), frames };
      for (const listener of this.messageListeners) listener(envelope);
    }
  }

  private async watch(): Promise<void> {
    for await (const event of this.router.events) {
      if (event.type === 'disconnect') for (const listener of this.disconnectListeners) listener();
      if (event.type === 'handshake:error:protocol' || event.type === 'handshake:error:other')
        for (const listener of this.sockets.refusals) listener('handshake', event.error.message);
      if (event.type === 'end') return;
    }
  }
}
