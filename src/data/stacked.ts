// Items of three others, one a channel, drawn once from a seed: stacked MNIST, whose thousand triples of digits are its modes (Srivastava
// et al. 2017, section 5.2; the fixed set is that of PacGAN's code, Lin et al. 2018).
import { createHash } from 'node:crypto';
import { RandomStream, seedOf } from '../numerics/random.js';
import { sizeOf } from '../numerics/shape.js';
import type { DatasetSource } from './data-source.js';

const CHANNELS = 3;

/**
 * `[height, width, 3]` of items `[height, width, 1]`; an item's label is that of its channels, the first counting most: of digits a number
 * below 1,000. The source is closed with it.
 */
export function stacked(source: DatasetSource, count: number): DatasetSource {
  const random = new RandomStream(seedOf('stacked'));
  const parts = Uint32Array.from({ length: CHANNELS * count }, () => random.below(source.count));
  const size = sizeOf(source.shape);
  const part = new Float32Array(size);
  const classes = source.classes ?? [...'0123456789'];
  return {
    kind: 'dataset',
    shape: [...source.shape.slice(0, 2), CHANNELS],
    count,
    digest: createHash('sha256').update(`${source.digest} stacked ${count}`).digest('hex'),
    read(indices, out) {
      for (let i = 0; i < indices.length; i++)
        for (let channel = 0; channel < CHANNELS; channel++) {
          source.read([parts[CHANNELS * indices[i]! + channel]!], part);
          for (let pixel = 0; pixel < size; pixel++)
            out[(i * size + pixel) * CHANNELS + channel] = part[pixel]!;
        }
    },
    classes: classes.flatMap((a) => classes.flatMap((b) => classes.map((c) => `${a}${b}${c}`))),
    stackedOf: source,
    label(index) {
      let triple = 0;
      for (let channel = 0; channel < CHANNELS; channel++) {
        const label = source.label(parts[CHANNELS * index + channel]!);
        if (label === undefined) return undefined;
        triple = classes.length * triple + label;
      }
      return triple;
    },
    close: () => source.close(),
  };
}
