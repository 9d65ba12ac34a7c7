/**
 * Runs `work` while holding the lock file at `path`, one process of this host at a time; a dead process's lock is taken over.
 * `onWait` is called once, with the pid that is waited for.
 */
export declare function withLock<T>(
  path: string,
  onWait: (holder: number) => void,
  work: () => Promise<T>,
): Promise<T>;
