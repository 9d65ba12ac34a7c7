// Symmetric matrices in double precision: a root of one that is not negative, and the eigenvalues of any. Rows lie one after another.
import { assert } from '../errors.js';

/** A pivot of so many roundings of the largest is none: its row and column depend on those before. */
const PIVOT_ROUNDINGS = 4;

/**
 * Cholesky's root L of a positive semidefinite matrix, L L^T = matrix (Golub and Van Loan 2013, section 4.2.8).
 * @param matrix `[size, size]`, symmetric, stays as it is
 * @returns `[size, size]`, lower triangular; a column of zeros for each row that depends on those before
 */
export function choleskyRoot(matrix: Float64Array, size: number): Float64Array {
  assert(matrix.length === size * size, () => `${matrix.length} elements are no ${size} x ${size}`);
  const root = new Float64Array(size * size);
  const largest = Math.max(...Array.from({ length: size }, (_, i) => matrix[i * size + i]!));
  const least = PIVOT_ROUNDINGS * size * Number.EPSILON * largest;
  for (let j = 0; j < size; j++) {
    const pivot = matrix[j * size + j]! - dot(root, j * size, j * size, j);
    if (pivot <= least) continue;
    const diagonal = Math.sqrt(pivot);
    root[j * size + j] = diagonal;
    for (let i = j + 1; i < size; i++)
      root[i * size + j] = (matrix[i * size + j]! - dot(root, i * size, j * size, j)) / diagonal;
  }
  return root;
}

function dot(values: Float64Array, a: number, b: number, length: number): number {
  let sum = 0;
  for (let k = 0; k < length; k++) sum += values[a + k]! * values[b + k]!;
  return sum;
}

/**
 * L^T M L of a lower triangular L and a symmetric M: as symmetric as M.
 * @param root `[size, size]` @param matrix `[size, size]`
 */
export function congruent(root: Float64Array, matrix: Float64Array, size: number): Float64Array {
  const right = new Float64Array(size * size); // M L
  for (let i = 0; i < size; i++)
    for (let k = 0; k < size; k++) addRow(right, i * size, root, k * size, k + 1, matrix[i * size + k]!);
  const result = new Float64Array(size * size);
  for (let k = 0; k < size; k++)
    for (let i = 0; i <= k; i++) addRow(result, i * size, right, k * size, size, root[k * size + i]!);
  return result;
}

function addRow(
  into: Float64Array,
  at: number,
  row: Float64Array,
  from: number,
  length: number,
  factor: number,
): void {
  if (factor === 0) return;
  for (let j = 0; j < length; j++) into[at + j]! += factor * row[from + j]!;
}

/** The QL iteration needs two or three rounds for an eigenvalue; EISPACK gives up after as many. */
const ROUNDS_MAX = 30;

/**
 * Eigenvalues of a symmetric matrix: Householder's reflections to a tridiagonal one, then the implicit QL algorithm (Golub and Van Loan
 * 2013, sections 8.3.1 and 8.3.3; EISPACK's tred1 and tql1). Cost: 4/3 size^3.
 * @param matrix `[size, size]`, stays as it is
 * @returns ascending
 */
export function eigenvalues(matrix: Float64Array, size: number): Float64Array {
  const { diagonal, beside } = tridiagonal(Float64Array.from(matrix), size);
  for (let low = 0; low < size; low++) {
    for (let round = 0; ; round++) {
      const end = splitAfter(diagonal, beside, low);
      if (end === low) break;
      assert(round < ROUNDS_MAX, () => `the eigenvalues of a ${size} x ${size} matrix do not settle`);
      rotate(diagonal, beside, low, end);
    }
  }
  return diagonal.sort();
}

/** The first place from `low` on where the matrix falls apart: what stands beside the diagonal is a rounding. */
function splitAfter(diagonal: Float64Array, beside: Float64Array, low: number): number {
  for (let i = low; i < diagonal.length - 1; i++) {
    const scale = Math.abs(diagonal[i]!) + Math.abs(diagonal[i + 1]!);
    if (Math.abs(beside[i]!) <= Number.EPSILON * scale || beside[i] === 0) return i;
  }
  return diagonal.length - 1;
}

/** One implicit QL step with Wilkinson's shift on the rows from `low` to `end`. */
function rotate(diagonal: Float64Array, beside: Float64Array, low: number, end: number): void {
  const half = (diagonal[low + 1]! - diagonal[low]!) / (2 * beside[low]!);
  const root = Math.hypot(half, 1);
  let g = diagonal[end]! - diagonal[low]! + beside[low]! / (half + (half < 0 ? -root : root));
  let [sine, cosine, moved] = [1, 1, 0];
  for (let i = end - 1; i >= low; i--) {
    const f = sine * beside[i]!;
    const b = cosine * beside[i]!;
    const length = Math.hypot(f, g);
    beside[i + 1] = length;
    if (length === 0) {
      diagonal[i + 1]! -= moved;
      beside[end] = 0;
      return;
    }
    [sine, cosine] = [f / length, g / length];
    const shifted = diagonal[i + 1]! - moved;
    const turned = (diagonal[i]! - shifted) * sine + 2 * cosine * b;
    moved = sine * turned;
    diagonal[i + 1] = shifted + moved;
    g = cosine * turned - b;
  }
  diagonal[low]! -= moved;
  beside[low] = g;
  beside[end] = 0;
}

/** Householder's reflections, one a column; overwrites the matrix. @returns `[size]` each; the last of `beside` is 0 */
function tridiagonal(a: Float64Array, size: number): { diagonal: Float64Array; beside: Float64Array } {
  const beside = new Float64Array(size);
  const v = new Float64Array(size);
  const w = new Float64Array(size);
  for (let k = 0; k < size - 1; k++) {
    const row = k * size;
    let squares = 0;
    for (let j = k + 1; j < size; j++) squares += a[row + j]! ** 2;
    const first = a[row + k + 1]!;
    const length = first > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
    beside[k] = length;
    const normSquares = squares - first * length; // half of |v|^2
    if (normSquares === 0) continue;
    for (let j = k + 1; j < size; j++) v[j] = a[row + j]!;
    v[k + 1] = first - length;
    let along = 0;
    for (let i = k + 1; i < size; i++) {
      let sum = 0;
      for (let j = k + 1; j < size; j++) sum += a[i * size + j]! * v[j]!;
      w[i] = sum / normSquares;
      along += w[i]! * v[i]!;
    }
    const share = along / (2 * normSquares);
    for (let i = k + 1; i < size; i++) w[i]! -= share * v[i]!;
    for (let i = k + 1; i < size; i++) {
      const [vi, wi] = [v[i]!, w[i]!];
      for (let j = k + 1; j < size; j++) a[i * size + j]! -= vi * w[j]! + wi * v[j]!;
    }
  }
  return { diagonal: Float64Array.from({ length: size }, (_, i) => a[i * size + i]!), beside };
}
