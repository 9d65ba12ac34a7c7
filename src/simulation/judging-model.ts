// The evaluator's side of the simulated server, as src/server/training/evaluations.ts has it: whom it has asked for what, and which
// answer is a verdict.
import type { Answer, Question } from './evaluator-model.js';
import type { PlantedBug } from './planted-bugs.js';
import type { Verdict } from './verdicts.js';

export interface JudgingSurroundings {
  bug: PlantedBug | undefined;
  ask(session: string, question: Question): void;
  /** the weights of this moment */
  now(): Question;
  onVerdict(round: number, verdict: Verdict): void;
}

export class JudgingModel {
  private evaluator: string | undefined;
  private asked: (Question & { session: string }) | undefined;
  private judging: number | undefined;

  constructor(private readonly around: JudgingSurroundings) {}

  joined(session: string): void {
    this.evaluator = session;
    this.ask(this.around.now().round);
  }

  gone(session: string): void {
    if (this.evaluator === session) this.evaluator = undefined;
  }

  ask(round: number): void {
    const { evaluator, asked } = this;
    if (evaluator === undefined || asked?.session === evaluator) return;
    this.asked = { ...this.around.now(), round, session: evaluator };
    this.around.ask(evaluator, this.asked);
  }

  judge(round: number): void {
    this.judging = round;
    this.ask(round);
  }

  /** The run goes back to a checkpoint: what it waited for is no more. */
  abandon(): void {
    this.judging = undefined;
  }

  answered(session: string, { term, round, verdict }: Answer): void {
    const { asked, judging } = this;
    const { bug } = this.around;
    if (session !== this.evaluator || asked?.session !== session || asked.round !== round) return;
    const isTrusting = bug === 'takes a verdict of an abandoned line';
    if (asked.term !== term && !isTrusting) return;
    this.asked = undefined;
    if (judging === undefined) return;
    const isAbandoned = term !== this.around.now().term && !isTrusting;
    if (isAbandoned || (round !== judging && bug !== 'takes a verdict for another round')) {
      this.ask(judging);
      return;
    }
    this.judging = undefined;
    this.around.onVerdict(judging, verdict);
  }
}
