// What Linux says of a process of this host: proc(5), /proc/PID/stat.
import { readFileSync } from 'node:fs';

export interface ProcessStat {
  /** R running, S asleep, T stopped, Z ended and not yet collected, … */
  state: string;
  /** when it started, in kernel ticks: tells it from an earlier process of the same id */
  started: string;
}

/** @returns undefined where there is no such process */
export function processStat(pid: number): ProcessStat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // a program's name may hold blanks and brackets
    return { state: fields[0]!, started: fields[19]! };
  } catch {
    return undefined;
  }
}
