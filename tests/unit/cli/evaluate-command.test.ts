// Goal: `nash evaluate` measures files of samples, says by which protocol, and refuses what it cannot measure in one line. Method: the
// command itself in this process, with files whose numbers are known.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { evaluateCommand } from '../../../src/cli/evaluate-command.js';
import { encodeNpy } from '../../../src/evaluation/npy.js';
import { RandomStream, seedOf } from '../../../src/numerics/random.js';
import { scratch, syntheticMnist } from '../../support/nash.js';

interface Answer {
  measures: Record<string, number>;
  protocol: Record<string, unknown> & { measures: Record<string, Record<string, unknown>> };
}

afterEach(() => void vi.restoreAllMocks());

/** @returns what was said on the standard output */
async function run(...words: string[]): Promise<string> {
  let said = '';
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
  vi.stubEnv('NASH_CACHE', scratch('cache'));
  try {
    await evaluateCommand(() => {}).parseAsync(words, { from: 'user' });
  } finally {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  }
  return said;
}

const evaluated = async (...words: string[]): Promise<Answer> =>
  JSON.parse((await run(...words, '--json')).trim().split('\n').at(-1)!);

function npy(name: string, values: Float32Array, shape: number[]): string {
  writeFileSync(scratch(name), encodeNpy(values, shape));
  return scratch(name);
}

const random = new RandomStream(seedOf('evaluate'));
const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());

it('files: of the data of a config, and of a file of real items; as many and as near neighbours as were asked for', async () => {
  const points = npy(
    'points.npy',
    normals(200).map((value) => 0.01 * value),
    [100, 2],
  ); // all about the middle of the ring
  const ring = await evaluated(points, '--config', 'ring', '--measures', 'modes,precision');
  expect(ring.measures).toMatchObject({ modes: 0, modes_expected: 8, precision: 0 });
  expect(Object.keys(ring.measures)).not.toContain('recall');
  expect(ring.protocol.measures.modes).toMatchObject({ near: 'closer than 3 deviations to a mode' });
  const values = normals(300);
  const real = npy('real.npy', values, [150, 2]);
  const same = await evaluated(
    real,
    '--against',
    real,
    '--measures',
    'prdc,frechet,parzen',
    '--neighbours',
    '3',
  );
  expect(same.measures).toMatchObject({ precision: 1, recall: 1, coverage: 1 });
  expect(same.measures.density).toBe(1); // each ball holds its own item and all but the farthest of its neighbours
  expect(same.measures.frechet).toBeCloseTo(0, 9);
  expect(same.protocol.measures).toMatchObject({
    prdc: { nearest: 3, real: 150 },
    parzen: { validation: 'items 0 to 74 of real.npy' },
  });
  const few = await evaluated(real, '--against', real, '--measures', 'frechet', '--count', '20');
  expect(few.protocol).toMatchObject({ samples: 20, measures: { frechet: { real: 20 } } });
  const first = npy('first.npy', values.subarray(0, 40), [20, 2]);
  const same20 = await evaluated(first, '--against', real, '--measures', 'frechet', '--count', '20');
  expect(few.measures).toEqual(same20.measures);
});

it('pictures: of the test split, through a classifier or as they are, with the closest pairs in a figure', async () => {
  const data = ['--config', 'configs/mnist-gan.yaml', '--set', `data.path=${syntheticMnist()}`];
  const pictures = npy(
    'pictures.npy',
    normals(60 * 784).map((value) => Math.max(-1, Math.min(1, value))),
    [60, 28, 28, 1],
  );
  const words = ['--measures', 'modes,prdc,ms-ssim,memorization,birthday,parzen', '--against', 'test'];
  const seen = await evaluated(pictures, ...data, ...words, '--figures', scratch('figures'));
  expect(seen.protocol.measures.prdc).toMatchObject({
    features: expect.stringMatching(/^the 128 hidden units/),
    real: 60,
  });
  expect(seen.protocol.measures.modes).toMatchObject({
    near: 'no farther from a real image than 95 % of those of its group from another',
    captured: 'by one sample in 100: near, and by a classifier 90 % sure',
  });
  expect(seen.protocol.measures.memorization).toMatchObject({ training: 200 });
  expect(seen.measures['ms-ssim']).toBeLessThan(0.2);
  expect(readFileSync(scratch('figures/closest-pairs.png')).subarray(1, 4).toString()).toBe('PNG');
  const asTheyAre = await evaluated(pictures, ...data, '--measures', 'precision', '--features', 'items');
  expect(asTheyAre.protocol.measures.prdc!.features).toBe('items as they are');
});

describe('on the weights of Inception', () => {
  /** As tests/golden/inception.py has them, `[count, 6, 6, 3]`: bytes from `shift` on. */
  const pictures = (name: string, count: number, shift: number) => {
    const stream = new RandomStream(seedOf('inception', name));
    const bytes = Float32Array.from({ length: count * 108 }, () => (stream.below(200) + shift) / 127.5 - 1);
    return npy(`${name}.npy`, bytes, [count, 6, 6, 3]);
  };
  const graph = 'tests/golden/inception.pb';
  const words = () => [
    pictures('fake', 55, 40),
    '--against',
    pictures('real', 70, 0),
    '--measures',
    'inception',
  ];

  it("FID, KID and the Inception Score are those of TensorFlow, SciPy and scikit-learn in Python; the file's sum is told", async () => {
    const golden = JSON.parse(readFileSync('tests/golden/inception.json', 'utf8'));
    const { measures, protocol } = await evaluated(...words(), '--inception', graph);
    expect(measures.fid! / golden.fid).toBeCloseTo(1, 4); // features are float32, summed in another order
    expect(measures.kid! / golden.kid).toBeCloseTo(1, 4);
    expect(measures['inception-score']! / golden.inceptionScore.score).toBeCloseTo(1, 4);
    expect(measures['inception-score-deviation']! / golden.inceptionScore.deviation).toBeCloseTo(1, 3);
    const sum = createHash('sha256').update(readFileSync(graph)).digest('hex');
    expect(protocol.inception).toBe(sum);
    expect(protocol.measures.inception).toMatchObject({
      features: 'pool_3 of Inception, 12 floats',
      real: 70,
    });
    const again = await evaluated(...words(), '--inception', graph, '--inception-sha256', sum.toUpperCase());
    expect(again.measures).toEqual(measures);
  });

  it('is refused without them, with another file, and with another sum', async () => {
    const refused = async (...more: string[]) =>
      (await run(...words(), ...more).catch((error) => error)).message;
    expect(await refused()).toMatch(
      /--measures fid: it cannot be had, since Inception's weights are not given \(--inception FILE\)/,
    );
    expect(await refused('--inception', 'package.json')).toMatch(
      /found no graph of TensorFlow\. It is classify_image_graph_def\.pb/,
    );
    expect(await refused('--inception', 'nowhere.pb')).toMatch(
      /nowhere\.pb: ENOENT.* It is classify_image_graph_def\.pb/,
    );
    expect(await refused('--inception', graph, '--inception-sha256', 'abc')).toMatch(
      /found sha256 [0-9a-f]{64}, expected abc\./,
    );
  });
});

it('what cannot be measured is refused with what was found and how to mend it', async () => {
  const points = npy('few.npy', normals(8), [4, 2]);
  const wide = npy('wide.npy', normals(9), [3, 3]);
  const holes = npy('holes.npy', Float32Array.of(1, 2, Number.NaN, 4), [2, 2]);
  const real = npy('enough.npy', normals(40), [20, 2]);
  for (const [words, message] of [
    [[points, '--config', 'ring', '--measures', 'covrage'], /found 'covrage', .*did you mean 'coverage'\?/],
    [[wide, '--config', 'ring'], /found samples of shape \[3, 3\], expected \[N, 2\].*\. Reshape it/],
    [[wide, '--against', real], /found samples of shape \[3, 3\], expected \[N, 2\]/],
    [[holes, '--config', 'ring'], /holes\.npy: found NaN in item 1, expected finite numbers/],
    [
      [points, '--against', real, '--measures', 'recall'],
      /found 4 samples, expected at least 6\. .*--neighbours/,
    ],
    [
      [points, '--config', 'ring', '--measures', 'fid'],
      /--measures fid: it cannot be had, since it is of images/,
    ],
    [[points], /says not what it is to be like: give --config CONFIG/],
    [[points, '--config', 'ring', '--step', '3'], /--step is for runs/],
    [[scratch('nothing.npy'), '--config', 'ring'], /found no file, expected an array/],
    [[scratch('nothing')], /found no folder, expected the folder of a run or FILE\.npy/],
  ] as const) {
    const error = await run(...words).catch((thrown) => thrown);
    expect([error.fault, error.message]).toEqual(['usage', expect.stringMatching(message)]);
  }
});
