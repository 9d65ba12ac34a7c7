// The import table: who may use whom, and why. Imports point downwards only; this test is the table.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

interface Rule {
  /** folders of src that it may import from, besides itself and errors.ts; of setup, which runs before all, only its lock and its files */
  may: readonly string[];
  /** packages that it may import, Node's own modules aside */
  packages?: readonly string[];
  /** Node's modules; default: any. An empty list: none, for folders without input and output */
  node?: readonly string[];
  because: string;
}

const TABLE: Record<string, Rule> = {
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
    may: ['numerics', 'parameters', 'setup'],
    packages: ['@tensorflow/tfjs-core'],
    because: 'compiles any step, knows no network',
  },
  kernels: {
    may: ['compiler'],
    packages: ['@tensorflow/tfjs-core'],
    node: [],
    because: 'single operations with their gradients',
  },
  models: {
    may: ['compiler', 'kernels', 'parameters'],
    packages: ['@tensorflow/tfjs-core', 'zod'],
    node: [],
    because: 'architectures are chosen apart from losses',
  },
  losses: {
    may: [],
    packages: ['@tensorflow/tfjs-core', 'zod'],
    node: [],
    because: 'losses see logits only',
  },
  steps: {
    may: ['compiler', 'kernels', 'losses', 'models', 'parameters'],
    packages: ['@tensorflow/tfjs-core'],
    node: [],
    because: 'one shard of one step, as pure functions of tensors',
  },
  optimizers: {
    may: ['numerics'],
    packages: ['zod'],
    node: [],
    because: 'an optimizer is a kernel, state and scalars',
  },
  data: {
    may: ['numerics', 'parameters', 'setup'],
    packages: ['zod', 'jpeg-js', 'pngjs', 'xz-decompress'],
    because: 'sources of items, and which items a shard sees',
  },
  evaluation: {
    may: ['checkpoints', 'compiler', 'data', 'models', 'numerics', 'parameters', 'setup', 'steps'],
    packages: ['@tensorflow/tfjs-core', 'pngjs', 'vega', 'vega-lite', '@resvg/resvg-js'],
    because: 'measures and figures of samples, wherever they come from',
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
    may: ['setup'],
    packages: ['zeromq'],
    because: 'moves frames it does not read; the only user of zeromq',
  },
  checkpoints: {
    may: ['numerics', 'setup'],
    because: 'named vectors in a file; what they mean is for others',
  },
  metrics: {
    may: [],
    packages: ['prom-client', 'protobufjs'],
    because: 'the catalogue, Prometheus and TensorBoard; the only user of prom-client and protobufjs',
  },
  config: {
    may: ['data', 'losses', 'models', 'optimizers', 'protocol'],
    packages: ['zod', 'yaml'],
    because: "composes each folder's options",
  },
  server: {
    may: [
      'checkpoints',
      'config',
      'data',
      'losses',
      'metrics',
      'models',
      'numerics',
      'optimizers',
      'parameters',
      'protocol',
      'setup',
      'steps',
      'transport',
      'wire',
    ],
    packages: ['yaml'],
    because: 'a shell: performs what the coordinator decides; no tensors',
  },
  worker: {
    may: [
      'compiler',
      'config',
      'data',
      'losses',
      'models',
      'numerics',
      'parameters',
      'protocol',
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
      'metrics',
      'models',
      'numerics',
      'parameters',
      'protocol',
      'setup',
      'worker',
    ],
    because: 'a shell: measures what the server publishes',
  },
  'reference-trainer.ts': {
    may: ['config', 'data', 'losses', 'models', 'optimizers', 'parameters', 'protocol', 'steps', 'worker'],
    packages: ['@tensorflow/tfjs-core'],
    node: [],
    because: 'the algorithm on one page',
  },
  cli: {
    may: [
      'checkpoints',
      'compiler',
      'config',
      'data',
      'evaluation',
      'evaluator',
      'models',
      'parameters',
      'protocol',
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

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.as.ts') && !file.endsWith('.d.ts'),
);
const homeOf = (file: string) => file.split('/')[0]!;

/** What a file imports, types and dynamic imports included. */
function importsOf(file: string): string[] {
  const text = readFileSync(join('src', file), 'utf8');
  const statements = /^(?:import|export)\s[^;]*?\bfrom '([^']+)';|^import '([^']+)';|\bimport\('([^']+)'\)/gm;
  return [...text.matchAll(statements)].map((match) => (match[1] ?? match[2] ?? match[3])!);
}

const packageOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

function violation(file: string, specifier: string): string | undefined {
  const home = homeOf(file);
  const rule = TABLE[home]!;
  if (specifier.startsWith('.')) {
    const target = normalize(join('src', dirname(file), specifier)).replace(/^(\.\.\/)?src\//, '');
    const other = homeOf(target.replace(/\.js$/, '.ts'));
    const isAllowed = other === home || other === 'errors.ts' || rule.may.includes(other);
    return isAllowed ? undefined : `${file} imports ${other}; ${home} may not: ${rule.because}`;
  }
  if (specifier.startsWith('node:')) {
    const isAllowed = rule.node === undefined || rule.node.includes(specifier);
    return isAllowed ? undefined : `${file} imports ${specifier}; ${home} may not: ${rule.because}`;
  }
  return rule.packages?.includes(packageOf(specifier))
    ? undefined
    : `${file} imports the package ${specifier}; ${home} may not: ${rule.because}`;
}

describe('the import table', () => {
  it('has a row for every folder, and no other row', () => {
    expect([...new Set(files.map(homeOf))].sort()).toEqual(Object.keys(TABLE).sort());
  });

  it('is kept', () => {
    expect(
      files.flatMap((file) => importsOf(file).flatMap((specifier) => violation(file, specifier) ?? [])),
    ).toEqual([]);
  });

  it('points downwards: no two folders may import each other', () => {
    for (const [a, rule] of Object.entries(TABLE)) {
      for (const b of rule.may) expect(TABLE[b]?.may ?? [], `${a} and ${b}`).not.toContain(a);
    }
  });

  it('allows nothing that nobody uses', () => {
    for (const [home, rule] of Object.entries(TABLE)) {
      const used = files
        .filter((file) => homeOf(file) === home)
        .flatMap((file) => importsOf(file).map((s) => [file, s] as const));
      const folders = used.flatMap(([file, s]) =>
        s.startsWith('.') ? [homeOf(normalize(join(dirname(file), s)))] : [],
      );
      const unusedFolders = rule.may.filter((folder) => !folders.some((f) => f === folder || f === '..'));
      const unusedPackages = (rule.packages ?? []).filter(
        (name) => !used.some(([, s]) => packageOf(s) === name),
      );
      expect([home, unusedFolders, unusedPackages]).toEqual([home, [], []]);
    }
  });
});
