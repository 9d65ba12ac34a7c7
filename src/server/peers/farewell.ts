// The end of a run: the server leaves last.
import type { ServerTransport } from '../../transport/transport.js';

/** How long the end waits for the peers to take their leave: what is still on its way to a peer when its connection is closed may be lost. */
const FAREWELL_MS = 5000;
const PING_MS = 50;

/** Resolves when every peer has heard that it is over and closed its connection. @param ping finds out who is gone */
export async function farewell(
  sessions: readonly string[],
  { transport, ping, now }: { transport: ServerTransport; ping(session: string): void; now(): number },
): Promise<void> {
  const left = new Set(sessions);
  transport.onGone((session) => left.delete(session));
  for (const deadline = now() + FAREWELL_MS; left.size > 0 && now() < deadline; ) {
    for (const session of left) ping(session);
    await new Promise((resolve) => setTimeout(resolve, PING_MS));
  }
}
