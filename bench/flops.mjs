// Floating-point operations of a recorded step, counted where they matter: convolutions, their gradients, matrix products.

/** @typedef {import('../src/compiler/recording.js').Recording} Recording */

/** @param {readonly number[]} shape */
const sizeOf = (shape) => shape.reduce((product, d) => product * d, 1);

/**
 * Multiplications and additions of a run of the step; everything that is not matrix work counts as nothing.
 * @param {Recording} recording
 */
export function flopsOf({ inputs, nodes }) {
  /** @type {Map<string, readonly number[]>} */
  const shapes = new Map(inputs.map(({ name, shape }) => [`${name}:0`, shape]));
  for (const { name, outputs } of nodes) {
    for (const [i, { shape }] of outputs.entries()) shapes.set(`${name}:${i}`, shape);
  }
  return nodes.reduce((sum, node) => sum + flopsOfNode(node, shapes), 0);
}

/**
 * @param {Recording['nodes'][number]} node
 * @param {ReadonlyMap<string, readonly number[]>} shapes
 */
function flopsOfNode({ op, inputs, outputs }, shapes) {
  const shape = (/** @type {number} */ i) => shapes.get(inputs[i] ?? '') ?? [];
  const output = outputs[0]?.shape ?? [];
  switch (op) {
    case 'Conv2D': // every output element is a product over the filter's height, width and input channels
      return 2 * sizeOf(output) * sizeOf(shape(1).slice(0, 3));
    case 'Conv2DBackpropInput': // the same products, from the gradient's side
      return 2 * sizeOf(shape(2)) * sizeOf(shape(1).slice(0, 3));
    case 'Conv2DBackpropFilter':
      return 2 * sizeOf(shape(2)) * sizeOf(output.slice(0, 3));
    case 'MatMul':
    case 'BatchMatMulV2': // (m k) (k n) / (m n) = k^2
      return 2 * sizeOf(output) * Math.sqrt((sizeOf(shape(0)) * sizeOf(shape(1))) / sizeOf(output));
    default:
      return 0;
  }
}
