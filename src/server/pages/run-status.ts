// What `/status` answers and `nash status` shows; part of the interface. Whoever asks validates it: where a server was, another program may be.
import { z } from 'zod';
import { WORKER_STATES } from '../../protocol/roster.js';

/** Without what moves a cursor, turns the direction of a line or ends it: names are others', and are shown on terminals. */
export const plain = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '');

const shown = (max: number) => z.string().max(max).transform(plain);
const word = shown(1024);
const count = z.int().nonnegative();

const peerStatus = z.object({
  id: word,
  pool: word,
  state: z.enum(['preparing', ...WORKER_STATES]),
  /** shown for processes of the asking host only */
  pid: count.optional(),
  host: word,
  device: word,
  /** of the task that it computes */
  step: count.nullable(),
});
export type PeerStatus = z.infer<typeof peerStatus>;

/** JSON has no NaN and no infinity: they come as null. */
const measured = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const steps = z.object({ discriminator: count, generator: count });

const progress = z.object({
  steps,
  generatorSteps: count,
  imagesPerSecond: measured,
  secondsLeft: measured.optional(),
  judgement: z.record(word, measured),
  lossDiscriminator: measured,
  lossGenerator: measured,
});

const evaluation = z.object({
  /** G's */
  step: count,
  hasCollapsed: z.boolean(),
  /** what the modes of these data are: `modes`, `classes`, `k-means bins` */
  counted: shown(64),
  /** by their names in the catalogue */
  measures: z.record(word, measured),
});
export type EvaluationStatus = z.infer<typeof evaluation>;

/** Fields that are not known are left out. */
export const runStatus = z.object({
  /** steps applied */
  step: steps,
  /** in words, of at most 1,024 shards and who has them; null when for nothing */
  waitingFor: shown(2 ** 18).nullable(),
  /** living peers, the evaluator among them */
  workers: z.array(peerStatus).max(2 ** 14),
  http: word,
  endpoint: word,
  /** of the last round of this start */
  progress: progress.optional(),
  /** the evaluator's last one */
  evaluation: evaluation.optional(),
});
export type RunStatus = z.infer<typeof runStatus>;
