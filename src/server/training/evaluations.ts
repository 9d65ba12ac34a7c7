// The evaluator's side of the server: sends it the averaged generator now and then, waits for its last word at the end, and makes its
// measures a verdict where the config lets them steer the run.
import type { RunConfig } from '../../config/run-config.js';
import { NashError } from '../../errors.js';
import type { ValuePoint } from '../../evaluation/measures/collapse-rule.js';
import { COLLAPSE_SCORE } from '../../evaluation/measures/collapse-score.js';
import { isMeasure, measuresNeed } from '../../evaluation/measures/measures.js';
import type { Metrics } from '../../metrics/metrics.js';
import type { Event } from '../../protocol/events.js';
import type { Line } from '../../protocol/line.js';
import type { MessageOf, ServerMessage, WorkerMessage } from '../../protocol/messages.js';
import { MalformedMessage } from '../../wire/codec.js';
import type { Log } from '../log.js';
import type { Peer, Peers } from '../peers/peers.js';
import type { WeightsSender } from '../peers/weights-sender.js';
import type { RunReport } from '../run-report.js';
import type { BestCheckpoint } from './best-checkpoint.js';
import { CollapseJudge } from './collapse-judge.js';
import type { ParameterStore } from './parameter-store.js';

/** How long the end waits for somebody to ask for the last evaluation: since one was there, or since the start of the server. */
const LAST_MS = 180_000;
const POLL_MS = 10;
/**
 * An evaluator that dies so often, one life after another, without an evaluation is given up: it cannot look at this run. One more than
 * under `nash train`, which knows of what it died and says so first.
 */
const DEATHS_MAX = 6;
/** An evaluation may take so many times the longest of this run, and so long in any case; no more, since training may wait for it. */
const PATIENCE = { factor: 10, leastMs: 60_000, mostMs: 600_000 };

export type Verdict = Extract<Event, { kind: 'judged' }>;

/** Whether training waits for each evaluation. */
export const isWaitedFor = ({ onCollapse, checkpoint }: RunConfig): boolean =>
  onCollapse !== 'alert' || checkpoint.keepBest !== undefined;

export interface EvaluationParts {
  config: RunConfig;
  line: Line;
  peers: Peers;
  store: ParameterStore;
  weights: WeightsSender;
  report: RunReport;
  metrics: Metrics;
  log: Log;
  send(session: string, message: ServerMessage): void;
  now(): number;
  /** G's step now */
  version(): number;
  /** An evaluator does not answer: it is no peer any more once this returns. */
  onHung(evaluator: Peer): void;
}

export interface EvaluationOptions {
  /** an evaluator was started beside this server, so that the end waits for one */
  isExpected: boolean;
  /** collapse scores of the run's earlier lives */
  earlier: readonly ValuePoint[];
  /** absent where no checkpoint is kept for being the best */
  best?: BestCheckpoint | undefined;
  /** Training stands at a round that is better than all before it. */
  onBest(): void;
  /** A round that was to be judged is. */
  onVerdict(verdict: Verdict): void;
}

export class Evaluations {
  /** what an evaluator was asked for last; nobody works on it where that one is gone */
  private asked: { session: string; term: number; version: number; sinceMs: number } | undefined;
  /** when an evaluator was there last, whatever it did; else when this server began */
  private seenMs: number;
  private longestMs = 0;
  /** evaluators given up in a row: it may be the evaluation that is long, so that each is waited for twice as long as the one before */
  private hungCount = 0;
  private answeredVersion = -1;
  /** evaluators whose processes ended since the last evaluation */
  private deaths = 0;
  /** round on which training waits for a verdict; of another term than now it waits for none: it has gone back */
  private judging: { term: number; round: number } | undefined;
  private isExpected: boolean;
  private readonly collapse: CollapseJudge;
  /** whether a measure that is asked for looks at D too */
  private readonly seesDiscriminator: boolean;

  constructor(
    private readonly parts: EvaluationParts,
    private readonly options: EvaluationOptions,
  ) {
    this.isExpected = options.isExpected;
    const { config, metrics, version } = parts;
    this.seenMs = parts.now();
    this.seesDiscriminator = measuresNeed('discriminator', config.evaluation.measures);
    this.collapse = new CollapseJudge(config, metrics, { earlier: options.earlier, round: version() });
  }

  /** An evaluator is there: it is asked for what nobody could be asked for before. */
  joined(): void {
    this.ask(this.outstanding() ?? this.parts.version());
  }

  /** Gives up an evaluator that does not answer, and asks another one; to be called several times a second. */
  check(): void {
    const { peers, now, onHung } = this.parts;
    if (peers.all().some(({ role }) => role === 'evaluator')) this.seenMs = now();
    const evaluator = this.asked && peers.get(this.asked.session);
    if (evaluator && now() - this.asked!.sinceMs > this.patienceMs()) {
      this.hungCount += 1;
      onHung(evaluator);
    }
    const version = this.outstanding();
    if (version !== undefined) this.ask(version);
  }

  private patienceMs(): number {
    const { factor, leastMs, mostMs } = PATIENCE;
    return Math.min(mostMs, Math.max(leastMs, factor * this.longestMs) * 2 ** this.hungCount);
  }

  /** What is to be evaluated and is not yet, though whoever was asked for it be gone. */
  private outstanding(): number | undefined {
    const { term } = this.parts.line;
    if (this.asked?.term === term) return this.asked.version;
    return this.judging?.term === term ? this.judging.round : undefined;
  }

  /** Asks for an evaluation, unless the evaluator is still busy with an earlier one: it works at its own pace. */
  ask(version: number): void {
    const evaluator = this.evaluator();
    if (!evaluator || this.isBusy()) return;
    const { term } = this.parts.line;
    const isPublished = this.asked?.term === term && this.asked.version === version;
    if (!isPublished) this.parts.store.publishAverage(version); // else it is as it was when the other one was asked
    this.asked = { session: evaluator.session, term, version, sinceMs: this.parts.now() };
    this.parts.weights.sendAgain(evaluator, 'average', version);
    const against = this.seesDiscriminator ? { discriminator: this.sendNewest(evaluator) } : {};
    this.parts.send(evaluator.session, { kind: 'evaluate', term, version, ...against });
  }

  /** @returns D's version, which training may be past before it is looked at */
  private sendNewest(evaluator: Peer): number {
    const { version } = this.parts.store.versions.newest('discriminator');
    this.parts.weights.sendAgain(evaluator, 'discriminator', version);
    return version;
  }

  /** Training stands still until this round is judged; nothing changes the average meanwhile. */
  judge(round: number): void {
    this.judging = { term: this.parts.line.term, round };
    this.requireEvaluator('none is started beside this server');
    this.ask(round);
  }

  /** @throws MalformedMessage when this peer was not asked for that version, or measures what there is no metric for */
  answered(peer: Peer, message: MessageOf<WorkerMessage, 'evaluated'>): void {
    const { term, version, seconds, metrics } = message;
    const { asked } = this;
    if (asked?.session !== peer.session || asked.version !== version || asked.term !== term)
      throw new MalformedMessage(`an evaluation of version ${version}, which was not asked for`);
    const unknown = Object.keys(metrics).find((name) => !isMeasure(name));
    if (unknown !== undefined) throw new MalformedMessage(`a measure '${unknown}', which there is not`);
    this.longestMs = Math.max(this.longestMs, this.parts.now() - asked.sinceMs);
    this.hungCount = 0;
    this.deaths = 0;
    this.asked = undefined;
    const isAbandoned = term !== this.parts.line.term; // its weights are no version any more
    let since: number | undefined;
    if (!isAbandoned) {
      this.answeredVersion = version;
      this.parts.report.evaluation(version, seconds, metrics);
      since = this.collapse.note(version, metrics[COLLAPSE_SCORE]);
    }
    if (this.judging?.term !== this.parts.line.term) {
      const isLast = version >= this.parts.config.stop.generatorSteps;
      if (isLast && !isAbandoned) this.noteBest(version, metrics);
      return;
    }
    const { round } = this.judging;
    if (isAbandoned || version !== round) {
      this.ask(round); // it was busy with an earlier version
      return;
    }
    this.judging = undefined;
    const { onCollapse } = this.parts.config;
    if (onCollapse === 'alert' || since === undefined) {
      this.noteBest(round, metrics);
      this.options.onVerdict({ kind: 'judged', round, verdict: 'continue' });
      return;
    }
    this.parts.log('the evaluator sees a collapse', { round, since, verdict: onCollapse });
    this.options.onVerdict({ kind: 'judged', round, verdict: onCollapse, since });
  }

  /** Training stands still, or is over. */
  private noteBest(round: number, metrics: Readonly<Record<string, number>>): void {
    if (this.options.best?.note(round, metrics)) this.options.onBest();
  }

  /** An evaluator's process has ended; whoever started it may start it again. */
  died(): void {
    this.deaths += 1;
    if (this.deaths !== DEATHS_MAX) return;
    const why = `the evaluator died ${this.deaths} times in a row without an evaluation`;
    this.parts.log('no evaluator is waited for any more', { why });
    this.forgo(why);
  }

  /** Nobody will come: the end need not wait, and what waits for a verdict would wait for ever. */
  forgo(why: string): void {
    this.isExpected = false;
    this.requireEvaluator(why);
  }

  private requireEvaluator(why: string): void {
    const { onCollapse, checkpoint } = this.parts.config;
    if (this.isExpected || this.evaluator()) return;
    if (onCollapse !== 'alert')
      throw new NashError(
        'usage',
        `onCollapse is '${onCollapse}', and there is no evaluator to judge: ${why}. Start one, or take onCollapse: alert.`,
      );
    if (checkpoint.keepBest !== undefined)
      throw new NashError(
        'usage',
        `checkpoint.keepBest is '${checkpoint.keepBest}', and there is no evaluator to measure: ${why}. Start one, or leave it out.`,
      );
  }

  /** Asks for the last version and waits, for as long as an evaluator may be expected and has time to answer. @returns whether one did */
  async last(version: number): Promise<boolean> {
    this.check();
    const deadline = this.seenMs + LAST_MS; // of one that was there at the end: from here on
    while (this.answeredVersion !== version) {
      if (!this.isExpected || (this.parts.now() > deadline && !this.isBusy())) return false;
      this.ask(version);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      this.check();
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
