// The labels that StyleGAN's dataset_tool.py leaves beside pictures: `dataset.json`, `{ "labels": [["00000/img00000000.png", 6], …] | null }`.
import { z } from 'zod';
import { messageOf, NashError } from '../errors.js';
import { LABEL_MAX } from './item-reader.js';

export const LABELS_NAME = 'dataset.json';
export const LABELS_BYTES_MAX = 2 ** 29;

const form = z.object({
  labels: z.array(z.tuple([z.string(), z.int().min(0).max(LABEL_MAX)])).nullish(),
});

/**
 * The label of each picture, in their order; the classes are the labels, up to the highest.
 * @param path of the file, named in errors
 * @throws NashError('usage') where it has another form, or lacks a picture
 */
export function styleganLabels(
  path: string,
  text: string,
  pictures: readonly string[],
): { classes: string[]; labels: (number | undefined)[] } {
  const byName = new Map(parse(path, text));
  if (byName.size === 0) return { classes: [], labels: pictures.map(() => undefined) };
  const lacking = pictures.filter((name) => !byName.has(name));
  if (lacking.length > 0) {
    const found = `no label of ${lacking.length} of ${pictures.length} pictures, ${lacking[0]} among them`;
    throw new NashError(
      'usage',
      `${path}: found ${found}, expected one for each. Make it anew, or remove it.`,
    );
  }
  const labels = pictures.map((name) => byName.get(name)!);
  const highest = labels.reduce((a, b) => Math.max(a, b));
  return { classes: Array.from({ length: highest + 1 }, (_, label) => String(label)), labels };
}

function parse(path: string, text: string): [string, number][] {
  try {
    return form.parse(JSON.parse(text)).labels ?? [];
  } catch (cause) {
    const why =
      cause instanceof z.ZodError
        ? z.prettifyError(cause).split('\n').slice(0, 2).join(' ')
        : messageOf(cause);
    throw new NashError(
      'usage',
      `${path}: found ${why}; expected { "labels": [["file", class], …] } with classes from 0 to ${LABEL_MAX}, or null. Mend it, or remove it.`,
      { cause },
    );
  }
}
