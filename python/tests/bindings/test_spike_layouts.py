"""Spike trains as data: chosen, joined, and made from other layouts."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spinnprop as sp


def trains(seed=0, n=6, n_units=4):
    random = np.random.default_rng(seed)
    counts = random.integers(0, 5, n)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return sp.SpikeTrains(random.uniform(0, 0.1, offsets[-1]), random.integers(0, n_units, offsets[-1]), offsets, n_units)


def as_list(spikes):
    return [(times.tolist(), units.tolist()) for times, units in spikes]


KEYS = [
    slice(None), slice(2, 5), slice(5, 2), slice(0, 0), slice(6, 9), slice(-2, None), slice(None, None, 2), slice(None, None, -1), slice(4, 1, -2),
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_slices_are_those_of_the_samples(key):
    spikes = trains()
    own = spikes[key]
    assert isinstance(own, sp.SpikeTrains) and as_list(own) == as_list(spikes)[key] and own.shape == (len(own), 4)
    assert own == sp.SpikeTrains(own.times, own.units, own.offsets, own.n_units)
    with pytest.raises(ValueError, match="read-only"):
        own.offsets[0] = 1


@given(st.lists(st.integers(-6, 5)), st.integers(0, 5))
def test_arrays_choose_samples(index, seed):
    spikes = trains(seed)
    wanted = [as_list(spikes)[n] for n in index]
    for key in (index, np.array(index, np.int64), np.array(index, np.int8)):
        assert as_list(spikes[key]) == wanted
    chosen = np.isin(np.arange(6), np.array(index, np.int64) % 6)
    assert as_list(spikes[chosen]) == as_list(spikes[chosen.tolist()]) == [own for own, is_in in zip(as_list(spikes), chosen) if is_in]


@pytest.mark.parametrize("key, error", [
    ([6], IndexError), ([-7], IndexError), ([[0]], IndexError), (np.zeros((2, 2), int), IndexError), ([True], IndexError),
    (np.zeros(7, bool), IndexError), ([0.5], TypeError), (["a"], TypeError), ((0, 1), TypeError), (None, TypeError), (Ellipsis, TypeError),
    (np.array([2**63], np.uint64), IndexError), (True, TypeError),
])  # fmt: skip
def test_what_names_no_samples_is_refused(key, error):
    with pytest.raises(error):
        trains()[key]


def test_a_forward_of_chosen_samples_is_that_of_all():
    X, _ = sp.datasets.yin_yang(40, seed=1)
    spikes = sp.encoding.latency(X, bias=0.0)
    net = sp.Network([5, 20, 3], seed=2)
    whole = net.forward(spikes).spikes[-1]
    for key in (slice(3, 30, 4), np.array([5, 5, 0, 39])):
        assert net.forward(spikes[key]).spikes[-1] == whole[key]


def test_scikit_learn_splits_them():
    model_selection = pytest.importorskip("sklearn.model_selection")
    spikes, y = trains(3, 40), np.arange(40) % 2
    first, second, y_first, y_second = model_selection.train_test_split(spikes, y, random_state=0, stratify=y)
    assert isinstance(first, sp.SpikeTrains) and (len(first), len(second)) == (len(y_first), len(y_second)) == (30, 10)
    order = np.argsort(np.concatenate(model_selection.train_test_split(np.arange(40), random_state=0, stratify=y)))
    assert sp.SpikeTrains.concatenate([first, second])[order] == spikes


def test_concatenate():
    spikes = trains()
    assert sp.SpikeTrains.concatenate([spikes[:2], spikes[2:2], spikes[2:]]) == spikes
    assert sp.SpikeTrains.concatenate(iter([spikes])) == spikes
    for parts, error in [([], ValueError), ([spikes, trains(n_units=5)], ValueError), ([spikes, 3], TypeError), (spikes, TypeError)]:
        with pytest.raises(error):
            sp.SpikeTrains.concatenate(parts)


def test_lists():
    spikes = trains()
    assert sp.SpikeTrains.from_lists(spikes, 4) == spikes
    assert len(sp.SpikeTrains.from_lists([], 4)) == 0
    in_ms = sp.SpikeTrains.from_lists([([1, 2], [0, 1]), ((), ()), (np.array([0.5]), [3])], 4, time_unit="ms")
    assert as_list(in_ms) == [([1e-3, 2e-3], [0, 1]), ([], []), ([5e-4], [3])]
    for samples, word in [
        ([([1e-3], [0, 1])], "sample 0 has 1 times and 2 units"), ([3], "sample 0 is 3"), ([([1e-3], [4])], "units"), ([([np.nan], [0])], "nan"),
        ([([-1.0], [0])], "-1"), ([([1e-3], [0.5])], "0.5"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=word):
            sp.SpikeTrains.from_lists(samples, 4)


@given(st.integers(0, 1000), st.sampled_from([1e-3, 5e-4, 0.1, 0.0005097352393619469, 1 / 3]))
def test_dense_arrays_go_there_and_back(seed, dt):
    random = np.random.default_rng(seed)
    dense = random.poisson(0.3, (3, 17, 5))
    spikes = sp.SpikeTrains.from_dense(dense, dt)
    assert spikes.shape == (3, 5) and len(spikes.times) == dense.sum()
    np.testing.assert_array_equal(spikes.to_dense(dt, 17), dense)
    np.testing.assert_array_equal(spikes.to_dense(dt), dense[:, : np.flatnonzero(dense.any((0, 2)))[-1] + 1])


def test_every_step_holds_both_its_ends():
    dt, steps = 0.0005097352393619469, 200
    for times in (np.arange(steps) * dt, np.nextafter(np.arange(1, steps + 1) * dt, 0)):
        spikes = sp.SpikeTrains(times, np.zeros(steps, np.int32), [0, steps], 1)
        assert (spikes.to_dense(dt) == 1).all() and spikes.to_dense(dt).shape == (1, steps, 1)


@pytest.mark.parametrize("array, dt, error", [
    (np.zeros((2, 3)), 1e-3, ValueError), (np.full((1, 1, 1), 0.5), 1e-3, ValueError), (np.full((1, 1, 1), -1), 1e-3, ValueError),
    (np.full((1, 1, 1), np.nan), 1e-3, ValueError), (np.full((1, 1, 1), np.inf), 1e-3, ValueError), (np.full((1, 1, 1), "a"), 1e-3, TypeError),
    (np.ones((1, 1, 1)), 0, ValueError), (np.ones((1, 1, 1)), np.nan, ValueError), (np.ones((1, 1, 1)), "1", TypeError),
    (np.ones((1, 1, 0)), 1e-3, ValueError), (np.full((1, 1, 1), 1j), 1e-3, TypeError),
])  # fmt: skip
def test_dense_arrays_that_are_none(array, dt, error):
    with pytest.raises(error):
        sp.SpikeTrains.from_dense(array, dt)


def test_dense_arrays_of_nothing_and_too_much():
    assert sp.SpikeTrains.from_dense(np.zeros((0, 4, 2), bool), 1e-3).shape == (0, 2)
    nothing = sp.SpikeTrains.from_dense(np.zeros((3, 4, 2), np.uint8), 1e-3)
    assert nothing.shape == (3, 2) and nothing.to_dense(1e-3).shape == (3, 0, 2)
    far = sp.SpikeTrains([1e6], [0], [0, 1], 1)
    with pytest.raises(MemoryError, match="n_steps"):
        far.to_dense(1e-9)
    with pytest.raises(ValueError, match="too small"):
        far.to_dense(1e-15)
    assert far.to_dense(1e-9, 3).sum() == 0
    for n_steps in (-1, 0.5):
        with pytest.raises((ValueError, TypeError)):
            far.to_dense(1.0, n_steps)


CAMERA = [("t", "u4"), ("x", "u2"), ("y", "u2"), ("p", "?")]


def test_events_of_a_camera():
    first = np.array([(5, 1, 0, True), (9, 2, 3, False)], CAMERA)
    second = np.array([], CAMERA)
    spikes = sp.SpikeTrains.from_events([first, second], (3, 4, 2))
    assert spikes.n_units == 24 and as_list(spikes) == [([5e-6, 9e-6], [1 + 12, 2 + 3 * 3]), ([], [])]
    assert sp.SpikeTrains.from_events(first, (3, 4, 2)) == spikes[:1]
    assert sp.SpikeTrains.from_events(first[::-1], (3, 4)).units.tolist() == [11, 1]
    assert sp.SpikeTrains.from_events([first, second]) == sp.SpikeTrains.from_events([first, second], (3, 4, 2))
    assert sp.SpikeTrains.from_events(first[:1], time_unit="us").n_units == 2 * 1 * 2
    assert sp.SpikeTrains.from_events([second]).n_units == 1
    cochlea = np.array([(0.25, 699)], [("time", "f4"), ("x", "i2")])
    assert as_list(sp.SpikeTrains.from_events(cochlea, 700, time_unit="s")) == [([0.25], [699])]


@pytest.mark.parametrize("events, size, word", [
    (np.array([(5, 3, 0, 1)], CAMERA), (3, 4, 2), "x of event 0 of sample 0 is 3"), (np.array([(5, 0, 4, 1)], CAMERA), (3, 4, 2), "y of event 0"),
    (np.array([(5, 0)], [("t", "i4"), ("x", "i4")]), (3, 4), "y is needed"), (np.array([(5, 0)], [("t", "i4"), ("q", "i4")]), 3, "x is needed"),
    (np.array([(5, 0)], [("q", "i4"), ("x", "i4")]), 3, "one of t, time"), (np.array([(-5, 0)], [("t", "i4"), ("x", "i4")]), 3, "times"),
    (np.array([(5, 0, 0, 1)], CAMERA), (), "sensor_size"), (np.array([(5, 0, 0, 1)], CAMERA), (3, 0), "sensor_size"),
    (np.array([(5, 0, 0, 1)], CAMERA), (2**20, 2**20), "sensor_size"), (np.array([(5, 0, 0, 1)], CAMERA), (1, 2, 3, 4), "sensor_size"),
    (np.array([(5, 0, -1)], [("t", "i4"), ("x", "i4"), ("pol", "i1")]), (3, 1, 2), "polarities are 0 and 1: make 0 of -1"),
    (np.array([(5, 0, -1)], [("t", "i4"), ("x", "i4"), ("p", "i1")]), None, "p of event 0 of sample 0 is -1; polarities are 0 and 1"),
    (np.array([(5, -3)], [("t", "i4"), ("x", "i4")]), None, "x of event 0 of sample 0 is -3; it must be 0 "),
    (np.array([(0.5, -1)], [("t", "f4"), ("x", "i4")]), 3, "x of event 0"), (np.array([(0.5, 0.5)], [("t", "f4"), ("x", "f4")]), 3, "x has the value 0.5"),
])  # fmt: skip
def test_events_that_do_not_fit(events, size, word):
    with pytest.raises(ValueError, match=word):
        sp.SpikeTrains.from_events(events, size)


def test_events_of_a_table():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"t": [3, 1200], "x": [1, 0]})
    for events in (table, [table]):
        with pytest.raises(TypeError, match=r"give to_records\(index=False\)$"):
            sp.SpikeTrains.from_events(events)
    assert as_list(sp.SpikeTrains.from_events(table.to_records(index=False))) == [([3e-6, 1200e-6], [1, 0])]


def test_events_in_fractions_of_microseconds():
    seconds = np.array([(2.0, 0), (0.25, 1)], [("t", "f8"), ("x", "i2")])
    with pytest.warns(UserWarning, match="such as 0.25, and is taken in microseconds; give time_unit"):
        sp.SpikeTrains.from_events(seconds)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sp.SpikeTrains.from_events(seconds, time_unit="s").times.tolist() == [2.0, 0.25]
        sp.SpikeTrains.from_events(seconds[:1])


def test_samples_cut_in_another_unit():
    stream = np.array([(90, 0), (260_000, 1), (998_066, 0)], [("t", "i8"), ("x", "i2")])
    starts = [0.0, 0.25, 0.5, 0.75]
    with pytest.warns(UserWarning, match="^sample_starts has fractions, such as 0.25, and is taken in microseconds, as t of events is; give it"):
        sp.SpikeTrains.from_events(stream, 2, sample_starts=starts)
    with pytest.warns(UserWarning, match="^sample_length has fractions, such as 0.2"):
        assert not len(sp.SpikeTrains.from_events(stream, 2, sample_starts=[0, 1], sample_length=0.2).times)
    with pytest.warns(UserWarning, match="no event lies in a sample: t goes from 90 to 998066 beside .* from 0.0 to 0.75 and sample_length 0.2; give"):
        assert not len(sp.SpikeTrains.from_events(stream, 2, time_unit="ms", sample_starts=starts, sample_length=0.2).times)
    with pytest.warns(UserWarning, match="no event lies in a sample: t goes from 90 to 998066 beside sample_starts from 5000000 to 6000000; give"):
        sp.SpikeTrains.from_events(stream, 2, sample_starts=[5_000_000, 6_000_000])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for kept in ({}, {"sample_starts": np.multiply(starts, 1e6)}, {"sample_length": 100.0}):
            assert len(sp.SpikeTrains.from_events(stream, 2, **kept).times)
        sp.SpikeTrains.from_events(stream[:0], 2, sample_starts=[0, 1])


RECORDED = np.array([(90, 0), (100, 1), (260, 2), (199, 0), (200, 1), (650, 1)], [("t", "i8"), ("x", "i2")])


@pytest.mark.parametrize("begun", [0, 1_700_000_000_000_000])
@pytest.mark.parametrize("starts", [np.array([100, 200, 300, 600]), [100.0, 200.0, 300.0, 600.0]])
def test_samples_recorded_one_after_another(starts, begun):
    stream = RECORDED.copy()
    stream["t"] += begun
    starts = np.add(starts, begun)
    spikes = sp.SpikeTrains.from_events(stream, 3, sample_starts=starts)
    assert as_list(spikes) == [([0.0, 99e-6], [1, 0]), ([60e-6, 0.0], [2, 1]), ([], []), ([50e-6], [1])]
    short = sp.SpikeTrains.from_events(stream, 3, sample_starts=starts, sample_length=60)
    assert as_list(short) == [([0.0], [1]), ([0.0], [1]), ([], []), ([50e-6], [1])]
    # The same as recordings of their own.
    parts = [stream[[1, 3]], stream[[2, 4]], stream[:0], stream[5:]]
    assert sp.SpikeTrains.from_events(parts, 3, sample_starts=starts) == spikes
    assert sp.SpikeTrains.from_events(parts, 3, sample_starts=starts, sample_length=60) == short
    assert sp.SpikeTrains.from_events(stream, sample_starts=starts).n_units == 3
    as_unsigned = stream.astype([("t", "u8"), ("x", "i2")])
    assert sp.SpikeTrains.from_events(as_unsigned, 3, sample_starts=starts) == spikes
    empty = sp.SpikeTrains.from_events(stream[:0], 3, sample_starts=starts)
    assert empty.shape == (4, 3) and not len(empty.times)


def test_times_of_samples_are_of_the_unit_of_times():
    stream = np.array([(0.1, 0), (0.25, 1), (0.5, 0)], [("t", "f8"), ("x", "i2")])
    spikes = sp.SpikeTrains.from_events(stream, 2, time_unit="s", sample_starts=[0, 0.25], sample_length=0.2)
    assert as_list(spikes) == [([0.1], [0]), ([0.0], [1])]
    nanoseconds = np.array([(2**60 + 1, 0)], [("t", "u8"), ("x", "i2")])
    assert sp.SpikeTrains.from_events(nanoseconds, 1, time_unit="ns", sample_starts=[2**60]).times.tolist() == [1e-9]


@pytest.mark.parametrize("starts, length, error, word", [
    ([], None, ValueError, "0 elements"), ([3, 3], None, ValueError, r"sample_starts\[1\] is 3 after 3"),
    ([0, np.nan], None, ValueError, r"sample_starts\[1\] is nan"), ([-1, 2], None, ValueError, r"sample_starts\[0\] is -1; starts must be finite and >= 0"),
    ([0, np.inf], None, ValueError, "finite"), (5, None, ValueError, "dimensions"), (["a"], None, TypeError, "sample_starts"),
    ([2**64 - 1], None, ValueError, "sample_starts"), ([2**64], None, TypeError, "sample_starts"),
    (None, 0, ValueError, "sample_length"), (None, np.nan, ValueError, "sample_length"), (None, "a", TypeError, "sample_length"),
])  # fmt: skip
def test_starts_that_cannot_be(starts, length, error, word):
    with pytest.raises(error, match=word):
        sp.SpikeTrains.from_events(RECORDED, 3, sample_starts=starts, sample_length=length)


def test_events_that_no_sample_can_have():
    with pytest.raises(ValueError, match="event 0 of sample 1 is at 90, before the sample's start at 95; give an earlier start"):
        sp.SpikeTrains.from_events([RECORDED, RECORDED], 3, sample_starts=[0, 95])
    with pytest.raises(ValueError, match="sample_starts has 1 elements for 2 samples"):
        sp.SpikeTrains.from_events([RECORDED, RECORDED], 3, sample_starts=[0])
    lost = np.array([(1.0, 0), (np.nan, 0)], [("t", "f8"), ("x", "i2")])
    with pytest.raises(ValueError, match="nan"):
        sp.SpikeTrains.from_events(lost, 3, sample_starts=[0], sample_length=5)
    least = np.array([(-(2**63), 0)], [("t", "i8"), ("x", "i2")])
    with pytest.raises(ValueError, match="before the sample's start"):
        sp.SpikeTrains.from_events([least], 3, sample_starts=[5])


def test_events_that_are_none():
    for events in (3, [3], np.zeros((2, 4)), [np.zeros(3)]):
        with pytest.raises(TypeError):
            sp.SpikeTrains.from_events(events, 3)


def test_no_mask_is_lost():
    masked = np.ma.masked_array
    for call in (
        lambda: trains()[masked([0, 1], [0, 1])],
        lambda: sp.SpikeTrains.from_dense(masked(np.ones((1, 2, 2)), np.ones((1, 2, 2))), 1e-3),
        lambda: sp.SpikeTrains.from_lists([(masked([1e-3], [1]), [0])], 2),
        lambda: sp.SpikeTrains.from_lists([([1e-3], masked([0], [1]))], 2),
        lambda: sp.SpikeTrains.from_events(masked([(1, 2)], [(0, 1)], [("t", "i4"), ("x", "i4")]), 3),
        lambda: sp.encoding.delta_modulation([masked([[0.0], [5.0]], [[0], [1]])], 1e-3, 1),
    ):
        with pytest.raises(TypeError, match="masked"):
            call()


def test_what_is_no_sequence_is_named():
    for call, word in [
        (lambda: sp.SpikeTrains.concatenate(None), "parts is None"), (lambda: sp.SpikeTrains.from_lists(3, 2), "samples is 3"),
        (lambda: sp.SpikeTrains.from_events(None, 3), "events is None"), (lambda: sp.encoding.level_crossing(None, 1e-3, [0]), "signals is None"),
    ]:  # fmt: skip
        with pytest.raises(TypeError, match=word):
            call()
    with pytest.raises(ValueError, match="units of sample 0 has 0 dimensions"):
        sp.SpikeTrains.from_lists([(1.0, 0)], 2)
