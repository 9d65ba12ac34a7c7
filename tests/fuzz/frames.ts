// Frames from somebody who means harm or knows no better: random bytes, real messages with something wrong in them, real messages of
// others said again. All decided by one stream of random numbers.
import type { RandomStream } from '../../src/numerics/random.js';
import { encode } from '../../src/wire/codec.js';

const WILD: readonly unknown[] = [
  ...[-1, 0, 1, 2 ** 16, 2 ** 20, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 + 2, 1e300, 0.5, Number.NaN, Infinity],
  ...['', 'a', '__proto__', 'discriminator', 'x'.repeat(5000), null, true, [], {}, [[]], { kind: 'hello' }],
];

const KEPT_MAX = 256;

export class FrameSource {
  /** real messages, to be said again */
  private readonly kept: Uint8Array[][] = [];

  constructor(private readonly random: RandomStream) {}

  pick<T>(choices: readonly T[]): T {
    return choices[this.random.below(choices.length)]!;
  }

  keep(frames: readonly Uint8Array[]): void {
    const copy = frames.map((frame) => Uint8Array.from(frame)); // a Buffer's own slice is no copy
    if (this.kept.length < KEPT_MAX) this.kept.push(copy);
    else this.kept[this.random.below(KEPT_MAX)] = copy;
  }

  /** @param messages well-formed ones, to be spoiled */
  next(messages: readonly object[]): Uint8Array[] {
    const kind = this.random.below(10);
    if (kind < 1)
      return Array.from({ length: this.random.below(4) }, () => this.bytes(this.random.below(64)));
    if (kind < 4 && this.kept.length > 0) return this.pick(this.kept);
    if (kind < 6 && this.kept.length > 0) return this.spoilBytes(this.pick(this.kept));
    return encode(this.spoilField(this.pick(messages)), this.payload());
  }

  private payload(): Uint8Array[] {
    return this.random.below(4) ? [] : [this.bytes(4 * this.random.below(8))];
  }

  private bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.random.below(256));
  }

  /** A field changed, left out or added. */
  private spoilField(message: object): object {
    const fields = Object.entries(message);
    const at = this.random.below(2 * fields.length);
    if (at === fields.length) return { ...message, extra: this.pick(WILD) };
    if (at > fields.length) return message;
    const others = fields.filter((_, i) => i !== at);
    const changed = this.random.below(4) ? [[fields[at]![0], this.pick(WILD)] as const] : [];
    return Object.fromEntries([...others, ...changed]);
  }

  /** Header bytes flipped or cut off, or frames left out. Payloads stay: wrong numbers in them are a liar's work, not the wire's. */
  private spoilBytes([header, ...payload]: Uint8Array[]): Uint8Array[] {
    const bytes = this.random.below(3) ? header!.length : this.random.below(header!.length);
    const spoiled = Uint8Array.from(header!.subarray(0, bytes));
    for (let i = this.random.below(4); i > 0 && spoiled.length > 0; i--)
      spoiled[this.random.below(spoiled.length)] = this.random.below(256);
    return this.random.below(4) ? [spoiled, ...payload] : [spoiled];
  }
}
