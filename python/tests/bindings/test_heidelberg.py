"""SHD and SSC from HDF5 files, which these tests write: whole, in part, cut, damaged, and larger than memory."""

import subprocess
import sys

import numpy as np
import pytest
import spoken

import spinnprop as sp
from spinnprop._support import memory

h5py = pytest.importorskip("h5py", reason="h5py reads the files")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shd")
    spoken.write_set(folder, 150, 20)
    return folder


@pytest.mark.parametrize("cache", [True, False])
def test_shd(whole, cache):
    for _ in range(2):
        spikes, y = sp.datasets.shd(whole, cache=cache)
        times, labels = spoken.draw(150, 0)
        assert np.array_equal(y, labels) and y.dtype == np.int64 and spikes.n_units == 700 and len(spikes) == 150
        dense = np.empty_like(times)
        for n, (own, units) in enumerate(spikes):
            assert (np.diff(own) >= 0).all()
            dense[n, units] = own
        assert np.array_equal(dense, times.astype(np.float32))
    test, y_test = sp.datasets.shd(str(whole), part="test", cache=cache)
    assert len(test) == len(y_test) == 20


@pytest.mark.parametrize("samples", [slice(0, 10), slice(60, 140), slice(None, None, 7), slice(-5, None), slice(3, 3), slice(149, 1000)])
def test_some_samples(whole, samples):
    spikes, y = sp.datasets.shd(whole)
    part, labels = sp.datasets.shd(whole, samples=samples)
    assert part == spikes[samples] and np.array_equal(labels, y[samples])


def test_in_steps(tmp_path):
    spoken.write(tmp_path / "ssc_valid.h5", [[0.0, 0.4e-3, 0.9e-3, 1.1e-3], [], [2.5e-3]], [34, 0, 7], [[5, 5, 6, 5], [], [699]])
    spikes, y = sp.datasets.ssc(tmp_path, part="valid", step_time=1e-3)
    assert y.tolist() == [34, 0, 7] and spikes[0][0].tolist() == [0.5e-3, 0.5e-3, 1.5e-3] and spikes[0][1].tolist() == [5, 6, 5]
    assert len(spikes[1][0]) == 0 and spikes[2][0].tolist() == [2.5e-3] and spikes[2][1].tolist() == [699]


def test_times_of_two_bytes(tmp_path):
    spoken.write(tmp_path / "shd_test.h5", [[0.1, 0.5]], [3], time_type="f2")
    assert sp.datasets.shd(tmp_path, part="test")[0].times.tolist() == np.array([0.1, 0.5], "f2").tolist()


@pytest.mark.parametrize("step", [None, 0.5])
def test_whole_numbers_are_taken_as_seconds_with_a_warning(tmp_path, step):
    spoken.write(tmp_path / "shd_test.h5", [[], [1, 250]], [3, 4], [[], [0, 1]], time_type="i4")
    # From the file, and then from the cache.
    for _ in range(2):
        with pytest.warns(UserWarning, match=r"shd_test.h5 are whole numbers up to 250 and taken as seconds; if they are milliseconds") as said:
            spikes, _ = sp.datasets.shd(tmp_path, part="test", step_time=step)
        assert said[0].filename == __file__
    assert spikes.times.tolist() == ([1.0, 250.0] if step is None else [1.25, 250.25])
    spoken.write(tmp_path / "shd_train.h5", [[0, 0]], [3], [[0, 1]], time_type="i4")
    assert sp.datasets.shd(tmp_path)[0].times.tolist() == [0.0, 0.0]


def test_times_that_no_word_lasts(tmp_path):
    spoken.write(tmp_path / "shd_test.h5", [[0.25], [1.5, 998.25]], [3, 4], [[5], [0, 1]])
    for _ in range(2):
        with pytest.warns(UserWarning, match=r"shd_test.h5 are up to 998.25 and taken as seconds; if they are milliseconds, go on with"):
            spikes, _ = sp.datasets.shd(tmp_path, part="test")
    assert spikes.times.tolist() == [0.25, 1.5, 998.25]


def test_a_cache_without_labels_or_with_too_few_is_read_anew(whole, tmp_path, monkeypatch):
    monkeypatch.setenv("SPINNPROP_CACHE", str(tmp_path))
    spikes, y = sp.datasets.shd(whole, part="test")
    (path,) = tmp_path.iterdir()
    with np.load(path) as kept:
        arrays = dict(kept)
    for spoilt_ones in ({name: own for name, own in arrays.items() if name != "labels"}, {**arrays, "labels": arrays["labels"][:-1]}):
        np.savez(path, **spoilt_ones)
        again, labels = sp.datasets.shd(whole, part="test")
        assert again == spikes and np.array_equal(labels, y)


@pytest.mark.parametrize("step", [1e-18, 1e-14, 5e-324])
def test_steps_that_are_too_short_to_count(tmp_path, step):
    spoken.write(tmp_path / "shd_test.h5", [[0.1, 0.5]], [3], [[3, 699]])
    with pytest.raises(ValueError, match=rf"step_time is {step} s, too short .* until 0.5 s, in .*shd_test.h5; give at least 8e-14") as said:
        sp.datasets.shd(tmp_path, part="test", step_time=step)
    least = float(str(said.value).split("give at least ")[1].split(",")[0])
    assert sp.datasets.shd(tmp_path, part="test", step_time=least)[0].units.tolist() == [3, 699]


def test_no_samples_are_no_error(tmp_path):
    spoken.write(tmp_path / "shd_train.h5", [], [])
    spikes, y = sp.datasets.shd(tmp_path)
    assert len(spikes) == len(y) == 0 and spikes.n_units == 700


def test_missing_files_and_packages(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"has no shd_train.h5; get shd_train.h5.zip or .gz from https://\S+ and unpack it there"):
        sp.datasets.shd(tmp_path)
    (tmp_path / "shd_train.h5.gz").write_bytes(b"x")
    with pytest.raises(FileNotFoundError, match="shd_train.h5.gz, which is compressed; unpack it"):
        sp.datasets.shd(tmp_path)
    with pytest.raises(ValueError, match="part is 'valid'; it must be 'train' or 'test'"):
        sp.datasets.shd(tmp_path, part="valid")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match=r"datasets.ssc needs h5py .*pip install 'spinnprop\[data\]'"):
        sp.datasets.ssc(tmp_path)


def spoilt(path, name, values):
    with h5py.File(path, "r+") as file:
        if name in file:
            del file[name]
        if values is not None:
            file[name] = values


@pytest.mark.parametrize(
    "name, values, said",
    [
        ("spikes/times", None, "has no list spikes/times"),
        ("spikes", None, "has no list spikes/times"),
        ("spikes/units", np.zeros(3), "spikes/units of .* has the type float64; its elements must be arrays of whole numbers"),
        ("spikes/times", ["a", "b", "c"], "spikes/times of .* has the type object; its elements must be arrays of numbers"),
        ("labels", None, "has no list labels"),
        ("labels", np.zeros((3, 1), int), "has no list labels"),
        ("labels", np.zeros(3), "labels of .* has the type float64; its elements must be whole numbers"),
        ("labels", np.array([0, 20, 1]), "label 1 of .* is 20; labels are 0 .. 19; get the file again, or number classes of your own so"),
        ("labels", np.array([0, 1, -1]), "label 2 of .* is -1"),
        ("labels", np.array([0, 1]), "has 3 spikes/times, 3 spikes/units, 2 labels"),
    ],
    ids=range(10),
)
def test_files_of_another_form(tmp_path, name, values, said):
    path = tmp_path / "shd_train.h5"
    spoken.write(path, [[0.1], [0.2], [0.3]], [0, 1, 2])
    spoilt(path, name, values)
    with pytest.raises(ValueError, match=said):
        sp.datasets.shd(tmp_path)


@pytest.mark.parametrize(
    "times, units, said",
    [
        ([0.1, np.nan], [1, 2], "spike 1 of sample 1 of .* is at nan s in channel 2"),
        ([-1.0], [1], "spike 0 of sample 1 of .* is at -1.0 s"),
        ([np.inf], [1], "is at inf s"),
        ([0.1], [700], "in channel 700; times must be finite and >= 0, channels 0 .. 699"),
        ([0.1, 0.2], [3], "sample 1 of .* has 2 times and 1 units"),
    ],
    ids=range(5),
)
def test_spikes_that_are_none(tmp_path, times, units, said):
    spoken.write(tmp_path / "shd_train.h5", [[0.1], times], [0, 1], [[0], units])
    with pytest.raises(ValueError, match=said):
        sp.datasets.shd(tmp_path)


def promising(path, n):
    """A file that says that it has n samples, of which it holds the first three."""
    spoken.write(path, [[0.1], [0.2], [0.3]], [0, 1, 2], [[0], [1], [2]])
    with h5py.File(path, "r+") as file:
        for name in ("spikes/times", "spikes/units", "labels"):
            values, dtype = file[name][:], file[name].dtype
            del file[name]
            own = file.create_dataset(name, (n,), dtype, chunks=(1000,))
            for place, value in enumerate(values):
                own[place] = value


def test_a_file_that_promises_more_samples_than_memory_holds(tmp_path):
    promising(tmp_path / "shd_train.h5", 10**12)
    with pytest.raises(MemoryError, match=r"1000000000000 samples of .*shd_train.h5 takes .* free; read fewer at a time, as samples=slice\(0, 1000\)"):
        sp.datasets.shd(tmp_path)
    spikes, y = sp.datasets.shd(tmp_path, samples=slice(0, 3))
    assert spikes.units.tolist() == y.tolist() == [0, 1, 2]


def test_labels_are_judged_as_they_are(tmp_path):
    path = tmp_path / "shd_train.h5"
    spoken.write(path, [[0.1], [0.2], [0.3]], [0, 1, 2])
    spoilt(path, "labels", np.array([0, 2**64 - 1, 1], np.uint64))
    for samples in (None, slice(1, 3)):
        with pytest.raises(ValueError, match=f"label 1 of .* is {2**64 - 1}; labels are 0 .. 19"):
            sp.datasets.shd(tmp_path, samples=samples)


def test_large_samples_are_read_one_by_one(tmp_path, monkeypatch):
    """As HDF5 hands out whole blocks, whatever is in them, these shrink with the samples: no more than a few of the largest are in memory at once."""
    many = 3 << 19
    spoken.write(tmp_path / "shd_train.h5", [[0.1]] * 70 + [np.zeros(many)] * 3, np.zeros(73), [[0]] * 70 + [np.zeros(many)] * 3)
    blocks = []
    plain = h5py.Dataset.__getitem__
    monkeypatch.setattr(h5py.Dataset, "__getitem__", lambda self, key: blocks.append((self.name, key)) or plain(self, key))
    spikes, _ = sp.datasets.shd(tmp_path, cache=False)
    assert np.diff(spikes.offsets).tolist() == [1] * 70 + [many] * 3
    sizes = [key.stop - key.start for name, key in blocks if name == "/spikes/times"]
    assert max(sizes) <= 64 and sizes[:4] == [1, 2, 4, 8]
    spoken.write(tmp_path / "shd_train.h5", [np.zeros(many)] * 3, np.zeros(3), [np.zeros(many)] * 3)
    blocks.clear()
    sp.datasets.shd(tmp_path, cache=False)
    assert [key.stop - key.start for name, key in blocks if name == "/spikes/times"] == [1, 1, 1]


def test_times_near_the_largest_float(tmp_path):
    spoken.write(tmp_path / "shd_test.h5", [[1e308]], [3], [[699]], time_type="f8")
    with pytest.raises(ValueError, match=r"too short to tell steps apart until 1e\+308 s, .*; give at least 2e\+295") as said:
        sp.datasets.shd(tmp_path, part="test", step_time=1e-3)
    with pytest.warns(UserWarning, match="up to"):
        least = float(str(said.value).split("give at least ")[1].split(",")[0])
        assert sp.datasets.shd(tmp_path, part="test", step_time=least)[0].units.tolist() == [699]


def test_a_longer_step_than_any_file_has_samples(whole):
    assert len(sp.datasets.shd(whole, samples=slice(0, None, 2**70))[0]) == 1


def test_files_that_are_cut_or_damaged(whole, tmp_path):
    """In a process of their own, lest the HDF5 library takes these tests with it."""
    code = (
        "import sys, numpy as np, spinnprop as sp\n"
        "from pathlib import Path\n"
        "whole, folder = Path(sys.argv[1]).read_bytes(), Path(sys.argv[2])\n"
        "path, random, refused = folder / 'shd_test.h5', np.random.default_rng(0), 0\n"
        "def read():\n"
        "    global refused\n"
        "    try: sp.datasets.shd(folder, part='test', cache=False)\n"
        "    except ValueError as error: refused += str(path) in str(error) and '\\n' not in str(error)\n"
        "for size in [0, 1, 8, 100, *range(500, len(whole), len(whole) // 20)]:\n"
        "    path.write_bytes(whole[:size])\n"
        "    before = refused\n"
        "    read()\n"
        "    assert refused == before + 1, size\n"
        "for _ in range(150):\n"
        "    damaged = bytearray(whole)\n"
        "    damaged[random.integers(min(4096, len(whole)))] ^= 1 << random.integers(8)\n"
        "    path.write_bytes(damaged)\n"
        "    read()\n"
        "print(refused)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(whole / "shd_test.h5"), str(tmp_path)], stdout=subprocess.PIPE)
    assert done.returncode == 0 and int(done.stdout) > 30


def test_more_than_memory_holds(whole, tmp_path, monkeypatch):
    n, many = 40, 60_000
    spoken.write(tmp_path / "shd_train.h5", [np.linspace(0, 0.5, many)] * n, np.zeros(n), [np.zeros(many)] * n)
    monkeypatch.setattr(memory, "free_bytes", lambda: 24e6)
    with pytest.raises(MemoryError, match=r"takes 0.0\d GB of memory, of which 0.02 GB are free; read fewer .*slice\(0, 1000\), or step_time=1e-3"):
        sp.datasets.shd(tmp_path)
    assert len(sp.datasets.shd(tmp_path, samples=slice(0, 10))[0].times) == 10 * many
    assert len(sp.datasets.shd(tmp_path, step_time=1e-3)[0].times) == n * 501
