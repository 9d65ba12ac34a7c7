// The topology file: what it means, and what a person is told who gets it wrong.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadTopology, partOf } from '../../../src/config/topology.js';

const folder = mkdtempSync(join(tmpdir(), 'nash-topology-'));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
function written(text: string): string {
  count += 1;
  const file = join(folder, `${count}.yaml`);
  writeFileSync(file, text);
  return file;
}

describe('a topology', () => {
  it('gives each host its part, and defaults to nothing', () => {
    const topology = loadTopology(
      written(
        'endpoint: tcp://10.0.0.1:5555\nhosts: { a: { server: true, generator: [0, GPU-1a2b] }, b: { any: 3 } }',
      ),
    );
    const none = { server: false, evaluator: false, discriminator: 0, generator: 0, any: 0 };
    expect(partOf(topology, { hostname: 'a' })).toEqual({
      host: 'a',
      part: { ...none, server: true, generator: [0, 'GPU-1a2b'] },
    });
    expect(partOf(topology, { wished: 'b', hostname: 'a' }).part).toEqual({ ...none, any: 3 });
    expect(() => partOf(topology, { hostname: 'c' })).toThrow(
      /this host's name, c, is none of its hosts: a, b/,
    );
    expect(() => partOf(topology, { wished: 'c', hostname: 'a' })).toThrow(/NASH_HOST=c, is none/);
  });

  it('may have its server at an address of IPv6', () => {
    const text = 'endpoint: tcp://[fd00::1]:5555\nhosts: { a: { server: true }, b: { any: 1 } }';
    expect(loadTopology(written(text)).endpoint).toBe('tcp://[fd00::1]:5555');
  });

  it('that names localhost stands for any host', () => {
    const topology = loadTopology(written('hosts: { localhost: { server: true } }'));
    expect(partOf(topology, { hostname: 'whatever' }).host).toBe('localhost');
  });

  it.each([
    [
      'hosts: { a: { server: true, discriminater: 2 } }',
      /host a: unknown key 'discriminater'; did you mean 'discriminator'\?/,
    ],
    ['hosts: { a: { server: true, generator: -1 } }', /host a: 'generator': expected a count of workers/],
    ['hosts: { a: { server: true, generator: [x] } }', /host a: 'generator': expected a count of workers/],
    ['hosts: { a: { generator: 1 } }', /a run has one server, and no host has one/],
    ['hosts: { a: { server: true }, b: { server: true } }', /a and b have one/],
    ['hosts: { a: { server: true }, b: { any: 1 } }', /several hosts and no 'endpoint'/],
    [
      'endpoint: tcp://10.0.0.1:0\nhosts: { a: { server: true } }',
      /'endpoint' is "tcp:\/\/10.0.0.1:0": expected/,
    ],
    [
      'endpoint: tcp://10.0.0.1:5\nhosts: { a: { server: true }, b: { evaluator: true } }',
      /b has the evaluator but not the server/,
    ],
    ['host: {}', /unknown key 'host'; did you mean 'hosts'\?/],
    ['', /holds nothing; expected keys as in cluster\/topologies\/laptop.yaml/],
  ])('%s is refused', (text, says) => {
    expect(() => loadTopology(written(text))).toThrow(says);
  });

  it('is each of the files in cluster/topologies', () => {
    const files = readdirSync('cluster/topologies');
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) loadTopology(join('cluster/topologies', file));
  });
});
