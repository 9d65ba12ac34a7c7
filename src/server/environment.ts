// What a bug report needs to know of the machine, without anything private: variables from an allow-list only.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { arch, availableParallelism, cpus, hostname, platform, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { places } from '../../src/setup/places.mjs';
import { vectorInstructions } from '../numerics/instruction-set.js';

/** Exact names: a prefix would take what belongs to others (TF_VAR_… and TF_TOKEN_… are Terraform's, and hold secrets). */
const ALLOWED = new Set(
  `
  CUDA_VISIBLE_DEVICES CUDA_DEVICE_ORDER CUDA_LAUNCH_BLOCKING CUDA_MODULE_LOADING
  CUBLAS_WORKSPACE_CONFIG NVIDIA_TF32_OVERRIDE NVIDIA_VISIBLE_DEVICES
  TF_CPP_MIN_LOG_LEVEL TF_CPP_MAX_VLOG_LEVEL TF_NUM_INTRAOP_THREADS TF_NUM_INTEROP_THREADS
  TF_DETERMINISTIC_OPS TF_CUDNN_DETERMINISTIC TF_CUDNN_USE_AUTOTUNE TF_ENABLE_ONEDNN_OPTS TF_ENABLE_AUTO_MIXED_PRECISION
  TF_FORCE_GPU_ALLOW_GROWTH TF_GPU_ALLOCATOR TF_GPU_THREAD_MODE TF_GPU_THREAD_COUNT TF_XLA_FLAGS XLA_FLAGS
  ONEDNN_MAX_CPU_ISA ONEDNN_VERBOSE ONEDNN_DEFAULT_FPMATH_MODE DNNL_MAX_CPU_ISA DNNL_VERBOSE
  OMP_NUM_THREADS KMP_AFFINITY KMP_BLOCKTIME
  NASH_ARGS NASH_CACHE NASH_HOST NASH_LAUNCHED NASH_LIBTENSORFLOW NASH_PYTHON NASH_SHARED_MEMORY
  NODE_OPTIONS NODE_ENV UV_THREADPOOL_SIZE
  `
    .trim()
    .split(/\s+/),
);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export function describeEnvironment(): Record<string, unknown> {
  const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return {
    nash: own.version,
    commit: commit(),
    node: process.version,
    platform: `${platform()} ${release()} ${arch()}`,
    host: hostname(),
    processor: cpus()[0]?.model,
    instructions: vectorInstructions(),
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    tensorflow: tensorflow(),
    packages: { ...own.dependencies, ...own.optionalDependencies }, // exact versions: package.json allows no ranges
    variables: Object.fromEntries(Object.entries(process.env).filter(([name]) => ALLOWED.has(name))),
    startedAt: new Date().toISOString(),
  };
}

/** The checkout's commit, `-dirty` where files were changed since; null where this is no checkout or there is no git. */
function commit(): string | null {
  if (!existsSync(join(ROOT, '.git'))) return null;
  try {
    const words = ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'];
    return execFileSync('git', words, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return null; // no git, or a repository of another user: the report is as good without it
  }
}

/** The library that the addon is linked to: its folder, and for one that `nash setup` fetched its version. */
function tensorflow(): { folder: string; version: string | null; device: string | null } | null {
  const link = join(places().deps, 'lib');
  if (!existsSync(link)) return null;
  const folder = realpathSync(link);
  const origin = join(dirname(folder), 'origin.json');
  const { version = null, device = null } = existsSync(origin)
    ? JSON.parse(readFileSync(origin, 'utf8'))
    : {};
  return { folder, version, device };
}
