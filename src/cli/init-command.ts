// `nash init`: a folder to begin in. Writes over nothing.
import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { makeFolder, writeWhole } from '../../src/setup/files.mjs';
import { places } from '../../src/setup/places.mjs';
import { EXIT, NashError } from '../errors.js';
import type { CommandMaker } from './main.js';

export const initCommand: CommandMaker = (finish) =>
  new Command('init')
    .description('write a starting folder: a config, a topology and a README')
    .argument('[dir]', 'folder, made where it is missing', '.')
    .addHelpText('after', '\nExample:\n  npx nash init my-gan')
    .action((dir: string) => {
      begin(dir);
      finish(EXIT.done);
    });

function begin(dir: string): void {
  const { root } = places();
  const packaged = (path: string) => readFileSync(join(root, path), 'utf8');
  const schema = relative(resolve(dir), join(root, 'configs/schema.json')); // for editors, beside the packaged configs
  const files = {
    'ring.yaml': packaged('configs/ring.yaml').replace('$schema=schema.json', `$schema=${schema}`),
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

const README = `# A run of Nash

\`\`\`sh
npx nash setup                                            # once: TensorFlow and the addon
npx nash train ring.yaml --topology topology.yaml         # into runs/ring
npx nash status runs/ring                                 # from another terminal
npx nash sample runs/ring --count 1000 --out points.npy
\`\`\`

\`ring.yaml\` says what is learned, \`topology.yaml\` how many workers learn it. Any key may be changed from the command line:
\`--set stop.generatorSteps=500\`. The configs that come with Nash are named without a path, as \`npx nash train mnist-gan\`.
`;
