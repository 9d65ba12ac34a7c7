// The evaluator of the simulator: asked for a verdict it takes its time, dies over it, answers twice, or says an old answer again.
import type { Scenario } from './faults.js';
import { type Verdict, verdictOn } from './verdicts.js';
import type { World } from './world.js';

/** Which weights are judged. */
export interface Question {
  term: number;
  /** whose marks they bear; the evaluator sees them in what they look like */
  branch: number;
  round: number;
}

/** As it comes back: what weights look like is not said. */
export type Answer = Pick<Question, 'term' | 'round'> & { verdict: Verdict };

/** As much of the server as an evaluator sees. */
export interface JudgedServer {
  isAlive: boolean;
  evaluatorJoined(session: string): void;
  evaluatorGone(session: string): void;
  evaluated(session: string, answer: Answer): void;
}

export interface EvaluatorSurroundings {
  world: World;
  scenario: Scenario;
  isCalm(): boolean;
  server(): JudgedServer | undefined;
}

export class EvaluatorModel {
  private sessions = 0;
  private before: Answer | undefined;

  constructor(private readonly around: EvaluatorSurroundings) {
    this.join();
  }

  private get session(): string {
    return `evaluator.${this.sessions}`;
  }

  /** Connects to the server that lives, once there is one; what an earlier session was asked is forgotten. */
  join(): void {
    this.sessions += 1;
    const { session } = this;
    const { world, server } = this.around;
    world.after(world.between(200, 1500), () => {
      if (session === this.session) server()?.evaluatorJoined(session);
    });
  }

  ask(session: string, question: Question): void {
    const { world, scenario } = this.around;
    if (session !== this.session) return;
    const { judging, evaluator } = scenario;
    const isCalm = this.around.isCalm();
    if (!isCalm && world.chance(evaluator.crash)) {
      world.after(world.between(0, evaluator.seconds * 1000), () => this.crash(session));
      return;
    }
    const slow = !isCalm && world.chance(evaluator.slow) ? world.between(2, 40) : 1;
    const { term, round } = question;
    const answer = { term, round, verdict: verdictOn(world.seed, judging!, question) };
    world.after(evaluator.seconds * 1000 * slow, () => {
      if (!isCalm && this.before && world.chance(evaluator.repeats)) this.say(session, this.before);
      this.say(session, answer);
      if (!isCalm && world.chance(evaluator.repeats)) this.say(session, answer);
      this.before = answer;
    });
  }

  private say(session: string, answer: Answer): void {
    const { world, server } = this.around;
    world.after(world.between(0.1, 20), () => {
      world.say(() => `${session} → ${answer.verdict} on round ${answer.round} of term ${answer.term}`);
      if (session === this.session) server()?.evaluated(session, answer);
    });
  }

  private crash(session: string): void {
    const { world, server } = this.around;
    if (session !== this.session) return;
    world.say(() => `${session} dies`);
    server()?.evaluatorGone(session);
    this.join();
  }
}
