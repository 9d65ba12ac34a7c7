// What a run goes on from beside its vectors, as it stands in a checkpoint.
import { z } from 'zod';
import { REASONS, type Reason } from '../checkpoints/retention.js';
import type { RunConfig } from '../config/run-config.js';
import type { Classes } from '../data/classes.js';
import { NashError } from '../errors.js';
import type { Shape } from '../numerics/shape.js';
import type { Line } from '../protocol/line.js';
import { type Pace, pace } from '../protocol/pace.js';
import type { Versions } from '../protocol/schedule.js';

/** One setting that changed; a side is absent where the setting is. */
export interface Change {
  key: string;
  was?: unknown;
  now?: unknown;
}

/** Settings that a person changed at a round's end. */
export interface Amendment {
  /** G's step from which on they count */
  step: number;
  changes: Change[];
}

/** What has become of a run in all its starts together. */
export interface Totals {
  /** of training: without loading and compiling, and without what was lost */
  seconds: number;
  /** real items that D was trained with in them */
  images: number;
  /** when it was begun, ISO 8601 */
  began: string;
}

export interface RunState {
  /** in force; as it was written, whatever the schema has become since */
  config: Record<string, unknown> | RunConfig;
  versions: Versions;
  line: Line;
  /** of one item of the data, so that samples are drawn without them */
  itemShape: Shape;
  /** classes of the data in a conditional run, likewise */
  classes?: Classes | undefined;
  /** what was usual among its workers, by kind of step */
  uniformity: Record<string, unknown>;
  /** changes of settings from a step on, in their order; the config in force has them in it */
  amendments: Amendment[];
  /** what rules that steer the run remember */
  controllers: { discriminatorSteps?: Pace | undefined };
  /** digest of the items; absent in checkpoints of before */
  data?: string | undefined;
  totals?: Totals | undefined;
  /** why the checkpoint was taken */
  reason?: Reason | undefined;
  /** lowest step of the rule that is still there, see retention.ts */
  floor?: number | undefined;
}

const count = z.int().nonnegative();
/** A state with other controllers is a newer Nash's: going on without them would be another run. */
const runState = z.object({
  config: z.record(z.string(), z.unknown()),
  versions: z.object({ discriminator: count, generator: count }),
  line: z.object({ term: count, branch: count }),
  itemShape: z.array(z.int().positive()),
  classes: z.object({ counts: z.array(count).min(1), names: z.array(z.string()).optional() }).optional(),
  uniformity: z.record(z.string(), z.unknown()),
  amendments: z.array(
    z.object({
      step: count,
      changes: z.array(
        z.object({ key: z.string(), was: z.unknown().optional(), now: z.unknown().optional() }),
      ),
    }),
  ),
  controllers: z.strictObject({ discriminatorSteps: pace.optional() }),
  data: z.string().optional(),
  totals: z.object({ seconds: z.number().nonnegative(), images: count, began: z.string() }).optional(),
  reason: z.enum(REASONS).optional(),
  floor: count.optional(),
});

/** As a checkpoint's metadata. */
export const encodeState = (state: RunState): Record<string, string> => ({ state: JSON.stringify(state) });

/** @throws NashError('usage') where the metadata are not those of a run that this version can go on with */
export function decodeState(metadata: Readonly<Record<string, string>>): RunState {
  try {
    return runState.parse(metadata.state === undefined ? firstFormat(metadata) : JSON.parse(metadata.state));
  } catch (cause) {
    const message = 'the checkpoint holds no state that this version of nash can go on with';
    throw new NashError('usage', `${message}; resume with the version that wrote it`, { cause });
  }
}

/** The first format had a string for each. */
function firstFormat(metadata: Readonly<Record<string, string>>): RunState {
  const { config, versions, itemShape, uniformity = '{}', term, branch } = metadata;
  return {
    config: JSON.parse(config!),
    versions: JSON.parse(versions!),
    line: { term: Number(term), branch: Number(branch) },
    itemShape: JSON.parse(itemShape!),
    uniformity: JSON.parse(uniformity),
    amendments: [],
    controllers: {},
  };
}
