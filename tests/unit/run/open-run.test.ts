// Goal: a network that cannot make items of the asked size refuses before a picture is read, and a conditional run refuses data without
// labels. Method: a folder in which no picture could be read; folders of pictures with classes and without.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.js';
import { openRun } from '../../../src/run/open-run.js';
import { folderWith, png } from '../data/folders.js';

it.each([['100'], ['[64, 100]']])(
  'size %s of pictures is refused by dcgan before they are decoded',
  async (size) => {
    const folder = mkdtempSync(join(tmpdir(), 'nash-open-'));
    writeFileSync(join(folder, 'a.png'), 'no picture');
    const sets = ['data.source=images', `data.path=${folder}`, `data.size=${size}`];
    const config = loadConfig('configs/cifar10-dcgan.yaml', sets);
    await expect(openRun(config)).rejects.toThrow(/dcgan/);
  },
);

describe('a conditional run', () => {
  beforeAll(() => vi.stubEnv('NASH_CACHE', folderWith({})));
  afterAll(() => vi.unstubAllEnvs());
  const config = (path: string, ...sets: string[]) =>
    loadConfig('configs/cifar10-dcgan.yaml', [
      'data.source=images',
      `data.path=${path}`,
      'model.width=4',
      'model.conditional=concat',
      ...sets,
    ]);
  const picture = png(40, 40, (x, y) => [x, y, 9]);

  it('of data without labels is refused, and the same run without labels is not', async () => {
    const folder = folderWith({ 'a.png': picture, 'b.png': picture });
    await expect(openRun(config(folder))).rejects.toMatchObject({
      fault: 'usage',
      message: expect.stringMatching(
        /^model\.conditional: the data have no labels, expected .* set model\.conditional=none/,
      ),
    });
    const { classes, source } = await openRun(config(folder, 'model.conditional=none'));
    source.close();
    expect(classes).toBeUndefined();
  });

  it('is told the classes of its data, by which its networks are another', async () => {
    const folder = folderWith({ 'cat/a.png': picture, 'dog/b.png': picture, 'dog/c.png': picture });
    const run = await openRun(config(folder));
    const plain = await openRun(config(folder, 'model.conditional=none'));
    for (const { source } of [run, plain]) source.close();
    expect(run.classes).toEqual({ counts: [1, 2], names: ['cat', 'dog'] });
    expect(run.manifests.generator).not.toBe(plain.manifests.generator);
    expect(run.manifests.discriminator).not.toBe(plain.manifests.discriminator);
  });
});
