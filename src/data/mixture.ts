// Mixtures of Gaussians whose modes are known: what a generator loses of them can be counted.
import { createHash } from 'node:crypto';
import { RandomStream, type Seed } from '../numerics/random.js';
import type { DistributionSource } from './data-source.js';
import type { DataOptions } from './options.js';

type MixtureOptions = Extract<DataOptions, { source: 'ring' | 'grid' | 'gaussian-1d' }>;

/** The distribution that the options describe; its digest is one of the modes and the deviation. */
export function mixtureSource(options: MixtureOptions): DistributionSource {
  const modes = modesOf(options);
  const { deviation } = options;
  return {
    kind: 'distribution',
    shape: [modes[0]!.length],
    digest: createHash('sha256')
      .update(JSON.stringify([modes, deviation]))
      .digest('hex'),
    modes,
    deviation,
    draw: (seed, out, labels) => draw(seed, out, { modes, deviation, labels }),
    close: () => {},
  };
}

function modesOf(options: MixtureOptions): number[][] {
  switch (options.source) {
    case 'ring':
      return Array.from({ length: options.modes }, (_, i) => {
        const angle = (2 * Math.PI * i) / options.modes;
        return [options.radius * Math.cos(angle), options.radius * Math.sin(angle)];
      });
    case 'grid': {
      const offsets = Array.from(
        { length: options.side },
        (_, i) => options.spacing * (i - (options.side - 1) / 2),
      );
      return offsets.flatMap((x) => offsets.map((y) => [x, y]));
    }
    case 'gaussian-1d':
      return [[options.mean]];
  }
}

/** Each item: a mode drawn uniformly, then one normal an axis. */
function draw(
  seed: Seed,
  out: Float32Array,
  {
    modes,
    deviation,
    labels,
  }: { modes: readonly number[][]; deviation: number; labels: Int32Array | undefined },
): void {
  const random = new RandomStream(seed);
  const dimensions = modes[0]!.length;
  for (let at = 0; at < out.length; at += dimensions) {
    const label = random.below(modes.length);
    const mode = modes[label]!;
    if (labels) labels[at / dimensions] = label;
    for (let axis = 0; axis < dimensions; axis++) out[at + axis] = mode[axis]! + deviation * random.normal();
  }
}
