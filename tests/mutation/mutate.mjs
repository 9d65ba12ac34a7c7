// Plants one fault after another (faults.mjs) in a copy of the tree, and says which test notices it: `npm run mutate [-- --only PATTERN]
// [--jobs N] [--list]`. Exit status 1 where a fault is not noticed, does not apply, or a test fails without any fault.
//
// Why not Stryker: it plants every operator of every line, thousands of faults without a name, where each run of our tests loads TensorFlow
// (seconds); its Vitest runner (9.6.1) forces threads, where a TensorFlow session that is left open aborts the process; and it cannot reach
// AssemblyScript or YAML. This list is short, each fault is a claim, and a fault that no test notices is a test to be written.
import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FAULTS } from './faults.mjs';

/** @typedef {import('./faults.mjs').Fault} Fault */
/** @typedef {{ kind: 'caught', by: string } | { kind: 'missed' } | { kind: 'broken', why: string }} Outcome */

const ROOT = resolve(import.meta.dirname, '../..');
/** No list of files takes longer without a fault, by far; a fault may make something hang. */
const LIMIT_MS = 300_000;
/** Not copied: made by the build, or linked. */
const APART = new Set(['node_modules', 'dist', '.git', 'runs']);

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    jobs: { type: 'string', default: '1' },
    list: { type: 'boolean', default: false },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'nash-mutation-'));
chmodSync(folder, 0o755); // tests that are somebody else for a while read the copy too
/** Process groups under way: whatever a test starts ends with it. @type {Set<number>} */
const groups = new Set();
process.once('exit', () => {
  for (const group of groups) process.kill(-group, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
  process.once(signal, () => process.exit(130));

/** @param {string} name @returns {string} a copy of the working tree, with its build */
function copyTree(name) {
  const copy = join(folder, name);
  cpSync(ROOT, copy, {
    recursive: true,
    filter: (path) => !APART.has(relative(ROOT, path).split('/')[0] ?? ''),
  });
  cpSync(join(ROOT, 'dist'), join(copy, 'dist'), { recursive: true, preserveTimestamps: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/**
 * @param {string} cwd @param {readonly string[]} words of a Node command
 * @returns {Promise<{ status: number | null, output: string }>}
 */
function node(cwd, words) {
  const child = spawn(process.execPath, words, { cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      output += text;
    });
  const group = /** @type {number} */ (child.pid);
  groups.add(group);
  const timer = setTimeout(() => process.kill(-group, 'SIGKILL'), LIMIT_MS);
  return new Promise((done) =>
    child.once('close', (status) => {
      clearTimeout(timer);
      groups.delete(group);
      done({ status, output });
    }),
  );
}

/**
 * Runs test files up to the first test that fails.
 * @param {string} copy @param {readonly string[]} tests
 * @returns {Promise<Outcome>} a test that fails catches; a file that cannot even be loaded does not
 */
async function runTests(copy, tests) {
  const report = join(copy, 'mutation-report.json');
  rmSync(report, { force: true });
  const words = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--config=tests/mutation/vitest.config.ts',
    '--bail=1',
    '--reporter=json',
    `--outputFile=${report}`,
  ];
  const { output } = await node(copy, [...words, ...tests]);
  if (!existsSync(report)) return { kind: 'broken', why: `no report: ${output.slice(-400)}` };
  /** @type {{ testResults: { name: string, status: string, message: string, assertionResults: { status: string, fullName: string }[] }[] }} */
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  for (const { name, assertionResults } of testResults) {
    const failed = assertionResults.find(({ status }) => status === 'failed');
    if (failed) return { kind: 'caught', by: `${relative(copy, name)}: ${failed.fullName.trim()}` };
  }
  const unloaded = testResults.find(({ status }) => status === 'failed');
  if (unloaded) return { kind: 'broken', why: unloaded.message };
  return testResults.length === 0 ? { kind: 'broken', why: output.slice(-400) } : { kind: 'missed' };
}

/** Whether a fault shows only in what is built: kernels, and processes that run from dist. @param {Fault} fault */
const needsBuild = ({ file, tests }) =>
  file.endsWith('.as.ts') || tests.some((test) => /^tests\/(cluster|golden|scenarios)\//.test(test));

/** @param {string} copy @returns {Promise<string | undefined>} what went wrong */
async function build(copy) {
  const { status, output } = await node(copy, ['bin/nash', 'setup', '--build-only']);
  return status === 0 ? undefined : output.slice(-400);
}

/** @param {string} copy @param {Fault} fault @returns {Promise<Outcome>} */
async function tryFault(copy, fault) {
  const path = join(copy, fault.file);
  const whole = readFileSync(path, 'utf8');
  const times = whole.split(fault.find).length - 1;
  if (times !== 1)
    return { kind: 'broken', why: `its text stands in ${fault.file} ${times} times, not once` };
  writeFileSync(
    path,
    whole.replace(fault.find, () => fault.put),
  );
  try {
    const failure = needsBuild(fault) ? await build(copy) : undefined;
    return failure === undefined ? await runTests(copy, fault.tests) : { kind: 'broken', why: failure };
  } finally {
    writeFileSync(path, whole);
    if (needsBuild(fault)) await build(copy);
  }
}

/** @param {Fault} fault @param {Outcome} outcome */
function lineOf({ claim, file }, outcome) {
  switch (outcome.kind) {
    case 'caught':
      return `caught      ${claim}\n            by ${outcome.by}`;
    case 'missed':
      return `NOT CAUGHT  ${claim} (${file})`;
    case 'broken':
      return `BROKEN      ${claim} (${file})\n            ${outcome.why.replaceAll('\n', '\n            ')}`;
  }
}

/** @param {readonly Fault[]} faults @param {number} jobs @returns {Promise<number>} how many were caught */
async function mutate(faults, jobs) {
  const copies = Array.from({ length: jobs }, (_, i) => copyTree(String(i)));
  const used = [...new Set(faults.flatMap(({ tests }) => tests))];
  console.log(`${faults.length} faults; without any, ${used.length} test files:`);
  const whole = await runTests(/** @type {string} */ (copies[0]), used);
  if (whole.kind !== 'missed')
    throw new Error(
      `the tests fail without a fault: ${'by' in whole ? whole.by : 'why' in whole && whole.why}`,
    );
  console.log('all pass\n');
  const waiting = [...faults];
  let caught = 0;
  const work = async (/** @type {string} */ copy) => {
    for (let fault = waiting.shift(); fault; fault = waiting.shift()) {
      const outcome = await tryFault(copy, fault);
      if (outcome.kind === 'caught') caught += 1;
      console.log(lineOf(fault, outcome));
    }
  };
  await Promise.all(copies.map(work));
  return caught;
}

const pattern = new RegExp(options.only ?? '', 'i');
const faults = FAULTS.filter(({ claim, file }) => pattern.test(`${file} ${claim}`));
if (options.list) {
  for (const { claim, file, tests } of faults) console.log(`${file}: ${claim} (${tests.join(', ')})`);
} else if (faults.length === 0) {
  console.error(`no fault is called like ${pattern}`);
  process.exitCode = 1;
} else {
  const caught = await mutate(faults, Number(options.jobs));
  console.log(`\n${faults.length} planted, ${caught} caught`);
  process.exitCode = caught === faults.length ? 0 : 1;
}
