// Payloads on their way in, block by block, one a worker: put together here until the coordinator has judged them.
import type { RunConfig } from '../../config/run-config.js';
import type { Vector } from '../../numerics/vector-engine.js';
import type { MessageOf, WorkerMessage } from '../../protocol/messages.js';
import { phaseOf } from '../../protocol/schedule.js';
import { keyOf, nodeCount, rootLevel } from '../../protocol/shard-tree.js';
import { scheduleOf, statisticsOf } from '../../steps/steps.js';
import type { Region } from '../../transport/shared-memory.js';
import { floatsOf, isWhole } from '../../wire/blocks.js';
import { MalformedMessage } from '../../wire/codec.js';
import type { LocalPeers } from '../peers/local-peers.js';
import type { ParameterStore } from './parameter-store.js';
import { statisticsFit } from './step-record.js';

export type Answer = MessageOf<WorkerMessage, 'answer'>;

/** A whole answer: whoever takes it releases the payload or settles it. */
export interface Arrived {
  payload: Vector;
  message: Answer;
}

interface Incoming {
  issue: number;
  payload: Vector;
  blocksMissing: Set<number>;
}

export class AnswerIntake {
  private readonly incoming = new Map<string, Incoming>();

  constructor(
    private readonly store: ParameterStore,
    private readonly config: Pick<
      RunConfig,
      'augmentation' | 'loss' | 'minibatch' | 'model' | 'penalties' | 'schedule'
    >,
    private readonly local: LocalPeers,
  ) {}

  /**
   * Takes one block of an answer to the task that its sender holds.
   * @returns the answer, once this was its last block
   * @throws MalformedMessage when the block fits no node of the tree, or came before
   */
  take(session: string, message: Answer, frames: readonly Uint8Array[]): Arrived | undefined {
    this.requireNode(message);
    if (message.region) return this.takeShared(session, message, message.region);
    const floats = floatsOf(message, frames, this.store.lengthOf(message.net));
    const incoming = this.incomingOf(session, message);
    if (!incoming.blocksMissing.delete(message.block))
      throw new MalformedMessage(`block ${message.block} twice`);
    this.store.writeBlock(incoming.payload, message, floats);
    if (incoming.blocksMissing.size > 0) return undefined;
    this.incoming.delete(session);
    return { payload: incoming.payload, message };
  }

  /** A peer of this host has written a whole answer where both can read it. */
  private takeShared(session: string, message: Answer, region: Region): Arrived | undefined {
    const { net } = message;
    if (!isWhole(message, this.store.lengthOf(net)))
      throw new MalformedMessage(
        `a shared answer of ${message.length} floats in ${message.blockCount} blocks`,
      );
    const payload = this.store.allocatePayload(net);
    try {
      if (this.local.read(session, region, this.store.bytesOf(payload))) return { payload, message };
    } catch (cause) {
      this.store.release(payload);
      throw new MalformedMessage(`a shared answer at ${region.at}, where nothing can be read`, { cause });
    }
    this.store.release(payload);
    return undefined; // the worker was reminded of its task and has written another answer there since: that one counts
  }

  /** Drops what a worker that is gone had sent so far. */
  drop(session: string): void {
    const incoming = this.incoming.get(session);
    if (incoming) this.store.release(incoming.payload);
    this.incoming.delete(session);
  }

  /** Drops everything that is not whole: it belongs to an abandoned line. */
  clear(): void {
    for (const session of [...this.incoming.keys()]) this.drop(session);
  }

  private incomingOf(session: string, { net, issue, blockCount }: Answer): Incoming {
    const known = this.incoming.get(session);
    if (known?.issue === issue) return known;
    this.drop(session); // of a task that it does not hold any more
    const blocksMissing = new Set(Array.from({ length: blockCount }, (_, i) => i));
    const incoming = { issue, payload: this.store.allocatePayload(net), blocksMissing };
    this.incoming.set(session, incoming);
    return incoming;
  }

  private requireNode({ net, step, level, index, statistics }: Answer): void {
    const { shards } = this.config.minibatch;
    const exists = level <= rootLevel(shards) && index < nodeCount(shards, level);
    const { stepKind } = phaseOf(scheduleOf(this.config), net, step);
    if (exists && statisticsFit(statisticsOf(stepKind, this.config), { level, index }, shards, statistics))
      return;
    throw new MalformedMessage(
      `node ${keyOf({ level, index })} of ${shards} shards with ${statistics.length} rows of statistics`,
    );
  }
}
