// Goal: whatever stands at a server's address, `nash status` and `nash stop` say so and end by the table; nobody keeps them from a server
// that lives. Method: real sockets that say nothing, break, or answer something else.
import { spawn } from 'node:child_process';
import { chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startOf } from '../../src/run-folder/process-stat.js';
import { serveHttp } from '../../src/server/pages/http.js';
import { nash, scratch, until } from '../support/nash.js';

const open: { close(): unknown }[] = [];
afterAll(() => {
  for (const each of open) each.close();
});

/** The folder of a run whose server is said to be at an address, as a process: this one, unless another is named. */
function runAt(
  name: string,
  http: string,
  said: { pid?: number; started?: string | undefined } = {},
): string {
  const folder = scratch(name);
  mkdirSync(folder, { recursive: true });
  const { pid } = process;
  const address = {
    ...{ pid, started: startOf(pid), endpoint: 'tcp://127.0.0.1:1', localEndpoint: 'ipc://@x', http },
    host: hostname(),
    ...said,
  };
  writeFileSync(join(folder, 'server.json'), JSON.stringify(address));
  return folder;
}

async function listening(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket.on('error', () => {})));
  open.push(server, { close: () => sockets.forEach((socket) => void socket.destroy()) });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const saying = (text: string) =>
  createServer((socket) =>
    socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`),
  );

const STATUS = JSON.stringify({
  step: { discriminator: 7, generator: 7 },
  waitingFor: null,
  workers: [],
  http: 'here',
  endpoint: '',
});

const ESC = '\u001b';

/** Writes an answer that never ends, as fast as it is read. */
async function pour(socket: Socket): Promise<void> {
  socket.write('HTTP/1.1 200 OK\r\n\r\n');
  while (!socket.destroyed) await new Promise((done) => socket.write(' '.repeat(2 ** 16), done));
}

describe.each(['status', 'stop'])('nash %s', (command) => {
  it.each<[string, () => Server, number, RegExp]>([
    ['says nothing', () => createServer(), 2, /does not answer at http:\/\/127.* \(nothing for 5 s\)/],
    ['breaks off', () => createServer((socket) => socket.destroy()), 2, /does not answer at/],
    [
      'begins an answer',
      () => createServer((s) => s.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{')),
      2,
      /nothing for 5 s/,
    ],
    ['answers something else', () => saying('hello'), 1, /answers no status of .* but/],
    ['answers JSON of another form', () => saying('{"a":1}'), 1, /answers no status of .* but/],
    [
      'answers a step that is none',
      () => saying(STATUS.replace('7', '"7"')),
      1,
      /one whose 'step.discriminator' is wrong/,
    ],
    [
      'answers without end',
      () => createServer((s) => void pour(s)),
      1,
      /answers no status of .* but more than 8388608 bytes/,
    ],
    ['moves the cursor', () => saying(`${ESC}[2J${'x'.repeat(100_000)}`), 1, /^nash: \P{Cc}{1,1000}\n$/u],
    [
      'sends the caller on',
      () => createServer((s) => s.end('HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n\r\n')),
      1,
      /answers no status of .* but 302/,
    ],
  ])('says so and ends by the table where somebody %s', async (what, make, exitCode, message) => {
    const folder = runAt(`${command} ${what}`, await listening(make()));
    const finished = await nash(command, folder);
    expect(finished).toMatchObject({ exitCode, stdout: '' });
    expect(finished.stderr).toMatch(/^nash: [^\n]+\n$/);
    expect(finished.stderr).toMatch(message);
  });
});

/** A process of this test, and when it started. */
function someProcess() {
  const child = spawn('sleep', ['1000']);
  open.push({ close: () => child.kill('SIGKILL') });
  const pid = child.pid!;
  return { child, pid, started: startOf(pid)!, isAlive: () => startOf(pid) !== undefined };
}

/** A program that has a dead server's port, says what a server would, and counts who asked. */
async function impostor() {
  const asked: string[] = [];
  const server = createServer((socket) => {
    asked.push('connection');
    socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${STATUS.length}\r\n\r\n${STATUS}`);
  });
  return { asked, http: await listening(server) };
}

describe.each(['status', 'stop'])('of a server that was killed, nash %s', (command) => {
  const killed = (because: RegExp) => ({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringMatching(
      new RegExp(`^nash: the server of .* was killed: ${because.source}.*--resume.*\\n$`),
    ),
  });

  it('says so, and does not ask whoever has its port now', async () => {
    const { asked, http } = await impostor();
    const { child, pid, started, isAlive } = someProcess();
    child.kill('SIGKILL');
    await until('its end', () => !isAlive());
    // of an earlier end: the run was resumed since
    const result = { status: 'stopped', steps: { discriminator: 7, generator: 7 }, metrics: {} };
    writeFileSync(join(runAt(`${command} killed`, http), 'result.json'), JSON.stringify(result));
    for (const said of [
      { pid, started },
      { pid, started: undefined },
    ])
      expect(await nash(command, runAt(`${command} killed`, http, said))).toMatchObject(
        killed(/there is no such process/),
      );
    expect(asked).toEqual([]);
  });

  it('says so where its process id is that of another program, which is not signalled', async () => {
    const { asked, http } = await impostor();
    const { pid, started, isAlive } = someProcess();
    const folder = runAt(`${command} again`, http, { pid, started: String(Number(started) - 1) });
    expect(await nash(command, folder)).toMatchObject(killed(/its process id is that of another/));
    expect([asked, isAlive()]).toEqual([[], true]);
  });
});

it('an older server did not say when it started, and is asked all the same', async () => {
  const { http } = await impostor();
  const { exitCode, stdout } = await nash('status', runAt('older', http, { started: undefined }));
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining('step 7 of G')]);
});

it.skipIf(process.getuid?.() !== 0)(
  'nash stop ends no process of another user than whose server.json names it (needs root)',
  async () => {
    const { http } = await impostor();
    const { pid, started, isAlive } = someProcess();
    const folder = runAt('of another', http, { pid, started });
    chownSync(join(folder, 'server.json'), 65534, 65534);
    expect(await nash('stop', folder)).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^nash: .*server.json is user 65534's, and process \d+.* acts for user 0/,
      ),
    });
    expect(isAlive()).toBe(true);
  },
);

it('nash stop signals no group of processes', async () => {
  const { http } = await impostor();
  for (const pid of [1.5, -(2 ** 22 + 1)]) {
    // a group that is none: a real one would be ended where this fails
    const group = await nash('stop', runAt(`group ${pid}`, http, { pid }));
    expect(group).toMatchObject({ exitCode: 2, stdout: '' });
    expect(group.stderr).toMatch(/^nash: .*server\.json is damaged/);
  }
});

it.each(['--json', '--watch'])(
  'nash status %s shows nothing of an answer but what belongs there',
  async (how) => {
    const bad = `a${ESC}[2J\u202e\u2028b`;
    const worker = { id: bad, pool: bad, state: 'idle', pid: 1, host: bad, device: bad, step: 1, extra: 'x' };
    const answer = {
      ...{ ...JSON.parse(STATUS), waitingFor: bad, http: bad, endpoint: bad, extra: 'x'.repeat(1000) },
      workers: [worker],
    };
    const folder = runAt(`shown ${how}`, await listening(saying(JSON.stringify(answer))));
    const shown = nash('status', folder, how);
    if (how === '--watch') setTimeout(() => rmSync(join(folder, 'server.json')), 3000);
    const { exitCode, stdout } = await shown;
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^[\u0020-\u007e\n]+$/);
    expect(stdout).toContain('a[2Jb');
    if (how === '--json')
      expect(JSON.parse(stdout)).toEqual({
        ...{ ...JSON.parse(STATUS), waitingFor: 'a[2Jb', http: 'a[2Jb', endpoint: 'a[2Jb' },
        workers: [{ id: 'a[2Jb', pool: 'a[2Jb', state: 'idle', host: 'a[2Jb', device: 'a[2Jb', step: 1 }],
      });
  },
);

it.each([
  ['that say nothing', ''],
  ['amid their headers', 'GET /status HTTP/1.1\r\nhost: '],
])('nash status is answered while 600 connections are open %s', async (_, words) => {
  const http = await serveHttp('127.0.0.1:0', { '/status': () => ({ text: STATUS }) });
  open.push(http);
  const folder = runAt(`crowded ${words.length}`, http.address);
  const crowd = await Promise.all(
    Array.from(
      { length: 600 },
      () =>
        new Promise<Socket>((done) => {
          const socket = connect(Number(http.address.split(':')[1]), '127.0.0.1', () => done(socket));
          socket.on('error', () => {}).write(words);
        }),
    ),
  );
  open.push({ close: () => crowd.forEach((socket) => void socket.destroy()) });
  const { exitCode, stdout, stderr } = await nash('status', folder);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toContain('step 7 of G');
});
