// The server's end: a ROUTER on a Unix socket for processes of its user, and where TCP is asked for one more for each connection that
// the gate lets in, since only then is it known who sent what, and can a connection be ended.
import { Context, Router } from 'zeromq';
import { messageOf, NashError } from '../errors.js';
import { networkAddressOf } from '../protocol/network-address.js';
import { type ServerKeys, toZ85 } from './keys.js';
import { forgetOldest } from './limits.js';
import type { PrivateFolder } from './private-folder.js';
import { COMMON, codeOf, RETRY_MS, wait } from './sockets.js';
import { type GateOptions, type Inner, TcpGate } from './tcp-gate.js';
import type { Envelope, ServerTransport, Stranger } from './transport.js';
import { answerZap, LOCAL_DOMAIN, remoteDomain } from './zap.js';

/** How long the last words may take over a slow link once this end is closed: without them a worker would look for the server for minutes. */
const LINGER_MS = 2000;
/** What a connection said before it ended is read within this. */
const LAST_WORDS_MS = 1000;
/** Sessions of which it is remembered where they were heard. */
const HEARD_MAX = 65_536;
/** Messages that may wait for one peer: far more than a run has under way; who lets more pile up is given up. */
const QUEUE_MAX = 1024;

/**
 * Listens where others reach it; they are let in once `open` is called.
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
  const transport = new RouterTransport(keys);
  try {
    if (endpoint !== undefined) await transport.listen(endpoint);
    return transport;
  } catch (cause) {
    throw new NashError(
      'environment',
      `server.endpoint ${endpoint} cannot be bound: ${messageOf(cause)}. ` +
        'Another run may hold the port; --set server.endpoint=tcp://127.0.0.1:0 takes a free one.',
      { cause },
    );
  }
}

type RefusalListener = (reason: Stranger, why: string) => void;

/** A socket of the server's, and who is told what was read from it. */
interface Home {
  router: Router;
  read?(bytes: number): void;
  /** its connection was ended by the gate, which has said why */
  isCut?: boolean;
}

class RouterTransport implements ServerTransport {
  readonly bytes = { sent: 0, received: 0 };
  endpoint: string | undefined;
  private readonly queues = new Map<string, (readonly Uint8Array[])[]>();
  private readonly messageListeners: ((envelope: Envelope) => void)[] = [];
  private readonly goneListeners: ((peer: string) => void)[] = [];
  private readonly disconnectListeners: (() => void)[] = [];
  private readonly refusalListeners: RefusalListener[] = [];
  private readonly context = new Context(); // of its own: it has one judge
  private readonly homes = new Set<Home>();
  /** where each peer was last heard */
  private readonly homeOf = new Map<string, Home>();
  private gate: TcpGate | undefined;
  private folder: PrivateFolder | undefined;
  private judge: Router | undefined;
  private connectionCount = 0;
  private isPumping = false;
  private isClosed = false;

  constructor(private readonly keys: ServerKeys | undefined) {}

  async listen(endpoint: string): Promise<void> {
    const { host, port } = networkAddressOf(endpoint)!;
    this.gate = await TcpGate.listen({
      host,
      port,
      open: (connection) => this.openInner(connection),
      onCut: (why) => this.refused('handshake', why),
    });
    this.endpoint = this.gate.endpoint;
  }

  async open(folder: PrivateFolder): Promise<void> {
    this.folder = folder;
    this.judge = await answerZap(this.context, this.keys, (why) => this.refused('key', why));
    await this.bind(folder.endpoint, { zapDomain: LOCAL_DOMAIN });
    this.gate?.start();
  }

  /** The server's end of one TCP connection. */
  private async openInner({ address, read }: Parameters<GateOptions['open']>[0]): Promise<Inner> {
    const { keys } = this;
    const path = this.folder!.within(`tcp-${++this.connectionCount}`);
    const curve = keys && { curveServer: true, curveSecretKey: toZ85(keys.pair.secretKey) };
    const home = await this.bind(`ipc://${path}`, { zapDomain: remoteDomain(address), ...curve }, read);
    return { path, end: (isCut) => this.leave(home, isCut) };
  }

  private async bind(
    endpoint: string,
    options: Pick<Partial<Router>, 'zapDomain' | 'curveServer' | 'curveSecretKey'>,
    read?: Home['read'],
  ): Promise<Home> {
    // without a timeout a message to the last peer, which has just left, would wait for another peer to come instead of failing
    const router = new Router({
      ...COMMON,
      mandatory: true,
      sendTimeout: 0,
      context: this.context,
      ...options,
    });
    const home: Home = { router, ...(read && { read }) };
    void this.watch(home);
    await router.bind(endpoint); // nothing is read from it before: ZeroMQ would refuse
    if (this.isClosed) router.close();
    else this.homes.add(home);
    if (this.messageListeners.length > 0 && !this.isClosed) void this.receive(home);
    return home;
  }

  /** A connection has ended; what it said last may lie in its socket still. */
  private leave(home: Home, isCut: boolean): void {
    home.isCut = isCut;
    setTimeout(() => {
      if (!this.homes.delete(home)) return;
      home.router.close();
      for (const [peer, at] of this.homeOf) if (at === home) this.drop(peer);
    }, LAST_WORDS_MS).unref();
  }

  private refused(reason: Stranger, why: string): void {
    for (const listener of this.refusalListeners) listener(reason, why);
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
    if (this.messageListeners.push(listener) > 1) return;
    for (const home of this.homes) void this.receive(home);
  }

  onGone(listener: (peer: string) => void): void {
    this.goneListeners.push(listener);
  }

  onDisconnect(listener: () => void): void {
    this.disconnectListeners.push(listener);
  }

  onRefused(listener: RefusalListener): void {
    this.refusalListeners.push(listener);
  }

  async flush(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (this.queues.size > 0 && Date.now() < deadline) await wait(RETRY_MS);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const { router } of this.homes) {
      router.linger = LINGER_MS;
      router.close();
    }
    await this.gate?.close(LINGER_MS);
    this.judge?.close();
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
    const home = this.homeOf.get(peer);
    if (!home) return 'gone';
    try {
      await home.router.send([peer, ...(frames as Uint8Array[])] as never);
      for (const frame of frames) this.bytes.sent += frame.byteLength;
      return 'sent';
    } catch (error) {
      if (codeOf(error) === 'EAGAIN') return 'full';
      return 'gone'; // EHOSTUNREACH, or the socket was closed
    }
  }

  private drop(peer: string): void {
    this.queues.delete(peer);
    this.homeOf.delete(peer);
    for (const listener of this.goneListeners) listener(peer);
  }

  private async receive(home: Home): Promise<void> {
    for await (const [id, ...frames] of home.router) {
      if (this.isClosed) return; // whoever listened has left
      const bytes = frames.reduce((sum, frame) => sum + frame.byteLength, 0);
      this.bytes.received += bytes;
      home.read?.(bytes);
      const envelope = { peer: id!.toString('latin1'), frames };
      if (!this.isHeardFrom(envelope.peer, home)) continue;
      for (const listener of this.messageListeners) listener(envelope);
    }
  }

  /** A session belongs to the connection that was the first to use its name. */
  private isHeardFrom(peer: string, home: Home): boolean {
    const known = this.homeOf.get(peer);
    if (known === undefined) this.homeOf.set(peer, home);
    forgetOldest(this.homeOf, HEARD_MAX);
    return known === undefined || known === home;
  }

  private async watch(home: Home): Promise<void> {
    for await (const event of home.router.events) {
      if (event.type === 'disconnect') for (const listener of this.disconnectListeners) listener();
      const isRefused = event.type === 'handshake:error:protocol' || event.type === 'handshake:error:other';
      if (isRefused && !home.isCut) this.refused('handshake', event.error.message);
      if (event.type === 'end') return;
    }
  }
}
