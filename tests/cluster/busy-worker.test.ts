// Goal: libzmq answers heartbeats while a worker computes, however much it is sent meanwhile. It reads none behind a full queue, and then
// the connection is taken for dead after 10 s. Method: a process with the worker's end of the wire, whose loop waits in a system call.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { PrivateFolder } from '../../src/transport/private-folder.js';
import { bindServer } from '../../src/transport/router.js';

const folder = mkdtempSync(join(tmpdir(), 'nash-busy-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A version of a net with 200 million weights, in blocks; here they are short. */
const MESSAGES = 200;
const BYTES = 2 ** 16;
const FLUSH_MS = 10_000;

/** Says hello, blocks its loop from the first message on until something stands in its standard input, and says what it has got. */
const program = (path: string) => `
  import { readSync } from 'node:fs';
  import { connectWorker } from ${JSON.stringify(join(process.cwd(), 'dist/transport/dealer.js'))};
  import { PrivateFolder } from ${JSON.stringify(join(process.cwd(), 'dist/transport/private-folder.js'))};
  const { endpoint } = PrivateFolder.open(${JSON.stringify(path)});
  const worker = connectWorker({ endpoint, name: endpoint, close() {} });
  const got = [];
  worker.onMessage(([number]) => {
    if (got.length === 0) readSync(0, Buffer.alloc(1));
    if (got.push(number.readUInt32LE()) < ${MESSAGES}) return;
    worker.send([Buffer.from(JSON.stringify(got))]);
  });
  worker.send([Buffer.from('hello')]);`;

it('a worker whose loop is busy takes all that is sent, and finds it in order afterwards', async () => {
  const inner = PrivateFolder.make(join(folder, 'inner'));
  const server = await bindServer();
  await server.open(inner);
  const child = spawn(process.execPath, ['--input-type=module', '-e', program(inner.path)], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const heard: string[] = [];
  let told = () => {};
  let peer = '';
  server.onMessage((envelope) => {
    peer = envelope.peer;
    heard.push(String(Buffer.from(envelope.frames[0]!)));
    told();
  });
  const word = () =>
    new Promise<void>((resolve) => {
      told = resolve;
    });
  try {
    await word();
    const numbers = Array.from({ length: MESSAGES }, (_, i) => i);
    for (const number of numbers) {
      const bytes = Buffer.alloc(BYTES);
      bytes.writeUInt32LE(number);
      server.send(peer, [bytes]);
    }
    await server.flush(FLUSH_MS);
    expect(server.bytes.sent).toBe(MESSAGES * BYTES);
    const answer = word();
    child.stdin!.write('.');
    await answer;
    expect(heard).toEqual(['hello', JSON.stringify(numbers)]);
  } finally {
    child.kill('SIGKILL');
    await server.close();
  }
});
