// Who may come in when the house is full. Whoever says hello and never prepares makes room first, so that a crowd of one identity keeps
// no other one out.
import type { Peer } from './peers.js';

/** Peers that may be connected at once; those of one identity take half of the places at most. */
export const PEERS_MAX = 4096;

export type Place =
  | { kind: 'free' }
  /** free once this peer has gone */
  | { kind: 'instead-of'; peer: Peer }
  | { kind: 'none'; because: string };

/** @param peers those that are connected, whoever wants to come in not among them */
export function placeFor(identity: string, peers: readonly Peer[], max = PEERS_MAX): Place {
  if (peers.length < max / 2) return { kind: 'free' };
  const own = peers.filter((peer) => peer.identity === identity);
  const isCrowd = own.length >= max / 2;
  if (!isCrowd && peers.length < max) return { kind: 'free' };
  const crowd = isCrowd ? own : largest(unprepared(peers));
  const oldest = unprepared(crowd).reduce<Peer | undefined>(
    (first, peer) => (first && first.greetedMs <= peer.greetedMs ? first : peer),
    undefined,
  );
  if (oldest) return { kind: 'instead-of', peer: oldest };
  return {
    kind: 'none',
    because: isCrowd
      ? `${own.length} peers of '${identity}' are connected already, half of all that may be`
      : `${peers.length} peers are connected already, and all of them work`,
  };
}

const unprepared = (peers: readonly Peer[]): Peer[] => peers.filter((peer) => peer.state === 'greeted');

/** The peers of the identity that has most of these. */
function largest(peers: readonly Peer[]): Peer[] {
  const byIdentity = new Map<string, Peer[]>();
  for (const peer of peers) {
    const siblings = byIdentity.get(peer.identity);
    if (siblings) siblings.push(peer);
    else byIdentity.set(peer.identity, [peer]);
  }
  return [...byIdentity.values()].reduce((most, each) => (each.length > most.length ? each : most), []);
}
