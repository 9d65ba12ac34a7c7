// A module of one's own, as a run has it: known by the sha256 of its text, which decides bits as the config does. What was loaded in this
// process is found by that, whoever asks; one text is never two modules.
import { NashError } from '../errors.js';

/** What a module may be for, and the name under which it exports it; a file that holds one thing exports it by default. */
export type Purpose = 'networks' | 'loss' | 'penalty';

/** What a config says of a module. */
export interface ModuleReference {
  /** path of its file */
  module: string;
  /** sha256 of its text; absent until that was looked at */
  moduleHash?: string | undefined;
}

/** The text of a module with all that it imports but Nash, as every process of a run has it. */
export interface ModuleText {
  /** sha256 of `code` */
  hash: string;
  code: string;
  /** source map of the code, JSON; its sources are relative to the folder of the module's file */
  map: string;
}

/** The schema of options that a module exports beside what takes them: zod's, or anything like it. */
interface OptionsSchema {
  safeParse(value: unknown): { success: true; data: unknown } | { success: false; error: Error };
}

export interface OwnModule extends ModuleText {
  exports: Readonly<Record<string, unknown>>;
  /** `nets.ts:12` for the innermost place of the user's in a stack; undefined where it names none */
  place(stack: string): string | undefined;
  /** its file, as a person would say it */
  file: string;
}

/** What is wrong with a module, of which the message names the place. */
export class ModuleError extends NashError {
  constructor(place: string, message: string, cause?: unknown) {
    super('usage', `${place}: ${message}`, { cause });
  }
}

const loaded = new Map<string, OwnModule>();

export const isLoaded = (hash: string): boolean => loaded.has(hash);

export function register(module: OwnModule): void {
  loaded.set(module.hash, module);
}

/** By the file that a text was loaded from last. */
const sources = new Map<string, string>();

export function noteSource(file: string, hash: string): void {
  sources.set(file, hash);
}

/** The hash of the text that was loaded from a file. @throws Error where none was */
export function hashOfLoaded(file: string): string {
  const hash = sources.get(file);
  if (hash !== undefined) return hash;
  throw new Error(`broken invariant: nothing was loaded from ${file}`);
}

/** @throws Error where it was not loaded before, which is for the process to do at its start */
export function ownModule({ module, moduleHash }: ModuleReference): OwnModule {
  const found = loaded.get(moduleHash ?? '');
  if (found) return found;
  throw new Error(`broken invariant: ${module} (${moduleHash ?? 'no hash'}) was not loaded in this process`);
}

/** The keys of a reference that are Nash's; the others are the module's options. */
const KEYS: ReadonlySet<string> = new Set(['name', 'module', 'moduleHash']);

/**
 * What a module makes of the options that stand beside its path: it is called with them and with what else is given.
 * @param known keys that are Nash's besides
 * @throws NashError('usage') naming the user's line
 */
export function madeBy(
  reference: ModuleReference,
  purpose: Purpose,
  { known = [], given = [] }: { known?: readonly string[]; given?: readonly unknown[] } = {},
): unknown {
  const module = ownModule(reference);
  const make = exported(module, purpose);
  const beside = Object.entries(reference).filter(([key]) => !KEYS.has(key) && !known.includes(key));
  const options = checked(module, purpose, Object.fromEntries(beside));
  return located(module, `its ${EXPECTED[purpose].what}`, () => make(options, ...given));
}

const EXPECTED: Readonly<Record<Purpose, { what: string; form: string; schema: string }>> = {
  networks: {
    what: 'networks',
    form: '(options, itemShape) => ({ generator, discriminator })',
    schema: 'networksOptions',
  },
  loss: { what: 'loss', form: '(options) => ({ discriminator, generator })', schema: 'lossOptions' },
  penalty: { what: 'penalty', form: '(options) => (context) => term', schema: 'penaltyOptions' },
};

function exported(
  { exports, file }: OwnModule,
  purpose: Purpose,
): (options: unknown, ...given: unknown[]) => unknown {
  const make = exports[purpose] ?? exports.default;
  if (typeof make === 'function') return make as (options: unknown, ...given: unknown[]) => unknown;
  const { what, form } = EXPECTED[purpose];
  const found =
    make === undefined
      ? 'has no default export'
      : `has ${exports[purpose] === undefined ? 'a default export' : `an export '${purpose}'`} that is ${kindOf(make)}, not a function`;
  const others = Object.keys(exports).filter((key) => key !== 'default');
  const said = make === undefined && others.length > 0 ? ` (it exports ${others.join(', ')})` : '';
  throw new ModuleError(
    file,
    `it ${found}${said}, and is to make the ${what} of this run. Let it say: export default ${form}`,
  );
}

export const kindOf = (value: unknown): string => {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object'
    ? `an object with ${Object.keys(value).join(', ') || 'nothing'}`
    : `a ${typeof value}`;
};

function checked(module: OwnModule, purpose: Purpose, options: object): unknown {
  const { exports, file } = module;
  const isDefault = exports[purpose] === undefined;
  const schema = (exports[EXPECTED[purpose].schema] ?? (isDefault ? exports.options : undefined)) as
    | OptionsSchema
    | undefined;
  if (schema === undefined) return options;
  const parsed = located(module, 'the schema of its options', () => schema.safeParse(options));
  if (parsed.success) return parsed.data;
  const { issues = [] } = parsed.error as { issues?: { path: PropertyKey[]; message: string }[] };
  const words = issues.map(
    ({ path, message }) => `${path.length > 0 ? `'${path.join('.')}': ` : ''}${message}`,
  );
  throw new ModuleError(file, `the options that the config gives do not fit its schema: ${words.join('; ')}`);
}

/**
 * Runs something of a module; what it throws becomes an error that names the user's line.
 * @param doing for the message
 * @throws NashError('usage')
 */
export function located<T>(module: OwnModule, doing: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw atPlace(module, doing, error);
  }
}

function atPlace(module: OwnModule, doing: string, error: unknown): NashError {
  if (error instanceof ModuleError) return error;
  const place = module.place((error as Error | undefined)?.stack ?? '');
  const said =
    error instanceof NashError ? error.message : `${doing} threw ${String(error).replace(/\s+/g, ' ')}`;
  return new ModuleError(place ?? module.file, said, error);
}

/** The same for an error of any of the modules that were loaded: `error` itself where it comes of none. */
export function atOwnPlace(error: unknown, doing: string): unknown {
  const stack = (error as Error | undefined)?.stack ?? '';
  for (const module of loaded.values()) if (module.place(stack)) return atPlace(module, doing, error);
  return error;
}

/** `nets.ts:12`, or the file alone: where something was made, by the stack of that moment. */
export const placeOf = (reference: ModuleReference, stack: string | undefined): string => {
  const module = ownModule(reference);
  return module.place(stack ?? '') ?? module.file;
};
