// Turns a schema's complaints into sentences: which key, what was found, what was expected, the nearest known name.
import type { z } from 'zod';
import { runConfig } from './run-config.js';

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
      return issue.keys
        .map((unknown) => unknownKey([...issue.path, unknown].join('.'), tree, issue.path, schema))
        .join('; ');
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
    return `'${key}' is ${show(value)}, which fits none of the forms it may have`;
  const choices = choicesOf(schema, issue.path, discriminator);
  const isName = issue.path.at(-1) === discriminator;
  const where = isName ? key : [key, discriminator].filter(Boolean).join('.');
  const chosen = isName ? value : (value as Record<string, unknown> | undefined)?.[discriminator];
  const near = typeof chosen === 'string' ? nearest(chosen, choices) : undefined;
  const hint = near ? `; did you mean '${near}'?` : '';
  return `'${where}' is ${show(chosen)}; expected one of ${choices.join(', ')}${hint}`;
}

function unknownKey(path: string, tree: unknown, parent: readonly PropertyKey[], schema: z.ZodType): string {
  const known = knownKeys(schema);
  const chosen = valueAt(tree, parent) as Record<string, unknown> | undefined;
  const kind = chosen?.name ?? chosen?.source;
  const near = nearest(
    path,
    known.filter((candidate) => candidate !== path),
  );
  const belongs = known.includes(path) && kind !== undefined ? ` for '${String(kind)}'` : '';
  return `unknown key '${path}'${belongs}${near ? `; did you mean '${near}'?` : ''}`;
}

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

/** What zod shows of a schema's inside, as far as walking it needs. */
interface SchemaNode {
  _zod: {
    def: {
      type: string;
      shape?: Record<string, SchemaNode>;
      options?: SchemaNode[];
      innerType?: SchemaNode;
      out?: SchemaNode;
      values?: unknown[];
    };
  };
}

/** A schema without its wrappers (default, prefault, optional, preprocess). */
function inner(schema: SchemaNode): SchemaNode {
  const { def } = schema._zod;
  const next = def.innerType ?? def.out;
  return next ? inner(next) : schema;
}

function walk(schema: SchemaNode, prefix: string, visit: (path: string, schema: SchemaNode) => void): void {
  const node = inner(schema);
  const { shape, options } = node._zod.def;
  for (const option of options ?? []) walk(option, prefix, visit);
  for (const [key, child] of Object.entries(shape ?? {})) {
    const path = prefix ? `${prefix}.${key}` : key;
    visit(path, inner(child));
    walk(child, path, visit);
  }
}

/** Every dotted key that a tree of this schema may hold. */
export function knownKeys(schema: z.ZodType = runConfig): string[] {
  const keys = new Set<string>();
  walk(schema as unknown as SchemaNode, '', (path) => keys.add(path));
  return [...keys];
}

/** The literals that `<path>.<discriminator>` may be. */
function choicesOf(schema: z.ZodType, path: readonly PropertyKey[], discriminator: string): string[] {
  const dotted = path.at(-1) === discriminator ? path.join('.') : [...path, discriminator].join('.');
  const choices: string[] = [];
  walk(schema as unknown as SchemaNode, '', (key, node) => {
    if (key === dotted) choices.push(...((node._zod.def.values ?? []) as string[]));
  });
  return [...new Set(choices)];
}

/** The candidate within a few edits of a word, if any: at most a third of its letters, and never more than 4. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const limit = Math.min(4, Math.max(1, Math.floor(word.length / 3)));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, substitution));
    }
    row = next;
  }
  return row[b.length]!;
}
