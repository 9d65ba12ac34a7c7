// Gradients that are too long, shortened: Pascanu et al. 2013, algorithm 1.

/** Keeps a share of a vanishing gradient finite, as PyTorch has it. */
const EPSILON = 1e-6;

/**
 * What a gradient of this Euclidean norm is multiplied with, at most 1, as PyTorch's clip_grad_norm_ does it.
 * @param norm of a whole net's averaged gradient; where it is not finite, the gradient stays what it is
 * @param clipNorm absent: no gradient is too long
 */
export function clippedShare(norm: number, clipNorm: number | undefined): number {
  if (clipNorm === undefined || !Number.isFinite(norm)) return 1;
  return Math.min(1, clipNorm / (norm + EPSILON));
}
