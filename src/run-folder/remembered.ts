// What a run was begun with: its config, and what was set on the command line, so that --resume need not repeat it.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { loadConfig } from '../config/load-config.js';
import type { RunConfig } from '../config/run-config.js';
import { messageOf, NashError } from '../errors.js';
import { runFile } from './run-files.js';

const remembered = z.object({
  set: z.array(z.string().max(2 ** 16)).max(1000),
  /** `npm start` made the run, and nobody has gone on with it by hand */
  quickStart: z.boolean().default(false),
});
export type Remembered = z.infer<typeof remembered>;

/** As config.yaml has it, see RunFolder.writeConfig. @throws NashError('usage') */
export const begunConfigOf = (runDir: string): RunConfig => loadConfig(runFile(runDir, 'config'));

/**
 * The `--set`s of all starts of a folder's run so far, and by whom; nothing where it says nothing.
 * @throws NashError('usage')
 */
export function rememberedOf(runDir: string): Remembered {
  const file = runFile(runDir, 'arguments');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return { set: [], quickStart: false };
  }
  try {
    return remembered.parse(JSON.parse(text));
  } catch (cause) {
    throw new NashError(
      'usage',
      `${file} does not say what the run was begun with (${messageOf(cause).split('\n')[0]}). Remove it, and repeat each --set of the run.`,
      { cause },
    );
  }
}
