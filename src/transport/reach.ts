// How a process gets to its server: where, and by which key.
import { NashError } from '../errors.js';
import { KeyFolder, type WorkerKeys, workerKeysOf } from './keys.js';
import { isLoopback, keysAtPort } from './loopback.js';
import { isLocal, PrivateFolder } from './private-folder.js';

export interface Reach {
  /** for a socket of this process */
  endpoint: string;
  /** for people */
  name: string;
  /** over a Unix socket they only say who we are: the folder that it lies in vouches for the server */
  keys?: WorkerKeys;
  /** the key is what a run left, perhaps another that listened there before: who does not know it now may be followed by who does */
  isNoted?: boolean;
  close(): void;
}

export interface Place {
  endpoint: string;
  /** folder of the key that was made for the run, where this process may know it */
  privateFolder?: string;
}

/**
 * @param keys folder of keys, or 'none'; default: the run's own, else those of the default folder, if there are any
 * @returns what has to come first, in words, where there is no way yet
 * @throws NashError('usage') where the server is another user's, or keys are missing, damaged or open to others
 */
export function reach({ endpoint, privateFolder }: Place, keys: string | undefined): Reach | string {
  if (isLocal(endpoint)) return reachLocal(endpoint);
  const noted = keys === undefined ? keysOfRun(endpoint, privateFolder) : undefined;
  const found = workerKeysOf(keys ?? noted);
  if (!found && keys === undefined && isLoopback(endpoint))
    return (
      `a run of this user to listen at ${endpoint}, where every user of this host could (--run-dir DIR or --keys DIR names ` +
      'the key to a server; --keys none goes without, where all users are trusted)'
    );
  return {
    endpoint,
    name: endpoint,
    close: () => {},
    isNoted: noted !== undefined,
    ...(found && { keys: found }),
  };
}

function reachLocal(name: string): Reach | string {
  let folder: PrivateFolder;
  try {
    folder = PrivateFolder.ofSocket(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return `a server at ${name}`;
    if (error instanceof NashError) throw error;
    throw new NashError('usage', `${name} is another user's, or no server's: ${(error as Error).message}`, {
      cause: error,
    });
  }
  try {
    const keys = new KeyFolder(folder.within('.')).workerKeys();
    return { endpoint: folder.endpoint, name, keys, close: () => folder.close() };
  } catch (error) {
    folder.close();
    throw error;
  }
}

/** The key that was made for a run opens its port on loopback. */
function keysOfRun(endpoint: string, privateFolder: string | undefined): string | undefined {
  if (!isLoopback(endpoint)) return undefined;
  if (privateFolder !== undefined && new KeyFolder(privateFolder).has('worker')) return privateFolder;
  return keysAtPort(endpoint);
}
