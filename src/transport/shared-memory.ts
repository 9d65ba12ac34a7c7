// Memory that two processes of one host share: a file without a name in /dev/shm, in regions. The server makes all of them, so that it
// never opens a path which a peer names, and nothing is left behind whoever dies. Knows nothing of what lies in a region.
//
// Question: mapped memory or reads and writes? Node maps no files without an addon; a read into memory that is in use already
// costs 0.8 ms for 11 MB where a ZeroMQ echo over a Unix socket costs 10 (measured). A full /dev/shm is an error code here, where
// a mapping would end the process by SIGBUS.
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import type { FilePlace } from '../numerics/vector-engine.js';

/** Where another process of this host finds a memory, and what stands in its first bytes: elsewhere that path is another file. */
export interface MemoryAddress {
  path: string;
  nonce: string;
}

/** Where something lies and the tag that it bears. A tag is never used twice, so one that is still there vouches for the bytes. */
export interface Region {
  /** bytes from the beginning */
  at: number;
  /** above 0 */
  tag: number;
}

const FOLDER = '/dev/shm';
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY; // Linux: a file that has no name from its birth
const NONCE_BYTES = 16;
const TAG_BYTES = 64; // a cache line, so that data are aligned
/** Where the first region begins. */
export const FIRST_REGION = 64;
/** Bytes that a region for so many bytes of data takes. */
export const regionBytes = (bytes: number): number => TAG_BYTES + Math.ceil(bytes / 64) * 64;

export class SharedMemory {
  private readonly tag = new Float64Array(1);
  private readonly tagBytes = new Uint8Array(this.tag.buffer);

  private constructor(
    private readonly file: number,
    readonly address: MemoryAddress,
  ) {}

  /** @throws the system's error where this host has no /dev/shm, or no room or files left */
  static create(): SharedMemory {
    const file = openSync(FOLDER, O_TMPFILE | constants.O_RDWR, 0o600);
    const nonce = randomBytes(NONCE_BYTES);
    writeSync(file, nonce, 0, NONCE_BYTES, 0);
    return new SharedMemory(file, {
      path: `/proc/${process.pid}/fd/${file}`,
      nonce: nonce.toString('hex'),
    });
  }

  /**
   * Takes a memory only in the form in which `create` makes it: of this user and for him alone, in /dev/shm, without a name.
   * @returns undefined where the path leads to another file, or to none: the other process is not of this host, or not ours to share with
   */
  static open(address: MemoryAddress, access: 'read' | 'write'): SharedMemory | undefined {
    let file: number;
    try {
      file = openSync(address.path, access === 'read' ? constants.O_RDONLY : constants.O_RDWR);
    } catch {
      return undefined; // whatever the reason, the socket serves as well
    }
    const nonce = Buffer.alloc(NONCE_BYTES);
    const isOurs =
      hasForm(file) &&
      readSync(file, nonce, 0, NONCE_BYTES, 0) === NONCE_BYTES &&
      nonce.toString('hex') === address.nonce;
    if (isOurs) return new SharedMemory(file, address);
    closeSync(file);
    return undefined;
  }

  /**
   * Fills a region. Its tag is gone before its bytes change and comes after them, so that no reader takes half of this for the whole.
   * @throws the system's error, ENOSPC where /dev/shm is full
   */
  write(region: Region, bytes: Uint8Array): void {
    this.begin(region);
    this.fill(region, bytes);
    this.seal(region);
  }

  /** The first third of `write`: nothing in the region counts from here until `seal`. @returns where its bytes belong */
  begin(region: Region): FilePlace {
    this.writeTag(region.at, 0);
    return this.placeOf(region);
  }

  fill(region: Region, bytes: Uint8Array): void {
    const { file, position } = this.placeOf(region);
    for (let done = 0; done < bytes.byteLength; )
      done += writeSync(file, bytes, done, bytes.byteLength - done, position + done);
  }

  seal({ at, tag }: Region): void {
    this.writeTag(at, tag);
  }

  /** Reads a region. @returns false where it was used for something else before all was read: what was read is worth nothing */
  read(region: Region, into: Uint8Array): boolean {
    const { file, position } = this.placeOf(region);
    for (let done = 0; done < into.byteLength; ) {
      const count = readSync(file, into, done, into.byteLength - done, position + done);
      if (count === 0) return false;
      done += count;
    }
    return readSync(file, this.tagBytes, 0, 8, region.at) === 8 && this.tag[0] === region.tag;
  }

  close(): void {
    closeSync(this.file);
  }

  private placeOf({ at }: Region): FilePlace {
    return { file: this.file, position: at + TAG_BYTES };
  }

  private writeTag(at: number, tag: number): void {
    this.tag[0] = tag;
    writeSync(this.file, this.tagBytes, 0, 8, at);
  }
}

/** Whether an open file is a memory as `create` makes it: anything else, a private file of this user above all, is never touched. */
function hasForm(file: number): boolean {
  const { dev, nlink, uid, mode } = fstatSync(file);
  const isPrivateFile = (mode & 0o170777) === (constants.S_IFREG | 0o600);
  return isPrivateFile && nlink === 0 && uid === process.getuid!() && dev === statSync(FOLDER).dev;
}
