# The seeded streams of src/numerics/random.ts in Python: MurmurHash3's mixing (Appleby) of labels to a seed, xoshiro128** (Blackman and
# Vigna 2018), Box and Muller's normals, Fisher and Yates' permutation.
import math

WORD = 0xFFFFFFFF
rotl = lambda x, n: ((x << n) | (x >> (32 - n))) & WORD
signed = lambda x: x - 2**32 if x >= 2**31 else x


def mix(state, word):
    k = rotl(word * 0xCC9E2D51 & WORD, 15) * 0x1B873593 & WORD
    return (rotl(state ^ k, 13) * 5 + 0xE6546B64) & WORD


def finish(h):
    h &= WORD
    h = (h ^ (h >> 16)) * 0x85EBCA6B & WORD
    h = (h ^ (h >> 13)) * 0xC2B2AE35 & WORD
    return h ^ (h >> 16)


def seed_of(*labels):
    """Two int32: numbers are fed as 1, low word, high word; strings as 2 + length, then their letters."""
    words = []
    for label in labels:
        words += [1, label & WORD, label >> 32 & WORD] if isinstance(label, int) else [2 + len(label), *map(ord, label)]
    a, b = 0x243F6A88, 0x85A308D3
    for word in words:
        a, b = mix(a, word), mix(b, word ^ 0x9E3779B9)
    return signed(finish(a ^ 0x13198A2E)), signed(finish(b ^ 0x03707344))


class Stream:
    def __init__(self, seed):
        self.s = [finish(seed[0] + 0x9E3779B9), finish(seed[1] + 0x3C6EF372),
                  finish((seed[0] & WORD) ^ 0xDAA66D2B), finish((seed[1] & WORD) ^ 0x78DDE6E4) | 1]
        self.spare = None
        for _ in range(8):
            self.word()

    def word(self):
        s = self.s
        result = rotl(s[1] * 5 & WORD, 7) * 9 & WORD
        t = s[1] << 9 & WORD
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotl(s[3], 11)
        return result

    def uniform(self):
        return self.word() / 2**32

    def below(self, bound):
        while True:
            word = self.word()
            if word < 2**32 - 2**32 % bound:
                return word % bound

    def normal(self):
        if self.spare is not None:
            value, self.spare = self.spare, None
            return value
        radius = math.sqrt(-2 * math.log(1 - self.uniform()))
        angle = 2 * math.pi * self.uniform()
        self.spare = radius * math.sin(angle)
        return radius * math.cos(angle)


def permutation(count, seed):
    order, stream = list(range(count)), Stream(seed)
    for i in range(count - 1, 0, -1):
        j = stream.below(i + 1)
        order[i], order[j] = order[j], order[i]
    return order
