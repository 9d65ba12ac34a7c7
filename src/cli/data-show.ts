// `nash data show`: real items as the trainer sees them.
import { Command } from 'commander';
import { loadConfig } from '../config/load-config.js';
import { dataCacheFolder } from '../data/cache-folder.js';
import { firstItems } from '../data/first-items.js';
import { openSource } from '../data/open-source.js';
import { EXIT } from '../errors.js';
import { exportSamples, sampleFormat } from '../evaluation/sample-export.js';
import type { CommandMaker } from './main.js';
import { collect, configFile } from './run-arguments.js';
import { wholeNumber } from './sample-command.js';

const COUNT_MAX = 1_000_000;

interface ShowArguments {
  set: string[];
  count: number;
  out: string;
}

export const dataShowCommand: CommandMaker = (finish) =>
  new Command('show')
    .description('write real items as the trainer sees them, in the order of the source')
    .argument('<config>', 'YAML file of the experiment')
    .option(
      '--set <key=value>',
      'change a key of the config, such as data.path=DIR; may be repeated',
      collect,
      [],
    )
    .option('--count <n>', 'how many', wholeNumber(1, COUNT_MAX), 64)
    .requiredOption(
      '--out <file>',
      'FILE.png: a grid with labels, pairs side by side; FILE.npy: float32 [count, ...shape] in the range of the training, labels in ' +
        'FILE.labels.npy, what items are made from in FILE.conditions.npy',
    )
    .addHelpText(
      'after',
      '\nExample:\n  npx nash data show configs/mnist-gan.yaml --count 100 --out digits.png',
    )
    .action(async (given: string, { set, count, out }: ShowArguments) => {
      sampleFormat(out);
      const config = loadConfig(configFile(given), set);
      const log = (line: string) => process.stderr.write(`${line}\n`);
      const source = await openSource(config.data, { cacheDir: dataCacheFolder(), log });
      const items = firstItems(source, count, config.seed);
      source.close();
      await exportSamples(out, { ...items, what: 'items' });
      process.stdout.write(`${items.count} items written to ${out}\n`);
      finish(EXIT.done);
    });
