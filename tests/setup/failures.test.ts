// Goal: every way in which set-up can fail on a stranger's machine ends with one message that says what was found, what is needed
// and how to mend it, and with exit status 3, and leaves no library behind. Method: real processes with a PATH of our own.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkoutWithPackages, emptyCheckout, fakePython, nash, pathWith } from './checkout.js';

let root: string;
beforeAll(() => {
  root = checkoutWithPackages();
});

const unpacked = () => {
  const folder = join(root, 'cache/libtensorflow');
  return existsSync(folder) ? readdirSync(folder) : [];
};

function expectRefusal(result: ReturnType<typeof nash>, found: RegExp, mend: RegExp, status = 3) {
  expect(result.stderr).toMatch(found);
  expect(result.stderr).toMatch(mend);
  expect(result.stderr).not.toMatch(/\n\s+at .*:\d+/); // no stack trace
  expect(result.status).toBe(status);
  expect(unpacked()).toEqual([]);
}

describe('a set-up that cannot go on says why', () => {
  it('without npm', () => {
    const result = nash(emptyCheckout(), ['setup', '--cpu'], { PATH: pathWith({}) });
    expectRefusal(result, /npm was not found/, /install Node with npm/);
  });

  it('when npm cannot reach its registry', () => {
    const path = pathWith({ npm: 'echo "npm error code ENOTFOUND" >&2; exit 1' });
    expectRefusal(nash(emptyCheckout(), ['setup', '--cpu'], { PATH: path }), /ENOTFOUND/, /npm ping/);
  });

  it('without Python', () => {
    expectRefusal(
      nash(root, ['setup', '--cpu'], { PATH: pathWith({}) }),
      /Python was not found/,
      /apt-get install python3/,
    );
  });

  it('with a Python that has no pip', () => {
    const path = pathWith({ python3: 'case "$*" in *version_info*) echo 3.11.0;; *) exit 1;; esac' });
    expectRefusal(nash(root, ['setup', '--cpu'], { PATH: path }), /has no pip/, /python3-pip/);
  });

  it('with a Python that is too old', () => {
    const path = pathWith({ python3: 'echo 3.6.9' });
    expectRefusal(nash(root, ['setup', '--cpu'], { PATH: path }), /is Python 3\.6\.9/, /NASH_PYTHON/);
  });

  it('when the package index cannot be reached', () => {
    const path = pathWith({
      python3: fakePython('echo "NewConnectionError: Failed to establish" >&2; exit 1'),
    });
    expectRefusal(nash(root, ['setup', '--cpu'], { PATH: path }), /could not be reached/, /PIP_FIND_LINKS/);
  });

  it('when a download has another sum', () => {
    const dest =
      'while [ "$1" != --dest ]; do shift; done; echo bad > "$2/tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl"';
    const path = pathWith({ python3: fakePython(dest) });
    expectRefusal(
      nash(root, ['setup', '--cpu'], { PATH: path }),
      /downloaded with sha256/,
      /run the command again/,
    );
    expect(readdirSync(join(root, 'cache/downloads'))).toEqual([]);
  });

  it('when the disk fills up', () => {
    const path = pathWith({
      python3: fakePython('echo "OSError: [Errno 28] No space left on device" >&2; exit 2'),
    });
    expectRefusal(nash(root, ['setup', '--cpu'], { PATH: path }), /is full/, /NASH_CACHE/);
  });

  it('when the cache may not be written', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'nash-cache-')), 'a-file');
    writeFileSync(file, '');
    const result = nash(root, ['setup', '--cpu'], { NASH_CACHE: join(file, 'cache') });
    expectRefusal(result, /a-file.*may not be written/, /NASH_CACHE/);
  });

  it('when NASH_LIBTENSORFLOW names a folder without a library', () => {
    const folder = mkdtempSync(join(tmpdir(), 'nash-own-'));
    mkdirSync(join(folder, 'lib'));
    const result = nash(root, ['setup'], { NASH_LIBTENSORFLOW: folder });
    expectRefusal(result, /NASH_LIBTENSORFLOW=.* holds lib/, /unset it/);
  });
});

describe('wrong arguments are refused with 2', () => {
  it.each([
    [['setup', '--bogus'], /--bogus/],
    [['setup', '--library', '1.0'], /2\.21 and 2\.9\.1/],
    [['setup', '--cpu', '--gpu'], /cannot both/],
    [['setup', 'all'], /all/],
    [['doctor', '--bogus'], /--bogus/],
  ])('%j', (args, message) => {
    expectRefusal(nash(root, args), message, /--help/, 2);
  });
});

it('any other command in a checkout that is not set up names the command that mends it', () => {
  expectRefusal(nash(emptyCheckout(), ['train', 'configs/ring.yaml']), /not set up/, /npx nash setup/);
});

it('doctor reports a bare machine as JSON and ends with 3', () => {
  const result = nash(emptyCheckout(), ['doctor', '--json'], { PATH: pathWith({}) });
  const report = JSON.parse(result.stdout);
  expect(report.versions).toMatchObject({ npm: null, python: null, 'c++': null, tensorflow: null });
  expect(report.library).toBeNull();
  expect(report.problems.map((problem: { mend: string }) => problem.mend).join('\n')).toMatch(
    /g\+\+[\s\S]*npx nash setup/,
  );
  expect(result.status).toBe(3);
});

it.each(['setup', 'doctor'])('%s --help shows an example', (command) => {
  const result = nash(root, [command, '--help']);
  expect(result.stdout).toMatch(new RegExp(`Example:\n {2}npx nash ${command}`));
  expect(result.status).toBe(0);
});
