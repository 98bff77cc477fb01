"""Spike trains: what they accept, what they refuse, and that they never change."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import spinnprop as sp

GOOD = dict(times=[1e-3, 4e-3, 2e-3], units=[0, 1, 1], offsets=[0, 2, 3], n_units=2)


def test_fields():
    spikes = sp.SpikeTrains(**GOOD)
    assert len(spikes) == 2 and spikes.n_units == 2
    assert (spikes.times.dtype, spikes.units.dtype, spikes.offsets.dtype) == (np.float64, np.int32, np.int64)
    times, units = spikes[-1]
    assert times.tolist() == [2e-3] and units.tolist() == [1]
    assert [len(times) for times, _ in spikes] == [2, 1]
    for index in (2, -3):
        with pytest.raises(IndexError, match=str(index)):
            spikes[index]
    with pytest.raises(TypeError):
        spikes[0.5]
    assert spikes[range(1, -1, -1)] == spikes[[1, 0]]
    pandas = pytest.importorskip("pandas")
    assert spikes[pandas.Series([False, True])] == spikes[1:] and spikes[pandas.Index([1])] == spikes[1:]


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(times=[1e-3, np.nan, 2e-3]), r"times\[1\] is nan"),
        (dict(times=[1e-3, np.inf, 2e-3]), r"times\[1\] is inf"),
        (dict(times=[1e-3, -1e-9, 2e-3]), r"times\[1\] is -1e-09"),
        (dict(times=[1e-3, 2e-3]), "times has 2 elements and units 3"),
        (dict(times=[[1e-3, 4e-3, 2e-3]]), "times has 2 dimensions"),
        (dict(times=1e-3), "times has 0 dimensions"),
        (dict(units=[0, 2, 1]), r"units\[1\] is 2"),
        (dict(units=[0, -1, 1]), r"units\[1\] is -1"),
        (dict(offsets=[]), "offsets is empty"),
        (dict(offsets=[1, 2, 3]), r"offsets\[0\] is 1"),
        (dict(offsets=[0, 2, 4]), "is 4"),
        (dict(offsets=[0, 4, 3]), "3"),
        (dict(offsets=[0, -1, 3]), "-1"),
        (dict(n_units=0), "n_units is 0"),
        (dict(n_units=2**31), "n_units is 2147483648"),
    ],
)
def test_bad_values_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        sp.SpikeTrains(**{**GOOD, **change})


@pytest.mark.parametrize(
    "change",
    [
        dict(times=np.array([1, 2, 3], complex)),
        dict(times=np.array(["1", "2", "3"])),
        dict(times=np.array([1, 2, 3], object)),
        dict(times=np.array([1, 2, 3], np.longdouble)),
        dict(times=np.array([1, 2, 3], "datetime64[s]")),
        dict(times="abc"),
        dict(times=None),
        dict(n_units=2.0),
        dict(n_units=True),
        dict(n_units="2"),
    ],
)
def test_unsafe_casts_are_type_errors(change):
    with pytest.raises(TypeError):
        sp.SpikeTrains(**{**GOOD, **change})


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ">f8", np.int32, np.uint8])
def test_safe_casts_of_times(dtype):
    assert sp.SpikeTrains(np.array([1, 4, 2], dtype), [0, 1, 1], [0, 2, 3], 2).times.tolist() == [1.0, 4.0, 2.0]


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, ">i4", np.uint16])
def test_safe_casts_of_units_and_offsets(dtype):
    spikes = sp.SpikeTrains([1.0, 4.0, 2.0], np.array([0, 1, 1], dtype), np.array([0, 2, 3], dtype), 2)
    assert spikes == sp.SpikeTrains([1.0, 4.0, 2.0], [0, 1, 1], [0, 2, 3], 2)


def test_odd_layouts():
    strided = np.zeros((3, 2))
    strided[:, 1] = [1.0, 4.0, 2.0]
    unaligned = np.frombuffer(b"\0" + np.array([1.0, 4.0, 2.0]).tobytes(), np.uint8)[1:].view(np.float64)
    frozen = np.array([1.0, 4.0, 2.0])
    frozen.flags.writeable = False
    for times in (strided[:, 1], unaligned, frozen, np.array([2.0, 4.0, 1.0])[::-1]):
        assert sp.SpikeTrains(times, [0, 1, 1], [0, 2, 3], 2).times.tolist() == [1.0, 4.0, 2.0]


def test_no_needless_copy_and_read_only():
    times, units, offsets = np.array([1.0, 2.0]), np.array([0, 0], np.int32), np.array([0, 2])
    spikes = sp.SpikeTrains(times, units, offsets, 1)
    for own, given_array in ((spikes.times, times), (spikes.units, units), (spikes.offsets, offsets)):
        assert np.shares_memory(own, given_array)
        with pytest.raises(ValueError, match="read-only"):
            own[0] = 0
        given_array[0] = given_array[0]  # the caller's own array stays writable
    with pytest.raises(AttributeError):
        spikes.times = times


def test_no_samples_and_samples_without_spikes():
    assert len(sp.SpikeTrains([], [], [0], 3)) == 0
    silent = sp.SpikeTrains([], [], [0, 0, 0], 3)
    assert len(silent) == 2 and len(silent[1][0]) == 0


def test_copies_are_equal():
    spikes = sp.SpikeTrains(**GOOD)
    for twin in (copy.copy(spikes), copy.deepcopy(spikes), pickle.loads(pickle.dumps(spikes))):
        assert twin == spikes
    assert spikes != sp.SpikeTrains([1e-3], [0], [0, 1], 2) and spikes != 3
    assert "2 samples, 3 spikes" in repr(spikes)


arrays = st.one_of(
    hnp.arrays(
        dtype=st.sampled_from([np.float64, np.float32, np.int32, np.int64, np.uint8, ">f8", ">i4", np.bool_, "U1"]),
        shape=hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=5),
    ),
    st.lists(st.one_of(st.floats(), st.integers(), st.none(), st.text(max_size=2)), max_size=5),
    st.none(),
    st.floats(),
    st.integers(),
)


@given(arrays, arrays, arrays, st.one_of(st.integers(), st.floats(), st.none(), st.text(max_size=2)))
def test_whatever_is_given_ends_in_an_error_or_in_good_spikes(times, units, offsets, n_units):
    try:
        spikes = sp.SpikeTrains(times, units, offsets, n_units)
    except (ValueError, TypeError) as error:
        assert "\n" not in str(error) and str(error)
        return
    assert spikes.offsets[0] == 0 and spikes.offsets[-1] == len(spikes.times) == len(spikes.units)
    assert np.all(np.diff(spikes.offsets) >= 0)
    assert np.all(np.isfinite(spikes.times)) and np.all(spikes.times >= 0)
    assert np.all((spikes.units >= 0) & (spikes.units < spikes.n_units))


@given(st.data())
def test_good_spikes_are_accepted_and_run(source):
    counts = source.draw(st.lists(st.integers(0, 4), max_size=4))
    n = sum(counts)
    times = source.draw(hnp.arrays(np.float64, n, elements=st.floats(0, 1e3)))
    units = source.draw(hnp.arrays(np.int32, n, elements=st.integers(0, 2)))
    spikes = sp.SpikeTrains(times, units, np.cumsum([0, *counts]), 3)
    recording = sp.Network([3, 4, 2], seed=3).forward(spikes)
    assert len(recording) == len(counts)
    assert recording.first_spike_times.shape == (len(counts), 2)


def test_spike_trains_do_not_become_arrays():
    spikes = sp.SpikeTrains([1e-3, 2e-3], [0, 1], [0, 1, 2], 2)
    for made in (np.asarray, np.array, lambda own: np.concatenate([own, own])):
        with pytest.raises(TypeError, match="SpikeTrains are no array.*SpikeTrains.concatenate"):
            made(spikes)
    for key in ((0, 1), (slice(None), [0])):
        with pytest.raises(TypeError, match=r"the index is \(.*; SpikeTrains are chosen by samples alone, by one index"):
            spikes[key]


def test_spike_trains_do_not_become_tensors():
    torch = pytest.importorskip("torch")
    # As many spikes in each sample: nested sequences that would do.
    spikes = sp.SpikeTrains([1e-3, 2e-3], [0, 1], [0, 1, 2], 2)
    for made in (torch.as_tensor, torch.tensor, torch.Tensor, torch.from_dlpack, torch.zeros(1).new_tensor):
        with pytest.raises(TypeError, match="SpikeTrains are no array.*to_dense"):
            made(spikes)


def test_counts_that_no_memory_holds_are_refused():
    with pytest.raises(MemoryError, match="spike trains with 2000000000000 spikes takes .*give fewer samples"):
        sp.SpikeTrains.from_dense(np.full((1, 1000, 1), 2e9), 1e-3)
    with pytest.raises(ValueError, match="is 2147483648; elements are numbers of spikes: 0, 1, 2 ... 2147483647"):
        sp.SpikeTrains.from_dense(np.full((1, 1, 1), 2**31), 1e-3)


def test_what_does_not_fit_memory_says_how_large_it_is(monkeypatch):
    hours = sp.SpikeTrains([4 * 3600.0], [0], [0, 1], 700)
    for n_steps, size in ((None, 14400000001), (10**9, 10**9), (2**62, 2**62)):
        with pytest.raises(MemoryError, match=rf"an array of \(1, {size}, 700\) .* at dt = 1e-06 s takes .* GB .* free; give a larger dt, fewer n_steps"):
            hours.to_dense(1e-6, n_steps)
    monkeypatch.setattr("spinnprop._support.memory.free_bytes", lambda: 1000.0)
    events = np.array([(3, 1)] * 50, [("t", "i8"), ("x", "i2")])
    for make in (
        lambda: sp.SpikeTrains.from_lists([([1e-3] * 25, [0] * 25)] * 2, 1),
        lambda: sp.SpikeTrains.from_dense(np.ones((1, 50, 1)), 1e-3),
        lambda: sp.SpikeTrains.from_events(events, 2),
    ):
        with pytest.raises(MemoryError, match="spike trains with 50 spikes takes 0.00 GB .*give fewer samples at a time"):
            make()


def test_a_spike_that_cannot_be_is_named_by_its_sample():
    for unit, time, said in ((0, np.nan, r"times\[2\] is nan, spike 1 of sample 1;"), (5, 0.0, r"units\[2\] is 5, spike 1 of sample 1;")):
        with pytest.raises(ValueError, match=said):
            sp.SpikeTrains.from_lists([([0.1], [0]), ([0.1, time], [0, unit])], 3)


def test_samples_that_no_memory_holds(monkeypatch):
    spikes = sp.SpikeTrains(np.zeros(10**6), np.zeros(10**6, np.int32), [0, 10**6], 1)
    events = np.zeros(10**6, [("t", "i8"), ("x", "i2")])
    monkeypatch.setattr("spinnprop._support.memory.free_bytes", lambda: 20e6)
    for make in (lambda: spikes[[0, 0, 0]], lambda: sp.SpikeTrains.concatenate([spikes] * 3), lambda: sp.SpikeTrains.from_events([events] * 3)):
        with pytest.raises(MemoryError, match="an array of spike trains with 3000000 spikes takes 0.09 GB .*give fewer samples at a time"):
            make()
    monkeypatch.setattr("spinnprop._support.memory.free_bytes", lambda: 35e6)
    with pytest.raises(MemoryError, match="a recording of 1000000 events to be cut takes 0.04 GB .*give a part of it at a time"):
        sp.SpikeTrains.from_events(events, sample_starts=[0])


def test_ranges_of_more_samples_than_there_are():
    spikes = sp.SpikeTrains([], [], [0, 0, 0], 1)
    with pytest.raises(IndexError, match=r"the index is range\(0, 1000000000000\), but there are 2 samples"):
        spikes[range(10**12)]
    assert len(spikes[range(1, -3, -1)]) == 4 and len(spikes[range(0)]) == 0


@pytest.mark.filterwarnings("error")
def test_the_last_step_before_infinity():
    spikes = sp.SpikeTrains([1.7e308, 5e-324], [0, 0], [0, 1, 2], 1)
    assert spikes[:1].to_dense(1e308).ravel().tolist() == [0, 1] and spikes[1:].to_dense(5e-324).ravel().tolist() == [0, 1]
    with pytest.raises(ValueError, match="too small to count the steps to a spike at .*; give a larger one"):
        spikes.to_dense(5e-324)
