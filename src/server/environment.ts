// What a bug report needs to know of the machine, without anything private: variables from an allow-list only.
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, hostname, platform, release, totalmem } from 'node:os';

const ALLOWED =
  /^(CUDA_VISIBLE_DEVICES|TF_[A-Z0-9_]+|NASH_[A-Z_]+|OMP_NUM_THREADS|NODE_OPTIONS|NODE_ENV|UV_THREADPOOL_SIZE)$/;

export function describeEnvironment(): Record<string, unknown> {
  const own = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return {
    nash: own.version,
    node: process.version,
    platform: `${platform()} ${release()} ${arch()}`,
    host: hostname(),
    processor: cpus()[0]?.model,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    packages: own.dependencies, // exact versions: package.json allows no ranges
    variables: Object.fromEntries(Object.entries(process.env).filter(([name]) => ALLOWED.test(name))),
    startedAt: new Date().toISOString(),
  };
}
