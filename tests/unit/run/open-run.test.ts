// Goal: a network that cannot make items of the asked size refuses before a picture is read. Method: a folder in which none could be.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.js';
import { openRun } from '../../../src/run/open-run.js';

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
