// Turns a schema's complaints into sentences: which key, what was found, what was expected, the nearest known name.
import { z } from 'zod';
import { nearest } from './nearest.js';
import { runConfig } from './run-config.js';
import { allowedInWords, itemsOf, type SchemaNode, type Wording } from './schema-node.js';

type Issue = z.core.$ZodIssue;

/** All complaints, one a line when there are several; `schema` is the one that complained. */
export function explain(error: z.ZodError, tree: unknown, schema: z.ZodType = runConfig): string {
  const sentences = error.issues.map((issue) => explainIssue(issue, tree, schema));
  return sentences.length === 1 ? sentences[0]! : sentences.map((sentence) => `\n  ${sentence}`).join('');
}

function explainIssue(issue: Issue, tree: unknown, schema: z.ZodType): string {
  const key = issue.path.join('.');
  const found = show(valueAt(tree, issue.path));
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((unknown) => unknownKey([...issue.path, unknown], tree, schema)).join('; ');
    case 'invalid_union':
      return unionIssue(issue, key, tree, schema);
    case 'custom':
      return `'${key}': ${issue.message}`;
    default:
      return valueAt(tree, issue.path) === undefined
        ? `'${key}' is missing: ${lowerFirst(issue.message)}`
        : `'${key}' is ${found}: ${lowerFirst(issue.message)}`;
  }
}

/** A choice by `name` or `source` that is not known, or a value that fits no alternative. */
function unionIssue(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  key: string,
  tree: unknown,
  schema: z.ZodType,
): string {
  const discriminator = (issue as { discriminator?: string }).discriminator;
  const value = valueAt(tree, issue.path);
  if (discriminator === undefined)
    return `'${key}' is ${show(value)}: expected ${formsOf(schema, issue.path).join(' or ')}`;
  const choices = choicesOf(schema, issue.path, discriminator);
  const isName = issue.path.at(-1) === discriminator;
  const where = isName ? key : [key, discriminator].filter(Boolean).join('.');
  const chosen = isName ? value : (value as Record<string, unknown> | undefined)?.[discriminator];
  const near = typeof chosen === 'string' ? nearest(chosen, choices) : undefined;
  const hint = near ? `; did you mean '${near}'?` : '';
  return `'${where}' is ${show(chosen)}; expected one of ${choices.join(', ')}${hint}`;
}

function unknownKey(path: readonly PropertyKey[], tree: unknown, schema: z.ZodType): string {
  const known = knownKeys(schema);
  const key = anyIndex(path);
  const chosen = valueAt(tree, path.slice(0, -1)) as Record<string, unknown> | undefined;
  const kind = chosen?.name ?? chosen?.source;
  const others = known.filter((candidate) => candidate !== key);
  const near = synonymOf(key) ?? namesakes(key, others) ?? nearest(key, others);
  const belongs = known.includes(key) && kind !== undefined ? ` for '${String(kind)}'` : '';
  const hint = near === undefined ? '' : `; did you mean '${withIndexes(near, path)}'?`;
  return `unknown key '${path.join('.')}'${belongs}${hint}`;
}

/** Words of other trainers and papers, without case and dashes, for what is called otherwise here. */
const SYNONYMS: Readonly<Record<string, string>> = {
  lr: 'optimizer.generator.learningRate and optimizer.discriminator.learningRate',
  lrg: 'optimizer.generator.learningRate',
  glr: 'optimizer.generator.learningRate',
  lrd: 'optimizer.discriminator.learningRate',
  dlr: 'optimizer.discriminator.learningRate',
  batch: 'minibatch.size',
  batchsize: 'minibatch.size',
  bs: 'minibatch.size',
  epochs: 'stop.generatorSteps, which counts steps of G',
  epoch: 'stop.generatorSteps, which counts steps of G',
  iterations: 'stop.generatorSteps',
  niter: 'stop.generatorSteps',
  maxsteps: 'stop.generatorSteps',
  steps: 'stop.generatorSteps',
  ncritic: 'schedule.discriminatorSteps',
  criticiters: 'schedule.discriminatorSteps',
  dsteps: 'schedule.discriminatorSteps',
  gsteps: 'schedule.generatorSteps',
  k: 'schedule.discriminatorSteps',
  nz: 'model.latent',
  zdim: 'model.latent',
  latentdim: 'model.latent',
  ngf: 'model.width',
  ndf: 'model.width',
  ema: 'averaging.decay',
  emadecay: 'averaging.decay',
  emakimg: 'averaging.halfLifeImages, a thousand times that',
  emarampup: 'averaging.ramp',
  emastart: 'averaging.start',
  dataset: 'data.source',
  dataroot: 'data.path',
  datadir: 'data.path',
  lambdal1: 'penalties.generator, with pixel-l1 and its weight',
  imagesize: 'data.size',
  imgsize: 'data.size',
  resolution: 'data.size',
  amp: 'precision',
  dtype: 'precision',
  fp16: 'precision',
  criterion: 'loss.name',
  batchnorm: 'model.generator.normalization',
  randomseed: 'seed',
  manualseed: 'seed',
  workers: 'the option --workers, or a topology',
  gpus: 'the option --workers, or a topology',
  outdir: 'the option --run-dir',
};

const synonymOf = (key: string): string | undefined => {
  const word = lastOf(key).toLowerCase().replace(/[_-]/g, '');
  return Object.hasOwn(SYNONYMS, word) ? SYNONYMS[word] : undefined;
};

const lastOf = (key: string): string => key.slice(key.lastIndexOf('.') + 1);

/** Keys of the same last name elsewhere, where these are few. */
function namesakes(key: string, candidates: readonly string[]): string | undefined {
  const same = candidates.filter(
    (candidate) => lastOf(candidate) === lastOf(key) && !candidate.includes('*'),
  );
  return same.length === 1 || same.length === 2 ? same.join("' or '") : undefined;
}

/** A path as the schema has it, which does not tell one place of a list from another. */
const anyIndex = (path: readonly PropertyKey[]): string =>
  path.map((key) => (typeof key === 'number' ? '*' : key)).join('.');

/** A key of the schema with the places in lists that a path has. */
const withIndexes = (key: string, path: readonly PropertyKey[]): string =>
  key
    .split('.')
    .map((part, i) => (part === '*' && typeof path[i] === 'number' ? path[i] : part))
    .join('.');

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

function show(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  let value = tree;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return value;
}

/** Visits every key that a tree of this schema may hold, once for each of its forms. */
function walk(node: SchemaNode, prefix: string, visit: (path: string, node: SchemaNode) => void): void {
  for (const form of [...(node.anyOf ?? []), ...(node.oneOf ?? [])]) walk(form, prefix, visit);
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    const path = prefix ? `${prefix}.${key}` : key;
    visit(path, child);
    walk(child, path, visit);
  }
  const items = itemsOf(node);
  if (items) walk(items, `${prefix}.*`, visit);
}

const nodesOf = (schema: z.ZodType): SchemaNode =>
  z.toJSONSchema(schema, { unrepresentable: 'any' }) as SchemaNode;

/** Every dotted key that a tree of this schema may hold; `*` stands for a place in a list. */
export function knownKeys(schema: z.ZodType = runConfig): string[] {
  const keys = new Set<string>();
  walk(nodesOf(schema), '', (path) => keys.add(path));
  return [...keys];
}

/** The literals that `<path>.<discriminator>` may be. */
function choicesOf(schema: z.ZodType, path: readonly PropertyKey[], discriminator: string): string[] {
  const dotted = anyIndex(path.at(-1) === discriminator ? path : [...path, discriminator]);
  const choices = new Set<string>();
  walk(nodesOf(schema), '', (key, node) => {
    if (key !== dotted) return;
    for (const choice of node.enum ?? [node.const]) if (choice !== undefined) choices.add(String(choice));
  });
  return [...choices];
}

/** The forms that a key of several may have, in words. */
function formsOf(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const dotted = anyIndex(path);
  const forms = new Set<string>();
  walk(nodesOf(schema), '', (key, { anyOf = [] }) => {
    if (key === dotted) for (const form of anyOf) forms.add(allowedInWords(form, MESSAGE));
  });
  return [...forms];
}

const MESSAGE: Wording = {
  literal: (value) => JSON.stringify(value),
  text: (pattern) => (pattern === undefined ? 'text' : `text that fits ${pattern}`),
};
