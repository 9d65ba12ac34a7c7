// Goal: with which settings a run goes on: what may differ, what an amendment makes of it, and what it leaves for the next start.
import { describe, expect, it } from 'vitest';
import { type RunConfig, runConfig } from '../../../src/config/run-config.js';
import { begunWith, resumedConfig } from '../../../src/run/resumed-config.js';
import type { Amendment } from '../../../src/run/run-state.js';

type Tree = Record<string, unknown>;
const configOf = (over: Tree = {}) =>
  runConfig.parse({ data: { source: 'ring' }, model: { name: 'mlp' }, ...over });
const VERSIONS = { discriminator: 40, generator: 20 };
const K2 = { schedule: { discriminatorSteps: 2 } };
interface Before {
  begun?: RunConfig;
  given?: RunConfig;
  config?: RunConfig;
  amendments?: Amendment[];
}
const resume = (amends: string[], { begun = configOf(K2), given, config, amendments = [] }: Before = {}) =>
  resumedConfig(
    { config: config ?? begun, amendments, versions: VERSIONS },
    { config: given ?? begun, amends, origin: 'step-20' },
  );

it('nothing changes where nothing is said', () => {
  const { config, amendments, isAmended, begun } = resume([]);
  expect({ config, begun, amendments, isAmended }).toEqual({
    config: configOf(K2),
    begun: configOf(K2),
    amendments: [],
    isAmended: false,
  });
});

it('a setting that decides no bit is what it is given now', () => {
  const given = configOf({ ...K2, verify: { fraction: 0.5 }, stop: { generatorSteps: 7 } });
  const { config, isAmended, begun } = resume([], { given });
  expect([config, begun, isAmended]).toEqual([given, given, false]);
});

it('a decisive one that is given is another run, and the message says what may change and how', () => {
  expect(() => resume([], { given: configOf() })).toThrow(
    /step-20 belongs to a run with other settings: schedule.discriminatorSteps was 2, now 1.*freely: server.*--resume --amend KEY=VALUE: optimizer, schedule.order.*--run-dir DIR/,
  );
});

describe('an amendment', () => {
  it('changes rates, losses and penalties from its step on, and says what they were', () => {
    const { config, amendments, begun, isAmended } = resume([
      'optimizer.generator.learningRate=1e-4',
      'loss.name=wasserstein',
      'penalties.discriminator=[{name: r1, weight: 3}]',
    ]);
    expect(config.optimizer.generator.learningRate).toBe(1e-4);
    expect(config.loss).toEqual(configOf({ loss: { name: 'wasserstein' } }).loss);
    expect(config.penalties.discriminator).toMatchObject([{ name: 'r1', weight: 3 }]);
    expect(isAmended).toBe(true);
    expect(begun).toEqual(configOf(K2));
    expect(amendments).toHaveLength(1);
    expect(amendments[0]!.step).toBe(20);
    expect(amendments[0]!.changes).toContainEqual({
      key: 'optimizer.generator.learningRate',
      was: 2e-4,
      now: 1e-4,
    });
  });

  it('is undone by what it says, so that the run is what its config and its amendments say', () => {
    const first = resume([
      'optimizer.discriminator.beta1=0',
      'loss.name=wasserstein',
      'schedule.discriminatorSteps=5',
    ]);
    expect(begunWith(first.config, first.amendments)).toEqual(configOf(K2));
    const second = resume(['averaging.decay=0.5', 'schedule.order=simultaneous'], {
      config: first.config,
      amendments: first.amendments,
    });
    expect(second.amendments.map(({ step }) => step)).toEqual([20, 20]);
    expect(second.config.averaging.decay).toBe(0.5);
    expect(second.config.optimizer.discriminator).toMatchObject({ beta1: 0 });
    expect(begunWith(second.config, second.amendments)).toEqual(configOf(K2));
  });

  it('of a penalty with state is refused by its name, whether it begins or ends', () => {
    const lecam = 'penalties.discriminator=[{name: lecam}]';
    expect(() => resume([lecam])).toThrow(
      /^--amend cannot change this on the way: lecam in penalties.discriminator would begin, and keeps numbers beside the weights, which the checkpoint lacks \(.*init.from=RUN_DIR\)\. What may change/,
    );
    const begun = configOf({ penalties: { discriminator: [{ name: 'lecam' }], generator: [] } });
    expect(() => resume(['penalties.discriminator=[]'], { begun })).toThrow(
      /lecam in penalties.discriminator would end, .*which the checkpoint has/,
    );
    expect(resume(['penalties.discriminator=[{name: lecam}, {name: r1}]'], { begun }).isAmended).toBe(true);
  });

  it('of k begins to count at the versions of its step', () => {
    expect(resume(['schedule.discriminatorSteps=5']).config.schedule).toEqual({
      order: 'alternating',
      discriminatorSteps: 5,
      generatorSteps: 1,
      since: VERSIONS,
    });
    expect(resume(['schedule.generatorSteps=2']).config.schedule.since).toEqual(VERSIONS);
    expect(resume(['schedule.criticWarmup.rounds=0']).config.schedule.since).toEqual(VERSIONS);
    expect(resume(['loss.name=minimax']).config.schedule.since).toBeUndefined();
  });

  it('that says what holds already is none', () => {
    const { isAmended, amendments } = resume(['schedule.discriminatorSteps=2', 'seed=1']);
    expect([isAmended, amendments]).toEqual([false, []]);
  });

  it('of what decides nothing is remembered as a setting of the run', () => {
    const { config, freelyAmended, begun } = resume(['verify.fraction=0.25']);
    expect(config.verify.fraction).toBe(0.25);
    expect(begun.verify.fraction).toBe(0.25);
    expect(freelyAmended).toEqual(['verify.fraction=0.25']);
  });

  it.each([
    'seed=2',
    'model.latent=7',
    'minibatch.size=32',
    'minibatch.shards=2',
    'data.modes=4',
    'precision=bfloat16',
    'optimizer.generator.name=sgd',
    'schedule.since={discriminator: 0, generator: 0}',
  ])('cannot be %s, and the message names the way', (amend) => {
    expect(() => resume([amend])).toThrow(/--amend cannot change this on the way: .*--run-dir DIR/);
  });

  it.each([
    ['optimizer.generator.learningRat=1', /--amend: unknown key.*did you mean/],
    ['optimizer.generator.learningRate=-1', /--amend: 'optimizer.generator.learningRate' is -1/],
    ['nothing', /--amend 'nothing': expected key=value/],
  ])('%s is refused as a config would be', (amend, message) => {
    expect(() => resume([amend])).toThrow(message);
  });
});
