// Paths between latents: straight, as Goodfellow et al. 2014 (figure 3) went, or along the sphere (White 2016), on which normal latents lie.

export type Path = 'linear' | 'spherical';

/**
 * Latents on the way from one to another, both included.
 * @param steps at least 2
 * @returns `[steps, latent]`
 */
export function between(
  from: Float32Array,
  to: Float32Array,
  { steps, path }: { steps: number; path: Path },
): Float32Array {
  const all = new Float32Array(steps * from.length);
  const angle = path === 'spherical' ? angleOf(from, to) : 0;
  for (let step = 0; step < steps; step++) {
    const [a, b] = weightsAt(step / (steps - 1), angle);
    for (let i = 0; i < from.length; i++) all[step * from.length + i] = a * from[i]! + b * to[i]!;
  }
  return all;
}

/** Angles below this, and those of opposite points, have no arc of their own. */
const DEGENERATE = 1e-4;

/** Shares of both ends: sin((1 - t) angle) / sin(angle), sin(t angle) / sin(angle), along the sphere. */
function weightsAt(t: number, angle: number): [number, number] {
  const sine = Math.sin(angle);
  return sine < DEGENERATE ? [1 - t, t] : [Math.sin((1 - t) * angle) / sine, Math.sin(t * angle) / sine];
}

function angleOf(a: Float32Array, b: Float32Array): number {
  const [dot, squaredA, squaredB] = [product(a, b), product(a, a), product(b, b)];
  return Math.acos(Math.min(1, Math.max(-1, dot / Math.sqrt(squaredA * squaredB))));
}

const product = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0);
