// The server's HTTP side: metrics, health and status. It only reads; nothing here can change a run.
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { openFilesMax } from '../../../src/setup/machine.mjs';
import { messageOf, NashError } from '../../errors.js';
import { inWords, networkAddressOf } from '../../protocol/network-address.js';
import { whoGivesWay } from '../../transport/limits.js';

/** What a page answers; plain text and status 200 unless it says otherwise. */
export interface Reply {
  status?: number;
  contentType?: string;
  text: string;
}

/** A page: made anew at every request. @param asked what stands behind the question mark */
export type Route = (asked: URLSearchParams) => Reply | Promise<Reply>;

/**
 * Connections that may be open at once; the oldest gives way to a new one, so that it is always served. Where files are few, a part of
 * them, so that a run never lacks any for its own.
 */
const CONNECTIONS_MAX = {
  ofAddress: Math.min(256, Math.floor(openFilesMax() / 8)),
  inAll: Math.min(512, Math.floor(openFilesMax() / 4)),
};
/** How long one may be silent, may take to say what it wants, and how often that is looked at. */
const SILENCE_MS = 5000;
const REQUEST_MS = 10_000;
const CHECK_MS = 1000;
/** Runs of one host that find a port by themselves. */
const PORTS_TRIED = 100;

/**
 * Serves pages to GET and HEAD.
 * @param routes pages by path
 * @param address `host:port`; port 0 takes any free one, `host:port+` the first free one from there on
 * @param names under which it is asked for, besides addresses, `localhost` and this host's name
 * @returns the bound address with its real port
 * @throws NashError('environment') when the port is taken or the address is not this host's
 */
export async function serveHttp(
  address: string,
  routes: Readonly<Record<string, Route>>,
  names: readonly string[] = [],
): Promise<{ address: string; close(): void }> {
  const { host, port } = networkAddressOf(address.replace(/\+$/, ''))!;
  const known = new Set([host, 'localhost', hostname(), ...names]);
  const server = createServer({ connectionsCheckingInterval: CHECK_MS }, (request, response) => {
    const objection = objectionTo(request.headers, known);
    if (objection) response.writeHead(objection.status, { 'content-type': 'text/plain' }).end(objection.text);
    else void answer(request.method ?? '', request.url ?? '/', response, routes);
  });
  server.timeout = SILENCE_MS;
  server.headersTimeout = REQUEST_MS;
  server.requestTimeout = REQUEST_MS;
  server.on('connection', makeRoom());
  server.on('error', () => {}); // once it listens: one connection could not be accepted, others can
  await listen(server, { host, port, triesLeft: address.endsWith('+') ? PORTS_TRIED : 1 });
  return {
    address: inWords({ host, port: (server.address() as AddressInfo).port }),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Closes a connection where there are too many with a new one. */
function makeRoom(): (socket: Socket) => void {
  const open = new Set<Socket>(); // in the order in which they came
  return (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    const addressOf = ({ remoteAddress }: Socket) => remoteAddress;
    const oldest = whoGivesWay([...open], socket, { addressOf, ...CONNECTIONS_MAX });
    if (!oldest) return;
    open.delete(oldest);
    oldest.destroy();
  };
}

/**
 * A page on somebody's own site can have its name resolve to this host (DNS rebinding), and would then read what only people of this
 * host may. Such a request bears that name; an address cannot be rebound.
 */
function objectionTo(
  { host, origin }: IncomingHttpHeaders,
  known: ReadonlySet<string>,
): { status: number; text: string } | undefined {
  const name = host?.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1') ?? '';
  if (!isIP(name) && !known.has(name)) {
    const text = `asked for as '${name}'; --set server.httpNames=[${name}] answers under that name too\n`;
    return { status: 421, text };
  }
  if (origin === undefined || origin === `http://${host}`) return undefined;
  return { status: 403, text: `a page of ${origin} may not read this\n` };
}

interface Listening {
  host: string;
  port: number;
  /** ports that may be tried, this one among them */
  triesLeft: number;
}

/** @throws NashError('environment') */
async function listen(server: Server, { host, port, triesLeft }: Listening): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (cause) {
    const isTaken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
    if (isTaken && triesLeft > 1) return listen(server, { host, port: port + 1, triesLeft: triesLeft - 1 });
    const message = `server.http ${inWords({ host, port })} cannot be bound: ${messageOf(cause)}. Another run or program may hold the port; --set server.http=127.0.0.1:0 takes a free one.`;
    throw new NashError('environment', message, { cause });
  }
}

async function answer(
  method: string,
  url: string,
  response: ServerResponse,
  routes: Readonly<Record<string, Route>>,
): Promise<void> {
  const {
    status = 200,
    contentType = 'text/plain; charset=utf-8',
    text,
  } = await replyOrFault(method, url, routes);
  const headers = { 'content-type': contentType, 'cache-control': 'no-store', connection: 'close' };
  response.writeHead(status, headers).end(text);
}

/** A page that fails is said to who asked for it, and ends nothing. */
async function replyOrFault(
  method: string,
  url: string,
  routes: Readonly<Record<string, Route>>,
): Promise<Reply> {
  try {
    return await replyTo(method, url, routes);
  } catch (error) {
    return { status: 500, text: `this page failed: ${messageOf(error)}\n` };
  }
}

function replyTo(
  method: string,
  url: string,
  routes: Readonly<Record<string, Route>>,
): Reply | Promise<Reply> {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, text: 'only GET is answered\n' };
  const [path, asked] = url.split('?', 2) as [string, string?];
  if (Object.hasOwn(routes, path)) return routes[path]!(new URLSearchParams(asked));
  const known = Object.keys(routes);
  return { status: 404, text: `there are ${known.slice(0, -1).join(', ')} and ${known.at(-1)}\n` };
}
