// The first values of a net's flat vector, decided by (seed, net, parameter name) alone.
import { RandomStream, seedOf } from '../numerics/random.js';
import type { Initializer, Manifest, ManifestEntry, Net } from './manifest.js';

/**
 * Weights followed by state slots, float32 `[size + slotSize]`. A parameter's values depend on its own name,
 * so adding a layer leaves the others as they were.
 */
export function initialParameters(
  manifest: Manifest,
  { seed, net }: { seed: number; net: Net },
): Float32Array {
  const vector = new Float32Array(manifest.size + manifest.slotSize);
  const fill = (entry: ManifestEntry, start: number) => {
    const values = vector.subarray(start + entry.offset, start + entry.offset + entry.size);
    fillWith(entry.initializer, values, new RandomStream(seedOf(seed, 'initial', net, entry.name)));
  };
  for (const entry of manifest.entries) fill(entry, 0);
  for (const entry of manifest.slots) fill(entry, manifest.size);
  return vector;
}

function fillWith(initializer: Initializer, values: Float32Array, random: RandomStream): void {
  switch (initializer.kind) {
    case 'constant':
      values.fill(initializer.value);
      return;
    case 'normal': {
      const { mean = 0, deviation } = initializer;
      for (let i = 0; i < values.length; i++) values[i] = mean + deviation * random.normal();
      return;
    }
    case 'uniform':
      for (let i = 0; i < values.length; i++) values[i] = initializer.range * (2 * random.uniform() - 1);
      return;
  }
}
