// Transcripts for people: what the coordinator decides, event by event. Each file holds a scenario; lines with `>` are events, what
// follows them is what was decided. `UPDATE=1 npx vitest run tests/scenarios` writes the decisions anew, to be read as a diff.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Net } from '../../src/parameters/manifest.js';
import { Coordinator } from '../../src/protocol/coordinator.js';
import type { Effect, Event } from '../../src/protocol/events.js';
import type { Pool } from '../../src/protocol/roster.js';
import { leavesOf } from '../../src/protocol/shard-tree.js';
import type { Task, TaskName } from '../../src/protocol/task.js';

const FOLDER = 'tests/scenarios';
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));

it.each(files)('%s', (name) => {
  const path = join(FOLDER, name);
  const text = readFileSync(path, 'utf8');
  const played = play(text);
  if (process.env.UPDATE) writeFileSync(path, played);
  else expect(played).toBe(text);
});

it('there are scenarios', () => {
  expect(files.length).toBeGreaterThanOrEqual(8);
});

/** Takes a transcript's events and tells what comes of them. */
function play(text: string): string {
  const lines: string[] = [];
  let stage: Stage | undefined;
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) lines.push(line);
    else if (line.startsWith('run ')) {
      stage = new Stage(words(line));
      lines.push(line);
    } else if (line.startsWith('> ')) lines.push(line, ...stage!.take(line.slice(2)));
  }
  return lines.join('\n');
}

/** `a=1 b=x` as pairs. */
const words = (line: string): Record<string, string> =>
  Object.fromEntries(
    line.split(' ').flatMap((word) => (word.includes('=') ? [word.split('=') as [string, string]] : [])),
  );

class Stage {
  private readonly coordinator: Coordinator;
  private readonly shards: number;
  /** the task that each worker was last given */
  private readonly tasks = new Map<string, Task>();
  private nowMs = 0;

  constructor({
    shards = '2',
    rounds = '3',
    order = 'alternating',
    verified = 'no',
    judged,
  }: Record<string, string>) {
    this.shards = Number(shards);
    this.coordinator = new Coordinator({
      schedule: { order: order as 'alternating', discriminatorSteps: 1 },
      shards: this.shards,
      versions: { discriminator: 0, generator: 0 },
      generatorSteps: Number(rounds),
      deadlines: { factor: 5, floorMs: 1000, ceilingMs: 120_000, firstMs: 60_000 },
      isVerified: () => verified === 'yes',
      ...(judged ? { judgedEvery: Number(judged) } : {}),
    });
  }

  take(line: string): string[] {
    const [verb = '', who = '', what = '', whose] = line.split(' ');
    if (verb === 'after') this.nowMs += Number(who.replace(/s$/, '')) * 1000;
    if (verb === 'waiting') return [`  ${this.coordinator.waitingFor(this.nowMs) ?? 'for nothing'}`];
    return this.coordinator
      .handle(this.eventOf(verb, who, what, whose))
      .map((effect) => `  ${this.tell(effect)}`);
  }

  private eventOf(verb: string, who: string, what: string, whose?: string): Event {
    const { nowMs } = this;
    switch (verb) {
      case 'join':
        return { kind: 'joined', worker: who, pool: what as Pool, ...(whose && { identity: whose }) };
      case 'lose':
        return { kind: 'left', worker: who };
      case 'after':
        return { kind: 'ticked', nowMs };
      case 'answer': {
        const task = this.tasks.get(who)!;
        const digest = this.coordinator.wantsDigest(who, task) ? { digest: what || 'same' } : {};
        return {
          kind: 'answered',
          worker: who,
          task,
          issue: task.issue,
          isSound: what !== 'NaN',
          nowMs,
          ...digest,
        };
      }
      case 'apply':
        return { kind: 'applied', net: who as Net, nowMs };
      case 'refuse':
        return { kind: 'not-applied', net: who as Net, cause: what as 'gradient' };
      case 'pong':
        return { kind: 'ponged', worker: who, pingedMs: nowMs - 1, nowMs };
      case 'judge':
        return { kind: 'judged', round: Number(who), verdict: what as 'stop' };
      case 'restored':
        return { kind: 'restored', versions: { discriminator: Number(who), generator: Number(who) } };
      case 'stop':
        return { kind: 'stop-requested' };
      default:
        throw new Error(`a scenario says '${verb}'`);
    }
  }

  private tell(effect: Effect): string {
    switch (effect.kind) {
      case 'assign':
        this.tasks.set(effect.worker, effect.task);
        return `${effect.worker} computes ${this.name(effect.task)}`;
      case 'remind':
        return `${effect.worker} is reminded of ${this.name(effect.task)}`;
      case 'settle':
        return `${this.name(effect.task)} settled${effect.held ? `, two agree on '${effect.held}'` : ''}`;
      case 'hold':
        return `${this.name(effect.task)} is '${effect.digest}', says one`;
      case 'disagreed':
        return `${effect.workers.join(' and ')} differ`;
      case 'quarantine':
        return `${effect.worker} gets no more work: ${effect.because}`;
      case 'discard':
        return `${effect.worker}'s answer is not used: ${effect.reason}`;
      case 'reissued':
        return `given out again, ${effect.reason}${effect.worker ? `: ${effect.worker}` : ''}`;
      case 'set-aside':
        return `${effect.worker} gets no task for ${effect.ms / 1000} s while others are there`;
      case 'restore':
        return `go back to round ${effect.round} or before, for ${effect.cause}: ${effect.because}`;
      case 'complete':
        return `step ${effect.step} of the ${effect.net} is complete`;
      case 'boundary':
        return `round ${effect.round} is whole`;
      case 'judge':
        return `training waits for a verdict on round ${effect.round}`;
      case 'release':
        return 'what was kept is dropped';
      case 'finished':
        return `finished: ${effect.because}`;
      case 'failed':
        return `failed: ${effect.because}`;
    }
  }

  private name({ net, step, level, index }: TaskName): string {
    const { from, to } = leavesOf({ level, index }, this.shards);
    return `${net === 'discriminator' ? 'D' : 'G'} ${step} shard ${from}${to > from + 1 ? ` to ${to - 1}` : ''}`;
  }
}
