// `nash doctor`: what this machine has, what is wrong with it, and how to mend that. Changes nothing.
import { statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { probeAddon } from './addon.mjs';
import { run } from './child.mjs';
import { EXIT, usage } from './failure.mjs';
import { linkedLibrary } from './library.mjs';
import { nvidiaDevices } from './machine.mjs';
import { missingModules } from './modules.mjs';
import { places } from './places.mjs';
import { findPython } from './python.mjs';
import { missingSteps } from './setup.mjs';
import { packageVersion } from './versions.mjs';

const help = `Usage: nash doctor [--json]

Prints versions, the TensorFlow library and where it came from, the devices that TensorFlow sees, cores, memory, disk and
ports, and what is wrong with how to mend it. Changes nothing. Exit status 0 when all is well, 3 when something is wrong.

Options:
  --json      one JSON object on standard output
  -h, --help  this text

Example:
  npx nash doctor --json
`;

/** Where the server answers /metrics unless the config says otherwise (design section 5). */
const httpPort = 9464;
/** A run folder and its checkpoints. */
const runBytesMin = 1e9;

/** @typedef {{ found: string, mend: string }} Problem */

/**
 * @typedef {object} Report
 * @property {Record<string, string | null>} versions null: not found
 * @property {{ lib: string, origin: string } | null} library
 * @property {{ nvidia: string[], gpus: string[], tensorflowUsesGpu: boolean | null }} devices
 * @property {{ cpu: string, cores: number, intraOpThreads: string, memoryBytes: number, diskFreeBytes: number }} machine
 * @property {{ port: number, free: boolean }[]} ports
 * @property {Problem[]} problems
 */

/** @param {readonly string[]} args @returns {Promise<number>} exit status */
export async function runDoctor(args) {
  let values;
  try {
    const options = /** @type {const} */ ({
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    });
    ({ values } = parseArgs({ args: [...args], options, allowPositionals: false }));
  } catch (error) {
    throw usage(`nash doctor: ${error instanceof Error ? error.message : error}`, 'doctor');
  }
  if (values.help) {
    process.stdout.write(help);
    return EXIT.done;
  }
  const report = await examine(places());
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : `${render(report)}\n`);
  return report.problems.length > 0 ? EXIT.environment : EXIT.done;
}

/**
 * @param {import('./places.mjs').Places} at
 * @returns {Promise<Report>}
 */
export async function examine(at, env = process.env) {
  const [python, compiler, npm, smi, portFree] = await Promise.all([
    findPython(env),
    run(env.CXX || 'g++', ['--version']),
    run('npm', ['--version']),
    run('nvidia-smi', ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader']),
    isPortFree(httpPort),
  ]);
  const missing = missingSteps(at, {}, env);
  const library = linkedLibrary(at) ?? null;
  const ready = !missing.includes('packages') && !missing.includes('addon');
  const probed = ready ? await probeAddon(at) : undefined;
  const disk = statfsSync(at.root);
  const gpus = smi.status === 0 ? smi.stdout.trim().split('\n') : [];
  /** @type {Report} */
  const report = {
    versions: {
      node: process.versions.node,
      npm: npm.status === 0 ? npm.stdout.trim() : null,
      nash: packageVersion(at.root),
      tensorflow: probed?.tensorflow ?? null,
      tfjs: packageVersion(at.addonPackage),
      zeromq: packageVersion(`${at.modules}/zeromq`),
      python: python.version ?? null,
      pip: python.pip ?? null,
      'c++': compiler.status === 0 ? (compiler.stdout.split('\n')[0] ?? null) : null,
    },
    library: library && { lib: library.lib, origin: library.origin },
    devices: { nvidia: nvidiaDevices(), gpus, tensorflowUsesGpu: probed?.gpu ?? null },
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      intraOpThreads: env.TF_NUM_INTRAOP_THREADS ?? 'set by the config (device.threads, default 1)',
      memoryBytes: totalmem(),
      diskFreeBytes: disk.bavail * disk.bsize,
    },
    ports: [{ port: httpPort, free: portFree }],
    problems: [],
  };
  report.problems = diagnose(report, {
    missing,
    modules: missingModules(at),
    ...(probed?.problem !== undefined && { addon: probed.problem }),
    ...(python.problem !== undefined && { python: python.problem }),
  });
  return report;
}

/**
 * What is wrong, in the order in which to mend it. Tools that only set-up needs are a problem only while something is missing.
 * @param {Report} report
 * @param {{ missing: string[], modules?: string | undefined, addon?: string, python?: string }} seen
 * @returns {Problem[]}
 */
export function diagnose(report, seen) {
  /** @type {Problem[]} */
  const problems = [];
  const setup = 'run `npx nash setup`';
  if (Number.parseInt(report.versions.node ?? '0', 10) < 20) {
    problems.push({ found: `Node ${report.versions.node}`, mend: 'install Node 20, 22 or 24' });
  }
  if (seen.missing.includes('library') && !report.versions.python) {
    problems.push({
      found: seen.python ?? 'no Python',
      mend: 'apt-get install python3 python3-pip, or set NASH_PYTHON',
    });
  }
  if (seen.missing.includes('addon') && !report.versions['c++']) {
    problems.push({ found: 'no C++ compiler', mend: 'apt-get install g++, or set CXX' });
  }
  if (seen.missing.length > 0) {
    problems.push({
      found: `not set up: ${seen.missing.join(', ')}${seen.modules ? ` (${seen.modules})` : ''}`,
      mend: setup,
    });
  }
  if (seen.addon) {
    problems.push({
      found: `the addon does not load: ${seen.addon}`,
      mend: 'remove node_modules and run `npx nash setup`',
    });
  }
  const hasDevice = report.devices.nvidia.length > 0 || report.devices.gpus.length > 0;
  if (hasDevice && report.devices.tensorflowUsesGpu === false) {
    problems.push({
      found: `there is a GPU, and TensorFlow (${report.library?.origin}) does not use it`,
      mend: 'run `npx nash setup --gpu`; if it stays so, see whether nvidia-smi works and CUDA_VISIBLE_DEVICES names the device. Or set device.kind: cpu in the config',
    });
  }
  if (report.machine.diskFreeBytes < runBytesMin) {
    problems.push({
      found: `${(report.machine.diskFreeBytes / 1e6).toFixed(0)} MB of disk are free`,
      mend: 'free at least 1 GB',
    });
  }
  return problems;
}

/** @param {number} port @returns {Promise<boolean>} */
function isPortFree(port) {
  return new Promise((settle) => {
    const server = createServer();
    server.once('error', () => settle(false));
    server.listen(port, '127.0.0.1', () => server.close(() => settle(true)));
  });
}

/** @param {Report} report */
function render({ versions, library, devices, machine, ports, problems }) {
  const gigabytes = (/** @type {number} */ bytes) => `${(bytes / 1e9).toFixed(1)} GB`;
  const using = devices.tensorflowUsesGpu === null ? 'not loaded' : devices.tensorflowUsesGpu ? 'GPU' : 'CPU';
  const rows = [
    ...Object.entries(versions).map(([name, version]) => [name, version ?? 'not found']),
    ['library', library ? `${library.lib} (${library.origin})` : 'none'],
    ['GPUs', [...devices.gpus, ...devices.nvidia].join(', ') || 'none'],
    ['tensorflow uses', using],
    ['processor', `${machine.cpu}, ${machine.cores} cores`],
    ['intra-op threads', machine.intraOpThreads],
    ['memory', gigabytes(machine.memoryBytes)],
    ['disk free', gigabytes(machine.diskFreeBytes)],
    ...ports.map(({ port, free }) => [
      `port ${port}`,
      free ? 'free' : 'taken: a run takes the next free one',
    ]),
  ];
  const table = rows.map(([name = '', value = '']) => `${name.padEnd(18)}${value}`).join('\n');
  if (problems.length === 0) return `${table}\n\nnothing is wrong`;
  return `${table}\n\n${problems.map(({ found, mend }) => `wrong: ${found}\n  to mend it: ${mend}`).join('\n')}`;
}
