// Which settings may differ when a run is resumed: those that decide no bit of its weights, which depends on whether it may go back.
import { describe, expect, it } from 'vitest';
import { changeableInWords, configHash, decisiveChanges } from '../../../src/config/decisive.js';
import { runConfig } from '../../../src/config/run-config.js';

type Tree = Record<string, unknown>;
const configOf = (over: Tree) =>
  runConfig.parse({ data: { source: 'images', path: 'a', size: 8 }, model: { name: 'mlp' }, ...over });

const ALERT = {};
const STOP = { onCollapse: 'stop' };
const COLLAPSE = { onCollapse: 'rollback' };
const DIVERGENCE = { onDivergence: 'rollback' };

/** Each change, and the runs in which it decides. */
const CHANGES: [string, Tree, Tree, readonly Tree[]][] = [
  ['server', {}, { server: { http: '127.0.0.1:1' } }, []],
  ['verify', {}, { verify: { fraction: 0.5 } }, []],
  ['data.path', {}, { data: { source: 'images', path: 'b', size: 8 } }, []],
  ['device.kind', {}, { device: { kind: 'cpu' } }, []],
  ['checkpoint.everySeconds', {}, { checkpoint: { everySeconds: 5 } }, []],
  ['ledger', {}, { ledger: { everySteps: 5 } }, []],
  ['checkpoint.patienceSeconds', {}, { checkpoint: { patienceSeconds: 5 } }, []],
  ['checkpoint.everySteps', {}, { checkpoint: { everySteps: 7 } }, [COLLAPSE, DIVERGENCE]],
  ['checkpoint.keep', {}, { checkpoint: { keep: 1 } }, [COLLAPSE]],
  ['evaluation.everySteps', {}, { evaluation: { everySteps: 7 } }, [COLLAPSE]],
  ['evaluation.samples', {}, { evaluation: { samples: 77 } }, [COLLAPSE]],
  ['divergence.loss', {}, { divergence: { loss: 7 } }, [DIVERGENCE]],
  ['collapse.patience', {}, { collapse: { patience: 7 } }, [COLLAPSE]],
  ['stop.generatorSteps', {}, { stop: { generatorSteps: 7 } }, [COLLAPSE]],
  ['seed', {}, { seed: 2 }, [ALERT, STOP, COLLAPSE, DIVERGENCE]],
  ['device.threads', {}, { device: { threads: 2 } }, [ALERT, STOP, COLLAPSE, DIVERGENCE]],
  ['minibatch.shards', {}, { minibatch: { shards: 2 } }, [ALERT, STOP, COLLAPSE, DIVERGENCE]],
  ['data.size', {}, { data: { source: 'images', path: 'a', size: 16 } }, [ALERT, STOP, COLLAPSE, DIVERGENCE]],
  [
    'penalties.discriminator',
    {},
    { penalties: { discriminator: [{ name: 'r1' }] } },
    [ALERT, STOP, COLLAPSE, DIVERGENCE],
  ],
];

describe.each(CHANGES)('a change of %s', (key, before, now, where) => {
  it.each([ALERT, STOP, COLLAPSE, DIVERGENCE])('under %j is told where it decides, and only there', (run) => {
    const changes = decisiveChanges(configOf({ ...before, ...run }), configOf({ ...now, ...run }));
    const decides = where.includes(run);
    expect(changes.map((change) => change.split(' was ')[0])).toEqual(decides ? [key] : []);
    const same = configHash(configOf({ ...before, ...run })) === configHash(configOf({ ...now, ...run }));
    expect(same).toBe(!decides);
  });
});

describe('onCollapse and onDivergence', () => {
  const change = (a: Tree, b: Tree) => decisiveChanges(configOf(a), configOf(b));

  it('a run that is only watched may be stopped by a collapse from now on', () => {
    expect(change(ALERT, STOP)).toEqual([]);
  });

  it('a run that goes back on collapse is another one', () => {
    expect(change(ALERT, COLLAPSE)).toEqual(['onCollapse was "alert", now "rollback"']);
    expect(change(COLLAPSE, STOP)).toEqual(['onCollapse was "rollback", now "stop"']);
  });

  it('one that ended in divergence may go back instead, with the checkpoints that it has', () => {
    expect(change(ALERT, DIVERGENCE)).toEqual([]);
    expect(change(ALERT, { ...DIVERGENCE, checkpoint: { everySteps: 7 } })).toEqual([
      'checkpoint.everySteps was 500, now 7',
    ]);
  });
});

it('the list is told in words', () => {
  expect(changeableInWords()).toBe(
    'freely: server, verify, onDivergence, data.path, data.damaged, init.from, device.kind, ledger, checkpoint.everySeconds, checkpoint.keepBest and checkpoint.patienceSeconds; ' +
      'divergence (not where onDivergence is rollback); ' +
      'checkpoint.everySteps (not where onCollapse or onDivergence is rollback); ' +
      'checkpoint.keep, evaluation, collapse, onCollapse and stop (not where onCollapse is rollback). ' +
      'From a step on, with --resume --amend KEY=VALUE: optimizer, schedule.order, schedule.discriminatorSteps, schedule.auto, schedule.generatorSteps, schedule.criticWarmup, loss, penalties, instanceNoise, init.freeze, averaging ' +
      "(an optimizer's name not, nor whether it looks ahead). Anything else is another run: nash train CONFIG --set KEY=VALUE --run-dir DIR",
  );
});
