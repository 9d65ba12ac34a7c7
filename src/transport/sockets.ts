// What both kinds of ZeroMQ socket have in common. What decides the form: a ROUTER drops silently at its high-water mark unless
// `mandatory`, sends may not overlap, sent buffers are read later by the I/O thread, leaving a process loses what is queued, and a
// heartbeat in the I/O thread does not notice a hung JavaScript loop (each tested, see the research notes).
/** Messages queued inside ZeroMQ a peer; with 4 MiB blocks this bounds a peer's share of memory. */
const HIGH_WATER_MARK = 16;
/** A full peer is tried again after this. */
export const RETRY_MS = 1;
const HEARTBEAT = { heartbeatInterval: 1000, heartbeatTimeout: 10_000, heartbeatTimeToLive: 10_000 };
/** How long a connection may take to say who it is. */
export const HANDSHAKE_MS = 5000;
/** A bit more than the largest legal frame. */
const MESSAGE_BYTES_MAX = 8 * 2 ** 20;

export const COMMON = {
  linger: 0,
  sendHighWaterMark: HIGH_WATER_MARK,
  receiveHighWaterMark: HIGH_WATER_MARK,
  maxMessageSize: MESSAGE_BYTES_MAX,
  handshakeInterval: HANDSHAKE_MS,
  ...HEARTBEAT,
};

export const codeOf = (error: unknown): string => (error as { code?: string }).code ?? '';
export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
