// What somebody who speaks the protocol well does wrong, once, at some point of a conversation: a field at its bounds or beyond them, a text
// at its longest, a field too few or too many, a message twice, late, never, or cut off, old numbers, names of others. All decided by one
// stream of random numbers.
import type { RandomStream } from '../../src/numerics/random.js';
import { encode } from '../../src/wire/codec.js';

/** A message as it ought to be said. */
export interface Said {
  header: Record<string, unknown>;
  payload?: Uint8Array | undefined;
}

/** What may be said in its place. */
export interface Told {
  frames: Uint8Array[];
  /** messages of the liar that come first */
  after: number;
}

type Path = readonly (string | number)[];

const NUMBERS = [
  ...[
    -1,
    0,
    0.5,
    1,
    2,
    64,
    65,
    2 ** 16,
    2 ** 16 + 1,
    2 ** 20,
    2 ** 20 + 1,
    1e6,
    1e6 + 1,
    2 ** 31,
    2 ** 31 + 1,
  ],
  ...[2 ** 32, 2 ** 40, 2 ** 40 + 1, 2 ** 46, 2 ** 46 + 1, 2 ** 53 - 1, 2 ** 53, 3e38, 1e308],
  ...[Number.NaN, Infinity, -Infinity],
];
const LENGTHS = [0, 1, 32, 64, 128, 129, 300, 4096, 4097, 70_000];
const CHARACTERS = ['x', '0', 'f', ' ', 'é', '\u0000', '\u001b', '\u202e', '\ud800', '😀'];
const WILD: readonly unknown[] = [
  null,
  true,
  [],
  {},
  [[]],
  [[1e308]],
  'generator',
  '__proto__',
  { kind: 'hello' },
];

export class Liar {
  /** what was said before, by anybody */
  private readonly heard: Said[] = [];

  constructor(
    private readonly random: RandomStream,
    /** names, hosts, sessions and tokens of others */
    private readonly others: readonly string[] = [],
  ) {}

  below(bound: number): number {
    return this.random.below(bound);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** Remembers a message of somebody. */
  hear(said: Said): void {
    if (this.heard.length < 64) this.heard.push(said);
    else this.heard[this.below(64)] = said;
  }

  /** @returns what is said instead, nothing where it is withheld */
  lie(said: Said): Told[] {
    const at = (spoiled: Record<string, unknown>, payload = said.payload, after = 0): Told => ({
      frames: encode(spoiled, payload ? [payload] : []),
      after,
    });
    switch (this.below(12)) {
      case 0:
        return []; // withheld
      case 1:
        return [at(said.header, said.payload, 1 + this.below(4))];
      case 2:
        return Array.from({ length: 2 + this.below(this.pick([2, 40])) }, () => at(said.header));
      case 3:
        return [
          at({
            ...said.header,
            [this.pick(['extra', 'region', 'token', 'memory', '__proto__'])]: this.value(''),
          }),
        ];
      case 4:
        return [at(this.without(said.header))];
      case 5:
        return [at(said.header, this.otherPayload(said.payload))];
      case 6:
        return [this.cut(at(said.header))];
      case 7:
        return [at(this.old(said.header))];
      case 8:
        return this.heard.length > 0 ? [this.repeat(this.pick(this.heard), said)] : [at(said.header)];
      default:
        return [at(this.changed(said.header))];
    }
  }

  /** A field, a nested one perhaps, that is another number, text or thing. */
  private changed(header: Record<string, unknown>): Record<string, unknown> {
    const copy = structuredClone(header);
    const path = this.pick(pathsOf(header));
    const holder = path.slice(0, -1).reduce((value, key) => (value as never)[key], copy as unknown);
    const key = path.at(-1)!;
    (holder as Record<string, unknown>)[key] = this.value((holder as Record<string, unknown>)[key]);
    return copy;
  }

  private value(before: unknown): unknown {
    const kind = this.below(4);
    if (kind === 0) return this.pick(WILD);
    if (typeof before === 'number') return kind === 1 ? before + this.pick([-1, 1]) : this.pick(NUMBERS);
    if (kind === 1 && this.others.length > 0) return this.pick(this.others);
    return this.pick(CHARACTERS).repeat(this.pick(LENGTHS));
  }

  private without(header: Record<string, unknown>): Record<string, unknown> {
    const { [this.pick(Object.keys(header))]: _, ...rest } = header;
    return rest;
  }

  /** Numbers that name a line, a step or a version, of before or to come. */
  private old(header: Record<string, unknown>): Record<string, unknown> {
    const names = ['term', 'branch', 'step', 'version', 'issue', 'level', 'index'].filter(
      (name) => name in header,
    );
    if (names.length === 0) return header;
    const name = this.pick(names);
    return { ...header, [name]: Math.max(0, (header[name] as number) + this.pick([-2, -1, 1, 2])) };
  }

  /** Something that was said before, of the same kind where there is such, in place of what ought to be said. */
  private repeat(other: Said, said: Said): Told {
    const same = this.heard.filter(({ header }) => header.kind === said.header.kind);
    const { header, payload } = same.length > 0 && this.below(4) ? this.pick(same) : other;
    return { frames: encode(header, payload ? [payload] : []), after: 0 };
  }

  /** Of another length: the numbers themselves are no business of the wire's. */
  private otherPayload(payload: Uint8Array | undefined): Uint8Array {
    const length = payload?.length ?? 0;
    return new Uint8Array(this.pick([0, 1, 4, Math.max(0, length - 4), length + 4, 2 * length, 2 ** 16]));
  }

  private cut({ frames, after }: Told): Told {
    const [header, ...rest] = frames as [Uint8Array, ...Uint8Array[]];
    const spoiled = Uint8Array.from(header);
    const choice = this.below(4);
    if (choice === 0) return { frames: [header.subarray(0, this.below(header.length)), ...rest], after };
    if (choice === 1) return { frames: [header, ...rest, new Uint8Array(8)], after };
    if (choice === 2) return { frames: rest, after };
    spoiled[this.below(spoiled.length)] = this.below(256);
    // a payload whose header was changed is another's gradient perhaps, and right: it goes without
    return { frames: [spoiled], after };
  }
}

/** Ways to every value of a header, containers among them; statistics only as a whole, since what is in them may rightly end a run. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array)
    return path.length > 0 ? [path] : [];
  const own: Path[] = path.length > 0 ? [path] : [];
  if (path[0] === 'statistics') return own;
  return [...own, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}
