// Seeded streams. A stream is a pure function of its labels: nothing is ever drawn from the clock or the process.

/** A 64-bit seed as two signed 32-bit halves, the form that TensorFlow's stateless kernels take. */
export type Seed = readonly [number, number];

/** Mixes one 32-bit word into a running state: MurmurHash3's round (Appleby, public domain). */
function mix(state: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  k = Math.imul(k, 0x1b873593);
  let h = state ^ k;
  h = (h << 13) | (h >>> 19);
  return (Math.imul(h, 5) + 0xe6546b64) | 0;
}

/** MurmurHash3's finalizer: every input bit reaches every output bit. */
function finish(state: number): number {
  let h = state;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}

/**
 * A seed decided by its labels alone. Numbers are taken as 53-bit integers, strings by their UTF-16 units;
 * the order of labels matters, and `('a', 'b')` differs from `('ab')`.
 */
export function seedOf(...labels: readonly (number | string)[]): Seed {
  let a = 0x243f6a88; // the first words of pi's fraction: any two different constants serve
  let b = 0x85a308d3 | 0;
  const feed = (word: number) => {
    a = mix(a, word);
    b = mix(b, word ^ 0x9e3779b9);
  };
  for (const label of labels) {
    if (typeof label === 'number') {
      feed(1);
      feed(label | 0);
      feed(Math.floor(label / 2 ** 32) | 0);
    } else {
      feed(2 + label.length);
      for (let i = 0; i < label.length; i++) feed(label.charCodeAt(i));
    }
  }
  return [finish(a ^ 0x13198a2e), finish(b ^ 0x03707344)];
}

/** A stream of random numbers on the host: xoshiro128** (Blackman and Vigna 2018), seeded through splitmix32. */
export class RandomStream {
  private s0: number;
  private s1: number;
  private s2: number;
  private s3: number;
  private spare: number | undefined;

  constructor(seed: Seed) {
    this.s0 = finish(seed[0] + 0x9e3779b9);
    this.s1 = finish(seed[1] + 0x3c6ef372);
    this.s2 = finish(seed[0] ^ 0xdaa66d2b);
    this.s3 = finish(seed[1] ^ 0x78dde6e4) | 1; // never all zero
    for (let i = 0; i < 8; i++) this.word();
  }

  /** 32 random bits as an unsigned integer. */
  word(): number {
    const product = Math.imul(this.s1, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const t = this.s1 << 9;
    this.s2 ^= this.s0;
    this.s3 ^= this.s1;
    this.s1 ^= this.s2;
    this.s0 ^= this.s3;
    this.s2 ^= t;
    this.s3 = (this.s3 << 11) | (this.s3 >>> 21);
    return result;
  }

  /** Uniform in [0, 1), 32 bits of resolution. */
  uniform(): number {
    return this.word() / 2 ** 32;
  }

  /** Uniform integer in [0, bound), without modulo bias; `bound` at most 2^32. */
  below(bound: number): number {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let word = this.word();
    while (word >= limit) word = this.word();
    return word % bound;
  }

  /** Standard normal, by the Box-Muller transform. */
  normal(): number {
    if (this.spare !== undefined) {
      const value = this.spare;
      this.spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}

/** A uniformly random permutation of 0 … count-1, decided by the seed alone (Fisher and Yates). */
export function permutation(count: number, seed: Seed): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const random = new RandomStream(seed);
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
  return order;
}
