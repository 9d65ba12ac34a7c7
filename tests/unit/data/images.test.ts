import { describe, expect, it } from 'vitest';
import { decodePicture } from '../../../src/data/image-file.js';
import { toItem } from '../../../src/data/resize.js';
import { chunk, folderWith, itemsOf, jpg, openData, png, rawPng } from './folders.js';

const red = () => [255, 0, 0] as const;

describe('a folder of pictures', () => {
  it('takes sub-folders as classes, in the order of their names, and leaves other files out', async () => {
    const path = folderWith({
      'b/1.png': png(8, 8, red),
      'a/deep/2.jpg': jpg(20, 10, 128),
      'loose.PNG': png(3, 5, () => [0, 0, 255]),
      'notes.txt': 'x',
      '.hidden/3.png': png(2, 2, red),
    });
    const lines: string[] = [];
    const source = await openData({ source: 'images', path, size: 8 }, { log: (line) => lines.push(line) });
    expect(source).toMatchObject({ count: 3, shape: [8, 8, 3] });
    expect([0, 1, 2].map((i) => source.label(i))).toEqual([0, 1, undefined]);
    expect(lines[0]).toMatch(/3 pictures in 2 classes.*1 other files left out/);
    expect([...itemsOf(source).subarray(192, 195)]).toEqual([255, 0, 0]);
  });

  it('grey, [height, width] and each way to resize give the shape that was asked for', async () => {
    const path = folderWith({ '1.png': png(30, 7, red) });
    for (const resize of ['crop', 'pad', 'stretch']) {
      const source = await openData({ source: 'images', path, size: [6, 4], channels: 1, resize });
      expect(source.shape).toEqual([6, 4, 1]);
    }
  });

  it.each<[string, Record<string, Uint8Array | string>, RegExp]>([
    ['no pictures', { 'a.txt': 'x' }, /holds 1 files, and none ends in/],
    [
      'a JPEG named PNG',
      { 'a.png': jpg(8, 8, 1) },
      /a\.png, byte 0: found a JPEG file, expected the PNG file that its name says\. Rename it to \.jpg/,
    ],
    ['a PNG named JPEG', { 'a.jpeg': png(8, 8, red) }, /byte 0: found a PNG file/],
    ['an empty file', { 'a.png': '' }, /byte 0: found an empty file/],
    ['text named PNG', { 'a.png': 'hello' }, /byte 0: found bytes 68656c6c/],
    [
      'a PNG cut short',
      { 'a.png': png(40, 40, (x, y) => [x * y, x, y]).subarray(0, 100) },
      /a\.png, byte 100: found the end of the file/,
    ],
    [
      'a JPEG cut short',
      { 'a.jpg': jpg(40, 40, 77).subarray(0, 300) },
      /a\.jpg, byte 300: found the end of the file/,
    ],
  ])('%s is refused', async (_, files, message) => {
    const refusal = openData({ source: 'images', path: folderWith(files), size: 8 });
    await expect(refusal).rejects.toThrow(message);
    await expect(refusal).rejects.toMatchObject({ fault: 'usage' });
  });

  it('a header that claims a huge picture is refused before anything is decoded', async () => {
    const huge = png(4, 4, red);
    huge.writeUInt32BE(2 ** 30, 16);
    await expect(
      openData({ source: 'images', path: folderWith({ 'a.png': huge }), size: 8 }),
    ).rejects.toThrow(/byte 16: found a picture of 1073741824 x 4/);
    const wide = jpg(8, 8, 1);
    const frame = wide.indexOf(Buffer.from([0xff, 0xc0]));
    wide.writeUInt16BE(65535, frame + 5);
    await expect(
      openData({ source: 'images', path: folderWith({ 'a.jpg': wide }), size: 8 }),
    ).rejects.toThrow(/found a picture of 8 x 65535/);
  });

  it('a changed byte anywhere in a PNG is refused or harmless, never a crash', () => {
    const bytes = png(9, 9, (x, y) => [x * 20, y * 20, 5]);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 0x55;
      try {
        decodePicture('a.png', changed);
      } catch (error) {
        expect(error).toMatchObject({ fault: 'usage' });
      }
    }
  });
});

describe('pictures of every kind', () => {
  it.each<[string, Buffer]>([
    ['grey', rawPng({ width: 2, height: 3, bitDepth: 8, colorType: 0, row: Uint8Array.of(90, 90) })],
    [
      'grey, 16 bit',
      rawPng({ width: 2, height: 3, bitDepth: 16, colorType: 0, row: Uint8Array.of(90, 90, 90, 90) }),
    ],
    [
      'grey with alpha',
      rawPng({ width: 2, height: 3, bitDepth: 8, colorType: 4, row: Uint8Array.of(90, 255, 90, 255) }),
    ],
    ['RGB', rawPng({ width: 2, height: 3, bitDepth: 8, colorType: 2, row: new Uint8Array(6).fill(90) })],
    [
      'RGB, 16 bit',
      rawPng({ width: 2, height: 3, bitDepth: 16, colorType: 2, row: new Uint8Array(12).fill(90) }),
    ],
    [
      'palette of one bit',
      rawPng({
        width: 2,
        height: 3,
        bitDepth: 1,
        colorType: 3,
        palette: Uint8Array.of(1, 2, 3, 90, 90, 90),
        row: Uint8Array.of(0b11000000),
      }),
    ],
  ])('PNG, %s', (_, bytes) => {
    const { width, height, rgb } = decodePicture('a.png', bytes);
    expect([width, height]).toEqual([2, 3]);
    expect([...rgb]).toEqual(new Array(18).fill(90));
  });

  it('a palette entry that does not exist is refused', () => {
    const bytes = rawPng({
      width: 1,
      height: 1,
      bitDepth: 8,
      colorType: 3,
      palette: Uint8Array.of(1, 2, 3),
      row: Uint8Array.of(9),
    });
    expect(() => decodePicture('a.png', bytes)).toThrow(/a\.png, byte 33: found damage/);
  });

  it('JPEG, grey values to within its quantization', () => {
    const { width, height, rgb } = decodePicture('a.jpg', jpg(9, 7, 100));
    expect([width, height, rgb.length]).toEqual([9, 7, 189]);
    for (const value of rgb) expect(Math.abs(value - 100)).toBeLessThanOrEqual(2);
  });

  it('what is transparent is blended over white', () => {
    expect([
      ...decodePicture(
        'a.png',
        png(1, 1, () => [255, 0, 0, 0]),
      ).rgb,
    ]).toEqual([255, 255, 255]);
    expect([
      ...decodePicture(
        'a.png',
        png(1, 1, () => [0, 0, 0, 128]),
      ).rgb,
    ]).toEqual([127, 127, 127]);
  });
});

describe('a file decodes to no more than it may claim, however often it claims it', () => {
  const grey = { width: 8, height: 8, bitDepth: 8, colorType: 0, row: new Uint8Array(8).fill(90) };
  const claim = (side: number) => {
    const header = Buffer.alloc(13);
    header.writeUInt32BE(side, 0);
    header.writeUInt32BE(side, 4);
    header.set([8, 0], 8);
    return chunk('IHDR', header);
  };
  /** rows of the passes of an 8 x 8 picture: 1, 1, 1 (of 2), 2 (of 2), 2 (of 4), 4 (of 4), 4 (of 8) */
  const adam7 = Buffer.concat(
    [1, 1, 2, 2, 2, 4, 4, 4, 4, 4, 4, 8, 8, 8, 8].map((n) => Buffer.from([0, ...new Array(n).fill(90)])),
  );

  it('an interlaced PNG of the size that its header says is read', () => {
    const { rgb } = decodePicture('a.png', rawPng({ ...grey, interlaced: true, imageData: adam7 }));
    expect([...rgb]).toEqual(new Array(192).fill(90));
  });

  it.each<[string, Buffer, RegExp]>([
    [
      'interlaced image data that unpack to more',
      rawPng({ ...grey, interlaced: true, imageData: Buffer.alloc(2 ** 24) }),
      /a\.png, byte 33: found more, expected image data of 79 bytes/,
    ],
    [
      'image data that unpack to more',
      rawPng({ ...grey, imageData: Buffer.alloc(73) }),
      /found more, expected image data of 72 bytes/,
    ],
    [
      'image data that unpack to less',
      rawPng({ ...grey, imageData: Buffer.alloc(71) }),
      /found 71, expected/,
    ],
    [
      'a second header',
      rawPng({ ...grey, extra: [claim(16384)] }),
      /byte 33: found a second IHDR, expected one/,
    ],
    [
      'a palette of thousands',
      rawPng({ ...grey, palette: new Uint8Array(3 * 4096) }),
      /found PLTE of 12288 bytes, expected at most 768/,
    ],
  ])('PNG: %s is refused', (_, bytes, message) => {
    expect(() => decodePicture('a.png', bytes)).toThrow(message);
  });

  const small = jpg(8, 8, 100);
  const at = (marker: number) => small.indexOf(Buffer.from([0xff, marker]));
  const frame = small.subarray(at(0xc0), at(0xc0) + 2 + small.readUInt16BE(at(0xc0) + 2));
  const claiming = (side: number) => {
    const copy = Buffer.from(frame);
    copy.writeUInt16BE(side, 5);
    copy.writeUInt16BE(side, 7);
    return copy;
  };
  const before = (marker: number, ...parts: Buffer[]) =>
    Buffer.concat([small.subarray(0, at(marker)), ...parts, small.subarray(at(marker))]);
  /** A restart interval that jpeg-js reads by its form, with more behind it. */
  const hiding = (hidden: Buffer) =>
    Buffer.concat([Buffer.from([0xff, 0xdd, 0, 4 + hidden.length, 0, 0]), hidden]);

  it.each<[string, Buffer, RegExp]>([
    ['a second frame', before(0xda, claiming(8192)), /found a second frame header, expected one/],
    ['a second frame before the first', before(0xc0, frame), /found a second frame header/],
    [
      'a frame hidden in another segment',
      before(0xda, hiding(claiming(8192))),
      /segment dd of 21 bytes, expected 2/,
    ],
    [
      'a large picture in a short file',
      Buffer.concat([small.subarray(0, at(0xc0)), claiming(8192), small.subarray(at(0xc0) + frame.length)]),
      /a picture of 8192 x 8192 in \d+ bytes, expected at least 393216/,
    ],
    [
      'scans without end',
      before(0xd9, ...new Array(100).fill(small.subarray(at(0xda), at(0xd9)))),
      /found scan 101, expected at most 100/,
    ],
    [
      'a component that is named twice',
      Buffer.from(small).fill(small[at(0xc0) + 10]!, at(0xc0) + 13, at(0xc0) + 14),
      /a damaged frame header/,
    ],
  ])('JPEG: %s is refused', (_, bytes, message) => {
    expect(() => decodePicture('a.jpg', bytes)).toThrow(message);
  });

  it('JPEG of every size and quality is within what its own frame allows', () => {
    for (const [width, height, quality] of [
      [1, 1, 1],
      [17, 9, 100],
      [300, 200, 1],
      [512, 8, 50],
    ] as const)
      expect(decodePicture('a.jpg', jpg(width, height, 7, quality))).toMatchObject({ width, height });
  });
});

describe('resizing', () => {
  const picture = (width: number, height: number, value: (x: number, y: number) => number) => ({
    width,
    height,
    rgb: Uint8Array.from({ length: width * height * 3 }, (_, i) =>
      value(Math.floor(i / 3) % width, Math.floor(i / 3 / width)),
    ),
  });

  it('leaves a picture of the right size as it is', () => {
    const source = picture(4, 4, (x, y) => 10 * x + y);
    expect(toItem(source, { height: 4, width: 4, channels: 3, resize: 'crop' })).toEqual(source.rgb);
  });

  it('keeps a constant picture constant, up and down, in each mode', () => {
    for (const [width, height] of [
      [64, 40],
      [3, 5],
    ] as const) {
      for (const resize of ['crop', 'stretch'] as const) {
        const item = toItem(
          picture(width, height, () => 77),
          { height: 8, width: 8, channels: 1, resize },
        );
        expect(new Set(item)).toEqual(new Set([77]));
      }
    }
  });

  it('crop shows the middle, pad the whole on black, stretch the whole', () => {
    const halves = picture(40, 10, (x) => (x < 15 || x >= 25 ? 0 : 200)); // the middle square is bright
    const form = { height: 10, width: 10, channels: 1 } as const;
    expect(new Set(toItem(halves, { ...form, resize: 'crop' }))).toEqual(new Set([200]));
    const bright = picture(40, 10, () => 200);
    const padded = toItem(bright, { ...form, resize: 'pad' });
    expect([padded[0], padded[5 * 10 + 5], padded[99]]).toEqual([0, 200, 0]);
    expect(new Set(toItem(bright, { ...form, resize: 'stretch' }))).toEqual(new Set([200]));
  });

  it('halving averages: a checkerboard becomes grey and does not alias', () => {
    const item = toItem(
      picture(16, 16, (x, y) => ((x + y) % 2) * 200),
      { height: 8, width: 8, channels: 1, resize: 'stretch' },
    );
    expect(item[3 * 8 + 3]).toBe(100);
  });
});
