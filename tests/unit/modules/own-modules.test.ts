// Goal: networks, losses and penalties of one's own are loaded wherever their files lie, are known by the hash of what they do, and whatever
// is wrong with them is one message that names the user's line. Method: files as beginners write them; the same networks and the same loss
// written into Nash are the oracle.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { configHash, decisiveChanges } from '../../../src/config/decisive.js';
import {
  amendedConfig,
  loadConfig,
  mergedAssignments,
  validateConfig,
} from '../../../src/config/load-config.js';
import { modulesOf } from '../../../src/config/module-references.js';
import type { RunConfig } from '../../../src/config/run-config.js';
import { openSource } from '../../../src/data/open-source.js';
import { messageOf, NashError } from '../../../src/errors.js';
import { textOf } from '../../../src/modules/bundle.js';
import { ownModule } from '../../../src/modules/own-module.js';
import { networksOf } from '../../../src/run/open-run.js';
import { loadModules, pinned } from '../../../src/run/own-modules.js';
import { resumedConfig } from '../../../src/run/resumed-config.js';
import { moduleCopies, writeModules } from '../../../src/run-folder/modules.js';
import { tryOut } from '../../../src/worker/trial.js';
import { trainLocally } from '../../support/local-run.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

/** A folder that holds these files. */
function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'nash-modules-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const IMPORTS = `import * as tf from '@tensorflow/tfjs-core';
import { activation, convolution, dense, layer, network, operations } from 'nash/models';
`;
const D = `network('discriminator', s, [dense('d1', 8), activation.leakyRelu('l1'), dense('logit', 1)])`;
const G = `network('generator', [2], [dense('d1', 8), activation.relu('r1'), dense('item', 2)])`;

const LABELLED_G = `network('generator', labels.generatorInputs(2), [...labels.besideLatents, dense('item', 2)])`;

const GAME = `data: { source: ring }
model: { module: ./nets.ts, latent: 2 }
minibatch: { size: 16, shards: 2 }
`;

/** The config of a folder, pinned. */
const configIn = async (folder: string, more = ''): Promise<RunConfig> => {
  const game = more.startsWith('model:') ? GAME.replace(/^model:.*\n/m, '') : GAME;
  writeFileSync(join(folder, 'game.yaml'), game + more);
  return pinned(loadConfig(join(folder, 'game.yaml')), {});
};

/** What a person is told of networks whose file goes on like this behind two lines of imports. */
async function told(text: string, more = ''): Promise<string> {
  const folder = folderOf({ 'nets.ts': IMPORTS + text });
  try {
    const config = await configIn(folder, more);
    const classes = { counts: new Array(8).fill(1) };
    await tryOut(config, [2], config.model.conditional === 'none' ? undefined : classes);
    return 'nothing';
  } catch (error) {
    expect(error).toBeInstanceOf(NashError);
    expect((error as NashError).exitCode).toBe(2);
    return messageOf(error).replaceAll(`${folder}/`, '');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('networks of one’s own', () => {
  it('are those that Nash would make of the same layers, bit for bit, with a loss and a penalty of one’s own too', async () => {
    const folder = folderOf({
      'nets.ts': `import { activation, dense, type Initializer, network, reshape, type Shape } from 'nash/models';
import { widths } from './lib/widths';
const he = (fanIn: number): Initializer => ({ kind: 'normal', deviation: Math.sqrt(2 / fanIn) });
const hidden = (input: number) => widths.flatMap((units, i) => [
  dense(\`dense\${i + 1}\`, units, { initializer: he(i === 0 ? input : widths[i - 1]!) }),
  activation.relu(\`relu\${i + 1}\`),
]);
export default ({ latent }: { latent: number }, itemShape: Shape) => ({
  generator: network('generator', [latent], [...hidden(latent), dense('output', 2, { initializer: he(8) }), activation.linear('linear'), reshape('item', itemShape)]),
  discriminator: network('discriminator', itemShape, [reshape('flat', [2]), ...hidden(2), dense('logit', 1, { initializer: he(8) })]),
});
`,
      'lib/widths.ts': 'export const widths: number[] = [16, 8];\n',
      'loss.mjs': `import * as tf from '@tensorflow/tfjs-core';
export function loss({ margin }) {
  return {
    discriminator: ({ real, fake }) =>
      tf.add(tf.mean(tf.relu(tf.sub(margin, real))), tf.mean(tf.relu(tf.add(margin, fake)))),
    generator: ({ fake }) => tf.neg(tf.mean(fake)),
  };
}
`,
      'penalty.mjs': `import * as tf from '@tensorflow/tfjs-core';
export default ({ weight }) => ({ parameters }) =>
  tf.mul(weight / 2, tf.addN([...parameters.values()].map((values) => tf.sum(tf.square(values)))));
`,
    });
    const own = await configIn(
      folder,
      `loss: { module: ./loss.mjs, margin: 1 }
penalties:
  discriminator: [{ module: ./penalty.mjs, weight: 0.25 }]
  generator: [{ module: ./penalty.mjs, weight: 0.5 }]
`,
    );
    const theirs = {
      ...structuredClone(own),
      model: { name: 'mlp', latent: 2, generator: { hidden: [16, 8] }, discriminator: { hidden: [16, 8] } },
      loss: { name: 'hinge' },
      penalties: {
        discriminator: [{ name: 'weight-decay', weight: 0.25 }],
        generator: [{ name: 'weight-decay', weight: 0.5 }],
      },
    };
    const source = await openSource(own.data, { cacheDir: folder, log: () => {} });
    const runs = [];
    for (const config of [own, theirs]) runs.push(await trainLocally(config, { source, rounds: 3 }));
    expect(runs[0]!.generator).toEqual(runs[1]!.generator);
    expect(runs[0]!.discriminator).toEqual(runs[1]!.discriminator);
    expect(own.model).toMatchObject({ name: 'module', module: join(folder, 'nets.ts') });
  });

  it.each(['concat', 'projection', 'auxiliary'])(
    'are told labels as Nash tells its own: %s',
    async (conditional) => {
      const folder = folderOf({
        'nets.ts': `import { activation, dense, type Initializer, type Labelling, network, reshape, type Shape } from 'nash/models';
const he = (fanIn: number): { initializer: Initializer } => ({ initializer: { kind: 'normal', deviation: Math.sqrt(2 / fanIn) } });
export default ({ latent }: { latent: number }, itemShape: Shape, labels: Labelling) => ({
  generator: network('generator', labels.generatorInputs(latent), [
    ...labels.besideLatents, dense('dense1', 8, he(latent + labels.classes)), activation.relu('relu1'), dense('output', 2, he(8)), reshape('item', itemShape),
  ]),
  discriminator: network('discriminator', labels.discriminatorInputs(itemShape), [
    reshape('flat', [2]), ...labels.besideItems, dense('dense1', 8, he(2 + (labels.besideItems.length > 0 ? labels.classes : 0))),
    activation.relu('relu1'), labels.head('logit', he(8)),
  ]),
});
`,
      });
      const own = await configIn(
        folder,
        `model: { module: ./nets.ts, latent: 2, conditional: ${conditional} }\n`,
      );
      const theirs = {
        ...structuredClone(own),
        model: {
          name: 'mlp',
          latent: 2,
          conditional,
          generator: { hidden: [8] },
          discriminator: { hidden: [8] },
        },
      };
      const source = await openSource(own.data, { cacheDir: folder, log: () => {} });
      const runs = [];
      for (const config of [own, theirs]) runs.push(await trainLocally(config, { source, rounds: 3 }));
      expect(runs[0]!.generator).toEqual(runs[1]!.generator);
      expect(runs[0]!.discriminator).toEqual(runs[1]!.discriminator);
    },
  );

  it('take the options that their schema lets through, and no others', async () => {
    const folder = folderOf({
      'nets.ts': `${IMPORTS}import { z } from 'zod';
export const options = z.strictObject({ latent: z.int().default(3), width: z.int().max(64).default(4) });
export default ({ latent, width }, s) => ({ generator: network('generator', [latent], [dense('a', width), dense('b', 2)]), discriminator: ${D} });
`,
    });
    const latentOf = async (model: string) => {
      writeFileSync(join(folder, 'game.yaml'), `data: { source: ring }\nmodel: ${model}\n`);
      const { architecture } = await networksOf(pinned(loadConfig(join(folder, 'game.yaml')), {}), [2]);
      return architecture.generator.manifest.entries[0]!.shape;
    };
    expect(await latentOf('{ module: ./nets.ts }')).toEqual([3, 4]);
    expect(await latentOf('{ module: ./nets.ts, latent: 5, width: 7 }')).toEqual([5, 7]);
    await expect(latentOf('{ module: ./nets.ts, width: 65, depth: 2 }')).rejects.toThrow(
      /nets\.ts: the options that the config gives do not fit its schema: 'width': .*64.*; .*depth/,
    );
  });
});

describe('the text of a module', () => {
  it('has one hash wherever it lies and whatever it is called, and another where it does something else', () => {
    const text = `// of a person\n${IMPORTS}import { two } from './lib/two.js';\nimport three from 'three-of-them';\nexport default () => [network, dense, two, three];\n`;
    const folder = folderOf({
      'a/nets.ts': text,
      'a/lib/two.ts': 'class Two { value: number = 2; }\nexport const two = new Two().value;\n',
      'a/node_modules/three-of-them/index.js': 'module.exports = 3;\n',
    });
    cpSync(join(folder, 'a'), join(folder, 'deeper/b'), { recursive: true });
    cpSync(join(folder, 'a/nets.ts'), join(folder, 'a/other.ts'));
    writeFileSync(
      join(folder, 'deeper/tsconfig.json'),
      '{ "compilerOptions": { "useDefineForClassFields": false } }',
    );
    const hashes = ['a/nets.ts', 'deeper/b/nets.ts', 'a/other.ts'].map(
      (name) => textOf(join(folder, name)).hash,
    );
    expect(new Set(hashes).size).toBe(1);
    writeFileSync(join(folder, 'deeper/b/lib/two.ts'), 'export const two: number = 3;\n');
    expect(textOf(join(folder, 'deeper/b/nets.ts')).hash).not.toBe(hashes[0]);
    const { code } = textOf(join(folder, 'a/nets.ts'));
    expect(code).toMatch(/module2\.exports=3.*require\("nash\/models"\)/);
  });

  it('is copied with a run and read again where no source is; a damaged copy counts for nothing', async () => {
    const folder = folderOf({
      'nets.ts': `${IMPORTS}export default (o, s) => ({ generator: ${G}, discriminator: ${D} });\n// 1`,
    });
    const config = await configIn(folder);
    const { moduleHash } = modulesOf(config)[0]!;
    const runDir = join(folder, 'run');
    writeModules(runDir, modulesOf(config).map(ownModule));
    expect(readFileSync(join(runDir, `modules/${moduleHash}.sources.txt`), 'utf8')).toContain(
      '// ---- nets.ts\nimport * as tf',
    );
    expect(textOf(join(runDir, `modules/${moduleHash}.cjs`))).toEqual(textOf(join(folder, 'nets.ts')));
    rmSync(join(folder, 'nets.ts'));
    const other = { ...config, model: { ...config.model, moduleHash: 'f'.repeat(64) } };
    const copyOf = (hash: string) =>
      moduleCopies(undefined, runDir)(hash === 'f'.repeat(64) ? moduleHash! : hash);
    expect(() => loadModules(other, { copyOf })).toThrow(
      /has a module whose text has the hash ffffffffffff, and on this host .*nets\.ts is not there/,
    );
    // a run that goes on with a config that names the source takes what it had
    const again = pinned(loadConfig(join(folder, 'game.yaml')), { copyOf: moduleCopies(runDir) }, config);
    expect(again).toEqual(config);
    expect(() => pinned(loadConfig(join(folder, 'game.yaml')), {})).toThrow(
      /the module .*nets\.ts is not there/,
    );
  });

  it('that differs on this host is refused with both hashes, unless a file that was named has it', async () => {
    const text = (width: number) =>
      `${IMPORTS}export default (o, s) => ({ generator: ${G.replace('8', String(width))}, discriminator: ${D} });`;
    const folder = folderOf({ 'nets.ts': text(11), 'mine.ts': text(12) });
    const { hash } = textOf(join(folder, 'mine.ts'));
    const config = { model: { name: 'module', module: join(folder, 'nets.ts'), moduleHash: hash } };
    const ours = textOf(join(folder, 'nets.ts')).hash.slice(0, 12);
    expect(() => loadModules(config, {})).toThrow(
      new RegExp(
        `the hash ${hash.slice(0, 12)}, and on this host .*nets\\.ts has the hash ${ours}.*--module FILE`,
      ),
    );
    loadModules(config, { files: [join(folder, 'mine.ts')] });
    expect(ownModule(config.model).file).toContain('mine.ts');
  });

  it('decides a run’s bits, and where it lies does not', async () => {
    const folder = folderOf({
      'nets.ts': `${IMPORTS}export default () => 1;`,
      'penalty.ts': 'export default () => 1;',
    });
    const more = 'penalties: { discriminator: [{ module: ./penalty.ts, weight: 1 }] }\n';
    const config = await configIn(folder, more);
    cpSync(folder, `${folder}-moved`, { recursive: true });
    const moved = await configIn(`${folder}-moved`, more);
    expect(decisiveChanges(config, moved)).toEqual([]);
    expect(configHash(moved)).toBe(configHash(config));
    const other = { ...moved, model: { ...moved.model, latent: 3 } };
    expect(decisiveChanges(config, other)).toEqual(['model.latent was 2, now 3']);
    writeFileSync(join(`${folder}-moved`, 'nets.ts'), `${IMPORTS}export default () => 2;`);
    const changed = await configIn(`${folder}-moved`, more);
    expect(decisiveChanges(config, changed)).toEqual([
      expect.stringMatching(/^model\.module was /),
      expect.stringMatching(/^the text of model\.module had the hash [0-9a-f]{12}, now [0-9a-f]{12}$/),
    ]);
    expect(configHash(changed)).not.toBe(configHash(config));
  });
});

describe('a run that goes on with a loss of one’s own', () => {
  it('has the text in its amendment, and its beginning without it', async () => {
    const folder = folderOf({
      'nets.ts': `${IMPORTS}export default (o, s) => ({ generator: ${G}, discriminator: ${D} });`,
      'loss.ts': 'export default () => 1;',
    });
    const begun = await configIn(folder);
    const amends = [`loss.module=${join(folder, 'loss.ts')}`, 'loss.margin=2', 'averaging.decay=0.5'];
    const state = { config: begun, amendments: [], versions: { discriminator: 4, generator: 4 } };
    const resume = () => resumedConfig(state, { config: begun, amends, origin: 'step-4' });
    expect(resume).toThrow(/nothing was loaded from/);
    pinned(amendedConfig(begun, amends, '--amend'), {});
    const { hash } = textOf(join(folder, 'loss.ts'));
    const { config, amendments, freelyAmended, begun: kept } = resume();
    expect(config.loss).toEqual({
      name: 'module',
      module: join(folder, 'loss.ts'),
      moduleHash: hash,
      margin: 2,
    });
    expect(amendments[0]!.changes).toContainEqual({ key: 'loss.moduleHash', was: undefined, now: hash });
    expect(freelyAmended).toEqual([]);
    expect(kept).toEqual(begun);
    const next = { ...state, config, amendments };
    expect(resumedConfig(next, { config: kept, amends: [], origin: 'step-8' }).config).toEqual(config);
    const moved = resumedConfig(next, { config: kept, amends: ['loss.margin=3'], origin: 'step-8' });
    expect(moved.config.loss).toMatchObject({ moduleHash: hash, margin: 3 });
  });
});

describe('paths of modules', () => {
  it('count from the config’s folder, those of --set from here, and another module is another choice', () => {
    const folder = folderOf({ 'game.yaml': `${GAME}loss: { module: lib/loss.ts }\n` });
    const file = join(folder, 'game.yaml');
    const config = loadConfig(file);
    expect(modulesOf(config).map(({ module }) => module)).toEqual([
      join(folder, 'nets.ts'),
      join(folder, 'lib/loss.ts'),
    ]);
    const sets = ['model.module=./mine.ts', 'model.depth=2', 'penalties.generator=[{ module: p.ts }]'];
    expect(loadConfig(file, sets)).toMatchObject({
      model: { module: resolve('mine.ts'), depth: 2 },
      penalties: { generator: [{ name: 'module', module: resolve('p.ts') }] },
    });
    expect(loadConfig(file, sets).model).not.toHaveProperty('latent');
    expect(mergedAssignments(sets)[0]).toBe(`model.module="${resolve('mine.ts')}"`);
    expect(loadConfig(file, [`model.module=${join(folder, 'nets.ts')}`]).model.latent).toBe(2);
    expect(amendedConfig(config, ['model.name=mlp'], '--set').model).not.toHaveProperty('module');
    expect(() => validateConfig({ data: { source: 'ring' }, model: { module: 3 } }, 'it')).toThrow(/model/);
  });
});

describe.each<[string, string, RegExp, string?]>([
  [
    'a syntax error',
    `export default (o, s) => ({ generator: ${G}, discriminator: ${D} );`,
    /^nets\.ts:3: Expected "\}" but found "\)"/,
  ],
  [
    'no default export',
    'export const nets = 1;',
    /^nets\.ts: it has no default export \(it exports nets\).*export default \(options, itemShape\) =>/,
  ],
  [
    'a default export that is no function',
    'export default { generator: 1 };',
    /^nets\.ts: it has a default export that is an object with generator, not a function/,
  ],
  [
    'an import of another tfjs',
    `import * as t from '@tensorflow/tfjs';\nexport default () => t;`,
    /^nets\.ts:3: .*import '@tensorflow\/tfjs-core' instead of '@tensorflow\/tfjs'/,
  ],
  [
    'an import that is not there',
    `import { x } from './nowhere.js';\nexport default () => x;`,
    /^nets\.ts:3: Could not resolve "\.\/nowhere\.js"/,
  ],
  [
    'a name that Nash has not',
    `import { denze } from 'nash/models';\nexport default () =>\n  denze('a', 1);`,
    /^nets\.ts:5: 'nash\/models' exports no denze$/,
  ],
  ['an error while it is loaded', `\nthrow new Error('at once');`, /^nets\.ts:4: it threw Error: at once$/],
  [
    'an error while networks are made',
    `export default () => {\n  throw new TypeError('no such thing');\n};`,
    /^nets\.ts:4: its networks threw TypeError: no such thing$/,
  ],
  [
    'networks that are others each time',
    `let count = 7;\nexport default (o, s) => ({ generator: ${G.replace('8', '(count += 1)')},\n discriminator: ${D} });`,
    /^nets\.ts:4: the generator was made twice, and the second has other tensors/,
  ],
  [
    'one network',
    `export default () => ({ generator: ${G} });`,
    /^nets\.ts: it returned an object with generator; expected \{ generator, discriminator \}/,
  ],
  [
    'networks swapped',
    `export default (o, s) => ({\n  generator: ${D},\n  discriminator: ${G} });`,
    /^nets\.ts:5: the discriminator was made with network\('generator', …\)/,
  ],
  [
    'items of another shape',
    `export default (o, s) => ({ discriminator: ${D},\n  generator: network('generator', [2], [dense('a', 3)]) });`,
    /^nets\.ts:4: the generator makes items of shape \[3\], and the data has items of shape \[2\]/,
  ],
  [
    'a D of three outputs',
    `export default (o, s) => ({ generator: ${G},\n  discriminator: network('discriminator', s, [dense('a', 3)]) });`,
    /^nets\.ts:4: the discriminator gives \[3\] for an item, and one number is expected/,
  ],
  [
    'a convolution of points',
    `export default (o, s) => ({ generator: ${G},\n  discriminator: network('discriminator', s, [convolution('c', 3)]) });`,
    /^nets\.ts:4: layer 'c' takes pictures \[height, width, channels\], and is given \[2\]; reshape/,
  ],
  [
    'an option that is not given',
    `export default (o, s) => ({ generator: network('generator', [o.latents], [dense('a', 2)]),\n discriminator: ${D} });`,
    /^nets\.ts:3: input 'latents' of the generator has the shape \[undefined\]/,
  ],
  [
    'two layers of one name',
    `export default (o, s) => ({ generator: ${G},\n  discriminator: network('discriminator', s, [dense('c', 3), dense('c', 1)]) });`,
    /^nets\.ts:4: two layers are called 'c'/,
  ],
  [
    'a layer that adds host noise',
    withLayer(`(x) =>\n  tf.add(x, tf.randomNormal(x.shape))`),
    /^nets\.ts:4: layer 'discriminator\/odd' cannot be compiled: .* `operations` in nash/,
  ],
  [
    'a layer that asks Math.random',
    withLayer(`(x) =>\n  tf.mul(x, Math.random())`),
    /^nets\.ts:4: layer 'discriminator\/odd' cannot be compiled/,
  ],
  [
    'a layer whose shapes do not fit',
    withLayer(`(x) =>\n  tf.matMul(x, tf.ones([7, 7]))`),
    /^nets\.ts:4: the first step of the discriminator, which was tried, threw Error: .*size-incompatible/,
  ],
  [
    'a layer that throws',
    withLayer(`(x) => {\n  throw new Error('not here'); }`),
    /^nets\.ts:4: the first step of the discriminator, which was tried, threw Error: not here$/,
  ],
  [
    'a layer that asks for what it did not declare',
    withLayer(`(x, c) =>\n  tf.add(x, c.parameter('kernal'))`),
    /^nets\.ts:4: there is no parameter 'odd\/kernal' in the network; there are c\/kernel/,
  ],
  [
    'a layer that makes another shape than it says',
    withLayer(`(x) => tf.concat([x, x], 1)`),
    /^nets\.ts:4: in the first .*layer 'discriminator\/odd' made a tensor of shape \[8, 4\] of one of \[8, 2\], and its outputShape says \[8, 2\]$/,
  ],
  [
    'a layer that makes no tensor',
    withLayer(`(x) => undefined`),
    /layer 'discriminator\/odd' made undefined, which is no tensor/,
  ],
  [
    'a layer that gives what is not finite',
    withLayer(`(x) => tf.log(tf.mul(x, 0))`),
    /^nets\.ts: .*the gradient is not finite; look for divisions by 0/,
  ],
  [
    'a layer whose parameter decides nothing',
    withLayer(
      `(x) => x, parameters: () => [{ name: 'w', shape: [2], initializer: { kind: 'constant', value: 1 } }]`,
    ),
    /^nets\.ts: .*the net's loss does not depend on one of its parameters/,
  ],
  [
    'an operation without a second derivative, under R1',
    withLayer(`(x) =>\n  tf.acosh(x)`),
    /^nets\.ts:4: the operation 'Acosh' in layer 'discriminator\/odd'/,
    'penalties: { discriminator: [{ name: r1 }] }\n',
  ],
  [
    'a loss that is no function',
    `export const loss = 3;\n${both()}`,
    /^nets\.ts: it has an export 'loss' that is a number, not a function/,
    LOSS(),
  ],
  [
    'a loss of one formula',
    `export const loss = () => ({ generator: () => 1 });\n${both()}`,
    /^nets\.ts: its loss is an object with generator; expected \{ discriminator/,
    LOSS(),
  ],
  [
    'a loss that is no number',
    `export const loss = () => ({ discriminator: ({ real }) => real, generator: ({ fake }) => tf.mean(fake) });\n${both()}`,
    /^nets\.ts: D's loss is a tensor of shape \[8, 1\]; expected one number, such as tf\.mean/,
    LOSS(),
  ],
  [
    'a loss that throws',
    `export const loss = () => ({ discriminator: ({ real }) =>\n  tf.mean(real.nothing.there), generator: ({ fake }) => tf.mean(fake) });\n${both()}`,
    /^nets\.ts:4: D's loss threw TypeError: /,
    LOSS(),
  ],
  [
    'a loss that sees what is not',
    `export const loss = () => ({ discriminator: () => 1, generator: () => 1, generatorSees: 'all' });\n${both()}`,
    /^nets\.ts: its loss has generatorSees 'all'/,
    LOSS(),
  ],
  [
    'a penalty that makes no function',
    `export const penalty = () => 3;\n${both()}`,
    /^nets\.ts: its penalty is a number; expected a function/,
    'penalties: { generator: [{ module: ./nets.ts }] }\n',
  ],
  [
    'a generator that takes no labels where the run is conditional',
    `export default (o, s, labels) => ({ generator: ${G},
  discriminator: network('discriminator', labels.discriminatorInputs(s), [labels.head('logit')]) });`,
    /^nets\.ts:3: the generator takes no labels, and model\.conditional is projection, with 8 classes: labels\.generatorInputs/,
    'model: { module: ./nets.ts, latent: 2, conditional: projection }\n',
  ],
  [
    'a discriminator that is told labels where the run is not conditional',
    `export default (o, s) => ({ generator: ${G},\n  discriminator: network('discriminator', { items: s, labels: [8] }, [dense('logit', 1)]) });`,
    /^nets\.ts:4: the discriminator takes labels of shape \[8\], and is told none \(model\.conditional: none\)$/,
  ],
  [
    'an auxiliary classifier that tells no classes',
    `export default (o, s, labels) => ({ generator: ${LABELLED_G},\n  discriminator: network('discriminator', s, [dense('logit', 1)]) });`,
    /^nets\.ts:4: the discriminator gives \[1\] .*a D that tells classes or codes gives a logit and one for each, \[9\]: labels\.head\('logit'\) at its end$/,
    'model: { module: ./nets.ts, latent: 2, conditional: auxiliary }\n',
  ],
])('%s', (_, text, message, more = '') => {
  it('is told in one message', async () => {
    expect(await told(text, more)).toMatch(message);
  });
});

/** Networks that are right. */
function both(): string {
  return `export default (o, s) => ({ generator: ${G}, discriminator: ${D} });`;
}

function LOSS(): string {
  return 'loss: { module: ./nets.ts }\n';
}

/** Networks whose D begins with a layer of one's own. */
function withLayer(apply: string): string {
  return `const odd = layer({ name: 'odd', apply: ${apply} });
export default (o, s) => ({ generator: ${G}, discriminator: network('discriminator', s, [odd, dense('c', 3), dense('logit', 1)]) });`;
}

it('networks that are right are told nothing of', async () => {
  expect(await told(both())).toBe('nothing');
  const noise = `(x, { seeds }) => tf.add(x, operations.randomNormal(x.shape, seeds))`;
  expect(await told(withLayer(noise))).toBe('nothing');
});

describe('networks of pictures of pictures', () => {
  const PAIRS =
    'data: { source: mnist, pairs: { name: masked } }\nmodel: { module: ./nets.ts }\nminibatch: { size: 4, shards: 2 }\n';
  const D = `network('discriminator', { items: s, condition }, [appendCondition('pair', condition), convolution('patches', 1, { kernel: 4, stride: 2 })])`;
  const tried = async (generator: string) => {
    const text = `import { activation, appendCondition, convolution, network } from 'nash/models';
export default (options, s, labels, condition) => ({ generator: ${generator},\n  discriminator: ${D} });`;
    const folder = folderOf({ 'nets.ts': text, 'game.yaml': PAIRS });
    const config = pinned(loadConfig(join(folder, 'game.yaml')), {});
    return tryOut(config, [8, 8, 1]).then(() => 'nothing', messageOf);
  };

  it('are given the condition, and a D that judges patches is as good as any', async () => {
    const layers = `[convolution('image', 1), activation.tanh('tanh')]`;
    expect(await tried(`network('generator', { condition }, ${layers})`)).toBe('nothing');
  });

  it('that take none are told so', async () => {
    expect(await tried(`network('generator', s, [convolution('image', 1)])`)).toMatch(
      /nets\.ts:2: the generator takes no condition, and the data are pairs, .* \[8, 8, 1\]: network\('generator', \{ condition, … \}/,
    );
  });
});
