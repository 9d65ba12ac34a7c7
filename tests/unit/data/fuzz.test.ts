// Goal: no damage to a file ends in anything but a refusal or an item. Method: good files, a few bytes changed or the end cut off, from one seed.
import { expect, it } from 'vitest';
import { parseIdx } from '../../../src/data/idx.js';
import { DamagedPicture, decodePicture } from '../../../src/data/picture.js';
import { readTar } from '../../../src/data/tar.js';
import { NashError } from '../../../src/errors.js';
import { RandomStream, seedOf } from '../../../src/numerics/random.js';
import { idx, jpg, noise, png, tar } from './folders.js';

const TRIES = 1500;

type Reader = (bytes: Buffer) => unknown;
const readTarWhole: Reader = async (bytes) => {
  async function* source() {
    yield bytes;
  }
  for await (const entry of readTar('a.tar', source())) expect(entry.data.length).toBeLessThan(bytes.length);
};

it.each<[string, Buffer, Reader]>([
  ['PNG', png(20, 20, (x, y) => [x * 10, y * 10, (x * y) & 255]), (bytes) => decodePicture(bytes, 'white')],
  ['JPEG', jpg(40, 30, 100), (bytes) => decodePicture(bytes, 'white')],
  ['tar', tar({ 'a/b': noise(700), c: noise(10) }), readTarWhole],
  ['IDX', idx([3, 4, 4], noise(48)), (bytes) => parseIdx('a', bytes, 3)],
])('%s: damage is refused with a message for a person, or harmless', async (kind, good, read) => {
  const random = new RandomStream(seedOf('damage', kind));
  let harmless = 0;
  for (let i = 0; i < TRIES; i++) {
    let bytes = Buffer.from(good);
    for (let changes = random.below(4); changes >= 0; changes--)
      bytes[random.below(bytes.length)] = random.below(256);
    if (random.below(4) === 0) bytes = bytes.subarray(0, random.below(bytes.length));
    try {
      await read(bytes);
      harmless++;
    } catch (error) {
      if (!(error instanceof NashError || error instanceof DamagedPicture))
        throw new Error(`try ${i} of seedOf('damage', '${kind}')`, { cause: error });
    }
  }
  expect(harmless).toBeLessThan(TRIES); // some damage was seen
});
