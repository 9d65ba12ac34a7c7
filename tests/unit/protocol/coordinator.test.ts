import { describe, expect, it } from 'vitest';
import { RandomStream, seedOf } from '../../../src/numerics/random.js';
import type { Net } from '../../../src/parameters/manifest.js';
import {
  Coordinator,
  type CoordinatorOptions,
  type Effect,
  type Pool,
  type Task,
} from '../../../src/protocol/coordinator.js';
import type { ScheduleOptions } from '../../../src/protocol/schedule.js';

const OPTIONS: CoordinatorOptions = {
  schedule: { order: 'alternating', discriminatorSteps: 1 },
  shards: 4,
  versions: { discriminator: 0, generator: 0 },
  generatorSteps: 3,
  lateFactor: 5,
  lateFloorMs: 100,
};

const kinds = (effects: Effect[]) => effects.map((effect) => effect.kind);
const assigned = (effects: Effect[]) =>
  effects.flatMap((e) => (e.kind === 'assign' ? [{ worker: e.worker, ...e.task }] : []));
const answer = (worker: string, task: Task, nowMs = 0) => ({
  kind: 'answered' as const,
  worker,
  task,
  nowMs,
});
const join = (coordinator: Coordinator, worker: string, pool: Pool) =>
  coordinator.handle({ kind: 'joined', worker, pool });

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

  it("gives a lost worker's task to another, says why, and takes no second answer", () => {
    const c = new Coordinator(OPTIONS);
    const [task] = assigned(join(c, 'd1', 'discriminator'));
    join(c, 'd2', 'discriminator');
    const effects = c.handle({ kind: 'left', worker: 'd1' });
    expect(effects).toEqual([
      { kind: 'reissued', net: 'discriminator', reason: 'lost', worker: 'd1' },
      { kind: 'assign', worker: 'd2', task: expect.objectContaining({ step: 0, level: 2, index: 0 }) },
    ]);
    expect(kinds(c.handle(answer('d2', task!)))).toEqual(['settle', 'complete']);
    expect(c.handle(answer('d2', task!))).toContainEqual({
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
    expect(kinds(c.handle(answer('d2', task!, 130)))).toEqual(['settle', 'complete']);
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
    expect(c.waitingFor(9100)).toBe('step 0 of the discriminator: node 2.0 with d-0 for 9.1 s');
  });

  it('finishes the round that has begun when it is stopped, and no other', () => {
    for (const order of ['alternating', 'simultaneous'] as const) {
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
      const order = seed % 2 ? 'alternating' : 'simultaneous';
      const options = {
        ...OPTIONS,
        shards: 1 + (seed % 7),
        generatorSteps: 6,
        schedule: { order, discriminatorSteps: 1 + (seed % 3) } as const,
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
      take(c.handle({ kind: 'answered', worker, task, nowMs }));
    } else take(c.handle({ kind: 'ticked', nowMs }));
  }
  return { effects, steps: c.current, settled };
}
