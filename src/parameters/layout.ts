// How a net's flat vector is laid out, asked for by net and version: of a network that grows, later versions are longer.
import type { Manifest, Net } from './manifest.js';

/** Floats of a net's vector and of a step's payload alike: weights or their gradient, then state slots. */
export const vectorLength = ({ size, slotSize }: Pick<Manifest, 'size' | 'slotSize'>): number =>
  size + slotSize;

export class Layout {
  constructor(private readonly nets: Readonly<Record<Net, { manifest: Manifest }>>) {}

  /** Of a net after so many steps. The same at every version as yet: no network grows. */
  manifest(net: Net, _version: number): Manifest {
    return this.nets[net].manifest;
  }

  length(net: Net, version: number): number {
    return vectorLength(this.manifest(net, version));
  }
}
