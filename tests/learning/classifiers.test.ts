// Goal: the classifiers that judge digits err as seldom as docs/measures.md says. Method: trained with MNIST, asked about its test images.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTensorFlow } from '../../src/compiler/tensorflow.js';
import type { DatasetSource } from '../../src/data/data-source.js';
import { openSource } from '../../src/data/open-source.js';
import { convolutional, quick, trainClassifier } from '../../src/evaluation/classifier.js';
import { sizeOf } from '../../src/numerics/shape.js';
import { scratch } from '../support/nash.js';
import { realData } from '../unit/data/folders.js';

const path = join(realData, 'mnist');

describe.skipIf(!existsSync(path))(
  'of the 10,000 test images (skipped where ../shared/data is absent)',
  () => {
    const opened = (split: 'train' | 'test') =>
      openSource(
        { source: 'mnist', path, split, mirror: false },
        { cacheDir: scratch('data'), log: () => {} },
      ) as Promise<DatasetSource>;

    it.each([
      ['the quick one tells 95 %', quick, 0.95],
      ['the one for stacked MNIST tells 99 %', convolutional, 0.99],
    ])('%s', async (_, recipe, least) => {
      loadTensorFlow({ kind: 'cpu', threads: 1 });
      const [train, test] = [await opened('train'), await opened('test')];
      const images = new Float32Array(test.count * sizeOf(test.shape));
      test.read(
        Array.from({ length: test.count }, (_, i) => i),
        images,
      );
      const classifier = trainClassifier(train, 10, recipe);
      const { classes } = classifier.classify(images);
      expect(classes.filter((one, i) => one === test.label(i)).length / test.count).toBeGreaterThan(least);
      classifier.dispose();
      train.close();
      test.close();
    });
  },
);
