// A worker's conversation with the server: connect, say hello, be welcomed or refused. Shared by workers and the evaluator.
import { hostname } from 'node:os';
import { configHash } from '../config/decisive.js';
import { validateConfig } from '../config/load-config.js';
import type { RunConfig } from '../config/run-config.js';
import { messageOf, NashError } from '../errors.js';
import type { Net } from '../parameters/manifest.js';
import {
  type MessageOf,
  PROTOCOL_VERSION,
  type ServerMessage,
  serverMessage,
  type WorkerMessage,
  workerMessage,
} from '../protocol/messages.js';
import { FORGOTTEN_MS } from '../protocol/timing.js';
import { ownToken } from '../run-folder/process-token.js';
import { SharedMemory } from '../transport/shared-memory.js';
import type { WorkerTransport } from '../transport/transport.js';
import { decode, encode } from '../wire/codec.js';

/** What a server of this host shares with this process; it belongs to the session. */
export interface ServerMemory {
  weights: SharedMemory;
  answers: SharedMemory;
}

/** Who connects, and what it does with what the server sends. */
export interface SessionRole {
  role: 'worker' | 'evaluator';
  pool: 'discriminator' | 'generator' | 'any';
  name: string;
  /** Compiles for the config; what it answers is compared by the server. Called again after a reconnect to another config. */
  prepare(
    config: RunConfig,
    memory: ServerMemory | undefined,
    session: Session,
  ): Promise<Omit<MessageOf<WorkerMessage, 'prepared'>, 'kind' | 'configHash' | 'sharesMemory'>>;
  receive(message: ServerMessage, payload: Uint8Array[], session: Session): void;
}

/** How a session ended: for good, or its server went away and may come back, perhaps at another address. */
export type Farewell = 'over' | 'server-away';

/** How long a connection may take to be made before the server is looked for anew. */
const CONNECT_MS = 10_000;
/** What the server said last may lie unread behind the news that the connection has ended: `stop` above all. */
const LAST_WORDS_MS = 100;
const TICK_MS = 1000;
/** How long a worker that was told to leave helps a server that is stopping. */
const LEAVE_MS = 20_000;
const REPORT_EVERY_MS = 5000;

export class Session {
  private config: RunConfig | undefined;
  private memory: ServerMemory | undefined;
  private end!: { resolve: (farewell: Farewell) => void; reject: (error: unknown) => void };
  private patience: NodeJS.Timeout | undefined;
  private reports: NodeJS.Timeout | undefined;
  private ticks: NodeJS.Timeout | undefined;
  /** welcomes are answered one after another */
  private preparing: Promise<void> = Promise.resolve();
  private heardMs = 0;
  private tickedMs = 0;
  private isConnected = false;
  private isLost = false;
  private isLeaving = false;
  private isOver = false;
  /** the server took this process for one of its own */
  wasWelcome = false;
  /** versions that the last task or evaluation was to read; null before the first */
  reads: Partial<Record<Net, number>> | null = null;

  constructor(
    private readonly transport: WorkerTransport,
    private readonly role: SessionRole,
  ) {}

  /**
   * Serves until the server says stop or goes away.
   * @throws NashError('usage' | 'environment') when the server refuses this process
   */
  async run(): Promise<Farewell> {
    const over = new Promise<Farewell>((resolve, reject) => {
      this.end = { resolve, reject };
    });
    this.transport.onConnect(() => this.hello());
    this.transport.onDisconnect(() => this.lost());
    this.transport.onMessage((frames) => this.guard(() => this.receive(frames)));
    this.transport.onRefused((why) => this.end.reject(new NashError('usage', why)));
    this.transport.onDead(() => this.end.resolve('server-away'));
    this.patience = setTimeout(() => this.end.resolve('server-away'), CONNECT_MS);
    try {
      return await over;
    } finally {
      this.isOver = true;
      clearTimeout(this.patience);
      clearInterval(this.reports);
      clearInterval(this.ticks);
      this.share(undefined);
    }
  }

  send(message: WorkerMessage, frames: readonly Uint8Array[] = []): void {
    this.transport.send(encode(workerMessage.parse(message), frames));
  }

  /** Whether a server has answered, and is there still. */
  get isServed(): boolean {
    return this.heardMs > 0 && !this.isLost && !this.isOver;
  }

  /** Whether it has not ended yet. */
  get isOpen(): boolean {
    return !this.isOver;
  }

  /** Takes leave, and ends when the server agrees: at once, unless it is stopping and needs this worker to finish its round. */
  leave(): void {
    this.isLeaving = true;
    if (!this.isConnected) {
      this.end.resolve('over');
      return;
    }
    this.send({ kind: 'leaving' });
    setTimeout(() => this.end.resolve('over'), LEAVE_MS).unref();
  }

  /** Tells the server why this worker ends, and ends. */
  async fail(error: unknown): Promise<void> {
    const exitCode = error instanceof NashError ? error.exitCode : 1;
    this.send({ kind: 'failed', exitCode, message: messageOf(error).slice(0, 4000) });
    await this.transport.flush(500);
    this.end.reject(error);
  }

  /** Runs what a message asks for; a mistake of ours ends the worker, and the server is told. */
  guard(body: () => void | Promise<void>): void {
    if (this.isOver) return;
    try {
      const result = body();
      if (result) result.catch((error) => this.fail(error));
    } catch (error) {
      void this.fail(error);
    }
  }

  private hello(): void {
    if (this.isLost) return; // the next session says it
    clearTimeout(this.patience);
    this.isConnected = true;
    const { role, pool, name } = this.role;
    const token = ownToken();
    const { proof } = this.transport;
    this.send({
      kind: 'hello',
      protocol: PROTOCOL_VERSION,
      role,
      pool,
      name,
      pid: process.pid,
      host: hostname(),
      ...(token !== undefined && { token }),
      ...(proof && { proof }),
    });
  }

  private lost(): void {
    if (!this.isConnected) return; // hung up amid the handshake: the transport tries again, and says why it is refused
    this.isConnected = false;
    this.isLost = true;
    setTimeout(() => this.end.resolve(this.isLeaving ? 'over' : 'server-away'), LAST_WORDS_MS);
  }

  /**
   * A server that pings nobody has forgotten this session, or hangs: another connection will show. Silence counts only while this
   * process had time to listen.
   */
  private tick(): void {
    const nowMs = performance.now();
    if (nowMs - this.tickedMs > 2 * TICK_MS) this.heardMs = nowMs;
    this.tickedMs = nowMs;
    if (nowMs - this.heardMs > FORGOTTEN_MS) this.end.resolve('server-away');
  }

  private receive(frames: Uint8Array[]): void | Promise<void> {
    const { message, payload } = decode(serverMessage, frames);
    // what the server said goes with its connection: whoever is heard next under its address has to be known anew
    if (this.isLost && message.kind !== 'stop' && message.kind !== 'refused') return;
    this.heardMs = performance.now();
    switch (message.kind) {
      case 'welcome':
        this.preparing = this.preparing.then(() => this.welcome(message));
        return this.preparing;
      case 'refused':
        this.end.reject(
          new NashError(
            message.reason === 'corrupt' ? 'environment' : 'usage',
            `the server refused this worker (${message.reason}): ${message.message}`,
          ),
        );
        return;
      case 'stop':
        this.end.resolve(message.comesBack && !this.isLeaving ? 'server-away' : 'over');
        return;
      case 'ping':
        this.send({ kind: 'pong', sentMs: message.sentMs });
        return;
      default:
        if (message.kind === 'task') this.reads = message.reads;
        else if (message.kind === 'evaluate') {
          const { version: generator, discriminator } = message;
          this.reads = discriminator === undefined ? { generator } : { generator, discriminator };
        }
        this.role.receive(message, payload, this);
    }
  }

  private async welcome(welcome: MessageOf<ServerMessage, 'welcome'>): Promise<void> {
    this.config = validateConfig(welcome.config, "the server's config");
    this.share(welcome.memory);
    const sharesMemory = this.memory !== undefined;
    const prepared = await this.role.prepare(this.config, this.memory, this);
    this.send({ kind: 'prepared', configHash: configHash(this.config), sharesMemory, ...prepared });
    this.wasWelcome = true;
    clearInterval(this.reports);
    clearInterval(this.ticks);
    if (this.isOver) return;
    this.ticks = setInterval(() => this.tick(), TICK_MS);
    this.reports = setInterval(() => this.report(), REPORT_EVERY_MS);
    this.report();
  }

  /** Opens what a server of this host offers; without it the socket carries everything. */
  private share(offer: MessageOf<ServerMessage, 'welcome'>['memory']): void {
    this.memory?.weights.close();
    this.memory?.answers.close();
    this.memory = undefined;
    if (!offer || !this.transport.isLocal || process.env.NASH_SHARED_MEMORY === '0') return;
    const weights = SharedMemory.open(offer.weights, 'read');
    const answers = weights && SharedMemory.open(offer.answers, 'write');
    if (weights && answers) this.memory = { weights, answers };
    else weights?.close();
  }

  private report(): void {
    this.send({ kind: 'report', residentBytes: process.memoryUsage.rss() });
  }
}
