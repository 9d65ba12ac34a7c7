// Where a config names modules of one's own, and how their paths are meant.
import { resolve } from 'node:path';
import type { ModuleReference } from '../modules/own-module.js';
import type { RunConfig } from './run-config.js';

type Tree = Record<string, unknown>;

const isTree = (value: unknown): value is Tree =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** The choices of a config that a module may make, whatever stands there. */
function choicesIn({ model, loss, penalties }: Tree): unknown[] {
  const lists = isTree(penalties) ? [penalties.discriminator, penalties.generator] : [];
  return [model, loss, ...lists.flatMap((list) => (Array.isArray(list) ? list : []))];
}

const isReference = (value: unknown): value is Tree & { module: string } =>
  isTree(value) && typeof value.module === 'string';

/** The same config in which each choice that names a module bears the name that the schema has for it. */
export function withModulesNamed(tree: unknown): unknown {
  if (!isTree(tree)) return tree;
  return mapped(tree, (choice) => ('name' in choice ? choice : { name: 'module', ...choice }));
}

/** The same config in which paths of modules are whole; until then they count from a folder. */
export const withModulesFrom = (tree: Tree, folder: string): Tree =>
  mapped(tree, (choice) => ({ ...choice, module: resolve(folder, choice.module) }));

/** A value that is set at a key, as far as it names modules: their paths count from where the command is typed. */
export function fromHere(keys: readonly string[], value: unknown): unknown {
  if (keys.at(-1) === 'module' && typeof value === 'string') return resolve(value);
  const isChoice = ['model', 'loss', 'penalties'].includes(keys[0]!);
  return isChoice ? deepFrom(value) : value;
}

function deepFrom(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deepFrom);
  if (!isTree(value)) return value;
  if (isReference(value)) return { ...value, module: resolve(value.module) };
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, deepFrom(each)]));
}

function mapped<T extends Tree>(tree: T, change: (choice: Tree & { module: string }) => Tree): T {
  const changed = (value: unknown) => (isReference(value) ? change(value) : value);
  const listed = (value: unknown) => (Array.isArray(value) ? value.map(changed) : value);
  const { model, loss, penalties } = tree;
  return {
    ...tree,
    ...('model' in tree && { model: changed(model) }),
    ...('loss' in tree && { loss: changed(loss) }),
    ...(isTree(penalties) && {
      penalties: Object.fromEntries(Object.entries(penalties).map(([net, list]) => [net, listed(list)])),
    }),
  };
}

/** The modules that a config names. */
export const modulesOf = (config: object): ModuleReference[] => choicesIn(config as Tree).filter(isReference);

/** The config with the hash of each module's text. */
export const withModuleHashes = (
  config: RunConfig,
  hashOf: (reference: ModuleReference) => string,
): unknown =>
  mapped(structuredClone(config) as unknown as Tree, (choice) => ({ ...choice, moduleHash: hashOf(choice) }));
