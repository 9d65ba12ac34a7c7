// Goal: what goes with pairs and what needs them is said before anything is read, in one line each. Method: configs by hand.
import { describe, expect, it } from 'vitest';
import { runConfig } from '../../../src/config/run-config.js';

describe('a config', () => {
  const issues = (config: object) => {
    const { error } = runConfig.safeParse(config);
    return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
  };
  const cifar10 = { source: 'cifar10', pairs: { name: 'grayscale' } };
  const pix2pix = { name: 'pix2pix' };

  it('with pairs, pix2pix and the pixel distance is as it should be', () => {
    const penalties = { generator: [{ name: 'pixel-l1' }] };
    expect(issues({ data: cifar10, model: pix2pix, penalties })).toEqual([]);
  });

  it.each<[string, object, RegExp]>([
    [
      'pix2pix without pairs',
      { data: { source: 'cifar10' }, model: pix2pix },
      /^model.name: pix2pix makes .* no pairs/,
    ],
    [
      'pairs without pix2pix',
      { data: cifar10, model: { name: 'dcgan' } },
      /^model.name: dcgan makes pictures of noise/,
    ],
    [
      'pixel-l1 without pairs',
      {
        data: { source: 'cifar10' },
        model: { name: 'dcgan' },
        penalties: { generator: [{ name: 'pixel-l1' }] },
      },
      /^penalties.generator.0: pixel-l1 compares .* no pairs/,
    ],
    [
      'labels beside pairs',
      { data: cifar10, model: { name: 'module', module: './a.ts', conditional: 'concat' } },
      /^model.conditional: labels and 'data.pairs' do not go together/,
    ],
    [
      'pairs of points',
      { data: { source: 'ring', pairs: { name: 'masked' } }, model: { name: 'mlp' } },
      /pairs/,
    ],
    [
      'contrast beside pairs',
      { data: { ...cifar10, contrast: {} }, model: pix2pix },
      /^data.contrast: it would change a picture and not/,
    ],
    [
      'halves of pictures that are no files',
      { data: { source: 'cifar10', pairs: { name: 'side-by-side' } }, model: pix2pix },
      /^data.pairs.name: side-by-side takes the halves of pictures in files, and 'data.source' is cifar10: set that to images or parquet/,
    ],
    [
      'augmentation beside pairs',
      { data: cifar10, model: pix2pix, augmentation: { name: 'diffaugment' } },
      /^augmentation.name: diffaugment would change a picture and not/,
    ],
    [
      'consistency beside pairs',
      { data: cifar10, model: pix2pix, penalties: { discriminator: [{ name: 'consistency' }] } },
      /^penalties.discriminator.0: consistency would change/,
    ],
  ])('refuses %s in one line', (_, config, message) => {
    const found = issues(config);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(message);
    expect(found[0]).not.toContain('\n');
  });
});
