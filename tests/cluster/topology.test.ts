// `nash train --topology`: the same files that pm2 reads.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nvidiaDevices } from '../../src/setup/machine.mjs';
import { resultOf, scratch, start, trainWords } from '../support/nash.js';

const SETS = { 'stop.generatorSteps': 5, 'minibatch.size': 8 };
const train = (name: string, topology: string, host = '', sets: Record<string, string> = {}) =>
  start(trainWords(name, 'configs/ring.yaml', { ...SETS, ...sets }, ['--topology', topology]), {
    env: host ? { NASH_HOST: host } : {},
  }).finished;

describe('nash train --topology', () => {
  it("starts this host's workers, and no evaluator where there is to be none", async () => {
    const file = scratch('plain.yaml');
    writeFileSync(
      file,
      'hosts: { here: { server: true, discriminator: 2, any: 1 }, there: { server: false } }\nendpoint: tcp://127.0.0.1:9\n',
    );
    const anyPort = { 'server.endpoint': 'tcp://127.0.0.1:0' };
    const { exitCode, stderr } = await train('plain', file, 'here', anyPort);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(resultOf('plain').metrics).not.toHaveProperty('gan_modes_captured');
    const logs = readdirSync(join(scratch('plain'), 'logs')).filter((name) => name.endsWith('.ndjson'));
    expect(logs.sort()).toEqual(
      ['any-0', 'discriminator-0', 'discriminator-1', 'server'].map((name) => `${name}.ndjson`),
    );
  });

  it('ends with 3 at once, and leaves no folder, where it gives GPUs that are not there', async (context) => {
    if (nvidiaDevices().length > 0) context.skip('this host has a GPU');
    const { exitCode, stderr } = await train('gpus', 'cluster/topologies/gpus.yaml');
    expect([exitCode, stderr]).toEqual([3, expect.stringMatching(/no NVIDIA driver shows one/)]);
    expect(existsSync(scratch('gpus'))).toBe(false);
  });

  it('ends with 2 on a host that is not to have the server', async () => {
    const { exitCode, stderr } = await train('beta', 'cluster/topologies/two-hosts.yaml', 'beta');
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/this host's part has no server/)]);
    expect(existsSync(scratch('beta'))).toBe(false);
  });
});
