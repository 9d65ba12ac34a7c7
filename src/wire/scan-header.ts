// A look at a header's bytes before anything is made of them: msgpack may announce four thousand million elements in six bytes, nest as
// deep as it is long, or ask for types of its own. Allocates nothing.

/** The deepest real header, a welcome with its config, nests 5 deep. */
const DEPTH_MAX = 16;

/** Bytes of a value behind its first byte, by that byte; strings, containers and extensions apart. */
const FIXED: Readonly<Record<number, number>> = {
  192: 0, // nil
  194: 0, // false
  195: 0, // true
  202: 4, // float32
  203: 8, // float64
  204: 1, // uint8 …
  205: 2,
  206: 4,
  207: 8,
  208: 1, // int8 …
  209: 2,
  210: 4,
  211: 8,
};

/** What follows a first byte: so many values, so many bytes to pass over, or neither. */
interface Extent {
  values: number;
  bytes: number;
}

/** @returns what is wrong with a header, undefined where it is one whole, shallow value of plain types */
export function objectionToHeader(header: Uint8Array): string | undefined {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const missing = new Float64Array(DEPTH_MAX + 1); // values still to come at each depth
  missing[0] = 1;
  let [depth, at] = [0, 0];
  while (depth >= 0) {
    if (missing[depth] === 0) {
      depth -= 1;
      continue;
    }
    missing[depth]! -= 1;
    if (at >= header.length) return 'it ends too early';
    const extent = extentOf(view, at);
    if (!extent) return `it has a value of type 0x${header[at]!.toString(16)}`;
    at += 1 + extent.bytes;
    if (at + extent.values > header.length) return 'it announces more than it has';
    if (extent.values === 0) continue;
    if (depth === DEPTH_MAX) return `it nests deeper than ${DEPTH_MAX}`;
    missing[++depth] = extent.values;
  }
  return at === header.length ? undefined : `${header.length - at} bytes follow it`;
}

function extentOf(view: DataView, at: number): Extent | undefined {
  const first = view.getUint8(at);
  if (first < 0x80 || first >= 0xe0) return { values: 0, bytes: 0 }; // small integers
  if (first < 0x90) return { values: 2 * (first & 15), bytes: 0 };
  if (first < 0xa0) return { values: first & 15, bytes: 0 };
  if (first < 0xc0) return { values: 0, bytes: first & 31 };
  const fixed = FIXED[first];
  if (fixed !== undefined) return { values: 0, bytes: fixed };
  const [kind, width] = SIZED[first] ?? [];
  if (!kind || !width || at + width >= view.byteLength) return undefined;
  const count =
    width === 1 ? view.getUint8(at + 1) : width === 2 ? view.getUint16(at + 1) : view.getUint32(at + 1);
  if (kind === 'string') return { values: 0, bytes: width + count };
  return { values: kind === 'map' ? 2 * count : count, bytes: width };
}

/** Values that say their size in 1, 2 or 4 bytes. */
const SIZED: Readonly<Record<number, ['string' | 'array' | 'map', 1 | 2 | 4]>> = {
  217: ['string', 1],
  218: ['string', 2],
  219: ['string', 4],
  220: ['array', 2],
  221: ['array', 4],
  222: ['map', 2],
  223: ['map', 4],
};
