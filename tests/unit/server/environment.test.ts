import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import { describeEnvironment } from '../../../src/server/environment.js';

afterEach(() => vi.unstubAllEnvs());

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

it('variables that are not on the list stay private', () => {
  vi.stubEnv('NASH_CACHE', '/cache');
  vi.stubEnv('TF_NUM_INTEROP_THREADS', '2');
  for (const name of [
    'SECRET_TOKEN',
    'TF_VAR_password',
    'TF_TOKEN',
    'TF_VAR_A',
    'NASH_SECRET',
    'XLA_FLAGS_TOKEN',
  ])
    vi.stubEnv(name, 'not for others');
  const { variables } = describeEnvironment() as { variables: Record<string, string> };
  expect(variables).toMatchObject({ NASH_CACHE: '/cache', TF_NUM_INTEROP_THREADS: '2' });
  expect(JSON.stringify(describeEnvironment())).not.toContain('not for others');
});
