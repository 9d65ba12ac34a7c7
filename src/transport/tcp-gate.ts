// In front of libzmq on TCP: it bounds what a connection may make the server hold. libzmq itself takes frames of any allowed size from who
// has proved nothing yet, and as many parts of one message as somebody sends; neither has an option. So a connection is relayed to a
// Unix socket of the server's own, a few bytes until a key is proved, and then no more than a window ahead of what the server has read.
//
// Costs nothing where it matters most: processes of the server's host come by another way.
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import { messageOf } from '../errors.js';
import { whoGivesWay } from './limits.js';
import { HANDSHAKE_MS, RETRY_MS, wait } from './sockets.js';

/** A key is proved within so many bytes: a CURVE handshake takes some 700. */
const PROOF_BYTES_MAX = 4096;
/** Connections that have proved nothing; the oldest gives way. */
const UNPROVEN_MAX = { ofAddress: 16, inAll: 64 };
/** Bytes that may be under way between a connection and the server: four of the longest messages. */
const WINDOW = 17 * 2 ** 20;
/** What encryption, framing and heartbeats add to a message, at most; what is left over is not kept for later. */
const OVERHEAD = 1024;
/** A connection whose window is full of one message that does not end, so many seconds long, is cut. */
const STALL_S = 10;

/** A greeting, and what comes in it before the mechanism (ZMTP 3.1, RFC 37). */
const GREETING_BYTES = 64;
const SIGNATURE_BYTES = 11;
const [LONG, COMMAND] = [0x02, 0x04];

/** The server's end of a connection that is let in as far as its handshake. */
export interface Inner {
  /** path of a Unix socket that expects it */
  path: string;
  /** The connection has ended. @param isCut by the gate, which has said why */
  end(isCut: boolean): void;
}

export interface GateOptions {
  host: string;
  port: number;
  /** Makes the inner end of a connection. @param connection tells it what the server has read */
  open(connection: { address: string; read(bytes: number): void }): Promise<Inner>;
  /** A connection was cut before the server heard of it, or for what it made the server hold. */
  onCut(why: string): void;
}

/** Listens at once, and lets connections wait until `start`. */
export class TcpGate {
  private readonly connections = new Set<Connection>();
  private readonly waiting: Socket[] = [];
  private isOpen = false;
  private readonly watch: NodeJS.Timeout;

  private constructor(
    private readonly server: Server,
    private readonly options: GateOptions,
  ) {
    server.on('connection', (outer) => {
      if (this.isOpen) this.admit(outer);
      else this.waiting.push(outer.on('error', () => {}).pause());
    });
    this.watch = setInterval(() => this.cutStalled(), 1000);
    this.watch.unref();
  }

  /** @throws the system's error, EADDRINUSE above all */
  static async listen(options: GateOptions): Promise<TcpGate> {
    const server = createServer({ pauseOnConnect: true, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen({ host: options.host, port: options.port }, resolve);
    });
    return new TcpGate(server, options);
  }

  /** With the real port. */
  get endpoint(): string {
    const { address, port, family } = this.server.address() as AddressInfo;
    return `tcp://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  start(): void {
    this.isOpen = true;
    for (const outer of this.waiting.splice(0)) this.admit(outer);
  }

  /** Lets nobody in any more; those who are there may read their last words for so long. */
  async close(graceMs: number): Promise<void> {
    clearInterval(this.watch);
    this.server.close();
    for (const outer of this.waiting) outer.destroy();
    const deadline = performance.now() + graceMs;
    while (this.connections.size > 0 && performance.now() < deadline) await wait(RETRY_MS);
    for (const connection of this.connections) connection.close();
  }

  private admit(outer: Socket): void {
    const connection = new Connection(outer, this.options);
    this.connections.add(connection);
    outer.once('close', () => this.connections.delete(connection));
    const unproven = [...this.connections].filter(({ isProven }) => !isProven);
    whoGivesWay(unproven, connection, { addressOf: ({ address }) => address, ...UNPROVEN_MAX })?.cut(
      `more than ${UNPROVEN_MAX.ofAddress} connections of an address, or ${UNPROVEN_MAX.inAll} in all, that prove no key`,
    );
    void connection.begin();
  }

  private cutStalled(): void {
    for (const connection of this.connections)
      if (connection.stalledSeconds() >= STALL_S)
        connection.cut(`a message that does not end, ${(WINDOW / 2 ** 20).toFixed(0)} MiB so far`);
  }
}

class Connection {
  readonly address: string;
  isProven = false;
  private inner: Inner | undefined;
  private socket: Socket | undefined;
  private relayed = 0;
  private passed = 0;
  private held: Buffer[] = [];
  /** the server has said all of its greeting */
  private isGreeted = false;
  private underWay = 0;
  private ticksSinceRead = 0;
  private answered: Buffer = Buffer.alloc(0);
  private isCut = false;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly outer: Socket,
    private readonly options: GateOptions,
  ) {
    this.address = outer.remoteAddress ?? 'unknown';
    this.timer = setTimeout(() => this.cut(`no key proved within ${HANDSHAKE_MS / 1000} s`), HANDSHAKE_MS);
    outer.on('error', () => this.close());
    outer.once('close', () => this.leave());
  }

  async begin(): Promise<void> {
    try {
      this.inner = await this.options.open({ address: this.address, read: (bytes) => this.read(bytes) });
    } catch (error) {
      this.cut(messageOf(error));
      return;
    }
    if (this.outer.destroyed) {
      this.inner.end(false);
      return;
    }
    this.socket = createConnection({ path: this.inner.path, noDelay: true });
    this.socket.on('error', () => this.close());
    this.socket.once('close', () => this.leave());
    this.outer.on('data', (chunk) => this.relay(chunk));
    this.socket.on('data', (chunk) => this.look(chunk));
    this.socket.pipe(this.outer);
    this.outer.resume();
  }

  /** Passes on what the other side sends, and stops reading where too much is under way. */
  private relay(chunk: Buffer): void {
    if (!this.socket!.writable) return; // the server has hung up: to leave this unread would lose its last words on their way
    this.relayed += chunk.length;
    if (!this.isProven && this.relayed > PROOF_BYTES_MAX) {
      this.cut(`more than ${PROOF_BYTES_MAX} bytes before a key was proved`);
      return;
    }
    this.underWay += chunk.length;
    this.held.push(chunk);
    this.passOn();
    if (this.underWay >= WINDOW) this.outer.pause();
  }

  /**
   * libzmq hangs up on who has another mechanism as soon as it reads which, and sometimes before its own has left: then nobody would
   * learn why. So the other side's stays here until the server's greeting is whole.
   */
  private passOn(): void {
    const all = this.held.length === 1 ? this.held[0]! : Buffer.concat(this.held);
    const open = this.isGreeted ? all.length : Math.max(0, SIGNATURE_BYTES - this.passed);
    this.held = open < all.length ? [all.subarray(open)] : [];
    this.passed += Math.min(open, all.length);
    if (open > 0 && all.length > 0) this.socket!.write(all.subarray(0, open));
  }

  /** The server has read a message from it. */
  private read(bytes: number): void {
    this.ticksSinceRead = 0;
    this.underWay = Math.max(0, this.underWay - bytes - OVERHEAD);
    if (this.underWay < WINDOW && this.outer.isPaused()) this.outer.resume();
  }

  /** The server ends a handshake with READY, after the other side has proved its key. */
  private look(chunk: Buffer): void {
    if (this.isProven) return;
    this.answered = Buffer.concat([this.answered, chunk]);
    if (!this.isGreeted && this.answered.length >= GREETING_BYTES) {
      this.isGreeted = true;
      this.passOn();
    }
    if (!saysReady(this.answered)) return;
    this.isProven = true;
    this.answered = Buffer.alloc(0);
    clearTimeout(this.timer);
  }

  /** Seconds for which its window has been full while the server has read nothing from it; counted in calls, one a second. */
  stalledSeconds(): number {
    if (this.underWay < WINDOW) return 0;
    this.ticksSinceRead += 1;
    return this.ticksSinceRead;
  }

  cut(why: string): void {
    if (this.isCut) return;
    this.isCut = true;
    this.options.onCut(`${this.address}: ${why}`);
    this.close();
  }

  /** One side has gone: what it said is passed on to the other, which goes then too. */
  private leave(): void {
    clearTimeout(this.timer);
    this.outer.end();
    this.socket?.end();
    this.inner?.end(this.isCut);
    this.inner = undefined;
  }

  close(): void {
    this.leave();
    this.outer.destroy();
    this.socket?.destroy();
  }
}

/** Whether a server's side of a ZMTP handshake (RFC 37) has come to READY. */
export function saysReady(bytes: Buffer): boolean {
  for (let at = GREETING_BYTES; at + 2 < bytes.length; ) {
    const flags = bytes[at]!;
    const isLong = (flags & LONG) !== 0;
    if (isLong && at + 9 >= bytes.length) return false;
    const length = isLong ? Number(bytes.readBigUInt64BE(at + 1)) : bytes[at + 1]!;
    const body = at + (isLong ? 9 : 2);
    const nameLength = bytes[body] ?? 0;
    const name = bytes.toString('latin1', body + 1, body + 1 + nameLength);
    if ((flags & COMMAND) !== 0 && name === 'READY') return true;
    at = body + length;
  }
  return false;
}
