// Goal: pictures as people have them become the items that a person would expect. Oracle: pixels known beforehand, in files made by hand, by
// pngjs or by jpeg-js, which share nothing with the decoder; whole sets are compared with Pillow by `npm run pictures`.
import { describe, expect, it } from 'vitest';
import { decodePicture, type ItemForm, itemOf } from '../../../src/data/picture.js';
import { chunk, folderWith, itemsOf, jpg, openData, png, rawPng } from './folders.js';

const red = () => [255, 0, 0] as const;
const white = 'white';

describe('a folder of pictures', () => {
  it('takes sub-folders as classes, in the order of their names, and names by ending what it leaves out', async () => {
    const path = folderWith({
      'b/1.png': png(8, 8, red),
      'a/deep/2.jpg': jpg(20, 10, 128),
      'loose.PNG': png(3, 5, () => [0, 0, 255]),
      'notes.txt': 'x',
      'old.bmp': 'BM',
      'older.BMP': 'BM',
      LICENSE: 'x',
      '.hidden/3.png': png(2, 2, red),
    });
    const lines: string[] = [];
    const source = await openData({ source: 'images', path, size: 8 }, { log: (line) => lines.push(line) });
    expect(source).toMatchObject({ count: 3, shape: [8, 8, 3], classes: ['a', 'b'] });
    expect([0, 1, 2].map((i) => source.label(i))).toEqual([0, 1, undefined]);
    expect(lines[0]).toMatch(/3 pictures in 2 classes.*, left out: 2 \.bmp, 1 \.txt, 1 without an ending/);
    expect(lines.at(-1)).toMatch(/3 items of 8 x 8 x 3, 2 classes \(a, b\), decoded by libvips \d+\.\d+/);
    expect([...itemsOf(source).subarray(192, 195)]).toEqual([255, 0, 0]);
  });

  it('grey, [height, width] and each way to resize give the shape that was asked for', async () => {
    const path = folderWith({ '1.png': png(30, 7, red) });
    for (const resize of ['crop', 'pad', 'stretch']) {
      const source = await openData({ source: 'images', path, size: [6, 4], channels: 1, resize });
      expect(source.shape).toEqual([6, 4, 1]);
    }
  });

  it('a picture is what its bytes are, whatever it is called', async () => {
    const path = folderWith({ 'a.png': jpg(8, 8, 200), 'b.jpeg': png(8, 8, red) });
    const items = itemsOf(await openData({ source: 'images', path, size: 8 }));
    expect(Math.abs(items[0]! - 200)).toBeLessThanOrEqual(2);
    expect([...items.subarray(192, 195)]).toEqual([255, 0, 0]);
  });

  it('without pictures it is refused with what it holds', async () => {
    const refusal = openData({
      source: 'images',
      path: folderWith({ 'a.txt': 'x', 'b.bmp': 'BM' }),
      size: 8,
    });
    await expect(refusal).rejects.toThrow(
      /holds 1 \.bmp, 1 \.txt, and no picture; expected files that end in \.png/,
    );
    await expect(refusal).rejects.toMatchObject({ fault: 'usage' });
  });

  it('keeps the order of the names, however long each picture takes', async () => {
    const files = Array.from({ length: 60 }, (_, i) => {
      const side = i % 6 === 0 ? 400 : 2;
      return [`${String(i).padStart(2, '0')}.png`, png(side, side, () => [i, 2 * i, 3 * i])] as const;
    });
    const source = await openData({ source: 'images', path: folderWith(Object.fromEntries(files)), size: 2 });
    const firsts = Array.from({ length: 60 }, (_, i) => itemsOf(source)[12 * i]);
    expect(firsts).toEqual(Array.from({ length: 60 }, (_, i) => i));
  });
});

describe('damaged pictures', () => {
  const good = png(40, 40, (x, y) => [x * y, x, y]);
  const cut = jpg(40, 40, 77).subarray(0, 300);
  const files = {
    'a.png': good,
    'cut.jpg': cut,
    'cut.png': good.subarray(0, 100),
    'empty.png': '',
    'text.png': 'hello',
    'z.png': good,
  };

  it('are refused all at once, each by its name with what was found', async () => {
    const refusal = openData({ source: 'images', path: folderWith(files), size: 8 });
    await expect(refusal).rejects.toMatchObject({ fault: 'usage' });
    await expect(refusal).rejects.toThrow(/4 of 6 pictures cannot be read/);
    for (const reason of [
      /cut\.jpg: found damage \(.*premature end/,
      /cut\.png: found damage/,
      /empty\.png: found an empty file, expected a picture/,
      /text\.png: found bytes 68656c6c, expected a PNG, JPEG/,
      /data\.damaged=skip/,
    ])
      await expect(refusal).rejects.toThrow(reason);
  });

  it('are told each in words of its own, however many are decoded at a time', async () => {
    const many = Array.from({ length: 24 }, (_, i) => [
      `${i}.${i % 2 ? 'jpg' : 'png'}`,
      files[i % 2 ? 'cut.jpg' : 'cut.png']!,
    ]);
    const refusal = openData({ source: 'images', path: folderWith(Object.fromEntries(many)), size: 8 });
    const message = await refusal.then(String, String);
    const reasons = [...message.matchAll(/\.(jpg|png): (.*)$/gm)].map(
      ([, kind, reason]) => `${kind} ${reason}`,
    );
    expect(reasons).toHaveLength(24);
    expect(new Set(reasons).size).toBe(2);
  });

  it('are counted in the log and in the digest where they are skipped', async () => {
    const lines: string[] = [];
    const options = { source: 'images', size: 8, damaged: 'skip' };
    const path = folderWith(files);
    const cacheDir = folderWith({});
    const some = await openData({ ...options, path }, { cacheDir, log: (line) => lines.push(line) });
    expect(some.count).toBe(2);
    expect(lines.join('\n')).toMatch(/4 of 6 pictures cannot be read and are left out:\n.*cut\.jpg/);
    const whole = await openData({ ...options, path: folderWith({ 'a.png': good, 'z.png': good }) });
    expect(itemsOf(whole)).toEqual(itemsOf(some));
    expect(whole.digest).not.toBe(some.digest);
    const again = openData({ ...options, path, damaged: 'refuse' }, { cacheDir });
    await expect(again, 'what is decoded already is judged anew').rejects.toThrow(/4 of 6/);
  });

  it('are refused even so where nothing else is there', async () => {
    const path = folderWith({ 'a.png': 'hello' });
    const refusal = openData({ source: 'images', path, size: 8, damaged: 'skip' });
    await expect(refusal).rejects.toThrow(
      /1 of 1 pictures cannot be read.*\n.*\nGet them again, remove them\./,
    );
  });

  it('a file with bytes of nobody between two markers is not damaged', async () => {
    const whole = jpg(16, 16, 100);
    const frame = whole.indexOf(Buffer.from([0xff, 0xc0]));
    const junk = Buffer.concat([whole.subarray(0, frame), Buffer.of(1, 2, 3, 4), whole.subarray(frame)]);
    expect((await decodePicture(junk, white)).rgb).toEqual((await decodePicture(whole, white)).rgb);
  });

  it('a changed byte anywhere in a PNG is refused or harmless, never a crash', async () => {
    const bytes = png(9, 9, (x, y) => [x * 20, y * 20, 5]);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 0x55;
      await decodePicture(changed, white).catch((error) =>
        expect(error.message).toMatch(/^found .*expected/),
      );
    }
  });
});

describe('what libvips may do with bytes from elsewhere', () => {
  const claim = (width: number, height: number, more = {}) => {
    const bytes = rawPng({ width: 4, height: 4, bitDepth: 8, colorType: 0, row: new Uint8Array(4), ...more });
    bytes.writeUInt32BE(width, 16);
    bytes.writeUInt32BE(height, 20);
    chunk('IHDR', bytes.subarray(16, 29)).copy(bytes, 8);
    return bytes;
  };

  it.each([
    ['of 2^60 pixels', 2 ** 30, 2 ** 30],
    ['long and thin', 2 ** 27, 1],
    ['one row too many', 8192, 8193],
  ])('a header that claims a picture %s is refused before anything is decoded', async (_, width, height) => {
    for (const interlaced of [false, true])
      await expect(itemOf(claim(width, height, { interlaced }), form())).rejects.toThrow(/^found .*expected/);
    await expect(decodePicture(claim(width, height), white)).rejects.toThrow(/^found .*expected/);
  });

  it('a JPEG that claims 3.6 thousand million pixels is refused likewise', async () => {
    const huge = jpg(8, 8, 1);
    const frame = huge.indexOf(Buffer.from([0xff, 0xc0]));
    huge.writeUInt16BE(60000, frame + 5);
    huge.writeUInt16BE(60000, frame + 7);
    await expect(itemOf(huge, form())).rejects.toThrow(/found more than 67108864 pixels/);
  });

  it("no other loader is reached: SVG under a picture's name is refused", async () => {
    const svg = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>',
    );
    await expect(itemOf(svg, form())).rejects.toThrow(/found bytes 3c737667, expected a PNG, JPEG/);
  });
});

describe('pictures of every kind', () => {
  const size = { width: 2, height: 3 };
  const nineties = (bytes: number) => new Uint8Array(bytes).fill(90);
  it.each<[string, Buffer]>([
    ['grey', rawPng({ ...size, bitDepth: 8, colorType: 0, row: nineties(2) })],
    ['grey, 16 bit', rawPng({ ...size, bitDepth: 16, colorType: 0, row: nineties(4) })],
    ['grey with alpha', rawPng({ ...size, bitDepth: 8, colorType: 4, row: Uint8Array.of(90, 255, 90, 255) })],
    ['RGB', rawPng({ ...size, bitDepth: 8, colorType: 2, row: nineties(6) })],
    ['RGB, 16 bit', rawPng({ ...size, bitDepth: 16, colorType: 2, row: nineties(12) })],
    [
      'palette of one bit',
      rawPng({
        ...size,
        bitDepth: 1,
        colorType: 3,
        palette: Uint8Array.of(1, 2, 3, 90, 90, 90),
        row: Uint8Array.of(0b11000000),
      }),
    ],
  ])('PNG, %s', async (_, bytes) => {
    const { width, height, rgb } = await decodePicture(bytes, white);
    expect([width, height]).toEqual([2, 3]);
    expect([...rgb]).toEqual(new Array(18).fill(90));
  });

  it('interlaced PNG', async () => {
    /** rows of the passes of an 8 x 8 picture: 1, 1, 1 (of 2), 2 (of 2), 2 (of 4), 4 (of 4), 4 (of 8) */
    const imageData = Buffer.concat(
      [1, 1, 2, 2, 2, 4, 4, 4, 4, 4, 4, 8, 8, 8, 8].map((n) => Buffer.from([0, ...new Array(n).fill(90)])),
    );
    const grey = { width: 8, height: 8, bitDepth: 8, colorType: 0, row: nineties(8) };
    const { rgb } = await decodePicture(rawPng({ ...grey, interlaced: true, imageData }), white);
    expect([...rgb]).toEqual(new Array(192).fill(90));
  });

  it('GIF, by hand: two pixels, black and red (GIF89a, appendix F)', async () => {
    const gif = Buffer.from(
      `474946383961 0200 0100 80 00 00 000000 ff0000 2c 0000 0000 0200 0100 00 02 02 44 0a 00 3b`.replaceAll(
        ' ',
        '',
      ),
      'hex',
    );
    expect([...(await decodePicture(gif, white)).rgb]).toEqual([0, 0, 0, 255, 0, 0]);
  });

  it('TIFF, by hand: a strip of two pixels of RGB (TIFF 6.0, section 6)', async () => {
    const tags = [
      [256, 3, 1, 2],
      [257, 3, 1, 1],
      [258, 3, 1, 8],
      [259, 3, 1, 1],
      [262, 3, 1, 2],
      [273, 4, 1, 8],
      [277, 3, 1, 3],
      [278, 3, 1, 1],
      [279, 4, 1, 6],
    ];
    const tiff = Buffer.alloc(14 + 2 + 12 * tags.length + 4);
    tiff.write('II*\0', 'latin1');
    tiff.writeUInt32LE(14, 4);
    tiff.set([10, 20, 30, 40, 50, 60], 8);
    tiff.writeUInt16LE(tags.length, 14);
    tags.forEach(([tag, type, count, value], i) => {
      tiff.writeUInt16LE(tag!, 16 + 12 * i);
      tiff.writeUInt16LE(type!, 18 + 12 * i);
      tiff.writeUInt32LE(count!, 20 + 12 * i);
      tiff.writeUInt32LE(value!, 24 + 12 * i);
    });
    expect([...(await decodePicture(tiff, white)).rgb]).toEqual([10, 20, 30, 40, 50, 60]);
  });

  it('JPEG, grey values to within its quantization', async () => {
    const { width, height, rgb } = await decodePicture(jpg(9, 7, 100), white);
    expect([width, height, rgb.length]).toEqual([9, 7, 189]);
    for (const value of rgb) expect(Math.abs(value - 100)).toBeLessThanOrEqual(2);
  });

  it.each([
    ['white', [255, 255, 255], [127, 127, 127]],
    ['black', [0, 0, 0], [0, 0, 0]],
    ['#204060', [32, 64, 96], [16, 32, 48]],
  ])('what is transparent shows %s', async (background, nothing, half) => {
    const pixel = async (alpha: number) => [
      ...(
        await decodePicture(
          png(1, 1, () => [0, 0, 0, alpha]),
          background,
        )
      ).rgb,
    ];
    expect(await pixel(0)).toEqual(nothing);
    for (const [i, value] of (await pixel(128)).entries())
      expect(Math.abs(value - half[i]!)).toBeLessThanOrEqual(1);
  });
});

describe('orientation', () => {
  /** Red, green / blue, white as a person sees it; how it lies in the file for each value of the tag (EXIF 2.3, 4.6.4 A). */
  const colours = { r: [255, 0, 0], g: [0, 255, 0], b: [0, 0, 255], w: [255, 255, 255] } as const;
  const lying = ['rgbw', 'grwb', 'wbgr', 'bwrg', 'rbgw', 'gwrb', 'wgbr', 'brwg'];

  it.each(lying.map((corners, i) => [i + 1, corners] as const))(
    '%i is turned upright',
    async (tag, corners) => {
      const at = (x: number, y: number) => colours[corners[2 * Math.floor(y / 8) + Math.floor(x / 8)] as 'r'];
      const exif = Buffer.from('49492a0008000000010012010300010000000000000000000000', 'hex');
      exif.writeUInt16LE(tag, 18);
      const bytes = png(16, 16, at);
      const turned = Buffer.concat([bytes.subarray(0, 33), chunk('eXIf', exif), bytes.subarray(33)]);
      for (const size of [2, 16]) {
        const item = (await itemOf(turned, form({ height: size, width: size }))).map((byte) =>
          byte < 128 ? 0 : 255,
        ); // the filter is wider than a corner
        const corner = (x: number, y: number) => [
          ...item.subarray(3 * (y * size + x), 3 * (y * size + x) + 3),
        ];
        const seen = [corner(0, 0), corner(size - 1, 0), corner(0, size - 1), corner(size - 1, size - 1)];
        expect(seen).toEqual([colours.r, colours.g, colours.b, colours.w]);
      }
    },
  );

  it('a JPEG that lies on its side stands up', async () => {
    const exif = Buffer.from(
      'ffe10022 457869660000 49492a0008000000010012010300010000000600000000000000'.replaceAll(' ', ''),
      'hex',
    );
    const whole = jpg(40, 20, 9);
    const { width, height } = await decodePicture(
      Buffer.concat([whole.subarray(0, 2), exif, whole.subarray(2)]),
      white,
    );
    expect([width, height]).toEqual([20, 40]);
  });
});

function form(more: Partial<ItemForm> = {}): ItemForm {
  return { height: 8, width: 8, channels: 3, resize: 'crop', background: 'white', ...more };
}

describe('resizing', () => {
  const picture = (width: number, height: number, value: (x: number, y: number) => number) =>
    png(width, height, (x, y) => [value(x, y), value(x, y), value(x, y)]);

  it('leaves a picture of the right size as it is', async () => {
    const item = await itemOf(
      png(4, 4, (x, y) => [10 * x + y, x, y]),
      form({ height: 4, width: 4 }),
    );
    expect([...item.subarray(0, 15)]).toEqual([0, 0, 0, 10, 1, 0, 20, 2, 0, 30, 3, 0, 1, 0, 1]);
  });

  it('grey is BT.601 luma, and a grey picture keeps its values', async () => {
    const one = async (colour: [number, number, number]) =>
      (
        await itemOf(
          png(1, 1, () => colour),
          form({ height: 1, width: 1, channels: 1 }),
        )
      )[0];
    expect([await one([255, 0, 0]), await one([0, 255, 0]), await one([0, 0, 255])]).toEqual([76, 150, 29]);
    for (const value of [0, 1, 77, 128, 254, 255]) expect(await one([value, value, value])).toBe(value);
  });

  it('keeps a constant picture constant, up and down, in each mode', async () => {
    for (const [width, height] of [
      [64, 40],
      [3, 5],
    ] as const) {
      for (const resize of ['crop', 'stretch'] as const) {
        const item = await itemOf(
          picture(width, height, () => 77),
          form({ channels: 1, resize }),
        );
        expect(new Set(item)).toEqual(new Set([77]));
      }
    }
  });

  it('crop shows the middle, pad the whole on black, stretch the whole', async () => {
    const ten = { height: 10, width: 10, channels: 1 } as const;
    const halves = picture(40, 10, (x) => (x < 15 || x >= 25 ? 0 : 200)); // the middle square is bright
    expect(new Set(await itemOf(halves, form({ ...ten, resize: 'crop' })))).toEqual(new Set([200]));
    const bright = picture(40, 10, () => 200);
    const padded = await itemOf(bright, form({ ...ten, resize: 'pad' }));
    expect([padded[0], padded[5 * 10 + 5], padded[99]]).toEqual([0, 200, 0]);
    expect(new Set(await itemOf(bright, form({ ...ten, resize: 'stretch' })))).toEqual(new Set([200]));
  });

  it('halving averages: a checkerboard becomes grey and does not alias', async () => {
    const board = picture(16, 16, (x, y) => ((x + y) % 2) * 200);
    const item = await itemOf(board, form({ channels: 1, resize: 'stretch' }));
    expect(item[3 * 8 + 3]).toBe(100);
  });
});
