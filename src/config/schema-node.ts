// Of the JSON Schema (2020-12) that zod makes of ours, what walking it and telling of it needs.

export interface SchemaNode {
  type?: string;
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  properties?: Record<string, SchemaNode>;
  required?: string[];
  anyOf?: SchemaNode[];
  oneOf?: SchemaNode[];
  items?: SchemaNode | false;
  prefixItems?: SchemaNode[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  pattern?: string;
}

/** How what stands in a config is written, in a message or on a page. */
export interface Wording {
  literal(value: unknown): string;
  /** any text, or any that fits a pattern */
  text(pattern: string | undefined): string;
}

export const itemsOf = ({ items }: SchemaNode): SchemaNode | undefined => items || undefined;

/** What a key may hold, for a person. */
export function allowedInWords(node: SchemaNode, wording: Wording): string {
  const { literal } = wording;
  const { enum: choices, const: only, anyOf, prefixItems, properties } = node;
  if (choices) return choices.map(literal).join(', ');
  if (only !== undefined) return literal(only);
  if (anyOf) return anyOf.map((form) => allowedInWords(form, wording)).join(', or ');
  if (prefixItems) return `list of ${prefixItems.length}: ${allowedInWords(prefixItems[0]!, wording)} each`;
  if (properties) return `mapping of ${Object.keys(properties).map(literal).join(', ')}`;
  const items = itemsOf(node);
  if (items) return `list, each ${allowedInWords(items, wording)}`;
  if (node.type === 'boolean') return [true, false].map(literal).join(', ');
  if (node.type === 'string') return wording.text(node.pattern);
  return `${node.type === 'integer' ? 'whole number' : 'number'}${rangeOf(node)}`;
}

/** A number as short as it can be said. */
function brief(value: number): string {
  const power = Math.log2(value);
  if (value > 2 ** 20 && Number.isInteger(power)) return `2^${power}`;
  return value >= 1e6 ? value.toExponential().replace('e+', 'e') : String(value);
}

function rangeOf({ type, exclusiveMinimum, ...rest }: SchemaNode): string {
  const { exclusiveMaximum, maximum } = rest;
  const isWhole = type === 'integer' && exclusiveMinimum !== undefined;
  const minimum = isWhole ? exclusiveMinimum + 1 : rest.minimum;
  const isNarrow = maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER;
  const above = exclusiveMinimum === undefined ? '' : `above ${brief(exclusiveMinimum)}`;
  const low = minimum === undefined ? above : `from ${brief(minimum)}`;
  const high =
    exclusiveMaximum !== undefined
      ? `below ${brief(exclusiveMaximum)}`
      : isNarrow
        ? `to ${brief(maximum)}`
        : '';
  return [low, high].filter(Boolean).reduce((all, part) => `${all} ${part}`, '');
}
