/**
 * Makes a folder and what is missing above it; one that is there stays as it is. `mode` is that of those that are made, before the umask.
 * Throws the system's error.
 */
export declare function makeFolder(path: string, mode?: number): void;
