// Who may import whom, checked: plain functions of a table and of what files import, so that a bad table can be planted in a test.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export interface Rule {
  /** folders of src that it may import from, besides itself and errors.ts; of setup, which runs before all, only its lock and its files */
  may: readonly string[];
  /** packages that it may import, Node's own modules aside */
  packages?: readonly string[];
  /** Node's modules; default: any. An empty list: none, for folders without input and output */
  node?: readonly string[];
  because: string;
}

export type Table = Readonly<Record<string, Rule>>;

/** One import: who asks, and for what. A file of src, a package's name, or a module of Node with its `node:`. */
export interface Import {
  /** relative to src */
  file: string;
  kind: 'source' | 'package' | 'node';
  target: string;
}

/** The row of a file below src: the longest that leads to it, such as `evaluation/measures`; else its folder, or itself where it lies in src. */
export function homeOf(file: string, table: Table): string {
  const parts = file.split('/');
  const above = parts.map((_, i) => parts.slice(0, parts.length - i).join('/'));
  return above.find((path) => path in table) ?? parts[0]!;
}

/** The TypeScript below a folder of sources, without AssemblyScript and bare declarations. */
export function sourceFiles(src: string): string[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.as.ts') && !file.endsWith('.d.ts'),
  );
}

/** What each file imports, types and dynamic imports included. */
export function importsBelow(src: string): Import[] {
  const statements = /^(?:import|export)\s[^;]*?\bfrom '([^']+)';|^import '([^']+)';|\bimport\('([^']+)'\)/gm;
  return sourceFiles(src).flatMap((file) =>
    [...readFileSync(join(src, file), 'utf8').matchAll(statements)].map((match) =>
      importOf(file, (match[1] ?? match[2] ?? match[3])!),
    ),
  );
}

function importOf(file: string, specifier: string): Import {
  if (specifier.startsWith('node:')) return { file, kind: 'node', target: specifier };
  if (!specifier.startsWith('.')) {
    const parts = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1);
    return { file, kind: 'package', target: parts.join('/') };
  }
  // dist/ imports setup, which is not compiled, as ../../src/setup
  const path = normalize(join('src', dirname(file), specifier)).replace(/^(\.\.\/)?src\//, '');
  return { file, kind: 'source', target: path.replace(/\.js$/, '.ts') };
}

/** What is imported, as the table names it. */
const nameOf = ({ kind, target }: Import, table: Table): string =>
  kind === 'source' ? homeOf(target, table) : target;

/** The imports that the table does not allow, in words. */
export function violations(table: Table, imports: readonly Import[]): string[] {
  return imports.flatMap((one) => {
    const [home, name] = [homeOf(one.file, table), nameOf(one, table)];
    const { may, packages = [], node, because } = table[home]!;
    const isAllowed = {
      source: name === home || name === 'errors.ts' || may.includes(name),
      package: packages.includes(name),
      node: node === undefined || node.includes(name),
    }[one.kind];
    return isAllowed ? [] : [`${one.file} imports ${name}; ${home} may not: ${because}`];
  });
}

/** What the table allows and nobody uses, in words. */
export function unused(table: Table, imports: readonly Import[]): string[] {
  const used = new Set(imports.map((one) => `${homeOf(one.file, table)} ${nameOf(one, table)}`));
  return Object.entries(table).flatMap(([home, { may, packages = [], node = [] }]) =>
    [...may, ...packages, ...node]
      .filter((target) => !used.has(`${home} ${target}`))
      .map((target) => `${home} need not import ${target}`),
  );
}

/** A way from a folder back to itself, of any length, as `[a, b, …, a]`; undefined where the table has an order. */
export function cycleIn(table: Table): string[] | undefined {
  const isClear = new Set<string>();
  const search = (folder: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(folder)) return [...path.slice(path.indexOf(folder)), folder];
    if (isClear.has(folder)) return undefined;
    for (const next of table[folder]?.may ?? []) {
      const cycle = search(next, [...path, folder]);
      if (cycle) return cycle;
    }
    isClear.add(folder);
    return undefined;
  };
  for (const folder of Object.keys(table)) {
    const cycle = search(folder, []);
    if (cycle) return cycle;
  }
  return undefined;
}
