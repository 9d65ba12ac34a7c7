// The server's side of the evaluator: what it takes from one, and which verdict it makes of it. The evaluator's answers are made up.
import { describe, expect, it } from 'vitest';
import { runConfig } from '../../../../src/config/run-config.js';
import { COLLAPSE_SCORE } from '../../../../src/evaluation/measures/collapse-score.js';
import type { Peer } from '../../../../src/server/peers/peers.js';
import {
  type EvaluationParts,
  Evaluations,
  type Verdict,
} from '../../../../src/server/training/evaluations.js';
import { MalformedMessage } from '../../../../src/wire/codec.js';

function serverWith(settings: object = {}) {
  const config = runConfig.parse({
    data: { source: 'ring' },
    model: { name: 'mlp' },
    stop: { generatorSteps: 100 },
    ...settings,
  });
  const peer = { session: 'e', role: 'evaluator', state: 'ready' } as Peer;
  const reported: Record<string, number>[] = [];
  const asked: number[] = [];
  const verdicts: [round: number, verdict: Verdict][] = [];
  const line = { term: 1, branch: 0 };
  const parts = {
    config,
    line,
    peers: { get: () => peer, all: () => [peer] },
    store: { publishAverage: () => {} },
    weights: { sendAgain: () => {} },
    report: {
      evaluation: (_: number, __: number, measures: Record<string, number>) => reported.push(measures),
    },
    log: () => {},
    send: (_: string, message: { kind: string; version?: number }) => asked.push(message.version!),
    now: () => 0,
    version: () => 0,
  } as unknown as EvaluationParts;
  const evaluations = new Evaluations(parts, {
    isExpected: true,
    onVerdict: (round, verdict) => verdicts.push([round, verdict]),
  });
  const answer = (version: number, metrics: Record<string, number>, term = line.term) =>
    evaluations.answered(peer, { kind: 'evaluated', term, version, seconds: 1, metrics });
  return { evaluations, answer, reported, asked, verdicts, line };
}

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
      [5, collapsed],
      [50, collapsed],
      [60, { [COLLAPSE_SCORE]: 0.2 }],
    ] as const) {
      evaluations.judge(round);
      answer(round, measures);
    }
    // the first tenth of a run does not count
    expect(verdicts).toEqual([
      [5, 'continue'],
      [50, onCollapse],
      [60, 'continue'],
    ]);
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
