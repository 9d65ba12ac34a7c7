// Goal: what the server does to vectors, by hand: one weight a layer, SGD without momentum, payloads that anybody can add up.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runConfig } from '../../../../src/config/run-config.js';
import { buildArchitecture } from '../../../../src/models/models.js';
import { RandomStream, seedOf } from '../../../../src/numerics/random.js';
import { sizeOf } from '../../../../src/numerics/shape.js';
import { VectorEngine } from '../../../../src/numerics/vector-engine.js';
import { Layout } from '../../../../src/parameters/layout.js';
import type { Net } from '../../../../src/parameters/manifest.js';
import type { TreeNode } from '../../../../src/protocol/shard-tree.js';
import { ParameterStore } from '../../../../src/server/training/parameter-store.js';

const SGD = { name: 'sgd', learningRate: 0.5, momentum: 0 };
let engine: VectorEngine;
beforeEach(async () => {
  engine = await VectorEngine.create(1);
});
afterEach(() => engine.close());

type First = (net: Net) => Float32Array | undefined;

function storeOf(
  settings: object,
  normalization = 'none',
  of = engine,
  first?: First,
  item: readonly number[] = [1],
): ParameterStore {
  const config = runConfig.parse({
    data: { source: 'gaussian-1d' },
    model: {
      name: 'mlp',
      latent: 1,
      generator: { hidden: [1], normalization },
      discriminator: { hidden: [1] },
    },
    optimizer: { discriminator: SGD, generator: SGD },
    minibatch: { size: 8, shards: 4 },
    averaging: { decay: 0.999 },
    ...settings,
  });
  const layout = new Layout(buildArchitecture(config.model, item));
  const store = new ParameterStore(config, layout, of, { term: 1, branch: 0 }, first);
  store.initialize();
  return store;
}

const parametersOf = (store: ParameterStore, net: Net) => Array.from(store.export()[net]!.data);
const averageOf = (store: ParameterStore) => Array.from(store.export().average!.data);

/** Hands the leaves in, in any order: leaf i is `values(i)` repeated. */
async function apply(
  store: ParameterStore,
  net: Net,
  step: number,
  leaf: (i: number) => number,
  order = [2, 0, 3, 1],
) {
  for (const index of order) {
    const payload = store.allocatePayload(net);
    store.view(payload).fill(leaf(index));
    await store.settle(net, { level: 0, index }, payload);
  }
  return store.apply(net, step);
}

describe('an answer', () => {
  it('is sound up to a norm of 2^60, and neither beyond nor with anything that is not finite', async () => {
    const store = storeOf({});
    const isSound = async (...values: number[]) => {
      const payload = store.allocatePayload('discriminator');
      store.view(payload).set(values);
      const sound = await store.isSound(payload);
      store.release(payload);
      return sound;
    };
    expect(await isSound(0, 0, 0, 0)).toBe(true);
    expect(await isSound(0, -(2 ** 60), 0, 0)).toBe(true);
    expect(await isSound(1, 2 ** 60, 2 ** 50, 0)).toBe(false);
    expect(await isSound(3e38, 0, 0, 0)).toBe(false);
    expect(await isSound(0, 0, 0, -3e38)).toBe(false);
    expect(await isSound(0, Number.NaN, 0, 0)).toBe(false);
    expect(await isSound(0, 0, Number.NEGATIVE_INFINITY, 0)).toBe(false);
  });
});

describe('a step', () => {
  it('moves each weight by the rate times the mean of the shards, and reports the norm of that mean', async () => {
    const store = storeOf({});
    const before = parametersOf(store, 'discriminator');
    const applied = await apply(store, 'discriminator', 0, (i) => i + 1); // mean 2.5
    expect(before).toHaveLength(4);
    for (const [i, w] of parametersOf(store, 'discriminator').entries())
      expect(w).toBeCloseTo(before[i]! - 1.25, 6);
    expect(applied).toEqual({ kind: 'applied', gradientNorm: 5 }); // sqrt(4 * 2.5^2)
  });

  it('blends slots: nine tenths of what they were and one of the mean of the shards', async () => {
    const store = storeOf({}, 'batch');
    await apply(store, 'generator', 0, (i) => i + 1);
    const [mean, variance] = parametersOf(store, 'generator').slice(-2);
    expect(mean).toBeCloseTo(0.25, 6);
    expect(variance).toBeCloseTo(0.9 + 0.25, 6);
  });

  it('whose gradient is too long is that of its direction, and reports the length that it had; a shorter one is left alone', async () => {
    for (const [clipNorm, length] of [
      [1, 1],
      [4, 4],
      [6, 5],
    ]) {
      const store = storeOf({ optimizer: { discriminator: { ...SGD, clipNorm }, generator: SGD } });
      const before = parametersOf(store, 'discriminator');
      const applied = await apply(store, 'discriminator', 0, (i) => i + 1); // mean 2.5, of four weights: norm 5
      for (const [i, w] of parametersOf(store, 'discriminator').entries())
        expect(w).toBeCloseTo(before[i]! - (0.5 * length!) / 2, 5);
      expect(applied).toEqual({ kind: 'applied', gradientNorm: 5 });
    }
  });

  it('is clipped to the same bits, whatever the workers have added up and however many threads there are', async () => {
    const threads = await VectorEngine.create(3);
    const random = new RandomStream(seedOf('clipped'));
    const settings = {
      model: { name: 'mlp', latent: 5, generator: { hidden: [600, 600], normalization: 'batch' } },
      optimizer: { discriminator: SGD, generator: { ...SGD, clipNorm: 0.1 } },
      init: { freeze: ['generator/dense2/bias'] },
    };
    const stores = [storeOf(settings), storeOf(settings, 'none', threads)] as const;
    const { length } = parametersOf(stores[0], 'generator');
    expect(length).toBeGreaterThan(2 ** 18); // more than one part
    const [a, b] = [0, 1].map(() => Float32Array.from({ length }, () => random.normal()));
    const root = a!.map((x, i) => x + b![i]!);
    const settle = async (store: ParameterStore, node: TreeNode, values: Float32Array) => {
      const payload = store.allocatePayload('generator');
      store.view(payload).set(values);
      await store.settle('generator', node, payload);
    };
    await settle(stores[0], { level: 2, index: 0 }, root);
    await settle(stores[1], { level: 1, index: 1 }, b!);
    await settle(stores[1], { level: 1, index: 0 }, a!);
    const applied = [await stores[0].apply('generator', 0), await stores[1].apply('generator', 0)];
    expect(applied[1]).toEqual(applied[0]);
    expect(stores[1].weightHashes().generator).toBe(stores[0].weightHashes().generator);
    expect(parametersOf(stores[1], 'generator')).toEqual(parametersOf(stores[0], 'generator'));
    await threads.close();
  });

  it('that is clipped and not finite changes nothing', async () => {
    const store = storeOf({ optimizer: { discriminator: { ...SGD, clipNorm: 1 }, generator: SGD } });
    const before = parametersOf(store, 'discriminator');
    for (const leaf of [Number.NaN, 1e38])
      expect(await apply(store, 'discriminator', 0, () => leaf)).toEqual({
        kind: 'not-finite',
        cause: 'gradient',
      });
    expect(parametersOf(store, 'discriminator')).toEqual(before);
  });

  it('of a net that looks ahead goes back half way with every second update, wherever it was interrupted', async () => {
    const ahead = { ...SGD, lookahead: { steps: 2 } };
    const settings = {
      optimizer: { discriminator: ahead, generator: ahead },
      init: { freeze: ['discriminator/dense1/'] },
    };
    const store = storeOf(settings);
    const before = parametersOf(store, 'discriminator');
    const moved = () => parametersOf(store, 'discriminator').map((w, i) => w - before[i]!);
    await apply(store, 'discriminator', 0, () => 1);
    for (const [i, by] of [0, 0, -0.5, -0.5].entries()) expect(moved()[i]).toBeCloseTo(by, 6);
    const halfWay = store.export();
    expect(Array.from(halfWay['discriminator.sgd.slow']!.data)).toEqual(before);
    await apply(store, 'discriminator', 1, () => 1);
    for (const [i, by] of [0, 0, -0.5, -0.5].entries()) expect(moved()[i]).toBeCloseTo(by, 6);
    const after = store.export();
    expect(after['discriminator.sgd.slow']!.data).toEqual(after.discriminator!.data);
    const other = storeOf({ ...settings, seed: 2 });
    other.import(halfWay, { discriminator: 1, generator: 0 });
    await apply(other, 'discriminator', 1, () => 1);
    expect(other.export()).toEqual(after);
  });

  it("of the critic is clamped, and G's is not", async () => {
    const store = storeOf({ loss: { name: 'wasserstein', clip: 0.25 } });
    await apply(store, 'discriminator', 0, () => -100);
    expect(parametersOf(store, 'discriminator')).toEqual([0.25, 0.25, 0.25, 0.25]);
    await apply(store, 'generator', 0, () => -100);
    for (const w of parametersOf(store, 'generator')) expect(w).toBeGreaterThan(40);
  });

  it('of a net with max-norm has no unit of longer weights, by hand, in its average and its slow weights too; biases and what is frozen may', async () => {
    const maxNorm = { name: 'max-norm', bound: 0.2 }; // shorter than they are drawn
    const ahead = { ...SGD, lookahead: { steps: 1, rate: 1 } }; // slow weights are the fast ones at once
    const settings = {
      model: { name: 'mlp', latent: 2, generator: { hidden: [2] }, discriminator: { hidden: [1] } },
      penalties: { generator: [maxNorm] },
      optimizer: { discriminator: SGD, generator: ahead },
      averaging: { decay: 0 },
    };
    const free = storeOf({ ...settings, penalties: {} });
    const [first, all] = [free, storeOf(settings)].map((store) => parametersOf(store, 'generator'));
    expect(all).toEqual(first); // they begin as they are drawn
    for (const freeze of [[], ['generator/dense1']]) {
      const store = storeOf({ ...settings, init: { freeze } });
      await apply(store, 'generator', 0, () => -40); // each weight has 20 more
      const isFrozen = freeze.length > 0;
      const [k00, k01, k10, k11, b0, b1, o0, o1, b] = first!.map((w, i) => (isFrozen && i < 6 ? w : w + 20));
      const shorten = (...column: number[]) => column.map((w) => (0.2 * w) / Math.hypot(...column));
      const [c00, c10] = isFrozen ? [k00!, k10!] : shorten(k00!, k10!);
      const [c01, c11] = isFrozen ? [k01!, k11!] : shorten(k01!, k11!);
      const expected = [c00!, c01!, c10!, c11!, b0!, b1!, ...shorten(o0!, o1!), b!];
      const { generator, average, 'generator.sgd.slow': slow } = store.export();
      for (const { data } of [generator!, average!, slow!]) {
        expect(data.length).toBe(expected.length);
        for (const [i, w] of expected.entries()) expect(data[i]).toBeCloseTo(w, 5);
      }
    }
    const other = storeOf(settings);
    await apply(other, 'discriminator', 0, () => -40); // D is not bounded
    for (const w of parametersOf(other, 'discriminator')) expect(Math.abs(w)).toBeGreaterThan(10);
  });

  it('of a transposed convolution, [4, 4, out, in], bounds what leads to a channel that comes out', async () => {
    const settings = {
      model: { name: 'dcgan', latent: 2, width: 4 },
      penalties: { generator: [{ name: 'max-norm', bound: 0.2 }] },
    };
    const store = storeOf(settings, 'none', engine, undefined, [8, 8, 1]);
    await apply(store, 'generator', 0, (i) => -i);
    const { data, pieces } = store.export().generator!;
    const at = pieces.findIndex(({ shape }) => `${shape}` === '4,4,1,4');
    const from = pieces.slice(0, at).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const squares = data.subarray(from, from + 64).map((w) => w * w);
    expect(Math.sqrt(squares.reduce((sum, square) => sum + square, 0))).toBeCloseTo(0.2, 5); // of one channel
  });

  it('of G moves its average, 2/11 of the old and 9/11 of the new at first; one of D does not', async () => {
    const store = storeOf({});
    const first = averageOf(store);
    await apply(store, 'discriminator', 0, () => 3);
    expect(averageOf(store)).toEqual(first);
    await apply(store, 'generator', 0, () => 2);
    for (const [i, w] of averageOf(store).entries()) expect(w).toBeCloseTo(first[i]! - 9 / 11, 5);
  });

  it('leaves frozen weights and what the optimizer keeps of them, bit for bit, and reports the norm of the others’ gradient', async () => {
    for (const optimizer of [
      SGD,
      { name: 'adam' },
      { name: 'rmsprop' },
      { name: 'optimistic-adam' },
      { name: 'adamw', weightDecay: 1 },
    ]) {
      const init = { freeze: ['generator/dense1/', 'generator/output/bias', 'discriminator'] };
      const store = storeOf({ init, optimizer: { discriminator: optimizer, generator: optimizer } });
      const before = parametersOf(store, 'generator');
      const free = storeOf({ optimizer: { discriminator: optimizer, generator: optimizer } });
      for (let step = 0; step < 2; step++) {
        expect(await apply(store, 'discriminator', step, (i) => i + 1)).toEqual({
          kind: 'applied',
          gradientNorm: 0,
        });
        expect(await apply(store, 'generator', step, (i) => i + 1)).toEqual({
          kind: 'applied',
          gradientNorm: 2.5,
        });
        await apply(free, 'generator', step, (i) => i + 1);
      }
      const [kernel1, bias1, kernel2, bias2] = parametersOf(store, 'generator'); // dense1, output
      expect([kernel1, bias1, bias2]).toEqual([before[0], before[1], before[3]]);
      expect(kernel2).toBe(parametersOf(free, 'generator')[2]);
      expect(kernel2).not.toBe(before[2]);
      const moments = Object.entries(store.export()).filter(([name]) => /^generator\./.test(name));
      expect(moments.length).toBeGreaterThan(0);
      for (const [, { data }] of moments) expect([data[0], data[1], data[3]]).toEqual([0, 0, 0]);
      expect(averageOf(store)[0]).toBeCloseTo(before[0]!, 6);
    }
  });

  it('leaves what the optimizer keeps of weights that are frozen after a while', async () => {
    const adam = { name: 'adam' };
    const settings = { optimizer: { discriminator: adam, generator: adam } };
    const free = storeOf(settings);
    for (const net of ['discriminator', 'generator'] as const) await apply(free, net, 0, () => 1);
    const before = free.export();
    const store = storeOf({ ...settings, init: { freeze: ['generator/dense1/'] } });
    store.restore(before, { discriminator: 1, generator: 1 });
    await apply(store, 'generator', 1, () => 3);
    for (const name of ['generator', 'generator.adam.m', 'generator.adam.v']) {
      const [was, is] = [before[name]!.data, store.export()[name]!.data];
      expect(was[0]).not.toBe(0);
      expect(Array.from(is.subarray(0, 2))).toEqual(Array.from(was.subarray(0, 2)));
      expect(is[2]).not.toBe(was[2]);
    }
  });

  it('whose gradient is not finite changes nothing', async () => {
    const store = storeOf({});
    const before = store.export();
    const applied = await apply(store, 'generator', 0, (i) => (i === 1 ? Number.NaN : 1));
    expect(applied).toEqual({ kind: 'not-finite', cause: 'gradient' });
    expect(store.export()).toEqual(before);
  });

  it('whose gradient is finite and beyond any training changes nothing either, in weights, optimizer or average', async () => {
    for (const optimizer of [SGD, { name: 'adam' }]) {
      const store = storeOf({ optimizer: { discriminator: optimizer, generator: optimizer } });
      await apply(store, 'generator', 0, () => 1);
      const before = store.export();
      for (const huge of [3e38, -3e38, 1e30, 2 ** 64]) {
        const applied = await apply(store, 'generator', 1, (i) => (i === 1 ? huge : 1));
        expect(applied).toEqual({ kind: 'not-finite', cause: 'gradient' });
        expect(store.export()).toEqual(before);
      }
    }
  });

  it('takes the largest answers that are sound, all of them at once, and none of its numbers overflows', async () => {
    const adam = { name: 'adam' };
    const store = storeOf({
      optimizer: { discriminator: adam, generator: adam },
      divergence: { gradientNorm: 2 ** 60 },
    });
    const each = 2 ** 59; // four weights: a norm of 2^60
    const payload = store.allocatePayload('discriminator');
    store.view(payload).fill(each);
    expect(await store.isSound(payload)).toBe(true);
    store.release(payload);
    const applied = await apply(store, 'discriminator', 0, () => each);
    expect(applied).toEqual({ kind: 'applied', gradientNorm: 2 ** 60 });
    expect(Object.values(store.export()).every(({ data }) => data.every(Number.isFinite))).toBe(true);
  });

  it('changes nothing where its gradient or a weight is beyond the bounds of the config, and is applied at them', async () => {
    const norm = (gradientNorm: number) => storeOf({ divergence: { gradientNorm, weight: 1e30 } });
    for (const [bound, kind] of [
      [6, 'applied'], // four numbers of 3
      [5.99, 'not-finite'],
    ] as const)
      expect(await apply(norm(bound), 'discriminator', 0, () => 3)).toMatchObject({ kind });
    const store = storeOf({ divergence: { weight: 50 } });
    const before = store.export();
    expect(await apply(store, 'discriminator', 0, () => 120)).toEqual({
      kind: 'not-finite',
      cause: 'update',
    });
    expect(store.export()).toEqual(before);
    expect(await apply(store, 'discriminator', 0, () => 80)).toMatchObject({ kind: 'applied' });
  });

  it('whose loss is refused is forgotten, and computed again', async () => {
    const [store, other] = [storeOf({}), storeOf({})];
    const payload = store.allocatePayload('generator');
    store.view(payload).fill(7);
    await store.settle('generator', { level: 2, index: 0 }, payload);
    expect(store.discard('generator')).toEqual({ kind: 'not-finite', cause: 'loss' });
    for (const each of [store, other]) await apply(each, 'generator', 0, () => 1);
    expect(store.export()).toEqual(other.export());
  });

  it('has the same bits in whatever order its nodes come, and from whatever level', async () => {
    const leaf = (i: number) => [0.1, 0.7, 1e-3, 3e5][i]!;
    const hashes = new Set<string>();
    for (const order of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [1, 3, 0, 2],
    ]) {
      const store = storeOf({});
      await apply(store, 'discriminator', 0, leaf, order);
      hashes.add(store.weightHashes().discriminator);
    }
    const store = storeOf({});
    for (const index of [1, 0]) {
      const payload = store.allocatePayload('discriminator');
      store.view(payload).fill(Math.fround(Math.fround(leaf(2 * index)) + Math.fround(leaf(2 * index + 1))));
      await store.settle('discriminator', { level: 1, index }, payload);
    }
    await store.apply('discriminator', 0);
    hashes.add(store.weightHashes().discriminator);
    expect(hashes.size).toBe(1);
  });
});

describe('the extragradient method', () => {
  const settings = {
    optimizer: { discriminator: SGD, generator: SGD },
    schedule: { order: 'simultaneous', extragradient: true },
    averaging: { decay: 0 },
  };
  /** The mean gradient of leaves that are all alike, times SGD's rate. */
  const moved = (weights: readonly number[], by: number) => weights.map((w) => w - 0.5 * by);
  const close = (found: readonly number[], expected: readonly number[]) =>
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 5);
    });

  it('takes its second step from where the first began, after a checkpoint between them too; the average leaves the first out', async () => {
    const [store, other] = [storeOf(settings), storeOf(settings)];
    const start = parametersOf(store, 'generator');
    const average = averageOf(store);
    for (const net of ['discriminator', 'generator'] as const) await apply(store, net, 0, () => 4);
    close(parametersOf(store, 'generator'), moved(start, 4));
    expect(averageOf(store)).toEqual(average);
    other.restore(store.exportWhole(), { discriminator: 1, generator: 1 });
    for (const each of [store, other]) {
      await apply(each, 'generator', 1, () => 1);
      close(parametersOf(each, 'generator'), moved(start, 1));
      expect(averageOf(each)).toEqual(parametersOf(each, 'generator'));
      await apply(each, 'generator', 2, () => 4);
      await apply(each, 'generator', 3, () => 2);
      close(parametersOf(each, 'generator'), moved(start, 3));
    }
  });
});

describe('the end of a round', () => {
  const ADAM = { name: 'adam' };
  const SETTINGS = {
    optimizer: { discriminator: ADAM, generator: ADAM },
    schedule: { discriminatorSteps: 2 },
  };
  const forget = (store: ParameterStore, d: number, g: number) => {
    store.versions.forgetBefore('discriminator', d);
    store.versions.forgetBefore('generator', g);
  };
  const round = async (store: ParameterStore, number: number) => {
    await apply(store, 'discriminator', 2 * number, () => 1);
    await apply(store, 'discriminator', 2 * number + 1, () => 2);
    await apply(store, 'generator', number, () => 3);
    forget(store, 2 * number + 2, number + 1);
  };

  it('is what is saved in every moment of the next one, which writes over none of it', async () => {
    const store = storeOf(SETTINGS);
    await round(store, 0);
    const [whole, hashes] = [store.export(), store.weightHashes()];
    expect(store.wholeVersions).toEqual({ discriminator: 2, generator: 1 });
    for (const step of [2, 3]) {
      await apply(store, 'discriminator', step, () => 5);
      forget(store, step + 1, 1);
      expect(store.exportWhole()).toEqual(whole);
      expect(store.weightHashes()).toEqual(hashes);
      expect(store.wholeVersions).toEqual({ discriminator: 2, generator: 1 });
    }
    expect(store.export()).not.toEqual(whole);
    await apply(store, 'generator', 1, () => 5);
    expect(store.wholeVersions).toEqual({ discriminator: 4, generator: 2 });
    expect(store.exportWhole()).toEqual(store.export());
    expect(store.weightHashes()).not.toEqual(hashes);
  });

  it('is that of both nets where G steps first', async () => {
    const store = storeOf({ schedule: { order: 'simultaneous' } });
    const before = store.export();
    await apply(store, 'generator', 0, () => 5);
    expect(store.exportWhole()).toEqual(before);
    await apply(store, 'discriminator', 0, () => 5);
    expect(store.exportWhole()).toEqual(store.export());
  });

  it('keeps the D that the next round still reads when pipelined, and a checkpoint goes on with it', async () => {
    const settings = { ...SETTINGS, schedule: { order: 'pipelined', discriminatorSteps: 2 } };
    const [store, other] = [storeOf(settings), storeOf(settings)];
    await round(store, 0);
    const behind = 'discriminator.behind';
    expect(Array.from(store.exportWhole()[behind]!.data)).toEqual(parametersOf(other, 'discriminator'));
    const saved = store.exportWhole();
    for (const step of [2, 3]) await apply(store, 'discriminator', step, () => 5);
    forget(store, 2, 1);
    expect(store.exportWhole()).toEqual(saved); // though no step reads that D any more
    other.restore(saved, { discriminator: 2, generator: 1 });
    expect(other.versions.get('discriminator', 0)!.values).toEqual(saved[behind]!.data);
    expect(other.versions.newest('discriminator').version).toBe(2);
    expect(other.exportWhole()).toEqual(saved);
    const { [behind]: _, ...without } = saved;
    expect(() => other.restore(without, { discriminator: 2, generator: 1 })).toThrow(
      /^it lacks discriminator\.behind\//,
    );
    const amended = storeOf({ ...SETTINGS, schedule: { order: 'alternating', discriminatorSteps: 2 } });
    amended.import(saved, { discriminator: 2, generator: 1 });
    expect(amended.exportWhole()).toEqual(without);
  });

  it('takes no more memory however many there are, and however often the run goes back', async () => {
    const store = storeOf(SETTINGS);
    await round(store, 0);
    await round(store, 1);
    const saved = store.export();
    const held = engine.heldBytes;
    for (let number = 2; number < 6; number++) await round(store, number);
    expect(engine.heldBytes).toBe(held);
    for (let again = 0; again < 3; again++) {
      await apply(store, 'discriminator', again === 0 ? 12 : 4, () => 1);
      store.restore(saved, { discriminator: 4, generator: 2 });
      expect(store.exportWhole()).toEqual(saved);
    }
    expect(engine.heldBytes).toBe(held);
  });

  it('leads back to the first weights, drawn or not', async () => {
    const given = Float32Array.of(1, 2, 3, 4);
    const store = storeOf(SETTINGS, 'none', engine, (net) => (net === 'generator' ? given : undefined));
    const first = store.exportWhole();
    expect([parametersOf(store, 'generator'), averageOf(store)]).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ]);
    expect(parametersOf(store, 'discriminator')).toEqual(parametersOf(storeOf(SETTINGS), 'discriminator'));
    await round(store, 0);
    expect(store.exportWhole()).not.toEqual(first);
    store.restore(undefined, { discriminator: 0, generator: 0 });
    expect(store.exportWhole()).toEqual(first);
  });

  it('stands where an update is not finite', async () => {
    const store = storeOf({ optimizer: { discriminator: SGD, generator: { ...SGD, learningRate: 3e38 } } });
    const before = store.export();
    expect(await apply(store, 'generator', 0, () => 1e6)).toEqual({ kind: 'not-finite', cause: 'update' });
    expect(store.export()).toEqual(before);
  });
});
