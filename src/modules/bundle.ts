// From a file of TypeScript or JavaScript to one text: with all that it imports, but Nash and its tensors, which are those of the process
// that runs it. Nothing but the sources decides the text: no path above them, no comment, no setting of a compiler that lies near.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { BuildFailure, Message, Metafile } from 'esbuild';
import { messageOf, NashError } from '../errors.js';
import type { ModuleText } from './own-module.js';

/** Packages that a module gets from the Nash that runs it, by their names. */
export const PROVIDED = [
  'nash/models',
  'nash/losses',
  'nash/penalties',
  '@tensorflow/tfjs-core',
  'zod',
] as const;

/** A path as a person at this folder would say it. */
export const spoken = (path: string): string => {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('../../') ? resolve(path) : short;
};

export const existsHere = (file: string): boolean => existsSync(file);

/**
 * The text of a module: of its source, or of a copy that a run has.
 * @throws NashError('usage') that names file and line
 */
export function textOf(file: string): ModuleText {
  if (!existsHere(file))
    throw new NashError(
      'usage',
      `the module ${spoken(file)} is not there. A path in a config counts from the config's folder, one of --set from where the command is typed.`,
    );
  const copy = file.endsWith('.cjs') ? fromFile(readFileSync(file, 'utf8')) : undefined;
  return copy ?? bundle(file);
}

function bundle(file: string): ModuleText {
  const folder = dirname(resolve(file));
  // loaded where it is needed: most runs have no module, and most processes read a copy
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  try {
    const { outputFiles, metafile } = buildSync({
      stdin: {
        contents: readFileSync(file, 'utf8'),
        resolveDir: folder,
        sourcefile: ENTRY, // its name becomes part of names in the text
        loader: /\.[cm]?js$/.test(file) ? 'js' : 'ts',
      },
      absWorkingDir: folder,
      outfile: join(folder, 'module.cjs'), // from where the map counts; nothing is written
      write: false,
      bundle: true,
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      sourcemap: 'external',
      minifyWhitespace: true, // names of files stand in comments
      legalComments: 'none',
      tsconfigRaw: '{}',
      logLevel: 'silent',
      metafile: true,
      external: ['nash', 'zod', '@tensorflow/*'],
    });
    const written = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))!.text;
    const code = written('.cjs');
    const map = written('.map').replace(`"${ENTRY}"`, JSON.stringify(basename(file)));
    const text = { code, map, hash: hashOf(code) };
    requireProvided(metafile, file, text);
    return text;
  } catch (cause) {
    const { errors } = cause as Partial<BuildFailure>;
    if (cause instanceof NashError) throw cause;
    if (!errors) throw notRunning(cause);
    throw new NashError('usage', complaint(file, errors), { cause });
  }
}

function notRunning(cause: unknown): NashError {
  const why = messageOf(cause).split('\n')[0];
  return new NashError(
    'environment',
    `esbuild, which bundles modules, does not run here: ${why}. Run npm install`,
    { cause },
  );
}

/** What the module's file is called while it is bundled: names in the text are made of it. */
const ENTRY = 'entry-of-the-module.ts';

const hashOf = (code: string): string => createHash('sha256').update(code).digest('hex');

/** The first of its complaints: the others mostly follow from it. */
function complaint(file: string, [first, ...others]: readonly Message[]): string {
  const { location, text } = first!;
  const name = location?.file === ENTRY ? basename(file) : (location?.file ?? '');
  const at = location ? `${spoken(resolve(dirname(file), name))}:${location.line}` : spoken(file);
  const line = location?.lineText.trim() ? `\n    ${location.lineText.trim()}` : '';
  const more = others.length > 0 ? ` (and ${others.length} more)` : '';
  return `${at}: ${text}${more}${line}`;
}

/** What comes from the running Nash is left out of the text; what looks like it and is not is refused. */
function requireProvided({ inputs }: Metafile, file: string, { map }: ModuleText): void {
  const { sources, sourcesContent } = JSON.parse(map) as SourceMapParts;
  for (const [input, { imports }] of Object.entries(inputs)) {
    const name = input === ENTRY ? basename(file) : input;
    const wrong = imports.find(
      ({ path, external }) => external && !isBuiltin(path) && !(PROVIDED as readonly string[]).includes(path),
    )?.path;
    if (wrong === undefined) continue;
    const lines = (sourcesContent[sources.indexOf(name)] ?? '').split('\n');
    const line = 1 + lines.findIndex((each) => each.includes(`'${wrong}'`) || each.includes(`"${wrong}"`));
    const mend = wrong.startsWith('@tensorflow/')
      ? `a module uses the tensors of Nash: import '@tensorflow/tfjs-core' instead of '${wrong}'`
      : `a module may import ${PROVIDED.join(', ')}, not '${wrong}'`;
    throw new NashError('usage', `${spoken(resolve(dirname(file), name))}:${line}: ${mend}`);
  }
}

interface SourceMapParts {
  sources: string[];
  sourcesContent: string[];
}

/** The sources of a text but for packages, one after another: for a person to read. */
export function sourcesOf({ map }: ModuleText): string {
  const { sources, sourcesContent } = JSON.parse(map) as SourceMapParts;
  const own = sources.map((name, i) => ({ name, text: sourcesContent[i] ?? '' }));
  return own
    .filter(({ name }) => !name.includes('node_modules/'))
    .map(({ name, text }) => `// ---- ${name}\n${text.trimEnd()}\n`)
    .join('\n');
}

/** The text with its map, as it lies in a file. */
export const fileOf = ({ code, map }: ModuleText): string =>
  `${code}${MAP_MARK}${Buffer.from(map).toString('base64')}\n`;

const MAP_MARK = '//# sourceMappingURL=data:application/json;base64,';

/** @returns undefined where the file is no module that `fileOf` wrote */
export function fromFile(text: string): ModuleText | undefined {
  const at = text.lastIndexOf(MAP_MARK);
  if (at < 0) return undefined;
  const code = text.slice(0, at);
  const map = Buffer.from(text.slice(at + MAP_MARK.length), 'base64').toString();
  return { code, map, hash: hashOf(code) };
}
