import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import type { DatasetSource } from '../../../src/data/data-source.js';
import { trainClassifier } from '../../../src/evaluation/classifier.js';
import { ImageBins } from '../../../src/evaluation/image-bins.js';
import { collapseScore } from '../../../src/evaluation/measures/collapse-score.js';
import { differentRatio } from '../../../src/evaluation/measures/different-bins.js';
import { countsOf } from '../../../src/evaluation/measures/groups.js';
import { binModes } from '../../../src/evaluation/measures/mode-coverage.js';
import { reverseKl } from '../../../src/evaluation/measures/reverse-kl.js';
import { meanPairwiseDistance } from '../../../src/evaluation/measures/sample-diversity.js';
import { RealNeighbours } from '../../../src/evaluation/real-neighbours.js';
import { RandomStream, seedOf } from '../../../src/numerics/random.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

describe('the collapse score', () => {
  const ofHistogram = (samples: number[]) =>
    collapseScore({
      reverseKlNats: reverseKl(
        samples,
        samples.map(() => 100),
      ),
    });

  it('is the share of the modes that is out of use', () => {
    expect(ofHistogram([5, 5, 5, 5])).toBeCloseTo(0, 12);
    expect(ofHistogram([10, 10, 0, 0])).toBeCloseTo(0.5, 12);
    expect(ofHistogram([0, 0, 0, 0, 7, 0, 0, 0])).toBeCloseTo(7 / 8, 12);
  });

  it('is at least what the distances lack', () => {
    expect(collapseScore({ reverseKlNats: 0, diversity: 0.3 })).toBeCloseTo(0.7, 12);
    expect(collapseScore({ reverseKlNats: 0, diversity: 1.4 })).toBe(0);
  });

  it('is near 1 where next to no sample is near a mode, however evenly they lie around: quality has collapsed', () => {
    const ofQuality = (highQuality: number) => collapseScore({ reverseKlNats: 0, highQuality });
    expect([0, 0.002, 0.02, 0.04, 0.5].map(ofQuality)).toEqual([1, 0.95, 0.5, 0, 0]);
    expect(collapseScore({ reverseKlNats: Math.log(2), highQuality: 0.03 })).toBeCloseTo(0.5, 12);
  });

  it('stays finite where samples fall into a bin that the data never fill', () => {
    expect(reverseKl([1, 1], [10, 0])).toBeGreaterThan(0.5);
    expect(Number.isFinite(reverseKl([0, 9], [10, 0]))).toBe(true);
    expect(reverseKl([0, 0], [1, 1])).toBeCloseTo(Math.log(2), 12);
  });
});

it('the mean pairwise distance of a 3-4-5 triangle is 4', () => {
  expect(meanPairwiseDistance(Float32Array.of(0, 0, 3, 0, 0, 4), 2)).toBeCloseTo(4, 6);
});

/** Images of 64 pixels around `classes` prototypes; image i is of class i modulo `classes`. */
function prototypes(count: number, classes: number, seed: string): Float32Array {
  const centre = (c: number) => new RandomStream(seedOf('prototype', c));
  const random = new RandomStream(seedOf(seed));
  const centres = Array.from({ length: classes }, (_, c) => {
    const stream = centre(c);
    return Array.from({ length: 64 }, () => stream.normal());
  });
  return Float32Array.from(
    { length: count * 64 },
    (_, i) => centres[Math.floor(i / 64) % classes]![i % 64]! + 0.2 * random.normal(),
  );
}

describe('bins of real images', () => {
  it('find nothing odd in real images, and most bins odd when half of the kinds are lost', () => {
    const real = prototypes(2000, 50, 'real');
    const bins = new ImageBins(real, 64);
    const neighbours = new RealNeighbours(real, 64);
    const modesOf = binModes(bins, neighbours);
    const reportOf = (samples: Float32Array) => ({
      ...modesOf(samples),
      different: differentRatio(countsOf(bins.assign(samples), 50), bins.realCounts),
    });
    const healthy = reportOf(prototypes(1000, 50, 'other'));
    expect(healthy.different).toBeLessThan(0.15); // 5 % by chance
    expect(healthy.captured).toBeGreaterThanOrEqual(48); // k-means may split a kind and join two others
    const collapsed = reportOf(prototypes(1000, 25, 'half'));
    expect(collapsed.captured).toBeLessThan(35);
    expect(collapsed.different).toBeGreaterThan(0.6);
    expect(collapseScore({ reverseKlNats: healthy.klDivergence })).toBeLessThan(0.1);
    expect(collapseScore({ reverseKlNats: collapsed.klDivergence })).toBeGreaterThan(0.35);
    // noise falls into bins too, and is like no real image
    const random = new RandomStream(seedOf('noise'));
    const noise = Float32Array.from({ length: 1000 * 64 }, () => 1.5 * random.normal());
    expect(new Set(bins.assign(noise)).size).toBeGreaterThan(10);
    expect(reportOf(noise).captured).toBe(0);
    bins.dispose();
    neighbours.dispose();
  });
});

it('the classifier learns labels, leaves no tensor behind, and tells which classes a generator lost', () => {
  const before = tf.memory().numTensors;
  const images = prototypes(3000, 10, 'labelled');
  const source: DatasetSource = {
    kind: 'dataset',
    shape: [8, 8, 1],
    count: 3000,
    digest: '',
    read: (indices, out) => {
      for (const [i, index] of Array.from(indices).entries())
        out.set(images.subarray(index * 64, index * 64 + 64), i * 64);
    },
    label: (index) => index % 10,
    close: () => {},
  };
  const classifier = trainClassifier(source, 10);
  const { classes } = classifier.classify(prototypes(500, 10, 'fresh'));
  const right = classes.filter((label, i) => label === i % 10).length;
  expect(right / 500).toBeGreaterThan(0.95);
  expect(new Set(classifier.classify(prototypes(300, 3, 'collapsed')).classes).size).toBe(3);
  classifier.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
