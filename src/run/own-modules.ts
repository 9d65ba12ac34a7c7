// The modules of one's own that a run's config names: their texts looked up, named by hash in the config, and loaded into this process.
import * as tf from '@tensorflow/tfjs-core';
import * as zod from 'zod';
import { validateConfig } from '../config/load-config.js';
import { modulesOf, withModuleHashes } from '../config/module-references.js';
import type { RunConfig } from '../config/run-config.js';
import { NashError } from '../errors.js';
import * as losses from '../losses/index.js';
import * as models from '../models/index.js';
import { existsHere, fromFile, type PROVIDED, spoken, textOf } from '../modules/bundle.js';
import { evaluate } from '../modules/evaluate.js';
import { isLoaded, type ModuleReference, type ModuleText } from '../modules/own-module.js';
import * as penalties from '../penalties/index.js';

const provided: Record<(typeof PROVIDED)[number], object> = {
  'nash/models': models,
  'nash/losses': losses,
  'nash/penalties': penalties,
  '@tensorflow/tfjs-core': tf,
  zod,
};

/** Where a process finds the texts of a run's modules. */
export interface ModuleSources {
  /** A copy that some run folder holds: what a file of that hash says; undefined where there is none. */
  copyOf?(hash: string): string | undefined;
  /** further files, sources or copies, of which those count that have the right text */
  files?: readonly string[];
}

/** A run that goes on, as far as it says which text a module had. */
export type Earlier = Pick<RunConfig, 'model' | 'loss' | 'penalties'>;

/**
 * The config with the hash of every module's text, all of them loaded.
 * @param earlier config of the run that goes on: what it had serves where a source is gone
 * @throws NashError('usage') naming file and line of what cannot be loaded
 */
export function pinned(config: RunConfig, sources: ModuleSources, earlier?: Earlier): RunConfig {
  const hashes = new Map<ModuleReference, string>();
  for (const reference of modulesOf(config)) hashes.set(reference, pin(reference, sources, earlier));
  if (hashes.size === 0) return config;
  const values = [...hashes.values()];
  let next = 0;
  return validateConfig(
    withModuleHashes(config, () => values[next++]!),
    'the config with its modules',
  );
}

function pin(reference: ModuleReference, sources: ModuleSources, earlier: Earlier | undefined): string {
  if (reference.moduleHash !== undefined) {
    load(reference, sources);
    return reference.moduleHash;
  }
  const file = reference.module;
  const before = earlier && modulesOf(earlier).find(({ module }) => module === file);
  if (before?.moduleHash !== undefined && !existsHere(file)) {
    load(before, sources);
    return before.moduleHash;
  }
  const text = textOf(file);
  evaluate(text, file, provided);
  return text.hash;
}

/**
 * Loads the modules that a config names by their hashes; those that are loaded cost nothing.
 * @throws NashError('usage') where this host has a module with another text, or none
 */
export function loadModules(config: object, sources: ModuleSources): void {
  for (const reference of modulesOf(config)) load(reference, sources);
}

function load({ module, moduleHash: hash = '' }: ModuleReference, sources: ModuleSources): void {
  if (isLoaded(hash)) return;
  const { copyOf = () => undefined, files = [] } = sources;
  const copy = fromFile(copyOf(hash) ?? '');
  if (copy?.hash === hash) {
    evaluate(copy, module, provided);
    return;
  }
  const others: string[] = [];
  for (const file of [...files, module].filter(existsHere)) {
    const text = textOf(file);
    if (text.hash === hash) {
      evaluate(text, file, provided);
      return;
    }
    others.push(`${spoken(file)} has the hash ${brief(text.hash)}`);
  }
  const found = others.length > 0 ? others.join(', ') : `${spoken(module)} is not there`;
  throw new NashError(
    'usage',
    `the run has a module whose text has the hash ${brief(hash)}, and on this host ${found}. Its text decides the weights: bring the file that ` +
      "the run was begun with, or name one to nash worker with --module FILE; the run folder's modules/ holds a copy.",
  );
}

const brief = (hash: string): string => hash.slice(0, 12);

/** Loads texts that another process of the run has found. */
export function loadTexts(texts: readonly (ModuleText & { file: string })[]): void {
  for (const text of texts) evaluate(text, text.file, provided);
}
