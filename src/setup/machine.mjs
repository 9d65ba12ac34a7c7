// What this machine has, and lets a process have.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** The NVIDIA devices that the kernel's driver shows, such as `/dev/nvidia0`. @returns {string[]} */
export function nvidiaDevices(folder = '/dev') {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^nvidia\d+$/.test(name))
    .map((name) => `${folder}/${name}`);
}

/** Whether a GPU that TensorFlow can use is likely: a device of NVIDIA's driver (also under WSL). */
export function hasGpu() {
  return nvidiaDevices().length > 0 || existsSync('/usr/lib/wsl/lib/libcuda.so.1');
}

/** Files, sockets among them, that this process may have open at once. */
export function openFilesMax() {
  const [, text] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return text === undefined ? Number.POSITIVE_INFINITY : Number(text);
}
