// The processor's vector instructions: libraries choose their kernels by them, and other kernels round otherwise.
import { existsSync, readFileSync } from 'node:fs';

const VECTORS = /^(sse|ssse|avx|fma|f16c|amx|asimd|sve|bf16|i8mm)/;

/** As the kernel calls them, sorted; none on a system that does not list them in /proc. */
export function vectorInstructions(): string[] {
  if (!existsSync('/proc/cpuinfo')) return [];
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  return line
    .split(' ')
    .filter((flag) => VECTORS.test(flag))
    .sort();
}
