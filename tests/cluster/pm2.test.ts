// Goal: a run under the real pm2 is the run of `nash train`, whatever an operator does to it. Method: every verb of pm2's on a living
// run, each run carried to its end and its weights compared with those of an undisturbed one.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { nvidiaDevices } from '../../src/setup/machine.mjs';
import {
  freePort,
  isAlive,
  nash,
  resultOf,
  scratch,
  statusWhen,
  trainWords,
  until,
} from '../support/nash.js';
import { type App, appsNow, ECOSYSTEM, pm2 } from '../support/pm2.js';

const RING = 'configs/ring.yaml';
/** A run of about ten seconds, so that what is started in its first half still takes part in it. */
const STEPS = 2000;
const SETS = {
  'minibatch.size': 128,
  'stop.generatorSteps': STEPS,
  'checkpoint.everySteps': 300,
  'evaluation.everySteps': 1000,
};

/** NASH_ARGS: the words of `nash train` without its name. */
const argsOf = (run: string, rest: string[]) => trainWords(run, RING, SETS, rest).slice(1);
const workers = (counts: string) => ['--workers', counts];
const ONE_EACH = workers('discriminator=1,generator=1');

const startAll = async (args: string[], ...rest: string[]) => {
  const started = await pm2(['start', ECOSYSTEM, ...rest], args);
  expect([started.exitCode, started.stderr.includes('nash:')]).toEqual([0, false]);
};
const stepBeyond = (run: string, step: number, and = (_: string[]) => true) =>
  statusWhen(
    run,
    `step ${step} of ${run}`,
    (s) => s.step.generator > step && and(s.workers.map((worker) => worker.id)),
  );
const appNamed = (apps: App[], name: string) => apps.find((app) => app.name === name)!;
/** All apps at rest. One that pm2 is about to start again is `stopped` for a moment too, but still has its process id. */
const atRest = () =>
  until('all apps to rest', async () => {
    const apps = await appsNow();
    return apps.every(({ status, pid }) => status === 'stopped' && pid === 0) ? apps : undefined;
  });
const isDone = (run: string) =>
  existsSync(join(scratch(run), 'result.json')) && resultOf(run).status === 'done';
const logOf = (run: string) => readFileSync(join(scratch(run), 'logs', 'server.ndjson'), 'utf8');

beforeAll(async () => {
  const { exitCode, stderr } = await nash(...trainWords('undisturbed', RING, SETS, ONE_EACH));
  expect([exitCode, stderr]).toEqual([0, '']);
});

describe('a run under pm2', () => {
  it('has the bits of nash train after a killed worker, a restarted one, a restarted server and more workers', async () => {
    const run = 'disturbed';
    await startAll(argsOf(run, ONE_EACH));
    const { workers: first } = await stepBeyond(run, 20);
    const before = await appsNow();
    expect(before.map((app) => app.name).sort()).toEqual([
      'discriminator-0',
      'evaluator',
      'generator-0',
      'server',
    ]);

    process.kill(first.find((worker) => worker.id === 'discriminator-0')!.pid, 'SIGKILL');
    const killedAt = (await stepBeyond(run, 20)).step.generator;
    await pm2(['restart', 'generator-0']);
    const { step } = await stepBeyond(run, killedAt, (ids) => ids.includes('discriminator-0'));
    expect(appNamed(await appsNow(), 'discriminator-0').restarts).toBe(1);

    await pm2(['restart', 'server']);
    const more = argsOf(run, workers('discriminator=1,generator=2'));
    await startAll(more, '--only', 'generator-1');
    await pm2(['scale', 'discriminator-0', '2']);
    await stepBeyond(run, step.generator);

    const rested = await atRest();
    expect(appNamed(rested, 'server').exitCode).toBe(64);
    expect(resultOf(run)).toMatchObject({
      status: 'done',
      steps: { discriminator: STEPS, generator: STEPS },
      weights: resultOf('undisturbed').weights,
    });
    const log = logOf(run);
    for (const said of ['"resumedFrom":', '"peer":"generator-1"', '"peer":"discriminator-0.2"'])
      expect(log).toContain(said);
    expect(readdirSync(join(scratch(run), 'logs')).sort()).toEqual(
      expect.arrayContaining(['discriminator-0.ndjson', 'evaluator.ndjson', 'server.ndjson']),
    );
  });

  it('stays as it is when it is finished and pm2 starts it again', async () => {
    const written = readFileSync(join(scratch('disturbed'), 'result.json'), 'utf8');
    await pm2(['restart', 'server']);
    const apps = await atRest();
    expect(appNamed(apps, 'server').exitCode).toBe(64);
    expect(readFileSync(join(scratch('disturbed'), 'result.json'), 'utf8')).toBe(written);
  });

  it('keeps its processes: another run, in a folder of the same name too, is refused with the way out until it is deleted', async () => {
    const before = await appsNow();
    for (const other of ['other', 'elsewhere/disturbed']) {
      const { exitCode, stderr } = await pm2(['start', ECOSYSTEM], argsOf(other, ONE_EACH));
      expect([exitCode, stderr]).toEqual([
        2,
        expect.stringMatching(/^nash: pm2 has an app 'server' already, of 'disturbed' .*PM2_HOME=/),
      ]);
    }
    expect(await appsNow()).toEqual(before);
    expect(existsSync(scratch('other'))).toBe(false);
    expect((await pm2(['delete', 'disturbed'])).exitCode).toBe(0);
    expect(await appsNow()).toEqual([]);
  });

  it('has the bits of nash train after stop, start, save, a reboot, resurrect and nash stop', async () => {
    const run = 'rebooted';
    await startAll(argsOf(run, workers('any=2')));
    const { workers: alive } = await stepBeyond(run, 20);
    await pm2(['stop', run]);
    expect(alive.filter(({ pid }) => isAlive(pid))).toEqual([]);
    const stopped = resultOf(run);
    expect(stopped.status).toBe('stopped');
    // the workers helped to finish the round: nothing is lost
    expect(existsSync(join(scratch(run), 'checkpoints', `step-${stopped.steps.generator}.safetensors`))).toBe(
      true,
    );

    await pm2(['start', run]);
    await pm2(['save']);
    const { step } = await stepBeyond(run, stopped.steps.generator);
    await pm2(['kill']);
    expect(existsSync(join(scratch(run), 'server.json'))).toBe(false);
    await pm2(['resurrect']);
    await stepBeyond(run, step.generator);

    expect((await nash('stop', scratch(run))).exitCode).toBe(0);
    const rested = await atRest();
    expect(appNamed(rested, 'server').exitCode).toBe(75);
    await pm2(['restart', run]);
    await until('the end of the run', () => isDone(run) || undefined);
    expect(resultOf(run).weights).toEqual(resultOf('undisturbed').weights);
    await atRest();
    await pm2(['delete', run]);
    expect(await appsNow()).toEqual([]);
  });

  it('has the bits of nash train on two hosts, each of which starts its part, through a death of the server', async () => {
    const run = 'two-hosts';
    const topology = scratch('two-hosts.yaml');
    writeFileSync(
      topology,
      `endpoint: tcp://127.0.0.1:${await freePort()}\n` +
        'hosts: { alpha: { server: true, discriminator: 1 }, beta: { generator: 2 } }\n',
    );
    const args = argsOf(run, ['--topology', topology]);
    for (const host of ['beta', 'alpha']) await pm2(['start', ECOSYSTEM], args, host);
    expect((await appsNow('alpha')).map((app) => app.name).sort()).toEqual(['discriminator-0', 'server']);
    expect((await appsNow('beta')).map((app) => app.name).sort()).toEqual(['generator-0', 'generator-1']);
    await stepBeyond(run, 20, (ids) => ids.includes('generator-1@beta'));
    const { pid } = JSON.parse(readFileSync(join(scratch(run), 'server.json'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    await until('the end of the run', () => isDone(run) || undefined);
    expect(resultOf(run).weights).toEqual(resultOf('undisturbed').weights);
    expect(logOf(run).match(/"msg":"server listening"/g)).toHaveLength(2);
  });

  it('rests with 3, and leaves no folder, where the topology asks for GPUs that are not there', async (context) => {
    if (nvidiaDevices().length > 0) context.skip('this host has a GPU');
    await startAll(argsOf('gpus', ['--topology', 'cluster/topologies/gpus.yaml']));
    const apps = await atRest();
    expect(apps.map(({ exitCode, restarts }) => [exitCode, restarts])).toEqual(Array(6).fill([3, 0]));
    expect(existsSync(scratch('gpus'))).toBe(false);
    expect(readFileSync(scratch('.pm2-logs/gpus/server.err.log'), 'utf8')).toMatch(
      /no NVIDIA driver shows one/,
    );
    await pm2(['delete', 'gpus']);
  });

  it.each([
    ['no arguments', [], /NASH_ARGS is empty/],
    ['an unknown config', ['configs/rung.yaml'], /cannot be read/],
    ['--force, which would be repeated', [RING, '--force'], /repeated whenever pm2 starts/],
    [
      'a host that the topology lacks',
      [RING, '--topology', 'cluster/topologies/two-hosts.yaml'],
      /none of its hosts: alpha, beta/,
    ],
  ] as const)('is refused with 2 for %s', async (_, args, says) => {
    const { exitCode, stderr } = await pm2(['start', ECOSYSTEM], args);
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(says)]);
    expect(await appsNow()).toEqual([]);
  });
});
