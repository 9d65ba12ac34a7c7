// Who computed wrongly, for as long as this server lives. A session is fresh at every connection and a name is chosen, so that neither
// keeps anybody out; an identity is not chosen. But honest workers may share one, those of a host above all: so they are made to wait,
// and only an identity that is not the server's own is turned away for good.
import { forgetOldest } from '../../transport/limits.js';
import type { Peer, Refusal } from './peers.js';

/** Quarantines after which nobody else's identity is believed. */
const STRIKES = 3;
/** From the second quarantine on a new session of the identity waits for its welcome, twice as long each time. */
const WELCOME_MS = { first: 1000, last: 60_000 };
/** What is remembered: the oldest is forgotten. */
const IDENTITIES_MAX = 1024;
const NAMES_MAX = 256;

interface Record {
  count: number;
  names: Set<string>;
}

export class Quarantines {
  private readonly records = new Map<string, Record>();

  /** @param isOwn whether an identity is that of the server's own user */
  constructor(private readonly isOwn: (identity: string) => boolean) {}

  note({ identity, wishedName }: Pick<Peer, 'identity' | 'wishedName'>): void {
    const record = this.records.get(identity) ?? { count: 0, names: new Set() };
    record.count += 1;
    record.names.add(wishedName);
    forgetOldest(record.names, NAMES_MAX);
    this.records.delete(identity); // and comes last again
    this.records.set(identity, record);
    forgetOldest(this.records, IDENTITIES_MAX);
  }

  /** @param wishedName as the peer said it: a number that was put behind it would be another one every time */
  refusalOf(identity: string, wishedName: string): Refusal | undefined {
    const record = this.records.get(identity);
    if (!record) return undefined;
    const mend = 'Test its hardware, and start the server anew once it is mended';
    if (record.count >= STRIKES && !this.isOwn(identity))
      return {
        reason: 'corrupt',
        message: `${record.count} workers of '${identity}' computed wrongly. ${mend}`,
      };
    if (!record.names.has(wishedName)) return undefined;
    return {
      reason: 'corrupt',
      message: `worker '${wishedName}' of '${identity}' computed wrongly. ${mend}`,
    };
  }

  /** How long a new session of an identity waits for its welcome. */
  delayMs(identity: string): number {
    const count = this.records.get(identity)?.count ?? 0;
    return count < 2 ? 0 : Math.min(WELCOME_MS.last, WELCOME_MS.first * 2 ** (count - 2));
  }
}
