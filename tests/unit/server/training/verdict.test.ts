// Goal: a collapse is the same thing to the verdict that steers a run, to the alert, and to the line in the figure.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runConfig } from '../../../../src/config/run-config.js';
import { COLLAPSE } from '../../../../src/evaluation/measures/collapse-score.js';
import { verdictOf } from '../../../../src/server/training/evaluations.js';

const verdict = (onCollapse: string, round: number, score: number | undefined) =>
  verdictOf(
    runConfig.parse({
      data: { source: 'ring' },
      model: { name: 'mlp' },
      onCollapse,
      stop: { generatorSteps: 1000 },
    }),
    round,
    score,
  );

describe('the verdict on an evaluation', () => {
  it('is a collapse above a score of a half, not at it', () => {
    expect(verdict('stop', 500, 0.5)).toBe('continue');
    expect(verdict('stop', 500, 0.5000001)).toBe('stop');
    expect(verdict('rollback', 500, 0.5000001)).toBe('rollback');
    expect(verdict('stop', 500, 0.45)).toBe('continue');
  });

  it('is none in the first tenth of a run: an untrained generator lacks variety too', () => {
    expect(verdict('stop', 100, 1)).toBe('continue');
    expect(verdict('stop', 101, 1)).toBe('stop');
  });

  it('is none where nothing was scored, and none where the config only asks for an alert', () => {
    expect(verdict('stop', 500, undefined)).toBe('continue');
    expect(verdict('stop', 500, Number.NaN)).toBe('continue');
    expect(verdict('alert', 500, 1)).toBe('continue');
  });
});

it('the alert GanModeCollapse and the line in figures/collapse.png have the same two numbers', () => {
  const rules = readFileSync('cluster/observability/rules/alerts.yml', 'utf8');
  const rule = /alert: GanModeCollapse\s+expr: >([\s\S]*?)for:/.exec(rules)![1]!;
  const [, score, share] =
    /gan_mode_collapse_score_ratio > ([\d.]+)[\s\S]*gan_evaluated_version > [^(]*\([^)]*\) \(([\d.]+) \* gan_goal_steps\)/.exec(
      rule,
    )!;
  expect(COLLAPSE).toEqual({ scoreMin: Number(score), runShareMin: Number(share) });
  expect(verdict('stop', 1000, Number(score))).toBe('continue');
  expect(verdict('stop', 1000, Number(score) + 1e-6)).toBe('stop');
  expect(verdict('stop', Number(share) * 1000, 1)).toBe('continue');
  expect(verdict('stop', Number(share) * 1000 + 1, 1)).toBe('stop');
});
