/**
 * Makes a folder and what is missing above it; one that is there stays as it is. `mode` is that of those that are made, before the umask.
 * Throws the system's error.
 */
export declare function makeFolder(path: string, mode?: number): void;

/**
 * Writes a file aside and puts it in its place: whole or not at all. `mode` is that of a file that is made, before the umask.
 * Throws the system's error.
 */
export declare function writeWhole(path: string, contents: string | Uint8Array, mode?: number): void;
