import { describe, expect, it } from 'vitest';
import { modeReport } from '../../../../src/evaluation/measures/nearest-modes.js';
import { RandomStream, seedOf } from '../../../../src/numerics/random.js';

const square = {
  modes: [
    [1, 1],
    [1, -1],
    [-1, 1],
    [-1, -1],
  ],
  deviation: 0.1,
}; // prettier: one mode a corner
const at = (...points: [number, number][]) => Float32Array.from(points.flat());

describe('modeReport', () => {
  it('samples on every mode: all captured, all of high quality, KL 0', () => {
    const report = modeReport(at([1, 1], [1, -1], [-1, 1], [-1, -1]), square);
    expect(report).toEqual({
      captured: 4,
      expected: 4,
      highQualityRatio: 1,
      klDivergence: 0,
      counts: [1, 1, 1, 1],
      isCaptured: [true, true, true, true],
      nearest: Int32Array.of(0, 1, 2, 3),
    });
  });

  it('all samples on one mode: one captured, KL log 4', () => {
    const report = modeReport(at([1, 1], [1.05, 1], [0.95, 1]), square);
    expect(report).toMatchObject({ captured: 1, highQualityRatio: 1, counts: [3, 0, 0, 0] });
    expect(report.klDivergence).toBeCloseTo(Math.log(4), 12);
  });

  it('high quality ends at three deviations of Euclidean distance, exclusive; poor samples capture nothing but are counted', () => {
    const report = modeReport(at([1.29, 1], [1, -1.31], [-1.22, 1.22], [-1.2, -1.2]), square);
    expect(report.isCaptured).toEqual([true, false, false, true]); // 0.22 on both axes is 0.311 away, 0.2 is 0.283
    expect(report).toMatchObject({
      captured: 2,
      highQualityRatio: 0.5,
      counts: [1, 1, 1, 1],
      klDivergence: 0,
    });
    const edge = { modes: [[0, 0]], deviation: 0.25 };
    expect(modeReport(at([0.75, 0]), edge).captured).toBe(0);
    expect(modeReport(at([0.749, 0]), edge).captured).toBe(1);
  });

  it('three to one over two of four modes: KL by hand', () => {
    const report = modeReport(at([1, 1], [1, 1], [1, 1], [-1, -1]), square);
    expect(report.klDivergence).toBeCloseTo(0.75 * Math.log(3) + 0.25 * Math.log(1), 12);
  });

  it('samples that are not finite are of no mode', () => {
    const report = modeReport(at([1, 1], [Number.NaN, 1], [Infinity, 0], [1, -1]), square);
    expect(report).toMatchObject({ captured: 2, highQualityRatio: 0.5, counts: [1, 1, 0, 0] });
    expect(modeReport(at([Number.NaN, 0]), square)).toMatchObject({ captured: 0, klDivergence: Math.log(4) });
  });

  it('samples drawn from the mixture itself: the share within 3 deviations in two dimensions is 1 - exp(-4.5)', () => {
    const random = new RandomStream(seedOf('modes'));
    const points = Array.from({ length: 20_000 }, (): [number, number] => {
      const [x, y] = square.modes[random.below(4)]!;
      return [x! + 0.1 * random.normal(), y! + 0.1 * random.normal()];
    });
    const report = modeReport(at(...points), square);
    expect(report.highQualityRatio).toBeCloseTo(1 - Math.exp(-4.5), 2); // standard error 0.0007
    expect(report.klDivergence).toBeLessThan(0.001); // expected (4 - 1) / 40,000
  });

  it('refuses floats that are no points', () => {
    expect(() => modeReport(new Float32Array(3), square)).toThrow('3 floats are no points of 2 dimensions');
  });
});
