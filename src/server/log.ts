// How the server's parts and the other processes say what happens: events as data, for logs/*.ndjson.

/** `worker`, `run` and `version` of a line are the writing process's own: another process is a `peer`. */
export type Log = (
  event: string,
  fields?: { [name: string]: unknown; worker?: never; run?: never; version?: never },
  level?: Level,
) => void;

/** `warn`: somebody else's fault that is dealt with; `error`: something is lost; `fatal`: the process ends for it. */
export type Level = 'info' | 'warn' | 'error' | 'fatal';

/** Lines that a peer can cause, and so could write as many of as it likes. */
const OF_PEERS: ReadonlySet<string> = new Set([
  'refused',
  'worker ready',
  'worker gone',
  'worker failed',
  'task reissued',
  'worker set aside: others answered its last tasks first',
  'answers differ: silent corruption',
]);

/** What such lines may take: so much at once, and then so much a second; a run of hundreds of workers starts within it. */
const BURST_BYTES = 256 * 1024;
const BYTES_PER_SECOND = 4096;
/** Of a line beside its fields: time, run, version, … */
const FRAME_BYTES = 256;

/**
 * A log in which peers share a budget of bytes; the server's own lines are all written. A line after some that were left out says how many.
 * @param now milliseconds of a clock that never goes back
 */
export function rationed(log: Log, now: () => number): Log {
  let leftBytes = BURST_BYTES;
  let sinceMs = now();
  let leftOut = 0;
  const isAffordable = (fields: object) => {
    const nowMs = now();
    leftBytes = Math.min(BURST_BYTES, leftBytes + ((nowMs - sinceMs) / 1000) * BYTES_PER_SECOND);
    sinceMs = nowMs;
    const bytes = FRAME_BYTES + Buffer.byteLength(JSON.stringify(fields));
    if (bytes > leftBytes) return false;
    leftBytes -= bytes;
    return true;
  };
  return (event, fields = {}, level = 'info') => {
    if (OF_PEERS.has(event) && !isAffordable(fields)) {
      leftOut += 1;
      return;
    }
    log(event, leftOut > 0 ? { ...fields, leftOut } : fields, level);
    leftOut = 0;
  };
}
