// Goal: whatever stands at a server's address, `nash status` and `nash stop` say so and end by the table; nobody keeps them from a server
// that lives. Method: real sockets that say nothing, break, or answer something else.
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { serveHttp } from '../../src/server/pages/http.js';
import { nash, scratch } from '../support/nash.js';

const open: { close(): unknown }[] = [];
afterAll(() => {
  for (const each of open) each.close();
});

/** The folder of a run whose server is said to be at an address, as process 2^22 + 1, which no process is. */
function runAt(name: string, http: string, pid = 2 ** 22 + 1): string {
  const folder = scratch(name);
  mkdirSync(folder, { recursive: true });
  const address = { pid, endpoint: 'tcp://127.0.0.1:1', localEndpoint: 'ipc://@x', http, host: hostname() };
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
  createServer((socket) => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`));

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
  ])(
    'says so and ends by the table where somebody %s',
    async (what, make, exitCode, message) => {
      const folder = runAt(`${command} ${what}`, await listening(make()));
      const finished = await nash(command, folder);
      expect(finished).toMatchObject({ exitCode, stdout: '' });
      expect(finished.stderr).toMatch(/^nash: [^\n]+\n$/);
      expect(finished.stderr).toMatch(message);
    },
    30_000,
  );
});

const STATUS = JSON.stringify({
  step: { discriminator: 7, generator: 7 },
  waitingFor: null,
  workers: [],
  http: 'here',
  endpoint: '',
});

it('nash stop signals no process that is not there, and no group of them', async () => {
  const http = await listening(saying(STATUS));
  const gone = await nash('stop', runAt('gone', http));
  expect(gone).toMatchObject({ exitCode: 2, stdout: '' });
  expect(gone.stderr).toMatch(/^nash: the server of .*, cannot be told to stop \(kill ESRCH\)/);
  for (const pid of [1.5, -(2 ** 22 + 1)]) {
    // a group that is none: a real one would be ended where this fails
    const group = await nash('stop', runAt(`group ${pid}`, http, pid));
    expect(group).toMatchObject({ exitCode: 2, stdout: '' });
    expect(group.stderr).toMatch(/^nash: .*server\.json is damaged/);
  }
}, 30_000);

it.each([
  ['that say nothing', ''],
  ['amid their headers', 'GET /status HTTP/1.1\r\nhost: '],
])(
  'nash status is answered while 600 connections are open %s',
  async (_, words) => {
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
  },
  30_000,
);
