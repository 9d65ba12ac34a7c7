// NumPy's .npy format, version 1.0 (numpy/lib/format.py), for float32 and int32 in C order.

const MAGIC = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0]);
/** The data begin at a multiple of this many bytes. */
const ALIGNMENT = 64;

/** A whole file; `data.length` is the product of `shape`. */
export function encodeNpy(data: Float32Array | Int32Array, shape: readonly number[]): Buffer {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${data instanceof Int32Array ? '<i4' : '<f4'}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const end = Math.ceil((MAGIC.length + 2 + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const header = Buffer.alloc(end, ' ');
  MAGIC.copy(header);
  header.writeUInt16LE(end - MAGIC.length - 2, MAGIC.length);
  header.write(text, MAGIC.length + 2);
  header.write('\n', end - 1);
  return Buffer.concat([header, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]);
}
