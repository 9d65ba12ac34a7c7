// Several hosts, with keys: a server, and workers that reach it through links of limited bandwidth. One host's workers come over IPv4, by a
// relay that delays and stalls what they say and hear; the other's over IPv6, by a link that goes down for longer than the server waits, and
// comes back. The weights are those of a run on one host that nothing disturbed. Replay the relay's weather: NASH_RELAY_SEED=7 vitest run tests/cluster/hosts
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { nash, resultOf, scratch, syntheticCifar, trainWords, until } from '../support/nash.js';
import { Network, whyNoHosts } from '../support/network-hosts.js';

const STEPS = 100;
const PORT = 5555;
const RELAY_SEED = Number(process.env.NASH_RELAY_SEED ?? 1);
const SETS = {
  'data.path': syntheticCifar(),
  'model.width': 4,
  'minibatch.size': 16,
  'stop.generatorSteps': STEPS,
  'evaluation.everySteps': 100_000,
};

const reason = whyNoHosts();
if (reason) console.warn(`several hosts: skipped, ${reason}`);

describe.skipIf(reason !== undefined)(`a run over several hosts, relay's seed ${RELAY_SEED}`, () => {
  const network = reason === undefined ? new Network() : undefined;
  afterAll(() => network?.close());

  it('has the weights of an undisturbed one, though one host stalls and another was cut off', async () => {
    const words = (name: string, sets: object, rest: string[]) =>
      trainWords(name, 'configs/cifar10-dcgan.yaml', { ...SETS, ...sets }, rest);
    const alone = await nash(...words('alone', {}, ['--workers', 'discriminator=1,generator=1']));
    expect(alone.exitCode).toBe(0);

    const keys = scratch('keys');
    await nash('keys', 'make', '--keys', keys);
    const [server, left, right] = [1, 2, 3].map((number) => network!.host(number, 10));
    const sets = { 'server.endpoint': `tcp://[::]:${PORT}`, 'server.http': '[::1]:0', 'server.keys': keys };
    const env = { NASH_CACHE: scratch('cache') };
    const run = server!.start(['server', ...words('hosts', sets, []).slice(1)], env);
    const status = () => {
      const file = join(scratch('hosts'), 'server.json');
      if (!existsSync(file)) return undefined;
      const { http } = JSON.parse(readFileSync(file, 'utf8'));
      try {
        return JSON.parse(server!.ask('curl', '-g', '-s', '-m', '2', `http://${http}/status`)) as {
          step: { generator: number };
          workers: { id: string; state: string }[];
        };
      } catch {
        return undefined; // it is starting, or it has ended
      }
    };
    // to a worker that never met the server, a relay that hangs up is a server with other keys
    await until('the server to listen', () => status() !== undefined);
    const relay = left!.relay({ to: server!, port: PORT, seed: RELAY_SEED });
    const ways = [
      { host: left!, endpoint: relay.endpoint },
      { host: right!, endpoint: `tcp://[${server!.address6}]:${PORT}` },
    ];
    const workers = ways.flatMap(({ host, endpoint }, i) =>
      ['discriminator', 'generator'].map((pool) =>
        host.start(
          ['worker', '--pool', pool, '--name', `${pool}-${i}`, '--keys', keys, '--endpoint', endpoint],
          env,
        ),
      ),
    );
    const ready = (count: number) =>
      until(`${count} workers at work`, () => {
        const now = status();
        return now && now.workers.length === count && now.workers.every(({ state }) => state !== 'preparing')
          ? now
          : undefined;
      });
    const before = await ready(4);
    expect(before.step.generator).toBeLessThan(STEPS);
    right!.link('down');
    const cut = await ready(2); // the server has given them up
    expect(cut.step.generator).toBeLessThan(STEPS);
    right!.link('up');
    await ready(4);
    const { exitCode, output } = await run;
    expect([exitCode, output]).toEqual([0, expect.any(String)]);
    for (const worker of workers) expect(await worker).toEqual({ exitCode: 0, output: expect.any(String) });
    expect(resultOf('hosts').weights).toEqual(resultOf('alone').weights);
    expect(gone('hosts').filter(({ why }) => why === 'unreachable').length).toBeGreaterThanOrEqual(2);
    expect(relay.output()).toContain('stall:');
  }, 400_000);
});

/** Workers that the server's log says are gone. */
const gone = (name: string): { peer: string; why: string }[] =>
  readdirSync(join(scratch(name), 'logs'))
    .flatMap((file) => readFileSync(join(scratch(name), 'logs', file), 'utf8').split('\n'))
    .filter((line) => line.includes('"worker gone"'))
    .map((line) => JSON.parse(line));
