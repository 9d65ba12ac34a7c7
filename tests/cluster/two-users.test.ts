// Two users on one host: while a run of the one lives, when its server is killed, and after it has come back, the other one gets nothing
// of it and is taken for nobody.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  freePort,
  isAlive,
  resultOf,
  scratch,
  start,
  statusWhen,
  trainWords,
  until,
  workersOnly,
} from '../support/nash.js';
import {
  asNobody,
  binding,
  joining,
  openToOthers,
  startAsNobody,
  trying,
  whyNoOtherUser,
} from '../support/other-user.js';

const ZEROMQ = JSON.stringify(join(process.cwd(), 'node_modules/zeromq'));
const STEPS = 400;
const SMALL = {
  'minibatch.size': 16,
  'minibatch.shards': 2,
  'evaluation.everySteps': 100_000,
  'checkpoint.everySteps': 20,
  'stop.generatorSteps': STEPS,
};
const config = { XDG_CONFIG_HOME: scratch('config') };
const read = (name: string) => JSON.parse(readFileSync(join(scratch(name), 'server.json'), 'utf8'));

/** A server and one worker, each started by itself, so that the worker outlives the server. */
async function begin(
  name: string,
  sets: Record<string, string>,
  reach: (address: { endpoint: string }) => string[],
) {
  const words = ['server', ...trainWords(name, 'configs/ring.yaml', { ...SMALL, ...sets }).slice(1)];
  const server = start(words, { env: config });
  await statusWhen(name, 'the server', () => true);
  const worker = start(['worker', '--pool', 'any', ...reach(read(name))], { env: config });
  await statusWhen(name, 'some steps', ({ step }) => step.generator > 40);
  return { words, server, worker };
}

let undisturbed: unknown;
const weightsOfUndisturbed = async () => {
  if (undisturbed === undefined) {
    const words = trainWords('undisturbed', 'configs/ring.yaml', SMALL, workersOnly('any=1'));
    expect((await start(words).finished).exitCode).toBe(0);
    undisturbed = resultOf('undisturbed').weights;
  }
  return undisturbed;
};

/** Listens in a server's place and welcomes whoever comes to a config of its own; says what it hears. */
const posing = (port: number) => `
  const { Router } = require(${ZEROMQ});
  const { pack } = require(${JSON.stringify(join(process.cwd(), 'node_modules/msgpackr'))});
  const router = new Router({ linger: 0 });
  const say = (word) => process.stdout.write(word + '\\n');
  (async () => {
    for (;;) try { await router.bind('tcp://127.0.0.1:${port}'); break; } catch { await new Promise((r) => setTimeout(r, 5)); }
    say('posing');
    (async () => { for await (const { type } of router.events) say(type); })();
    for await (const [peer, header] of router) {
      say('heard ' + header.length);
      const memory = { path: '/proc/1/fd/1', nonce: '0'.repeat(32) };
      await router.send([peer, pack({ kind: 'welcome', term: 99, branch: 0, config: {}, configHash: '0'.repeat(64), memory: { weights: memory, answers: memory } })]);
    }
  })();`;

describe.skipIf(whyNoOtherUser() !== undefined)('another user (needs root, to be him)', () => {
  const poses: { child: { kill(signal: 'SIGKILL'): void } }[] = [];
  afterAll(() => {
    for (const { child } of poses) child.kill('SIGKILL');
  });

  it('neither connects nor reads nor takes the place of a server that listens by default', async () => {
    openToOthers(scratch('.'));
    const { words, server, worker } = await begin('local', {}, () => ['--run-dir', scratch('local')]);
    const { pid, endpoint } = read('local');
    expect(endpoint).toMatch(/^ipc:\/\/\/.*\/private\/socket$/);
    const path = endpoint.slice('ipc://'.length);
    const listening = readFileSync('/proc/net/tcp', 'utf8') + readFileSync('/proc/net/unix', 'utf8');
    expect(listening).not.toMatch(/@nash/);
    expect(await asNobody(joining(endpoint))).toMatch(/retry/); // he never gets as far as a handshake
    const checkpoints = join(scratch('local'), 'checkpoints');
    const [checkpoint] = readdirSync(checkpoints);
    const files = [
      join(scratch('local'), 'private', 'worker.key'),
      join(checkpoints, checkpoint!),
      `/proc/${pid}/mem`,
    ];
    for (const file of files)
      expect(await asNobody(trying(`openSync(${JSON.stringify(file)})`))).toBe('EACCES');
    expect(await asNobody(trying(`readdirSync('/proc/${pid}/fd')`))).toBe('EACCES');

    process.kill(server.pid, 'SIGKILL');
    await server.finished;
    expect(await asNobody(binding(path))).toMatch(/EACCES|EADDRINUSE/);
    expect(await asNobody(trying(`unlinkSync(${JSON.stringify(path)})`))).toBe('EACCES');

    const second = start([...words, '--resume'], { env: config });
    expect([(await second.finished).exitCode, (await worker.finished).exitCode]).toEqual([0, 0]);
    expect(resultOf('local').weights).toEqual(await weightsOfUndisturbed());
  });

  it('has no key to a port of loopback, and is not followed when he listens there after the server’s death', async () => {
    const port = await freePort();
    const sets = { 'server.endpoint': `tcp://127.0.0.1:${port}` };
    const { words, server, worker } = await begin('loopback', sets, ({ endpoint }) => [
      '--endpoint',
      endpoint,
    ]);
    expect(await asNobody(joining(`tcp://127.0.0.1:${port}`))).toBe('handshake:error:protocol');
    const pose = startAsNobody(posing(port));
    poses.push(pose);
    process.kill(server.pid, 'SIGKILL');
    await server.finished;
    await until('the worker to knock', () => /handshake:error/.test(pose.output()));
    expect(pose.output()).not.toMatch(/heard/);
    expect(isAlive(worker.pid)).toBe(true);
    pose.child.kill('SIGKILL');
    await pose.ended;
    const second = start([...words, '--resume'], { env: config });
    const { exitCode, stderr } = await Promise.race([worker.finished, second.finished]); // neither waits for the other in vain
    expect([exitCode, stderr.replace(/^(WARNING|I0000).*\n/gm, '')]).toEqual([0, '']);
    expect([(await second.finished).exitCode, (await worker.finished).exitCode]).toEqual([0, 0]);
    expect(resultOf('loopback').weights).toEqual(await weightsOfUndisturbed());
  });
});
