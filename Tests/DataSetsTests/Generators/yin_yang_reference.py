"""Prints what YinYangTests knows of the sets: an independent restatement on numpy's own RandomState. Needs numpy.

The hash is FNV-1a over the float64 bytes of x, then the labels as single bytes.
"""
import numpy as np

SMALL, BIG = 0.1, 0.5


def which(x, y):
    right = np.sqrt((x - 1.5 * BIG) ** 2 + (y - BIG) ** 2)
    left = np.sqrt((x - 0.5 * BIG) ** 2 + (y - BIG) ** 2)
    if right < SMALL or left < SMALL:
        return 2
    return int(right <= SMALL or SMALL < left <= 0.5 * BIG or (y > BIG and right > 0.5 * BIG))


def yin_yang(count, seed):
    random = np.random.RandomState(seed)
    samples, labels = [], []
    for _ in range(count):
        goal = random.randint(3)
        while True:
            x, y = random.rand(2) * 2 * BIG
            if np.sqrt((x - BIG) ** 2 + (y - BIG) ** 2) <= BIG and which(x, y) == goal:
                break
        samples.append((x, y, 1 - x, 1 - y))
        labels.append(goal)
    return np.array(samples), labels


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


for count, seed in [(5000, 42), (1000, 41), (1000, 40), (10000, 43), (100, 0), (100, 2**32 - 1)]:
    x, labels = yin_yang(count, seed)
    print(f"({count}, {seed}, 0x{fnv1a(x.astype('<f8').tobytes() + bytes(labels)):016X}),", x[0, :2].tolist(), labels[:10], np.bincount(labels))

print("RandomState(5489): words", np.random.RandomState(5489).randint(0, 2**32, size=3, dtype=np.uint64).tolist())
words = np.random.RandomState(5489)._bit_generator.random_raw(10000)
print("10,000th word", int(words[-1]), "doubles of seed 7", np.random.RandomState(7).rand(3).tolist())
print("randint of seed 7 below 3 and 1000", np.random.RandomState(7).randint(3, size=12).tolist(), np.random.RandomState(7).randint(1000, size=5).tolist())
