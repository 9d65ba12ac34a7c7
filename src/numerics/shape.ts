// Shapes of tensors and items: lists of dimensions, without the batch axis where they are an item's.

export type Shape = readonly number[];

/** Product of a shape's dimensions; 1 for a scalar. */
export const sizeOf = (shape: Shape): number => shape.reduce((product, d) => product * d, 1);
