// A folder of pictures of any size and format; its sub-folders are the classes, or `dataset.json` names them.
import { readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { messageOf, NashError } from '../errors.js';
import { describeFile } from './data-file.js';
import { classesFromFolders, PICTURE_BYTES_MAX, type PictureSet, picturesAmong } from './pictures.js';

const FILES_MAX = 2 ** 24;

/**
 * Pictures in the order of their paths; the class of one is the index of the sub-folder that it lies in, among those sorted by
 * name, and a picture that lies in the folder itself has none.
 * @throws NashError('usage') when there are no pictures
 */
export function imageFolder(folder: string): PictureSet {
  const { pictures, leftOut } = picturesAmong(folder, walk(folder));
  const { classes, labels } = classesFromFolders(pictures);
  const files = pictures.map((name) => describeFile(join(folder, name)));
  return {
    description: `${pictures.length} pictures in ${classes.length} classes below ${folder}${leftOut}`,
    files,
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

/** Paths of all files below a folder, relative to it and with slashes; hidden ones are left out, links to folders are not followed. */
function walk(folder: string): string[] {
  const found: string[] = [];
  const pending = [folder];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const entry of readdirSync(next, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const path = join(next, entry.name);
      if (entry.isDirectory()) pending.push(path);
      else if (entry.isFile() || statSync(path, { throwIfNoEntry: false })?.isFile())
        found.push(relative(folder, path).replaceAll(sep, '/'));
    }
    if (found.length > FILES_MAX)
      throw new NashError('usage', `data.path '${folder}' holds more than ${FILES_MAX} files.`);
  }
  return found;
}
