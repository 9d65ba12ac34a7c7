// The evaluator's side of the server: sends it the averaged generator now and then, and waits for its last word at the end.
import type { MessageOf, ServerMessage, WorkerMessage } from '../protocol/messages.js';
import type { ParameterStore } from './parameter-store.js';
import type { Peer, Peers } from './peers.js';
import type { WeightsSender } from './weights-sender.js';

/** How long the end waits for the last evaluation. */
const LAST_MS = 180_000;
const POLL_MS = 10;

export interface EvaluationParts {
  peers: Peers;
  store: ParameterStore;
  weights: WeightsSender;
  send(session: string, message: ServerMessage): void;
  now(): number;
}

export class Evaluations {
  private asked: { session: string; version: number } | undefined;
  private answeredVersion = -1;

  constructor(
    private readonly parts: EvaluationParts,
    /** an evaluator was started beside this server, so that the end waits for one */
    private isExpected: boolean,
  ) {}

  /** Asks for an evaluation, unless the evaluator is still busy with an earlier one: it works at its own pace. */
  ask(version: number): void {
    const evaluator = this.evaluator();
    if (!evaluator || this.isBusy()) return;
    this.parts.store.publishAverage(version);
    this.asked = { session: evaluator.session, version };
    this.parts.weights.sendAgain(evaluator, 'average', version);
    this.parts.send(evaluator.session, { kind: 'evaluate', version });
  }

  answered({ version }: MessageOf<WorkerMessage, 'evaluated'>): void {
    this.asked = undefined;
    this.answeredVersion = version;
  }

  /** Nobody will come: the end need not wait. */
  forgo(): void {
    this.isExpected = false;
  }

  /** Asks for the last version and waits, for as long as an evaluator may be expected. @returns whether it answered */
  async last(version: number): Promise<boolean> {
    const deadline = this.parts.now() + LAST_MS;
    while (this.answeredVersion !== version) {
      if (!this.isExpected || this.parts.now() > deadline) return false;
      this.ask(version);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return true;
  }

  private isBusy(): boolean {
    return this.asked !== undefined && this.parts.peers.get(this.asked.session) !== undefined;
  }

  private evaluator(): Peer | undefined {
    return this.parts.peers.all().find((peer) => peer.role === 'evaluator' && peer.state === 'ready');
  }
}
