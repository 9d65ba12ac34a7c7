// A worker's answers on their way: through the memory that it shares with a server of its host, else as blocks over the socket.
import { noteGarbage } from '../numerics/young-garbage.js';
import type { MessageOf, WorkerMessage } from '../protocol/messages.js';
import { FIRST_REGION, type Region, type SharedMemory } from '../transport/shared-memory.js';
import { blocksOf, bytesOf, wholeOf } from '../wire/blocks.js';
import type { Session } from './session.js';

type Answer = MessageOf<WorkerMessage, 'answer'>;
export type AnswerHead = Omit<Answer, 'block' | 'blockCount' | 'length' | 'region'>;

export class AnswerSender {
  private lastTag = 0;

  constructor(private memory: SharedMemory | undefined) {}

  /** The server reads an answer before it gives the next task: one place is enough. */
  send(session: Session, head: AnswerHead, payload: Float32Array): void {
    const region = this.share(payload);
    if (region) {
      session.send({ ...head, ...wholeOf(payload.length), region });
      return;
    }
    for (const header of blocksOf(payload.length))
      session.send({ ...head, ...header }, [bytesOf(payload, header)]);
    noteGarbage(payload.byteLength); // ZeroMQ's copy of it
  }

  /** @returns undefined where memory is not shared, or full: then the socket serves from now on */
  private share(payload: Float32Array): Region | undefined {
    if (!this.memory) return undefined;
    const region = { at: FIRST_REGION, tag: ++this.lastTag };
    try {
      this.memory.write(region, new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength));
      return region;
    } catch {
      this.memory = undefined;
      return undefined;
    }
  }
}
