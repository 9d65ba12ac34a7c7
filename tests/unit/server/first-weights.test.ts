// Goal: a run that begins with weights from elsewhere takes each tensor by its name and shape, says what it took and what not, and refuses
// what cannot be meant. Method: files of a few tensors by hand, read by the code that a server starts with.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CheckpointStore } from '../../../src/checkpoints/checkpoint-store.js';
import { FileStorage } from '../../../src/checkpoints/file-storage.js';
import { encodeSafetensors } from '../../../src/checkpoints/safetensors.js';
import { decisiveChanges } from '../../../src/config/decisive.js';
import { type RunConfig, runConfig } from '../../../src/config/run-config.js';
import { buildArchitecture } from '../../../src/models/models.js';
import { initialParameters } from '../../../src/parameters/initial.js';
import { Layout } from '../../../src/parameters/layout.js';
import { CONFIG_MARK } from '../../../src/run-folder/ownership.js';
import { firstWeights, requireNames, withInitFile } from '../../../src/server/first-weights.js';

const folder = mkdtempSync(join(tmpdir(), 'nash-init-'));

const GAME = {
  data: { source: 'gaussian-1d' },
  model: {
    name: 'mlp',
    latent: 1,
    generator: { hidden: [1], normalization: 'batch' },
    discriminator: { hidden: [2] },
  },
};
const configOf = (init: object): RunConfig => runConfig.parse({ ...GAME, init });
const layout = new Layout(buildArchitecture(configOf({}).model, [1]));

/** A file of these tensors: `[shape, first value, then one more each]`. */
function fileOf(name: string, tensors: Record<string, [shape: number[], first: number]>): string {
  const file = join(folder, name);
  const entries = Object.entries(tensors).map(([key, [shape, first]]) => {
    const length = shape.reduce((product, d) => product * d, 1);
    return [key, { shape, data: Float32Array.from({ length }, (_, i) => first + i) }] as const;
  });
  writeFileSync(file, encodeSafetensors({ tensors: new Map(entries), metadata: {} }));
  return file;
}

const ALL = {
  'discriminator/dense1/kernel': [[1, 2], 10],
  'discriminator/dense1/bias': [[3], 20],
  'generator/dense1/kernel': [[1, 1], 30],
  'generator/norm1/mean': [[1], 40],
  'somebody/else': [[2], 50],
} as const as unknown as Record<string, [number[], number]>;

const begin = async (init: object) => firstWeights(await withInitFile(configOf(init)), layout)();

describe('first weights', () => {
  it('are those of the file where name and shape fit, the seed’s elsewhere, slots too, and what was not taken is said', async () => {
    const file = fileOf('all.safetensors', ALL);
    const { vectors, lines } = await begin({ from: file });
    const drawn = (net: 'discriminator' | 'generator') =>
      initialParameters(layout.manifest(net, 0), { seed: 1, net });
    const d = Array.from(drawn('discriminator'));
    expect(Array.from(vectors.discriminator!)).toEqual([10, 11, ...d.slice(2)]);
    const g = Array.from(drawn('generator')); // kernel, scale, offset, kernel, bias; mean, variance
    expect(g).toHaveLength(7);
    expect(Array.from(vectors.generator!)).toEqual([30, ...g.slice(1, 5), 40, g[6]]);
    expect(lines).toEqual([
      `init.from: 3 of 11 tensors are taken from ${file}`,
      'not taken, as it has none of their names (7): discriminator/logit/kernel, discriminator/logit/bias, generator/norm1/scale, ' +
        'generator/norm1/offset, generator/output/kernel, generator/output/bias, generator/norm1/variance',
      'not taken, as they have other shapes there (1): discriminator/dense1/bias [3], here [2]',
    ]);
  });

  it('are only of the names that were asked for', async () => {
    const { vectors, lines } = await begin({ from: fileOf('all.safetensors', ALL), only: ['generator/d'] });
    expect(vectors.generator![0]).toBe(30);
    expect(vectors.generator![5]).toBe(0);
    expect(lines.at(-1)).toMatch(
      /^not taken, as init\.only leaves them out \(10\): discriminator\/dense1\/kernel, .* and 2 more$/,
    );
  });

  it('are those of the newest checkpoint of a run, whose file and hash stand in the config from then on', async () => {
    const run = join(folder, 'run');
    mkdirSync(run, { recursive: true });
    writeFileSync(join(run, 'config.yaml'), `${CONFIG_MARK}\n`);
    await expect(withInitFile(configOf({ from: run }))).rejects.toThrow(
      /the run in .* has no whole checkpoint/,
    );
    const store = new CheckpointStore(new FileStorage(join(run, 'checkpoints')));
    for (const step of [1, 2]) {
      const pieces = [{ name: 'dense1/kernel', shape: [1, 1] }];
      await store.write({
        step,
        vectors: { generator: { data: Float32Array.of(step), pieces } },
        metadata: {},
      });
    }
    const config = await withInitFile(configOf({ from: run }));
    const file = join(run, 'checkpoints/step-2.safetensors');
    expect(config.init).toMatchObject({ from: file, fromHash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(firstWeights(config, layout)().vectors.generator![0]).toBe(2);
    // a run that goes on keeps what it began with, whatever has become of the file; where that lay decides nothing
    await store.write({ step: 3, vectors: {}, metadata: {} }).catch(() => {});
    rmSync(file);
    expect((await withInitFile(configOf({ from: run }), config)).init).toEqual(config.init);
    const moved = { ...config, init: { ...config.init, from: '/elsewhere' } };
    expect(decisiveChanges(config, moved)).toEqual([]);
    expect(
      decisiveChanges(config, { ...config, init: { ...config.init, fromHash: 'f'.repeat(64) } }),
    ).toHaveLength(1);
    expect(() => firstWeights(config, layout)()).toThrow(/init\.from: .*step-2.* cannot be read/);
  });

  it('have the bias that the data ask for in place of the drawn one, but not in place of one that is taken', async () => {
    const entry = layout.manifest('generator', 0).entries.at(-1)!;
    const bias = { entry, values: Float32Array.of(7) };
    const drawn = Array.from(
      initialParameters(layout.manifest('generator', 0), { seed: 1, net: 'generator' }),
    );
    const vectorsOf = async (init: object) =>
      firstWeights(await withInitFile(configOf(init)), layout, bias)().vectors;
    const alone = await vectorsOf({});
    expect(alone.discriminator).toBeUndefined();
    expect(Array.from(alone.generator!)).toEqual([...drawn.slice(0, 4), 7, ...drawn.slice(5)]);
    const beside = await vectorsOf({ from: fileOf('all.safetensors', ALL) });
    expect(Array.from(beside.generator!)).toEqual([30, ...drawn.slice(1, 4), 7, 40, drawn[6]]);
    const taken = await vectorsOf({
      from: fileOf('bias.safetensors', { 'generator/output/bias': [[1], 60] }),
    });
    expect(Array.from(taken.generator!)).toEqual([...drawn.slice(0, 4), 60, ...drawn.slice(5)]);
  });

  it('that cannot be meant are refused', async () => {
    const file = fileOf('all.safetensors', ALL);
    await expect(begin({ from: join(folder, 'nowhere') })).rejects.toThrow(
      /init\.from: there is no .*nowhere; expected the folder of a run/,
    );
    await expect(begin({ from: folder })).rejects.toThrow(/the folder .* holds no run/);
    await expect(begin({ from: fileOf('other.safetensors', { 'model/weight': [[2], 1] }) })).rejects.toThrow(
      /0 of 11 tensors are taken from .*; not taken, as .*Its tensors: model\/weight$/,
    );
    writeFileSync(
      join(folder, 'short.safetensors'),
      encodeSafetensors({ tensors: new Map(), metadata: {} }).subarray(0, 9),
    );
    await expect(begin({ from: join(folder, 'short.safetensors') })).rejects.toThrow(
      /init\.from: .*short\.safetensors cannot be taken from: .*cut short/,
    );
    await expect(
      begin({ from: fileOf('nan.safetensors', { 'generator/dense1/kernel': [[1, 1], Number.NaN] }) }),
    ).rejects.toThrow(/cannot be taken from: generator\/dense1\/kernel\[0\] is NaN/);
    const changed = await withInitFile(configOf({ from: file }));
    writeFileSync(file, 'x');
    expect(changed.init.fromHash).not.toBe(createHash('sha256').update('x').digest('hex'));
    expect(() => firstWeights(changed, layout)()).toThrow(/is another file than the run began with/);
    for (const key of ['only', 'freeze'])
      expect(() => requireNames(configOf({ [key]: ['generator', 'discriminator/conv'] }), layout)).toThrow(
        new RegExp(
          `init\\.${key}: no tensor's name begins with 'discriminator/conv'; there are discriminator/dense1/kernel, `,
        ),
      );
    expect(() => requireNames(configOf({ freeze: ['generator/norm1/mean'] }), layout)).toThrow(
      /no tensor's name/,
    );
    requireNames(configOf({ only: ['generator/norm1/mean'], freeze: ['generator/norm1/scale'] }), layout);
  });
});
