// Why nobody answers at an address, found out by a connection of its own: ZeroMQ tries again in silence, whatever is wrong.
import { lookup } from 'node:dns/promises';
import { createConnection, type Socket } from 'node:net';
import { networkAddressOf } from '../protocol/network-address.js';
import { isLocal } from './private-folder.js';
import { wait } from './sockets.js';

/** For the name, for the connection, and for a first word. */
const STEP_MS = 1500;
/** Of what a stranger says as much is shown. */
const SHOWN_MAX = 40;

/** @param endpoint `tcp://host:port`, or a Unix socket's @returns what is wrong, in words */
export async function whyUnreachable(endpoint: string): Promise<string> {
  if (isLocal(endpoint)) return firstWord(createConnection(endpoint.slice('ipc://'.length)));
  const { host, port } = networkAddressOf(endpoint)!;
  const addresses = await within(lookup(host, { all: true })).catch((error: unknown) => error);
  if (!Array.isArray(addresses)) {
    const code =
      addresses === undefined ? 'no name server answers' : (addresses as NodeJS.ErrnoException).code;
    return `the name ${host} does not resolve (${code})`;
  }
  return firstWord(createConnection({ host: addresses[0]!.address, port }));
}

const within = <T>(promise: Promise<T>): Promise<T | undefined> =>
  Promise.race([promise, wait(STEP_MS).then(() => undefined)]);

/** What comes of a connection; it is closed again. */
async function firstWord(socket: Socket): Promise<string> {
  let isOpen = false;
  const outcome = await within(
    new Promise<string>((done) => {
      socket.once('error', (error: NodeJS.ErrnoException) =>
        done(failureInWords(error.code ?? error.message)),
      );
      socket.once('connect', () => {
        isOpen = true;
      });
      socket.once('data', (bytes) => done(greetingInWords(bytes)));
      socket.once('end', () => done('it takes connections and hangs up'));
    }),
  );
  socket.destroy();
  if (outcome !== undefined) return outcome;
  return isOpen
    ? 'no answer: it takes connections and says nothing'
    : `no answer within ${STEP_MS / 1000} s: its host is off, or a firewall drops what is sent there`;
}

function failureInWords(code: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'connections are refused: nothing listens there';
    case 'ENOENT':
      return 'no server has its socket there';
    case 'ECONNRESET':
      return 'it takes connections and hangs up';
    default:
      return `no answer: the connection failed (${code})`;
  }
}

/** ZMTP begins with 0xff, eight bytes and 0x7f (RFC 37). */
function greetingInWords(bytes: Buffer): string {
  if (bytes[0] === 0xff) return 'it answers, and has not let this process in yet';
  const shown = bytes
    .toString('latin1')
    .replace(/[^ -~]/g, '?')
    .slice(0, SHOWN_MAX);
  return `it answers, but is no server of Nash: it says '${shown}'`;
}
