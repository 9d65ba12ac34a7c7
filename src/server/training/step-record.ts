// What one step of one net looked like from the server: its shards' statistics in order, and where its time went.

import type { Metrics } from '../../metrics/metrics.js';
import type { Net } from '../../parameters/manifest.js';
import type { Judged } from '../../protocol/pace.js';
import { leavesOf, type TreeNode } from '../../protocol/shard-tree.js';
import { netOf, type StepKind } from '../../protocol/step-kinds.js';
import type { Statistic } from '../../steps/step.js';

/** Whether a node came with one row of the right length for each of its leaves. */
export function statisticsFit(
  statistics: readonly Statistic[],
  node: TreeNode,
  shards: number,
  rows: readonly (readonly number[])[],
): boolean {
  const { from, to } = leavesOf(node, shards);
  return rows.length === to - from && rows.every((row) => row.length === statistics.length);
}

/** Times in milliseconds of the server's clock. */
export class StepRecord {
  private readonly rows: (readonly number[])[];
  private firstAssignedMs: number | undefined;
  private completedMs = 0;
  private computeMs = 0;

  constructor(
    readonly stepKind: StepKind,
    private readonly declared: readonly Statistic[],
    private readonly shards: number,
    /** when its net's step before it had been applied */
    private readonly previousAppliedMs: number,
  ) {
    this.rows = new Array(shards);
  }

  assigned(nowMs: number): void {
    this.firstAssignedMs ??= nowMs;
  }

  settled(node: TreeNode, rows: readonly (readonly number[])[], computeSeconds: number): void {
    const { from } = leavesOf(node, this.shards);
    rows.forEach((row, i) => {
      this.rows[from + i] = row;
    });
    this.computeMs = Math.max(this.computeMs, computeSeconds * 1000);
  }

  completed(nowMs: number): void {
    this.completedMs = nowMs;
  }

  /** Means over the shards in their order, by name. */
  statistics(): Record<string, number> {
    const means = this.declared.map(({ name }, column): [string, number] => {
      let sum = 0;
      for (const row of this.rows) sum += row[column]!;
      return [name, sum / this.shards];
    });
    return Object.fromEntries(means);
  }

  /** Of the items of D's step: how many it judged, and how many rightly, in whole numbers; undefined where the step tells nothing of it. */
  judged(items: number): Judged | undefined {
    const columns = ['accuracyReal', 'accuracyFake'].map((name) =>
      this.declared.findIndex((statistic) => statistic.name === name),
    );
    if (columns.includes(-1)) return undefined;
    const ofShard = items / this.shards;
    const rightIn = (row: readonly number[]) =>
      columns.reduce((sum, column) => sum + Math.round(row[column]! * ofShard), 0);
    return { judged: 2 * items, right: this.rows.reduce((sum, row) => sum + rightIn(row), 0) };
  }

  /** Reports the step's phases; they add up to the time between this application and the one before. */
  observePhases(metrics: Metrics, appliedMs: number): void {
    const net: Net = netOf(this.stepKind);
    const assigned = this.firstAssignedMs ?? this.completedMs;
    const phases = {
      wait: assigned - this.previousAppliedMs,
      compute: this.computeMs,
      wire: this.completedMs - assigned - this.computeMs,
      apply: appliedMs - this.completedMs,
    };
    for (const [phase, ms] of Object.entries(phases)) {
      metrics.observe('gan_step_duration_seconds', Math.max(0, ms) / 1000, { net, phase });
    }
  }
}
