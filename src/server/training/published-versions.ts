// Versions of the nets that steps may read, framed once and sent from where they lie. Their memory is used again when no step may read
// them and no peer is still receiving them.
import type { Vector, VectorEngine } from '../../numerics/vector-engine.js';
import { NETS, type Net } from '../../parameters/manifest.js';
import type { Line } from '../../protocol/line.js';
import type { VectorName } from '../../protocol/messages.js';
import type { Region } from '../../transport/shared-memory.js';
import { type BlockHeader, blocksOf, bytesOf } from '../../wire/blocks.js';
import type { Draft } from '../peers/local-peers.js';

/** A version of a vector as it is sent: its blocks, framed once, the same memory for every peer. Not written while anybody holds it. */
export interface Published {
  /** of the line it belongs to: versions of another line have the same numbers and other values */
  term: number;
  version: number;
  values: Float32Array;
  blocks: { header: BlockHeader; bytes: Uint8Array }[];
  /** sessions that it was sent to and that have not said that they have it: ZeroMQ may still be reading it for them */
  holders: Set<string>;
  /** where peers of this host find it too, once it was put there */
  region?: Region;
  /** Called once when nobody needs it any more. */
  onDropped?: () => void;
}

/** A version lies in shared memory, if there was no trouble, until nobody needs it any more. */
export function place(published: Published, draft: Draft, trouble?: string): void {
  const region = draft.seal(trouble);
  if (region) Object.assign(published, { region, onDropped: () => draft.drop() });
  else draft.drop();
}

/** Names one version of one line. */
export interface VersionName {
  term: number;
  vector: VectorName;
  version: number;
}

/** A version in a vector of its own, which is sent from there without a copy. */
type StoredVersion = Published & {
  vector: Vector;
  /** counts all versions of both nets, in the order in which they were made */
  serial: number;
};

interface Shelf {
  /** versions that steps may read, oldest first */
  readable: StoredVersion[];
  /** versions that no step reads any more, held for peers that are still receiving them */
  retired: StoredVersion[];
}

/** What versions may take that no step reads any more and some peer still receives: so many of the longest, and so much in any case. */
const RETIRED = { versions: 16, leastBytes: 64 * 2 ** 20 };

export class PublishedVersions {
  private readonly shelves: Record<Net, Shelf> = {
    discriminator: { readable: [], retired: [] },
    generator: { readable: [], retired: [] },
  };
  private average: Published | undefined;
  /** whose memory stays until others are pinned */
  private readonly pinned = new Map<Net, readonly StoredVersion[]>();
  private lastSerial = 0;

  constructor(
    private readonly engine: VectorEngine,
    private readonly line: Readonly<Line>,
  ) {}

  /** @param vector belongs to the version from now on */
  publish(net: Net, version: number, vector: Vector): void {
    const serial = ++this.lastSerial;
    this.shelves[net].readable.push({ ...this.frame(this.engine.view(vector), version), vector, serial });
  }

  /** Frames G's average; it stays until the next call. */
  publishAverage(version: number, values: Float32Array): Published {
    this.average?.onDropped?.();
    this.average = this.frame(values, version);
    return this.average;
  }

  /** A version as frames, or undefined when it does not exist or was dropped. */
  get(vector: VectorName, version: number): Published | undefined {
    if (vector === 'average') return this.average?.version === version ? this.average : undefined;
    return this.shelves[vector].readable.find((candidate) => candidate.version === version);
  }

  /** A version's memory, while it may be read. */
  vectorOf(net: Net, version: number): Vector | undefined {
    return this.shelves[net].readable.find((candidate) => candidate.version === version)?.vector;
  }

  newest(net: Net): StoredVersion {
    return this.shelves[net].readable.at(-1)!;
  }

  /** The newest version of a net, and an older one if asked for, keep their memory, whoever reads them, until `pin` is called again. */
  pin(net: Net, older?: number): void {
    const { readable } = this.shelves[net];
    this.pinned.set(net, [this.newest(net), ...readable.filter(({ version }) => version === older)]);
    this.reclaim(net);
  }

  /** Drops versions of a net that no step may read any more. */
  forgetBefore(net: Net, version: number): void {
    const { readable, retired } = this.shelves[net];
    while (readable.length > 1 && readable[0]!.version < version) retired.push(readable.shift()!);
    this.reclaim(net);
  }

  /** Drops all versions: another line begins. Those that are still being sent keep their memory until they have left. */
  forgetAll(): void {
    this.pinned.clear();
    for (const net of NETS) {
      const { readable, retired } = this.shelves[net];
      retired.push(...readable.splice(0));
      this.reclaim(net);
    }
  }

  /** A peer has a version, or is gone. */
  letGo({ term, vector, version }: VersionName, session: string): void {
    if (vector === 'average') return;
    const { readable, retired } = this.shelves[vector];
    for (const held of [...readable, ...retired])
      if (held.version === version && held.term === term) held.holders.delete(session);
    this.reclaim(vector);
  }

  /** Sessions that receive the oldest version which no step reads any more, where such take more memory than they may. */
  laggards(): string[] {
    const retired = NETS.flatMap((net) => this.shelves[net].retired).filter(
      ({ holders }) => holders.size > 0,
    );
    const sizes = retired.map(({ values }) => values.byteLength);
    const mostBytes = Math.max(RETIRED.leastBytes, RETIRED.versions * Math.max(...sizes));
    if (sizes.reduce((sum, bytes) => sum + bytes, 0) <= mostBytes) return [];
    return [...retired.reduce((first, each) => (each.serial < first.serial ? each : first)).holders];
  }

  private reclaim(net: Net): void {
    const shelf = this.shelves[net];
    const isHeld = (version: StoredVersion) =>
      version.holders.size > 0 || (this.pinned.get(net)?.includes(version) ?? false);
    for (const version of shelf.retired) {
      if (isHeld(version)) continue;
      version.onDropped?.();
      this.engine.release(version.vector);
    }
    shelf.retired = shelf.retired.filter(isHeld);
  }

  private frame(values: Float32Array, version: number): Published {
    const blocks = blocksOf(values.length).map((header) => ({ header, bytes: bytesOf(values, header) }));
    return { term: this.line.term, version, values, blocks, holders: new Set() };
  }
}
