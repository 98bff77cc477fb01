"""Prints the known answers of RandomStreamTests: xoshiro256++ and SplitMix64 restated with Python's integers."""
MASK = 2**64 - 1


def splitmix64(state):
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
        yield z ^ (z >> 31)


def rotate(x, k):
    return (x << k | x >> (64 - k)) & MASK


def xoshiro256pp(s):
    while True:
        yield (rotate((s[0] + s[3]) & MASK, 23) + s[0]) & MASK
        t = s[1] << 17 & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotate(s[3], 45)


def stream(seed, number):
    words = splitmix64(next(splitmix64(seed)) ^ number)
    return xoshiro256pp([next(words) for _ in range(4)])


assert next(splitmix64(1234567)) == 6457827717110365317  # published with SplitMix64
for name, generator in [("seed 0, stream 0", stream(0, 0)), ("seed 42, stream 7", stream(42, 7)), ("state 1 2 3 4", xoshiro256pp([1, 2, 3, 4]))]:
    print(name, [next(generator) for _ in range(4)])
