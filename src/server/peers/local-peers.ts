// Peers of the server's own host share memory with it: tensors lie there, and messages say where. One memory holds the weights for all
// of them; each has one of its own for its answers, so that a ghost never writes where another one is read.
import { messageOf } from '../../errors.js';
import type { FilePlace } from '../../numerics/vector-engine.js';
import {
  FIRST_REGION,
  type MemoryAddress,
  type Region,
  regionBytes,
  SharedMemory,
} from '../../transport/shared-memory.js';

/** What a peer is offered with its welcome. */
export interface MemoryOffer {
  weights: MemoryAddress;
  answers: MemoryAddress;
}

/** A version on its way into shared memory. */
export interface Draft {
  /** where its bytes belong, for whoever writes them */
  place: FilePlace;
  /** Writes all of them here and now. @returns what went wrong */
  fill(contents: Uint8Array): string | undefined;
  /** All is written. @param trouble why it is not @returns where, or undefined where there was no room */
  seal(trouble?: string): Region | undefined;
  /** It is not needed, or not any more. */
  drop(): void;
}

/** Peers that may share memory at once: each takes a file of this process, of which there are few. */
const MEMORIES_MAX = 256;

export interface LocalPeersOptions {
  /** this host's name: peers of another are offered nothing */
  host: string;
  isEnabled: boolean;
  /** bytes that the wire would have carried */
  bytes: { sent: number; received: number };
  log(event: string, fields: Record<string, unknown>): void;
}

export class LocalPeers {
  private weights: SharedMemory | undefined;
  private readonly answers = new Map<string, SharedMemory>();
  /** regions of the weights that nobody needs, by their size */
  private readonly free = new Map<number, number[]>();
  private end = FIRST_REGION;
  private lastTag = 0;
  private isEnabled: boolean;

  constructor(private readonly options: LocalPeersOptions) {
    this.isEnabled = options.isEnabled;
  }

  /** Makes memory for a peer. @returns undefined for one of another host, or where there is none to have */
  offer(session: string, host: string): MemoryOffer | undefined {
    if (!this.isEnabled || host !== this.options.host) return undefined;
    this.drop(session);
    if (this.answers.size >= MEMORIES_MAX) return undefined;
    return this.attempt(() => {
      this.weights ??= SharedMemory.create();
      const answers = SharedMemory.create();
      this.answers.set(session, answers);
      return { weights: this.weights.address, answers: answers.address };
    });
  }

  /** The peer is gone, or could not open what it was offered. */
  drop(session: string): void {
    this.answers.get(session)?.close();
    this.answers.delete(session);
  }

  /** Whether a peer takes its weights from here. */
  has(session: string): boolean {
    return this.answers.has(session);
  }

  /** Room for a version where all local peers can read it until it is dropped, to be filled and sealed. @returns undefined where nobody would read it */
  draft(bytes: number): Draft | undefined {
    const { weights } = this;
    if (!weights || !this.isEnabled || this.answers.size === 0) return undefined;
    const region = { at: this.allocate(bytes), tag: ++this.lastTag };
    const place = this.attempt(() => weights.begin(region));
    if (!place) return undefined;
    const seal = () => {
      weights.seal(region);
      return region;
    };
    return {
      place,
      fill(contents) {
        try {
          weights.fill(region, contents);
          return undefined;
        } catch (error) {
          return messageOf(error);
        }
      },
      seal: (trouble) => (trouble === undefined ? this.attempt(seal) : this.giveUp(trouble)),
      drop: () => this.release(region, bytes),
    };
  }

  private release({ at }: Region, bytes: number): void {
    const offsets = this.free.get(regionBytes(bytes));
    if (offsets) offsets.push(at);
    else this.free.set(regionBytes(bytes), [at]);
  }

  /** Notes that a posted version is sent to one more peer. */
  sent(bytes: number): void {
    this.options.bytes.sent += bytes;
  }

  /** Reads what a peer says it wrote. @returns false where it did not, or wrote over it */
  read(session: string, region: Region, into: Uint8Array): boolean {
    this.options.bytes.received += into.byteLength;
    return this.answers.get(session)?.read(region, into) ?? false;
  }

  close(): void {
    for (const session of [...this.answers.keys()]) this.drop(session);
    this.weights?.close();
    this.weights = undefined;
  }

  private allocate(bytes: number): number {
    const at = this.free.get(regionBytes(bytes))?.pop();
    if (at !== undefined) return at;
    this.end += regionBytes(bytes);
    return this.end - regionBytes(bytes);
  }

  /** One failure is enough: from now on the socket carries what is new, and those who share go on with what they have. */
  private giveUp(because: string): undefined {
    this.isEnabled = false;
    this.options.log('no shared memory', { because, instead: 'the socket carries tensors' });
  }

  private attempt<T>(body: () => T): T | undefined {
    try {
      return body();
    } catch (error) {
      return this.giveUp(messageOf(error));
    }
  }
}
