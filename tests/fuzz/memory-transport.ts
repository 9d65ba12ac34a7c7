// A network in memory: what is sent is handed over, nothing is lost, peers are whatever a test says they are.
import type { ServerTransport, WorkerTransport } from '../../src/transport/transport.js';

type Frames = readonly Uint8Array[];

export class MemoryServerTransport implements ServerTransport {
  readonly endpoint = 'memory';
  readonly bytes = { sent: 0, received: 0 };
  private message: (envelope: { peer: string; frames: Uint8Array[] }) => void = () => {};
  private gone: (peer: string) => void = () => {};
  private disconnect: () => void = () => {};

  constructor(private readonly onSent: (peer: string, frames: Frames) => void) {}

  deliver(peer: string, frames: Uint8Array[]): void {
    this.message({ peer, frames });
  }

  lose(peer: string): void {
    this.gone(peer);
  }

  /** Some connection has ended. */
  disconnected(): void {
    this.disconnect();
  }

  send(peer: string, frames: Frames): void {
    this.onSent(peer, frames);
  }

  onMessage(listener: (envelope: { peer: string; frames: Uint8Array[] }) => void): void {
    this.message = listener;
  }

  onGone(listener: (peer: string) => void): void {
    this.gone = listener;
  }

  async open(): Promise<void> {}
  onDisconnect(listener: () => void): void {
    this.disconnect = listener;
  }

  onRefused(): void {}
  async flush(): Promise<void> {}
  async close(): Promise<void> {}
}

export class MemoryWorkerTransport implements WorkerTransport {
  readonly session = '0123456789abcdef';
  readonly isLocal = true;
  readonly proof = undefined;
  readonly sent: Frames[] = [];
  private message: (frames: Uint8Array[]) => void = () => {};
  private connect: () => void = () => {};
  private disconnect: () => void = () => {};

  deliver(frames: Uint8Array[]): void {
    this.message(frames);
  }

  connected(): void {
    this.connect();
  }

  disconnected(): void {
    this.disconnect();
  }

  send(frames: Frames): void {
    this.sent.push(frames);
  }

  onMessage(listener: (frames: Uint8Array[]) => void): void {
    this.message = listener;
  }

  onConnect(listener: () => void): void {
    this.connect = listener;
  }

  onDisconnect(listener: () => void): void {
    this.disconnect = listener;
  }

  onRefused(): void {}
  onDead(): void {}
  async flush(): Promise<void> {}
  async close(): Promise<void> {}
}
