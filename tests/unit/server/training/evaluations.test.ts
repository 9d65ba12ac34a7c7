// The server's side of the evaluator: what it takes from one, and which verdict it makes of it. The evaluator's answers are made up.
import { describe, expect, it, vi } from 'vitest';
import { runConfig } from '../../../../src/config/run-config.js';
import type { ValuePoint } from '../../../../src/evaluation/measures/collapse-rule.js';
import { COLLAPSE_SCORE } from '../../../../src/evaluation/measures/collapse-score.js';
import type { Peer } from '../../../../src/server/peers/peers.js';
import { BestCheckpoint } from '../../../../src/server/training/best-checkpoint.js';
import {
  type EvaluationParts,
  Evaluations,
  type Verdict,
} from '../../../../src/server/training/evaluations.js';
import { MalformedMessage } from '../../../../src/wire/codec.js';

/** @param earlier scores of the run's earlier lives, of which this one has `round` rounds behind it */
function serverWith(
  settings: object = {},
  { earlier = [] as ValuePoint[], round = 0, checkpoints = [] as number[] } = {},
) {
  const config = runConfig.parse({
    data: { source: 'ring' },
    model: { name: 'mlp' },
    stop: { generatorSteps: 100 },
    evaluation: { everySteps: 10 },
    collapse: { patience: 1 },
    ...settings,
  });
  const evaluatorOf = (session: string) => ({ session, role: 'evaluator', state: 'ready' }) as Peer;
  const peer = evaluatorOf('e');
  const peers = [peer];
  const clock = { nowMs: 0 };
  const givenUp: [session: string, ms: number][] = [];
  const published: number[] = [];
  const reported: Record<string, number>[] = [];
  const asked: number[] = [];
  const askedOf: string[] = [];
  const askedMs: number[] = [];
  const sent: string[] = [];
  const against: unknown[] = [];
  const leave = (session: string) => {
    peers.splice(
      peers.findIndex((each) => each.session === session),
      1,
    );
  };
  const verdicts: [round: number, verdict: Verdict['verdict'], since?: number][] = [];
  const gauges: Record<string, number> = {};
  const line = { term: 1, branch: 0 };
  const parts = {
    config,
    line,
    peers: { get: (session: string) => peers.find((each) => each.session === session), all: () => peers },
    store: {
      publishAverage: (version: number) => published.push(version),
      versions: { newest: (net: string) => ({ version: net === 'discriminator' ? 7 : 0 }) },
    },
    weights: { sendAgain: (_: Peer, vector: string, version: number) => sent.push(`${vector}@${version}`) },
    report: {
      evaluation: (_: number, __: number, measures: Record<string, number>) => reported.push(measures),
    },
    metrics: {
      set: (name: string, value: number) => {
        gauges[name] = value;
      },
    },
    log: () => {},
    send: (session: string, message: { kind: string; version?: number; discriminator?: number }) => {
      asked.push(message.version!);
      against.push(message.discriminator);
      askedOf.push(session);
      askedMs.push(clock.nowMs);
    },
    now: () => clock.nowMs,
    version: () => round,
    onHung: ({ session }: Peer) => {
      givenUp.push([session, clock.nowMs]);
      leave(session);
    },
  } as unknown as EvaluationParts;
  const best = BestCheckpoint.of(config, parts.metrics, {
    pointsOf: () => earlier,
    hasCheckpoint: (step) => checkpoints.includes(step),
    round,
  });
  const taken: (number | undefined)[] = [];
  const evaluations = new Evaluations(parts, {
    isExpected: true,
    earlier,
    best,
    onBest: () => taken.push(best?.step),
    onVerdict: ({ round, verdict, since }) =>
      verdicts.push(since === undefined ? [round, verdict] : [round, verdict, since]),
  });
  const answer = (version: number, metrics: Record<string, number>, term = line.term, by = peer) =>
    evaluations.answered(by, { kind: 'evaluated', term, version, seconds: 1, metrics });
  const join = (session: string) => {
    peers.push(evaluatorOf(session));
    evaluations.joined();
  };
  /** Lets time pass as the server does. */
  const pass = (ms: number) => {
    for (const end = clock.nowMs + ms; clock.nowMs < end; ) {
      clock.nowMs += 250;
      evaluations.check();
    }
  };
  /** how long those were waited for that were given up, seconds */
  const waited = () => givenUp.map(([, ms], i) => Math.round((ms - askedMs[i]!) / 1000));
  const others = {
    gauges,
    evaluatorOf,
    join,
    leave,
    pass,
    clock,
    givenUp,
    published,
    askedOf,
    waited,
    sent,
    against,
  };
  return { evaluations, answer, taken, reported, asked, verdicts, line, ...others };
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

describe('an evaluator that does not answer', () => {
  it('is given up after a minute, and another one is asked for the same version, of the same weights', () => {
    const { evaluations, answer, evaluatorOf, join, pass, asked, askedOf, givenUp, published, verdicts } =
      serverWith({ onCollapse: 'stop' });
    evaluations.judge(50);
    join('second');
    pass(MINUTE - SECOND);
    expect([givenUp, askedOf.at(-1)]).toEqual([[], 'e']);
    pass(2 * SECOND);
    expect(givenUp.map(([session]) => session)).toEqual(['e']);
    expect([asked.at(-1), askedOf.at(-1)]).toEqual([50, 'second']);
    expect(published.filter((version) => version === 50)).toHaveLength(1);
    expect(() => answer(50, {}, 1, evaluatorOf('e'))).toThrow(/not asked for/);
    answer(50, { [COLLAPSE_SCORE]: 0.9 }, 1, evaluatorOf('second'));
    expect(verdicts).toEqual([[50, 'stop', 50]]);
  });

  it('is followed by the next that comes, however late; what was asked meanwhile is asked after that', () => {
    const { evaluations, answer, evaluatorOf, join, pass, asked, givenUp, published } = serverWith();
    evaluations.ask(20);
    pass(61 * SECOND);
    expect(givenUp).toHaveLength(1);
    evaluations.ask(30); // nobody is there
    pass(10 * MINUTE);
    join('third');
    answer(20, {}, 1, evaluatorOf('third'));
    evaluations.ask(40);
    expect([asked, published]).toEqual([
      [20, 20, 40],
      [20, 40],
    ]);
  });

  it('has ten times as long as the longest evaluation of this run, and ten minutes at most', () => {
    const { evaluations, answer, pass, clock, givenUp } = serverWith();
    for (const seconds of [8, 3]) {
      evaluations.ask(seconds);
      pass(seconds * SECOND);
      answer(seconds, {});
    }
    const beganMs = clock.nowMs;
    evaluations.ask(50);
    pass(20 * MINUTE);
    expect(givenUp).toEqual([['e', expect.closeTo(beganMs + 80 * SECOND, -3)]]);
    const slow = serverWith();
    slow.evaluations.ask(1);
    slow.join('second');
    slow.pass(MINUTE + 100 * SECOND);
    slow.answer(1, {}, 1, slow.evaluatorOf('second'));
    slow.evaluations.ask(2);
    const askedMs = slow.clock.nowMs;
    slow.pass(20 * MINUTE);
    expect(slow.givenUp.at(-1)).toEqual(['second', expect.closeTo(askedMs + 10 * MINUTE, -3)]);
  });

  it('leaves twice as long to each that follows, until one answers: it may be the evaluation that is long', () => {
    const { evaluations, join, pass, waited } = serverWith();
    evaluations.ask(1);
    for (const name of ['b', 'c', 'd', 'f']) {
      join(name);
      pass(11 * MINUTE);
    }
    expect(waited()).toEqual([60, 120, 240, 480, 600]);
  });

  it('but whose connection ends is followed at once', () => {
    const { evaluations, join, leave, pass, askedOf } = serverWith({ onCollapse: 'stop' });
    evaluations.judge(50);
    join('second');
    leave('e');
    pass(SECOND);
    expect(askedOf.at(-1)).toBe('second');
  });

  it('at the end is waited for as long, and then not any more', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const { evaluations, join, clock, askedOf } = serverWith();
    let hasAnswered: boolean | undefined;
    void evaluations.last(100).then((value) => {
      hasAnswered = value;
    });
    const wait = async (ms: number) => {
      for (const end = clock.nowMs + ms; clock.nowMs < end; ) {
        clock.nowMs += 100;
        await vi.advanceTimersByTimeAsync(100);
      }
    };
    await wait(61 * SECOND);
    expect([askedOf, hasAnswered]).toEqual([['e'], undefined]);
    join('second');
    await wait(100 * SECOND);
    expect([askedOf, hasAnswered]).toEqual([['e', 'second'], undefined]);
    await wait(25 * SECOND); // given up in its turn, and the time in which one may come is over
    expect(hasAnswered).toBe(false);
    vi.useRealTimers();
  });
});

describe('an evaluator that does not come', () => {
  it.each([
    ['none has been there for three minutes', 181, false],
    ['one left a minute ago', 60, undefined],
  ])('is waited for at the end or not: %s', async (_, seconds, expected) => {
    const { evaluations, leave, pass } = serverWith();
    pass(10 * MINUTE);
    leave('e');
    pass(seconds * SECOND);
    let hasAnswered: boolean | undefined;
    const end = evaluations.last(100).then((value) => {
      hasAnswered = value;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(hasAnswered).toBe(expected);
    evaluations.forgo('the test is over');
    await end;
  });
});

describe('an evaluator that dies again and again', () => {
  it('is given up after six deaths without an evaluation: the end does not wait', async () => {
    const { evaluations, answer } = serverWith();
    for (let i = 0; i < 5; i++) evaluations.died();
    evaluations.ask(20);
    answer(20, {}); // this one can look at the run after all
    for (let i = 0; i < 5; i++) evaluations.died();
    let hasAnswered: boolean | undefined;
    const end = evaluations.last(100).then((value) => {
      hasAnswered = value;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(hasAnswered).toBeUndefined();
    evaluations.died();
    await end;
    expect(hasAnswered).toBe(false);
  });

  it('ends a run that it is to judge, and says why', () => {
    const { evaluations, leave } = serverWith({ onCollapse: 'stop' });
    leave('e');
    for (let i = 0; i < 5; i++) evaluations.died();
    expect(() => evaluations.died()).toThrow(/no evaluator to judge: the evaluator died 6 times in a row/);
  });
});

describe('an evaluator', () => {
  it.each(['gan_goal_steps', 'gan_evaluated_version', 'gan_loss', 'nonsense', 'toString'])(
    'that reports %s is refused, and nothing of what it says is taken',
    (name) => {
      const { evaluations, answer, reported } = serverWith();
      evaluations.ask(20);
      expect(() => answer(20, { gan_modes_captured: 8, [name]: 1 })).toThrow(MalformedMessage);
      expect(reported).toEqual([]);
      answer(20, { gan_modes_captured: 8 });
      expect(reported).toEqual([{ gan_modes_captured: 8 }]);
    },
  );

  it('is heard once for each version that it was asked for, and for no other', () => {
    const { evaluations, answer, reported } = serverWith();
    expect(() => answer(20, {})).toThrow(/not asked for/);
    evaluations.ask(20);
    expect(() => answer(19, {})).toThrow(/not asked for/);
    answer(20, {});
    expect(() => answer(20, {})).toThrow(/not asked for/);
    expect(reported).toHaveLength(1);
  });
});

describe('a verdict', () => {
  const collapsed = { [COLLAPSE_SCORE]: 0.9 };

  it.each(['stop', 'rollback'])('is to %s where the samples have collapsed, else to go on', (onCollapse) => {
    const { evaluations, answer, verdicts } = serverWith({ onCollapse });
    for (const [round, measures] of [
      [10, collapsed], // the first fifth of a run does not count, as long as it was not well
      [50, collapsed],
      [60, { [COLLAPSE_SCORE]: 0.2 }],
      [70, {}],
      [80, { [COLLAPSE_SCORE]: 0.5 }],
    ] as const) {
      evaluations.judge(round);
      answer(round, measures);
    }
    expect(verdicts).toEqual([
      [10, 'continue'],
      [50, onCollapse, 50],
      [60, 'continue'],
      [70, 'continue'],
      [80, 'continue'],
    ]);
  });

  it('takes as many evaluations in a row as the config has patience, and leads to before the first of them', () => {
    const { evaluations, answer, verdicts } = serverWith({
      onCollapse: 'rollback',
      collapse: { patience: 2, threshold: 0.8, after: 0 },
    });
    for (const [round, score] of [0.85, 0.7, 0.9, 0.9].map((score, i) => [10 * (i + 1), score] as const)) {
      evaluations.judge(round);
      answer(round, { [COLLAPSE_SCORE]: score });
    }
    expect(verdicts.slice(2)).toEqual([
      [30, 'continue'],
      [40, 'rollback', 30],
    ]);
  });

  it('rests on the rounds that every run evaluates, not on those at which an evaluator came', () => {
    const { evaluations, answer, verdicts } = serverWith({ onCollapse: 'stop', collapse: { patience: 2 } });
    for (const round of [50, 57, 0, 58]) {
      evaluations.ask(round);
      answer(round, collapsed);
    }
    evaluations.judge(60);
    answer(60, { [COLLAPSE_SCORE]: 0.9 });
    expect(verdicts).toEqual([[60, 'stop', 50]]);
  });

  it('is that of the undisturbed run where the server was killed: earlier scores count, as far as their rounds still stand', () => {
    const bad = (step: number) => ({ step, score: 0.9 });
    const judged = (earlier: ValuePoint[]) => {
      const { evaluations, answer, verdicts } = serverWith(
        { onCollapse: 'stop', collapse: { patience: 3 } },
        { earlier, round: 40 },
      );
      evaluations.judge(50);
      answer(50, collapsed);
      return verdicts;
    };
    expect(judged([bad(30), bad(40)])).toEqual([[50, 'stop', 30]]);
    expect(judged([bad(30), bad(37)])).toEqual([[50, 'continue']]);
    const atStart = (round: number) =>
      serverWith({}, { earlier: [bad(50)], round }).gauges.gan_mode_collapse_verdict;
    expect([40, 50].map(atStart)).toEqual([0, 1]);
  });

  it('stands in /metrics, with its threshold, whatever the run makes of it', () => {
    const { evaluations, answer, gauges } = serverWith({
      onCollapse: 'alert',
      collapse: { threshold: 0.3, patience: 1 },
    });
    expect(gauges).toEqual({ gan_mode_collapse_verdict: 0, gan_mode_collapse_threshold_ratio: 0.3 });
    evaluations.ask(50);
    answer(50, { [COLLAPSE_SCORE]: 0.4 });
    expect(gauges.gan_mode_collapse_verdict).toBe(1);
    evaluations.ask(60);
    answer(60, { [COLLAPSE_SCORE]: 0.3 });
    expect(gauges.gan_mode_collapse_verdict).toBe(0);
  });

  it('is of the round that was to be judged: a busy evaluator is asked for it once it has answered for an earlier one', () => {
    const { evaluations, answer, asked, verdicts } = serverWith({ onCollapse: 'stop' });
    evaluations.ask(40);
    evaluations.judge(50);
    expect(asked).toEqual([40]);
    answer(40, collapsed);
    expect(asked).toEqual([40, 50]);
    expect(verdicts).toEqual([]);
    answer(50, { [COLLAPSE_SCORE]: 0.1 });
    expect(verdicts).toEqual([[50, 'continue']]);
  });

  it('of a line that was abandoned is none, and its measures are not told: the round is asked for as it is now', () => {
    const { evaluations, answer, asked, verdicts, reported, line } = serverWith({ onCollapse: 'rollback' });
    evaluations.judge(50);
    line.term += 1; // back to a checkpoint, for another reason
    evaluations.judge(50); // and here again, while the evaluator is busy with what was
    answer(50, collapsed, 1);
    expect([verdicts, reported, asked]).toEqual([[], [], [50, 50]]);
    expect(() => answer(50, collapsed, 1)).toThrow(/not asked for/);
    answer(50, { [COLLAPSE_SCORE]: 0.1 });
    expect(verdicts).toEqual([[50, 'continue']]);
  });

  it('is not asked for where training does not wait any more: it has gone back, and is elsewhere', () => {
    const { evaluations, answer, asked, verdicts, line } = serverWith({ onCollapse: 'rollback' });
    evaluations.judge(50);
    line.term += 1;
    answer(50, collapsed, 1);
    expect([verdicts, asked]).toEqual([[], [50]]);
  });
});

describe('the best checkpoint, by a value that the config names', () => {
  const KEEPS = { checkpoint: { keepBest: 'mode_kl_divergence_nats' } }; // the lower the better
  const kl = (value: number) => ({ gan_mode_kl_divergence_nats: value });

  it('is taken while training stands at a round that is better than all before, and before it goes on', () => {
    const { evaluations, answer, taken, verdicts, gauges } = serverWith(KEEPS);
    for (const [round, value] of [
      [10, 0.5],
      [20, 0.7],
      [30, 0.2],
      [40, 0.2],
    ] as const) {
      evaluations.judge(round);
      answer(round, kl(value));
    }
    expect(taken).toEqual([10, 30]);
    expect(gauges.gan_best_version).toBe(30);
    expect(verdicts.map(([, verdict]) => verdict)).toEqual(new Array(4).fill('continue'));
  });

  it('is not one that was measured while training went on, but for the last; nor one without the value', () => {
    const { evaluations, answer, taken } = serverWith(KEEPS);
    evaluations.ask(7);
    answer(7, kl(0.1));
    evaluations.judge(10);
    answer(10, {});
    evaluations.ask(100);
    answer(100, kl(0.3));
    expect(taken).toEqual([100]);
  });

  it('of an earlier life stays the best where it has a checkpoint and lies before what was gone on from', () => {
    const points = [5, 15, 25].map((step, i) => ({ step, score: 0.3 - 0.1 * i }));
    const life = { earlier: points, round: 20, checkpoints: [5, 25] };
    const { evaluations, answer, taken, gauges } = serverWith(KEEPS, life);
    expect(gauges.gan_best_version).toBe(5);
    for (const [round, value] of [
      [30, 0.31],
      [40, 0.29],
    ] as const) {
      evaluations.judge(round);
      answer(round, kl(value));
    }
    expect(taken).toEqual([40]);
  });

  it('cannot be told without an evaluator: the run is refused, which names the setting', () => {
    const { evaluations, leave } = serverWith(KEEPS);
    leave('e');
    expect(() => evaluations.forgo('it died')).toThrow(/keepBest/);
    expect(() => evaluations.forgo('there is none')).toThrow(
      /checkpoint\.keepBest is 'mode_kl_divergence_nats', and there is no evaluator/,
    );
  });
});

it('D is sent to be looked at where a measure asks for it, its newest version, and else it is not', () => {
  const data = { source: 'gaussian-1d' };
  const of = (...measures: string[]) => {
    const { evaluations, sent, against } = serverWith({ data, evaluation: { everySteps: 10, measures } });
    evaluations.ask(10);
    return [sent, against];
  };
  expect(of('gaussian-divergence')).toEqual([['average@10'], [undefined]]);
  expect(of('optimal_discriminator_distance_ratio')).toEqual([['average@10', 'discriminator@7'], [7]]);
});
