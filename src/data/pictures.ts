// Pictures from wherever they lie to items: decoded side by side, handed over in their order.
import { availableParallelism } from 'node:os';
import { messageOf, NashError } from '../errors.js';
import type { DataFile } from './data-file.js';
import type { Damage, ItemReader, ItemSink } from './item-reader.js';
import { LABEL_MAX } from './item-reader.js';
import type { ItemForm } from './picture.js';
import { styleganLabels } from './stylegan-labels.js';

/** One picture, not read yet. */
export interface PictureInput {
  /** named where it is damaged */
  name: string;
  label: number | undefined;
  read(): Promise<Uint8Array>;
}

export interface PictureSet {
  description: string;
  files: readonly DataFile[];
  classes: readonly string[];
  /** how many, in an order that the files alone decide */
  count: number;
  /** what decides names and labels, besides the files */
  options: unknown;
  close?(): void;
  from(index: number): AsyncIterable<PictureInput> | Iterable<PictureInput>;
}

/** By the ending of a file's name; what a file is, its first bytes decide. */
const ENDINGS = ['png', 'jpg', 'jpeg', 'jpe', 'jfif', 'webp', 'gif', 'tif', 'tiff', 'avif'];
const PICTURE_NAME = new RegExp(`\\.(${ENDINGS.join('|')})$`, 'i');
/** No picture of this many pixels has more bytes: its file is not even read. */
export const PICTURE_BYTES_MAX = 2 ** 28;
/** Two pictures of the largest size at once, or many small ones: bounds memory on hosts with many cores. */
const PIXELS_AT_ONCE = 2 ** 27;

/** The decoder is loaded where pictures are decoded, or a cache is looked for whose key holds its version: it takes a quarter of a second. */
export const loadDecoder = () => import('./picture.js');

/** Names that end like a picture, sorted, and in words what was left out; a source that holds none is refused. */
export function picturesAmong(
  path: string,
  names: readonly string[],
): { pictures: string[]; leftOut: string } {
  const pictures = names.filter((name) => PICTURE_NAME.test(name)).sort();
  const others = names.filter((name) => !PICTURE_NAME.test(name));
  if (pictures.length > 0)
    return { pictures, leftOut: others.length > 0 ? `, left out: ${byEnding(others)}` : '' };
  const holds = others.length > 0 ? `${byEnding(others)}, and no picture` : 'no files';
  throw new NashError(
    'usage',
    `data.path '${path}' holds ${holds}; expected files that end in .${ENDINGS.join(', .')}.`,
  );
}

/** Such as `3 .bmp, 1 .txt`. */
function byEnding(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) {
    const ending = /[^/\\](\.[^./\\]+)$/.exec(name)?.[1]?.toLowerCase() ?? 'without an ending';
    counts.set(ending, (counts.get(ending) ?? 0) + 1);
  }
  return [...counts]
    .sort()
    .map(([ending, count]) => `${count} ${ending}`)
    .join(', ');
}

/** Labels of pictures, in their order; the classes are indexed by them. */
interface Labelled {
  classes: string[];
  labels: (number | undefined)[];
}

/**
 * Labels from StyleGAN's file where there is one, else the first folder on the way to each picture, among those sorted by name; a
 * picture that lies in no folder has none.
 * @param path of that file, named in errors @param text its content
 */
export function labelsOf(path: string, text: string | undefined, pictures: readonly string[]): Labelled {
  return text === undefined ? labelsFromFolders(pictures) : styleganLabels(path, text, pictures);
}

function labelsFromFolders(pictures: readonly string[]): Labelled {
  const folders = pictures.map((name) => (name.includes('/') ? name.slice(0, name.indexOf('/')) : undefined));
  const classes = [...new Set(folders)].filter((name) => name !== undefined).sort();
  if (classes.length > LABEL_MAX + 1)
    throw new NashError(
      'usage',
      `found ${classes.length} folders as classes, expected at most ${LABEL_MAX + 1}`,
    );
  const indexes = new Map(classes.map((name, i) => [name, i]));
  return { classes, labels: folders.map((name) => (name === undefined ? undefined : indexes.get(name))) };
}

/** The items of a set of pictures. */
export function pictureReader(set: PictureSet, form: ItemForm): ItemReader {
  return {
    description: set.description,
    files: set.files,
    options: [set.options, form],
    classes: set.classes,
    inputs: set.count,
    ...(set.close ? { close: set.close } : {}),
    decoder: async () => (await loadDecoder()).DECODER,
    async decode(sink, from) {
      await decodeInOrder(set.from(from), form, sink, from);
      return [form.height, (form.halves ? 2 : 1) * form.width, form.channels];
    },
  };
}

interface Item {
  item: Uint8Array;
  label: number | undefined;
}
/** `alone` decodes it once more, while no other is decoded. */
type Outcome = Item | (Damage & { alone(): Promise<Item | Damage> });

async function decodeInOrder(
  pictures: AsyncIterable<PictureInput> | Iterable<PictureInput>,
  form: ItemForm,
  sink: ItemSink,
  from: number,
): Promise<void> {
  const atOnce = 2 * availableParallelism(); // one decodes while another is read
  const memory = new Allowance(PIXELS_AT_ONCE);
  const running: Promise<Outcome>[] = [];
  let done = from;
  const takeFirst = async () => {
    const first = await running[0]!;
    running.shift();
    const outcome = 'item' in first ? first : await afterAll(running, first.alone);
    if ('item' in outcome) sink.add(outcome.item, outcome.label);
    else sink.leaveOut(outcome);
    done += 1;
    sink.progress(done);
  };
  try {
    for await (const picture of pictures) {
      running.push(outcomeOf(picture, form, memory));
      if (running.length >= atOnce) await takeFirst();
    }
    while (running.length > 0) await takeFirst();
  } finally {
    await Promise.allSettled(running);
  }
}

async function afterAll<T>(running: readonly Promise<unknown>[], then: () => Promise<T>): Promise<T> {
  await Promise.allSettled(running);
  return then();
}

/** libvips keeps its words in one place for all pictures that are decoded at a time: what is wrong with one it says of that one alone. */
async function outcomeOf(picture: PictureInput, form: ItemForm, memory: Allowance): Promise<Outcome> {
  const outcome = await decoded(picture, form, memory);
  return 'item' in outcome ? outcome : { ...outcome, alone: () => decoded(picture, form, memory) };
}

async function decoded(
  { name, label, read }: PictureInput,
  form: ItemForm,
  memory: Allowance,
): Promise<Item | Damage> {
  const { DamagedPicture, itemOf, pixelsOf } = await loadDecoder();
  try {
    const bytes = await read();
    const pixels = await pixelsOf(bytes);
    await memory.take(pixels);
    try {
      return { item: await itemOf(bytes, form), label };
    } finally {
      memory.give(pixels);
    }
  } catch (error) {
    if (error instanceof DamagedPicture) return { name, reason: error.message };
    if (error instanceof NashError) return { name, reason: messageOf(error) };
    throw error;
  }
}

/** So much of something at once; who asks first is served first. */
class Allowance {
  private readonly waiting: { amount: number; go(): void }[] = [];

  constructor(private left: number) {}

  take(amount: number): Promise<void> {
    return new Promise((go) => {
      this.waiting.push({ amount, go });
      this.serve();
    });
  }

  give(amount: number): void {
    this.left += amount;
    this.serve();
  }

  private serve(): void {
    for (let next = this.waiting[0]; next && next.amount <= this.left; next = this.waiting[0]) {
      this.waiting.shift();
      this.left -= next.amount;
      next.go();
    }
  }
}
