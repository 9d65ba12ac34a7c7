// Another user of this host: only root can be him.
import { spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';

export const NOBODY = 65534;

/** Why nobody else can be tried here, if so. */
export const whyNoOtherUser = (): string | undefined =>
  process.getuid?.() === 0 ? undefined : 'needs root, to be somebody else';

/** Starts a script as `nobody`. */
export function startAsNobody(script: string) {
  const child = spawn(process.execPath, ['-e', script], {
    uid: NOBODY,
    gid: NOBODY,
    cwd: '/',
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      text += data;
    });
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  return { child, ended, output: () => text };
}

/** Runs a script as `nobody`. @returns what it says */
export async function asNobody(script: string): Promise<string> {
  const { ended, output } = startAsNobody(script);
  await ended;
  return output().trim();
}

/** Lets him read and enter a test's folder; what is private must keep him out by itself. */
export const openToOthers = (folder: string): void => chmodSync(folder, 0o755);

const ZEROMQ = JSON.stringify(join(process.cwd(), 'node_modules/zeromq'));

/** A script that says how a call of Node's `fs` ends. */
export const trying = (call: string): string =>
  `try { console.log('done', require('fs').${call}); } catch (error) { console.log(error.code); }`;

/** A script that binds a Unix socket, and says how that went. */
export const binding = (path: string): string =>
  `require('net').createServer().on('error', (error) => console.log(error.code)).listen(${JSON.stringify(path)}, () => { console.log('bound'); process.exit(); });`;

/** A script that says what becomes of a connection to a ZeroMQ socket without a key. */
export const joining = (endpoint: string): string => `
  const { Dealer } = require(${ZEROMQ});
  const dealer = new Dealer({ linger: 0 });
  (async () => { for await (const { type } of dealer.events) if (/handshake|retry/.test(type)) { console.log(type); process.exit(); } })();
  dealer.connect(${JSON.stringify(endpoint)});`;
