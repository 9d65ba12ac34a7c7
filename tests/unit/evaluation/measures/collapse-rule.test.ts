// Goal: a healthy run is never called collapsed, a collapsed one is after as many evaluations as were asked for. Method: by hand.
import { describe, expect, it } from 'vitest';
import { collapsedSince, pointsOf } from '../../../../src/evaluation/measures/collapse-rule.js';

const GOAL = 1000;

/** Scores of steps 100, 200, …. @returns the step since which they are a collapse */
const since = (scores: readonly number[], rule: object = {}) =>
  collapsedSince(
    scores.map((score, i) => ({ step: 100 * (i + 1), score })),
    { threshold: 0.5, after: 0.2, patience: 2, ...rule },
    GOAL,
  );

describe('a run has collapsed', () => {
  it('when its last scores, as many as patience says, lie above the threshold, not at it; since the first of them', () => {
    expect(since([0.1, 0.6])).toBeUndefined();
    expect(since([0.1, 0.6, 0.7])).toBe(200);
    expect(since([0.1, 0.6, 0.5, 0.7])).toBeUndefined();
    expect(since([0.1, 0.6, 0.7, 0.1])).toBeUndefined();
    expect(since([0.1, 0.6], { patience: 1 })).toBe(200);
    expect(since([0.1, 0.3, 0.4], { threshold: 0.2 })).toBe(200);
    expect(since([])).toBeUndefined();
  });

  it('not while its generator is as untrained as at the start: scores count after the grace, or once one was good', () => {
    expect(since([0.9, 0.9, 0.9])).toBeUndefined(); // of steps 100 and 200 nothing follows
    expect(since([0.9, 0.9, 0.9, 0.9])).toBe(300);
    expect(since([0.9, 0.1, 0.9, 0.9])).toBe(300);
    expect(since([0.9, 0.9], { after: 0 })).toBe(100);
    expect(since([0.1, 0.9, 0.9], { after: 0.9 })).toBe(200);
  });

  it('after so many steps of G, where the grace is 1 or more', () => {
    expect(since([0.9, 0.9, 0.9], { after: 100 })).toBe(200);
    expect(since([0.9, 0.9, 0.9], { after: 101 })).toBe(200);
    expect(since([0.9, 0.9, 0.9], { after: 200 })).toBeUndefined();
  });
});

const evaluation = (step: number, score: number) =>
  `${JSON.stringify({ kind: 'evaluation', step, gan_mode_collapse_score_ratio: score })}\n`;

it('the scores of a life that was resumed from before are forgotten', () => {
  const first = [0, 100, 200, 300].map((step) => evaluation(step, 0.9));
  const step = `${JSON.stringify({ kind: 'step', steps: { generator: 150 } })}\n`;
  const second = [200, 300].map((at) => evaluation(at, 0.1));
  expect(pointsOf([...first, step, ...second].join(''))).toEqual([
    { step: 0, score: 0.9 },
    { step: 100, score: 0.9 },
    { step: 200, score: 0.1 },
    { step: 300, score: 0.1 },
  ]);
});

it('a line that a killed server left unfinished is no score', () => {
  expect(pointsOf(evaluation(0, 0.9) + evaluation(100, 0.8).slice(0, -5))).toEqual([{ step: 0, score: 0.9 }]);
  expect(pointsOf('')).toEqual([]);
});
