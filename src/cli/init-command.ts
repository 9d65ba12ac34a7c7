// `nash init`: a folder to begin in. Writes over nothing.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { makeFolder, writeWhole } from '../../src/setup/files.mjs';
import { places } from '../../src/setup/places.mjs';
import { EXIT, NashError } from '../errors.js';
import type { CommandMaker } from './main.js';

export const initCommand: CommandMaker = (finish) =>
  new Command('init')
    .description(
      'write a starting folder: a config, networks of your own with theirs, a topology and a README',
    )
    .argument('[dir]', 'folder, made where it is missing', '.')
    .addHelpText('after', '\nExample:\n  npx nash init my-gan')
    .action((dir: string) => {
      begin(dir);
      finish(EXIT.done);
    });

function begin(dir: string): void {
  const { root } = places();
  const packaged = (path: string) => readFileSync(join(root, path), 'utf8');
  const fromHere = (path: string) => {
    const way = relative(resolve(dir), resolve(root, path));
    return way.startsWith('.') ? way : `./${way}`;
  };
  const config = (path: string) =>
    packaged(path).replace('$schema=schema.json', `$schema=${fromHere('configs/schema.json')}`); // for editors
  const files = {
    'ring.yaml': config('configs/ring.yaml'),
    'my-networks.yaml': config('docs/your-own/my-networks.yaml'),
    'my-networks.ts': packaged('docs/your-own/my-networks.ts'),
    'tsconfig.json': `${JSON.stringify(editorSettings(root, fromHere), undefined, 2)}\n`,
    'topology.yaml': packaged('cluster/topologies/one-machine.yaml'),
    'README.md': README,
  };
  const taken = Object.keys(files).filter((name) => existsSync(join(dir, name)));
  if (taken.length > 0)
    throw new NashError(
      'usage',
      `${dir} holds ${taken.join(', ')} already, and nothing is written; name another folder: nash init DIR`,
    );
  makeFolder(dir);
  for (const [name, text] of Object.entries(files)) writeWhole(join(dir, name), text);
  const where = dir === '.' ? '' : `cd ${dir} && `;
  process.stdout.write(
    `${Object.keys(files).join(', ')} written to ${dir}\nnext: ${where}npx nash train ring.yaml\n`,
  );
}

/** For editors and `tsc`: the types of what the running Nash gives to modules, where no node_modules is near. */
const editorSettings = (root: string, fromHere: (path: string) => string) => ({
  compilerOptions: {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    noEmit: true,
    types: [],
    paths: {
      'nash/*': [fromHere('dist/*/index.d.ts')],
      '@tensorflow/tfjs-core': [fromHere(packageOf(root, '@tensorflow/tfjs-core'))],
      zod: [fromHere(packageOf(root, 'zod'))],
    },
  },
});

const packageOf = (root: string, name: string): string =>
  dirname(createRequire(join(root, 'package.json')).resolve(`${name}/package.json`));

const README = `# A run of Nash

\`\`\`sh
npx nash setup                                            # once: TensorFlow and the addon
npx nash train ring.yaml --topology topology.yaml         # into runs/ring
npx nash status runs/ring                                 # from another terminal
npx nash sample runs/ring --count 1000 --out points.npy
\`\`\`

\`my-networks.yaml\` trains what \`my-networks.ts\` makes: networks, a layer, a loss and a penalty of your own.

\`ring.yaml\` says what is learned, \`topology.yaml\` how many workers learn it. Any key may be changed from the command line:
\`--set stop.generatorSteps=500\`. The configs that come with Nash are named without a path, as \`npx nash train mnist-gan\`.
`;
