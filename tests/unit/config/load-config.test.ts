import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configHash } from '../../../src/config/decisive.js';
import { loadConfig } from '../../../src/config/load-config.js';
import { NashError } from '../../../src/errors.js';
import { RING, WRONG } from './wrong-configs.js';

const folder = mkdtempSync(join(tmpdir(), 'nash-config-'));
function fileWith(text: string): string {
  const file = join(folder, 'a.yaml');
  writeFileSync(file, text);
  return file;
}
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
    expect(config.schedule).toEqual({ order: 'alternating', discriminatorSteps: 1, generatorSteps: 1 });
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

  it.each(WRONG)('refuses %s', (_, text, sets, says) => {
    const message = complaint(text, sets);
    expect(message).toMatch(says);
    expect(message).not.toMatch(/\n\s+at /);
  });

  it('takes a value that is no YAML as the text that it is, where that is one for its key', () => {
    const { server } = loadConfig(fileWith(RING), [
      'server.http=[::]:9464+',
      'server.endpoint=tcp://[::1]:0',
    ]);
    expect([server.http, server.endpoint]).toEqual(['[::]:9464+', 'tcp://[::1]:0']);
    expect(() => loadConfig(fileWith(RING), ['server.http=[::]:x'])).toThrow(
      /'server.http' is .*: expected host:port/,
    );
    expect(() => loadConfig(fileWith(RING), ['seed=[1'])).toThrow(/'seed' is "\[1"/);
    expect(() => loadConfig(fileWith(RING), ['data.path=*x', 'data.source=mnist'])).not.toThrow();
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

  it.each(readdirSync('configs').filter((name) => name.endsWith('.yaml')))('configs/%s is valid', (name) => {
    expect(loadConfig(join('configs', name)).seed).toBe(1);
  });
});
