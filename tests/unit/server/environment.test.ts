import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeEnvironment } from '../../../src/server/environment.js';

it('a bug report names the library, the commit and the instruction sets', () => {
  const environment = describeEnvironment();
  const head = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
  expect(String(environment.commit).replace(/-dirty$/, '')).toBe(head);
  expect(environment.tensorflow).toMatchObject({ folder: expect.stringContaining('/') });
  const flags = ` ${/^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))![1]} `;
  const listed = environment.instructions as string[];
  expect(listed).not.toEqual([]);
  for (const name of ['avx2', 'avx512f', 'amx_bf16', 'fma'])
    expect(listed.includes(name), name).toBe(flags.includes(` ${name} `));
});
