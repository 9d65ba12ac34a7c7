// Goal: a checkpoint is read back as it was written, or refused with the reason; no damage to any byte goes unseen.
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  blankHeader,
  type FlatVector,
  fillChecksum,
  type Piece,
} from '../../../src/checkpoints/checkpoint.js';
import {
  type Checkpoint,
  CheckpointStore,
  type Expiry,
  loadCheckpoint,
} from '../../../src/checkpoints/checkpoint-store.js';
import { FileStorage } from '../../../src/checkpoints/file-storage.js';
import { bytesOf, encodeSafetensors } from '../../../src/checkpoints/safetensors.js';
import { validateConfig } from '../../../src/config/load-config.js';
import { VectorEngine } from '../../../src/numerics/vector-engine.js';
import { VectorMemory } from '../../../src/numerics/vector-memory.js';
import { networksOf } from '../../../src/run/open-run.js';
import { decodeState } from '../../../src/run/run-state.js';
import { ParameterStore } from '../../../src/server/training/parameter-store.js';
import { python, pythonLacks } from '../../support/python.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nash-checkpoints-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A vector of one tensor. */
const flat = (data: Float32Array) => ({ data, pieces: [{ name: 'all', shape: [data.length] }] });

const sample = (step: number): Checkpoint => ({
  step,
  vectors: {
    discriminator: {
      data: Float32Array.of(1, -2.5, 3e-20, step),
      pieces: [
        { name: 'dense1/kernel', shape: [3, 1] },
        { name: 'dense1/bias', shape: [1] },
      ],
    },
    'discriminator.adam.m': flat(Float32Array.of(0, 0, 0.5, -0.5)),
    generator: flat(Float32Array.from({ length: 700_001 }, (_, i) => i / 7 - step)),
  },
  metadata: { term: '1', manifests: '{"size":4,"checksum":"x"}', note: 'ünïcode "quoted"\n' },
});
/** The same with a hash in place of the numbers: comparing them one by one takes seconds. */
const readable = (checkpoint: Checkpoint) => ({
  ...checkpoint,
  vectors: Object.entries(checkpoint.vectors).map(([name, { data, pieces }]) => [
    name,
    createHash('sha256').update(bytesOf(data)).digest('hex'),
    pieces,
  ]),
});
const small = (step: number): Checkpoint => ({
  step,
  vectors: { weights: flat(Float32Array.of(1, 2, step)) },
  metadata: {},
});
const store = (expired?: Expiry) => new CheckpointStore(new FileStorage(folder), expired);
const names = () => readdirSync(folder).sort();

describe('writing', () => {
  it('what is written is read back, bit for bit, odd texts too', async () => {
    const path = await store().write(sample(12));
    expect(path).toBe(join(folder, 'step-12.safetensors'));
    expect(readable(await loadCheckpoint(path))).toEqual(readable(sample(12)));
    expect(names()).toEqual(['step-12.safetensors']);
  });

  it('the same checkpoint gives the same file', async () => {
    const first = readFileSync(await store().write(sample(1)));
    expect(readFileSync(await store().write(sample(1))).equals(first)).toBe(true);
  });

  it('vectors in shared memory are written as they lie', async () => {
    const memory = new VectorMemory();
    const vector = memory.allocate(5);
    memory.write(vector, 0, Float32Array.of(1, 2, 3, 4, 5));
    const path = await store().write({ step: 1, vectors: { w: flat(memory.view(vector)) }, metadata: {} });
    expect([...(await loadCheckpoint(path)).vectors.w!.data]).toEqual([1, 2, 3, 4, 5]);
  });

  it('those that have served go once the new one is there', async () => {
    for (const step of [8, 9, 10, 11]) await store().write(small(step));
    const asked: [readonly number[], number][] = [];
    const expiry: Expiry = (...words) => {
      asked.push(words);
      return [8, 10];
    };
    await store(expiry).write(small(100));
    expect(asked).toEqual([[[100, 11, 10, 9, 8], 100]]);
    expect(await store().steps()).toEqual([100, 11, 9]);
  });

  it('those of a line that is left are called otherwise, whole', async () => {
    for (const step of [10, 20, 30]) await store().write(small(step));
    const before = readFileSync(join(folder, 'step-30.safetensors'));
    expect(await store().setAside(10, 'aside-4')).toEqual([30, 20]);
    expect(names()).toEqual([
      'aside-4-step-20.safetensors',
      'aside-4-step-30.safetensors',
      'step-10.safetensors',
    ]);
    expect(readFileSync(join(folder, 'aside-4-step-30.safetensors')).equals(before)).toBe(true);
    expect((await store().latest()).checkpoint?.step).toBe(10);
  });

  it('what one says of itself is read without its vectors, and without trust', async () => {
    await store().write({ ...small(1), metadata: { state: 'x' } });
    expect(await store().metadataOf(1)).toMatchObject({ state: 'x', step: '1' });
    for (const bytes of ['', '12345678', 'x'.repeat(100)]) {
      writeFileSync(join(folder, 'step-2.safetensors'), bytes);
      expect(await store().metadataOf(2)).toBeUndefined();
    }
    expect(await store().metadataOf(3)).toBeUndefined();
  });

  it('a run that went back can discard the abandoned line', async () => {
    for (const step of [10, 15, 20, 30]) await store().write(small(step));
    await store().discardAfter(15);
    expect((await store().latest()).checkpoint?.step).toBe(15);
  });

  it('refuses values that are not finite and leaves nothing behind', async () => {
    const spoiled = { step: 1, vectors: { weights: flat(Float32Array.of(1, Number.NaN)) }, metadata: {} };
    await expect(store().write(spoiled)).rejects.toThrow('weights of the checkpoint of step 1 is not finite');
    expect(names()).toEqual([]);
  });

  it('what a killed process left half-written is never read and goes with the next checkpoint', async () => {
    writeFileSync(join(folder, 'step-9.safetensors.partial'), 'half');
    expect((await store().latest()).checkpoint).toBeUndefined();
    await store().write(small(10));
    expect(names()).toEqual(['step-10.safetensors']);
  });
});

describe('the tensors of a vector', () => {
  it('lie side by side in the file, and come back as one vector of the same memory', async () => {
    const path = await store().write(sample(2));
    const header = readFileSync(path).subarray(8).toString('latin1');
    expect(header).toContain(
      '"discriminator/dense1/kernel":{"dtype":"F32","shape":[3,1],"data_offsets":[0,12]}',
    );
    expect(header).toContain(
      '"discriminator/dense1/bias":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}',
    );
    expect(readable(await loadCheckpoint(path))).toEqual(readable(sample(2)));
  });

  it('must take all of it', async () => {
    const short = { step: 1, vectors: { w: { data: new Float32Array(3), pieces: [] } }, metadata: {} };
    await expect(store().write(short)).rejects.toThrow('the tensors of w take 0 floats of 3');
  });
});

describe('a checkpoint of the first format', () => {
  // written at step 10 by the version before the second one: an mlp with batch norm, both hidden layers of 4
  const old = () => loadCheckpoint('tests/golden/checkpoint-1.safetensors');

  it('loads, with its vectors under their names of today', async () => {
    const { step, vectors } = await old();
    expect(step).toBe(10);
    expect(Object.keys(vectors).sort()).toEqual([
      'average',
      'discriminator',
      'discriminator.adam.m',
      'discriminator.adam.v',
      'generator',
      'generator.adam.m',
      'generator.adam.v',
    ]);
    // the file's first tensor lies right behind its header
    const file = readFileSync('tests/golden/checkpoint-1.safetensors');
    const start = 8 + Number(file.readBigUInt64LE());
    expect(vectors.discriminator!.data[0]).toBe(file.readFloatLE(start));
  });

  it('holds a state and vectors that a run of today goes on from', async () => {
    const { vectors, metadata } = await old();
    const state = decodeState(metadata);
    expect(state).toMatchObject({
      versions: { discriminator: 10, generator: 10 },
      itemShape: [2],
      amendments: [],
    });
    const config = validateConfig(state.config, 'the checkpoint');
    const { layout } = await networksOf(config, state.itemShape);
    const engine = await VectorEngine.create();
    const parameters = new ParameterStore(config, layout, engine);
    parameters.import(vectors, state.versions);
    const { size } = layout.manifest('generator', 10);
    const bytes = bytesOf(vectors.generator!.data.subarray(0, size));
    expect(parameters.weightHashes().generator).toBe(createHash('sha256').update(bytes).digest('hex'));
    const exported = parameters.export();
    expect(exported.generator!.pieces.map(({ name }) => name)).toContain('norm1/mean');
    await engine.close();
  });
});

describe('a checkpoint of the second format, as commit 3be614c wrote it', () => {
  const GOLDEN = 'tests/golden/checkpoint-2.safetensors';

  it('holds the state and the vectors that a run of today goes on from, to the last bit', async () => {
    const { step, vectors, metadata } = await loadCheckpoint(GOLDEN);
    const state = decodeState(metadata);
    expect(state).toMatchObject({
      versions: { discriminator: 8, generator: 4 },
      itemShape: [2],
      amendments: [
        { step: 2, changes: [{ key: 'optimizer.discriminator.learningRate', was: 0.02, now: 0.01 }] },
      ],
    });
    expect(step).toBe(4);
    const config = validateConfig(state.config, 'the checkpoint');
    const { layout } = await networksOf(config, state.itemShape);
    const engine = await VectorEngine.create(1);
    const parameters = new ParameterStore(config, layout, engine);
    parameters.import(vectors, state.versions);
    expect(parameters.export()).toMatchObject(vectors);
    await engine.close();
  });

  it('is refused with names where the nets of a run have other tensors', async () => {
    const { vectors, metadata } = await loadCheckpoint(GOLDEN);
    const state = decodeState(metadata);
    const config = validateConfig(state.config, 'the checkpoint');
    const { layout } = await networksOf(config, state.itemShape);
    const engine = await VectorEngine.create(1);
    const refusal = (change: (all: Record<string, FlatVector>) => void): string => {
      const all = structuredClone(vectors) as Record<string, FlatVector>;
      change(all);
      const parameters = new ParameterStore(config, layout, engine);
      try {
        parameters.import(all, state.versions);
      } catch (error) {
        return (error as Error).message;
      }
      return 'nothing';
    };
    /** As if the vector had a tensor more, less, or of another name or shape. */
    const pieces = (vector: string, change: (pieces: Piece[]) => Piece[]) =>
      refusal((all) => {
        all[vector] = { ...all[vector]!, pieces: change([...all[vector]!.pieces]) };
      });
    expect(refusal(() => {})).toBe('nothing');
    expect(pieces('generator', (all) => all.filter(({ name }) => name !== 'norm1/mean'))).toBe(
      'it lacks generator/norm1/mean',
    );
    expect(pieces('average', (all) => [...all, { name: 'norm2/mean', shape: [4] }])).toBe(
      "it has what this run's nets have not: average/norm2/mean",
    );
    expect(
      pieces('discriminator', (all) =>
        all.map((piece) => ({ ...piece, name: piece.name.replace('logit', 'score') })),
      ),
    ).toBe(
      "it lacks discriminator/logit/kernel, discriminator/logit/bias; it has what this run's nets have not: discriminator/score/kernel, " +
        'discriminator/score/bias',
    );
    expect(pieces('generator', ([first, ...rest]) => [{ ...first!, shape: [4, 2] }, ...rest])).toBe(
      'other shapes or places: generator/dense1/kernel is [4,2] there and [2,4] here',
    );
    expect(pieces('generator.rmsprop.square', ([a, b, c, ...rest]) => [a!, c!, b!, ...rest])).toBe(
      'other shapes or places: the tensors of generator.rmsprop.square follow each other otherwise',
    );
    expect(refusal((all) => delete all['discriminator.adam.v'])).toMatch(
      /^it lacks discriminator\.adam\.v\/dense1\/kernel, .*bias$/,
    );
    expect(
      refusal((all) => {
        all['generator.lookahead.slow'] = flat(Float32Array.of(1));
      }),
    ).toBe("it has what this run's nets have not: generator.lookahead.slow/all");
    await engine.close();
  });
});

describe('a checkpoint of a format to come', () => {
  it('is refused by name, and not passed over for an older one', async () => {
    await store().write(small(1));
    const path = await store().write(small(2));
    const bytes = readFileSync(path).toString('latin1');
    const later = bytes
      .replace('"format":"nash-checkpoint-2"', '"format":"nash-checkpoint-3"')
      .replace(/"writer":"nash [\d.]+"/, (writer) =>
        writer.replace(/[\d.]+/, (version) => '9'.padEnd(version.length, '.9')),
      );
    writeFileSync(path, Buffer.from(later, 'latin1'));
    const says =
      /checkpoint .*step-2\.safetensors cannot be read: it is of format nash-checkpoint-3, which nash 9\.9\.9 wrote; this is nash \d\S*, which reads nash-checkpoint-1 and nash-checkpoint-2\. Go on with the version that wrote it$/;
    await expect(loadCheckpoint(path)).rejects.toThrow(says);
    await expect(loadCheckpoint(path)).rejects.toMatchObject({ fault: 'usage' });
    await expect(store().latest()).rejects.toThrow(says);
    expect((await store().latest((step) => step < 2)).checkpoint).toEqual(small(1));
    writeFileSync(
      path,
      Buffer.from(
        later.replace(/"writer":"[^"]*",/, (field) => ' '.repeat(field.length)),
        'latin1',
      ),
    );
    await expect(loadCheckpoint(path)).rejects.toThrow(
      /nash-checkpoint-3, which a newer nash wrote; this is nash/,
    );
  });
});

describe('a full disk', () => {
  const failing = (failAt: number, code: string) => async (path: string, flags: string) => {
    const file = await open(path, flags);
    let written = 0;
    return new Proxy(file, {
      get(target, key) {
        const value = Reflect.get(target, key);
        if (typeof value !== 'function') return value;
        if (key !== 'write') return value.bind(target);
        return async (...args: [Uint8Array, number, number, number]) => {
          if (written + args[2] > failAt)
            throw Object.assign(new Error(`${code}: no space left on device`), { code });
          written += args[2];
          return target.write(...args);
        };
      },
    }) as FileHandle;
  };

  it.each([0, 100, 2 ** 21, 2_800_016])(
    'after %i bytes: environment, the last good one kept, no temporary file',
    async (bytes) => {
      await store().write(small(5));
      const full = new CheckpointStore(new FileStorage(folder, failing(bytes, 'ENOSPC')));
      const error = await full.write(sample(6)).catch((caught) => caught);
      expect(error).toMatchObject({ fault: 'environment', exitCode: 3 });
      expect(error.message).toMatch(/no space left.*3 MiB are needed, the one of step 5 is kept; make room/);
      expect(names()).toEqual(['step-5.safetensors']);
      expect((await store().latest()).checkpoint).toEqual(small(5));
    },
  );

  it('a folder that cannot be made is said to be so', async () => {
    writeFileSync(join(folder, 'file'), '');
    const blocked = new CheckpointStore(new FileStorage(join(folder, 'file', 'checkpoints')));
    await expect(blocked.write(small(1))).rejects.toMatchObject({ fault: 'environment' });
  });
});

describe('reading damaged files', () => {
  const write = async (change: (bytes: Buffer) => Buffer): Promise<string> => {
    const path = await store().write({ ...small(7), metadata: { config: 'abc' } });
    writeFileSync(path, change(readFileSync(path)));
    return path;
  };
  const refusal = async (path: string): Promise<string> => {
    const error = await loadCheckpoint(path).then(
      () => undefined,
      (caught) => caught,
    );
    expect(error, 'the file was accepted').toMatchObject({ name: 'NashError', fault: 'usage' });
    expect(error.message).toContain(path);
    return error.message;
  };

  it('every single bit of a file counts', async () => {
    const whole = readFileSync(await write((bytes) => bytes));
    const path = join(folder, 'flipped.safetensors');
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(path, flipped);
      await refusal(path);
    }
  });

  it('a file cut anywhere is refused', async () => {
    const whole = readFileSync(await write((bytes) => bytes));
    const path = join(folder, 'cut.safetensors');
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      expect(await refusal(path)).toMatch(/cut short|too few/);
    }
  });

  const u64 = (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    return bytes;
  };
  const withHeader = (header: unknown, data = Buffer.alloc(12)) => {
    const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
    return Buffer.concat([u64(BigInt(json.length)), json, data]);
  };
  const entry = (over: object) => ({ w: { dtype: 'F32', shape: [3], data_offsets: [0, 12], ...over } });
  it.each<[string, Buffer, RegExp]>([
    ['an empty file', Buffer.alloc(0), /0 bytes, too few/],
    [
      'a header length of 2^64 - 1',
      Buffer.concat([u64(2n ** 64n - 1n), Buffer.alloc(50)]),
      /claims 18446744073709551615 bytes/,
    ],
    [
      'a header length just over the limit',
      Buffer.concat([u64(100_000_001n), Buffer.alloc(50)]),
      /more than safetensors allows/,
    ],
    ['a PNG', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), /not such a file/],
    ['a header that is not JSON', withHeader('{"w": '), /not JSON/],
    ['a header that is not UTF-8', Buffer.concat([u64(2n), Buffer.from([0xff, 0xfe])]), /not JSON/],
    ['a header that is a list', withHeader([]), /not a JSON object/],
    ['another type of number', withHeader(entry({ dtype: 'F64' })), /w is of type F64/],
    ['a tensor that is a string', withHeader({ w: 'x' }), /type undefined/],
    ['a negative dimension', withHeader(entry({ shape: [-3] })), /no valid shape/],
    ['a shape that overflows', withHeader(entry({ shape: [2 ** 40, 2 ** 40] })), /takes .* bytes/],
    [
      'a shape that does not fit its offsets',
      withHeader(entry({ shape: [2] })),
      /takes 8 bytes, its offsets span 12/,
    ],
    ['offsets that run backwards', withHeader(entry({ data_offsets: [12, 0] })), /span -12/],
    [
      'offsets beyond the data',
      withHeader(entry({ shape: [4], data_offsets: [0, 16] })),
      /promises 16 bytes.*cut short/,
    ],
    [
      'a hole before the first tensor',
      withHeader(entry({ shape: [2], data_offsets: [4, 12] })),
      /begins at byte 4/,
    ],
    [
      'bytes after the last tensor',
      withHeader(entry({ shape: [2], data_offsets: [0, 8] })),
      /4 bytes follow/,
    ],
    [
      'tensors that overlap',
      withHeader({ ...entry({}), v: entry({}).w }),
      /begins at byte 0 of the data, 12/,
    ],
    ['metadata that are not strings', withHeader({ ...entry({}), __metadata__: { step: 3 } }), /not strings/],
    [
      'a safetensors file of another program',
      withHeader(entry({})),
      /of format unknown, not nash-checkpoint-2/,
    ],
  ])('%s is refused with its reason', async (_, bytes, reason) => {
    const path = join(folder, 'foreign.safetensors');
    writeFileSync(path, bytes);
    expect(await refusal(path)).toMatch(reason);
  });

  it('a missing file, a folder, and a whole checkpoint that holds NaN are refused', async () => {
    const spoiled = { ...small(4), vectors: { weights: flat(Float32Array.of(0, Number.NaN)) } };
    const data = bytesOf(spoiled.vectors.weights.data);
    const header = blankHeader(spoiled);
    fillChecksum(header, createHash('sha256').update(header).update(data).digest('hex'));
    writeFileSync(join(folder, 'nan.safetensors'), Buffer.concat([header, data]));
    expect(await refusal(join(folder, 'nan.safetensors'))).toMatch(
      /weights\/all\[1\] is NaN: the run had diverged/,
    );
    expect(await refusal(join(folder, 'none'))).toMatch(/ENOENT/);
    expect(await refusal(folder)).toMatch(/EISDIR/);
  });

  it('says how to go on', async () => {
    const path = await write((bytes) => bytes.fill(0, bytes.length - 1));
    expect(await refusal(path)).toMatch(/checksum does not match.*`--resume latest`/);
  });

  it('latest passes over damaged ones with a warning each, and finds none in an empty folder', async () => {
    expect(await store().latest()).toEqual({ checkpoint: undefined, warnings: [] });
    for (const step of [1, 2, 3]) await store().write(small(step));
    copyFileSync(join(folder, 'step-1.safetensors'), join(folder, 'notes.safetensors'));
    for (const step of [2, 3]) writeFileSync(join(folder, `step-${step}.safetensors`), 'x'.repeat(step));
    const found = await store().latest();
    expect(found.checkpoint).toEqual(small(1));
    expect(found.warnings.map((text) => text.slice(0, 31))).toEqual(
      ['checkpoint step-3.safetensors is', 'checkpoint step-2.safetensors is'].map((t) => t.slice(0, 31)),
    );
    writeFileSync(join(folder, 'step-1.safetensors'), '');
    expect((await store().latest()).warnings).toHaveLength(3);
  });
});

describe('other programs', () => {
  const lacking = pythonLacks('safetensors.numpy');
  it.skipIf(lacking)(`Python's safetensors reads a checkpoint${lacking ? `: ${lacking}` : ''}`, async () => {
    const path = await store().write(sample(3));
    const program = `
import sys, json, safetensors, safetensors.numpy
t = safetensors.numpy.load_file(sys.argv[1])
m = safetensors.safe_open(sys.argv[1], 'numpy').metadata()
print(json.dumps([{k: [list(v.shape), float(v.sum(dtype='float64'))] for k, v in t.items()}, m['term'], m['step']]))`;
    const [tensors, term, step] = JSON.parse(python(program, path).toString());
    expect([term, step]).toEqual(['1', '3']);
    for (const name of ['discriminator.adam.m', 'generator']) {
      const { data } = sample(3).vectors[name]!;
      const sum = data.reduce((total, value) => total + value, 0);
      expect(tensors[`${name}/all`]).toEqual([[data.length], expect.closeTo(sum, 2)]);
    }
    expect(tensors['discriminator/dense1/kernel'][0]).toEqual([3, 1]);
    expect(tensors['discriminator/dense1/bias']).toEqual([[1], 3]);
  });

  it('tensors of several dimensions keep their shape', () => {
    const tensors = new Map([['images', { shape: [1, 2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }]]);
    const bytes = encodeSafetensors({ tensors, metadata: { a: 'b' } });
    expect((bytes.length - 24) % 8).toBe(0);
    expect(JSON.parse(bytes.subarray(8, bytes.length - 24).toString())).toEqual({
      __metadata__: { a: 'b' },
      images: { dtype: 'F32', shape: [1, 2, 3], data_offsets: [0, 24] },
    });
  });
});
