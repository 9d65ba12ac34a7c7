// A folder of pictures of any size and format; its sub-folders are the classes, or `dataset.json` names them.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, NashError } from '../errors.js';
import { describeFile, filesBelow, readBytes } from './data-file.js';
import { labelsOf, PICTURE_BYTES_MAX, type PictureSet, picturesAmong } from './pictures.js';
import { LABELS_NAME } from './stylegan-labels.js';

/**
 * Pictures in the order of their paths; `dataset.json` names their classes, or else their sub-folders do.
 * @throws NashError('usage') when there are no pictures
 */
export function imageFolder(folder: string): PictureSet {
  const names = filesBelow(folder);
  const beside = names.find((name) => name === LABELS_NAME);
  const { pictures, leftOut } = picturesAmong(
    folder,
    names.filter((name) => name !== LABELS_NAME),
  );
  const path = join(folder, LABELS_NAME);
  const { classes, labels } = labelsOf(path, beside && readBytes(path).toString(), pictures);
  const files = pictures.map((name) => describeFile(join(folder, name)));
  return {
    description: `${pictures.length} pictures in ${classes.length} classes below ${folder}${leftOut}`,
    files: beside ? [...files, describeFile(path)] : files,
    classes,
    count: pictures.length,
    options: 'folder',
    from: (index) =>
      files.slice(index).map(({ path, bytes }, i) => ({
        name: path,
        label: labels[index + i],
        read: () => readPicture(path, bytes),
      })),
  };
}

async function readPicture(path: string, bytes: number): Promise<Uint8Array> {
  if (bytes > PICTURE_BYTES_MAX)
    throw new NashError('usage', `found ${bytes} bytes, expected at most ${PICTURE_BYTES_MAX}`);
  try {
    return await readFile(path);
  } catch (cause) {
    throw new NashError('usage', `it cannot be read (${messageOf(cause)})`, { cause });
  }
}
