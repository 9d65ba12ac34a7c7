// What Linux says of a process of this host: proc(5), /proc/PID/stat.
import { readFileSync } from 'node:fs';

export interface ProcessStat {
  /** R running, S asleep, T stopped, Z ended and not yet collected, … */
  state: string;
  /** when it started, in kernel ticks: tells it from an earlier process of the same id */
  started: string;
}

/** When a process started; undefined where there is none, or only what is left of it. */
export function startOf(pid: number): string | undefined {
  const stat = processStat(pid);
  return stat?.state === 'Z' ? undefined : stat?.started;
}

/** The users that a process acts for: its real, effective, saved and file system user; none where there is no such process. */
export function usersOf(pid: number): number[] {
  try {
    const [, users = ''] = /^Uid:\s(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return users.trim().split(/\s+/).map(Number);
  } catch {
    return [];
  }
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
