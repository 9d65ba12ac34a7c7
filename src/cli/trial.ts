// Networks of one's own are tried in a process of their own, so that no server holds what only workers need.
import { fork } from 'node:child_process';
import { Command } from 'commander';
import { modulesOf } from '../config/module-references.js';
import type { RunConfig } from '../config/run-config.js';
import type { Classes } from '../data/classes.js';
import { EXIT, type Fault, forPerson, messageOf, NashError } from '../errors.js';
import { type ModuleText, ownModule } from '../modules/own-module.js';
import type { CommandMaker } from './main.js';
import { NASH } from './processes.js';

/** What the process is told. */
interface Trial {
  config: RunConfig;
  itemShape: readonly number[];
  classes?: Classes | undefined;
  modules: (ModuleText & { file: string })[];
}

type Outcome = { kind: 'fine' } | { kind: 'wrong'; fault: Fault; message: string };

/** @throws NashError what is wrong with the modules of a config, whose texts are loaded */
export async function tryModules(
  config: RunConfig,
  itemShape: readonly number[],
  classes?: Classes,
): Promise<void> {
  const references = modulesOf(config);
  if (references.length === 0) return;
  const modules = references.map((reference) => {
    const { hash, code, map } = ownModule(reference);
    return { hash, code, map, file: reference.module };
  });
  const child = fork(NASH, ['trial'], {
    detached: true, // Ctrl-C is the server's to hear
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let complaint = '';
  child.stderr!.on('data', (text) => {
    complaint = `${complaint}${text}`.slice(-COMPLAINT_CHARACTERS);
  });
  child.send({ config, itemShape, classes, modules } satisfies Trial);
  const outcome = await new Promise<Outcome>((resolve) => {
    child.once('message', (message) => resolve(message as Outcome));
    child.once('exit', (code, signal) => {
      const message = `the process that tried the networks died (${code ?? signal}): ${complaint.trim()}`;
      resolve({ kind: 'wrong', fault: 'failed', message });
    });
  });
  child.kill('SIGKILL');
  if (outcome.kind === 'wrong') throw new NashError(outcome.fault, outcome.message);
}

const COMPLAINT_CHARACTERS = 2000;

/** What `tryModules` starts; nobody types it. */
export const trialCommand: CommandMaker = (finish) =>
  new Command('trial').description('try the modules of a config, for a server that asks').action(async () => {
    process.once('disconnect', () => process.exit(EXIT.failed));
    const trial = await new Promise<Trial>((resolve) =>
      process.once('message', (it) => resolve(it as Trial)),
    );
    const outcome = await outcomeOf(trial);
    await new Promise((sent) => process.send!(outcome, sent));
    finish(EXIT.done);
  });

async function outcomeOf({ config, itemShape, classes, modules }: Trial): Promise<Outcome> {
  const { loadTexts } = await import('../run/own-modules.js');
  const { tryOut } = await import('../worker/trial.js');
  try {
    loadTexts(modules);
    await tryOut(config, itemShape, classes);
    return { kind: 'fine' };
  } catch (error) {
    const known = forPerson(error);
    if (!known) throw error;
    return { kind: 'wrong', fault: known.fault, message: messageOf(known) };
  }
}
