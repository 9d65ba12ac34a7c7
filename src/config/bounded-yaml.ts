// YAML that somebody else may have written, to plain values of a bounded size: aliases can make a short text an endless one.
import { type CST, Parser, parseDocument } from 'yaml';
import { messageOf } from '../errors.js';

/** The longest config of ours has 2 KB and 60 values, four deep. The parser needs a second for some texts of this length, and its square for longer ones. */
export const YAML_BYTES_MAX = 2 ** 16;
const NO_YAML = 'not valid YAML';
const DEPTH_MAX = 32;
const VALUES_MAX = 10_000;

/**
 * The value of a text. An alias is copied: whoever changes one place changes that one only.
 * @throws Error saying what is wrong with the text, for the end of a sentence
 */
export function parseBounded(text: string): unknown {
  if (Buffer.byteLength(text) > YAML_BYTES_MAX) throw new Error(`longer than ${YAML_BYTES_MAX} bytes`);
  const [error, tree] = parseTree(text);
  if (error) throw new Error(`${NO_YAML}: ${messageOf(error).trimEnd()}`, { cause: error });
  let valueCount = 0;
  const copy = (value: unknown, depth: number): unknown => {
    valueCount += 1;
    if (depth > DEPTH_MAX || valueCount > VALUES_MAX)
      throw new Error(`too large: at most ${VALUES_MAX} values and ${DEPTH_MAX} levels, aliases written out`);
    if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item, depth + 1)]));
  };
  return copy(tree, 0);
}

/** The parser lists the errors of most texts and throws for some. */
function parseTree(text: string): [error: unknown, tree: unknown] {
  try {
    requireShallow(text);
    const document = parseDocument(text, { prettyErrors: true });
    const [error] = document.errors;
    return error ? [error, undefined] : [undefined, document.toJS()];
  } catch (error) {
    return [error, undefined];
  }
}

/** Characters of a text that is no YAML and may be a value all the same, such as `[::1]:9464`. */
const PLAIN_MAX = 1024;

/** The value of a text, or a short text as it is where it is no YAML. @throws Error as `parseBounded` */
export function parseOrText(text: string): unknown {
  try {
    return parseBounded(text);
  } catch (error) {
    if (text.length > PLAIN_MAX || !messageOf(error).startsWith(NO_YAML)) throw error;
    return text;
  }
}

/** Composing a document recurses, and a text nested deeper than the stack ends the process: its tokens are measured first. */
function requireShallow(text: string): void {
  let level: unknown[] = [...new Parser().parse(text)];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEPTH_MAX) throw new Error(`nested deeper than ${DEPTH_MAX} levels`);
    level = level.flatMap(partsOf);
  }
}

/** The nodes right below a token: a document's value, a collection's keys and values. */
function partsOf(token: unknown): unknown[] {
  const { value, items } = token as { value?: unknown; items?: CST.CollectionItem[] };
  const below = [value, ...(items ?? []).flatMap((item) => [item.key, item.value])];
  return below.filter((part) => part !== null && typeof part === 'object');
}
