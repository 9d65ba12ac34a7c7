// Settings that had another name in configs and run folders of before: read as what they are called now, so that old runs go on.

type Tree = Record<string, unknown>;

const isTree = (value: unknown): value is Tree =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

interface Renamed {
  from: readonly string[];
  to: string;
  /** the new value of an old one; undefined: it was none */
  value(old: unknown): unknown;
}

const RENAMED: readonly Renamed[] = [
  {
    from: ['model', 'generator', 'batchNorm'],
    to: 'normalization',
    value: (old) => (typeof old === 'boolean' ? (old ? 'batch' : 'none') : undefined),
  },
];

/** The same config by the names of today; what cannot be such a setting stays, to be refused. */
export const withNewNames = (tree: unknown): unknown =>
  RENAMED.reduce((before, renamed) => withNewName(before, renamed.from, renamed), tree);

function withNewName(tree: unknown, [key, ...below]: readonly string[], renamed: Renamed): unknown {
  if (!isTree(tree) || !Object.hasOwn(tree, key!)) return tree;
  if (below.length > 0) return { ...tree, [key!]: withNewName(tree[key!], below, renamed) };
  const { [key!]: old, ...rest } = tree;
  const value = renamed.value(old);
  return value === undefined || renamed.to in rest ? tree : { ...rest, [renamed.to]: value };
}
