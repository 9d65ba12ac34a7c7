// Pictures are looked at by people; what a test can hold is their size, their pixels and that nothing of the machine gets in.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COLOURS } from '../../../src/evaluation/chart.js';
import { drawCollapse } from '../../../src/evaluation/collapse-figure.js';
import { densityOf, drawDensity, subtitleOf } from '../../../src/evaluation/density-figure.js';
import { drawImageGrid } from '../../../src/evaluation/image-grid.js';
import { type Mixture, modeReport } from '../../../src/evaluation/measures/nearest-modes.js';
import { encodeNpy } from '../../../src/evaluation/npy.js';
import { exportSamples, sampleFormat } from '../../../src/evaluation/sample-export.js';
import { drawScatter, titleOf } from '../../../src/evaluation/scatter-figure.js';
import { drawSideBySide } from '../../../src/evaluation/side-by-side.js';
import { RandomStream, seedOf } from '../../../src/numerics/random.js';
import { python, pythonLacks } from '../../support/python.js';

/** `NASH_TEST_KEEP=DIR` leaves the pictures there, to be looked at. */
const keep = (name: string, bytes: Buffer) => {
  if (process.env.NASH_TEST_KEEP) writeFileSync(join(process.env.NASH_TEST_KEEP, name), bytes);
};

const ring: Mixture = {
  modes: Array.from({ length: 8 }, (_, i) => [Math.cos((i * Math.PI) / 4), Math.sin((i * Math.PI) / 4)]),
  deviation: 0.02,
};

function pointsOf(mixture: Mixture, count: number, spread: number, seed: string): Float32Array {
  const random = new RandomStream(seedOf(seed));
  const draw = () =>
    mixture.modes[random.below(mixture.modes.length)]!.map((x) => x + spread * random.normal());
  return Float32Array.from(Array.from({ length: count }, draw).flat());
}

/** How many pixels are close to a colour. */
function pixelsOf(png: PNG, colour: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => Number.parseInt(colour.slice(i, i + 2), 16)) as [
    number,
    number,
    number,
  ];
  let count = 0;
  for (let i = 0; i < png.data.length; i += 4) {
    const distance =
      Math.abs(png.data[i]! - r) + Math.abs(png.data[i + 1]! - g) + Math.abs(png.data[i + 2]! - b);
    if (distance < 30) count++;
  }
  return count;
}

describe('drawCollapse', () => {
  it('draws the score and the threshold; a score above it lies above it', async () => {
    const rise = Array.from({ length: 2000 }, (_, i) => ({ step: 10 * i, score: i < 1000 ? 0.1 : 0.9 }));
    const bytes = await drawCollapse(rise, { threshold: 0.3, patience: 3 });
    keep('collapse.png', bytes);
    const png = PNG.sync.read(bytes);
    const rowsOf = (colour: string) => {
      const rows = Array.from({ length: png.height }, (_, y) => y).filter(
        (y) => pixelsOf(cropped(png, y), colour) > png.width / 8, // a long line, not a letter or a rise
      );
      return { first: rows[0]!, last: rows.at(-1)! };
    };
    const [score, threshold] = [rowsOf(COLOURS.generated), rowsOf(COLOURS.missed)];
    const unit = (score.last - score.first) / 0.8; // from 0.1 to 0.9
    expect((score.last - threshold.first) / unit).toBeCloseTo(0.3 - 0.1, 1);
  });

  it('draws a single evaluation too', async () => {
    const bytes = await drawCollapse([{ step: 0, score: 0.5 }], { threshold: 0.5, patience: 1 });
    keep('collapse-one.png', bytes);
    expect(pixelsOf(PNG.sync.read(bytes), COLOURS.generated)).toBeGreaterThan(10);
  });
});

/** One row of pixels. */
function cropped(png: PNG, y: number): PNG {
  const row = new PNG({ width: png.width, height: 1 });
  PNG.bitblt(png, row, 0, y, png.width, 1, 0, 0);
  return row;
}

describe('drawScatter', () => {
  const real = pointsOf(ring, 2500, 0.02, 'real');
  it('draws captured modes in green; with two modes missed, less of it', async () => {
    const generated = pointsOf(ring, 2500, 0.03, 'generated');
    const fewer = { ...ring, modes: ring.modes.slice(0, 6) };
    const collapsed = pointsOf(fewer, 2500, 0.05, 'collapsed');
    const draw = (points: Float32Array) =>
      drawScatter({
        real,
        generated: points,
        mixture: ring,
        report: modeReport(points, ring),
        caption: 'step 5,000',
      });
    const [whole, part] = [await draw(generated), await draw(collapsed)];
    keep('ring.png', whole);
    keep('ring-collapsed.png', part);
    const [green, less] = [PNG.sync.read(whole), PNG.sync.read(part)].map((png) =>
      pixelsOf(png, COLOURS.captured),
    );
    expect(green).toBeGreaterThan(1.2 * less!);
    expect(less).toBeGreaterThan(100);
  });

  it('survives a generator that has diverged: values that are NaN or far away', async () => {
    const generated = Float32Array.of(Number.NaN, 0, 1e30, -1e30, Infinity, 0, 1, 0);
    const report = modeReport(generated, ring);
    const bytes = await drawScatter({ real, generated, mixture: ring, report, caption: 'step 7' });
    keep('ring-diverged.png', bytes);
    expect(PNG.sync.read(bytes).width).toBeGreaterThan(1000);
    expect(
      await drawScatter({ generated: generated.subarray(0, 2), caption: 'nothing finite' }),
    ).toBeInstanceOf(Buffer);
  });

  it('says how many of all points lie outside of what it shows, and nothing where none does', () => {
    const subtitleOf = (hidden: number) => titleOf({ caption: 'step 1' }, { hidden, count: 25_000 }).subtitle;
    expect(subtitleOf(1011)).toEqual(['step 1', 'outside of this picture: 1,011 of 25,000 points']);
    expect(subtitleOf(0)).toEqual(['step 1']);
  });

  it('shows the grid of 25', async () => {
    const modes = [-4, -2, 0, 2, 4].flatMap((x) => [-4, -2, 0, 2, 4].map((y) => [x, y]));
    const grid = { modes, deviation: 0.05 };
    const generated = pointsOf({ ...grid, modes: modes.slice(0, 22) }, 2500, 0.12, 'grid');
    const report = modeReport(generated, grid);
    const bytes = await drawScatter({
      real: pointsOf(grid, 2500, 0.05, 'r'),
      generated,
      mixture: grid,
      report,
      caption: 'step 1',
    });
    keep('grid.png', bytes);
    expect(report.captured).toBe(22);
  });
});

describe('drawDensity', () => {
  it('has two colours, or one where no real data are given', async () => {
    const line = { modes: [[2]], deviation: 0.5 };
    const [real, generated] = [
      pointsOf(line, 20_000, 0.5, 'real'),
      pointsOf({ ...line, modes: [[2.4]] }, 20_000, 0.35, 'g'),
    ];
    const bytes = await drawDensity({ real, generated, caption: 'step 2,000' });
    keep('density.png', bytes);
    expect(PNG.sync.read(bytes).width).toBeGreaterThan(1400);
    expect(await drawDensity({ generated, caption: 'alone' })).not.toEqual(bytes);
  });

  it('says what share of the generated numbers lies outside of its axis, whose upper end is outside too', () => {
    const subtitle = (...numbers: number[]) => subtitleOf('step 1', Float32Array.from(numbers), [0, 1]);
    expect(subtitle(0, 0.5)).toBe('step 1');
    expect(subtitle(0, 1, -2, Number.NaN, Infinity, 0.3, 0.4, 0.5)).toBe(
      'step 1  ·  outside of this picture: 50.0 % (4 of 8 generated numbers)',
    );
  });

  it('is a density: its area is the share of values in range', () => {
    expect(densityOf(Float32Array.of(0.1, 0.2, 0.9, 5), 0, 1, 2)).toEqual([1, 0.5]);
    expect(densityOf(Float32Array.of(Number.NaN, 1), 0, 1, 4)).toEqual([0, 0, 0, 0]); // the upper end is outside
  });
});

describe('drawImageGrid', () => {
  const pixel = (png: PNG, x: number, y: number) => [
    ...png.data.subarray(4 * (y * png.width + x), 4 * (y * png.width + x) + 4),
  ];

  it('puts every value where it belongs: -1 black, 0 grey, 1 white, beyond clamped, NaN magenta', () => {
    const images = Float32Array.of(-1, 0, 1, 9, Number.NaN, -9);
    const png = PNG.sync.read(drawImageGrid({ images, shape: [1, 2, 1], columns: 2, scale: 2, padding: 1 }));
    expect([png.width, png.height]).toEqual([2 * 5 + 1, 2 * 3 + 1]);
    const grey = (value: number) => [value, value, value, 255];
    expect([pixel(png, 1, 1), pixel(png, 2, 2), pixel(png, 3, 1), pixel(png, 4, 2)]).toEqual(
      [0, 0, 128, 128].map(grey),
    );
    expect([pixel(png, 6, 1), pixel(png, 8, 1), pixel(png, 0, 0), pixel(png, 5, 1)]).toEqual(
      [255, 255, 255, 255].map(grey),
    );
    expect([pixel(png, 1, 4), pixel(png, 3, 4)]).toEqual([[255, 0, 255, 255], grey(0)]);
    expect(pixel(png, 6, 4)).toEqual(grey(255)); // the place of a fourth image that is not there
  });

  it('keeps red, green and blue apart, and makes small images readable', () => {
    const images = new Float32Array(64 * 28 * 28 * 3).map((_, i) => [1, -1, 0][i % 3]!);
    const png = PNG.sync.read(drawImageGrid({ images, shape: [28, 28, 3] }));
    expect([png.width, png.height]).toEqual([8 * 88 + 4, 8 * 88 + 4]);
    expect(pixel(png, 10, 10)).toEqual([255, 0, 128, 255]);
  });

  it('refuses floats that are no images', () => {
    expect(() => drawImageGrid({ images: new Float32Array(5), shape: [2, 2, 1] })).toThrow(
      '5 floats are no images',
    );
    expect(() => drawImageGrid({ images: new Float32Array(8), shape: [2, 2, 2] })).toThrow(
      'no images of shape [2,2,2]',
    );
  });
});

describe('drawSideBySide', () => {
  it('puts grey beside what was made of it, in colour, one group after another', () => {
    const [given, made] = [Float32Array.of(-1, 1, 0), Float32Array.of(1, -1, -1, -1, 1, -1, -1, -1, 1)];
    const grey = { data: given, shape: [1, 1, 1] };
    const coloured = { data: made, shape: [1, 1, 3] };
    const png = PNG.sync.read(drawSideBySide([grey, coloured], 2));
    const cell = 84 + 4; // scaled to 84 pixels, 4 between
    const at = (column: number, row: number) => {
      const [x, y] = [4 + 40 + column * cell, 4 + 40 + row * cell];
      return [...png.data.subarray(4 * (y * png.width + x), 4 * (y * png.width + x) + 3)];
    };
    expect([png.width, png.height]).toEqual([4 + 4 * cell, 4 + 2 * cell]);
    const first = [
      [0, 0, 0],
      [255, 0, 0],
      [255, 255, 255],
      [0, 255, 0],
    ];
    expect([0, 1, 2, 3].map((column) => at(column, 0))).toEqual(first);
    expect([0, 1].map((column) => at(column, 1))).toEqual([
      [128, 128, 128],
      [0, 0, 255],
    ]);
  });
});

describe('exportSamples', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nash-samples-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const images = { data: new Float32Array(3 * 4 * 4).map((_, i) => i / 24 - 1), shape: [4, 4, 1] };

  it('knows formats by their ending, and refuses others before any work', () => {
    expect(['a.npy', 'b.PNG', 'c.d.safetensors'].map(sampleFormat)).toEqual(['.npy', '.png', '.safetensors']);
    expect(() => sampleFormat('samples.jpg')).toThrow(
      "ends in '.jpg'; samples are written as .npy, .png, .safetensors",
    );
    expect(() => sampleFormat('samples')).toThrow('ends in nothing');
  });

  it('draws images as a grid, points as a scatter, numbers as a density, and leaves no other file', async () => {
    await exportSamples(join(folder, 'new', 'images.png'), images);
    await exportSamples(join(folder, 'points.png'), { data: Float32Array.of(1, 2, 3, 4), shape: [2] });
    await exportSamples(join(folder, 'numbers.png'), { data: Float32Array.of(1, 2, 3, 4), shape: [1] });
    expect(PNG.sync.read(readFileSync(join(folder, 'new', 'images.png'))).width).toBe(2 * 88 + 4);
    expect(readdirSync(folder).sort()).toEqual(['new', 'numbers.png', 'points.png']);
  });

  it('writes what stands beside samples beside an .npy', async () => {
    const one = { data: Float32Array.of(1, 2), shape: [1, 1, 1] };
    const beside = { conditions: one, targets: one, labels: [3, undefined] };
    await exportSamples(join(folder, 'made.npy'), { ...one, ...beside });
    expect(readdirSync(folder).sort()).toEqual(
      ['conditions', 'labels', 'targets']
        .map((name) => `made.${name}.npy`)
        .concat('made.npy')
        .sort(),
    );
    expect(readFileSync(join(folder, 'made.labels.npy')).toString('latin1')).toContain("'shape': (2,)");
    expect(readFileSync(join(folder, 'made.conditions.npy')).toString('latin1')).toContain(
      "'shape': (2, 1, 1, 1)",
    );
  });

  it('says where it could not write', async () => {
    writeFileSync(join(folder, 'file'), '');
    const refused = exportSamples(join(folder, 'file', 'a.npy'), images);
    await expect(refused).rejects.toMatchObject({
      fault: 'environment',
      message: expect.stringContaining('cannot be written'),
    });
  });

  it('.npy has the header that NumPy writes, aligned to 64 bytes', () => {
    const bytes = encodeNpy(Float32Array.of(1, 2), [2]);
    expect(bytes.subarray(0, 10).toString('hex')).toBe('934e554d505901007600');
    expect(bytes.subarray(10, 128).toString()).toBe(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }".padEnd(117) + '\n',
    );
    expect([bytes.length, bytes.readFloatLE(128), bytes.readFloatLE(132)]).toEqual([136, 1, 2]);
  });

  const lacking = pythonLacks('numpy');
  it.skipIf(lacking)(`NumPy reads .npy${lacking ? `: ${lacking}` : ''}`, async () => {
    const path = join(folder, 'images.npy');
    await exportSamples(path, images);
    const program =
      'import sys, numpy; a = numpy.load(sys.argv[1]); print(a.shape, a.dtype, a[0, 0, 0, 0], a[1, 2, 0, 0])';
    expect(python(program, path).toString().trim()).toBe('(3, 4, 4, 1) float32 -1.0 0.0');
  });
});
