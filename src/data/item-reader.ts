// What every kind of image data is to the cache: files, and a way to turn them into items once.
import type { DataFile } from './data-file.js';

/** The highest that a label may be. */
export const LABEL_MAX = 65534;

/** An input that gives no item. */
export interface Damage {
  name: string;
  /** what was found and expected */
  reason: string;
}

/** Takes what is decoded, in the order of the inputs. */
export interface ItemSink {
  /** One item, uint8 in height, width, channel order, and its class; read before the call returns. */
  add(pixels: Uint8Array, label: number | undefined): void;
  /** An input that is left out: whether that will do, the config says. */
  leaveOut(damage: Damage): void;
  /** The first `done` inputs have been dealt with. */
  progress(done: number): void;
}

export interface ItemReader {
  /** which form was chosen and why, for the log */
  description: string;
  files: readonly DataFile[];
  /** whatever else decides the items: the split, the size, … */
  options: unknown;
  /** who makes pixels of what is compressed, with its version: it decides the bits */
  decoder?(): Promise<string>;
  /** names of the classes, in the order of the labels, where they have any */
  classes?: readonly string[];
  /** how many inputs there are, of a reader that can begin at any of them: what was interrupted goes on */
  inputs?: number;
  /**
   * Hands over every item, in an order that the files alone decide, and returns an item's shape `[height, width, channels]`.
   * @param from inputs that were dealt with before; 0 for readers without `inputs`
   * @throws NashError('usage') when a file is damaged
   */
  decode(sink: ItemSink, from: number): Promise<readonly number[]>;
  /** Called when no more is decoded. */
  close?(): void;
}

/** Items between two breaths: signals, timers and sockets are served while a data set is decoded. */
export const ITEMS_PER_BREATH = 256;

/** Lets the event loop turn. */
export const breathe = (): Promise<void> => new Promise((done) => setImmediate(done));
