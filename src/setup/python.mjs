// Python brings the wheels (pip) and unpacks them (zipfile): it knows the proxies, mirrors and certificates of its user.
import { run } from './child.mjs';
import { SetupFailure } from './failure.mjs';

const unpackProgram = `
import json, os, shutil, sys, tarfile, zipfile
spec = json.load(sys.stdin)
def place(name):
    for start, target in spec["keep"]:
        if name == start or (start.endswith("/") and name.startswith(start)):
            return os.path.join(spec["into"], target + name[len(start):])
def write(name, source, executable):
    path = place(name)
    if path is None or ".." in name.split("/"):
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with source() as data, open(path, "wb") as out:
        shutil.copyfileobj(data, out, 1 << 20)
    if executable:
        os.chmod(path, 0o755)
    print(name, flush=True)
if spec["archive"].endswith(".whl"):
    with zipfile.ZipFile(spec["archive"]) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                write(info.filename, lambda: archive.open(info), (info.external_attr >> 16) & 0o111)
else:
    with tarfile.open(spec["archive"]) as archive:
        for info in archive:
            name = info.name[2:] if info.name.startswith("./") else info.name
            if info.isfile():
                write(name, lambda: archive.extractfile(info), info.mode & 0o111)
            elif info.issym() and place(name) and "/" not in info.linkname:
                os.makedirs(os.path.dirname(place(name)), exist_ok=True)
                os.symlink(info.linkname, place(name))
`;

const metadataProgram = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
    sys.stdout.write(archive.read(name).decode())
`;

/**
 * The Python that set-up uses: NASH_PYTHON, else the first of python3 and python that is 3.8 or later and has pip.
 * @returns {Promise<{ program?: string, version?: string, pip?: string, problem?: string }>}
 */
export async function findPython(env = process.env) {
  let problem = 'Python was not found on the PATH (neither python3 nor python)';
  for (const program of env.NASH_PYTHON ? [env.NASH_PYTHON] : ['python3', 'python']) {
    const asked = await run(program, ['-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3])'], { env });
    if (asked.missing || asked.status !== 0) {
      if (env.NASH_PYTHON) problem = `NASH_PYTHON names ${program}, which does not run`;
      continue;
    }
    const version = asked.stdout.trim();
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major < 3 || (major === 3 && minor < 8)) {
      problem = `${program} is Python ${version}`;
      continue;
    }
    const pip = await run(program, ['-m', 'pip', '--version'], { env });
    if (pip.status === 0) return { program, version, pip: pip.stdout.split(' ')[1] ?? '?' };
    problem = `${program} (${version}) has no pip`;
  }
  return { problem };
}

/**
 * @returns {Promise<string>} the program's name
 * @throws {SetupFailure} when there is none that serves
 */
export async function requirePython(env = process.env) {
  const { program, problem } = await findPython(env);
  if (program) return program;
  throw new SetupFailure({
    found: problem ?? 'no Python',
    needed: 'Python 3.8 or later with pip, to download and unpack the TensorFlow library',
    mend: 'install it (for Debian: apt-get install python3 python3-pip), name one with NASH_PYTHON, or name a library that you have with NASH_LIBTENSORFLOW=DIR',
  });
}

/**
 * Unpacks parts of an archive into a folder.
 * @param {string} python
 * @param {{ archive: string, into: string, keep: readonly (readonly [string, string])[] }} spec
 * @param {(file: string) => void} onFile
 */
export async function unpack(python, spec, onFile) {
  const finished = await run(python, ['-c', unpackProgram], { input: JSON.stringify(spec), onLine: onFile });
  if (finished.status === 0) return;
  const full = /No space left/.test(finished.stderr);
  throw new SetupFailure({
    found: `${spec.archive} could not be unpacked: ${finished.stderr.trim().split('\n').at(-1) ?? ''}`,
    mend: full
      ? 'free some disk space, or set NASH_CACHE to a folder on a larger disk, and run the command again'
      : 'remove that file and run the command again',
  });
}

/** The METADATA of a wheel. @param {string} python @param {string} wheel */
export async function metadataOf(python, wheel) {
  return (await run(python, ['-c', metadataProgram, wheel])).stdout;
}
