// What a run begins with where that is not drawn from the seed: tensors of another run, or of a file, by name and shape, and a bias that
// follows from the data. The file is known by the hash of its bytes, which decides bits; once a run has begun its checkpoints hold all of it,
// and the file may be gone.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { decodeCheckpoint } from '../checkpoints/checkpoint.js';
import { CheckpointStore } from '../checkpoints/checkpoint-store.js';
import { FileStorage } from '../checkpoints/file-storage.js';
import { decodeSafetensors, type Tensor } from '../checkpoints/safetensors.js';
import { validateConfig } from '../config/load-config.js';
import type { RunConfig } from '../config/run-config.js';
import { messageOf, NashError } from '../errors.js';
import { firstNotFinite } from '../numerics/vectors.js';
import { beginsWithAny, fullName } from '../parameters/frozen.js';
import { initialParameters } from '../parameters/initial.js';
import type { Layout } from '../parameters/layout.js';
import { type ManifestEntry, NETS, type Net } from '../parameters/manifest.js';
import type { FirstBias } from '../run/first-bias.js';
import { holdsRun } from '../run-folder/ownership.js';
import { runFile } from '../run-folder/run-files.js';

/**
 * The config with the file that `init.from` means, and its hash.
 * @param earlier config of the run that goes on: what it began with is settled
 * @throws NashError('usage') where there is no such file
 */
export async function withInitFile(config: RunConfig, earlier?: RunConfig): Promise<RunConfig> {
  const { from, fromHash } = config.init;
  if (from === null || fromHash !== undefined) return config;
  const file = beganWith(earlier, from) ?? (await fileOf(from));
  const hash = file === earlier?.init.from ? earlier.init.fromHash : hashOf(read(file));
  return validateConfig(
    { ...config, init: { ...config.init, from: file, fromHash: hash } },
    'the config with its file',
  );
}

/** The file that a run began with, where it is what `from` names. */
function beganWith(earlier: RunConfig | undefined, from: string): string | undefined {
  const file = earlier?.init.from ?? undefined;
  const places = file === undefined ? [] : [file, dirname(dirname(file))];
  return places.includes(resolve(from)) ? file : undefined;
}

async function fileOf(from: string): Promise<string> {
  if (!existsSync(from))
    throw new NashError(
      'usage',
      `init.from: there is no ${from}; expected the folder of a run, or a file of safetensors`,
    );
  if (!statSync(from).isDirectory()) return resolve(from);
  if (!holdsRun(from)) throw new NashError('usage', `init.from: the folder ${from} holds no run`);
  const found = await new CheckpointStore(new FileStorage(runFile(from, 'checkpoints'))).latest();
  if (found.checkpoint) return resolve(found.path);
  throw new NashError(
    'usage',
    `init.from: the run in ${from} has no whole checkpoint${found.warnings.map((text) => `; ${text}`).join('')}`,
  );
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new NashError('usage', `init.from: ${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Both nets' first vectors where they are not drawn as a whole, and what was taken and what was not, for a person. */
export interface FirstWeights {
  vectors: Partial<Record<Net, Float32Array>>;
  lines: string[];
}

/**
 * @param config see `withInitFile`
 * @param bias of G, where it is not drawn; what a file has of that name is taken all the same
 * @returns what the nets begin with, looked up when it is first asked for: a run that goes on needs it only to go back to the beginning
 * @throws NashError('usage'), when it is asked for, where the file is missing, damaged or another than it was, or none of its tensors fits
 */
export function firstWeights(config: RunConfig, layout: Layout, bias?: FirstBias): () => FirstWeights {
  let known: FirstWeights | undefined;
  return () => {
    known ??= begun(config, layout, bias);
    return known;
  };
}

function begun(config: RunConfig, layout: Layout, bias: FirstBias | undefined): FirstWeights {
  const vectorOf = (net: Net): Float32Array => {
    const vector = initialParameters(layout.manifest(net, 0), { seed: config.seed, net });
    if (net === 'generator' && bias) vector.set(bias.values, bias.entry.offset);
    return vector;
  };
  const { from } = config.init;
  if (from !== null) return taken(config, from, layout, vectorOf);
  return { vectors: bias ? { generator: vectorOf('generator') } : {}, lines: [] };
}

/** @param vectorOf a net's where nothing is taken */
function taken(
  { init }: RunConfig,
  from: string,
  layout: Layout,
  vectorOf: (net: Net) => Float32Array,
): FirstWeights {
  const { fromHash, only } = init;
  const bytes = read(from);
  if (hashOf(bytes) !== fromHash)
    throw new NashError(
      'usage',
      `init.from: ${from} is another file than the run began with; bring that back, or begin a run: --run-dir DIR`,
    );
  const tensors = tensorsOf(bytes, from);
  const vectors: FirstWeights['vectors'] = {};
  const fates: Record<Fate, string[]> = { taken: [], missing: [], unasked: [], reshaped: [] };
  for (const net of NETS) {
    const vector = vectorOf(net);
    const { entries, slots, size } = layout.manifest(net, 0);
    const take = (entry: ManifestEntry, start: number) => {
      const name = fullName(net, entry.name);
      const tensor = tensors.get(name);
      const [fate, words] = fateOf(entry, name, tensor, only);
      fates[fate].push(words);
      if (fate === 'taken') vector.set(tensor!.data, start + entry.offset);
    };
    for (const entry of entries) take(entry, 0);
    for (const entry of slots) take(entry, size);
    vectors[net] = vector;
  }
  const lines = inWords(from, fates);
  if (fates.taken.length === 0)
    throw new NashError('usage', `${lines.join('; ')}. Its tensors: ${listed([...tensors.keys()])}`);
  return { vectors, lines };
}

type Fate = 'taken' | 'missing' | 'unasked' | 'reshaped';

function fateOf(
  { shape }: ManifestEntry,
  name: string,
  tensor: Tensor | undefined,
  only: readonly string[],
): [Fate, string] {
  if (only.length > 0 && !beginsWithAny(name, only)) return ['unasked', name];
  if (tensor === undefined) return ['missing', name];
  if (tensor.shape.join() === shape.join()) return ['taken', name];
  return ['reshaped', `${name} [${tensor.shape.join(', ')}], here [${shape.join(', ')}]`];
}

function tensorsOf(bytes: Buffer, from: string): ReadonlyMap<string, Tensor> {
  try {
    const { tensors, metadata } = decodeSafetensors(bytes);
    if (metadata.format?.startsWith('nash-checkpoint-')) decodeCheckpoint(bytes); // its checksum
    for (const [name, { data }] of tensors) {
      const index = firstNotFinite(data);
      if (index >= 0) throw new NashError('usage', `${name}[${index}] is ${data[index]}`);
    }
    return tensors;
  } catch (cause) {
    if (!(cause instanceof NashError)) throw cause;
    throw new NashError('usage', `init.from: ${from} cannot be taken from: ${cause.message}`, { cause });
  }
}

function inWords(from: string, { taken, missing, unasked, reshaped }: Record<Fate, string[]>): string[] {
  const count = taken.length + missing.length + unasked.length + reshaped.length;
  const said = (what: string, names: readonly string[]) =>
    names.length > 0 ? [`not taken, ${what} (${names.length}): ${listed(names)}`] : [];
  return [
    `init.from: ${taken.length} of ${count} tensors are taken from ${from}`,
    ...said('as it has none of their names', missing),
    ...said('as they have other shapes there', reshaped),
    ...said('as init.only leaves them out', unasked),
  ];
}

/** Names that are told. */
const TOLD_MAX = 8;

const listed = (names: readonly string[]): string =>
  names.slice(0, TOLD_MAX).join(', ') +
  (names.length > TOLD_MAX ? ` and ${names.length - TOLD_MAX} more` : '');

/** @throws NashError('usage') for a beginning of names that no tensor has: a slip of the keyboard would train what was to stay */
export function requireNames({ init }: RunConfig, layout: Layout): void {
  const weights = NETS.flatMap((net) =>
    layout.manifest(net, 0).entries.map(({ name }) => fullName(net, name)),
  );
  const slots = NETS.flatMap((net) => layout.manifest(net, 0).slots.map(({ name }) => fullName(net, name)));
  for (const [key, names] of [
    ['freeze', weights],
    ['only', [...weights, ...slots]],
  ] as const)
    for (const prefix of init[key])
      if (!names.some((name) => name.startsWith(prefix)))
        throw new NashError(
          'usage',
          `init.${key}: no tensor's name begins with '${prefix}'; there are ${listed(names)}`,
        );
}
