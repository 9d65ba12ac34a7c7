// The command line: which commands there are, and how an error becomes a message and an exit status.
import { Command, CommanderError } from 'commander';
import { EXIT, NashError } from '../errors.js';
import { dataCommand } from './data-command.js';
import { evaluatorCommand } from './evaluator-command.js';
import { keysCommand } from './keys-command.js';
import { sampleCommand } from './sample-command.js';
import { serverCommand } from './server-command.js';
import { simulateCommand } from './simulate-command.js';
import { statusCommand } from './status-command.js';
import { stopCommand } from './stop-command.js';
import { trainCommand } from './train-command.js';
import { workerCommand } from './worker-command.js';

/** Builds a command; `finish` takes its exit status. */
export type CommandMaker = (finish: (exitCode: number) => void) => Command;

const MAKERS: readonly CommandMaker[] = [
  trainCommand,
  serverCommand,
  workerCommand,
  evaluatorCommand,
  statusCommand,
  stopCommand,
  sampleCommand,
  dataCommand,
  simulateCommand,
  keysCommand,
];

/**
 * Runs one command.
 * @returns the process's exit status, by the table in src/errors.ts
 */
export async function main(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.done;
  const program = programOf((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (!(error instanceof NashError)) throw error;
    process.stderr.write(`nash: ${error.message}\n`);
    return error.exitCode;
  }
}

function programOf(finish: (exitCode: number) => void): Command {
  const program = new Command('nash')
    .description(
      'Trains generative adversarial networks on many workers: the same bits however many there are.',
    )
    .addHelpText(
      'after',
      '\nAlso: nash setup and nash doctor, which need nothing installed.\n\nExample:\n  npx nash train configs/ring.yaml --workers discriminator=2,generator=2',
    );
  for (const make of MAKERS) program.addCommand(make(finish));
  for (const command of [program, ...program.commands]) {
    command.exitOverride().showHelpAfterError('(--help lists what there is)').showSuggestionAfterError(true);
  }
  return program;
}
