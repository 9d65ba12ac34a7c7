/** Floats of one push, 11 MB: the nets of a small DCGAN. */
export const FLOATS = 2_760_000;
