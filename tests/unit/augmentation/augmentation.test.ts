// Goal: pictures are changed as the papers say, and gradients go through the changes. Method: pictures whose pixels say where they were, by
// hand; finite differences; ADA's probability step by step.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { augmentationOptions, augmented, nextAugmentation } from '../../../src/augmentation/augmentation.js';
import {
  ADAPTIVE,
  color,
  cutout,
  hue,
  mirror,
  rotation,
  translation,
} from '../../../src/augmentation/transforms.js';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { validateConfig } from '../../../src/config/load-config.js';
import { SeedSource } from '../../../src/kernels/random.js';
import { turned, warped } from '../../../src/kernels/warp.js';
import { architectureOf } from '../../../src/steps/steps.js';
import { pattern } from '../../support/pattern.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

const seeds = (seed = 1) => new SeedSource(tf.tensor1d([seed, 2], 'int32'));
const pictures = (batch: number, side: number, channels = 3) =>
  tf.tensor4d(pattern('pictures', batch * side * side * channels), [batch, side, side, channels]);
const number = (value: number) => tf.tensor3d([value], [1, 1, 1]);

describe('a warp', () => {
  const picture = () => tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
  const values = (x: tf.Tensor) => tf.reshape(x, [3, 3]).arraySync();

  it('moves by whole pixels, down and to the right, and leaves zeros', () => {
    tf.tidy(() => {
      expect(values(warped(picture(), { shift: number(1) }, { shift: number(-1) }))).toEqual([
        [0, 0, 0],
        [2, 3, 0],
        [5, 6, 0],
      ]);
    });
  });

  it('mirrors, and enlarges about the middle', () => {
    tf.tidy(() => {
      const still = { shift: number(0) };
      expect(values(warped(picture(), still, { shift: number(0), scale: number(-1) }))).toEqual([
        [3, 2, 1],
        [6, 5, 4],
        [9, 8, 7],
      ]);
      const twice = warped(picture(), still, { shift: number(0), scale: number(2) });
      expect(values(twice)).toEqual([
        [1.5, 2, 2.5],
        [4.5, 5, 5.5],
        [7.5, 8, 8.5],
      ]);
    });
  });
});

describe('transforms', () => {
  it('translate each picture by up to an eighth, each of 25 ways somewhere', () => {
    tf.tidy(() => {
      const one = tf.tensor4d(
        Array.from({ length: 256 }, (_, i) => (i === 8 * 16 + 8 ? 1 : 0)),
        [1, 16, 16, 1],
      );
      const moved = translation(tf.tile(one, [500, 1, 1, 1]), seeds());
      const places = new Set(
        (tf.argMax(tf.reshape(moved, [500, 256]), 1).arraySync() as number[]).map(String),
      );
      const expected = [-2, -1, 0, 1, 2].flatMap((y) =>
        [-2, -1, 0, 1, 2].map((x) => String((8 + y) * 16 + 8 + x)),
      );
      expect([...places].sort()).toEqual(expected.sort());
    });
  });

  it('cut out a square of half the side, or what of it lies on the picture', () => {
    tf.tidy(() => {
      const zeros = tf
        .sum(tf.sub(1, cutout(tf.ones([400, 8, 8, 1]), seeds())), [1, 2, 3])
        .arraySync() as number[];
      expect(Math.max(...zeros)).toBe(16);
      // sides of what is covered: 2, 3, 4, …, 4, 3, 2 as the middle goes from 0 to 8
      const sides = [2, 3, 4, 4, 4, 4, 4, 3, 2];
      const allowed = new Set(sides.flatMap((a) => sides.map((b) => a * b)));
      expect(new Set(zeros)).toEqual(allowed);
    });
  });

  it('keep the mean but for brightness, where they color', () => {
    tf.tidy(() => {
      const x = pictures(200, 4);
      const by = tf.sub(tf.mean(color(x, seeds()), [1, 2, 3]), tf.mean(x, [1, 2, 3])).arraySync() as number[];
      expect(Math.min(...by)).toBeGreaterThan(-0.5 - 1e-5);
      expect(Math.max(...by)).toBeLessThan(0.5 + 1e-5);
      expect(Math.max(...by) - Math.min(...by)).toBeGreaterThan(0.9);
    });
  });

  it('mirror every other picture', () => {
    tf.tidy(() => {
      const x = tf.tile(tf.tensor4d([1, 2], [1, 1, 2, 1]), [1000, 1, 1, 1]);
      const firsts = tf.slice(mirror(x, seeds()), [0, 0, 0, 0], [1000, 1, 1, 1]).dataSync();
      const mirrored = [...firsts].filter((v) => v === 2).length;
      expect(Math.abs(mirrored - 500)).toBeLessThan(60);
      expect([...firsts].every((v) => v === 1 || v === 2)).toBe(true);
    });
  });

  it('turn a ramp by an angle: what is linear in both coordinates stays so, up to the edge', () => {
    tf.tidy(() => {
      const side = 17;
      const middle = (side - 1) / 2;
      const at = (i: number, j: number) => 0.3 * (i - middle) - 0.2 * (j - middle);
      const ramp = Array.from({ length: side ** 2 }, (_, n) => at(Math.floor(n / side), n % side));
      for (const angle of [0, 0.4, -0.7]) {
        const values = turned(tf.tensor4d(ramp, [1, side, side, 1]), tf.tensor1d([angle])).dataSync();
        for (const [i, j] of [
          [8, 8],
          [5, 8],
          [8, 11],
          [6, 6],
          [10, 7],
        ] as const) {
          const [y, x] = [i - middle, j - middle];
          const [from, along] = [
            y * Math.cos(angle) - x * Math.sin(angle),
            y * Math.sin(angle) + x * Math.cos(angle),
          ];
          expect(values[i * side + j]).toBeCloseTo(at(from + middle, along + middle), 5);
        }
      }
    });
  });

  it('turn by right angles exactly, and by any angle about the middle', () => {
    tf.tidy(() => {
      const corner = tf.tile(tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]), [2000, 1, 1, 1]);
      const seen = new Map<string, number>();
      const rows = tf.reshape(ADAPTIVE[1]!(corner, seeds()), [2000, 4]).arraySync() as number[][];
      for (const row of rows) seen.set(row.join(), (seen.get(row.join()) ?? 0) + 1);
      expect([...seen.keys()].sort()).toEqual(['1,2,3,4', '2,4,1,3', '3,1,4,2', '4,3,2,1']);
      for (const times of seen.values()) expect(Math.abs(times - 500)).toBeLessThan(90);
      // a round hill about the middle stays one, what stands beside it goes everywhere at its distance
      const hill = tf.tensor4d(hillOf(15), [1, 15, 15, 1]);
      const mean = tf.mean(rotation(tf.tile(hill, [400, 1, 1, 1]), seeds()), 0, true);
      expect(tf.max(tf.abs(tf.sub(mean, hill))).dataSync()[0]).toBeLessThan(0.05);
      const point = new Float32Array(225);
      point[7 * 15 + 12] = 1;
      const turnedPoints = rotation(tf.tile(tf.tensor4d(point, [1, 15, 15, 1]), [2000, 1, 1, 1]), seeds());
      const ring = tf.mean(turnedPoints, 0).dataSync();
      const around = [
        [7, 12],
        [12, 7],
        [7, 2],
        [2, 7],
      ].map(([i, j]) => ring[i! * 15 + j!]!);
      expect(Math.min(...around)).toBeGreaterThan(0.5 * Math.max(...around));
    });
  });

  it('turn colours about grey: what is grey stays, and no colour becomes more or less of one', () => {
    tf.tidy(() => {
      const grey = tf.mul(tf.ones([5, 2, 2, 3]), 0.4);
      expect(tf.max(tf.abs(tf.sub(hue(grey, seeds()), grey))).dataSync()[0]).toBeLessThan(1e-6);
      const red = tf.tile(tf.tensor4d([1, 0, 0], [1, 1, 1, 3]), [3000, 1, 1, 1]);
      const rows = tf.reshape(hue(red, seeds()), [3000, 3]).arraySync() as number[][];
      for (const [r, g, b] of rows.slice(0, 50)) {
        expect(r! + g! + b!).toBeCloseTo(1, 5);
        expect(r! ** 2 + g! ** 2 + b! ** 2).toBeCloseTo(1, 5);
      }
      // a third of a turn makes red green, or blue: each is the most of a third of all
      const most = rows.map((row) => row.indexOf(Math.max(...row)));
      for (const channel of [0, 1, 2])
        expect(Math.abs(most.filter((each) => each === channel).length - 1000)).toBeLessThan(120);
    });
  });

  it('are linear where gradients go through them: as finite differences have it', () => {
    tf.tidy(() => {
      const [x, direction] = [pictures(2, 8), tf.tensor4d(pattern('direction', 2 * 8 * 8 * 3), [2, 8, 8, 3])];
      for (const transform of [color, translation, cutout, mirror, ...ADAPTIVE]) {
        const projected = (at: tf.Tensor) => {
          const y = transform(at, seeds(5));
          return tf.sum(tf.mul(y, tf.tensor(pattern('projection', y.size), y.shape))) as tf.Scalar;
        };
        const found = tf.sum(tf.mul(tf.grad(projected)(x), direction)).dataSync()[0]!;
        const at = (sign: number) => projected(tf.add(x, tf.mul(direction, sign * 0.05))).dataSync()[0]!;
        expect(found).toBeCloseTo((at(1) - at(-1)) / 0.1, 2);
      }
    });
  });
});

describe('an augmentation', () => {
  const state = (probability: number, sign = 0) => {
    const slots: Record<string, number> = { 'ada/probability': probability, 'ada/sign': sign };
    return { slot: (name: string) => tf.tensor1d([slots[name]!]), seeds: seeds() };
  };

  it('changes every picture, none, or as many as its probability says', () => {
    tf.tidy(() => {
      const x = pictures(400, 8);
      const changed = (options: object, probability = 0) => {
        const y = augmented(augmentationOptions.parse(options), x, state(probability));
        return [...tf.max(tf.abs(tf.sub(x, y)), [1, 2, 3]).dataSync()].filter((d) => d > 1e-6).length;
      };
      expect(changed({ name: 'none' })).toBe(0);
      expect(changed({ name: 'diffaugment' })).toBe(400);
      expect(changed({ name: 'ada' }, 0)).toBe(0);
      expect(changed({ name: 'ada' }, 1)).toBe(400);
      const some = changed({ name: 'ada' }, 0.1); // 1 - 0.9^12, but for mirrors, turns and flips that leave half or a quarter as they are
      expect(some / 400).toBeGreaterThan(0.58);
      expect(some / 400).toBeLessThan(0.78);
    });
  });

  it('of ADA moves by as much as a minibatch is of its images, towards its target, between 0 and 1', () => {
    const ada = augmentationOptions.parse({ name: 'ada', images: 1000, target: 0.6 });
    const real = () => tf.tensor2d([[3], [2], [-1], [4]]);
    const next = (probability: number, sign: number) =>
      tf.tidy(() => {
        const slots = nextAugmentation(ada, state(probability, sign), real(), 64);
        return ['ada/probability', 'ada/sign'].map((name) => slots.get(name)!.dataSync()[0]!);
      });
    expect(next(0.5, 0.9)).toEqual([Math.fround(0.5 + 0.064), 0.5]);
    expect(next(0.5, 0.1)[0]).toBeCloseTo(0.5 - 0.064, 6);
    expect(next(0.01, 0.1)[0]).toBe(0);
    expect(next(0.99, 0.9)[0]).toBe(1);
  });

  it('of what are no pictures is refused', () => {
    const config = validateConfig(
      { data: { source: 'ring' }, model: { name: 'mlp' }, augmentation: { name: 'diffaugment' } },
      'here',
    );
    expect(() => architectureOf(config, [2])).toThrow(
      /augmentation diffaugment changes pictures .* shape \[2\]/,
    );
  });
});

/** A round hill about the middle, 1 at its top. */
function hillOf(side: number): number[] {
  const middle = (side - 1) / 2;
  return Array.from({ length: side ** 2 }, (_, n) =>
    Math.exp(-((Math.floor(n / side) - middle) ** 2 + ((n % side) - middle) ** 2) / 18),
  );
}
