// Every message between server and workers, as one typed union a direction. Headers only: tensors travel as raw frames
// beside them. Both sides validate what they receive against these schemas before they believe any of it.
import { z } from 'zod';
import { NETS } from '../parameters/manifest.js';
import { POOLS } from './roster.js';
import { STEP_KINDS } from './step-kinds.js';

/** Raised whenever a message changes its meaning; both sides must have the same. */
export const PROTOCOL_VERSION = 7;

/** Floats in one block: the unit of transport, summing and applying (4 MiB). */
export const BLOCK_FLOATS = 2 ** 20;

const net = z.enum(NETS);
const stepKind = z.enum(STEP_KINDS);
/** `average` is the averaged generator, which only evaluators are sent. */
export const vectorName = z.enum([...NETS, 'average']);
export type VectorName = z.infer<typeof vectorName>;

const count = z.int().nonnegative().max(Number.MAX_SAFE_INTEGER);
/** What is said to a peer, in full; what a peer says of itself. */
const TEXT_MAX = 4096;
const text = z.string().max(TEXT_MAX);
/** So much of what a peer sent is quoted. */
const QUOTED_MAX = 300;
/** Seconds that something took: eleven days are a liar's. */
const duration = z.number().nonnegative().max(1e6);
/** Names stand in logs and on terminals: nothing that moves a cursor (Cc), turns the direction or is unseen (Cf), or ends a line. */
const label = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+$/u);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const treeNode = { level: count.max(32), index: count.max(2 ** 20) };
const blockOf = {
  block: count.max(2 ** 16),
  blockCount: z
    .int()
    .positive()
    .max(2 ** 16),
  length: count.max(2 ** 40),
};
/** A memory that server and worker share, where they are processes of one host. */
const memoryAddress = z.strictObject({
  path: z.string().regex(/^\/proc\/\d{1,10}\/fd\/\d{1,10}$/),
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
});
/** Where in it a whole vector lies that comes without frames, as one block. */
const region = z.strictObject({ at: count.max(2 ** 46), tag: count.min(1) });
/** Which line of a run a message belongs to: `term` rises when the server restarts, `branch` when a run is rolled back. */
const line = { term: count, branch: count };
/** a diverging net's are not finite, and that is worth knowing: not malformed */
const number = z.custom<number>((value) => typeof value === 'number', 'expected a number');
const statistics = z.array(z.array(number).max(64)).max(2 ** 16);

const hello = z.strictObject({
  kind: z.literal('hello'),
  protocol: count,
  role: z.enum(['worker', 'evaluator']),
  pool: z.enum(POOLS),
  name: label,
  pid: count.max(2 ** 31),
  /** of a process that somebody started and would start again: stands in its environment, by which it is known */
  token: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  host: label,
  /** whose process it is: a key, and what only its holder can make for this session; absent where no key is known */
  proof: z.strictObject({ key: hash, mac: hash }).optional(),
});

/** As much of a hello as every version has: a stranger's version is refused by name, not as malformed. */
export const anyHello = z.object({ kind: z.literal('hello'), protocol: count });

/** What decides how a machine rounds: equal for all workers of a pool. */
const fingerprint = z.strictObject({ device: text, tensorflow: text, threads: text, flags: text });
export type Fingerprint = z.infer<typeof fingerprint>;

/** What a worker made of the config: compared with the server's own. */
const prepared = z.strictObject({
  kind: z.literal('prepared'),
  configHash: hash,
  manifests: z.strictObject({ discriminator: hash, generator: hash }),
  /** digest of the data, or null where this process reads none */
  data: hash.nullable(),
  device: label,
  fingerprint,
  /** sha256 of a gradient that everybody computes from the same inputs, for each kind of step that it serves */
  canaries: z.partialRecord(stepKind, hash),
  /** it opened the memory that it was offered: its weights and answers may lie there */
  sharesMemory: z.boolean(),
});

const fetchVector = z.strictObject({
  kind: z.literal('fetch'),
  term: count,
  vector: vectorName,
  version: count,
});
/** A version has arrived whole: the server may use its memory again. */
const received = z.strictObject({
  kind: z.literal('received'),
  term: count,
  vector: vectorName,
  version: count,
});

/** One block of a node's summed payload. The statistics, one row a leaf, come with every block; the first counts. */
const answer = z.strictObject({
  kind: z.literal('answer'),
  ...line,
  net,
  step: count,
  ...treeNode,
  /** of the task that it answers */
  issue: count,
  ...blockOf,
  region: region.optional(),
  computeSeconds: duration,
  statistics,
});

const evaluated = z.strictObject({
  kind: z.literal('evaluated'),
  term: count,
  version: count,
  seconds: duration,
  metrics: z.record(label, z.number()),
});

const failed = z.strictObject({
  kind: z.literal('failed'),
  exitCode: z.int().min(1).max(255),
  message: text,
});
const leaving = z.strictObject({ kind: z.literal('leaving') });
/** Echoes a ping, once everything that came before it was seen to. */
const pong = z.strictObject({ kind: z.literal('pong'), sentMs: count });
/** What this process takes of its machine, said every few seconds. */
const report = z.strictObject({ kind: z.literal('report'), residentBytes: count });

export const workerMessage = z.discriminatedUnion('kind', [
  hello,
  prepared,
  fetchVector,
  received,
  answer,
  evaluated,
  failed,
  leaving,
  pong,
  report,
]);
export type WorkerMessage = z.infer<typeof workerMessage>;

const welcome = z.strictObject({
  kind: z.literal('welcome'),
  ...line,
  /** the resolved run config */
  config: z.record(z.string(), z.unknown()),
  configHash: hash,
  /** for peers of the server's host */
  memory: z.strictObject({ weights: memoryAddress, answers: memoryAddress }).optional(),
});

/** Why a peer gets no work, by name. */
export const refusalReasons = [
  'protocol',
  'key',
  'config',
  'manifest',
  'data',
  'fingerprint',
  'canary',
  'name',
  'malformed',
  'finished',
  'corrupt',
] as const;
export type RefusalReason = (typeof refusalReasons)[number];
const refused = z.strictObject({ kind: z.literal('refused'), reason: z.enum(refusalReasons), message: text });

const weights = z.strictObject({
  kind: z.literal('weights'),
  term: count,
  vector: vectorName,
  version: count,
  ...blockOf,
  region: region.optional(),
});

const task = z.strictObject({
  kind: z.literal('task'),
  ...line,
  net,
  stepKind,
  step: count,
  reads: z.strictObject({ discriminator: count, generator: count }),
  ...treeNode,
  issue: count,
});

/** The averaged generator of this version is on its way, and where a measure asks for a D the one of `discriminator`: look at them. */
const evaluate = z.strictObject({
  kind: z.literal('evaluate'),
  term: count,
  version: count,
  discriminator: count.optional(),
});

/** The run is over, or `comesBack`: this server will be started again, and a supervised peer looks for it anew. */
const stop = z.strictObject({ kind: z.literal('stop'), comesBack: z.boolean(), message: text });
const ping = z.strictObject({ kind: z.literal('ping'), sentMs: count });

export const serverMessage = z.discriminatedUnion('kind', [
  welcome,
  refused,
  weights,
  task,
  evaluate,
  stop,
  ping,
]);
export type ServerMessage = z.infer<typeof serverMessage>;

export type MessageOf<U, K> = Extract<U, { kind: K }>;

/** A text that quotes a peer, cut to what a message of ours may hold, and a log should. */
export const clipped = (quoting: string, max = TEXT_MAX): string =>
  quoting.length <= max ? quoting : `${quoting.slice(0, max - 1)}…`;

/** The same for a single word of a peer. */
export const quoted = (word: string): string => clipped(word, QUOTED_MAX);
