// Where checkpoints are kept: four calls, so that another place than a folder is another implementation of them.

export interface CheckpointStorage {
  /** what people are told of the place: a folder, an address */
  readonly place: string;
  /** names of what is there, whole, in any order; none where the place does not exist yet */
  list(): Promise<string[]>;
  /** @param bytes only the first so many; @throws the system's error */
  read(name: string, bytes?: number): Promise<Buffer>;
  /**
   * Writes pieces one after another, whole or not at all, over what had that name.
   * @throws the system's error, with a `code`; what was there before stays
   */
  write(name: string, pieces: Iterable<Uint8Array>): Promise<void>;
  /** does nothing where it is not there */
  remove(name: string): Promise<void>;
}
