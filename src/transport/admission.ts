// Who is let in, and who somebody is: by the keys of a folder, where the server has one, and always by a key that is made for the run
// and left where its user alone can read it.
import { KeyFolder, type KeyOwner, type KeyPair, makePair, type ServerKeys } from './keys.js';
import type { PrivateFolder } from './private-folder.js';
import { isProven, type Proof } from './proof.js';

/** The identity of processes of the server's own user, which have read the key of the run. */
export const OWN = 'own';

/** What a server knows of who connects. */
export class Admission implements ServerKeys {
  /** the server's own: of its folder of keys, or made for this run */
  pair: KeyPair;
  private worker = makePair();

  /**
   * @param configured keys of a folder
   * @param isOpen whether somebody without any key may come: over a network in which everybody is trusted
   */
  constructor(
    private readonly configured: ServerKeys | undefined,
    private readonly isOpen = false,
  ) {
    this.pair = configured?.pair ?? makePair();
  }

  /** The name under which a key is let in. */
  nameOf(key: string): string | undefined {
    return key === this.worker.publicKey ? OWN : this.configured?.nameOf(key);
  }

  /**
   * Leaves what a process of this user needs to join. What a server that was killed left there stays good: its workers know each other
   * by it, and look for the next.
   */
  leaveIn(folder: PrivateFolder): void {
    const keys = new KeyFolder(folder.within('.'));
    if (!this.configured) this.pair = keptIn(keys, 'server') ?? this.pair;
    this.worker = keptIn(keys, 'worker') ?? this.worker;
    keys.lay(this.worker, this.pair.publicKey);
    if (!this.configured) keys.write('server', this.pair);
  }

  /** Whose process a session is, undefined where it does not prove what it says. @param host as it says */
  identify(
    session: string,
    { proof, host }: { proof?: Proof | undefined; host: string },
  ): string | undefined {
    if (!proof) return this.isOpen ? `host ${host}` : undefined;
    if (!isProven(proof, this.pair, session)) return undefined;
    if (proof.key === this.worker.publicKey) return OWN;
    return this.isAllowed(proof.key) ? `key ${proof.key}` : undefined;
  }

  private isAllowed(key: string): boolean {
    try {
      return this.configured?.nameOf(key) !== undefined;
    } catch {
      return false; // the list was damaged while we run
    }
  }
}

/** A pair that a server left; one that is damaged, or was opened to others, counts for nothing. */
function keptIn(keys: KeyFolder, owner: KeyOwner): KeyPair | undefined {
  try {
    return keys.has(owner) ? keys.pair(owner) : undefined;
  } catch {
    return undefined;
  }
}
