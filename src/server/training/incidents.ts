// What goes amiss with tasks and answers, and ends nothing: counted, and told in the log with the names that people know.
import type { Metrics } from '../../metrics/metrics.js';
import type { DiscardReason, Effect } from '../../protocol/events.js';
import { keyOf } from '../../protocol/shard-tree.js';
import type { TaskName } from '../../protocol/task.js';
import type { Log } from '../log.js';
import type { Peers } from '../peers/peers.js';

export class Incidents {
  reissuedCount = 0;

  constructor(private readonly parts: { metrics: Metrics; log: Log; peers: Peers }) {}

  reissued({ net, reason, worker }: Extract<Effect, { kind: 'reissued' }>): void {
    const { metrics, log, peers } = this.parts;
    this.reissuedCount += 1;
    metrics.increment('gan_shards_reissued_total', 1, { pool: net, reason });
    log('task reissued', { net, reason, peer: peers.nameOf(worker) });
  }

  disagreed({ net, step, level, index }: TaskName, workers: readonly string[]): void {
    const { metrics, log, peers } = this.parts;
    metrics.increment('gan_answers_disagreed_total', 1, { net });
    const names = workers.map((worker) => peers.nameOf(worker));
    log('answers differ: silent corruption', { net, step, node: keyOf({ level, index }), peers: names });
  }

  setAside(worker: string, ms: number): void {
    const { metrics, log, peers } = this.parts;
    const peer = peers.get(worker);
    if (!peer) return;
    const { name, pool } = peer;
    metrics.increment('gan_workers_set_aside_total', 1, { pool });
    log('worker set aside: others answered its last tasks first', { peer: name, seconds: ms / 1000 });
  }

  discarded(reason: DiscardReason): void {
    this.parts.metrics.increment('gan_answers_discarded_total', 1, { reason });
  }
}
