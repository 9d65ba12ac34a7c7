// The command line: which commands there are, and how an error becomes a message and an exit status.
import { Command, CommanderError } from 'commander';
import { EXIT, forPerson } from '../errors.js';

/** Builds a command; `finish` takes its exit status. */
export type CommandMaker = (finish: (exitCode: number) => void) => Command;

/** Each is loaded when it is asked for: a worker need not load the server, nor `nash status` a network. */
const COMMANDS: Readonly<Record<string, () => Promise<CommandMaker>>> = {
  train: async () => (await import('./train-command.js')).trainCommand,
  server: async () => (await import('./server-command.js')).serverCommand,
  worker: async () => (await import('./worker-command.js')).workerCommand,
  evaluator: async () => (await import('./evaluator-command.js')).evaluatorCommand,
  attach: async () => (await import('./attach-command.js')).attachCommand,
  status: async () => (await import('./status-command.js')).statusCommand,
  stop: async () => (await import('./stop-command.js')).stopCommand,
  init: async () => (await import('./init-command.js')).initCommand,
  sample: async () => (await import('./sample-command.js')).sampleCommand,
  export: async () => (await import('./export-command.js')).exportCommand,
  evaluate: async () => (await import('./evaluate-command.js')).evaluateCommand,
  compare: async () => (await import('./compare-command.js')).compareCommand,
  interpolate: async () => (await import('./latent-commands.js')).interpolateCommand,
  neighbors: async () => (await import('./latent-commands.js')).neighborsCommand,
  data: async () => (await import('./data-command.js')).dataCommand,
  simulate: async () => (await import('./simulate-command.js')).simulateCommand,
  trial: async () => (await import('./trial.js')).trialCommand,
  audit: async () => (await import('./audit-command.js')).auditCommand,
  reproduce: async () => (await import('./reproduce-command.js')).reproduceCommand,
  keys: async () => (await import('./keys-command.js')).keysCommand,
};

/**
 * Runs one command.
 * @returns the process's exit status, by the table in src/errors.ts
 */
export async function main(argv: readonly string[]): Promise<number> {
  process.once('uncaughtException', (error) => process.exit(told(error))); // thrown where nobody waits
  let exitCode: number = EXIT.done;
  const finish = (code: number) => {
    exitCode = code;
  };
  const asked = argv[0] ?? '';
  // help and mistakes speak of all of them
  const loaders = Object.hasOwn(COMMANDS, asked) ? [COMMANDS[asked]!] : Object.values(COMMANDS);
  try {
    const makers = await Promise.all(loaders.map((load) => load()));
    const program = programOf(makers.map((make) => make(finish)));
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    return told(error);
  }
}

/** Says an error as a person reads it, and a bug of ours with its stack. @returns exit status */
function told(error: unknown): number {
  const known = forPerson(error);
  if (known) process.stderr.write(`nash: ${known.message}\n`);
  else console.error(error);
  return known?.exitCode ?? EXIT.failed;
}

function programOf(commands: readonly Command[]): Command {
  const program = new Command('nash')
    .description(
      'Trains generative adversarial networks on many workers: the same bits however many there are.',
    )
    .addHelpText(
      'after',
      '\nAlso: nash setup, nash doctor and nash --version, which need nothing installed.\n\nExample:\n  npx nash train configs/ring.yaml --workers discriminator=2,generator=2',
    );
  for (const command of commands) program.addCommand(command, { hidden: command.name() === 'trial' });
  for (const command of withOwn(program)) {
    command.exitOverride().showHelpAfterError('(--help lists what there is)').showSuggestionAfterError(true);
  }
  return program;
}

/** A command and those that are its own, as `nash data show`. */
const withOwn = (command: Command): Command[] => [command, ...command.commands.flatMap(withOwn)];
