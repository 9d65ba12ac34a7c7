// What a config may say, as two texts that are made from its schema: a JSON Schema for editors, and the tables of docs/config.md.
import { z } from 'zod';
import { withMarked } from '../marked.js';
import { changeOf } from './decisive.js';
import { runConfig } from './run-config.js';
import { allowedInWords, itemsOf, type SchemaNode, type Wording } from './schema-node.js';

/**
 * JSON Schema 2020-12 of what a config file may hold: keys, types, ranges, choices, defaults. It cannot say what several keys ask of each
 * other (`minibatch.shards` divides `minibatch.size`), nor what the data ask of a network.
 */
export function configSchema(): SchemaNode {
  return z.toJSONSchema(runConfig, {
    io: 'input',
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      const chosen = choiceWithDefault(zodSchema);
      if (chosen) Object.assign(jsonSchema, chosen);
      else if (isModule(jsonSchema as SchemaNode))
        Object.assign(jsonSchema, unnamed(jsonSchema as SchemaNode));
    },
  }) as SchemaNode;
}

/** The same as a file. */
export const schemaText = (): string => `${JSON.stringify(configSchema(), undefined, 2)}\n`;

/** A choice whose `name` need not be said: zod puts it in before it looks at the rest, which JSON Schema has no word for. */
function choiceWithDefault(schema: z.core.$ZodType): SchemaNode | undefined {
  const { def } = schema._zod as { def: { type: string; in?: z.ZodType; out?: z.ZodType } };
  if (def.type !== 'pipe' || def.in?.def.type !== 'transform') return undefined;
  const name = def.in.meta()?.choice;
  const { oneOf } = z.toJSONSchema(def.out!, { io: 'input', unrepresentable: 'any' }) as SchemaNode;
  const isDefault = ({ properties }: SchemaNode) => properties?.name?.const === name;
  const branches = oneOf!.map((branch) =>
    isDefault(branch) || isModule(branch) ? { ...branch, ...unnamed(branch) } : branch,
  );
  return { oneOf: branches };
}

/** A choice that is known by its `module` where it has no name. */
const isModule = ({ properties }: SchemaNode): boolean => properties?.name?.const === 'module';

const unnamed = ({ required = [] }: SchemaNode): Pick<SchemaNode, 'required'> => ({
  required: required.filter((key) => key !== 'name'),
});

// ---- tables -----------------------------------------------------------------------------------------------------------

const HEAD =
  '| key | value | default | decides bits | may change in a run | meaning |\n| --- | --- | --- | --- | --- | --- |';

/** @returns undefined where the page has no marks `keys` for the tables of all keys */
export const withKeyTables = (page: string): string | undefined => withMarked(page, 'keys', keyTables());

function keyTables(): string {
  const { properties = {} } = configSchema();
  const alone = Object.entries(properties).filter(([, node]) => !isTree(node));
  const sections = Object.entries(properties).filter(([, node]) => isTree(node));
  return [
    '### At the top',
    tableOf(alone.map(([key, node]) => rowOf(key, node))),
    ...sections.flatMap(([key, node]) => sectionOf(key, node)),
  ].join('\n\n');
}

const isTree = (node: SchemaNode): boolean => node.properties !== undefined || node.oneOf !== undefined;

/** A section of the config: its own keys, then each choice that it offers. */
function sectionOf(key: string, node: SchemaNode): string[] {
  const title = [`### \`${key}\``, ...(node.description ? [sentence(node.description)] : [])];
  if (node.oneOf) return [...title, ...choicesOf(key, node)];
  const entries = alike(node);
  const rows = entries
    .filter(([, child]) => !child.oneOf && !itemsOf(child)?.oneOf)
    .flatMap(([name, child]) => rowsOf(`${key}.${name}`, child));
  const choices = entries.flatMap(([name, child]) => {
    const item = itemsOf(child);
    if (child.oneOf) return choicesOf(`${key}.${name}`, child);
    return item?.oneOf ? choicesOf(`${key}.${name}[]`, item) : [];
  });
  return [...title, ...(rows.length > 0 ? [tableOf(rows)] : []), ...choices];
}

/** Keys of a mapping; where it has the same for both nets, once for NET. */
function alike({ properties = {} }: SchemaNode): [string, SchemaNode][] {
  const { discriminator, generator } = properties;
  if (Object.keys(properties).length !== 2 || !discriminator || !generator) return Object.entries(properties);
  const bare = (node: SchemaNode) => JSON.stringify(node);
  return bare(discriminator) === bare(generator) && isTree(discriminator)
    ? [['NET', generator]]
    : Object.entries(properties);
}

function choicesOf(key: string, { oneOf = [], default: standard }: SchemaNode): string[] {
  return oneOf.flatMap((branch) => {
    const [by, name] = choiceOf(branch);
    const isStandard = (standard as Record<string, unknown> | undefined)?.[by] === name;
    const heading = `#### \`${key}.${by}: ${name}\`${isStandard ? ' (default)' : ''}`;
    const rows = Object.entries(branch.properties!)
      .filter(([child]) => child !== by)
      .flatMap(([child, node]) => rowsOf(`${key}.${child}`, node));
    return [
      heading,
      ...(branch.description ? [sentence(branch.description)] : []),
      ...(rows.length > 0 ? [tableOf(rows)] : []),
    ];
  });
}

/** The key by which a form of a choice is known, and its name. */
function choiceOf({ properties = {} }: SchemaNode): [by: string, name: string] {
  const [by, node] = Object.entries(properties).find(([, child]) => child.const !== undefined)!;
  return [by, String(node.const)];
}

/** Rows of a key and of those below it. */
function rowsOf(path: string, node: SchemaNode): string[] {
  if (node.oneOf) {
    const names = node.oneOf.map((branch) => choiceOf(branch)[1]);
    const [by] = choiceOf(node.oneOf[0]!);
    const standard = (node.default as Record<string, unknown> | undefined)?.[by];
    const own = rowOf(`${path}.${by}`, { enum: names, default: standard, ...describedAs(node) });
    const others = node.oneOf.flatMap((branch) =>
      Object.entries(branch.properties!)
        .filter(([key]) => key !== by)
        .map(([key, child]) => rowOf(`${path}.${key}`, child, `with \`${by}: ${choiceOf(branch)[1]}\``)),
    );
    return [own, ...others];
  }
  if (node.properties)
    return Object.entries(node.properties).flatMap(([key, child]) => rowsOf(`${path}.${key}`, child));
  return [rowOf(path, node)];
}

const describedAs = ({ description }: SchemaNode): SchemaNode => (description ? { description } : {});

function rowOf(path: string, node: SchemaNode, only?: string): string {
  const { decides, mayChange } = changeOf(path.replaceAll('NET', 'generator').replaceAll('[]', ''));
  const meaning = [only, node.description].filter(Boolean).join(': ');
  const standard = node.default === undefined ? '' : code(node.default);
  return `| \`${path}\` | ${allowedInWords(node, CELL)} | ${standard} | ${decides} | ${mayChange} | ${meaning} |`;
}

const tableOf = (rows: readonly string[]): string => [HEAD, ...rows].join('\n');

const code = (value: unknown): string => `\`${JSON.stringify(value).replaceAll('"', '')}\``;

const CELL: Wording = { literal: code, text: () => 'text' };

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
