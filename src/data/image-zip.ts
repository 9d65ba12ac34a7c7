// Pictures in a zip archive, as StyleGAN's dataset_tool.py makes them or as a folder was packed; nothing is unpacked to the disk.
import { describeFile } from './data-file.js';
import { labelsOf, PICTURE_BYTES_MAX, type PictureSet, picturesAmong } from './pictures.js';
import { LABELS_BYTES_MAX, LABELS_NAME } from './stylegan-labels.js';
import { readZip } from './zip.js';

/**
 * Pictures in the order of their names; `dataset.json` names their classes, or else their folders do.
 * @throws NashError('usage') when there are no pictures, or the archive is damaged
 */
export async function imageZip(path: string): Promise<PictureSet> {
  const archive = await readZip(path);
  const entries = new Map(archive.entries.map((entry) => [entry.name, entry]));
  const beside = entries.get(LABELS_NAME);
  const text = (await beside?.read(LABELS_BYTES_MAX))?.toString();
  entries.delete(LABELS_NAME);
  const { pictures, leftOut } = picturesAmong(path, [...entries.keys()]);
  const { classes, labels } = labelsOf(`${path}:${LABELS_NAME}`, text, pictures);
  return {
    description: `${pictures.length} pictures in ${classes.length} classes of ${path}${leftOut}`,
    files: [describeFile(path)],
    classes,
    count: pictures.length,
    options: 'zip',
    close: archive.close,
    from: (index) =>
      pictures.slice(index).map((name, i) => ({
        name: `${path}:${name}`,
        label: labels[index + i],
        read: () => entries.get(name)!.read(PICTURE_BYTES_MAX),
      })),
  };
}
