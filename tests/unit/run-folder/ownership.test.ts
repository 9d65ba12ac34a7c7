// Goal: no file that Nash did not write is ever removed or changed, whatever it is called and however a folder is opened. Method: each of a
// run's names as somebody else's, in a folder without a run, and beside a run; every byte is compared.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { encodeCheckpoint } from '../../../src/checkpoints/checkpoint.js';
import { FileStorage } from '../../../src/checkpoints/file-storage.js';
import { loadConfig } from '../../../src/config/load-config.js';
import { requireOwnFigures, writeCollapseFigure, writeFigure } from '../../../src/run-folder/figures.js';
import { writeModules } from '../../../src/run-folder/modules.js';
import { holdsRun } from '../../../src/run-folder/ownership.js';
import { RUN_FILES, runFile } from '../../../src/run-folder/run-files.js';
import { type Opening, RunFolder } from '../../../src/run-folder/run-folder.js';

const parent = mkdtempSync(join(tmpdir(), 'nash-ownership-'));
let count = 0;
const config = loadConfig('configs/ring.yaml');
const FOLDERS = ['figures', 'checkpoints', 'logs', 'private'];

/** A folder with these files, each of which holds its own name unless said. */
function folderOf(...files: (string | [name: string, contents: string])[]): string {
  const path = join(parent, `folder-${count++}`);
  mkdirSync(path);
  for (const file of files) {
    const [name, contents] = typeof file === 'string' ? [file, file] : file;
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), contents);
  }
  return path;
}

const everything = (path: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(path, name)).isFile())
      .map((name) => [name, readFileSync(join(path, name), 'latin1')]),
  );

const OPENINGS: Opening[] = ['fresh', 'force', 'resume'];

describe('in a folder without a run', () => {
  const files = [...Object.values(RUN_FILES).filter((name) => !FOLDERS.includes(name)), 'lock'];
  const within = [
    ...[
      'figures/mine.png',
      'figures/samples-latest.png',
      'checkpoints/step-5.safetensors',
      'checkpoints/best.pt',
    ],
    ...[
      'logs/server.ndjson',
      'logs/app.log',
      'private/server.key',
      'figures',
      'logs',
      'checkpoints',
      'private',
    ],
    'events.out.tfevents.1700000000.host.123.0',
  ];
  it.each([...files, ...within])(
    "somebody's %s refuses it by name and is left, however it is opened",
    (name) => {
      const path = folderOf(name, 'notes.txt');
      const before = everything(path);
      for (const opening of OPENINGS)
        expect(() => RunFolder.open(path, opening)).toThrow(`its own: ${name}. They are left`);
      expect(everything(path)).toEqual(before);
    },
  );

  it.each<[string, string]>([
    ['a config that merely speaks of Nash', '# `nash train` wrote it.\nseed: 1\n'],
    ['an empty one', ''],
  ])('%s makes it no run', (_, text) => {
    const path = folderOf(['config.yaml', text], 'figures/real.png');
    expect(holdsRun(path)).toBe(false);
    expect(() => RunFolder.open(path, 'force')).toThrow('config.yaml, figures/real.png. They');
  });

  it('of many names the first few are told, and how many more there are', () => {
    const path = folderOf(...Array.from({ length: 9 }, (_, i) => `checkpoints/${i}.pt`));
    expect(() => RunFolder.check(path, 'force')).toThrow(/0\.pt, .*4\.pt and 4 more\. They/);
  });

  it('other files are in nobody’s way, and stay where the run is refused', () => {
    const path = folderOf('notes.txt', 'model.pt', 'data/config.yaml');
    mkdirSync(join(path, 'logs'));
    const before = everything(path);
    RunFolder.open(path, 'fresh').close({ refused: true });
    expect(everything(path)).toEqual(before);
  });
});

/** What a run writes, by its own means where they are at hand. */
async function runIn(path: string): Promise<RunFolder> {
  const folder = RunFolder.open(path, 'fresh');
  folder.writeConfig(config);
  folder.writeArguments({ set: [], quickStart: false });
  folder.writeEnvironment({});
  folder.writeResult({ status: 'stopped' });
  folder.noteTerm(folder.lastTerm() + 1);
  folder.appendMetrics({ kind: 'step' });
  folder.events.scalars(1, { loss: 1 });
  expect(folder.run).toMatch(/-[0-9a-f]{6}$/);
  const checkpoint = {
    step: 5,
    vectors: { generator: { pieces: [{ name: 'w', shape: [1] }], data: Float32Array.of(1) } },
    metadata: {},
  };
  const storage = new FileStorage(folder.checkpoints);
  for (const name of ['step-5', 'aside-2-step-9'])
    await storage.write(`${name}.safetensors`, await encodeCheckpoint(checkpoint as never));
  const png = PNG.sync.write(new PNG({ width: 1, height: 1 }));
  for (const step of [100, 12_345_678]) writeFigure(path, 'points', step, png);
  writeCollapseFigure(path, png);
  writeModules(path, [{ hash: 'a'.repeat(64), code: '', map: '{"sources":[],"sourcesContent":[]}' }]);
  const line = '{"level":30,"time":"2026-01-01T00:00:00.000Z","run":"r","worker":"w"}\n';
  writeFileSync(join(folder.logs, 'gpu box.ndjson'), line);
  writeFileSync(join(folder.logs, 'discriminator-0.stderr'), 'anything');
  for (const half of [
    '.config.yaml.01234567',
    'figures/.points-latest.png.01234567',
    'checkpoints/step-10.safetensors.partial',
  ])
    writeFileSync(join(path, half), 'killed while it was written');
  return folder;
}

describe('of a folder with a run', () => {
  const mine = [
    ...[
      'notes.txt',
      'figures/paper.png',
      'figures/points.svg',
      'modules/nets.ts',
      'logs/app.log',
      'logs/mine.ndjson',
      '.config.yaml.swp',
    ],
    ...[
      'checkpoints/best.safetensors',
      'checkpoints/mine.partial',
      'events.out.tfevents.1700000000.host.123.0',
      'data/config.yaml',
    ],
  ];

  it('all that it wrote goes by --force, and nothing else', async () => {
    const path = folderOf();
    (await runIn(path)).close();
    for (const name of mine) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), name);
    }
    const folder = RunFolder.open(path, 'force');
    const { lock, ...left } = everything(path);
    expect(lock).toBeDefined();
    expect(left).toEqual(Object.fromEntries(mine.map((name) => [name, name])));
    folder.close({ refused: true });
    expect(everything(path)).toEqual(left);
  });

  it('without any other file nothing is left of one that is refused', async () => {
    const path = join(parent, `folder-${count++}`);
    const folder = await runIn(path);
    folder.close({ refused: true });
    expect(() => statSync(path)).toThrow('ENOENT');
  });

  it('a run is known by its config, else by its checkpoints, whole or not; and a killed start by its lock', async () => {
    const path = folderOf();
    (await runIn(path)).close();
    const config = runFile(path, 'config');
    const text = readFileSync(config, 'utf8');
    writeFileSync(config, 'seed: 1');
    expect(holdsRun(path)).toBe(true);
    const checkpoint = join(path, 'checkpoints/step-5.safetensors');
    writeFileSync(checkpoint, readFileSync(checkpoint).subarray(0, 100));
    expect(holdsRun(path)).toBe(true);
    for (const name of ['step-5', 'aside-2-step-9'])
      writeFileSync(join(path, `checkpoints/${name}.safetensors`), 'mine');
    expect(holdsRun(path)).toBe(false);
    expect(() => RunFolder.open(path, 'force')).toThrow(/environment\.json, arguments\.json/);
    writeFileSync(config, text);
    expect(holdsRun(path)).toBe(true);
    const killed = folderOf();
    RunFolder.open(killed, 'fresh').noteTerm(1);
    expect(holdsRun(killed)).toBe(false);
    RunFolder.open(killed, 'fresh').close();
  });

  it('a link to a folder elsewhere stays, and what others have there', async () => {
    const [path, elsewhere] = [folderOf(), folderOf('mine.pt')];
    mkdirSync(join(elsewhere, 'of the run'));
    symlinkSync(join(elsewhere, 'of the run'), join(path, 'checkpoints'));
    (await runIn(path)).close();
    expect(readdirSync(join(elsewhere, 'of the run'))).toContain('step-5.safetensors');
    RunFolder.open(path, 'force').close();
    expect(everything(elsewhere)).toEqual({ 'mine.pt': 'mine.pt' });
    expect(readdirSync(path)).toContain('checkpoints');
  });

  it('half a checkpoint that a killed process left goes with the next one, and nobody else’s file', async () => {
    const path = folderOf('checkpoints/step-4.safetensors.partial', 'checkpoints/mine.partial');
    await new FileStorage(join(path, 'checkpoints')).write('step-5.safetensors', [Buffer.of(1)]);
    expect(readdirSync(join(path, 'checkpoints'))).toEqual(['mine.partial', 'step-5.safetensors']);
  });
});

it('figures are drawn into a folder without a run where none but Nash has drawn any', () => {
  const path = folderOf();
  mkdirSync(join(path, 'figures'));
  requireOwnFigures(path);
  const png = PNG.sync.write(new PNG({ width: 2, height: 1 }));
  writeFigure(path, 'samples', 5, png);
  requireOwnFigures(path);
  // pngjs checks the sum of every chunk
  expect(
    PNG.sync.read(readFileSync(join(path, 'figures/samples-latest.png')), { checkCRC: true } as never),
  ).toMatchObject({ width: 2 });
  writeFileSync(join(path, 'figures/samples-latest.png'), png);
  expect(() => requireOwnFigures(path)).toThrow('its own: figures/samples-latest.png. They');
});
