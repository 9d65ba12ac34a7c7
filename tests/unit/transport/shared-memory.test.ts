import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { LocalPeers } from '../../../src/server/peers/local-peers.js';
import { FIRST_REGION, regionBytes, SharedMemory } from '../../../src/transport/shared-memory.js';

const bytesOf = (value: number, count = 1000) => new Uint8Array(count).fill(value);
const first = (tag: number) => ({ at: FIRST_REGION, tag });

const opened: { close(): void }[] = [];
const keep = <T extends { close(): void } | undefined>(memory: T): T => {
  if (memory) opened.push(memory);
  return memory;
};
afterEach(() => {
  for (const memory of opened.splice(0)) memory.close();
});

const pair = () => {
  const server = keep(SharedMemory.create());
  const worker = keep(SharedMemory.open(server.address, 'write'))!;
  return { server, worker };
};

describe('shared memory', () => {
  it('carries bytes between two that opened it, both ways, and has no name', () => {
    const { server, worker } = pair();
    const into = new Uint8Array(1000);
    server.write(first(1), bytesOf(7));
    expect(worker.read(first(1), into)).toBe(true);
    expect(into).toEqual(bytesOf(7));
    worker.write(first(2), bytesOf(9));
    expect(server.read(first(2), into)).toBe(true);
    expect(into).toEqual(bytesOf(9));
    expect(readlinkSync(server.address.path)).toMatch(/\(deleted\)$/);
    expect(readdirSync('/dev/shm').filter((name) => name.startsWith('nash'))).toEqual([]);
  });

  it('a region that was used again is not taken for what it was, nor is one that is being written', () => {
    const { server, worker } = pair();
    const into = new Uint8Array(1000);
    server.write(first(1), bytesOf(1));
    server.write(first(2), bytesOf(2));
    expect(worker.read(first(1), into)).toBe(false);
    const unreadable = { byteLength: 1000 } as Uint8Array; // the writer dies before its bytes are down
    expect(() => server.write(first(3), unreadable)).toThrow();
    expect(worker.read(first(2), into)).toBe(false);
    expect(worker.read(first(3), into)).toBe(false);
  });

  it('a region that is written between the bytes and the tag of a read is noticed', () => {
    const { server, worker } = pair();
    server.write(first(1), bytesOf(1));
    // read() looks at its target's length once more after the last byte: there the writer comes in between
    const into = new Uint8Array(1000);
    let isWrittenOver = false;
    Object.defineProperty(into, 'byteLength', {
      get: () => {
        if (into[999] === 1 && !isWrittenOver) {
          isWrittenOver = true;
          server.write(first(2), bytesOf(2));
        }
        return 1000;
      },
    });
    expect(worker.read(first(1), into)).toBe(false);
    expect(isWrittenOver).toBe(true);
    expect(into.every((byte) => byte === 1)).toBe(true); // the bytes were all right: the tag alone tells
  });

  it('a region beyond the end is not read', () => {
    const { server } = pair();
    expect(server.read({ at: 10_000_000, tag: 1 }, new Uint8Array(10))).toBe(false);
  });

  it('is not opened where the path leads to another file, to none, or to no file at all', () => {
    const server = keep(SharedMemory.create());
    const other = keep(SharedMemory.create());
    const { nonce } = server.address;
    expect(SharedMemory.open({ path: other.address.path, nonce }, 'read')).toBeUndefined();
    expect(SharedMemory.open({ path: `/proc/${process.pid}/fd/999999`, nonce }, 'read')).toBeUndefined();
    expect(SharedMemory.open({ path: '/dev/null', nonce }, 'read')).toBeUndefined();
    expect(SharedMemory.open(server.address, 'read')?.close()).toBeUndefined();
  });
});

describe('a file that is no memory of ours, though it begins with the right bytes', () => {
  const nonce = '5'.repeat(32);
  /** A file of this process that bears the nonce. */
  const bearing = (folder: string, mode: number, flags: number, name = '') => {
    const file = openSync(name ? join(folder, name) : folder, flags | constants.O_RDWR, mode);
    opened.push({ close: () => closeSync(file) });
    fchmodSync(file, mode);
    writeSync(file, Buffer.from(nonce, 'hex'), 0, 16, 0);
    return { file, path: `/proc/${process.pid}/fd/${file}` };
  };
  const isTaken = (path: string) => keep(SharedMemory.open({ path, nonce }, 'write')) !== undefined;
  const NAMELESS = 0o20000000 | constants.O_DIRECTORY;

  it('is touched by nobody: with a name, for others too, on a disk, of another user', () => {
    const name = `not-nash-${process.pid}`;
    const named = bearing('/dev/shm', 0o600, constants.O_CREAT | constants.O_EXCL, name);
    opened.push({ close: () => rmSync(join('/dev/shm', name)) });
    expect(isTaken(bearing('/dev/shm', 0o600, NAMELESS).path)).toBe(true);
    expect(isTaken(named.path)).toBe(false);
    expect(isTaken(bearing('/dev/shm', 0o644, NAMELESS).path)).toBe(false);
    expect(isTaken(bearing(process.cwd(), 0o600, NAMELESS).path)).toBe(false);
    if (process.getuid?.() !== 0) return; // only root can give a file away
    const given = bearing('/dev/shm', 0o600, NAMELESS);
    fchownSync(given.file, 65534, 65534);
    expect(isTaken(given.path)).toBe(false);
  });
});

describe('peers of the server’s host', () => {
  const logged: string[] = [];
  const open = (isEnabled = true) =>
    keep(
      new LocalPeers({
        host: 'here',
        isEnabled,
        bytes: { sent: 0, received: 0 },
        log: (event) => logged.push(event),
      }),
    );

  it('are offered memory, others are not, and nobody is where it is switched off', () => {
    const peers = open();
    expect(peers.offer('a', 'here')).toBeDefined();
    expect(peers.offer('b', 'elsewhere')).toBeUndefined();
    expect([peers.has('a'), peers.has('b')]).toEqual([true, false]);
    expect(open(false).offer('a', 'here')).toBeUndefined();
  });

  it('a ghost that is declared lost writes where nobody reads any more', () => {
    const peers = open();
    const ghost = keep(SharedMemory.open(peers.offer('a', 'here')!.answers, 'write'))!;
    peers.drop('a'); // lost
    const heir = keep(SharedMemory.open(peers.offer('a', 'here')!.answers, 'write'))!;
    heir.write(first(1), bytesOf(5));
    ghost.write(first(1), bytesOf(6));
    const into = new Uint8Array(1000);
    expect(peers.read('a', first(1), into)).toBe(true);
    expect(into).toEqual(bytesOf(5));
    peers.drop('a');
    expect(peers.read('a', first(1), into)).toBe(false);
  });

  it('find no room: nothing is sealed, the reason is told, and nothing else is tried', () => {
    const peers = open();
    peers.offer('a', 'here');
    const draft = peers.draft(1000)!;
    const nothing = { byteLength: 1000 } as Uint8Array;
    logged.length = 0;
    expect(draft.seal(draft.fill(nothing))).toBeUndefined();
    expect(logged).toEqual(['no shared memory']);
    expect(peers.draft(1000)).toBeUndefined();
  });

  it('read a version until it is released; then its place serves the next, and the late reader notices', () => {
    const peers = open();
    const offer = peers.offer('a', 'here')!;
    const reader = keep(SharedMemory.open(offer.weights, 'read'))!;
    const post = (value: number) => {
      const draft = peers.draft(1000)!;
      return { draft, region: draft.seal(draft.fill(bytesOf(value)))! };
    };
    const posted = [1, 2].map(post);
    const regions = posted.map(({ region }) => region);
    expect(regions[1]!.at - regions[0]!.at).toBe(regionBytes(1000));
    const into = new Uint8Array(1000);
    for (const [i, region] of regions.entries()) {
      expect(reader.read(region, into)).toBe(true);
      expect(into[0]).toBe(i + 1);
    }
    posted[0]!.draft.drop();
    const next = post(3).region;
    expect(next.at).toBe(regions[0]!.at);
    expect(reader.read(regions[0]!, into)).toBe(false);
    expect(reader.read(next, into)).toBe(true);
  });

  it('open no more files than they close', () => {
    const count = () => readdirSync('/proc/self/fd').length;
    const before = count();
    const peers = open();
    for (let i = 0; i < 50; i++) {
      peers.offer(`peer-${i}`, 'here');
      peers.offer(`peer-${i}`, 'here'); // it connected again
      peers.drop(`peer-${i}`);
    }
    peers.close();
    expect(count()).toBe(before);
  });
});
