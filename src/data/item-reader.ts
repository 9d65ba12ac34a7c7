// What every kind of image data is to the cache: files, and a way to turn them into items once.
import type { DataFile } from './data-file.js';

/** Takes one item, uint8 in height, width, channel order, and its class. */
export type AddItem = (pixels: Uint8Array, label: number | undefined) => void;

export interface ItemReader {
  /** which form was chosen and why, for the log */
  description: string;
  files: readonly DataFile[];
  /** whatever else decides the items: the split, the size, … */
  options: unknown;
  /**
   * Hands over every item, in an order that the files alone decide, and returns an item's shape `[height, width, channels]`.
   * @throws NashError('usage') when a file is damaged
   */
  decode(add: AddItem, progress: (done: number) => void): Promise<readonly number[]>;
}

/** Items between two breaths: signals, timers and sockets are served while a data set is decoded. */
export const ITEMS_PER_BREATH = 256;

/** Lets the event loop turn. */
export const breathe = (): Promise<void> => new Promise((done) => setImmediate(done));
