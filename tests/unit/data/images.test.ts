import { describe, expect, it } from 'vitest';
import { decodePicture } from '../../../src/data/image-file.js';
import { toItem } from '../../../src/data/resize.js';
import { folderWith, itemsOf, jpg, openData, png, rawPng } from './folders.js';

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
