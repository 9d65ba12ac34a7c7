// What server and workers of the simulator say to each other: the real messages, without bytes.
import type { Net } from '../parameters/manifest.js';
import type { Pool } from '../protocol/roster.js';
import type { TaskName } from '../protocol/task.js';
import type { LineTask } from '../protocol/worker-tasks.js';

export type FromWorker =
  | { kind: 'hello'; session: string; pool: Pool; identity: string }
  | { kind: 'prepared'; session: string }
  | { kind: 'fetch'; session: string; term: number; vector: Net; version: number }
  | {
      kind: 'answer';
      session: string;
      term: number;
      branch: number;
      task: TaskName;
      issue: number;
      value: string;
      isSound: boolean;
    }
  | { kind: 'pong'; session: string; sentMs: number };

export type FromServer =
  | { kind: 'welcome'; term: number }
  | { kind: 'weights'; term: number; vector: Net; version: number; value: string }
  | { kind: 'task'; task: LineTask }
  | { kind: 'ping'; sentMs: number }
  | { kind: 'refused' }
  | { kind: 'stop' };
