import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.js';
import { type Opening, RunFolder } from '../../../src/run-folder/run-folder.js';
import { readAddress } from '../../../src/run-folder/server-address.js';

const parent = mkdtempSync(join(tmpdir(), 'nash-folder-'));
let count = 0;
const fresh = () => join(parent, `run-${count++}`);
const config = loadConfig('configs/ring.yaml');

/** Leaves a lock as another process would. */
function lockFor(path: string, { pid = 1, host = hostname(), started = '1' }): void {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'lock'), JSON.stringify({ pid, host, started, id: randomUUID() }));
}

/** A folder of a run that has ended. */
function runIn(path: string): string {
  const folder = RunFolder.open(path, 'fresh');
  folder.writeConfig(config);
  folder.close();
  return path;
}

describe('a run folder', () => {
  it('is refused while another living server works in it, and taken over when that one is dead', () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const stat = readFileSync(`/proc/${other.pid}/stat`, 'utf8');
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const path = fresh();
    lockFor(path, { pid: other.pid!, started: started! });
    expect(() => RunFolder.open(path, 'fresh')).toThrow(/another server \(process \d+ on .*\) works in/);
    other.kill('SIGKILL');
    lockFor(path, { pid: other.pid!, started: '7' }); // the same number, given to another process since
    RunFolder.open(path, 'fresh').close();
  });

  it('believes the lock of another host, and no lock that was cut off', () => {
    const elsewhere = fresh();
    lockFor(elsewhere, { host: 'elsewhere' });
    expect(() => RunFolder.open(elsewhere, 'resume')).toThrow(/on elsewhere/);
    const torn = runIn(fresh());
    writeFileSync(join(torn, 'lock'), '{"pid":');
    RunFolder.open(torn, 'resume').close();
    expect(existsSync(join(torn, 'lock'))).toBe(false);
  });

  it('has a name that stays when its run is resumed, and is another when it is replaced', () => {
    const path = fresh();
    const runOf = (opening: Opening) => {
      const folder = RunFolder.open(path, opening);
      const { run } = folder;
      folder.writeConfig(config);
      folder.close();
      return run;
    };
    const first = runOf('fresh');
    expect(first).toMatch(new RegExp(`^${basename(path)}-[0-9a-f]{6}$`));
    expect(runOf('resume')).toBe(first);
    expect(runOf('force')).not.toBe(first);
  });

  it('tells Prometheus where its server is, while it lives, beside others that do, and forgets folders that are gone', () => {
    const path = fresh();
    const links = join(parent, '.prometheus');
    mkdirSync(links);
    symlinkSync('../gone/prometheus.json', join(links, 'gone.json'));
    symlinkSync('../gone/mine.json', join(links, 'mine.json')); // somebody else's, and so is what has a run's name
    writeFileSync(join(links, 'other.json'), '[]');
    writeFileSync(join(links, 'taken.json'), 'mine');
    const taken = RunFolder.open(join(parent, 'taken'), 'fresh');
    taken.writeAddress({ pid: 1, endpoint: 'e', localEndpoint: 'e', host: 'h', http: '0.0.0.0:9464' });
    taken.close();
    expect(readFileSync(join(links, 'taken.json'), 'utf8')).toBe('mine');
    const folder = RunFolder.open(path, 'fresh');
    const { run } = folder;
    folder.writeAddress({ pid: 1, endpoint: 'e', localEndpoint: 'e', host: 'h', http: '0.0.0.0:9465' });
    expect(JSON.parse(readFileSync(join(path, 'prometheus.json'), 'utf8'))).toEqual([
      { targets: ['127.0.0.1:9465'], labels: { run, run_folder: path, __param_run: run } },
    ]);
    const link = `${basename(path)}.json`;
    expect(readdirSync(links).sort()).toEqual(['mine.json', 'other.json', 'taken.json', link].sort());
    expect(readFileSync(join(links, link), 'utf8')).toContain(run);
    folder.close();
    expect(existsSync(join(path, 'prometheus.json'))).toBe(false);
    expect(readdirSync(links).sort()).toEqual(['mine.json', 'other.json', 'taken.json']);
  });

  it('that holds a run is neither begun again nor emptied unless that is asked for', () => {
    const path = runIn(fresh());
    writeFileSync(join(path, 'notes.txt'), 'mine');
    expect(() => RunFolder.open(path, 'fresh')).toThrow(/already holds a run/);
    RunFolder.open(path, 'resume').close();
    expect(existsSync(join(path, 'config.yaml'))).toBe(true);
    RunFolder.open(path, 'force').close();
    expect(existsSync(join(path, 'config.yaml'))).toBe(false);
    expect(readFileSync(join(path, 'notes.txt'), 'utf8')).toBe('mine'); // not ours to remove
  });

  it('goes on behind the last whole line of metrics.jsonl, whatever was left of one more', () => {
    for (const left of ['', '{"kind":"step"}\n', '{"kind":"step"}\n{"kind":"st', '{"ki']) {
      const path = runIn(fresh());
      writeFileSync(join(path, 'metrics.jsonl'), left);
      const folder = RunFolder.open(path, 'resume');
      folder.appendMetrics({ kind: 'next' });
      folder.close();
      const whole = left.startsWith('{"kind":"step"}') ? '{"kind":"step"}\n' : '';
      expect(readFileSync(join(path, 'metrics.jsonl'), 'utf8')).toBe(`${whole}{"kind":"next"}\n`);
    }
  });

  it('is its user’s alone where a run makes it, and as it was where it was there', () => {
    const modeOf = (path: string) => statSync(path).mode & 0o777;
    const path = join(fresh(), 'below');
    RunFolder.open(path, 'fresh').close();
    expect(modeOf(path)).toBe(0o700);
    expect(modeOf(dirname(path))).toBe(0o777 & ~process.umask());
    const shared = fresh();
    mkdirSync(shared);
    chmodSync(shared, 0o750);
    RunFolder.open(shared, 'fresh').close();
    expect(modeOf(shared)).toBe(0o750);
  });

  it('that a refused run made is gone again', () => {
    const path = fresh();
    RunFolder.open(path, 'fresh').close({ refused: true });
    expect(existsSync(path)).toBe(false);
  });

  it('holds an address while a server lives, and says what is there otherwise', () => {
    const path = fresh();
    expect(() => readAddress(path)).toThrow(/there is no such folder/);
    const folder = RunFolder.open(path, 'fresh');
    const address = { pid: 1, endpoint: 'tcp://a:1', localEndpoint: 'ipc://@a', http: 'a:2', host: 'a' };
    folder.writeAddress(address);
    expect(readAddress(path)).toEqual(address);
    expect(readdirSync(path).filter((name) => name.startsWith('.'))).toEqual([]); // nothing half-written
    folder.writeConfig(config);
    folder.close();
    expect(() => readAddress(path)).toThrow(/its server is not running/);
  });
});
