// A folder that its user alone can enter. The Unix socket of a run's server lies there, so that nobody else can bind it, before, during
// or after the server's life; and the keys by which the processes of the run know each other.
//
// Everything in it is reached through the open folder: what its path leads to may change meanwhile, and is often longer than the 107
// bytes that a Unix socket's name may have.
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { makeFolder } from '../../src/setup/files.mjs';
import { NashError } from '../errors.js';

const SOCKET = 'socket';
const SCHEME = 'ipc://';

export class PrivateFolder {
  private constructor(
    readonly path: string,
    private readonly file: number,
  ) {}

  /** Makes it where it is missing. @throws what `open` throws, or the system's error */
  static make(path: string): PrivateFolder {
    makeFolder(path, 0o700);
    return PrivateFolder.open(path);
  }

  /**
   * @throws NashError('usage') where it is another user's, or others may enter: who could write there could pose as the server;
   * the system's error, ENOENT above all, where it cannot be opened
   */
  static open(path: string): PrivateFolder {
    const file = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    const { uid, mode } = fstatSync(file);
    const own = process.getuid!();
    if (uid === own && (mode & 0o077) === 0) return new PrivateFolder(path, file);
    closeSync(file);
    const found =
      uid === own ? `others may enter it (mode ${(mode & 0o777).toString(8)})` : `it is user ${uid}'s`;
    const mend =
      uid === own
        ? `\`chmod 700 ${path}\`, or where the file system keeps no modes a run folder on another one, mends it`
        : `run as that user, or join over TCP with a key`;
    throw new NashError(
      'usage',
      `${path}: expected a folder of this process's user, ${own}, that nobody else may enter; ${found}. ${mend}.`,
    );
  }

  /** The folder that a server's Unix socket lies in. @param endpoint as `nameOfSocket` gives it */
  static ofSocket(endpoint: string): PrivateFolder {
    return PrivateFolder.open(dirname(endpoint.slice(SCHEME.length)));
  }

  /** A path to something in it that holds as long as it is open. */
  within(name: string): string {
    return `/proc/self/fd/${this.file}/${name}`;
  }

  /** Where its server binds and its workers connect, in this process. */
  get endpoint(): string {
    return SCHEME + this.within(SOCKET);
  }

  /** The same socket by a name that other processes can use. */
  get nameOfSocket(): string {
    return SCHEME + join(resolve(this.path), SOCKET);
  }

  close(): void {
    closeSync(this.file);
  }
}

/** Whether an address is a Unix socket in a private folder. */
export const isLocal = (endpoint: string): boolean => endpoint.startsWith(SCHEME);
