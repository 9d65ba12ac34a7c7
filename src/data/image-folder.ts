// A folder of PNG and JPEG pictures of any size; its sub-folders are the classes.
import { readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { NashError } from '../errors.js';
import { describeFile, readBytes, requireFolder } from './data-file.js';
import { decodePicture } from './image-file.js';
import { breathe, type ItemReader } from './item-reader.js';
import { type ItemForm, toItem } from './resize.js';

const FILES_MAX = 2 ** 24;

/**
 * Pictures in the order of their paths; the class of one is the index of the sub-folder that it lies in, among those sorted by
 * name, and a picture that lies in the folder itself has none.
 * @throws NashError('usage') when there are no pictures
 */
export function imageFolderReader(folder: string, form: ItemForm): ItemReader {
  requireFolder(folder, 'Name the folder that holds PNG or JPEG files, in sub-folders or not.');
  const all = walk(folder);
  const paths = all.filter((path) => /\.(png|jpe?g)$/i.test(path));
  if (paths.length === 0) {
    throw new NashError(
      'usage',
      `data.path '${folder}' holds ${all.length} files, and none ends in .png, .jpg or .jpeg.`,
    );
  }
  const classOf = (path: string) => {
    const [first = '', ...rest] = relative(folder, path).split(sep);
    return rest.length > 0 ? first : undefined;
  };
  const classes = [...new Set(paths.map(classOf))].filter((name) => name !== undefined).sort();
  const ignored = all.length - paths.length;
  return {
    description: `${paths.length} pictures in ${classes.length} classes below ${folder}${ignored > 0 ? `, ${ignored} other files left out` : ''}`,
    files: paths.map(describeFile),
    options: form,
    async decode(add, progress) {
      for (const [i, path] of paths.entries()) {
        const name = classOf(path);
        add(
          toItem(decodePicture(path, readBytes(path)), form),
          name === undefined ? undefined : classes.indexOf(name),
        );
        progress(i + 1);
        if (i % 8 === 0) await breathe();
      }
      return [form.height, form.width, form.channels];
    },
  };
}

/** Paths of all files below a folder, sorted; hidden ones are left out, links to folders are not followed. */
function walk(folder: string): string[] {
  const found: string[] = [];
  const pending = [folder];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const entry of readdirSync(next, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const path = join(next, entry.name);
      if (entry.isDirectory()) pending.push(path);
      else if (entry.isFile() || statSync(path, { throwIfNoEntry: false })?.isFile()) found.push(path);
    }
    if (found.length > FILES_MAX)
      throw new NashError('usage', `data.path '${folder}' holds more than ${FILES_MAX} files.`);
  }
  return found.sort();
}
