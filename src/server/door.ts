// Who may come to a server, and where: processes of its own user by a Unix socket in the run folder, always; others over TCP where
// that was asked for, with a key, or in a network in which everybody is trusted.
import { resolve } from 'node:path';
import type { RunConfig } from '../config/run-config.js';
import { messageOf, NashError } from '../errors.js';
import { runFile } from '../run-folder/run-files.js';
import type { RunFolder } from '../run-folder/run-folder.js';
import { Admission } from '../transport/admission.js';
import { serverKeysOf } from '../transport/keys.js';
import { forgetLoopback, isLoopback, noteLoopback } from '../transport/loopback.js';
import { PrivateFolder } from '../transport/private-folder.js';
import type { ServerTransport } from '../transport/transport.js';

export interface Door {
  admission: Admission;
  /** where others than this user's processes on this host come in */
  endpoint?: string;
  /** what they need there; absent: nothing */
  keys?: Admission;
  /** who may join, for the log */
  trust: string;
}

/** @throws NashError('usage') where anybody could come in */
export function doorOf({ endpoint, keys, trustedNetwork }: RunConfig['server']): Door {
  const configured = serverKeysOf(keys);
  if (endpoint === 'none')
    return { admission: new Admission(configured), trust: 'processes of this user on this host' };
  const isOpen = !configured && trustedNetwork;
  const admission = new Admission(configured, isOpen);
  if (isOpen) return { admission, endpoint, trust: 'no keys: everybody in a trusted network' };
  if (configured) return { admission, endpoint, keys: admission, trust: 'workers with an allowed key' };
  if (isLoopback(endpoint))
    return { admission, endpoint, keys: admission, trust: 'processes of this user: the key of the run' };
  throw new NashError(
    'usage',
    `server.endpoint ${endpoint} can be reached from other hosts, and there are no keys: anybody could join the run. ` +
      '`nash keys make` makes keys; --set server.trustedNetwork=true does without in a network where everybody is trusted.',
  );
}

/**
 * Opens the inner door: lays the key of the run, and binds the Unix socket. Until the returned folder is closed.
 * @throws NashError('environment') where the run folder's file system keeps nobody out, or has no sockets
 */
export async function openInner(
  folder: RunFolder,
  door: Door,
  transport: ServerTransport,
): Promise<PrivateFolder> {
  const path = runFile(folder.path, 'private');
  let inner: PrivateFolder | undefined;
  try {
    inner = PrivateFolder.make(path);
    door.admission.leaveIn(inner);
    await transport.open(inner);
  } catch (cause) {
    inner?.close();
    const message = `no Unix socket for processes of this user can be made in ${path}: ${messageOf(cause)}. --run-dir DIR takes a folder elsewhere`;
    throw new NashError('environment', message, { cause });
  }
  if (transport.endpoint !== undefined) {
    if (door.keys) noteLoopback(transport.endpoint, resolve(path));
    else forgetLoopback(transport.endpoint);
  }
  return inner;
}
