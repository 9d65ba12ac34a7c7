import { afterEach, expect, it, vi } from 'vitest';
import { describeEnvironment } from '../../../src/server/environment.js';

afterEach(() => vi.unstubAllEnvs());

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
