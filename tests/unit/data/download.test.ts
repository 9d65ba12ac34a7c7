// Goal: a downloaded file is whole and the right one, or not there. Method: a web server of our own on the loopback.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { download } from '../../../src/data/download.js';
import type { Original } from '../../../src/data/originals.js';
import { takeLocal } from '../../../src/data/take-local.js';
import { folderWith, mnistFiles, noise, realData, records } from './folders.js';

const content = noise(300_000);
const sha256 = createHash('sha256').update(content).digest('hex');
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  closers.push(() => server.close().closeAllConnections());
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const original = (addresses: string[], sum = sha256): Original => ({
  addresses,
  files: [{ name: 'file.bin', sha256: sum, isUnpackedSum: false, bytes: content.length }],
});

async function fetched(to: string, from: Original): Promise<string[]> {
  const lines: string[] = [];
  await download(from, to, { log: (line) => lines.push(line), progress: () => {} });
  expect(readFileSync(join(to, 'file.bin')).equals(content)).toBe(true);
  expect(existsSync(join(to, '.partial'))).toBe(false);
  return lines;
}

it('takes the next address when one is gone, answers with an error, or has another file', async () => {
  const broken = await serve((_, response) => response.writeHead(403).end());
  const wrong = await serve((_, response) => response.end('another file'));
  const right = await serve((_, response) => response.end(content));
  const lines = await fetched(folderWith({}), original(['http://127.0.0.1:1/', broken, wrong, right]));
  expect(lines.at(-1)).toMatch(/right sum/);
});

it('goes on where a broken-off download stopped', async () => {
  const ranges: (string | undefined)[] = [];
  const address = await serve((request, response) => {
    ranges.push(request.headers.range);
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200).end(content.subarray(from));
  });
  await fetched(folderWith({ '.partial/file.bin': content.subarray(0, 1234) }), original([address]));
  expect(ranges).toEqual(['bytes=1234-']);
});

it('starts again when the server cannot send the rest, or what lay there is too long', async () => {
  const whole = await serve((_, response) => response.writeHead(200).end(content));
  await fetched(folderWith({ '.partial/file.bin': 'rubbish' }), original([whole]));
  const strict = await serve((request, response) => {
    if (request.headers.range) response.writeHead(416).end();
    else response.end(content);
  });
  await fetched(folderWith({ '.partial/file.bin': Buffer.alloc(400_000) }), original([strict]));
});

it('leaves a file that is there and right alone', async () => {
  const lines = await fetched(folderWith({ 'file.bin': content }), original([]));
  expect(lines).toEqual([expect.stringMatching(/is there already/)]);
});

it('no address that answers is the environment’s fault, and nothing is left under the file’s name', async () => {
  const to = folderWith({});
  const wrong = await serve((_, response) => response.end('another file'));
  const gone = await serve(() => {});
  closers.pop()?.();
  const refusal = download(original([gone, wrong]), to, {
    log: () => {},
    progress: () => {},
  });
  await expect(refusal).rejects.toMatchObject({ fault: 'environment' });
  await expect(refusal).rejects.toThrow(/ECONNREFUSED[\s\S]*sha256 [0-9a-f]{64}, expected[\s\S]*--from/);
  expect(existsSync(join(to, 'file.bin'))).toBe(false);
});

it('a server that never stops sending is cut off', async () => {
  const address = await serve((_, response) => {
    const more = () => {
      while (response.write(Buffer.alloc(1 << 16)));
    };
    response.on('drain', more);
    more();
  });
  const refusal = download(original([address]), folderWith({}), { log: () => {}, progress: () => {} });
  await expect(refusal).rejects.toThrow(/expected about 300000/);
});

describe('local files', () => {
  it('that decode are taken, and leave nothing aside', async () => {
    const to = folderWith({});
    await takeLocal('cifar10', folderWith({ 'some.bin': records(5), 'notes.txt': 'x' }), to, () => {});
    expect(readdirSync(to)).toEqual(['some.bin']);
  });

  it('a single file is taken too', async () => {
    const to = folderWith({});
    await takeLocal(
      'cifar10',
      join(folderWith({ 'a.bin.gz': gzipSync(records(5)), 'b.bin': 'x' }), 'a.bin.gz'),
      to,
      () => {},
    );
    expect(readdirSync(to)).toEqual(['a.bin.gz']);
  });

  it.each<[string, 'mnist' | 'cifar10', Record<string, Uint8Array | string>, RegExp]>([
    [
      'another data set under the names of MNIST',
      'mnist',
      { ...mnistFiles(), ...mnistFiles(20, 't10k') },
      /train-images.*has sha256 .*expected ba891046/,
    ],
    ['half of MNIST', 'mnist', mnistFiles(), /t10k-images/],
    ['a changed archive', 'cifar10', { 'cifar-10-binary.tar.gz': 'x' }, /has sha256 .*expected c4a38c50/],
    ['half a record', 'cifar10', { 'a.bin': 'x' }, /a\.bin, byte 1/],
    ['nothing', 'cifar10', {}, /holds no files/],
  ])('%s is refused and nothing is taken', async (_, name, files, message) => {
    const to = folderWith({});
    const refusal = takeLocal(name, folderWith(files), to, () => {});
    await expect(refusal).rejects.toThrow(message);
    await expect(refusal).rejects.toMatchObject({ fault: 'usage' });
    expect(readdirSync(to)).toEqual([]);
  });

  it.skipIf(!existsSync(realData))(
    'the real MNIST has the published sums (skipped where ../shared/data is absent)',
    async () => {
      const to = folderWith({});
      await takeLocal('mnist', join(realData, 'mnist'), to, () => {});
      expect(readdirSync(to)).toHaveLength(4);
    },
  );
});
