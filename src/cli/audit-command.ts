// `nash audit`: whether a run's weights come from its config and its data, tried by training parts of it again.
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { stringify } from 'yaml';
import type { AuditOptions } from '../audit/audit.js';
import { loadCheckpoint } from '../checkpoints/checkpoint-store.js';
import { EXIT } from '../errors.js';
import { readLedger } from '../run-folder/ledger.js';
import { checkpointOf } from '../run-folder/resume-target.js';
import { runFile } from '../run-folder/run-files.js';
import { runCommand } from './child-command.js';
import type { CommandMaker } from './main.js';
import { wholeNumber } from './sample-command.js';

interface AuditArguments {
  segments: number;
  seed?: number;
  workers: string;
  data?: string;
  json?: boolean;
}

const HELP = `
The server of a run writes ledger.jsonl: the hashes of its weights, each line chained to the one before. An audit holds config.yaml,
result.json, every checkpoint and the data against it, draws stretches from one checkpoint to the next at random, trains them again on
this machine, and compares all tensors bit for bit. It exits with 0 where everything agrees, and with 1, naming it, where something
differs.

Example:
  npx nash audit runs/ring --segments 2`;

export const auditCommand: CommandMaker = (finish) =>
  new Command('audit')
    .description('check that a run came from its config and data, training parts of it again')
    .argument('<run-dir>', 'run folder')
    .option(
      '--segments <k>',
      'stretches between checkpoints that are trained again',
      wholeNumber(0, 10_000),
      3,
    )
    .option(
      '--seed <s>',
      'decides which (default: another each time, which is told)',
      wholeNumber(0, 2 ** 31 - 1),
    )
    .option('--workers <counts>', 'as of `nash train`: any number gives the same bits', 'any=1')
    .option('--data <path>', 'where the data lie now (default: where the run had them)')
    .option('--json', 'the last line of standard output is the outcome as JSON')
    .addHelpText('after', HELP)
    .action(async (runDir: string, args: AuditArguments) => {
      const { audit } = await import('../audit/audit.js');
      const scratch = mkdtempSync(join(tmpdir(), 'nash-audit-'));
      const remove = () => rmSync(scratch, { recursive: true, force: true });
      process.once('exit', remove);
      const outcome = await audit({
        runDir,
        segments: args.segments,
        seed: args.seed ?? randomInt(2 ** 31),
        dataPath: args.data,
        train: trainer(scratch, args.workers),
        onNote: (note) => process.stderr.write(`${note}\n`),
      });
      for (const difference of outcome.differences) process.stdout.write(`differs: ${difference}\n`);
      const { checked, agrees, seed } = outcome;
      const trained = checked.segments.map(({ from, to }) => `${from} to ${to}`).join(', ');
      process.stdout.write(
        `${agrees ? 'all agrees' : `${outcome.differences.length} differences`}: ${checked.ledgerLines} lines of the ledger, ` +
          `${checked.checkpoints} checkpoints, trained again: ${trained ? `steps ${trained}` : 'nothing'} (--seed ${seed})\n`,
      );
      if (args.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
      finish(agrees ? EXIT.done : EXIT.failed);
    });

/** Trains a stretch in a folder of its own, as anybody would: `nash train --resume CHECKPOINT`. */
function trainer(scratch: string, workers: string): AuditOptions['train'] {
  return async ({ from, to }, config) => {
    const folder = join(scratch, `step-${to.step}`);
    const configFile = `${folder}.yaml`;
    const { server: _, ...settings } = config; // where it listened, and whom it let in
    writeFileSync(configFile, stringify({ ...structuredClone(settings), server: { http: '127.0.0.1:0' } }));
    const words = ['train', configFile, '--run-dir', folder, '--workers', workers];
    if (from) words.push('--resume', from.path);
    await runCommand([...words, '--set', `stop.generatorSteps=${to.step}`]);
    const checkpoint = await loadCheckpoint(checkpointOf(folder, to.step, 'the checkpoint of step'));
    const { entries } = readLedger(runFile(folder, 'ledger'));
    rmSync(folder, { recursive: true, force: true });
    return { checkpoint, entries };
  };
}
