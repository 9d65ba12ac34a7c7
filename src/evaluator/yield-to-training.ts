// The evaluator never holds training up: where they share cores, training goes first.
import { readFileSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/**
 * Lowers this process's priority (nice 10: about a tenth of the share of a core that training has), and that of its threads that start
 * later: to be called before TensorFlow is loaded.
 */
export function yieldToTraining(): void {
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  if (!leadsItsSession()) return;
  try {
    // Linux may share cores out by session first (sched_autogroup), and launchers give each process one of its own: then
    // the niceness of the session counts, not that of the process
    writeFileSync('/proc/self/autogroup', String(constants.priority.PRIORITY_BELOW_NORMAL));
  } catch {
    // no autogroups here, or not ours to change: the niceness of the process has to do
  }
}

/** Whether nobody else is in its session who would be slowed down too. */
function leadsItsSession(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]) === process.pid;
  } catch {
    return false; // no /proc: not Linux
  }
}
