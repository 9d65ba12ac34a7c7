import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readTar, type TarEntry } from '../../../src/data/tar.js';
import { unpackStream } from '../../../src/data/unpack.js';
import { NashError } from '../../../src/errors.js';
import { folderWith, noise, tar } from './folders.js';

async function entriesOf(bytes: Uint8Array, pieces = 100): Promise<TarEntry[]> {
  async function* source() {
    for (let at = 0; at < bytes.length; at += pieces) yield bytes.subarray(at, at + pieces);
  }
  const entries: TarEntry[] = [];
  for await (const entry of readTar('a.tar', source())) entries.push(entry);
  return entries;
}
const refusalOf = (bytes: Uint8Array) =>
  entriesOf(bytes).then(
    () => 'taken',
    (error: unknown) => (error instanceof NashError ? error.message : error),
  );

const files = { 'a/b': noise(700), empty: noise(0), c: noise(512), last: noise(10) };
const archive = tar(files);

it('files come in their order, each with where it lies, however the stream is cut into chunks', async () => {
  for (const pieces of [1, 512, 1000, archive.length]) {
    const entries = await entriesOf(archive, pieces);
    expect(entries.map(({ name }) => name)).toEqual(Object.keys(files));
    for (const { name, data, offset } of entries) {
      expect(data).toEqual(files[name as keyof typeof files]);
      expect(archive.subarray(offset, offset + data.length)).toEqual(data);
    }
  }
});

describe('an archive', () => {
  it('that was cut short is refused by the byte where it ends, wherever that is', async () => {
    const closing = archive.length - 1024;
    for (let cut = 0; cut <= closing; cut += 64)
      expect(await refusalOf(archive.subarray(0, cut))).toMatch(
        new RegExp(
          `^a\\.tar, byte ${cut}: found the end of the file, expected (\\d+ bytes of|another entry)`,
        ),
      );
    expect(await refusalOf(archive.subarray(0, closing + 512))).toBe('taken'); // one closing block is enough
  });

  it('with a header whose sum does not hold is refused by the byte of that header', async () => {
    const damaged = Buffer.from(archive);
    damaged[512 + 1024 + 3] = 1; // in the name of the second entry
    expect(await refusalOf(damaged)).toMatch(/^a\.tar, byte 1536: found a damaged header/);
  });

  it('with an entry larger than any that we read is refused before its data are taken', async () => {
    const large = tar({ large: noise(0) });
    large.write('77777777777\0', 124);
    large.fill(' ', 148, 156);
    const sum = large.subarray(0, 512).reduce((a, b) => a + b, 0);
    large.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    expect(await refusalOf(large)).toMatch(/found an entry of 8589934591 bytes, expected at most 134217728/);
  });

  it.each(['0', '2', '5', 'L', 'K', 'x', 'g', 'S', 'Z'])(
    'with an entry of type %s whose size is negative, absurd or no number is refused or passed over, and ends',
    async (type) => {
      const sizes = ['ffffffffffffffffffffff00', '807f7f7f7f7f7f7f7f7f7f7f', '7a7a7a7a7a7a7a7a7a7a7a00'];
      for (const size of [...sizes, 'ff'.repeat(12), `${'ff'.repeat(10)}fdff`]) {
        const bytes = Buffer.from(archive);
        bytes.set(Buffer.from(size, 'hex'), 124);
        bytes.write(type, 156);
        bytes.fill(' ', 148, 156);
        const sum = bytes.subarray(0, 512).reduce((a, b) => a + b, 0);
        bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
        expect(await refusalOf(bytes)).toMatch(/^a\.tar, byte \d+: found |^taken$/);
      }
    },
  );

  it('that unpacks without end is refused by its name', async () => {
    const path = join(folderWith({ 'a.tar.gz': gzipSync(Buffer.alloc(2 ** 20)) }), 'a.tar.gz');
    const unpack = async (bytesMax: number) => {
      let bytes = 0;
      for await (const chunk of unpackStream(path, bytesMax)) bytes += chunk.length;
      return bytes;
    };
    expect(await unpack(2 ** 20)).toBe(2 ** 20);
    await expect(unpack(2 ** 20 - 1)).rejects.toThrow(
      /a\.tar\.gz, byte \d+: found an archive that unpacks to more, expected at most 1048575 bytes/,
    );
  });

  it('whose stream breaks fails as the stream did', async () => {
    const broken = new NashError('usage', 'the stream broke');
    async function* source() {
      yield archive.subarray(0, 600);
      throw broken;
    }
    await expect(readTar('a.tar', source()).next()).rejects.toBe(broken);
  });
});
