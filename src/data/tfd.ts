// The Toronto Face Database (Susskind et al. 2010) in its MATLAB file: grey faces of 48 x 48 or 96 x 96, most without labels, and five ways to
// part those that have an expression. Read as pylearn2's TFD does. The data are given by their authors to those who ask.
import { statSync } from 'node:fs';
import { NashError } from '../errors.js';
import { badFile, describeFile, findFile } from './data-file.js';
import { breathe, ITEMS_PER_BREATH, type ItemReader } from './item-reader.js';
import { type MatArray, readMat } from './mat.js';

export interface TfdOptions {
  path: string;
  split: 'unlabeled' | 'train' | 'valid' | 'test';
  fold: number;
}

const NAMES = ['TFD_48x48.mat', 'TFD_96x96.mat'];
/** What `folds` holds of a face, by fold. */
const PARTS: Readonly<Record<TfdOptions['split'], number>> = { unlabeled: 0, train: 1, valid: 2, test: 3 };
/** `labs_ex` counts them from 1. */
const EXPRESSIONS = ['anger', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'];
const mend = `It is to hold images uint8 [faces, rows, columns], folds [faces, 5] and labs_ex [faces], as ${NAMES[0]} does.`;

/**
 * Faces in the order of the file.
 * @throws NashError('usage') where there is no such file
 */
export function tfdReader({ path, split, fold }: TfdOptions): ItemReader {
  const file = statSync(path, { throwIfNoEntry: false })?.isFile() ? path : findFile(path, NAMES);
  if (!file?.endsWith('.mat'))
    throw new NashError(
      'usage',
      `data.path '${path}': found no ${NAMES.join(' or ')}, expected one of them in that folder, or a .mat file. The Toronto Face Database is to be ` +
        'had from its authors; any folder of faces takes its place: data.source=images, data.size=48, data.channels=1.',
    );
  return {
    description: `${file}, ${split}${split === 'unlabeled' ? '' : ` of fold ${fold}`}`,
    files: [describeFile(file)],
    options: ['tfd', split, fold],
    ...(split !== 'unlabeled' && { classes: EXPRESSIONS }),
    async decode(sink) {
      const { images, labels, chosen } = facesOf(file, { split, fold });
      const [count, rows, columns] = images.shape as [number, number, number];
      const item = new Uint8Array(rows * columns);
      for (const [done, face] of chosen.entries()) {
        for (let row = 0; row < rows; row++)
          for (let column = 0; column < columns; column++)
            item[row * columns + column] = images.values[face + count * (row + rows * column)]!;
        sink.add(item, labels && labels.values[face]! - 1);
        if (done % ITEMS_PER_BREATH === 0) {
          sink.progress(done);
          await breathe();
        }
      }
      return [rows, columns, 1];
    },
  };
}

/** The arrays of a file, and which faces belong to a part. */
function facesOf(file: string, { split, fold }: Omit<TfdOptions, 'path'>) {
  const arrays = readMat(file);
  const refuse = (what: string) => {
    const all =
      [...arrays].map(([name, { shape }]) => `${name} [${shape.join(', ')}]`).join(', ') || 'no arrays';
    return badFile(file, { offset: 0, found: all, expected: what, mend });
  };
  const images = arrays.get('images');
  if (images?.shape.length !== 3 || !(images.values instanceof Uint8Array)) throw refuse('images of uint8');
  const [count] = images.shape as [number];
  const folds = arrays.get('folds');
  if (folds?.shape[0] !== count || folds.shape.length !== 2 || fold > folds.shape[1]!)
    throw refuse(`folds, ${fold} or more of each face`);
  const labels = split === 'unlabeled' ? undefined : arrays.get('labs_ex');
  const chosen = facesIn(folds, { count, part: PARTS[split], fold });
  if (split !== 'unlabeled' && !areLabels(labels, count, chosen))
    throw refuse(`labs_ex, 1 to ${EXPRESSIONS.length} of each face`);
  if (chosen.length === 0) throw refuse(`faces of ${split} in fold ${fold}`);
  return { images, labels, chosen };
}

const facesIn = (
  { values }: MatArray,
  { count, part, fold }: { count: number; part: number; fold: number },
): number[] =>
  Array.from({ length: count }, (_, i) => i).filter((i) => values[i + count * (fold - 1)] === part);

const areLabels = (labels: MatArray | undefined, count: number, chosen: readonly number[]): boolean =>
  labels?.values.length === count &&
  chosen.every((face) => labels.values[face]! >= 1 && labels.values[face]! <= EXPRESSIONS.length);
