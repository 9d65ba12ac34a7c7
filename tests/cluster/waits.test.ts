// Goal: whoever waits says after five seconds what for, each cause by its own words, and gives up with 3 where that was asked for. Method:
// real processes, all at once: a name that is none, a port that nobody has, a host that drops what is sent, one that says nothing, one that
// is another program, a server without workers, and one that comes late.
import { type ChildProcess, spawn } from 'node:child_process';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, expect, it } from 'vitest';
import { freePort, scratch, start, trainWords, until } from '../support/nash.js';

const open: { close(): unknown }[] = [];
afterAll(() => {
  for (const each of open) each.close();
});

/** What it says on its standard error, as it comes. */
function linesOf(child: ChildProcess): string[] {
  const lines: string[] = [];
  child.stderr!.on('data', (text) => lines.push(...String(text).trimEnd().split('\n')));
  return lines;
}

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket.on('error', () => {})));
  open.push(server, { close: () => sockets.forEach((socket) => void socket.destroy()) });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

/** A port whose queue of connections is full, and whose program takes none: the kernel drops what more is sent, as a firewall does. */
async function dropping(): Promise<number> {
  const program = `const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))`;
  const child = spawn(process.execPath, ['-e', program]);
  open.push({ close: () => child.kill('SIGKILL') });
  const port = Number(await new Promise((done) => child.stdout.once('data', (text) => done(String(text)))));
  child.kill('SIGSTOP');
  for (let i = 0; i < 4; i++) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    open.push({ close: () => socket.destroy() });
  }
  return port;
}

const TIMEOUT = ['--connect-timeout', '12'];

it('each wait is said, told from the others, and ends with 3', async () => {
  const worker = (endpoint: string) => ['worker', '--endpoint', endpoint, '--keys', 'none', ...TIMEOUT];
  const local = (port: number) => `tcp://127.0.0.1:${port}`;
  const ssh = createServer((socket) => socket.write('SSH-2.0-OpenSSH\r\n'));
  const silent = local(await listening(createServer()));
  const server = trainWords('alone', 'configs/ring.yaml', {}, TIMEOUT).slice(1);
  const cases: [words: string[], message: RegExp][] = [
    [
      worker('tcp://no-such-host.invalid:5555'),
      /a server at tcp:.*the name no-such-host\.invalid does not resolve/,
    ],
    [worker(local(await freePort())), /connections are refused: nothing listens there/],
    [worker(local(await dropping())), /no answer within 1\.5 s: .*a firewall drops/],
    [worker(silent), /no answer: it takes connections and says nothing/],
    [
      worker(local(await listening(ssh))),
      /it answers, but is no server of Nash: it says 'SSH-2\.0-OpenSSH\?\?'/,
    ],
    [['worker', '--run-dir', scratch('none'), '--wait', ...TIMEOUT], /a server to open .*none/],
    [
      ['evaluator', '--run-dir', scratch('drawn'), '--endpoint', silent, ...TIMEOUT],
      /a run of this user to listen at .*says nothing/,
    ],
    [
      ['server', ...server],
      /workers for the discriminator and the generator: `npx nash worker --run-dir .*alone` starts one/,
    ],
  ];
  const outcomes = await Promise.all(
    cases.map(async ([words, message]) => {
      const run = start(words);
      const lines = linesOf(run.child);
      const { exitCode } = await run.finished;
      return { words, message, exitCode, lines };
    }),
  );
  for (const { words, message, exitCode, lines } of outcomes) {
    const told = JSON.stringify({ words, lines });
    expect(exitCode, told).toBe(3);
    const waits = lines.slice(0, -1); // another where another cause was found first, as on a busy machine
    for (const line of waits) expect(line, told).toMatch(/^nash: waiting for .* \(\d+ s so far\)$/);
    expect(waits, told).toContainEqual(expect.stringMatching(message));
    expect(lines.at(-1), told).toMatch(/^nash: (waited \d+ s in vain for|no worker came for \d+ s)/);
  }
});

it('who is let in after a wait says that it is over, on both sides, and works', async () => {
  const port = await freePort();
  const sets = {
    'server.endpoint': `tcp://127.0.0.1:${port}`,
    'server.trustedNetwork': 'true',
    'stop.generatorSteps': 5,
  };
  const worker = start(['worker', '--pool', 'any', '--endpoint', sets['server.endpoint'], '--keys', 'none']);
  const waited = linesOf(worker.child);
  await until('the wait to be said', () => waited.some((line) => /connections are refused/.test(line)));
  const server = start(['server', ...trainWords('late', 'configs/ring.yaml', sets).slice(1)]);
  const outcomes = await Promise.all([worker.finished, server.finished]);
  expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(waited).toContainEqual(expect.stringMatching(/^nash: no longer waiting, after \d+ s$/));
});
