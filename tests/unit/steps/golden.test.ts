// Goal: a step computes what its papers say. Method: PyTorch computes the same D step, G step and samples in float64 (tests/golden/steps.py:
// layers, batch norm, losses, statistics and gradients of its own; the random numbers from TensorFlow's Python), and both the eager and
// the compiled step are compared with it, tensor by tensor.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { sizeOf } from '../../../src/numerics/shape.js';
import { NETS } from '../../../src/parameters/manifest.js';
import { pattern, startValue } from '../../support/pattern.js';
import {
  byName,
  layOut,
  manifestsOf,
  type StepOptions,
  statisticNames,
  stepOf,
  useTensorFlow,
} from '../../support/steps.js';

interface Outcome {
  gradient: Record<string, number[]>;
  slots: Record<string, number[]>;
  statistics: Record<string, number>;
}
interface Golden {
  cases: (Record<(typeof NETS)[number], Outcome> & {
    name: string;
    model: object;
    item: number[];
    batch: number;
    group: number;
    gain: number;
    loss: string;
    penalties: object;
    seed: [number, number];
    /** of a conditional case: items of each class, and the classes of the real ones and of samples */
    counts?: number[];
    labels?: number[];
    /** of pairs: what makes conditions, and the shape of one */
    pairs?: object;
    condition?: number[];
    samples?: number[];
  })[];
}
const cases = ['steps', 'steps-pictures'].flatMap(
  (file) => (JSON.parse(readFileSync(`tests/golden/${file}.json`, 'utf8')) as Golden).cases,
);

/**
 * float32 against float64: a rounding of 2^-24 an operation, over sums of at most a few hundred terms. Measured: at most 5e-6 of a
 * tensor's largest element. Small elements are sums that cancel, hence errors are held against the largest. Critics' last bias has
 * gradient 0: each shard adds 1 and takes it away again in parts of 1/batch, a few roundings of numbers below 1. So have biases before a
 * batch norm, whose sums have up to 512 terms (measured: up to 8 roundings).
 */
const TOLERANCE = 2e-5;
const ROUNDING = 16 * 2 ** -24;

beforeAll(useTensorFlow);

describe.each(cases)('$name under $loss', (golden) => {
  const options: StepOptions = { ...golden, loss: { name: golden.loss } };
  const manifests = manifestsOf(options);
  const inputs = {
    ...Object.fromEntries(NETS.map((net) => [net, layOut(manifests[net], startValue(net, golden.gain))])),
    real: pattern('real', golden.batch * sizeOf(golden.item)),
    labels: golden.labels ?? [],
    condition: pattern('condition', golden.batch * sizeOf(golden.condition ?? [])),
    seed: golden.seed,
  };

  it.each(NETS)("the %s's step has PyTorch's gradient, slots and statistics", (net) => {
    const step = stepOf(net, options);
    for (const { payload, statistics } of [step.eager(inputs), step.compiled(inputs)]) {
      const { parameters, slots } = byName(manifests[net], payload!);
      expectEach(parameters, golden[net].gradient);
      expectEach(slots, golden[net].slots);
      const expected =
        net === 'discriminator' && golden.loss === 'wasserstein' ? criticOf(golden) : golden[net].statistics;
      const names = statisticNames(net, options);
      const known = names.flatMap((name, i) => (name in expected ? [i] : []));
      expect(known.length).toBeGreaterThan(names.length / 4);
      expectClose(
        'statistics',
        known.map((i) => statistics![i]!),
        known.map((i) => expected[names[i]!]!),
      );
    }
  });

  // every loss has the same samples: stored once a network
  if (golden.samples)
    it('samples at inference are those of PyTorch', () => {
      const step = stepOf('sample', options);
      for (const { samples } of [step.eager(inputs), step.compiled(inputs)])
        expectClose('samples', samples!, golden.samples!);
    });
});

/**
 * PyTorch's losses of the two steps say a critic's means: D's is mean(fake) - mean(real), G's -mean(fake), of the same latents and the same
 * weights. With dropout D judges other fakes in the one than in the other; then only their difference is known. With a penalty the loss
 * does not tell it.
 */
function criticOf({
  discriminator,
  generator,
  model,
  penalties,
}: Golden['cases'][number]): Record<string, number> {
  const { loss } = discriminator.statistics;
  const criticFake = -generator.statistics.loss!;
  if ('discriminator' in penalties) return { loss: loss!, criticFake };
  const means = { criticReal: criticFake - loss!, criticFake };
  return {
    loss: loss!,
    criticDifference: -loss!,
    ...(JSON.stringify(model).includes('maxout') ? {} : means),
  };
}

function expectEach(found: Record<string, Float32Array>, expected: Record<string, number[]>): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, values] of Object.entries(expected)) expectClose(name, found[name]!, values);
}

function expectClose(name: string, found: ArrayLike<number>, expected: readonly number[]): void {
  expect(found.length, name).toBe(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  const error = Math.max(...expected.map((value, i) => Math.abs(found[i]! - value)));
  expect(error, `${name}: largest element ${largest}`).toBeLessThanOrEqual(TOLERANCE * largest + ROUNDING);
}
