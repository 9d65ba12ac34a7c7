// Goal: people sample what they name: a step, its raw weights, one picture or a grid, files of their own; by default the newest checkpoint of
// the line that the run is on. Method: small runs of DCGAN; what a step gave is what a run that ended there gives.
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { expect, it } from 'vitest';
import { nash, scratch, syntheticCifar, syntheticMnist, trainWords, workersOnly } from '../support/nash.js';

const SETS = {
  'data.path': syntheticCifar(64),
  'model.width': 4,
  'minibatch.size': 16,
  'averaging.decay': 0.5,
  'checkpoint.everySteps': 2,
};
const train = (name: string, steps: number, rest: string[] = []) =>
  nash(
    ...trainWords(name, 'configs/cifar10-dcgan.yaml', { ...SETS, 'stop.generatorSteps': steps }, [
      ...workersOnly('any=1'),
      ...rest,
    ]),
  );

it('a step, its raw weights, a picture at its own size, a grid, a folder of files, and after a resume the line that goes on', async () => {
  expect((await train('long', 4)).exitCode).toBe(0);
  expect((await train('short', 2)).exitCode).toBe(0);
  const sample = async (name: string, to: string, ...words: string[]) => {
    const how = /\./.test(to) ? '--out' : '--folder';
    const { exitCode, stdout, stderr } = await nash('sample', scratch(name), how, scratch(to), ...words);
    expect([exitCode, stderr]).toEqual([0, '']);
    return stdout;
  };
  const bytes = (file: string) => readFileSync(scratch(file)).toString('base64');
  const of = { count: ['--count', '2'] };
  expect(await sample('short', 'short.npy', ...of.count)).toMatch(/^2 samples of step 2 /);
  expect(await sample('long', 'two.npy', ...of.count, '--step', '2')).toMatch(/^2 samples of step 2 /);
  expect(bytes('two.npy')).toBe(bytes('short.npy'));
  const file = join(scratch('short'), 'checkpoints/step-2.safetensors');
  await sample('long', 'file.npy', ...of.count, '--step', file);
  expect(bytes('file.npy')).toBe(bytes('short.npy'));
  await sample('short', 'raw.npy', ...of.count, '--raw');
  expect(bytes('raw.npy')).not.toBe(bytes('short.npy'));

  const sizeOf = (path: string) => {
    const { width, height } = PNG.sync.read(readFileSync(scratch(path)));
    return [width, height];
  };
  await sample('long', 'one.png', '--count', '1');
  expect(sizeOf('one.png')).toEqual([32, 32]);
  await sample('long', 'grid.png', '--grid', '2x5');
  expect(sizeOf('grid.png')).toEqual([5 * (3 * 32 + 4) + 4, 2 * (3 * 32 + 4) + 4]);
  await sample('long', 'folder', '--count', '3');
  expect(readdirSync(scratch('folder'))).toEqual(['00000.png', '00001.png', '00002.png']);
  expect(sizeOf('folder/00002.png')).toEqual([32, 32]);
  expect(bytes('folder/00000.png')).toBe(bytes('one.png'));

  const compared = await nash(
    'compare',
    scratch('long'),
    scratch('short'),
    '--values',
    'lossGenerator',
    ...['--out', scratch('compared.png')],
  );
  expect([compared.exitCode, compared.stderr]).toEqual([0, '']);
  expect(sizeOf('compared.png')[0]).toBeGreaterThan(1000); // two grids beside each other, twice as large as they are told
  const unknown = await nash(
    'compare',
    scratch('long'),
    '--values',
    'lossGenerato',
    '--out',
    scratch('x.png'),
  );
  expect([unknown.exitCode, unknown.stderr]).toEqual([
    2,
    expect.stringMatching(/has recorded lossGenerato; did you mean lossGenerator\?/),
  ]);

  for (const [words, message] of [
    [['--step', '3', '--out', 'x.npy'], /--step 3: .* has no checkpoint of that step; it has steps 2, 4\./],
    [['--grid', '2x2', '--out', 'x.npy'], /--grid is how pictures stand in --out FILE\.png/],
    [['--grid', '2x2', '--count', '5', '--out', 'x.png'], /has 4 places, and --count says 5/],
    [[], /give one of --out .* and --folder DIR/],
    [['--out', 'x.png', '--folder', 'x'], /give one of --out .* and --folder DIR/],
  ] as const)
    expect(await nash('sample', scratch('long'), ...words)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(message),
    });

  expect((await train('long', 3, ['--resume', '2'])).exitCode).toBe(0);
  expect(await sample('long', 'newest.npy', ...of.count)).toMatch(/^2 samples of step 3 /);
});

it('figures of ways between latents and of nearest training items are drawn, of this size', async () => {
  const figure = async (...words: string[]) => {
    const { exitCode, stderr } = await nash(...words, '--out', scratch('figure.png'));
    expect([exitCode, stderr.replace(/^data: .*\n/gm, '')]).toEqual([0, '']);
    const { width, height, data } = PNG.sync.read(readFileSync(scratch('figure.png')));
    return {
      width,
      height,
      at: (x: number, y: number) => [...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 3)],
    };
  };
  const side = 3 * 32; // three pixels for one
  const ways = await figure('interpolate', scratch('long'), '--rows', '2', '--steps', '3');
  expect([ways.width, ways.height]).toEqual([3 * (side + 4) + 4, 2 * (side + 4) + 4]);
  const nearest = await figure('neighbors', scratch('long'), '--rows', '2', '--columns', '2');
  expect([nearest.width, nearest.height]).toEqual([3 * (side + 4) + 4, 2 * (side + 4) + 4]);
  const frames = [0, 1, 2].map((column) => nearest.at(column * (side + 4) + 2, 10));
  expect(frames).toEqual([
    [255, 255, 255],
    [255, 255, 255],
    [240, 180, 0],
  ]);
  const { exitCode, stderr } = await nash('neighbors', scratch('long'), '--out', scratch('figure.npy'));
  expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/the figure is a PNG/)]);
});

it('of a conditional run a class that is named, a row of each, or all in proportion, with labels, and without the data', async () => {
  const data = scratch('data-to-go');
  cpSync(syntheticMnist(), data, { recursive: true });
  const sets = {
    'data.path': data,
    'model.width': 4,
    'model.conditional': 'projection',
    'minibatch.size': 16,
  };
  const trained = await nash(
    ...trainWords(
      'conditional',
      'configs/mnist-gan.yaml',
      { ...sets, 'stop.generatorSteps': 2 },
      workersOnly('any=1'),
    ),
  );
  expect([trained.exitCode, trained.stderr]).toEqual([0, '']);
  rmSync(data, { recursive: true });
  const sample = async (to: string, ...words: string[]) => {
    const { stdout, stderr } = await nash('sample', scratch('conditional'), '--out', scratch(to), ...words);
    return [stdout.trim(), stderr].join('');
  };
  expect(await sample('all.npy', '--count', '500')).toMatch(/^500 samples of step 2 written to \S+$/);
  await sample('sevens.npy', '--count', '3', '--class', '7');
  expect(await sample('rows.png')).toMatch(/^100 samples .*, one class a row: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9$/);
  expect(await sample('x.npy', '--class', 'ten')).toMatch(
    /--class ten: there is no such class; expected 0, 1, 2/,
  );
  const labelsIn = (file: string) => {
    const bytes = readFileSync(scratch(file));
    return Array.from({ length: (bytes.length - 128) / 4 }, (_, i) => bytes.readInt32LE(128 + 4 * i));
  };
  const labels = labelsIn('all.labels.npy');
  expect([labels.length, new Set(labels).size, labelsIn('sevens.labels.npy')]).toEqual([500, 10, [7, 7, 7]]);
  // sample i of a seed is the same whatever its neighbours are of, if its own class is the same
  const item = (file: string, i: number) => {
    const at = 128 + i * 28 * 28 * 4;
    return readFileSync(scratch(file))
      .subarray(at, at + 28 * 28 * 4)
      .toString('base64');
  };
  for (const i of [0, 1, 2]) expect(item('all.npy', i) === item('sevens.npy', i)).toBe(labels[i] === 7);
  const { width, height } = PNG.sync.read(readFileSync(scratch('rows.png')));
  expect([width, height]).toEqual([10 * (3 * 28 + 4) + 4, 10 * (3 * 28 + 4) + 4]);
});
