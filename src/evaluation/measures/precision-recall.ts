// How many samples look real, and how much of the data they cover: balls around real items that reach to the k-th nearest other one
// (Naeem et al. 2020, equations 4 to 8, k = 5; the `prdc` package), and the pair before it (Kynkäänniemi et al. 2019, equation 1, k = 3).
import { eachRow, neighbourRadii, squaredDistances } from './distances.js';
import { comparable, comparing, measure, type Reference } from './measure.js';

const NAEEM_NEAREST = 5;
const KYNKAANNIEMI_NEAREST = 3;
const KINDS = ['mixtures', 'images', 'points'] as const;
const COST = { samples: 5000, growth: 'pairs of samples and real items, times floats of a feature' };

export const precisionRecall = measure({
  name: 'prdc',
  metrics: {
    gan_precision_ratio: {
      name: 'precision',
      says: 'Samples that lie in a ball of a real item (Naeem et al. 2020)',
      better: 'higher',
    },
    gan_recall_ratio: {
      name: 'recall',
      says: 'Real items that lie in a ball of a sample (Naeem et al. 2020)',
      better: 'higher',
    },
    gan_density_ratio: {
      name: 'density',
      says: 'Balls of real items that a sample lies in, over k, mean; 1 for real items (Naeem et al. 2020)',
      better: 'higher',
    },
    gan_coverage_ratio: {
      name: 'coverage',
      says: 'Real items whose ball holds a sample (Naeem et al. 2020)',
      better: 'higher',
    },
  },
  appliesTo: KINDS,
  cost: COST,
  least: ({ nearest = NAEEM_NEAREST }) => nearest + 1,
  protocol: (reference) => ({ ...comparing(reference), nearest: reference.nearest ?? NAEEM_NEAREST }),
  prepare(reference) {
    const k = reference.nearest ?? NAEEM_NEAREST;
    if (isFew(reference, k)) return few(k);
    const compare = comparer(reference, { k, isClosed: false });
    return (samples) => {
      const { precision, recall, density, coverage } = compare(samples);
      return {
        gan_precision_ratio: precision,
        gan_recall_ratio: recall,
        gan_density_ratio: density,
        gan_coverage_ratio: coverage,
      };
    };
  },
});

export const improvedPrecisionRecall = measure({
  name: 'improved-precision-recall',
  metrics: {
    gan_improved_precision_ratio: {
      name: 'improved-precision',
      says: "Samples within the real items' estimated manifold (Kynkäänniemi et al. 2019)",
      better: 'higher',
    },
    gan_improved_recall_ratio: {
      name: 'improved-recall',
      says: "Real items within the samples' estimated manifold (Kynkäänniemi et al. 2019)",
      better: 'higher',
    },
  },
  appliesTo: KINDS,
  cost: COST,
  least: ({ nearest = KYNKAANNIEMI_NEAREST }) => nearest + 1,
  protocol: (reference) => ({
    ...comparing(reference),
    nearest: reference.nearest ?? KYNKAANNIEMI_NEAREST,
  }),
  prepare(reference) {
    const k = reference.nearest ?? KYNKAANNIEMI_NEAREST;
    if (isFew(reference, k)) return few(k);
    const compare = comparer(reference, { k, isClosed: true });
    return (samples) => {
      const { precision, recall } = compare(samples);
      return { gan_improved_precision_ratio: precision, gan_improved_recall_ratio: recall };
    };
  },
});

interface Balls {
  /** a ball reaches to the k-th nearest other item */
  k: number;
  /** whether its rim belongs to it: to Kynkäänniemi's, not to Naeem's */
  isClosed: boolean;
}

const isFew = ({ real, size }: Reference, k: number) => real.length / size <= k;
const few = (k: number) => ({ because: `there are too few real items for ${k} neighbours of each` });

interface Shares {
  precision: number;
  recall: number;
  density: number;
  coverage: number;
}

function comparer(reference: Reference, balls: Balls): (samples: Float32Array) => Shares {
  const { real, size, of } = comparable(reference);
  const squared = reference.distances ?? squaredDistances;
  const realRadii = neighbourRadii(real, balls.k, { size, squared });
  return (samples) => {
    const features = of(samples);
    const sampleRadii = neighbourRadii(features, balls.k, { size, squared });
    return shares({ real, features, size, squared, realRadii, sampleRadii, ...balls });
  };
}

function shares({
  real,
  features,
  size,
  squared,
  realRadii,
  sampleRadii,
  k,
  isClosed,
}: Balls & {
  real: Float32Array;
  features: Float32Array;
  size: number;
  squared: typeof squaredDistances;
  realRadii: Float64Array;
  sampleRadii: Float64Array;
}): Shares {
  const isInside = (distance: number, radius: number) =>
    distance < radius || (isClosed && distance === radius);
  const ballsOf = new Uint32Array(sampleRadii.length); // balls of real items that each sample lies in
  let [recalled, covered] = [0, 0];
  eachRow({ a: real, b: features, size, squared }, (row, i) => {
    const radius = realRadii[i]!;
    let [isRecalled, isCovered] = [false, false];
    for (let j = 0; j < row.length; j++) {
      const distance = row[j]!;
      if (isInside(distance, radius)) {
        ballsOf[j]! += 1;
        isCovered = true;
      }
      isRecalled ||= isInside(distance, sampleRadii[j]!);
    }
    recalled += Number(isRecalled);
    covered += Number(isCovered);
  });
  const [realCount, sampleCount] = [realRadii.length, sampleRadii.length];
  return {
    precision: ballsOf.filter((balls) => balls > 0).length / sampleCount,
    recall: recalled / realCount,
    density: ballsOf.reduce((sum, balls) => sum + balls, 0) / (k * sampleCount),
    coverage: covered / realCount,
  };
}
