import { describe, expect, it } from 'vitest';
import { RandomStream, seedOf } from '../../../src/numerics/random.js';
import type { Net } from '../../../src/parameters/manifest.js';
import { Coordinator, type CoordinatorOptions } from '../../../src/protocol/coordinator.js';
import type { Effect } from '../../../src/protocol/events.js';
import type { Pool } from '../../../src/protocol/roster.js';
import type { ScheduleOptions } from '../../../src/protocol/schedule.js';
import type { Task } from '../../../src/protocol/task.js';

const OPTIONS: CoordinatorOptions = {
  schedule: { order: 'alternating', discriminatorSteps: 1 },
  shards: 4,
  versions: { discriminator: 0, generator: 0 },
  generatorSteps: 3,
  deadlines: { factor: 5, floorMs: 100, ceilingMs: 60_000, firstMs: 10_000 },
  isVerified: () => false,
};

const kinds = (effects: Effect[]) => effects.map((effect) => effect.kind);
const assigned = (effects: Effect[]) =>
  effects.flatMap((e) => (e.kind === 'assign' ? [{ worker: e.worker, ...e.task }] : []));
const answer = (worker: string, task: Task, nowMs = 0, digest?: string) => ({
  kind: 'answered' as const,
  worker,
  task,
  issue: task.issue,
  isSound: true,
  nowMs,
  ...(digest === undefined ? {} : { digest }),
});
const nan = (worker: string, task: Task, nowMs = 0) => ({ ...answer(worker, task, nowMs), isSound: false });
/** @param identity whose process it is; absent: its own */
const join = (coordinator: Coordinator, worker: string, pool: Pool, identity?: string) =>
  coordinator.handle({ kind: 'joined', worker, pool, ...(identity && { identity }) });

describe('the coordinator', () => {
  it('gives a lone worker the whole tree, and two workers half each', () => {
    const one = assigned(join(new Coordinator(OPTIONS), 'd', 'discriminator'));
    expect(one.map(({ level, index }) => [level, index])).toEqual([[2, 0]]);
    const two = new Coordinator(OPTIONS);
    join(two, 'g', 'generator');
    const [whole] = assigned(join(two, 'd1', 'discriminator'));
    join(two, 'd2', 'discriminator');
    two.handle(answer('d1', whole!));
    const [g] = assigned(two.handle({ kind: 'applied', net: 'discriminator', nowMs: 0 }));
    two.handle(answer('g', g!));
    const halves = assigned(two.handle({ kind: 'applied', net: 'generator', nowMs: 0 }));
    expect(halves.map(({ worker, level, index }) => [worker, level, index])).toEqual([
      ['d1', 1, 0],
      ['d2', 1, 1],
    ]);
  });

  it("waits for D's k steps before G's step when alternating, and does not when simultaneous", () => {
    const start = (order: ScheduleOptions['order']) => {
      const c = new Coordinator({ ...OPTIONS, schedule: { order, discriminatorSteps: 2 } });
      return [...join(c, 'd', 'discriminator'), ...join(c, 'g', 'generator')];
    };
    expect(assigned(start('alternating')).map((t) => t.net)).toEqual(['discriminator']);
    const both = assigned(start('simultaneous'));
    expect(both.map((t) => [t.net, t.reads])).toEqual([
      ['discriminator', { discriminator: 0, generator: 0 }],
      ['generator', { discriminator: 0, generator: 0 }],
    ]);
  });

  it('lets G go on while D computes when pipelined, as far as the next boundary on which all rests', () => {
    const c = new Coordinator({
      ...OPTIONS,
      schedule: { order: 'pipelined', discriminatorSteps: 1 },
      generatorSteps: 9,
      restsAt: (round) => round === 2,
    });
    join(c, 'd', 'discriminator');
    const tasks = {
      d: assigned(c.handle({ kind: 'ticked', nowMs: 0 })),
      g: assigned(join(c, 'g', 'generator')),
    };
    expect(tasks.g.map(({ reads }) => reads)).toEqual([{ discriminator: 0, generator: 0 }]);
    const done = (worker: string, net: Net, task: Task) => {
      c.handle(answer(worker, task));
      return c.handle({ kind: 'applied', net, nowMs: 0 });
    };
    const [second] = assigned(done('g', 'generator', tasks.g[0]!));
    expect(second).toMatchObject({ net: 'generator', step: 1, reads: { discriminator: 0, generator: 1 } });
    expect(assigned(done('g', 'generator', second!))).toEqual([]); // round 2 is where it rests
    const first = c.taskOf('d')!;
    const [next] = assigned(done('d', 'discriminator', first));
    expect(next).toMatchObject({ net: 'discriminator', step: 1, reads: { discriminator: 1, generator: 1 } });
    const effects = done('d', 'discriminator', next!);
    expect(effects[0]).toEqual({ kind: 'boundary', round: 2 });
    expect(assigned(effects).map(({ net, reads }) => [net, reads])).toEqual([
      ['discriminator', { discriminator: 2, generator: 2 }],
      ['generator', { discriminator: 1, generator: 2 }],
    ]);
  });

  it('finishes what both nets have begun when it is stopped while rounds overlap', () => {
    const c = new Coordinator({
      ...OPTIONS,
      schedule: { order: 'pipelined', discriminatorSteps: 1 },
      generatorSteps: 9,
      restsAt: () => false,
    });
    join(c, 'd', 'discriminator');
    const [g] = assigned(join(c, 'g', 'generator'));
    c.handle(answer('g', g!));
    c.handle({ kind: 'applied', net: 'generator', nowMs: 0 }); // round 1 has begun for G, round 0 not ended for D
    c.handle({ kind: 'stop-requested' });
    const finish = (worker: string, net: Net) => {
      c.handle(answer(worker, c.taskOf(worker)!));
      return c.handle({ kind: 'applied', net, nowMs: 0 });
    };
    expect(assigned(finish('g', 'generator'))).toEqual([]);
    expect(assigned(finish('d', 'discriminator'))).toMatchObject([{ net: 'discriminator', step: 1 }]);
    expect(finish('d', 'discriminator').at(-1)).toEqual({ kind: 'finished', because: 'stopped' });
    expect(c.current).toEqual({ discriminator: 2, generator: 2 });
  });

  it("gives a lost worker's task to another, says why, and takes no second answer", () => {
    const c = new Coordinator(OPTIONS);
    const [task] = assigned(join(c, 'd1', 'discriminator'));
    join(c, 'd2', 'discriminator');
    const effects = c.handle({ kind: 'left', worker: 'd1' });
    expect(task!.issue).not.toBe(assigned(effects)[0]!.issue);
    expect(effects).toEqual([
      { kind: 'reissued', net: 'discriminator', reason: 'lost', worker: 'd1' },
      { kind: 'assign', worker: 'd2', task: expect.objectContaining({ step: 0, level: 2, index: 0 }) },
    ]);
    const again = assigned(effects)[0]!;
    expect(kinds(c.handle(answer('d2', again)))).toEqual(['settle', 'complete']);
    expect(c.handle(answer('d2', again))).toContainEqual({
      kind: 'discard',
      worker: 'd2',
      reason: 'duplicate',
    });
  });

  it('gives a late task to a second worker, and the first answer wins', () => {
    const c = new Coordinator({ ...OPTIONS, generatorSteps: 9 });
    join(c, 'g', 'generator');
    let [task] = assigned(join(c, 'd1', 'discriminator'));
    c.handle(answer('d1', task!, 10));
    const g = assigned(c.handle({ kind: 'applied', net: 'discriminator', nowMs: 10 }))[0]!;
    c.handle(answer('g', g, 20));
    [task] = assigned(c.handle({ kind: 'applied', net: 'generator', nowMs: 20 }));
    join(c, 'd2', 'discriminator');
    expect(c.handle({ kind: 'ticked', nowMs: 119 })).toEqual([]);
    const late = c.handle({ kind: 'ticked', nowMs: 121 });
    expect(kinds(late)).toEqual(['reissued', 'assign']);
    expect(kinds(c.handle(answer('d2', assigned(late)[0]!, 130)))).toEqual(['settle', 'complete']);
    expect(c.handle(answer('d1', task!, 140))[0]).toEqual({
      kind: 'discard',
      worker: 'd1',
      reason: 'duplicate',
    });
  });

  it('answers a step that is over with stale and changes nothing', () => {
    const c = new Coordinator(OPTIONS);
    join(c, 'd', 'discriminator');
    const before = JSON.stringify(c.current);
    expect(c.handle(answer('d', { net: 'generator', step: 7, level: 0, index: 0 } as Task))[0]).toMatchObject(
      { reason: 'stale' },
    );
    expect(JSON.stringify(c.current)).toBe(before);
  });

  it('says what it waits for, with whom and how long', () => {
    const c = new Coordinator(OPTIONS);
    expect(c.waitingFor(0)).toBe('workers for the discriminator and the generator');
    join(c, 'd-0', 'discriminator');
    join(c, 'g-0', 'generator');
    expect(c.waitingFor(9100)).toBe('step 0 D: shards 0, 1, 2 and 3 with d-0 for 9.1 s');
  });

  it('counts for how long a step waits: for workers to come, for an answer, and not once it is there', () => {
    const c = new Coordinator({ ...OPTIONS, schedule: { order: 'alternating', discriminatorSteps: 2 } });
    c.handle({ kind: 'ticked', nowMs: 1000 });
    expect([c.waitingMs('discriminator', 4000), c.waitingMs('generator', 4000)]).toEqual([3000, undefined]);
    join(c, 'd-0', 'discriminator');
    expect(c.waitingMs('discriminator', 6000)).toBe(5000);
    c.handle({ kind: 'left', worker: 'd-0' });
    expect(c.waitingMs('discriminator', 7000)).toBe(6000);
    c.handle(answer('d-1', assigned(join(c, 'd-1', 'discriminator'))[0]!));
    expect(c.waitingMs('discriminator', 8000)).toBeUndefined();
    const [second] = assigned(c.handle({ kind: 'applied', net: 'discriminator', nowMs: 8500 }));
    expect(c.waitingMs('discriminator', 8700)).toBe(200);
    c.handle(answer('d-1', second!));
    c.handle({ kind: 'applied', net: 'discriminator', nowMs: 9000 });
    expect([c.waitingMs('discriminator', 9500), c.waitingMs('generator', 9500)]).toEqual([undefined, 500]);
    c.handle({ kind: 'stop-requested' });
    expect(c.waitingMs('generator', 9500), 'G belongs to the round that a stop finishes').toBe(500);
  });

  it('reminds a worker that has nothing to compute and has not answered, at the second sign', () => {
    const c = new Coordinator(OPTIONS);
    const [task] = assigned(join(c, 'd', 'discriminator'));
    const pong = (pingedMs: number, nowMs: number) =>
      c.handle({ kind: 'ponged', worker: 'd', pingedMs, nowMs });
    expect(pong(0, 5)).toEqual([]); // sent before the task
    expect(pong(10, 15)).toEqual([]); // the answer may only be slower than the pong
    expect(pong(12, 17)).toEqual([]); // sent before the first sign had come
    const { worker: _, ...given } = task!;
    expect(pong(20, 25)).toEqual([{ kind: 'remind', worker: 'd', task: given }]);
    expect(kinds(c.handle(answer('d', task!, 30)))).toEqual(['settle', 'complete']);
  });

  it('begins no step while it is paused, goes on after it, and finishes its round when it is stopped meanwhile', () => {
    const c = new Coordinator(OPTIONS);
    const [first] = assigned(join(c, 'w', 'any'));
    c.handle({ kind: 'paused', isPaused: true });
    expect(kinds(c.handle(answer('w', first!)))).toEqual(['settle', 'complete']);
    expect(c.handle({ kind: 'applied', net: 'discriminator', nowMs: 5 })).toEqual([]);
    expect(c.waitingMs('generator', 100)).toBeUndefined();
    const [second] = assigned(c.handle({ kind: 'paused', isPaused: false }));
    expect(second).toMatchObject({ net: 'generator', step: 0 });
    c.handle({ kind: 'paused', isPaused: true });
    c.handle(answer('w', second!));
    expect(kinds(c.handle({ kind: 'applied', net: 'generator', nowMs: 9 }))).toEqual(['boundary']);
    expect(kinds(c.handle({ kind: 'stop-requested' }))).toEqual(['finished']);

    const other = new Coordinator(OPTIONS);
    const [task] = assigned(join(other, 'w', 'any'));
    other.handle({ kind: 'paused', isPaused: true });
    other.handle(answer('w', task!));
    other.handle({ kind: 'applied', net: 'discriminator', nowMs: 5 });
    expect(assigned(other.handle({ kind: 'stop-requested' }))).toMatchObject([{ net: 'generator', step: 0 }]);
  });

  it('finishes the round that has begun when it is stopped, and no other', () => {
    for (const order of ['alternating', 'simultaneous', 'pipelined'] as const) {
      const { effects, steps } = play(
        { ...OPTIONS, generatorSteps: 50, schedule: { order, discriminatorSteps: 3 } },
        1,
        20,
      );
      const end = effects.at(-1)!;
      expect(end).toEqual({ kind: 'finished', because: 'stopped' });
      expect(steps.discriminator).toBe(steps.generator * 3);
      expect(steps.generator).toBeLessThan(50);
    }
  });

  it('settles every node of every step exactly once under random losses, joins and answers in any order', () => {
    for (let seed = 0; seed < 200; seed++) {
      const order = (['simultaneous', 'alternating', 'pipelined'] as const)[seed % 3]!;
      const options = {
        ...OPTIONS,
        shards: 1 + (seed % 7),
        generatorSteps: 6,
        schedule: { order, discriminatorSteps: 1 + (seed % 4) } as const,
      };
      const { effects, steps, settled } = play(options, seed);
      expect(effects.at(-1), `seed ${seed}`).toEqual({ kind: 'finished', because: 'done' });
      expect(steps).toEqual({ discriminator: 6 * options.schedule.discriminatorSteps, generator: 6 });
      for (const [step, leaves] of settled) {
        expect(
          leaves.sort((a, b) => a - b),
          `seed ${seed} ${step}`,
        ).toEqual(Array.from({ length: options.shards }, (_, i) => i));
      }
    }
  });
});

describe('a verified step', () => {
  const verified = (workers: number) => {
    const c = new Coordinator({ ...OPTIONS, shards: 1, isVerified: () => true });
    const tasks = Array.from({ length: workers }, (_, i) =>
      assigned(join(c, `d${i}`, 'discriminator')),
    ).flat();
    return { c, tasks };
  };

  it('counts once two workers agree, and keeps the first answer until then', () => {
    const { c, tasks } = verified(2);
    expect(tasks.map((task) => task.worker)).toEqual(['d0', 'd1']);
    expect(c.wantsDigest('d0', tasks[0]!)).toBe(true);
    expect(kinds(c.handle(answer('d0', tasks[0]!, 0, 'a')))).toEqual(['hold']);
    expect(c.handle(answer('d1', tasks[1]!, 0, 'a'))).toEqual([
      { kind: 'discard', worker: 'd1', reason: 'duplicate' },
      { kind: 'settle', task: expect.objectContaining({ step: 0 }), held: 'a' },
      { kind: 'complete', net: 'discriminator', step: 0 },
    ]);
  });

  it('asks a third worker where two differ, names both, and sends the one away that is wrong', () => {
    const { c, tasks } = verified(3);
    c.handle(answer('d0', tasks[0]!, 0, 'wrong'));
    const differing = c.handle(answer('d1', tasks[1]!, 0, 'right'));
    expect(differing).toContainEqual(expect.objectContaining({ kind: 'disagreed', workers: ['d0', 'd1'] }));
    const [third] = assigned(differing);
    expect(third!.worker).toBe('d2');
    const decided = c.handle(answer('d2', third!, 0, 'right'));
    expect(decided).toContainEqual(expect.objectContaining({ kind: 'settle', held: 'right' }));
    expect(decided).toContainEqual(expect.objectContaining({ kind: 'quarantine', worker: 'd0' }));
    expect(c.poolStates().discriminator).toEqual({ busy: 0, idle: 2, aside: 0 });
  });

  it('does not take one answer that comes twice for two', () => {
    const { c, tasks } = verified(1);
    const held = c.handle(answer('d0', tasks[0]!, 0, 'a'));
    const [again] = assigned(held); // nobody else is there: it computes once more
    expect(again!.worker).toBe('d0');
    expect(c.handle(answer('d0', tasks[0]!, 0, 'a'))).toEqual([
      { kind: 'discard', worker: 'd0', reason: 'stale' },
    ]);
    expect(kinds(c.handle(answer('d0', again!, 0, 'a')))).toContain('settle');
  });

  it('sends a lone worker away that never gives the same twice, and waits for another', () => {
    const { c, tasks } = verified(1);
    let task = tasks[0]!;
    let effects: Effect[] = [];
    for (const digest of ['a', 'b', 'c', 'd', 'e']) {
      effects = c.handle(answer('d0', task, 0, digest));
      task = assigned(effects)[0] ?? task;
    }
    expect(kinds(effects)).toEqual(['discard', 'release', 'quarantine']);
    expect(c.waitingFor(0)).toBe('step 0 D: shard 0 with nobody: no worker serves the discriminator');
    expect(assigned(join(c, 'd1', 'discriminator'))).toHaveLength(1);
  });

  it('fails the run where five workers all differ: nobody can be believed', () => {
    const { c, tasks } = verified(5);
    const busy = new Map(tasks.map((task) => [task.worker, task]));
    let effects: Effect[] = [];
    for (let digest = 0; digest < 5; digest++) {
      const [worker, task] = [...busy][0]!;
      busy.delete(worker);
      effects = c.handle(answer(worker, task, 0, String(digest)));
      for (const next of assigned(effects)) busy.set(next.worker, next);
    }
    expect(effects.at(-1)).toMatchObject({ kind: 'failed', because: expect.stringContaining('all differ') });
  });

  it('waits a minute for a third where two differ, says so, and then fails with both names', () => {
    const { c, tasks } = verified(2);
    c.handle(answer('d0', tasks[0]!, 0, 'a'));
    c.handle(answer('d1', tasks[1]!, 0, 'b'));
    expect(c.waitingFor(0)).toBe('step 0 D: a third worker, since d0 and d1 differ');
    expect(c.handle({ kind: 'ticked', nowMs: 1 })).toEqual([]);
    expect(c.handle({ kind: 'ticked', nowMs: 60_001 })).toEqual([
      { kind: 'failed', because: expect.stringMatching(/^d0 and d1 differ/) },
    ]);
  });
});

describe('a verified step in a pool of several hosts', () => {
  /** A worker is named by its host and a number. */
  const pool = (...workers: string[]) => {
    const c = new Coordinator({ ...OPTIONS, shards: 1, isVerified: () => true });
    const tasks = new Map<string, Task>();
    const take = (effects: Effect[]) => {
      for (const { worker, ...task } of assigned(effects)) tasks.set(worker, task);
      return effects;
    };
    const come = (worker: string) => take(join(c, worker, 'discriminator', worker[0]));
    const say = (worker: string, digest: string, nowMs = 0) =>
      take(c.handle(answer(worker, tasks.get(worker)!, nowMs, digest)));
    const tick = (nowMs: number) => take(c.handle({ kind: 'ticked', nowMs }));
    for (const worker of workers) come(worker);
    return { c, tasks, come, say, tick };
  };

  it('is given to two hosts, and waits for the second one rather than ask the first again', () => {
    const { c, tasks, come, say } = pool('A1');
    come('B1');
    come('A2');
    expect([...tasks.keys()]).toEqual(['A1', 'B1']);
    expect(kinds(say('A1', 'x'))).toEqual(['hold']);
    expect(kinds(c.handle({ kind: 'left', worker: 'B1' }))).toEqual([]);
    expect(assigned(come('B2')).map((task) => task.worker)).toEqual(['B2']);
    expect(kinds(say('B2', 'x'))).toEqual(['discard', 'settle', 'complete']);
  });

  it('fails after a minute where one host stands against the two sessions of another, and accuses nobody', () => {
    const { c, say, tick } = pool('B1', 'A1', 'A2');
    say('B1', 'x');
    expect(assigned(say('A1', 'y')).map((task) => task.worker)).toEqual(['A2']);
    expect(kinds(say('A2', 'y'))).toEqual(['discard']);
    expect(tick(1)).toEqual([]);
    expect(tick(60_002)).toEqual([
      {
        kind: 'failed',
        because: expect.stringMatching(/^B1 and A1 and A2 differ on the same shards of step 0/),
      },
    ]);
    expect(c.poolStates().discriminator).toEqual({ busy: 0, idle: 3, aside: 0 });
  });

  it('is decided by a third host that comes meanwhile, however many sessions are against it', () => {
    const { come, say, tick } = pool('B1', 'A1', 'A2', 'A3', 'A4', 'A5');
    say('B1', 'x');
    for (const worker of ['A1', 'A2', 'A3', 'A4']) say(worker, 'y');
    expect(tick(59_000)).toEqual([]);
    expect(assigned(come('C1')).map((task) => task.worker)).toEqual(['C1']);
    const decided = say('C1', 'x', 59_001);
    expect(decided).toContainEqual(expect.objectContaining({ kind: 'settle', held: 'x' }));
    expect(decided.flatMap((effect) => (effect.kind === 'quarantine' ? [effect.worker] : []))).toEqual([
      'A1',
      'A2',
      'A3',
      'A4',
    ]);
  });

  it('gives up the vote of a host that differed and left, after a minute, and goes on with those who are there', () => {
    const { c, say, tick } = pool('B1', 'A1', 'A2');
    say('B1', 'x');
    say('A1', 'y');
    c.handle({ kind: 'left', worker: 'B1' });
    expect(kinds(say('A2', 'y'))).toEqual(['discard']); // B may come back and say why
    expect(tick(1)).toEqual([]);
    expect(kinds(tick(60_002))).toEqual(['settle', 'complete']);
  });

  it('keeps the vote of a host that is there and silent now: without a third, two sessions do not outvote it', () => {
    const c = new Coordinator({ ...OPTIONS, shards: 2, isVerified: () => true });
    for (const worker of ['B1', 'A1', 'A2', 'A3']) join(c, worker, 'discriminator', worker[0]);
    const whole = c.taskOf('B1')!;
    c.handle(answer('B1', whole, 0, 'x'));
    c.handle(answer('A1', c.taskOf('A1')!, 0, 'y'));
    const later: Effect[] = [];
    for (const nowMs of [1, 60_002, 120_004]) {
      if (c.taskOf('A2')) later.push(...c.handle(answer('A2', c.taskOf('A2')!, nowMs, 'y')));
      later.push(...c.handle({ kind: 'ticked', nowMs }));
    }
    expect(kinds(later)).not.toContain('settle');
    expect(kinds(later)).not.toContain('quarantine');
  });

  it('has a lone worker agree with itself only once the other host is given up', () => {
    const { c, say, tick } = pool('A1', 'B1');
    say('A1', 'x');
    c.handle({ kind: 'left', worker: 'B1' });
    expect(tick(1)).toEqual([]);
    expect(assigned(tick(60_002)).map((task) => task.worker)).toEqual(['A1']);
    expect(kinds(say('A1', 'x', 60_003))).toEqual(['discard', 'settle', 'complete']);
  });

  it('waits for a third that is in time with another task, however long that takes', () => {
    const c = new Coordinator({
      ...OPTIONS,
      shards: 1,
      schedule: { order: 'simultaneous', discriminatorSteps: 1 },
      deadlines: { ...OPTIONS.deadlines, firstMs: 200_000 },
      isVerified: () => true,
    });
    join(c, 'A1', 'discriminator', 'A');
    join(c, 'A2', 'generator', 'A');
    join(c, 'B1', 'any', 'B');
    join(c, 'C1', 'generator', 'C');
    expect(c.taskOf('B1')!.net).toBe('discriminator');
    c.handle(answer('A2', c.taskOf('A2')!, 0, 'x'));
    c.handle(answer('C1', c.taskOf('C1')!, 0, 'y'));
    for (const nowMs of [1, 60_002, 120_004]) expect(c.handle({ kind: 'ticked', nowMs })).toEqual([]);
    c.handle(answer('B1', c.taskOf('B1')!, 130_000, 'z'));
    expect(c.taskOf('B1')!.net).toBe('generator');
  });

  it('sends away who gives nothing sound, twice, where another host gave a number, and waits for a third', () => {
    const { c, tasks, come, say } = pool('A1', 'B1');
    say('A1', 'x');
    const unsound = () => c.handle(nan('B1', tasks.get('B1')!));
    const [again] = assigned(unsound());
    expect(again!.worker).toBe('B1');
    tasks.set('B1', again!);
    expect(kinds(unsound())).toEqual(['discard', 'quarantine']);
    expect(assigned(come('C1')).map((task) => task.worker)).toEqual(['C1']);
    expect(kinds(say('C1', 'x'))).toEqual(['discard', 'settle', 'complete']);
  });

  it('sends away at once who gives other bits, late, than two hosts had agreed on, and goes back for nothing', () => {
    const { say, tick, tasks } = pool('X1', 'A1', 'B1');
    expect([...tasks.keys()]).toEqual(['X1', 'A1']);
    say('A1', 'x', 1);
    expect(assigned(tick(10_001)).map((task) => task.worker)).toEqual(['B1']); // X1 is late
    expect(kinds(say('B1', 'x', 10_002))).toEqual(['discard', 'settle', 'complete']);
    expect(kinds(say('X1', 'y', 10_003))).toEqual(['discard', 'disagreed', 'quarantine']);
  });
});

describe('a worker that is late again and again', () => {
  /** Plays D steps of one shard, in which `slow` is late and `fast` answers first where both are given it. */
  const stage = () => {
    const c = new Coordinator({ ...OPTIONS, shards: 1, generatorSteps: 99 });
    let nowMs = 0;
    const asides: number[] = [];
    const take = (effects: Effect[]) => {
      for (const effect of effects) if (effect.kind === 'set-aside') asides.push(effect.ms);
      return effects;
    };
    const say = (worker: string) => take(c.handle(answer(worker, c.taskOf(worker)!, nowMs)));
    /** @param restMs that G's step takes */
    const finish = (restMs = 0) => {
      take(c.handle({ kind: 'applied', net: 'discriminator', nowMs }));
      if (c.taskOf('slow')) say('slow'); // too late
      pass(restMs);
      say('g');
      take(c.handle({ kind: 'applied', net: 'generator', nowMs }));
    };
    const pass = (ms: number) => {
      nowMs += ms;
      take(c.handle({ kind: 'ticked', nowMs }));
    };
    join(c, 'g', 'generator');
    join(c, 'slow', 'discriminator');
    say('slow');
    join(c, 'fast', 'discriminator');
    finish();
    const isGiven = () => c.taskOf('slow') !== undefined;
    const lateStep = (restMs?: number) => {
      expect(isGiven()).toBe(true);
      pass(150);
      say('fast');
      finish(restMs);
    };
    const fastStep = (restMs?: number) => {
      expect(isGiven()).toBe(false);
      say('fast');
      finish(restMs);
    };
    return { c, say, finish, asides, lateStep, fastStep, isGiven };
  };

  it('is set aside at the third time for a minute, then for two, at most for ten, and said once each time', () => {
    const { c, asides, lateStep, fastStep } = stage();
    for (let i = 0; i < 2; i++) lateStep();
    expect(asides).toEqual([]);
    lateStep();
    for (const minutes of [1, 2, 4, 8, 10, 10]) {
      expect(asides.at(-1)).toBe(minutes * 60_000);
      expect(c.stateOf('slow')).toBe('aside');
      fastStep(minutes * 60_000 - 10);
      fastStep(10);
      expect(c.stateOf('slow')).toBe('busy');
      lateStep();
    }
    expect(asides).toHaveLength(7);
  });

  it('is forgiven by one answer in time', () => {
    const { asides, lateStep, say, finish, fastStep } = stage();
    for (let i = 0; i < 3; i++) lateStep();
    fastStep(60_000);
    say('slow');
    finish();
    for (let i = 0; i < 2; i++) lateStep();
    expect(asides).toHaveLength(1);
    lateStep();
    expect(asides).toEqual([60_000, 60_000]);
  });

  it('is used where there is nobody else, however often it was late', () => {
    const { c, lateStep, isGiven } = stage();
    for (let i = 0; i < 3; i++) lateStep();
    expect(isGiven()).toBe(false);
    c.handle({ kind: 'left', worker: 'fast' });
    expect(isGiven()).toBe(true);
    expect(c.stateOf('slow')).toBe('busy');
  });
});

describe('an answer that differs from one that was believed', () => {
  it('is compared at the same node when its step is done again, though there are more workers by then', () => {
    const c = new Coordinator({ ...OPTIONS, generatorSteps: 9 });
    join(c, 'g', 'generator');
    const [slow] = assigned(join(c, 'x', 'discriminator'));
    join(c, 'a', 'discriminator');
    const [second] = assigned(c.handle({ kind: 'ticked', nowMs: 10_001 }));
    c.handle(answer('a', second!, 10_002, 'right'));
    expect(kinds(c.handle(answer('x', slow!, 10_004, 'wrong')))).toEqual(['discard', 'disagreed', 'restore']);
    for (const worker of ['b', 'c', 'd']) join(c, worker, 'discriminator');
    const again = assigned(c.handle({ kind: 'restored', versions: { discriminator: 0, generator: 0 } }));
    expect(again.map((task) => [task.worker, task.level])).toEqual([
      ['x', 2],
      ['a', 2],
    ]);
    c.handle(answer('x', again[0]!, 10_005, 'right')); // now it is honest
    expect(c.handle(answer('a', again[1]!, 10_006, 'right'))).toContainEqual({
      kind: 'quarantine',
      worker: 'x',
      because: expect.stringContaining('not what two agreed on when the step was done again'),
    });
  });

  it('sends the run back, and its step is computed by two the next time', () => {
    const c = new Coordinator({ ...OPTIONS, shards: 1, generatorSteps: 9 });
    join(c, 'g', 'generator');
    const [slow] = assigned(join(c, 'd1', 'discriminator'));
    join(c, 'd2', 'discriminator');
    const [second] = assigned(c.handle({ kind: 'ticked', nowMs: 10_001 }));
    c.handle(answer('d2', second!, 10_002, 'a'));
    c.handle({ kind: 'applied', net: 'discriminator', nowMs: 10_003 });
    const effects = c.handle(answer('d1', slow!, 10_004, 'b')); // after its step was applied
    expect(effects).toEqual([
      { kind: 'discard', worker: 'd1', reason: 'duplicate' },
      expect.objectContaining({ kind: 'disagreed', workers: ['d2', 'd1'] }),
      expect.objectContaining({ kind: 'restore', round: 0, cause: 'corruption' }),
    ]);
    expect(c.handle({ kind: 'ticked', nowMs: 10_005 })).toEqual([]); // nothing is decided until the restore is done
    const restored = assigned(c.handle({ kind: 'restored', versions: { discriminator: 0, generator: 0 } }));
    expect(restored.map((task) => [task.worker, task.step])).toEqual([
      ['d1', 0],
      ['d2', 0],
    ]);
  });
});

describe('something that is not finite', () => {
  it('is computed elsewhere once; who gave it where another gives numbers is sent away', () => {
    const c = new Coordinator({ ...OPTIONS, shards: 1 });
    const [task] = assigned(join(c, 'd1', 'discriminator'));
    join(c, 'd2', 'discriminator');
    const retry = c.handle(nan('d1', task!));
    expect(retry).toEqual([
      { kind: 'discard', worker: 'd1', reason: 'not-finite' },
      { kind: 'reissued', net: 'discriminator', reason: 'not-finite', worker: 'd1' },
      expect.objectContaining({ kind: 'assign', worker: 'd2' }),
    ]);
    const settled = c.handle(answer('d2', assigned(retry)[0]!));
    expect(kinds(settled)).toEqual(['settle', 'quarantine', 'complete']);
  });

  it('has diverged when another worker says the same', () => {
    const c = new Coordinator({ ...OPTIONS, shards: 1 });
    const [task] = assigned(join(c, 'd1', 'discriminator'));
    join(c, 'd2', 'discriminator');
    const [second] = assigned(c.handle(nan('d1', task!)));
    expect(c.handle(nan('d2', second!))).toContainEqual(
      expect.objectContaining({ kind: 'restore', cause: 'divergence', round: 0 }),
    );
  });

  it('is looked for shard by shard once a whole gradient was not applied', () => {
    const c = new Coordinator({ ...OPTIONS, shards: 1 });
    const [task] = assigned(join(c, 'd1', 'discriminator'));
    expect(c.isCareful('discriminator')).toBe(false);
    c.handle(answer('d1', task!));
    const again = assigned(c.handle({ kind: 'not-applied', net: 'discriminator', cause: 'gradient' }));
    expect(again).toHaveLength(1);
    expect(c.isCareful('discriminator')).toBe(true);
    c.handle(answer('d1', again[0]!));
    const effects = c.handle({ kind: 'not-applied', net: 'discriminator', cause: 'gradient' });
    expect(effects).toContainEqual(expect.objectContaining({ kind: 'restore', cause: 'divergence' }));
  });

  it('nor was one of a loss beyond its bound: it is computed once more, and then has diverged, in the words of the shell', () => {
    const c = new Coordinator({ ...OPTIONS, shards: 1 });
    const [task] = assigned(join(c, 'd1', 'discriminator'));
    const refused = { kind: 'not-applied', net: 'discriminator', cause: 'loss', is: 'is 1.2e30' } as const;
    c.handle(answer('d1', task!));
    const [again] = assigned(c.handle(refused));
    c.handle(answer('d1', again!));
    const because = 'the loss of step 0 of the discriminator is 1.2e30';
    expect(c.handle(refused)).toContainEqual(
      expect.objectContaining({ kind: 'restore', cause: 'divergence', because }),
    );
  });
});

describe('an update that is not finite', () => {
  it('is computed once more with an eye on every answer, since it has changed nothing; then it has diverged', () => {
    const c = new Coordinator({ ...OPTIONS, shards: 1 });
    const [task] = assigned(join(c, 'd1', 'discriminator'));
    c.handle(answer('d1', task!));
    const again = assigned(c.handle({ kind: 'not-applied', net: 'discriminator', cause: 'update' }));
    expect(again).toHaveLength(1);
    expect(c.isCareful('discriminator')).toBe(true);
    c.handle(answer('d1', again[0]!));
    expect(c.handle({ kind: 'not-applied', net: 'discriminator', cause: 'update' })).toEqual([
      expect.objectContaining({ kind: 'restore', cause: 'divergence', round: 0 }),
    ]);
  });
});

describe('a run that the evaluator judges', () => {
  const judged = () => {
    const c = new Coordinator({ ...OPTIONS, shards: 1, judgedEvery: 1, generatorSteps: 2 });
    join(c, 'any', 'any');
    return { c, round: () => roundOf(c) };
  };
  /** Computes one round and hands back what its boundary brought. */
  const roundOf = (c: Coordinator): Effect[] => {
    let effects: Effect[] = [];
    for (const net of ['discriminator', 'generator'] as const) {
      c.handle(answer('any', c.taskOf('any')!));
      effects = c.handle({ kind: 'applied', net, nowMs: 0 });
    }
    return effects;
  };

  it('stands still on the boundary until the verdict, and ends where that says stop', () => {
    const { c, round } = judged();
    expect(kinds(round())).toEqual(['boundary', 'judge']);
    expect(c.waitingFor(0)).toBe("the evaluator's verdict on step 1");
    expect(kinds(c.handle({ kind: 'judged', round: 1, verdict: 'continue' }))).toEqual(['assign']);
    expect(kinds(round())).toEqual(['boundary', 'judge']);
    expect(c.handle({ kind: 'judged', round: 2, verdict: 'stop' })).toEqual([
      { kind: 'finished', because: 'collapsed' },
    ]);
  });

  it('goes back to an earlier round where that says rollback', () => {
    const { c, round } = judged();
    round();
    expect(c.handle({ kind: 'judged', round: 1, verdict: 'rollback' })).toEqual([
      expect.objectContaining({ kind: 'restore', round: 0, cause: 'collapse' }),
    ]);
  });

  it('and to before the first of the rounds that made the verdict', () => {
    const { c, round } = judged();
    round();
    c.handle({ kind: 'judged', round: 1, verdict: 'continue' });
    round();
    expect(c.handle({ kind: 'judged', round: 2, verdict: 'rollback', since: 1 })).toEqual([
      expect.objectContaining({
        kind: 'restore',
        round: 0,
        because: 'the generator of step 2 has collapsed',
      }),
    ]);
  });
});

/** Drives a coordinator with workers that answer in random order, vanish and come; stops it after `stopAt` events if given. */
function play(options: CoordinatorOptions, seed: number, stopAt = Number.POSITIVE_INFINITY) {
  const random = new RandomStream(seedOf('play', seed));
  const c = new Coordinator(options);
  const effects: Effect[] = [];
  const settled = new Map<string, number[]>();
  const busy = new Map<string, Task>();
  const idle: string[] = [];
  const applying: Net[] = [];
  let born = 0;
  const take = (list: Effect[]) => {
    for (const effect of list) {
      effects.push(effect);
      if (effect.kind === 'assign') busy.set(effect.worker, effect.task);
      if (effect.kind === 'complete') applying.push(effect.net);
      if (effect.kind === 'settle') {
        const { net, step, level, index } = effect.task;
        const key = `${net} ${step}`;
        for (let leaf = index << level; leaf < Math.min(options.shards, (index + 1) << level); leaf++) {
          settled.set(key, [...(settled.get(key) ?? []), leaf]);
        }
      }
    }
  };
  const newcomer = () => {
    const worker = `w${born++}`;
    idle.push(worker);
    take(
      c.handle({
        kind: 'joined',
        worker,
        pool: (['discriminator', 'generator', 'any'] as const)[random.below(3)]!,
      }),
    );
  };
  for (let nowMs = 0; effects.at(-1)?.kind !== 'finished' && nowMs < 20_000; nowMs++) {
    if (nowMs === stopAt) take(c.handle({ kind: 'stop-requested' }));
    const dice = random.uniform();
    const workers = [...busy.keys()];
    if (idle.length < 3 || dice < 0.03) newcomer();
    else if (dice < 0.08) {
      const worker = idle.splice(random.below(idle.length), 1)[0]!;
      busy.delete(worker);
      take(c.handle({ kind: 'left', worker }));
    } else if (applying.length > 0 && dice < 0.5)
      take(c.handle({ kind: 'applied', net: applying.shift()!, nowMs }));
    else if (workers.length > 0 && dice < 0.9) {
      const worker = workers[random.below(workers.length)]!;
      const task = busy.get(worker)!;
      busy.delete(worker);
      take(c.handle(answer(worker, task, nowMs)));
    } else take(c.handle({ kind: 'ticked', nowMs }));
  }
  return { effects, steps: c.current, settled };
}
