// What samples make of their latent vectors: the spectrum of M = J^T J, J the Jacobian of G at z. A collapsed G hardly moves, or moves
// along few directions (Odena et al. 2018, Is Generator Conditioning Causally Related to GAN Performance?, section 2: the mean over z of
// the log condition number of M). J is made of central differences, one axis of z after another.
import { eigenvalues } from '../../numerics/symmetric-matrices.js';
import { measure, type Players } from './measure.js';

/** Latent vectors at which G is differentiated. */
const PLACES = 16;
/** Half the difference of two latents: its square is the error of a difference, and a float's rounding over it the noise. */
const REACH = 0.01;
/** Half a unit in the last place of a float, over its value. */
const ROUNDING = 2 ** -24;

export const latentSensitivity = measure({
  name: 'latent-sensitivity',
  metrics: {
    gan_latent_sensitivity_ratio: {
      name: 'latent-sensitivity',
      says: 'How far a sample moves over how far its latent vector is moved, root mean square over all directions: near 0 where G ignores it',
    },
    gan_latent_condition_nats: {
      name: 'latent-condition',
      says: 'Mean log of the condition number of J^T J, J the Jacobian of G: large where few directions of the latents move samples',
      better: 'lower',
    },
  },
  appliesTo: ['mixtures', 'images'],
  needs: ['generator'],
  cost: {
    samples: 0,
    growth: 'twice the latents times 16 samples, and their square times floats of an item',
  },
  protocol: () => ({ latents: PLACES, reach: REACH }),
  prepare({ size }) {
    return (_, __, { players, labels }) => {
      const spectra = spectraOf(players!, { size, labels });
      const conditions = spectra.flatMap(({ values, floor }) =>
        values.at(-1)! > floor ? [Math.log(values.at(-1)! / Math.max(values[0]!, floor))] : [],
      );
      const squares = spectra.map(({ trace }) => trace / players!.latentSize);
      return {
        gan_latent_sensitivity_ratio: Math.sqrt(mean(squares)),
        // of a G that stands still everywhere there is none
        gan_latent_condition_nats: conditions.length < PLACES ? Number.NaN : mean(conditions),
      };
    };
  },
});

interface Spectrum {
  /** eigenvalues of J^T J that may differ from 0, as many as the smaller side of J; ascending */
  values: Float64Array;
  /** the sum of all */
  trace: number;
  /** what rounding alone makes of one */
  floor: number;
}

/** At latents as samples have them. */
function spectraOf(
  players: Players,
  { size, labels }: { size: number; labels: Int32Array | undefined },
): Spectrum[] {
  const { latentSize } = players;
  const places = players.latents({ count: PLACES, seed: 0 });
  return Array.from({ length: PLACES }, (_, place) => {
    const z = places.subarray(place * latentSize, (place + 1) * latentSize);
    const own = labels && new Int32Array(latentSize).fill(labels[place % labels.length]!);
    const moved = (by: number) => {
      const latents = new Float32Array(latentSize * latentSize);
      for (let axis = 0; axis < latentSize; axis++) {
        latents.set(z, axis * latentSize);
        latents[axis * latentSize + axis]! += by;
      }
      return players.drawAt({ latents, seed: place, labels: own });
    };
    return spectrumOf(moved(REACH), moved(-REACH), { latentSize, size });
  });
}

/** @param ahead samples `[latentSize, size]` of latents that were moved along one axis each @param behind the same the other way */
function spectrumOf(
  ahead: Float32Array,
  behind: Float32Array,
  { latentSize, size }: { latentSize: number; size: number },
): Spectrum {
  const slopes = new Float64Array(ahead.length); // [latentSize, size], J^T
  for (let i = 0; i < slopes.length; i++) slopes[i] = (ahead[i]! - behind[i]!) / (2 * REACH);
  const isWide = size < latentSize;
  const [rows, columns] = isWide ? [size, latentSize] : [latentSize, size];
  // J^T J or J J^T: they share what differs from 0
  const product = rowsTimesRows(isWide ? transposed(slopes, latentSize, size) : slopes, rows, columns);
  const largest = ahead.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return {
    values: eigenvalues(product, rows),
    trace: slopes.reduce((sum, slope) => sum + slope ** 2, 0),
    floor: size * ((ROUNDING * largest) / REACH) ** 2,
  };
}

/** @param matrix `[rows, columns]` @returns `[rows, rows]`, of each row with each */
function rowsTimesRows(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const product = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += matrix[i * columns + k]! * matrix[j * columns + k]!;
      product[i * rows + j] = sum;
      product[j * rows + i] = sum;
    }
  return product;
}

/** @param matrix `[rows, columns]` */
const transposed = (matrix: Float64Array, rows: number, columns: number): Float64Array =>
  new Float64Array(matrix.length).map((_, i) => matrix[(i % rows) * columns + Math.floor(i / rows)]!);

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
