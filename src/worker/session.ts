// A worker's conversation with the server: connect, say hello, be welcomed or refused. Shared by workers and the evaluator.
import { hostname } from 'node:os';
import { validateConfig } from '../config/load-config.js';
import { configHash, type RunConfig } from '../config/run-config.js';
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
  ): Promise<Omit<MessageOf<WorkerMessage, 'prepared'>, 'kind' | 'configHash' | 'sharesMemory'>>;
  receive(message: ServerMessage, payload: Uint8Array[], session: Session): void;
}

/** How a session ended: for good, or its server went away and will come back, perhaps at another address. */
export type Farewell = 'over' | 'server-away';

/** How long a worker keeps trying when the server is away; its launcher notices the server's death long before. */
const PATIENCE_MS = 600_000;
/** The same where a lost server is looked for anew: its address may have changed meanwhile. */
const PATIENCE_WHEN_LOST_MS = 10_000;
/** How long a worker that was told to leave helps a server that is stopping. */
const LEAVE_MS = 20_000;
const REPORT_EVERY_MS = 5000;

export class Session {
  private config: RunConfig | undefined;
  private memory: ServerMemory | undefined;
  private end!: { resolve: (farewell: Farewell) => void; reject: (error: unknown) => void };
  private patience: NodeJS.Timeout | undefined;
  private reports: NodeJS.Timeout | undefined;
  private isConnected = false;
  private isLeaving = false;
  private isOver = false;
  /** versions that the last task or evaluation was to read; null before the first */
  reads: Partial<Record<Net, number>> | null = null;

  /** @param endsWhenLost a lost connection ends the session, else it is made again at the same address */
  constructor(
    private readonly transport: WorkerTransport,
    private readonly role: SessionRole,
    private readonly endsWhenLost = false,
  ) {}

  /**
   * Serves until the server says stop.
   * @throws NashError('usage') when the server refuses this worker, NashError('failed') when it stays away
   */
  async run(): Promise<Farewell> {
    const over = new Promise<Farewell>((resolve, reject) => {
      this.end = { resolve, reject };
    });
    this.transport.onConnect(() => this.hello());
    this.transport.onDisconnect(() => this.lost());
    this.transport.onMessage((frames) => this.guard(() => this.receive(frames)));
    this.wait();
    try {
      return await over;
    } finally {
      this.isOver = true;
      clearTimeout(this.patience);
      clearInterval(this.reports);
      this.share(undefined);
    }
  }

  send(message: WorkerMessage, frames: readonly Uint8Array[] = []): void {
    this.transport.send(encode(workerMessage.parse(message), frames));
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
    clearTimeout(this.patience);
    this.isConnected = true;
    const { role, pool, name } = this.role;
    this.send({
      kind: 'hello',
      protocol: PROTOCOL_VERSION,
      role,
      pool,
      name,
      pid: process.pid,
      host: hostname(),
    });
  }

  private lost(): void {
    this.isConnected = false;
    clearInterval(this.reports);
    if (this.isLeaving) this.end.resolve('over');
    else if (this.endsWhenLost) this.end.resolve('server-away');
    else this.wait();
  }

  private wait(): void {
    clearTimeout(this.patience);
    const giveUp = () =>
      this.endsWhenLost
        ? this.end.resolve('server-away')
        : this.end.reject(new NashError('failed', `no server answered for ${PATIENCE_MS / 1000} s`));
    this.patience = setTimeout(giveUp, this.endsWhenLost ? PATIENCE_WHEN_LOST_MS : PATIENCE_MS);
  }

  private receive(frames: Uint8Array[]): void | Promise<void> {
    const { message, payload } = decode(serverMessage, frames);
    switch (message.kind) {
      case 'welcome':
        return this.welcome(message);
      case 'refused':
        this.end.reject(
          new NashError('usage', `the server refused this worker (${message.reason}): ${message.message}`),
        );
        return;
      case 'stop':
        this.end.resolve(message.comesBack && !this.isLeaving ? 'server-away' : 'over');
        return;
      case 'ping':
        this.send({ kind: 'pong' });
        return;
      default:
        if (message.kind === 'task') this.reads = message.reads;
        else if (message.kind === 'evaluate') this.reads = { generator: message.version };
        this.role.receive(message, payload, this);
    }
  }

  private async welcome(welcome: MessageOf<ServerMessage, 'welcome'>): Promise<void> {
    this.config = validateConfig(welcome.config, "the server's config");
    this.share(welcome.memory);
    const sharesMemory = this.memory !== undefined;
    const prepared = await this.role.prepare(this.config, this.memory);
    this.send({ kind: 'prepared', configHash: configHash(this.config), sharesMemory, ...prepared });
    clearInterval(this.reports);
    this.reports = setInterval(() => this.report(), REPORT_EVERY_MS);
    this.report();
  }

  /** Opens what a server of this host offers; without it the socket carries everything. */
  private share(offer: MessageOf<ServerMessage, 'welcome'>['memory']): void {
    this.memory?.weights.close();
    this.memory?.answers.close();
    this.memory = undefined;
    if (!offer || process.env.NASH_SHARED_MEMORY === '0') return;
    const weights = SharedMemory.open(offer.weights, 'read');
    const answers = weights && SharedMemory.open(offer.answers, 'write');
    if (weights && answers) this.memory = { weights, answers };
    else weights?.close();
  }

  private report(): void {
    this.send({ kind: 'report', residentBytes: process.memoryUsage.rss() });
  }
}
