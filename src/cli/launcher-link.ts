// The link between `nash train` and what it starts: messages up and down, and each notices the other's death.
import type { Progress } from '../server/run-report.js';

/** What the server tells its launcher, and the evaluator. */
export type UpMessage =
  | { kind: 'listening'; endpoint: string; http: string }
  | { kind: 'progress'; progress: Progress }
  | { kind: 'note'; note: string }
  /** what the run waits for, or that it does no more */
  | { kind: 'waiting'; line: string; isOver: boolean }
  /** a worker does not answer, and its process may be there still */
  | { kind: 'silent'; pid: number; name: string; why: string }
  /** by the evaluator: it has done an evaluation */
  | { kind: 'evaluated' }
  /** the run is over, and the workers are being sent home */
  | { kind: 'ending' }
  | { kind: 'error'; exitCode: number; message: string };

/** What the launcher tells the server. */
export type DownMessage =
  /** @param exitCode with which a server leaves that has not got its data yet; any other stops as soon as it listens */
  | { kind: 'stop'; exitCode?: number }
  /** processes that were started again so far */
  | { kind: 'restarts'; count: number }
  | { kind: 'no-evaluator'; why: string }
  /** every worker of a pool refused to work, for a reason that the exit code names */
  | { kind: 'give-up'; exitCode: number; message: string };

export const isLaunched = (): boolean => process.connected === true && process.env.NASH_LAUNCHED === '1';

export function tellLauncher(message: UpMessage): void {
  // one that has just died hears nothing; that it is dead is told by the link
  if (isLaunched()) process.send!(message, undefined, undefined, () => {});
}

/** Ends this process when its launcher dies, since nobody would stop it otherwise: at once, until the function that this returns says how. */
export function endWithLauncher(): (end: () => void) => void {
  let end: () => void = () => process.exit(1);
  if (isLaunched()) process.once('disconnect', () => end());
  return (how) => {
    end = how;
  };
}

/** Hears what the launcher says. */
export function onLauncherMessage(listener: (message: DownMessage) => void): void {
  if (isLaunched()) process.on('message', (message) => listener(message as DownMessage));
}
