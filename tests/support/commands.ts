// What pages and runbooks tell people to type.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** README and all pages. */
export const PAGES = ['README.md', ...readdirSync('docs').map((name) => join('docs', name))].filter((name) =>
  name.endsWith('.md'),
);

/** A text on one line. */
export const flat = (file: string): string => readFileSync(file, 'utf8').replace(/\s+/g, ' ');

/** The words after `nash` of each command between backquotes. */
export const nashCommandsIn = (file: string): string[] =>
  [...flat(file).matchAll(/`(?:npx )?nash ([^`]+)`/g)]
    .flatMap((match) => match[1]!.split(/ && (?:npx )?nash /))
    .map((command) => command.replace(/ && .*$/, ''))
    .filter((command) => /^[a-z]/.test(command));

/** Fenced blocks of a page in one language; those of YAML are whole configs but for a comment alone. */
export const fencedIn = (file: string, language: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    (match) => match[1]!,
  );

export const examplesIn = (file: string): string[] =>
  fencedIn(file, 'yaml').filter((text) => !/^#.*\n$/.test(text));
