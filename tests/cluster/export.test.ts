// Goal: what `nash export` writes is the generator of a run, for whoever has nothing of Nash, and nothing else is written over. Method: a small
// conditional run; its files, read by their own programs' ways: a real Chromium with both back ends, where there is one.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Browser, browserLacks } from '../support/browser.js';
import { nash, scratch, syntheticMnist, trainWords, workersOnly } from '../support/nash.js';

const SETS = { 'model.width': 4, 'minibatch.size': 16, 'checkpoint.everySteps': 1, 'stop.generatorSteps': 2 };
const ALL = 'saved-model,tfjs,safetensors,onnx';

const taken = (to: string, ...words: string[]) =>
  nash('export', scratch('run'), '--to', scratch(to), ...words);

beforeAll(async () => {
  const sets = { ...SETS, 'data.path': syntheticMnist(), 'model.conditional': 'projection' };
  const trained = await nash(...trainWords('run', 'configs/mnist-gan.yaml', sets, workersOnly('any=1')));
  expect([trained.exitCode, trained.stderr]).toEqual([0, '']);
  const { exitCode, stdout, stderr } = await taken('all', '--format', ALL);
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^G of step 2 written to .*: saved_model\.pb, model\.json, /);
});

const bytes = (path: string) => readFileSync(scratch(path));

it('samples, labels and sums are those of the run, and the card tells where they come from', async () => {
  const drawn = await nash('sample', scratch('run'), '--count', '16', '--out', scratch('drawn.npy'));
  expect(drawn.exitCode).toBe(0);
  expect(bytes('all/samples.npy').equals(bytes('drawn.npy'))).toBe(true);
  expect(bytes('all/labels.npy').equals(bytes('drawn.labels.npy'))).toBe(true);

  const index = JSON.parse(bytes('all/export.json').toString());
  const there = readdirSync(scratch('all'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(scratch('all').length + 1));
  expect([...Object.keys(index.files), 'export.json'].sort()).toEqual(there.sort());
  const card = bytes('all/README.md').toString();
  for (const [path, sum] of Object.entries(index.files)) {
    expect(
      createHash('sha256')
        .update(bytes(`all/${path}`))
        .digest('hex'),
    ).toBe(sum);
    if (path !== 'README.md') expect(card).toContain(`| ${path} | `);
  }
  expect(card).toMatch(/weights averaged over G's steps up to 2\n/);
  expect(card).toMatch(/^ {2}name: dcgan$/m);
  expect(card).toContain('labels: `[n]`, from 0 to 9');
  expect(card).toContain('The run was not evaluated.');
});

it('another step, its raw weights: other files in place of the first, whole; what else lies there stays', async () => {
  const averaged = bytes('all/generator.safetensors');
  expect((await taken('again', '--format', ALL)).exitCode).toBe(0);
  writeFileSync(scratch('again/notes.txt'), 'mine');
  const { exitCode } = await taken('again', '--format', 'safetensors', '--step', '1', '--raw');
  expect(exitCode).toBe(0);
  expect(readdirSync(scratch('again')).sort()).toEqual(
    [
      'README.md',
      'export.json',
      'generator.py',
      'generator.safetensors',
      'labels.npy',
      'latents.npy',
      'notes.txt',
      'samples.npy',
      'samples.png',
    ].sort(),
  );
  expect(bytes('again/generator.safetensors').equals(averaged)).toBe(false);
  expect(bytes('again/README.md').toString()).toContain('weights of step 1\n');
  expect(readdirSync(scratch('.')).filter((name) => /^\.again/.test(name))).toEqual([]);
});

it('what cannot be is refused in one line, and nothing is written', async () => {
  mkdirSync(scratch('empty'));
  const run = scratch('run');
  for (const [from, words, message] of [
    [run, ['--format', 'tfj'], /--format: found 'tfj', expected .*; did you mean 'tfjs'\?/],
    [scratch('empty'), ['--format', 'tfjs'], /empty: it holds no run/],
    [
      run,
      ['--format', 'tfjs', '--step', 'best'],
      /--step best: .*run says of no best checkpoint; a run with/,
    ],
  ] as const) {
    const { exitCode, stderr } = await nash('export', from, '--to', scratch('x'), ...words);
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(stderr.trim().split('\n').length).toBe(1);
  }
  expect(existsSync(scratch('x'))).toBe(false);
});

describe.skipIf(browserLacks)(`in Chromium${browserLacks ? `: ${browserLacks}` : ''}`, () => {
  it('the page draws with both back ends what nash sample draws, opened as a file, and asks for nothing else', async () => {
    const page = await Browser.open(`file://${scratch('all/index.html')}`);
    try {
      await page.evaluate('nash.ready');
      for (const backend of ['wasm', 'cpu'])
        expect(await page.evaluate<number>(`nash.check('${backend}')`), backend).toBeLessThan(1);
      const status = () => page.evaluate<string>("document.getElementById('status').textContent");
      expect(await status()).toMatch(/^16 samples in .* ms with WebAssembly\. Largest difference/);
      const picture = () => page.evaluate<string>("document.getElementById('samples').toDataURL()");
      const first = await picture();
      await page.evaluate(
        "Object.assign(document.getElementById('backend'), { value: 'cpu' }).dispatchEvent(new Event('input'))",
      );
      await page.until("document.getElementById('status').textContent.includes('with JavaScript')");
      expect(await picture()).toBe(first);
      await page.evaluate(
        "Object.assign(document.getElementById('seed'), { value: 5 }).dispatchEvent(new Event('input'))",
      );
      await page.until(`document.getElementById('samples').toDataURL() !== ${JSON.stringify(first)}`);
      expect(await page.evaluate("document.getElementById('label').options.length")).toBe(11);
      for (const url of page.requests) expect(url).toMatch(/^(file:\/\/.*\/all\/|blob:null\/)/);
    } finally {
      await page.close();
    }
  });

  it('model.json and its shards are what tf.loadGraphModel reads', async () => {
    const server = createServer((request, response) => {
      const path = join(scratch('all'), normalize(new URL(request.url!, 'http://x').pathname));
      response.statusCode = existsSync(path) ? 200 : 404;
      response.end(existsSync(path) ? readFileSync(path) : '');
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const page = await Browser.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}/index.html`);
    try {
      await page.evaluate('nash.ready');
      const latents = Buffer.from(bytes('all/latents.npy').subarray(-16 * 64 * 4)).toString('base64');
      const labels = [...new Int32Array(new Uint8Array(bytes('all/labels.npy').subarray(-64)).buffer)];
      const wanted = new Float32Array(
        new Uint8Array(bytes('all/samples.npy').subarray(-16 * 784 * 4)).buffer,
      );
      for (const backend of ['wasm', 'cpu']) {
        const given = await page.evaluate<number[]>(`(async () => {
          await tf.setBackend('${backend}');
          const model = await tf.loadGraphModel('model.json');
          const bytes = Uint8Array.from(atob('${latents}'), (letter) => letter.charCodeAt(0));
          const latents = tf.tensor2d(new Float32Array(bytes.buffer), [16, 64]);
          const samples = model.predict({ latents, labels: tf.tensor1d(${JSON.stringify(labels)}, 'int32') });
          return Array.from(await samples.data());
        })()`);
        const largest = given.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i]!)), 0);
        expect([given.length, 127.5 * largest < 1], backend).toEqual([wanted.length, true]);
      }
    } finally {
      await page.close();
      server.close();
    }
  });
});
