// What server and workers need of a network. A message is a list of frames; peers are named by their session.

import type { PrivateFolder } from './private-folder.js';
import type { Proof } from './proof.js';

/** Why somebody was turned away before a message of theirs got through: the list of keys or the user; no key, or one for another server. */
export const STRANGERS = ['key', 'handshake'] as const;
export type Stranger = (typeof STRANGERS)[number];

/** One message from a peer. */
export interface Envelope {
  /** the sender's session: fresh in every process, so that a restarted worker is never mistaken for its ghost */
  peer: string;
  frames: Uint8Array[];
}

/** The server's end: many peers, each message addressed. */
export interface ServerTransport {
  /** where workers connect over TCP, with the real port; absent: nowhere */
  readonly endpoint: string | undefined;
  /**
   * Lets peers in: by a Unix socket in this folder, 1.7 times as fast as TCP over loopback (measured), and by TCP.
   * @throws the system's error where there can be no socket
   */
  open(folder: PrivateFolder): Promise<void>;
  /** Queues a message. Order is kept per peer; a peer that is gone swallows it and is reported to `onGone`. The frames must not change afterwards. */
  send(peer: string, frames: readonly Uint8Array[]): void;
  onMessage(listener: (envelope: Envelope) => void): void;
  /** Told once when a peer that was sent to or pinged turns out to be gone. */
  onGone(listener: (peer: string) => void): void;
  /** Somebody was turned away; `why` is for the log. */
  onRefused(listener: (reason: Stranger, why: string) => void): void;
  /** Some connection ended: peers ought to be pinged, the gone one will be reported. */
  onDisconnect(listener: () => void): void;
  /** Resolves when everything queued has been handed to the network, or after `timeoutMs`. */
  flush(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
  /** bytes handed to and taken from the network */
  readonly bytes: { sent: number; received: number };
}

/** A worker's end: one peer, the server. */
export interface WorkerTransport {
  readonly session: string;
  /** whether the server is a process of this user on this host, known by where its socket lies */
  readonly isLocal: boolean;
  /** by which the server knows whose process this is; absent without a key */
  readonly proof: Proof | undefined;
  send(frames: readonly Uint8Array[]): void;
  onMessage(listener: (frames: Uint8Array[]) => void): void;
  /** The connection was made, for the first time or again. */
  onConnect(listener: () => void): void;
  onDisconnect(listener: () => void): void;
  /** The server turned this process away, for a reason that trying again does not mend. */
  onRefused(listener: (why: string) => void): void;
  /** Nobody whom this process knows is there, and this connection is not tried again. */
  onDead(listener: () => void): void;
  flush(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}
