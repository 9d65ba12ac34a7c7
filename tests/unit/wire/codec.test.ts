import fc from 'fast-check';
import { pack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { BLOCK_FLOATS, serverMessage, workerMessage } from '../../../src/protocol/messages.js';
import { BlockAssembly, blocksOf, bytesOf } from '../../../src/wire/blocks.js';
import { decode, encode, MalformedMessage } from '../../../src/wire/codec.js';

const answer = {
  kind: 'answer',
  issue: 7,
  term: 1,
  branch: 0,
  net: 'generator',
  step: 12,
  level: 1,
  index: 0,
  block: 0,
  blockCount: 1,
  length: 3,
  computeSeconds: 0.25,
  statistics: [
    [0.5, 1],
    [0.25, 0],
  ],
} as const;

describe('the codec', () => {
  it('returns what was sent, frames untouched', () => {
    const frame = new Uint8Array([1, 2, 3]);
    expect(decode(workerMessage, encode(answer, [frame]))).toEqual({ message: answer, payload: [frame] });
  });

  it('refuses every header that is not a message of the union, and never throws anything else', () => {
    const refused = (header: Uint8Array) => {
      try {
        decode(workerMessage, [header]);
        return 'taken';
      } catch (error) {
        return error instanceof MalformedMessage ? 'refused' : `threw ${error}`;
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => refused(bytes) === 'refused'));
    fc.assert(
      fc.property(fc.nat(), fc.nat(255), (at, byte) => {
        const header = encode(answer)[0]!.slice();
        header[at % header.length] = byte;
        return ['refused', 'taken'].includes(refused(header)); // a flipped digit may still be a message
      }),
    );
    for (const wrong of [
      { kind: 'answer' },
      { ...answer, net: 'critic' },
      { ...answer, step: -1 },
      { ...answer, extra: 1 },
      [],
      null,
      7,
    ]) {
      expect(refused(pack(wrong)), JSON.stringify(wrong)).toBe('refused');
    }
    expect(refused(encode({ kind: 'task' })[0]!)).toBe('refused'); // the server's own message, sent the wrong way
    expect(() => decode(serverMessage, [])).toThrow(MalformedMessage);
  });
});

describe('blocks', () => {
  it('put a vector together again in any order', () => {
    const length = 2 * BLOCK_FLOATS + 5;
    const vector = Float32Array.from({ length }, (_, i) => i % 1000);
    const assembly = new BlockAssembly(length);
    const [first, second, third] = blocksOf(length);
    expect(assembly.add(third!, [bytesOf(vector, third!)])).toBeUndefined();
    expect(assembly.add(first!, [bytesOf(vector, first!)])).toBeUndefined();
    const whole = assembly.add(second!, [bytesOf(vector, second!)]);
    expect(Buffer.compare(Buffer.from(whole!.buffer), Buffer.from(vector.buffer))).toBe(0);
  });

  it('refuse frames that do not belong to the vector', () => {
    const [header] = blocksOf(3);
    const frame = new Uint8Array(12);
    const refuse = (h: object, payload: Uint8Array[]) =>
      expect(() => new BlockAssembly(3).add({ ...header!, ...h }, payload)).toThrow(MalformedMessage);
    refuse({}, [frame.subarray(1)]);
    refuse({}, []);
    refuse({}, [frame, frame]);
    refuse({ length: 4 }, [frame]);
    refuse({ block: 1 }, [frame]);
    refuse({ blockCount: 2 }, [frame]);
  });

  it('take a frame at an odd address', () => {
    const bytes = new Uint8Array(17).subarray(5, 17);
    new DataView(bytes.buffer).setFloat32(5 + 4, 1.5, true);
    expect(Array.from(new BlockAssembly(3).add(blocksOf(3)[0]!, [bytes])!)).toEqual([0, 1.5, 0]);
  });
});

describe('a header from somebody who means harm', () => {
  const taken = (header: Uint8Array | number[], ...frames: Uint8Array[]) => {
    try {
      return decode(workerMessage, [Uint8Array.from(header), ...frames]);
    } catch (error) {
      if (error instanceof MalformedMessage) return error.message;
      throw error;
    }
  };

  it.each([
    [
      'four thousand million elements in five bytes',
      [0xdd, 0xff, 0xff, 0xff, 0xff],
      /announces more than it has/,
    ],
    ['as many pairs', [0xdf, 0xff, 0xff, 0xff, 0xff], /announces more than it has/],
    ['nesting as deep as it is long', new Array(100_000).fill(0x91), /nests deeper than 16/],
    ['nesting by maps', new Array(50_000).fill([0x81, 0xa1, 0x61]).flat(), /nests deeper than 16/],
    ['a record of msgpackr: a class with fields', [0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 0xc0], /type 0xd4/],
    ['an extension that names a type of its own', [0xc7, 0x01, 0x65, 0x00], /type 0xc7/],
    ['a date', [0xd6, 0xff, 0, 0, 0, 0], /type 0xd6/],
    ['bytes where text belongs', [0xc4, 0x01, 0x00], /type 0xc4/],
    ['a string longer than the header', [0xdb, 0xff, 0xff, 0xff, 0xff, 0x61], /announces more than it has/],
    ['two values', [0x80, 0x80], /1 bytes follow it/],
    ['nothing', [], /ends too early/],
    ['the byte that msgpack never uses', [0xc1], /type 0xc1/],
    ['more bytes than any header has', new Array(2 ** 18 + 1).fill(0xc0), /at most 262144/],
  ])('with %s is refused before anything is made of it', (_, header, message) => {
    const before = process.memoryUsage().arrayBuffers;
    expect(taken(header)).toMatch(message);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });

  it('with __proto__ for a field changes no object', () => {
    const key = [...new TextEncoder().encode('__proto__')];
    expect(taken([0x81, 0xa0 + key.length, ...key, 0x81, 0xa1, 0x78, 0x01])).toMatch(/'kind' is wrong/);
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it('with more or larger frames than a block is refused', () => {
    const header = encode(answer)[0]!;
    expect(taken(header, new Uint8Array(4), new Uint8Array(4))).toMatch(/2 frames/);
    expect(taken(header, new Uint8Array(BLOCK_FLOATS * 4 + 1))).toMatch(/at most one/);
  });

  it('with a name that moves the cursor is refused', () => {
    const hello = {
      kind: 'hello',
      protocol: 1,
      role: 'worker',
      pool: 'any',
      name: 'a\u001b[2J',
      pid: 1,
      host: 'h',
    };
    expect(taken(encode(hello)[0]!)).toMatch(/'name' is wrong/);
  });
});
