// What happens to a coordinator, and what it decides: all that it hears and all that it says.
import type { Net } from '../parameters/manifest.js';
import type { ReissueReason } from './open-step.js';
import type { Pool } from './roster.js';
import type { ScheduleOptions, Versions } from './schedule.js';
import type { Task, TaskName } from './task.js';

export type Event =
  /** `identity`: whose process it is (absent: its own); several of one identity are one voice where there is another */
  | { kind: 'joined'; worker: string; pool: Pool; identity?: string }
  | { kind: 'left'; worker: string }
  | {
      kind: 'answered';
      worker: string;
      task: TaskName;
      issue: number;
      /** to be given where `wantsDigest` says so */
      digest?: string;
      /** false where something in it is known not to be finite, or beyond any gradient; looked for where `isCareful` says so */
      isSound: boolean;
      nowMs: number;
    }
  /** `schedule`: it has ended a round, after which steps go by this one; absent: by the same as before */
  | { kind: 'applied'; net: Net; nowMs: number; schedule?: ScheduleOptions | undefined }
  /** a complete step was not applied: its loss, its gradient, or else what it would have made of the weights, is not finite or `is` so */
  | { kind: 'not-applied'; net: Net; cause: 'loss' | 'gradient' | 'update'; is?: string }
  /** since: the first round of those that made the verdict, default `round`; a rollback leads to before it */
  | { kind: 'judged'; round: number; verdict: 'continue' | 'stop' | 'rollback'; since?: number }
  /** the shell has gone back to a checkpoint, as it was told */
  | { kind: 'restored'; versions: Versions; schedule?: ScheduleOptions }
  /** a worker has answered a ping that was sent at `pingedMs`: whatever it was given before, it computes no more */
  | { kind: 'ponged'; worker: string; pingedMs: number; nowMs: number }
  | { kind: 'stop-requested' }
  /** no step is to begin, or steps may begin again */
  | { kind: 'paused'; isPaused: boolean }
  | { kind: 'ticked'; nowMs: number };

export type DiscardReason = 'duplicate' | 'stale' | 'not-finite';
export type RestoreCause = 'corruption' | 'divergence' | 'collapse';

export type Effect =
  | { kind: 'assign'; worker: string; task: Task }
  /** the worker has its task, or has lost it: the same words again change nothing */
  | { kind: 'remind'; worker: string; task: Task }
  /** keep the payload, by its digest, until the node is settled */
  | { kind: 'hold'; task: TaskName; digest: string }
  /** the payload is the node's sum: the one that has just arrived, or the one held under `held`; release others of the node */
  | { kind: 'settle'; task: TaskName; held?: string }
  /** what is held for the node has no use any more */
  | { kind: 'release'; task: TaskName }
  | { kind: 'discard'; worker: string; reason: DiscardReason }
  /** a task was given to another worker */
  | { kind: 'reissued'; net: Net; reason: ReissueReason; worker: string }
  /** answers to one node differ: somebody computes wrongly */
  | { kind: 'disagreed'; task: TaskName; workers: string[] }
  /** a worker that computes wrongly gets no more work */
  | { kind: 'quarantine'; worker: string; because: string }
  /** a worker that is late again and again gets no task for so long while others serve its net */
  | { kind: 'set-aside'; worker: string; ms: number }
  /** every node of the step is settled: sum, apply, then say `applied` or `not-applied` */
  | { kind: 'complete'; net: Net; step: number }
  /** a round is whole: a checkpoint may be taken; nothing is in flight */
  | { kind: 'boundary'; round: number }
  /** training waits for a verdict on this round */
  | { kind: 'judge'; round: number }
  /** go back to a checkpoint of this round or an earlier one, then say `restored`; nothing is decided until then */
  | { kind: 'restore'; round: number; cause: RestoreCause; because: string }
  /** nothing more will be assigned */
  | { kind: 'finished'; because: 'done' | 'stopped' | 'collapsed' }
  /** nobody can be believed */
  | { kind: 'failed'; because: string };
