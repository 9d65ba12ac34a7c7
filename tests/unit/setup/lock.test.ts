import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { withLock } from '../../../src/setup/lock.mjs';

let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'nash-lock-')), 'lock');
});
const never = (holder: number) => {
  throw new Error(`waited for ${holder}`);
};

it('names its process while it is held, and is gone afterwards', async () => {
  await withLock(path, never, async () =>
    expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`^${process.pid} `)),
  );
  expect(existsSync(path)).toBe(false);
});

it('is released when the work throws', async () => {
  await expect(withLock(path, never, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(existsSync(path)).toBe(false);
});

it('that a dead process left is taken over', async () => {
  const dead = spawnSync('true').pid;
  writeFileSync(path, `${dead} 123 ${hostname()}\n`);
  expect(await withLock(path, never, async () => 'mine')).toBe('mine');
});

it('of a pid that was given to another process since is taken over', async () => {
  writeFileSync(path, `${process.pid} 1 ${hostname()}\n`);
  expect(await withLock(path, never, async () => 'mine')).toBe('mine');
});

it('that was left empty or torn is taken over', async () => {
  writeFileSync(path, '');
  expect(await withLock(path, never, async () => 'mine')).toBe('mine');
});

it('is held by one at a time, and those that wait say for whom, once', async () => {
  const waited: number[] = [];
  let inside = 0;
  const most: number[] = [];
  const work = async () => {
    most.push(++inside);
    await new Promise((done) => setImmediate(done));
    inside--;
  };
  await Promise.all([1, 2, 3].map(() => withLock(path, (holder) => void waited.push(holder), work)));
  expect(most).toEqual([1, 1, 1]);
  expect(waited).toEqual([process.pid, process.pid]);
});
