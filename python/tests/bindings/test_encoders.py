"""Encoders of rates, populations and signals, beside plain restatements of them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spinnprop as sp

ENCODERS = {
    "poisson": sp.encoding.poisson, "bernoulli": sp.encoding.bernoulli, "population": sp.encoding.population,
}  # fmt: skip


def test_poisson_has_its_rates():
    X = np.tile([0.0, 0.1, 0.5, 1.0], (2000, 1))
    spikes = sp.encoding.poisson(X, duration=0.5, max_rate=40.0, seed=3)
    counts = np.bincount(spikes.units, minlength=4) / len(X)
    expected = X[0] * 20
    assert (np.abs(counts - expected) <= 5 * np.sqrt(expected / len(X))).all()
    assert spikes.times.min() >= 0 and spikes.times.max() < 0.5 and abs(spikes.times.mean() - 0.25) < 0.005
    assert all((np.diff(times) >= 0).all() for times, _ in spikes[:50])
    assert spikes == sp.encoding.poisson(X, duration=0.5, max_rate=40.0, seed=3) != sp.encoding.poisson(X, duration=0.5, max_rate=40.0)


def test_bernoulli_has_its_probabilities():
    X = np.tile([0.0, 0.3, 1.0], (1000, 1))
    dense = sp.encoding.bernoulli(X, steps=20, time_step=1e-3, seed=1).to_dense(1e-3, 20)
    assert dense.max() == 1 and dense[..., 0].sum() == 0 and (dense[..., 2] == 1).all()
    assert abs(dense[..., 1].mean() - 0.3) < 5 * math.sqrt(0.21 / 20000)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=4), st.integers(3, 9), st.floats(0, 0.9))
def test_population_is_as_it_is_stated(row, n, cutoff):
    found = sp.encoding.population([row], n_fields=n, t_early=1e-3, t_late=11e-3, cutoff=cutoff)
    wanted = {}
    for i, x in enumerate(row):
        for k in range(n):
            response = math.exp(-(((x - (2 * k - 1) / (2 * (n - 2))) * 1.5 * (n - 2)) ** 2) / 2)
            if abs(response - cutoff) < 1e-12:
                return
            if response >= cutoff:
                wanted[i * n + k] = 1e-3 + 10e-3 * (1 - response)
    assert found.n_units == n * len(row)
    assert dict(zip(found.units.tolist(), found.times.tolist())) == pytest.approx(wanted, rel=1e-12)


def signals(seed, n=3, steps=30, channels=2):
    return np.random.default_rng(seed).standard_normal((n, steps, channels)).cumsum(axis=1)


@given(st.integers(0, 500), st.sampled_from([0.3, 1.0, 2.5]))
def test_delta_modulation_is_as_it_is_stated(seed, threshold):
    values = signals(seed)
    found = sp.encoding.delta_modulation(values, dt=2e-3, threshold=threshold)
    for sample, own in enumerate(values):
        wanted = []
        for channel in range(2):
            reference = own[0, channel]
            for n in range(1, len(own)):
                if abs(own[n, channel] - reference) >= threshold:
                    wanted.append((n * 2e-3, channel if own[n, channel] > reference else 2 + channel))
                    reference = own[n, channel]
        assert sorted(zip(*(part.tolist() for part in found[sample]))) == sorted(wanted)


@given(st.integers(0, 500))
def test_level_crossing_is_as_it_is_stated(seed):
    values, levels = signals(seed), [-1.0, 0.0, 0.7]
    found = sp.encoding.level_crossing(values, dt=2e-3, levels=levels)
    assert found.n_units == 12
    for sample, own in enumerate(values):
        wanted = {}
        for n in range(len(own) - 1):
            for channel in range(2):
                for k, level in enumerate(levels):
                    a, b = own[n, channel], own[n + 1, channel]
                    if (a >= level) != (b >= level):
                        wanted.setdefault(channel * 3 + k + 6 * (b < a), []).append((n + (level - a) / (b - a)) * 2e-3)
        times, units = found[sample]
        assert (np.diff(times) >= 0).all()
        for unit in range(12):
            assert times[units == unit].tolist() == pytest.approx(wanted.get(unit, []), rel=1e-9, abs=1e-12)


def test_signals_of_different_lengths():
    long, short = signals(1)[0], signals(2)[1][:7]
    for encode in (lambda x: sp.encoding.delta_modulation(x, 1e-3, 0.5), lambda x: sp.encoding.level_crossing(x, 1e-3, [0.0])):
        together = encode([long, short, short[:0]])
        assert together[:1] == encode([long]) and together[1:2] == encode(short[None]) and len(together[2][0]) == 0
        assert len(encode(np.zeros((0, 5, 2)))) == 0
    steep = sp.encoding.level_crossing([[[-1e308], [1e308]]], dt=1.0, levels=[0.0])
    assert steep.times.tolist() == [0.5]


@pytest.mark.parametrize("name", ENCODERS)
def test_features_that_are_none(name):
    for X in ([0.5], [[]], [[1.5]], [[-1e-9]], [[np.nan]], [[np.inf]], [[[0.5]]], 0.5):
        with pytest.raises(ValueError):
            ENCODERS[name](X)
    for X in (None, "abc", [["a"]], np.array([[1j]]), [[None]]):
        with pytest.raises(TypeError):
            ENCODERS[name](X)
    assert len(ENCODERS[name](np.empty((0, 3)))) == 0
    assert len(ENCODERS[name](np.asfortranarray([[1 + 2**-52, -(2**-52)], [0.5, 0.5]])[::-1])) == 2


@pytest.mark.parametrize("call", [
    lambda: sp.encoding.poisson([[1.0]], duration=0), lambda: sp.encoding.poisson([[1.0]], max_rate=np.nan), lambda: sp.encoding.poisson([[1.0]], seed=-1),
    lambda: sp.encoding.poisson([[1.0]], max_rate=1e12), lambda: sp.encoding.bernoulli([[1.0]], steps=0), lambda: sp.encoding.bernoulli([[1.0]], time_step=-1),
    lambda: sp.encoding.population([[1.0]], n_fields=2), lambda: sp.encoding.population([[1.0]], t_early=1.0),
    lambda: sp.encoding.population([[1.0]], cutoff=1),
    lambda: sp.encoding.population([[1.0]], beta=0), lambda: sp.encoding.population([[1.0]], n_fields=2**16 + 1),
    lambda: sp.encoding.delta_modulation(np.zeros((2, 3)), 1e-3, 1), lambda: sp.encoding.delta_modulation([], 1e-3, 1),
    lambda: sp.encoding.delta_modulation([[[np.nan]]], 1e-3, 1), lambda: sp.encoding.delta_modulation([[[1.0]]], 1e-3, 0),
    lambda: sp.encoding.delta_modulation([[[1.0]], [[1.0, 2.0]]], 1e-3, 1), lambda: sp.encoding.level_crossing([[[1.0]]], 0, [1]),
    lambda: sp.encoding.level_crossing([[[1.0]]], 1, []), lambda: sp.encoding.level_crossing([[[1.0]]], 1, [1, 1]),
    lambda: sp.encoding.level_crossing([[[1.0]]], 1, [np.inf]), lambda: sp.encoding.level_crossing(np.zeros((2, 3, 0)), 1, [1.0]),
])  # fmt: skip
def test_options_out_of_their_domain(call):
    with pytest.raises((ValueError, MemoryError)):
        call()


def test_a_population_trains_through_the_estimator():
    X, y = sp.datasets.yin_yang(400, seed=2)
    spikes = sp.encoding.population(X, n_fields=6)
    model = sp.SpikingClassifier(hidden=(40,), epochs=15, batch_size=50).fit(spikes, y)
    assert model.score(spikes, y) > 0.85


@pytest.mark.parametrize("make, said", [
    (lambda X: sp.encoding.poisson(X, duration=1.0, max_rate=50.0), "spikes takes .* GB .*a shorter duration or a smaller max_rate"),
    (lambda X: sp.encoding.bernoulli(X, steps=50), "a code of some 1000 spikes takes .*fewer steps"),
    (lambda X: sp.encoding.population(X), "responses takes .*fewer n_fields"),
    (lambda X: sp.encoding.latency(X), "a code of 10 samples of 2 units takes .*fewer samples"),
    (lambda X: sp.encoding.latency_grid(X), "a code of 10 samples of 3 units takes .*fewer samples"),
    (lambda X: sp.datasets.yin_yang(100), "a set of 100 samples takes .*draw fewer"),
])  # fmt: skip
def test_codes_that_no_memory_holds_are_refused(make, said, monkeypatch):
    monkeypatch.setattr("spinnprop._support.memory.free_bytes", lambda: 100.0)
    with pytest.raises(MemoryError, match=said):
        make(np.ones((10, 2)))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1.0, 5e-324, 1e-323, 2.0**-1060, 1.7e308])
def test_signals_of_any_size(size):
    """No number is too small or too large for what crosses a level, moves by a threshold or is rescaled."""
    signal = np.array([[[-size], [size], [-size]]])
    times, units = sp.encoding.delta_modulation(signal, 1e-3, size)[0]
    assert times.tolist() == [1e-3, 2e-3] and units.tolist() == [0, 1]
    times, units = sp.encoding.level_crossing(signal, 1e-3, [-size, 0.0, size])[0]
    # Whoever is at a level is above it.
    np.testing.assert_allclose(times, [0.5e-3, 1e-3, 1e-3, 1.5e-3], rtol=1e-15)
    assert units.tolist() == [1, 2, 5, 4]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1.0, 5e-324, 1e-323, 2.0**-1060, 1.7e308])
def test_features_of_any_size_are_rescaled(size):
    from spinnprop._support.rescaling import rescaled

    low, high = np.array([0.0, -size, size, -1.7e308]), np.array([size, size, size, -1.6e308])
    X = np.array([low, high, [1.7e308] * 4, [-1.7e308] * 4])
    assert rescaled(X, low, high).tolist() == [[0, 0, 0, 0], [1, 1, 0, 1], [1, 1, 0, 1], [0, 0, 0, 0]]


@pytest.mark.parametrize("encode, name", [
    (lambda dt: sp.encoding.delta_modulation(np.zeros((1, 3, 1)), dt, 1.0), "dt"),
    (lambda dt: sp.encoding.level_crossing(np.zeros((1, 3, 1)), dt, [1.0]), "dt"),
    (lambda dt: sp.encoding.bernoulli([[0.5]], steps=3, time_step=dt), "time_step"),
    (lambda dt: sp.SpikeTrains.from_dense(np.zeros((1, 3, 1)), dt), "dt"),
])  # fmt: skip
def test_steps_that_end_beyond_all_numbers(encode, name):
    with pytest.raises(ValueError, match=rf"{name} is 1e\+308, too long for 3 steps, which end at inf s; give a shorter one"):
        encode(1e308)
    encode(1e307)


def test_spike_trains_are_no_signals():
    spikes = sp.SpikeTrains([1e-3, 2e-3], [0, 1], [0, 2], 2)
    for encode in (sp.encoding.delta_modulation, sp.encoding.level_crossing):
        with pytest.raises(TypeError, match="signals are SpikeTrains, which need no encoder; use them as they are"):
            encode(spikes, 1e-3, [0.5])
    with pytest.raises(TypeError, match="spikes is 'NoneType'; it must be SpikeTrains"):
        sp.encoding.ceiling(None, [0])


def test_what_no_memory_holds_says_what_to_give(monkeypatch):
    monkeypatch.setattr("spinnprop._support.memory.free_bytes", lambda: 1e8)
    wide = np.broadcast_to(0.5, (10**6, 10**4))
    for encode in ENCODERS.values():
        with pytest.raises(MemoryError, match=r"X, shape \(1000000, 10000\), as float64 takes 80.00 GB .*give fewer at a time, or a contiguous"):
            encode(wide)
    with pytest.raises(MemoryError, match="a sample of 1000000 values beside 50 levels takes 0.15 GB .*give shorter samples or fewer levels"):
        sp.encoding.level_crossing(np.zeros((1, 10**6, 1)), 1e-3, np.arange(50))
    with pytest.raises(MemoryError, match="a code of some 0 spikes takes .* give fewer samples at a time"):
        sp.encoding.bernoulli(np.zeros((10**6, 1)), steps=1)
