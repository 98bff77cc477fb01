"""Small files in the formats of data sets, written by tests."""

import struct

import numpy as np

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (12, 28, 28)).astype(np.uint8)
LABELS = (np.arange(12) % 10).astype(np.uint8)


def idx(array, magic=None, sizes=None):
    """An IDX file of bytes: 0, 0, 8, the number of dimensions, big-endian sizes, the values."""
    sizes = array.shape if sizes is None else sizes
    return struct.pack(f">{1 + len(sizes)}I", 0x800 + array.ndim if magic is None else magic, *sizes) + array.tobytes()


def write_mnist(folder, part="train", images=None, labels=None, spelling="{}-idx{}-ubyte", pack=bytes):
    for name, content, ndim in (("images", images, 3), ("labels", labels, 1)):
        content = idx(IMAGES if ndim == 3 else LABELS) if content is None else content
        (folder / spelling.format(f"{part}-{name}", ndim)).write_bytes(pack(content))


def events(*rows):
    """Of (column, row, polarity, microseconds), or of an array with such rows, five bytes each."""
    x, y, p, t = np.array(rows, np.int64).reshape(-1, 4).T
    return np.stack([x, y, p << 7 | t >> 16, t >> 8 & 255, t & 255], axis=1).astype(np.uint8).tobytes()


def write_nmnist(folder, part="Train", files=None):
    for digit in range(10):
        own = folder / part / str(digit)
        own.mkdir(parents=True)
        (own / "00001.bin").write_bytes(events((digit, 2, 1, 1000 * digit)))
    for name, content in (files or {}).items():
        (folder / part / name).write_bytes(content)
