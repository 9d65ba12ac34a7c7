import { expect, it } from 'vitest';
import { pointsOf } from '../../../src/evaluator/collapse-history.js';

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
