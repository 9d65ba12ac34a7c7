// `npm run pictures -- FOLDER…`: decodes every picture below the folders and compares it with what Pillow makes of it, in size and pixels
// (mean difference at most 3 of 255). Names what differs; exit status 1 where that is not among the oddities that are known.
//
// For Pillow's own test pictures, PngSuite and EXIF samples: github.com/python-pillow/Pillow (Tests/images), lunapaint/pngsuite,
// recurser/exif-orientation-examples, ianare/exif-samples. NASH_PYTHON names a Python with pillow and numpy.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodePicture } from '../../dist/data/picture.js';
import { apart, Pillow } from '../support/pillow.mjs';

const DIFFERENCE_MAX = 3;
const PICTURE = /\.(png|jpe?g|jpe|jfif|webp|gif|tiff?|avif)$/i;

/** What is known to differ, by the end of a file's name, and why. @type {[RegExp, string][]} */
const ODDITIES = [
  [
    /xmp_tags_orientation\w*\.(png|avif)$/,
    'the orientation stands in XMP alone, which libvips does not heed',
  ],
  [
    /exif_imagemagick_orientation\.png$/,
    "the EXIF stands in ImageMagick's own text, which libvips does not know",
  ],
  [/(cmyk\.jpg|cmyk(_16l)?_jpeg\.tif)$/, 'CMYK without a profile: libvips has one for it, Pillow subtracts'],
  [/(lab|Lab|lab-green|lab-red)\.tif$/, 'TIFF in Lab'],
  [
    /(old-style-jpeg-compression\S*|hopper_lzma|12bit\.cropped)\.tif$/,
    'TIFF packed in a way that libvips does not know',
  ],
  [/tiff_tiled_planar\w*\.tiff?$/, 'TIFF with tiles of separate planes, which libvips does not know'],
  [/(10ct_32bit_128|separate_planar_extra_samples)\.tiff$/, 'TIFF with a header that libvips refuses'],
  [
    /(8bit\.s\.tif|16_bit_binary_pgm\.tiff)$/,
    'TIFF of signed numbers: libvips clips what is below 0 or above 255',
  ],
  [/crash-\w+\.tif$/, 'made to crash a decoder: refused as damaged'],
  [/(corrupted\.jpg|xcsn0g01\.png)$/, 'damaged: refused, where Pillow reads what is left'],
];

const folders = process.argv.slice(2);
if (folders.length === 0) {
  process.stderr.write('usage: npm run pictures -- FOLDER…\n');
  process.exit(2);
}
const paths = folders
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  .filter((path) => PICTURE.test(path))
  .sort();
const pillow = new Pillow();
const counts = { agree: 0, odd: 0, wrong: 0, neither: 0, 'only Nash': 0 };
for (const path of paths) {
  const theirs = await pillow.read(path);
  const { ours, why } = await decodePicture(readFileSync(path), 'white').then(
    (picture) => ({ ours: picture, why: '' }),
    (error) => ({ ours: undefined, why: `${error.message}` }),
  );
  if ('error' in theirs) {
    counts[ours ? 'only Nash' : 'neither'] += 1;
    if (ours) console.log(`only Nash  ${path}: Pillow says ${theirs.error}`);
    continue;
  }
  const difference = ours ? apart(ours, theirs) : Number.POSITIVE_INFINITY;
  if (difference <= DIFFERENCE_MAX) {
    counts.agree += 1;
    continue;
  }
  const size = ours
    ? `${ours.width} x ${ours.height}, Pillow ${theirs.width} x ${theirs.height}, apart ${difference.toFixed(1)}`
    : why;
  const known = ODDITIES.find(([name]) => name.test(path))?.[1];
  counts[known ? 'odd' : 'wrong'] += 1;
  console.log(`${known ? 'odd       ' : 'WRONG     '} ${path}: ${known ? `${known}; ` : ''}${size}`);
}
pillow.close();
const read = counts.agree + counts.odd + counts.wrong;
console.log(
  `${paths.length} files, ${read} that Pillow reads: ${counts.agree} agree, ${counts.odd} are known oddities, ${counts.wrong} differ; ` +
    `${counts['only Nash']} that only Nash reads, ${counts.neither} that neither does`,
);
process.exitCode = counts.wrong > 0 || read === 0 ? 1 : 0;
