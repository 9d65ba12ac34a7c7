// The import table: who may use whom, and why. Imports point downwards only; this test is the table.
import { describe, expect, it } from 'vitest';
import {
  cycleIn,
  homeOf,
  type Import,
  importsBelow,
  type Rule,
  sourceFiles,
  type Table,
  unused,
  violations,
} from '../support/import-table.js';

const TABLE: Table = {
  numerics: {
    may: [],
    node: ['node:fs', 'node:os', 'node:v8', 'node:vm', 'node:worker_threads'],
    because: 'streams and vectors know nothing of GANs',
  },
  parameters: { may: ['numerics'], node: ['node:crypto'], because: 'a net is a flat vector and a manifest' },
  protocol: {
    may: ['parameters'],
    packages: ['zod'],
    node: [],
    because: 'decides without input, output, clock, chance or tensors, so that it can be simulated',
  },
  compiler: {
    may: ['numerics', 'setup'],
    packages: ['@tensorflow/tfjs-core'],
    because: 'compiles any step, knows no network',
  },
  kernels: {
    may: ['compiler'],
    packages: ['@tensorflow/tfjs-core'],
    node: [],
    because: 'single operations with their gradients',
  },
  'variants.ts': {
    may: [],
    packages: ['zod'],
    node: [],
    because: 'what a config chooses by name is an entry in a list',
  },
  modules: {
    may: [],
    packages: ['esbuild'],
    because: "texts of one's own, as they are and by what they do; what they are for, others know",
  },
  'marked.ts': { may: [], packages: [], node: [], because: 'a page is a text' },
  models: {
    may: ['compiler', 'kernels', 'modules', 'numerics', 'parameters', 'variants.ts'],
    packages: ['@tensorflow/tfjs-core', 'zod'],
    node: [],
    because: 'architectures are chosen apart from losses',
  },
  losses: {
    may: ['modules', 'variants.ts'],
    packages: ['@tensorflow/tfjs-core', 'zod'],
    node: [],
    because: 'losses see logits only',
  },
  augmentation: {
    may: ['kernels', 'parameters', 'variants.ts'],
    packages: ['@tensorflow/tfjs-core', 'zod'],
    node: [],
    because: 'what is done to pictures before D sees them',
  },
  penalties: {
    may: ['augmentation', 'kernels', 'losses', 'models', 'modules', 'parameters', 'variants.ts'],
    packages: ['@tensorflow/tfjs-core', 'zod'],
    node: [],
    because: 'terms of a loss that look at weights, or at D as a function of items',
  },
  steps: {
    may: [
      'augmentation',
      'compiler',
      'config',
      'data',
      'kernels',
      'losses',
      'metrics',
      'models',
      'numerics',
      'parameters',
      'penalties',
      'protocol',
    ],
    packages: ['@tensorflow/tfjs-core'],
    node: [],
    because: 'one shard of one step, as pure functions of tensors; of data only what they say of shapes',
  },
  optimizers: {
    may: ['numerics'],
    packages: ['zod'],
    node: [],
    because: 'an optimizer is a kernel, state and scalars',
  },
  data: {
    may: ['numerics', 'setup'],
    packages: ['zod', 'sharp', 'hyparquet', 'hyparquet-compressors', 'tar-stream', 'xz-decompress', 'yauzl'],
    because: 'sources of items, and which items a shard sees',
  },
  'evaluation/measures': {
    may: ['data', 'numerics'],
    node: [],
    because: 'names and formulas, without tensors: the catalogue and the server read the list',
  },
  evaluation: {
    may: [
      'checkpoints',
      'compiler',
      'data',
      'evaluation/measures',
      'kernels',
      'models',
      'numerics',
      'setup',
      'steps',
    ],
    packages: ['@tensorflow/tfjs-core', 'pngjs', 'sharp', 'vega', 'vega-lite', '@resvg/resvg-js'],
    because: 'measures and figures of samples, wherever they come from',
  },
  export: {
    may: [
      'checkpoints',
      'compiler',
      'config',
      'data',
      'evaluation',
      'evaluation/measures',
      'kernels',
      'models',
      'numerics',
      'parameters',
      'run-folder',
      'setup',
      'steps',
    ],
    packages: ['@tensorflow/tfjs-core', 'protobufjs', 'yaml'],
    because: 'a generator for other programs; which one, the command line says',
  },
  simulation: {
    may: ['numerics', 'parameters', 'protocol'],
    node: [],
    because: 'drives the protocol in virtual time; knows no socket, no tensor, no clock',
  },
  wire: {
    may: ['numerics', 'protocol'],
    packages: ['msgpackr', 'zod'],
    because: 'bytes of headers and blocks; the only user of msgpackr',
  },
  transport: {
    may: ['numerics', 'protocol', 'setup'],
    packages: ['zeromq'],
    because: 'moves frames it does not read; the only user of zeromq',
  },
  checkpoints: {
    may: ['numerics', 'setup'],
    because: 'named vectors in a file; what they mean is for others',
  },
  metrics: {
    may: ['evaluation/measures', 'marked.ts', 'parameters', 'protocol'],
    packages: ['prom-client', 'protobufjs'],
    because: 'the catalogue, Prometheus and TensorBoard; the only user of prom-client',
  },
  config: {
    may: [
      'augmentation',
      'data',
      'evaluation/measures',
      'losses',
      'marked.ts',
      'models',
      'modules',
      'optimizers',
      'parameters',
      'penalties',
      'protocol',
    ],
    packages: ['zod', 'yaml'],
    because: "composes each folder's options",
  },
  run: {
    may: [
      'checkpoints',
      'config',
      'data',
      'losses',
      'models',
      'modules',
      'numerics',
      'parameters',
      'penalties',
      'protocol',
      'steps',
    ],
    packages: ['@tensorflow/tfjs-core', 'zod'],
    node: [],
    because: 'what every process makes of a config',
  },
  'run-folder': {
    may: ['config', 'metrics', 'modules', 'parameters', 'setup'],
    packages: ['yaml', 'zod'],
    because: 'what lies where in the folder of a run, for whoever writes or reads it',
  },
  audit: {
    may: ['checkpoints', 'config', 'data', 'numerics', 'parameters', 'run', 'run-folder'],
    because:
      "what a run folder says of its run, held against its ledger; how a stretch is trained again is the command line's",
  },
  reproductions: {
    may: [],
    node: [],
    because: "published experiments and their rows; how they are trained is the command line's",
  },
  server: {
    may: [
      'checkpoints',
      'config',
      'evaluation/measures',
      'metrics',
      'modules',
      'numerics',
      'optimizers',
      'parameters',
      'penalties',
      'protocol',
      'run',
      'run-folder',
      'setup',
      'steps',
      'transport',
      'wire',
    ],
    packages: ['zod'],
    because: 'a shell: performs what the coordinator decides; no tensors',
  },
  worker: {
    may: [
      'compiler',
      'config',
      'data',
      'models',
      'modules',
      'numerics',
      'parameters',
      'protocol',
      'run',
      'run-folder',
      'steps',
      'transport',
      'wire',
    ],
    packages: ['@tensorflow/tfjs-core'],
    because: 'a shell: gradients of shards',
  },
  evaluator: {
    may: [
      'compiler',
      'config',
      'data',
      'evaluation',
      'evaluation/measures',
      'protocol',
      'run',
      'run-folder',
      'worker',
    ],
    because: 'a shell: measures what the server publishes',
  },
  'index.ts': {
    may: ['config'],
    because: 'what a program that has the package may use',
  },
  'reference-trainer.ts': {
    may: [
      'config',
      'data',

      'numerics',
      'optimizers',
      'parameters',
      'penalties',
      'protocol',
      'steps',
    ],
    packages: ['@tensorflow/tfjs-core'],
    node: [],
    because: 'the algorithm on one page',
  },
  cli: {
    may: [
      'audit',
      'checkpoints',
      'compiler',
      'config',
      'data',
      'evaluation',
      'evaluation/measures',
      'evaluator',
      'export',
      'models',
      'modules',
      'numerics',
      'parameters',
      'protocol',
      'reference-trainer.ts',
      'reproductions',
      'run',
      'run-folder',
      'server',
      'setup',
      'simulation',
      'transport',
      'worker',
    ],
    packages: ['@tensorflow/tfjs-core', 'commander', 'pino', 'yaml'],
    because: 'knows processes, arguments and signals; nothing imports it',
  },
  'errors.ts': { may: [], node: [], because: 'the table of exit statuses' },
};

const imports = importsBelow('src');

describe('the import table', () => {
  it('has a row for every folder, and no other row', () => {
    expect([...new Set(sourceFiles('src').map((file) => homeOf(file, TABLE)))].sort()).toEqual(
      Object.keys(TABLE).sort(),
    );
  });

  it('is kept', () => {
    expect(violations(TABLE, imports)).toEqual([]);
  });

  it('points downwards: no folder may import itself by way of others', () => {
    expect(cycleIn(TABLE)).toBeUndefined();
  });

  it('allows nothing that nobody uses', () => {
    expect(unused(TABLE, imports)).toEqual([]);
  });
});

describe('a bad table is found', () => {
  const row = (...may: string[]): Rule => ({ may, because: 'of this test' });
  const uses = (file: string, target: string, kind: Import['kind'] = 'source'): Import => ({
    file,
    kind,
    target,
  });

  it('by what it does not allow', () => {
    const table = { a: { ...row('b'), packages: ['zod'], node: [] }, b: row() };
    const seen = [uses('a/x.ts', 'b'), uses('a/x.ts', 'a'), uses('b/y.ts', 'a'), uses('b/y.ts', 'errors.ts')];
    const others = [uses('a/x.ts', 'zod', 'package'), uses('b/y.ts', 'zod', 'package')];
    const nodes = [uses('a/x.ts', 'node:fs', 'node'), uses('b/y.ts', 'node:fs', 'node')];
    expect(violations(table, [...seen, ...others, ...nodes])).toEqual([
      'b/y.ts imports a; b may not: of this test',
      'b/y.ts imports zod; b may not: of this test',
      'a/x.ts imports node:fs; a may not: of this test',
    ]);
  });

  it('by a row that nobody uses, though the folder imports setup', () => {
    const table = { a: { ...row('b', 'setup'), packages: ['zod'], node: ['node:fs'] }, b: row() };
    expect(unused(table, [uses('a/x.ts', 'setup'), uses('b/y.ts', 'b')])).toEqual([
      'a need not import b',
      'a need not import zod',
      'a need not import node:fs',
    ]);
  });

  it('by rows of folders within folders, which are other homes than those', () => {
    const table = { a: row('a/pure'), 'a/pure': row() };
    const seen = [uses('a/x.ts', 'a/pure/p.ts'), uses('a/pure/p.ts', 'a/pure/q.ts')];
    expect(violations(table, seen)).toEqual([]);
    expect(unused(table, seen)).toEqual([]);
    expect(violations(table, [uses('a/pure/p.ts', 'a/x.ts')])).toEqual([
      'a/pure/p.ts imports a; a/pure may not: of this test',
    ]);
  });

  it.each<[string, Table, string[] | undefined]>([
    ['two', { a: row('b'), b: row('a') }, ['a', 'b', 'a']],
    [
      'three, off its first row',
      { z: row('a'), a: row('b'), b: row('c'), c: row('a') },
      ['a', 'b', 'c', 'a'],
    ],
    ['none, where two ways lead to one', { a: row('b', 'c'), b: row('d'), c: row('d'), d: row() }, undefined],
  ])('by a cycle of %s', (_, table, cycle) => {
    expect(cycleIn(table)).toEqual(cycle);
  });

  it('in the real sources too: setup is imported under its own name', () => {
    const seen = imports.filter(({ file }) => file === 'transport/keys.ts').map(({ target }) => target);
    expect(seen).toContain('setup/files.mjs');
  });
});
