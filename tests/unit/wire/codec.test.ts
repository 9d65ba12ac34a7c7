import fc from 'fast-check';
import { pack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { BLOCK_FLOATS, serverMessage, workerMessage } from '../../../src/protocol/messages.js';
import { BlockAssembly, blocksOf, bytesOf } from '../../../src/wire/blocks.js';
import { decode, encode, MalformedMessage } from '../../../src/wire/codec.js';

const answer = {
  kind: 'answer',
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
