// Goal: roots and eigenvalues are right for any symmetric matrix. Method: matrices whose eigenvalues are known, and any others by what
// must hold of them: L L^T is the matrix, traces are sums of eigenvalues and of their squares.
import { describe, expect, it } from 'vitest';
import { RandomStream, seedOf } from '../../../src/numerics/random.js';
import { choleskyRoot, congruent, eigenvalues } from '../../../src/numerics/symmetric-matrices.js';

/** A^T A of a random matrix with fewer rows than columns where rank < size. */
function semidefinite(size: number, rank: number): Float64Array {
  const random = new RandomStream(seedOf('matrix', size, rank));
  const rows = Array.from({ length: rank }, () => Float64Array.from({ length: size }, () => random.normal()));
  return Float64Array.from({ length: size * size }, (_, at) =>
    rows.reduce((sum, row) => sum + row[Math.floor(at / size)]! * row[at % size]!, 0),
  );
}

const times = (a: Float64Array, b: Float64Array, size: number) =>
  Float64Array.from({ length: size * size }, (_, at) => {
    const [i, j] = [Math.floor(at / size), at % size];
    return Array.from({ length: size }, (__, k) => a[i * size + k]! * b[k * size + j]!).reduce(
      (x, y) => x + y,
    );
  });
const transposed = (a: Float64Array, size: number) =>
  a.map((_, at) => a[(at % size) * size + Math.floor(at / size)]!);
const closeTo = (found: Float64Array, expected: ArrayLike<number>, digits = 9) =>
  Array.from(expected).forEach((value, i) => {
    expect(found[i]).toBeCloseTo(value, digits);
  });

describe('eigenvalues', () => {
  it('of matrices that are solved by hand', () => {
    closeTo(eigenvalues(Float64Array.of(2, 1, 1, 2), 2), [1, 3]);
    closeTo(eigenvalues(Float64Array.of(5), 1), [5]);
    closeTo(eigenvalues(Float64Array.of(3, 0, 0, 0, -1, 0, 0, 0, 3), 3), [-1, 3, 3]);
    closeTo(eigenvalues(new Float64Array(16), 4), [0, 0, 0, 0]);
    const ones = new Float64Array(25).fill(1);
    closeTo(eigenvalues(ones, 5), [0, 0, 0, 0, 5]);
  });

  it('of the second difference are 2 - 2 cos(k pi / (n + 1))', () => {
    const n = 40;
    const matrix = Float64Array.from({ length: n * n }, (_, at) => {
      const distance = Math.abs(Math.floor(at / n) - (at % n));
      return distance === 0 ? 2 : distance === 1 ? -1 : 0;
    });
    closeTo(
      eigenvalues(matrix, n),
      Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1))),
      12,
    );
  });

  it('of any matrix sum to its trace, their squares to that of its square, and the matrix stays', () => {
    const [n, matrix] = [30, semidefinite(30, 30)];
    const before = matrix.slice();
    const found = eigenvalues(matrix, n);
    expect(matrix).toEqual(before);
    const trace = (a: Float64Array) =>
      Array.from({ length: n }, (_, i) => a[i * n + i]!).reduce((x, y) => x + y);
    expect(found.reduce((a, b) => a + b)).toBeCloseTo(trace(matrix), 8);
    expect(found.reduce((a, b) => a + b * b, 0)).toBeCloseTo(trace(times(matrix, matrix, n)), 6);
  });
});

describe("Cholesky's root", () => {
  it.each([12, 5, 1])('of a matrix of 12 rows and rank %i times its transpose is the matrix', (rank) => {
    const matrix = semidefinite(12, rank);
    const root = choleskyRoot(matrix, 12);
    closeTo(times(root, transposed(root, 12), 12), matrix);
    expect(root.every((value, at) => at % 12 <= Math.floor(at / 12) || value === 0)).toBe(true);
  });

  it('between a matrix and its transpose is the product', () => {
    const [root, matrix] = [choleskyRoot(semidefinite(7, 7), 7), semidefinite(7, 6)];
    closeTo(congruent(root, matrix, 7), times(transposed(root, 7), times(matrix, root, 7), 7));
  });
});
