// Peers that do not belong: each is refused by name, within a second, over real ZeroMQ, and training goes on undisturbed.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROTOCOL_VERSION, type ServerMessage, serverMessage } from '../../src/protocol/messages.js';
import { connectWorker } from '../../src/transport/dealer.js';
import { type Reach, reach } from '../../src/transport/reach.js';
import { decode, encode } from '../../src/wire/codec.js';
import { scratch, start, statusWhen, trainWords, until } from '../support/nash.js';

const NAME = 'refusing';
let endpoint = '';
let run: ReturnType<typeof start>;

beforeAll(async () => {
  run = start(
    trainWords(NAME, 'configs/ring.yaml', { 'stop.generatorSteps': 1_000_000, 'minibatch.size': 32 }),
  );
  await statusWhen(NAME, 'the first steps', (status) => status.step.generator > 2);
  endpoint = JSON.parse(readFileSync(join(scratch(NAME), 'server.json'), 'utf8')).endpoint;
});
afterAll(() => void run.child.kill('SIGKILL'));

const HELLO = {
  kind: 'hello',
  protocol: PROTOCOL_VERSION,
  role: 'worker',
  pool: 'any',
  name: 'stranger',
  pid: 1,
  host: 'elsewhere',
};
const HASH = 'a'.repeat(64);

/** Says `hello`, answers the welcome with what `prepare` makes of it, and returns the refusal. */
async function refusalOf(
  hello: object,
  prepare?: (welcome: Extract<ServerMessage, { kind: 'welcome' }>) => object,
) {
  const peer = connectWorker(reach({ endpoint }, undefined) as Reach);
  const received: ServerMessage[] = [];
  peer.onMessage((frames) => {
    const { message } = decode(serverMessage, frames);
    received.push(message);
    if (message.kind === 'welcome' && prepare) peer.send(encode(prepare(message)));
  });
  peer.send(hello instanceof Uint8Array ? [hello] : encode({ proof: peer.proof, ...hello }));
  try {
    return await until('a refusal', () => received.find((message) => message.kind === 'refused'));
  } finally {
    await peer.close();
  }
}

describe('the server refuses', () => {
  const prepared = (changes: object) => (welcome: { configHash: string }) => ({
    kind: 'prepared',
    configHash: welcome.configHash,
    manifests: { discriminator: HASH, generator: HASH },
    data: null,
    device: 'cpu',
    fingerprint: { device: '', tensorflow: '', threads: '', flags: '' },
    canaries: {},
    sharesMemory: false,
    ...changes,
  });

  it('another protocol version', async () => {
    expect(await refusalOf({ ...HELLO, protocol: 99 })).toMatchObject({
      reason: 'protocol',
      message: expect.stringContaining(`protocol 99, the server speaks ${PROTOCOL_VERSION}`),
    });
  });

  it('another protocol version whose hello looks otherwise', async () => {
    const hello = { kind: 'hello', protocol: 99, role: 'worker', rank: 3 };
    expect(await refusalOf(hello)).toMatchObject({ reason: 'protocol' });
  });

  it('who does not prove whose process he is, or with the proof of another session', async () => {
    expect(await refusalOf({ ...HELLO, proof: { key: HASH, mac: HASH } })).toMatchObject({ reason: 'key' });
    const other = connectWorker(reach({ endpoint }, undefined) as Reach);
    expect(await refusalOf({ ...HELLO, proof: other.proof })).toMatchObject({ reason: 'key' });
    await other.close();
  });

  it('a worker that reads the config differently', async () => {
    expect(await refusalOf(HELLO, prepared({ configHash: HASH }))).toMatchObject({ reason: 'config' });
  });

  it('a worker that builds another network', async () => {
    expect(await refusalOf(HELLO, prepared({}))).toMatchObject({
      reason: 'manifest',
      message: expect.stringContaining('another discriminator'),
    });
  });

  it('bytes that are no message', async () => {
    expect(await refusalOf(new Uint8Array([1, 2, 3]))).toMatchObject({ reason: 'malformed' });
  });

  it('a message of the right kind with a wrong field', async () => {
    expect(await refusalOf({ ...HELLO, pool: 'critic' })).toMatchObject({
      reason: 'malformed',
      message: expect.stringContaining("'pool'"),
    });
  });

  it('a worker that rounds otherwise, told in which respect', async () => {
    const { exitCode, stderr } = await start(['worker', '--pool', 'any', '--endpoint', endpoint], {
      env: { TF_ENABLE_ONEDNN_OPTS: '0' },
    }).finished;
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/refused this worker \(fingerprint\).*it alone has TF_ENABLE_ONEDNN_OPTS=0/);
  });

  it('and counts each by its reason, while training goes on', async () => {
    const { http } = JSON.parse(readFileSync(join(scratch(NAME), 'server.json'), 'utf8'));
    const metrics = await (await fetch(`http://${http}/metrics`)).text();
    for (const reason of ['protocol', 'config', 'manifest', 'fingerprint', 'malformed']) {
      expect(metrics).toMatch(new RegExp(`gan_refusals_total\\{reason="${reason}",run="[^"]+"\\} [1-9]`));
    }
    const { step } = await statusWhen(NAME, 'an answer', () => true);
    await statusWhen(NAME, 'more steps', (status) => status.step.generator > step.generator + 5);
  });
});

it('a peer that says hello ten thousand times, and nonsense as often, costs a bounded part of the log and no step', async () => {
  const log = join(scratch(NAME), 'logs', 'server.ndjson');
  const { step } = await statusWhen(NAME, 'an answer', () => true);
  const refusals = () => metricOf('gan_refusals_total{reason="malformed",');
  const before = await refusals();
  const peer = connectWorker(reach({ endpoint }, undefined) as Reach);
  const { proof } = peer;
  for (let i = 0; i < 10_000; i++) {
    peer.send(encode({ ...HELLO, proof, name: 'x'.repeat(128) }));
    peer.send([Uint8Array.of(1, 2, 3)]);
  }
  await until('all of them', async () => (await refusals()) >= before + 10_000 || undefined);
  await peer.close();
  expect(statSync(log).size).toBeLessThan(2 ** 20);
  await statusWhen(NAME, 'more steps', (status) => status.step.generator > step.generator + 5);
});

/** A metric as it is scraped now. @param start of its line */
async function metricOf(start: string): Promise<number> {
  const { http } = JSON.parse(readFileSync(join(scratch(NAME), 'server.json'), 'utf8'));
  const lines = (await (await fetch(`http://${http}/metrics`)).text()).split('\n');
  return Number(lines.find((line) => line.startsWith(start))?.split(' ')[1] ?? 0);
}
