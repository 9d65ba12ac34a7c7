// Goal: who asks a run's server whether it works is told so, with the reason where it does not. Method: one run of a server and a worker,
// asked all the way: before the worker comes, while it steps, when the worker was killed, and during a stop that nobody can finish.
import { expect, it } from 'vitest';
import { freePort, scratch, start, statusWhen, trainWords, until } from '../support/nash.js';

it('is ready while steps come, 1,000 times of 1,000, and says what it waits for or that it is being stopped where none does', async () => {
  const http = `127.0.0.1:${await freePort()}`;
  const sets = { 'stop.generatorSteps': 1_000_000, 'server.http': http };
  const server = start(['server', ...trainWords('run', 'configs/ring.yaml', sets).slice(1)]);
  const page = async (path: string) => {
    const response = await fetch(`http://${http}${path}`);
    return [response.status, (await response.text()).trim()] as const;
  };
  const waited = async (net: string) =>
    Number(
      new RegExp(`^gan_waiting_seconds{.*net="${net}".*} (.+)$`, 'm').exec((await page('/metrics'))[1])![1],
    );
  const first = await until('an answer', () => page('/readyz').catch(() => undefined));
  expect(first).toEqual([503, 'starting']);
  await statusWhen('run', 'the server', () => true);
  const waiting = [503, 'waiting for workers for the discriminator and the generator'] as const;
  expect(await page('/readyz')).toEqual(waiting);
  await until('a wait for workers', async () => (await waited('discriminator')) > 0.5);

  const worker = start(['worker', '--pool', 'any', '--run-dir', scratch('run')]);
  await until('a step', async () => (await page('/readyz'))[0] === 200);
  const answers = new Set<string>();
  for (let i = 0; i < 1000; i++) answers.add((await page('/readyz')).join(' '));
  expect([...answers]).toEqual(['200 stepping']);
  expect(JSON.parse((await page('/status'))[1]).waitingFor).toBeNull();

  worker.child.kill('SIGKILL');
  const [status, reason] = await until('a run that is not ready', async () => {
    const asked = await page('/readyz');
    return asked[0] === 503 ? asked : undefined;
  });
  expect([status, reason]).toEqual([
    503,
    expect.stringMatching(/^waiting for .*no worker serves the|^waiting for workers for/),
  ]);
  expect(JSON.parse((await page('/status'))[1]).waitingFor).toBe(reason.slice('waiting for '.length));
  expect(Math.max(await waited('discriminator'), await waited('generator'))).toBeGreaterThan(4.5);

  server.child.kill('SIGTERM');
  await until('the stop to be noticed', async () => (await page('/readyz')).join(' ') === '503 stopping');
  server.child.kill('SIGTERM');
  expect((await server.finished).exitCode).toBe(143);
});
