// What decides how a machine rounds, as far as it can be asked: two workers that differ in any of it may compute other bits from the
// same inputs, and nobody would notice until hashes are compared.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeBackend } from '../compiler/tensorflow.js';
import { vectorInstructions } from '../numerics/instruction-set.js';
import type { Fingerprint } from '../protocol/messages.js';

/** Switches of TensorFlow, oneDNN and CUDA that choose other kernels or roundings. */
const FLAGS =
  /^(TF_(ENABLE_ONEDNN_OPTS|DETERMINISTIC_OPS|CUDNN_.*|XLA_FLAGS|ENABLE_AUTO_MIXED_PRECISION)|XLA_FLAGS|NVIDIA_TF32_OVERRIDE|(ONEDNN|DNNL)_.*|CUBLAS_.*)$/;

/** @param backend absent in a worker that computes nothing */
export function fingerprintOf(backend: NodeBackend | undefined, threads: number): Fingerprint {
  if (!backend) return { device: 'none', tensorflow: 'none', threads: String(threads), flags: '' };
  const { binding, isUsingGpuDevice } = backend;
  return {
    device: isUsingGpuDevice ? gpus() : `${process.arch} ${vectorInstructions().join(' ')}`,
    tensorflow: binding.TF_Version,
    threads: String(threads),
    flags: Object.entries(process.env)
      .filter(([name]) => FLAGS.test(name))
      .map(([name, value]) => `${name}=${value}`)
      .sort()
      .join(' '),
  };
}

/** Names of the host's GPUs and their driver, as its kernel module says. */
function gpus(): string {
  const root = '/proc/driver/nvidia';
  try {
    const driver = /Kernel Module\s+(\S+)/.exec(readFileSync(join(root, 'version'), 'utf8'))?.[1] ?? '?';
    const names = readdirSync(join(root, 'gpus')).map(
      (gpu) =>
        /^Model:\s*(.*)$/m.exec(readFileSync(join(root, 'gpus', gpu, 'information'), 'utf8'))?.[1] ?? '?',
    );
    return `${[...new Set(names)].sort().join(', ')}; driver ${driver}`;
  } catch {
    return 'a GPU that its driver says nothing of'; // the canary still tells
  }
}
