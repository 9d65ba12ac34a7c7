// Which kernels TensorFlow and oneDNN choose on this processor: the bits of training are recorded per instruction set.
import { readdirSync, readFileSync } from 'node:fs';

/** oneDNN's names in its own order, the most that a processor can do first; `flag` as /proc/cpuinfo spells it. */
const SETS: readonly (readonly [name: string, flag: string])[] = [
  ['avx512_core_amx', 'amx_tile'],
  ['avx512_core_fp16', 'avx512_fp16'],
  ['avx512_core_bf16', 'avx512_bf16'],
  ['avx512_core_vnni', 'avx512_vnni'],
  ['avx512_core', 'avx512bw'],
  ['avx2_vnni', 'avx_vnni'],
  ['avx2', 'avx2'],
];

/** The instruction set that oneDNN takes here; the architecture's name where it is none of x86's. */
export function instructionSet(): string {
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' ') ?? [];
  return SETS.find(([, flag]) => flags.includes(flag))?.[0] ?? process.arch;
}

/** Processor and caches, such as `AMD EPYC, 32K 32K 1024K 32768K`. */
export function cachesOf(): string {
  const model = /^model name\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown';
  const folder = '/sys/devices/system/cpu/cpu0/cache';
  try {
    const indexes = readdirSync(folder).filter((name) => /^index\d$/.test(name));
    const sizes = indexes.sort().map((index) => readFileSync(`${folder}/${index}/size`, 'utf8').trim());
    return `${model}, ${sizes.join(' ')}`;
  } catch {
    return `${model}, caches unknown`;
  }
}
