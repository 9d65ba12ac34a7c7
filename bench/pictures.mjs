// `npm run bench -- pictures`: how fast camera-size JPEG become 64 x 64 items, beside jpeg-js, which decodes in JavaScript. 34 pictures of
// 3.1 megapixels, 107 million pixels in all; each side takes turns. jpeg-js only decodes, Nash also turns, shrinks and crops.
import jpeg from 'jpeg-js';
import { CORES } from './machine.mjs';
import { nash } from './nash.mjs';
import { rowOf } from './report.mjs';
import { takeTurns } from './rounds.mjs';

/** @typedef {import('./report.mjs').Row} Row */

const [WIDTH, HEIGHT, COUNT] = [2048, 1536, 34];
const MEGAPIXELS = (WIDTH * HEIGHT * COUNT) / 1e6;
const TURNS = { rounds: 3, count: 1 };
/** @type {import('../src/data/picture.js').ItemForm} */
const FORM = { height: 64, width: 64, channels: 3, resize: 'crop', background: 'white' };

/** Waves and grain, about as hard to code as a photograph (0.4 bytes a pixel). @returns {Buffer} */
function photograph() {
  const data = Buffer.alloc(WIDTH * HEIGHT * 4, 255);
  for (let y = 0, at = 0, grain = 1; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++, at += 4)
      for (let c = 0; c < 3; c++) {
        grain = (Math.imul(grain, 1664525) + 1013904223) >>> 0;
        data[at + c] = 128 + 90 * Math.sin(x / (30 + 20 * c) + y / 45) + (grain >>> 27) - 16;
      }
  return Buffer.from(jpeg.encode({ width: WIDTH, height: HEIGHT, data }, 85).data);
}

/** @param {string} name @param {() => unknown} work */
const entry = (name, work) => ({
  name,
  run: async () => {
    const started = performance.now();
    await work();
    return { ms: [performance.now() - started] };
  },
});

/** @param {(title: string, rows: Row[]) => void} publish */
export async function pictures(publish) {
  const { decodePicture, itemOf } = await nash.picture();
  const { pictureReader } = await nash.pictures();
  const bytes = photograph();
  const all = Array.from({ length: COUNT }, (_, i) => ({
    name: String(i),
    label: undefined,
    read: async () => bytes,
  }));
  const set = { description: '', files: [], classes: [], count: COUNT, options: null, from: () => all };
  const sink = { add() {}, leaveOut() {}, progress() {} };
  const [script, whole, one, many] = await takeTurns(
    [
      entry('jpeg-js', () => {
        for (const _ of all) jpeg.decode(bytes, { useTArray: true, formatAsRGBA: false });
      }),
      entry('whole', async () => {
        for (const _ of all) await decodePicture(bytes, FORM.background);
      }),
      entry('one after another', async () => {
        for (const _ of all) await itemOf(bytes, FORM);
      }),
      entry('as in a run', () => pictureReader(set, FORM).decode(sink, 0)),
    ],
    TURNS,
  );
  const speed = (/** @type {{ ms: number } | undefined} */ result) =>
    (1000 * MEGAPIXELS) / (result?.ms ?? Number.NaN);
  publish(`${COUNT} pictures of ${WIDTH} x ${HEIGHT}, ${(bytes.length / 1e6).toFixed(1)} MB each`, [
    rowOf(
      'at their own size, one after another, against jpeg-js',
      'megapixels/s',
      speed(whole),
      speed(script),
    ),
    rowOf('as 64 x 64 items, one after another, against jpeg-js', 'megapixels/s', speed(one), speed(script)),
    rowOf(
      `as 64 x 64 items, as in a run (${CORES} cores), against jpeg-js`,
      'megapixels/s',
      speed(many),
      speed(script),
    ),
  ]);
}
