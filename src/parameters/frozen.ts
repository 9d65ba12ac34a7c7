// Tensors by the beginnings of their names, and which stretches of a net's weights stay as they are.
import type { Manifest, Net } from './manifest.js';

/** What a tensor is called among those of both nets, in configs and in checkpoints: `generator/dense1/kernel`. */
export const fullName = (net: Net, name: string): string => `${net}/${name}`;

export const beginsWithAny = (name: string, prefixes: readonly string[]): boolean =>
  prefixes.some((prefix) => name.startsWith(prefix));

/** A stretch of a net's weights, in floats from their beginning. */
export interface Span {
  from: number;
  /** above `from` */
  to: number;
  isFrozen: boolean;
}

/**
 * A net's weights as stretches that stay and stretches that are trained, in turns; together they are all of `[0, size)`.
 * @param freeze beginnings of full names
 */
export function spansOf(net: Net, { entries }: Manifest, freeze: readonly string[]): Span[] {
  const spans: Span[] = [];
  for (const { name, offset, size } of entries) {
    const isFrozen = beginsWithAny(fullName(net, name), freeze);
    const last = spans.at(-1);
    if (last?.isFrozen === isFrozen) last.to = offset + size;
    else spans.push({ from: offset, to: offset + size, isFrozen });
  }
  return spans;
}
