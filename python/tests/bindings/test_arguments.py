"""Arguments as people have them: other integer types, rounding, whole numbers as times, words for flags, read-only arrays."""

import copy
import pickle
import warnings

import numpy as np
import pytest

import spinnprop as sp


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int32, np.int64, np.uint64, np.float32, np.float64])
def test_any_whole_numbers_that_fit_are_integers(kind):
    units, offsets = np.arange(2).astype(kind), np.array([0, 2]).astype(kind)
    spikes = sp.SpikeTrains([0.0, 1e-3], units, offsets, 2)
    assert spikes == sp.SpikeTrains([0.0, 1e-3], [0, 1], [0, 2], 2)
    assert spikes.units.dtype == np.int32 and spikes.offsets.dtype == np.int64
    net = sp.Network(np.array([2, 3, 2]).astype(kind), seed=1)
    loss = sp.losses.TTFSCrossEntropy()
    rec = net.forward(spikes)
    assert net.gradient(rec, loss, np.array([1]).astype(kind))[0] == net.gradient(rec, loss, [1])[0]
    targets = np.array([1, 2, 0]).astype(kind)
    sparse = sp.sparse.RecurrentNetwork(3, 1, adjacency=(np.arange(4).astype(kind), targets))
    assert sparse.run(10, traces=np.array([0]).astype(kind)).traces.shape[1] == 1


@pytest.mark.parametrize("units", [[0, 0.5], [0, np.nan], [0, np.inf], [0, 2.0**31]])
def test_what_is_no_integer_is_named(units):
    with pytest.raises(ValueError, match="units has the value"):
        sp.SpikeTrains([0.0, 1e-3], np.array(units), [0, 2], 2)


def test_what_does_not_fit_is_named():
    for values in (np.array([0, 2**31]), np.array([0, 2**64 - 1], np.uint64), np.array([0, -(2**40)])):
        with pytest.raises(ValueError, match=str(values[1])):
            sp.SpikeTrains([0.0, 1e-3], values, [0, 2], 2)
    with pytest.raises(ValueError, match="9.2"):
        sp.SpikeTrains([0.0], [0], np.array([0.0, 2.0**63]), 2)


@pytest.mark.parametrize("given, remedy, unit", [
    (["0.5", "0.25"], r"convert it, for example by .astype\(np.float64\)", "s"),
    (np.array([0.5, 0.25], object), r"convert it, for example by .astype\(np.float64\)", "s"),
    (np.array([500, 250], "m8[ms]"), r"to microseconds by .astype\('timedelta64\[us\]'\).astype\(np.float64\)", "us"),
    (np.array([500, 250], "M8[ms]"), r"to microseconds by .astype\('datetime64\[us\]'\).astype\(np.float64\)", "us"),
    (["soon", "later"], "give numbers", None),
    (np.array([{}, 1.0]), "give numbers", None),
    ([1e-3, None], "give numbers in the place of None", None),
    (np.zeros(2, [("t", "f8"), ("x", "i2")]), "give numbers", None),
])  # fmt: skip
def test_what_does_not_cast_is_told_what_makes_numbers_of_it(given, remedy, unit):
    with pytest.raises(TypeError, match=f"times has dtype .* does not cast safely to float64; .*{remedy}"):
        sp.SpikeTrains(given, [0, 1], [0, 2], 2)
    if unit is not None:
        kind = np.asarray(given).dtype.kind
        numbers = np.asarray(given).astype({"m": "timedelta64[us]", "M": "datetime64[us]"}.get(kind, kind)).astype(np.float64)
        np.testing.assert_array_equal(sp.SpikeTrains(numbers, [0, 1], [0, 2], 2, time_unit=unit).times, [0.5, 0.25])


def test_whole_numbers_as_times_are_questioned():
    microseconds = np.array([1000, 2500])
    with pytest.warns(UserWarning, match="seconds.*time_unit="):
        assert sp.SpikeTrains(microseconds, [0, 1], [0, 2], 2).times[0] == 1000
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sp.SpikeTrains(microseconds, [0, 1], [0, 2], 2, time_unit="us").times.tolist() == [1e-3, 2.5e-3]
        assert sp.SpikeTrains(microseconds, [0, 1], [0, 2], 2, time_unit="s").times.tolist() == [1000.0, 2500.0]
        sp.SpikeTrains([0, 0], [0, 1], [0, 2], 2)
    with pytest.raises(ValueError, match="time_unit is 'min'"):
        sp.SpikeTrains(microseconds, [0, 1], [0, 2], 2, time_unit="min")


@pytest.mark.parametrize("encode", [sp.encoding.latency, sp.encoding.latency_grid])
def test_rounding_past_the_range_is_clipped(encode):
    assert encode([[1.0000000000000002, -1e-16]]) == encode([[1.0, 0.0]])
    for value in (1.0 + 1e-12, -1e-12, np.nan, np.inf):
        with pytest.raises(ValueError):
            encode([[value]])


def test_either_end_may_come_early():
    X, _ = sp.datasets.yin_yang(30)
    assert sp.encoding.latency(X) == sp.encoding.latency(X, early="small") == sp.encoding.latency(1 - X, early="large")
    grid = sp.encoding.latency_grid
    assert grid(X) == grid(X, early="large") == grid(1 - X, early="small")
    for encode in (sp.encoding.latency, grid):
        for wrong in ("big", None, True):
            with pytest.raises(ValueError, match="'small' or 'large'"):
                encode(X, early=wrong)


def test_read_only_arrays_name_a_remedy_that_works(net):
    step = np.ones((30, 5))
    before = net.weights[0]
    with pytest.raises(ValueError, match=r"net.weights\[0\] = net.weights\[0\] - step"):
        net.weights[0] -= step
    with pytest.raises(ValueError, match="read-only"):
        net.weights[0][0, 0] = 1.0
    net.weights[0] = net.weights[0] - step
    assert np.array_equal(net.weights[0], before - 1)


def test_what_comes_of_read_only_arrays_is_plain(net):
    own = net.weights[0]
    assert type(2 * own) is np.ndarray and type(own.sum(axis=0)) is np.ndarray and repr(own).startswith("array(")
    changed = own.copy()
    changed += 1
    changed[0] = 0
    assert np.array_equal(pickle.loads(pickle.dumps(own)), own)
    with pytest.raises(ValueError, match=r"array.copy\(\)"):
        sp.SpikeTrains([0.0], [0], [0, 1], 1).times[0] = 1.0


def test_a_trainers_network_does_not_take_changes_that_would_be_lost(net):
    trainer = sp.Trainer(net, epochs=1)
    for name in ("weights", "tau_mem"):
        with pytest.raises(ValueError, match="copy.copy"):
            getattr(trainer.network, name)[0] = getattr(trainer.network, name)[0]
    mine = copy.copy(trainer.network)
    mine.weights[0] = 0 * mine.weights[0]
    assert not mine.weights[0].any()


def test_an_estimators_network_takes_changes():
    X, y = sp.datasets.yin_yang(60)
    fitted = sp.SpikingClassifier(hidden=(10,), epochs=1).fit(X, y)
    fitted.network_.weights[0] = 0 * fitted.network_.weights[0]
    assert len(set(fitted.predict(X).tolist())) == 1


def test_words_are_no_flags():
    X, y = sp.datasets.yin_yang(30)
    with pytest.raises(TypeError, match="verbose is 'no'"):
        sp.search(X, y, {"hidden": (5, 9)}, verbose="no")


def test_gradients_change_in_place(net, data):
    _, grad = net.gradient(net.forward(data[0]), sp.losses.TTFSCrossEntropy(), data[1])
    before = grad.weights[0].copy()
    grad.weights[0] *= 0.5
    assert np.array_equal(grad.weights[0], 0.5 * before) and before.any()
    grad.weights[0] = before
    assert grad.weights[0] is before
    run = sp.sparse.RecurrentNetwork(20, 4).run(9)
    of_run = run.gradient(np.ones(9))
    phases = of_run.phases.copy()
    of_run.phases *= 2
    assert np.array_equal(of_run.phases, 2 * phases)
    assert np.array_equal(pickle.loads(pickle.dumps(of_run)).phases, of_run.phases)


def test_changes_that_would_be_lost_are_refused(net, data):
    rec = net.forward(data[0])
    trainer = sp.Trainer(net, epochs=1)
    trainer.run(*data)
    for values in (rec.first_spike_times, rec.currents[0], rec.membranes[0], rec.silent[0], trainer.history):
        with pytest.raises(ValueError, match=r"array.copy\(\)"):
            values[0] = values[0]
    run = sp.sparse.RecurrentNetwork(20, 4).run(9)
    with pytest.raises(ValueError, match="copy.copy"):
        run.network.weights = -0.1
