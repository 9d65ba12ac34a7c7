// Who is let in: libzmq asks a socket inside the process about every connection, before it lets a single message through (ZAP, RFC 27).
import { type Context, Router } from 'zeromq';
import { messageOf } from '../errors.js';
import type { ServerKeys } from './keys.js';

/** The domain of the Unix socket, and those of connections over TCP, which say where one comes from. */
export const LOCAL_DOMAIN = 'local';
export const remoteDomain = (address: string): string => `tcp ${address}`;

/** What ZAP calls the mechanism without keys; over a Unix socket the kernel says whose process it is: `localhost:uid:gid:pid`. */
const LOCAL_ADDRESS = /:(\d+):\d+:\d+$/;

interface Question {
  domain: string;
  address: string;
  mechanism: string;
  /** hexadecimal; only with CURVE */
  key: string;
}

/** Answers libzmq until the context's sockets are closed. @param refused is told why somebody was turned away */
export async function answerZap(
  context: Context,
  keys: ServerKeys | undefined,
  refused: (why: string) => void,
): Promise<Router> {
  const socket = new Router({ context, linger: 0 });
  await socket.bind('inproc://zeromq.zap.01');
  const answering = async () => {
    for await (const [peer, delimiter, version, request, ...rest] of socket) {
      const [domain, address, , mechanism, key] = rest.map((frame) => frame.toString('latin1'));
      const question = { domain: domain!, address: address!, mechanism: mechanism!, key: key ?? '' };
      const objection = objectionTo(
        { ...question, key: Buffer.from(question.key, 'latin1').toString('hex') },
        keys,
      );
      if (objection !== undefined) refused(objection);
      const verdict = objection === undefined ? ['200', ''] : ['400', 'refused'];
      await socket.send([peer!, delimiter!, version!, request!, ...verdict, '', '']);
    }
  };
  void answering().catch((error: unknown) => {
    if (!socket.closed) throw error; // a stranger who came as the run ended: nobody waits for a verdict
  });
  return socket;
}

function objectionTo({ domain, address, mechanism, key }: Question, keys: ServerKeys | undefined) {
  if (domain === LOCAL_DOMAIN) {
    const user = Number(LOCAL_ADDRESS.exec(address)?.[1] ?? Number.NaN);
    const isOurs = user === process.getuid?.() || user === 0; // root reads our memory anyway
    return isOurs ? undefined : `a process of another user (${address})`;
  }
  if (!keys) return undefined;
  const where = domain.slice(remoteDomain('').length);
  if (mechanism !== 'CURVE') return `a peer of ${where} without a key`;
  try {
    return keys.nameOf(key) === undefined ? `the key ${key} of ${where}, which is not allowed` : undefined;
  } catch (error) {
    return messageOf(error); // the list was damaged while we run: nobody is let in until it is mended
  }
}
