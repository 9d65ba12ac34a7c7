// Whether the weights of a run come from its config: everything in its folder against its ledger, the data against their digest, and
// stretches between checkpoints, drawn at random, trained again and compared bit for bit.
import type { Checkpoint } from '../checkpoints/checkpoint.js';
import { loadCheckpoint } from '../checkpoints/checkpoint-store.js';
import type { RunConfig } from '../config/run-config.js';
import { dataCacheFolder } from '../data/cache-folder.js';
import { openSource } from '../data/open-source.js';
import { NashError } from '../errors.js';
import { RandomStream, seedOf } from '../numerics/random.js';
import type { LedgerEntry } from '../run-folder/ledger.js';
import { holdsRun } from '../run-folder/ownership.js';
import { livingAddress } from '../run-folder/server-address.js';
import { brief, type Recorded, type Records, readRecords } from './records.js';
import { differencesOf, drawn, firstOtherLine, type Segment, segmentsOf } from './segments.js';

export interface AuditOptions {
  runDir: string;
  /** stretches that are trained again, at most */
  segments: number;
  /** decides which */
  seed: number;
  /** where the data lie now; default: where the run had them */
  dataPath?: string | undefined;
  /** Trains a stretch and gives its last checkpoint and what its ledger says. */
  train(segment: Segment, config: RunConfig): Promise<{ checkpoint: Checkpoint; entries: LedgerEntry[] }>;
  /** what is being done, for a person */
  onNote(note: string): void;
}

export interface Audit {
  agrees: boolean;
  /** what differs, for a person */
  differences: string[];
  checked: { ledgerLines: number; checkpoints: number; segments: { from: number; to: number }[] };
  seed: number;
}

/**
 * Audits a run that is not going on.
 * @throws NashError('usage') where there is no run, or it is going on, or its data cannot be read
 */
export async function audit(options: AuditOptions): Promise<Audit> {
  const { runDir, onNote, seed } = options;
  if (!holdsRun(runDir))
    throw new NashError('usage', `${runDir} holds no run. Name the folder of one, such as runs/ring.`);
  if (livingAddress(runDir))
    throw new NashError(
      'usage',
      `the run in ${runDir} is going on; \`nash stop ${runDir}\` ends it, and then it can be audited`,
    );
  const records = await readRecords(runDir);
  const { entries, checkpoints } = records;
  onNote(`${entries.length} lines of the ledger and ${checkpoints.length} checkpoints read`);
  const differences = [...records.differences, ...(await ofData(records, options))];
  const segments = mayTrain(records, onNote)
    ? drawn(segmentsOf(checkpoints), options.segments, new RandomStream(seedOf('audit', seed)))
    : [];
  for (const [i, segment] of segments.entries()) {
    const name = `steps ${segment.from?.step ?? 0} to ${segment.to.step}`;
    onNote(`trains ${name} again (${i + 1} of ${segments.length})`);
    const again = await options.train(segment, withData(segment.to.config, options.dataPath));
    const others = differencesOf(await loadCheckpoint(segment.to.path), again.checkpoint);
    const line = firstOtherLine(segment, entries, again.entries);
    differences.push(
      ...[...others, ...(line ? [line] : [])].map((each) => `${name}, trained again: ${each}`),
    );
  }
  return {
    agrees: differences.length === 0,
    differences,
    checked: {
      ledgerLines: entries.length,
      checkpoints: checkpoints.length,
      segments: segments.map(({ from, to }) => ({ from: from?.step ?? 0, to: to.step })),
    },
    seed,
  };
}

/** A run that goes back on a collapse stops where its whole length decides: a part of it is another run. */
function mayTrain({ checkpoints }: Records, onNote: (note: string) => void): boolean {
  const goesBack = checkpoints.some(({ config }) => config.onCollapse === 'rollback');
  if (goesBack)
    onNote(
      'nothing is trained again: with onCollapse rollback the length of the run decides when it goes back',
    );
  return !goesBack;
}

const withData = (config: RunConfig, path: string | undefined): RunConfig =>
  path === undefined || !('path' in config.data)
    ? config
    : { ...config, data: { ...config.data, path } as RunConfig['data'] };

async function ofData(
  { checkpoints, entries }: Records,
  { dataPath, onNote }: AuditOptions,
): Promise<string[]> {
  const newest: Recorded | undefined = checkpoints.at(-1);
  const said = entries.at(-1)?.data;
  if (!newest || said === undefined) return [];
  const config = withData(newest.config, dataPath);
  const source = await openSource(config.data, { cacheDir: dataCacheFolder(), log: onNote });
  source.close();
  if (source.digest === said) return [];
  const where = 'path' in config.data ? ` in ${config.data.path}` : '';
  return [
    `the data${where} have digest ${brief(source.digest)}, by the ledger ${brief(said)}: they are others than those of the run`,
  ];
}
