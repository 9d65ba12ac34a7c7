// What pages and runbooks tell people to type.
import { readFileSync } from 'node:fs';

/** A text on one line. */
export const flat = (file: string): string => readFileSync(file, 'utf8').replace(/\s+/g, ' ');

/** The words after `nash` of each command between backquotes. */
export const nashCommandsIn = (file: string): string[] =>
  [...flat(file).matchAll(/`(?:npx )?nash ([^`]+)`/g)].map((match) => match[1]!);
