// Two signals, two meanings: the first asks to finish and save, the second leaves at once. A terminal that is closed (SIGHUP) asks once,
// however often it says so.
import { EXIT } from '../errors.js';

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** Of who leaves because of a signal. */
export const statusOf = (signal: StopSignal): number =>
  signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;

/** Calls `stop` at the first SIGINT or SIGTERM; the second ends the process with 130 or 143, after `atOnce`. */
export function onStopSignal(stop: (signal: StopSignal) => void, atOnce: () => void = () => {}): void {
  let isStopping = false;
  process.on('SIGHUP', () => {
    if (!isStopping) stop('SIGHUP');
    isStopping = true;
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (isStopping) {
        atOnce();
        process.exit(statusOf(signal));
      }
      isStopping = true;
      stop(signal);
    });
  }
}
