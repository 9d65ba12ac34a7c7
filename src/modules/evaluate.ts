// From the text of a module to what it exports, in this process: with the Nash and the tensors that run it, and with lines of the user's
// file where something goes wrong.
import { createRequire, isBuiltin, SourceMap } from 'node:module';
import { dirname, resolve } from 'node:path';
import { compileFunction } from 'node:vm';
import { NashError } from '../errors.js';
import { spoken } from './bundle.js';
import { isLoaded, located, type ModuleText, noteSource, type OwnModule, register } from './own-module.js';

/** Packages of the running Nash, by the names under which modules import them. */
export type Provided = Readonly<Record<string, object>>;

/**
 * Loads a module, unless its text was loaded before.
 * @param file where the text is from, for messages
 * @throws NashError('usage') naming the user's line where it throws
 */
export function evaluate(text: ModuleText, file: string, provided: Provided): void {
  noteSource(file, text.hash);
  if (isLoaded(text.hash)) return;
  const script = `${text.hash}.cjs`;
  const exports: Record<string, unknown> = {};
  const holder = { exports };
  const module: OwnModule = {
    ...text,
    file: spoken(file),
    place: placeIn(script, text.map, dirname(resolve(file))),
    get exports() {
      return holder.exports;
    },
  };
  located(module, 'it', () => {
    const run = compileFunction(text.code, ['require', 'module', 'exports'], { filename: script });
    run(requireFor(provided), holder, exports);
  });
  register(module);
}

/** Finds the innermost frame of a module in a stack, and its line in the source. */
function placeIn(script: string, map: string, folder: string): OwnModule['place'] {
  const frame = new RegExp(`${script}:(\\d+):(\\d+)`);
  let sources: SourceMap | undefined;
  return (stack) => {
    const [, line, column] = frame.exec(stack) ?? [];
    if (line === undefined) return undefined;
    sources ??= new SourceMap(JSON.parse(map));
    const entry = sources.findEntry(Number(line) - 1, Number(column) - 1);
    if (!('originalSource' in entry)) return undefined;
    return `${spoken(resolve(folder, entry.originalSource))}:${entry.originalLine + 1}`;
  };
}

function requireFor(provided: Provided): (name: string) => unknown {
  const own = createRequire(import.meta.url);
  const named = new Map(Object.entries(provided).map(([name, all]) => [name, checkedNames(name, all)]));
  return (name) => {
    const found = named.get(name);
    if (found) return found;
    if (isBuiltin(name)) return own(name);
    throw new NashError('usage', `it imports '${name}', which this version of nash has not`);
  };
}

/** A package of Nash in which a name that is not there is a mistake, not undefined. */
const checkedNames = (name: string, all: object): object =>
  new Proxy(all, {
    get(target, key, receiver) {
      if (key in target || typeof key === 'symbol' || key === '__esModule' || key === 'default')
        return Reflect.get(target, key, receiver);
      throw new NashError('usage', `'${name}' exports no ${key}`);
    },
  });
