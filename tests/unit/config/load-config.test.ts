import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configHash } from '../../../src/config/decisive.js';
import { loadConfig } from '../../../src/config/load-config.js';
import { NashError } from '../../../src/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'nash-config-'));
function fileWith(text: string): string {
  const file = join(folder, 'a.yaml');
  writeFileSync(file, text);
  return file;
}
const RING = 'data: { source: ring }\nmodel: { name: mlp }\n';

const aliases = (first: string, width: number) =>
  [first, ...'bcd']
    .map((_, i) => `${'abcd'[i]}: &${'abcd'[i]} [${new Array(width).fill(i ? `*${'abcd'[i - 1]}` : 'x')}]`)
    .join('\n');
/** 12^4 values in 200 bytes */
const BOMB = aliases('a', 12);
/** few aliases of one large list */
const SMALL_BOMB = `a: &a [${new Array(2000).fill('x')}]\nb: [*a, *a, *a, *a, *a, *a]`;

function complaint(text: string, assignments: string[] = []): string {
  try {
    loadConfig(fileWith(text), assignments);
  } catch (error) {
    expect(error).toBeInstanceOf(NashError);
    expect((error as NashError).exitCode).toBe(2);
    return (error as NashError).message;
  }
  return 'taken';
}

describe('a run config', () => {
  it('may use an alias, and --set changes one of the places only', () => {
    const text = `${RING}optimizer: { generator: &o { name: adam, beta1: 0.3 }, discriminator: *o }`;
    const { optimizer } = loadConfig(fileWith(text), ['optimizer.generator.beta1=0.4']);
    expect([optimizer.generator, optimizer.discriminator]).toMatchObject([{ beta1: 0.4 }, { beta1: 0.3 }]);
  });

  it('that is a folder is refused', () => {
    expect(() => loadConfig(folder)).toThrow(/cannot be read: it is no file\. Give the path of a YAML file/);
  });

  it('fills in every default, visibly', () => {
    const config = loadConfig(fileWith(RING));
    expect(config.optimizer.generator).toMatchObject({ name: 'adam', learningRate: 2e-4, beta1: 0.5 });
    expect(config.schedule).toEqual({ order: 'alternating', discriminatorSteps: 1 });
    expect(Object.isFrozen(config.minibatch)).toBe(true);
  });

  it.each([
    [
      [
        'optimizer.generator.learningRate=0.5',
        'optimizer.generator.name=sgd',
        'optimizer.generator.momentum=0.25',
      ],
      { optimizer: { generator: { name: 'sgd', learningRate: 0.5, momentum: 0.25 } } },
    ],
    [
      ['data.path=elsewhere', 'data.source=mnist', 'stop.generatorSteps=7'],
      { data: { source: 'mnist', path: 'elsewhere' }, stop: { generatorSteps: 7 } },
    ],
    [
      [
        'optimizer.generator.schedule.steps=9',
        'optimizer.generator.schedule.name=linear',
        'optimizer.generator.name=sgd',
      ],
      { optimizer: { generator: { name: 'sgd', schedule: { name: 'linear', steps: 9 } } } },
    ],
    [
      ['optimizer.generator.beta1=0.1', 'optimizer.generator={name: adam, learningRate: 0.25}', 'seed=3'],
      { seed: 3, optimizer: { generator: { name: 'adam', learningRate: 0.25, beta1: 0.1 } } },
    ],
  ])('gives the same config for %j in any order', ([a, b, c], expected) => {
    const orders = [
      [a, b, c],
      [a, c, b],
      [b, a, c],
      [b, c, a],
      [c, a, b],
      [c, b, a],
    ] as string[][];
    for (const order of orders) expect(loadConfig(fileWith(RING), order)).toMatchObject(expected);
  });

  it('refuses a setting that does not fit its choice, in any order, and takes the last of two of one key', () => {
    const misfit = ['optimizer.generator.beta1=0.5', 'optimizer.generator.name=sgd'];
    for (const order of [misfit, [...misfit].reverse()])
      expect(() => loadConfig(fileWith(RING), order)).toThrow(/optimizer.generator.*beta1/);
    expect(loadConfig(fileWith(RING), ['seed=1', 'seed=2']).seed).toBe(2);
  });

  it('takes --set with YAML values, and drops the settings of a choice that changed', () => {
    const config = loadConfig(fileWith(`${RING}optimizer: { generator: { name: adam, beta1: 0.3 } }`), [
      'minibatch.size=8',
      'minibatch.shards=2',
      'optimizer.generator.name=sgd',
      'data={source: grid, deviation: 0.1}',
      'minibatch.size=16',
    ]);
    expect(config.minibatch).toEqual({ size: 16, shards: 2 });
    expect(config.optimizer.generator.name).toBe('sgd');
    expect(config.data).toMatchObject({ source: 'grid', deviation: 0.1 });
  });

  const WRONG: [what: string, text: string, sets: string[], says: RegExp][] = [
    ['an unknown key', `${RING}sead: 3`, [], /unknown key 'sead'; did you mean 'seed'\?/],
    [
      'an unknown nested key',
      RING,
      ['optimizer.generator.learningrate=0.1'],
      /did you mean 'optimizer.generator.learningRate'/,
    ],
    [
      'an unknown network',
      'data: { source: ring }\nmodel: { name: dcgann }',
      [],
      /'model.name' is "dcgann"; expected one of mlp, maxout, dcgan; did you mean 'dcgan'/,
    ],
    ['an unknown source', RING, ['data.source=mnst'], /expected one of .*mnist.*did you mean 'mnist'/],
    [
      'an unknown loss',
      RING,
      ['loss.name=hinges'],
      /'loss.name' is "hinges"; expected one of minimax, non-saturating, wasserstein/,
    ],
    [
      'an unknown entry of a list',
      RING,
      ['penalties.discriminator=[{name: r1x}]'],
      /'penalties.discriminator.0.name' is "r1x"; expected one of r1, .*did you mean 'r1'/,
    ],
    [
      'an unknown key in a list',
      RING,
      ['penalties.discriminator=[{name: r1}, {name: r1, wieght: 1}]'],
      /unknown key 'penalties.discriminator.1.wieght'; did you mean 'penalties.discriminator.1.weight'/,
    ],
    ['no data', 'model: { name: mlp }', [], /'data.*missing/],
    ['no model', 'data: { source: ring }', [], /'model.*missing/],
    [
      'shards that do not divide',
      RING,
      ['minibatch.size=10', 'minibatch.shards=4'],
      /4 shards do not divide a minibatch of 10; these do: 1, 2, 5, 10/,
    ],
    [
      'a minibatch beyond any, whose divisors nobody can list',
      RING,
      ['minibatch.size=10000000000', 'minibatch.shards=3'],
      /'minibatch.size' is 10000000000.*3 shards do not divide/s,
    ],
    [
      'a group that does not divide the shard',
      RING,
      ['minibatch.group=12'],
      /'minibatch.group'.*16; these do: 1, 2, 4, 8, 16/,
    ],
    ['a text for a number', RING, ['seed=soon'], /'seed' is "soon"/],
    ['a negative rate', RING, ['optimizer.generator.learningRate=-1'], /learningRate' is -1/],
    ['a fraction of a step', RING, ['stop.generatorSteps=1.5'], /generatorSteps' is 1.5/],
    ['an endpoint without a port', RING, ['server.endpoint=tcp://here'], /expected tcp:\/\/address:port/],
    ['an assignment without a value', RING, ['seed'], /--set 'seed': expected key=value/],
    ['an assignment through a number', RING, ['seed.a=1'], /'seed' is|unknown key 'seed.a'|'seed'/],
    ['a key that is no word', RING, ['__proto__.x=1'], /expected key=value/],
    ['broken YAML', 'data: { source: ring', [], /not valid YAML/],
    ['aliases that multiply', BOMB, [], /a\.yaml is not valid YAML: Excessive alias count/],
    ['aliases that multiply to a bit less', SMALL_BOMB, [], /a\.yaml is too large: at most 10000 values/],
    [
      'a mapping that holds itself',
      'data: &a\n  source: *a',
      [],
      /too large: at most 10000 values and 32 levels/,
    ],
    ['a list that holds itself', 'data: &a [*a]', [], /too large/],
    ['a mapping merged into itself', '&a\n<<: *a\nseed: 1', [], /too large/],
    ['lists without end', '['.repeat(60_000), [], /nested deeper than 32 levels/],
    ['keys without end', '? '.repeat(30_000), [], /nested deeper than 32 levels/],
    ['a text without end', `${RING}#${'x'.repeat(2 ** 16)}`, [], /longer than 65536 bytes/],
    [
      'a list that holds itself in a value',
      RING,
      ['data={ source: [ &a [*a] ] }'],
      /--set data=…: the value is too large/,
    ],
    ['lists without end in a value', RING, [`data=${'['.repeat(60_000)}`], /--set data=…: .* 32 levels/],
    [
      'a value without end',
      RING,
      [`seed=1 #${'x'.repeat(2 ** 16)}`],
      /--set seed=…: the value is longer than/,
    ],
    ['a key without end', RING, [`${'a.'.repeat(5000)}a=1`], /expected key=value with a dotted key/],
    ['a list', '- 1', [], /holds no mapping/],
    ['an empty file', '', [], /holds nothing/],
    ['an unknown order', RING, ['schedule.order=random'], /schedule.order' is "random"/],
    [
      'more than every task computed twice',
      RING,
      ['verify.fraction=1.1'],
      /'verify.fraction' is 1.1: too big/,
    ],
    ['bfloat8', RING, ['precision=bfloat8'], /'precision' is "bfloat8"/],
  ];
  it.each(WRONG)('refuses %s', (_, text, sets, says) => {
    const message = complaint(text, sets);
    expect(message).toMatch(says);
    expect(message).not.toMatch(/\n\s+at /);
  });

  it('that cannot be read is refused with its path', () => {
    expect(() => loadConfig(join(folder, 'absent.yaml'))).toThrow(/absent.yaml cannot be read/);
  });

  it('keeps its hash when process settings change, and loses it when a bit may change', () => {
    const hash = (...sets: string[]) => configHash(loadConfig(fileWith(RING), sets));
    expect(hash('stop.generatorSteps=7', 'server.http=127.0.0.1:0', 'checkpoint.keep=9')).toBe(hash());
    for (const set of [
      'seed=2',
      'minibatch.shards=2',
      'device.threads=2',
      'precision=bfloat16',
      'averaging.decay=0.5',
    ]) {
      expect(hash(set), set).not.toBe(hash());
    }
  });

  it.each(readdirSync('configs'))('configs/%s is valid', (name) => {
    expect(loadConfig(join('configs', name)).seed).toBe(1);
  });
});
