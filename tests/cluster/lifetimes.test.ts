// Who outlives whom: nobody. Real processes, real signals.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  isAlive,
  nash,
  resultOf,
  scratch,
  start,
  statusWhen,
  trainWords,
  until,
  workersOnly,
} from '../support/nash.js';

const endless = (name: string) =>
  trainWords(name, 'configs/ring.yaml', { 'stop.generatorSteps': 1_000_000, 'minibatch.size': 32 }, [
    '--workers',
    'discriminator=1,generator=1',
  ]);

/** Starts a run and waits until it trains. */
async function training(name: string) {
  const run = start(endless(name));
  const { workers } = await statusWhen(
    name,
    'two workers and an evaluator',
    (s) => s.step.generator > 2 && s.workers.length === 3,
  );
  const server = JSON.parse(readFileSync(join(scratch(name), 'server.json'), 'utf8')) as { pid: number };
  return { run, server, pids: [server.pid, ...workers.map((worker) => worker.pid)] };
}

describe('a run on one host', () => {
  it('leaves no process behind when nash train is killed', async () => {
    const { run, pids } = await training('launcher-killed');
    process.kill(run.pid, 'SIGKILL');
    await until('all processes to be gone', () => !pids.some(isAlive) || undefined);
  });

  it('starts its server again when that is killed, and the workers live on', async () => {
    const { run, server, pids } = await training('server-killed');
    const workers = pids.filter((pid) => pid !== server.pid);
    process.kill(server.pid, 'SIGKILL');
    const { workers: after } = await statusWhen(
      'server-killed',
      'the same workers at another server',
      (s) => s.step.generator > 2 && s.workers.length === 3,
    );
    expect(after.map((worker) => worker.pid).sort()).toEqual(workers.sort());
    process.kill(run.pid, 'SIGINT');
    const { exitCode, stdout } = await run.finished;
    expect(exitCode).toBe(75);
    expect(stdout).toContain('the server died (137); it is started again from the last checkpoint');
    await until('all processes to be gone', () => !pids.some(isAlive) || undefined);
  });

  it('says so and ends with 1 when its server dies again and again without a step', async () => {
    const { run, pids } = await training('server-hopeless');
    const file = join(scratch('server-hopeless'), 'server.json');
    let last = 0;
    const killer = setInterval(() => {
      if (!existsSync(file)) return;
      const { pid } = JSON.parse(readFileSync(file, 'utf8')) as { pid: number };
      if (pid === last || !isAlive(pid)) return;
      last = pid;
      process.kill(pid, 'SIGKILL');
    }, 2);
    const { exitCode, stderr } = await run.finished.finally(() => clearInterval(killer));
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/server died.*--resume/);
    await until('all processes to be gone', () => !pids.some(isAlive) || undefined);
  });

  it('finishes the step, saves and ends with 75 at the first SIGINT', async () => {
    const { run, pids } = await training('interrupted');
    process.kill(run.pid, 'SIGINT');
    const { exitCode, stdout } = await run.finished;
    expect(exitCode).toBe(75);
    expect(stdout).toContain('--resume');
    const { status, steps } = resultOf('interrupted');
    expect(status).toBe('stopped');
    expect(stdout).toContain(
      `stopped at step ${steps.generator} of G, which is saved; go on with: npx nash train`,
    );
    expect(
      existsSync(join(scratch('interrupted'), 'checkpoints', `step-${steps.generator}.safetensors`)),
    ).toBe(true);
    expect(existsSync(join(scratch('interrupted'), 'server.json'))).toBe(false);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('does the same for nash stop, which prints the command that resumes', async () => {
    const { run } = await training('stopped');
    const { exitCode, stdout } = await nash('stop', scratch('stopped'));
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^stopped at step \d+ of G, which is saved; go on with: npx nash train .* --resume\n$/,
      ),
    ]);
    expect((await run.finished).exitCode).toBe(75);
    const again = await nash('stop', scratch('stopped'));
    expect([again.exitCode, again.stderr]).toEqual([2, expect.stringContaining('its server is not running')]);
  });

  it('goes on without a terminal, is shown again, and says there how it ended', async () => {
    const name = 'detached';
    const detached = await nash(...endless(name), '--detach');
    expect([detached.exitCode, detached.stderr]).toEqual([0, '']);
    const launcher = Number(/trains in the background \(process (\d+)\)/.exec(detached.stdout)![1]);
    const attached = start(['attach', scratch(name)]);
    let shown = '';
    attached.child.stdout!.on('data', (text) => {
      shown += text;
    });
    await statusWhen(name, 'some steps', ({ step }) => step.generator > 20);
    await until('them to be shown', () => /^step \d+\/1000000 · /m.test(shown));
    process.kill(launcher, 'SIGHUP'); // as if there were a terminal, and it was closed
    const { exitCode, stdout } = await attached.finished;
    const { savedStep } = resultOf(name);
    expect([exitCode, savedStep! > 20]).toEqual([75, true]);
    expect(stdout).toContain(
      `stopped at step ${savedStep} of G, which is saved; go on with: npx nash train --resume`,
    );
    await until('its end', () => !isAlive(launcher) || undefined);
    const again = await nash(...endless(name), '--detach');
    expect([again.exitCode, again.stderr]).toEqual([
      2,
      expect.stringMatching(/^nash: .* already holds a run/),
    ]);
  });

  it('goes on only on machines that compute alike, or where others are welcome', async () => {
    const { run } = await training('moved');
    process.kill(run.pid, 'SIGTERM');
    expect((await run.finished).exitCode).toBe(75);
    const sets = { 'stop.generatorSteps': resultOf('moved').steps.generator + 20, 'minibatch.size': 32 };
    const resume = (...rest: string[]) =>
      trainWords('moved', 'configs/ring.yaml', sets, [...workersOnly('any=1'), '--resume', ...rest]);
    const elsewhere = { env: { TF_ENABLE_ONEDNN_OPTS: '0' } }; // as a machine with another processor, which rounds otherwise
    const refused = await start(resume(), elsewhere).finished;
    expect([refused.exitCode, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/it alone has TF_ENABLE_ONEDNN_OPTS=0.*--other-machines/),
    ]);
    const { exitCode, stderr } = await start(resume('--other-machines'), elsewhere).finished;
    expect([exitCode, stderr]).toEqual([0, '']);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('leaves at once with its own status at the second %s', async (signal, status) => {
    const { run, pids } = await training(`twice-${signal}`);
    process.kill(run.pid, signal);
    process.kill(run.pid, signal);
    const again = setInterval(() => isAlive(run.pid) && process.kill(run.pid, signal), 5); // the kernel may have merged the two
    const { exitCode } = await run.finished.finally(() => clearInterval(again));
    expect(exitCode).toBe(status);
    await until('all processes to be gone', () => !pids.some(isAlive) || undefined);
  });
});
