"""Neuron arrays of an emulated BrainScaleS-2: dynamics against the exact engine and restatements, programs, and calls that cannot be."""

import copy
import inspect
import pickle
import re
import threading

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _core

Array = sp.brainscales2.Array


def poisson(rate, n_units, duration, seed, grid=2.0**-20):
    """Spikes at whole multiples of a power of two, so that sums of times are exact."""
    rng = np.random.default_rng(seed)
    count = rng.poisson(rate * duration * n_units)
    times = np.sort(np.floor(rng.uniform(0, duration, count) / grid) * grid)
    return sp.SpikeTrains(times, rng.integers(0, n_units, count).astype(np.int32), [0, count], n_units)


def part(spikes, start, end):
    """The spikes within [start, end), from start on."""
    times, units = spikes[0]
    own = (times >= start) & (times < end)
    return sp.SpikeTrains(times[own] - start, units[own], [0, own.sum()], spikes.n_units)


def random_weights(shape, seed, low=-30, high=60, density=1.0):
    rng = np.random.default_rng(seed)
    return rng.integers(low, high, shape) * (rng.random(shape) < density)


#: tau_mem / tau_syn, with both formulas for nearly equal ones.
RATIOS = {"one": [1.0], "two": [2.0], "four": [4.0], "half": [0.5], "near": [1.0 + 1e-9, 1.003, 0.9961, 1.004], "all": [3.3, 0.7, 1.05, 8.0]}


@pytest.mark.parametrize("ratio", sorted(RATIOS))
def test_feed_forward_arrays_have_the_exact_engines_spikes(ratio):
    rng = np.random.default_rng(3)
    n, sources = 24, 12
    tau_syn = rng.uniform(3e-3, 9e-3, n)
    neurons = dict(
        tau_mem=tau_syn * np.resize(RATIOS[ratio], n), threshold=rng.uniform(0.8, 1.2, n), reset=rng.uniform(-0.3, 0.2, n),
        drive=rng.uniform(-0.3, 1.3, n), refractory=rng.choice([0.0, 1e-3, 3e-3], n),
    )  # fmt: skip
    gain = rng.uniform(0.02, 0.05, n)
    weights = random_weights((sources, n), 4)
    spikes = poisson(60, sources, 1.0, seed=5)
    array = Array(n, sources, weights=weights, gain=gain, tau_syn_exc=tau_syn, tau_syn_inh=tau_syn, **neurons)
    net = sp.Network([sources, n], tau_syn=tau_syn, **neurons)
    net.weights[0] = gain[:, None] * weights.T
    times, units = array.run(spikes, 1.0)[0]
    expected, who = net.forward(spikes, t_end=1.0).spikes[0][0]
    assert len(times) > 500
    for unit in range(n):
        assert times[units == unit] == pytest.approx(expected[who == unit], rel=1e-12), unit
    assert np.all(np.diff(times) >= 0)


@pytest.mark.parametrize("delay", [0.0, 1e-3])
def test_recurrent_arrays_have_the_exact_engines_spikes(delay):
    n, sources = 20, 6
    weights = np.vstack([random_weights((sources, n), 1), random_weights((n, n), 2, -40, 15)])
    spikes = poisson(80, sources, 0.25, seed=3)
    array = Array(n, sources, True, weights=weights, gain=0.03, refractory=1e-3, delay=delay)
    net = sp.Network([sources, n, 1], recurrent=True, refractory=1e-3, delays="axonal")
    net.weights[0], net.recurrent_weights[0] = 0.03 * weights[:sources].T, 0.03 * weights[sources:].T
    net.recurrent_delays[0] = np.full(net.recurrent_delays[0].shape, delay)
    times, units = array.run(spikes, 0.25)[0]
    expected, who = net.forward(spikes, t_end=0.25).spikes[0][0]
    assert len(times) > 50 and sorted(units) == sorted(who)
    # What a network makes of rounding grows.
    for unit in range(n):
        assert times[units == unit] == pytest.approx(expected[who == unit], rel=1e-9), unit


def response(t, tau_mem, tau_syn):
    """The membrane after a unit of current at 0."""
    return np.where(t > 0, tau_syn / (tau_syn - tau_mem) * (np.exp(-t / tau_syn) - np.exp(-t / tau_mem)), 0.0)


def test_two_currents_against_a_restatement():
    """A neuron with its own time constants for excitation and inhibition, by superposition on a fine grid and bisection."""
    tau_mem, tau_exc, tau_inh, gain, reset, held = 17e-3, 4e-3, 9e-3, 0.05, -0.2, 2e-3
    spikes = poisson(250, 4, 0.4, seed=8)
    weights = np.array([[40], [25], [-15], [-8]])
    array = Array(1, 4, weights=weights, tau_mem=tau_mem, tau_syn_exc=tau_exc, tau_syn_inh=tau_inh, gain=gain, reset=reset, refractory=held)
    found, _ = array.run(spikes, 0.4)[0]
    times, units = spikes[0]
    current = gain * weights[units, 0]
    tau = np.where(current > 0, tau_exc, tau_inh)

    def membrane(t, start, value):
        """From a state (start, value), currents being what all arrivals until then left."""
        t = np.atleast_1d(t)[:, None]
        late = times > start
        before = current * np.exp(-(start - times) / tau) * ~late
        moved = before * response(t - start, tau_mem, tau) + current * late * response(t - times, tau_mem, tau)
        return value * np.exp(-(t[:, 0] - start) / tau_mem) + moved.sum(axis=1)

    expected, start, value = [], 0.0, 0.0
    while True:
        # No membrane here is above the threshold for less than 20 us.
        above, first = [], start
        while not len(above) and first < 0.4:
            grid = np.arange(first, min(first + 10e-3, 0.4), 20e-6)
            above, first = np.flatnonzero(membrane(grid, start, value) >= 1), grid[-1]
            first = 0.4 if len(grid) < 2 else first
        if not len(above):
            break
        low, high = grid[above[0] - 1], grid[above[0]]
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if membrane(middle, start, value)[0] < 1 else (low, middle)
        expected.append(high)
        start, value = high + held, reset
    assert len(expected) > 10
    assert found == pytest.approx(expected, rel=1e-10)
    assert array.membrane[0] == pytest.approx(membrane(0.4, start, value)[0], rel=1e-10)


def busy(**options):
    """An array with all that there is."""
    n, sources = 12, 5
    weights = np.vstack([random_weights((sources, n), 1, -10, 60), random_weights((n, n), 2, -20, 20)])
    options = dict(dict(gain=0.05, noise=0.1, delay=1e-3, delay_jitter=2e-4, refractory=1e-3, sensors=True, seed=7), **options)
    return Array(n, sources, True, weights=weights, **options)


def noisy_rule(processor):
    step = processor.rng.integers(-2, 3, processor.weights.shape) + (processor.causal.astype(int) - processor.acausal) // 40
    processor.weights = np.clip(processor.weights + step, -63, 63) * processor.mask


@pytest.mark.parametrize("options", [{}, {"resolution": 2.0**-27}, {"resolution": 2.0**-27, "event_interval": 2.0**-19}])
def test_two_runs_have_the_bits_of_one(options):
    spikes = poisson(100, 5, 0.5, seed=2)
    whole, halves = busy(**options), busy(**options)
    cuts = [0.0, 0.0625, 0.0625, 0.28125, 0.5]
    expected = whole.run(spikes, 0.5, noisy_rule, 0.046875)
    found = [halves.run(part(spikes, *ends), ends[1] - ends[0], noisy_rule, 0.046875) for ends in zip(cuts, cuts[1:])]
    times = np.concatenate([own.times + start for own, start in zip(found, cuts)])
    assert len(times) > 100
    assert np.array_equal(np.concatenate([own.units for own in found]), expected.units)
    # What was relative to the beginning of a run has been rounded.
    assert times == pytest.approx(expected.times, abs=1e-15)
    assert whole.time == halves.time == 0.5
    assert np.array_equal(whole.membrane, halves.membrane) and np.array_equal(whole.weights, halves.weights)
    assert whole.account == halves.account and whole.account.calls == 10
    assert whole.lost_events == halves.lost_events
    for one, other in zip(whole.correlations(), halves.correlations()):
        assert np.array_equal(one, other) and one.any()
    assert np.array_equal(whole.rates(), halves.rates())


def test_looking_changes_nothing():
    spikes = poisson(100, 5, 0.25, seed=2)
    plain, looked = busy(), busy()
    plain.run(spikes, 0.25), looked.run(spikes, 0.25)
    first = looked.membrane
    looked.membranes(), looked.correlations(reset=False), repr(looked), looked.weights
    assert np.array_equal(first, looked.membrane)
    plain.run(spikes, 0.25), looked.run(spikes, 0.25)
    assert plain.spikes == looked.spikes and np.array_equal(plain.membrane, looked.membrane)


def test_copies_and_resets():
    spikes = poisson(100, 5, 0.25, seed=2)
    array = busy()
    first = array.run(spikes, 0.25)
    for other in (copy.copy(array), copy.deepcopy(array), array.copy()):
        assert other.spikes == first
        assert other.run(spikes, 0.25) != first
    second = array.run(spikes, 0.25)
    assert other.spikes == second, "copies go on as the original does"
    array.reset()
    assert array.time == 0 and array.run(spikes, 0.25) == first
    assert busy(seed=8).run(spikes, 0.25) != first
    again = pickle.loads(pickle.dumps(array))
    assert again.run(spikes, 0.25) == array.run(spikes, 0.25)


def test_the_number_of_threads_does_not_matter():
    spikes = poisson(100, 5, 0.25, seed=2)
    expected = busy().run(spikes, 0.25)
    before = sp.get_threads()
    try:
        sp.set_threads(3)
        assert busy().run(spikes, 0.25) == expected
    finally:
        sp.set_threads(before)


def test_events_lie_on_the_grid():
    n, grid = 6, 2.0**-17
    weights = random_weights((4, n), 3, 20, 60)
    spikes = poisson(150, 4, 0.25, seed=4)
    array = Array(n, 4, weights=weights, gain=0.05, resolution=grid / 1000)
    times, units = array.run(spikes, 0.25)[0]
    assert len(times) > 20 and np.array_equal(times, np.round(times / grid) * grid)
    nearest = sp.SpikeTrains(np.floor(spikes.times / grid + 0.5) * grid, spikes.units, spikes.offsets, 4)
    exact, who = Array(n, 4, weights=weights, gain=0.05).run(nearest, 0.25)[0]
    assert np.array_equal(units, who)
    assert np.array_equal(times, np.ceil(exact / grid) * grid)


def taking_turns(times, interval):
    """When each of some events in order comes, and which are lost, because 128 wait already."""
    free, came = 0.0, np.full(len(times), np.nan)
    for k, time in enumerate(times):
        if free - time <= 128 * interval:
            came[k] = max(time, free)
            free = came[k] + interval
    return came


def test_events_take_turns():
    """Of the sources, and of the neurons, each among themselves."""
    n, interval = 30, 2.0**-12
    weights = random_weights((4, n), 3, 20, 60)
    busy_start = sp.SpikeTrains(np.zeros(300), np.arange(300) % 4, [0, 300], 4)
    spikes = sp.SpikeTrains.concatenate([busy_start, poisson(300, 4, 0.25, seed=4)])
    spikes = sp.SpikeTrains(spikes.times, spikes.units, [0, len(spikes.times)], 4)
    options = dict(weights=weights, gain=0.05, tau_mem=np.linspace(9e-3, 12e-3, n))
    array = Array(n, 4, event_interval=interval, speedup=1.0, **options)
    times, units = array.run(spikes, 0.25)[0]
    order = np.lexsort((spikes.units, spikes.times))
    came = taking_turns(spikes.times[order], interval)
    kept = came <= 0.25
    inputs = sp.SpikeTrains(came[kept], spikes.units[order][kept], [0, kept.sum()], 4)
    fired, who = Array(n, 4, **options).run(inputs, 0.25)[0]
    left = taking_turns(fired, interval)
    arrive = ~np.isnan(left)
    assert np.isnan(came).sum() == 171 and not arrive.all() and len(times) > 200
    # What is lost or has to wait is an event, too: the same membranes, differently rounded.
    assert np.array_equal(units, who[arrive]) and times == pytest.approx(left[arrive], rel=1e-12)
    assert array.lost_events == 171 + (~arrive).sum()
    array.reset()
    assert array.lost_events == 0
    assert array.run(spikes, 0.25).times == pytest.approx(times, abs=0)


def test_a_run_that_ends_early_takes_no_turns():
    """What has not come yet when a run is stopped does not hold up what comes in the next."""
    array = Array(64, 1, drive=3.0, event_interval=1e-6)
    many = sp.SpikeTrains(np.linspace(0, 1.0, 900), np.zeros(900, np.int32), [0, 900], 1)
    with pytest.raises(sp.SpinnpropError, match="max_spikes"):
        array.run(many, 1.0, max_spikes=100)
    lost, time = array.lost_events, array.time
    assert time < 0.1
    array.run(sp.SpikeTrains([0.01], [0], [0, 1], 1), 0.02, max_spikes=1000)
    assert array.lost_events - lost < 64 * 4, "neurons alone lose events"


def test_noise_spreads_membranes():
    """Without a threshold in reach: an Ornstein-Uhlenbeck process of the spread that was asked for."""
    array = Array(512, 1, threshold=1e3, noise=0.25, drive=0.5, tau_mem=5e-3, seed=3)
    array.run(duration=0.1)
    samples = []
    for _ in range(40):
        array.run(duration=0.025)
        samples.append(array.membrane)
    samples = np.array(samples)
    # 20,000 samples, nearly independent: four standard errors.
    assert samples.mean() == pytest.approx(0.5, abs=4 * 0.25 / np.sqrt(samples.size))
    assert samples.std() == pytest.approx(0.25, rel=4 / np.sqrt(2 * samples.size))
    assert abs(np.corrcoef(samples[:-1].ravel(), samples[1:].ravel())[0, 1] - np.exp(-5)) < 0.03


def test_noise_makes_neurons_fire():
    """Of a membrane that rests one spread below the threshold; the rate of a finer simulation."""
    array = Array(512, 1, noise=0.5, drive=0.5, tau_mem=10e-3, refractory=2e-3, seed=1)
    rate = len(array.run(duration=2.0).times) / 512 / 2.0
    rng = np.random.default_rng(1)
    step, v, held, count = 10e-3 / 32, np.zeros(512), np.zeros(512), 0
    for _ in range(int(2.0 / step)):
        a = np.exp(-step / 10e-3)
        moved = 0.5 + (v - 0.5) * a + 0.5 * np.sqrt(1 - a * a) * rng.standard_normal(512)
        v = np.where(held > 0, 0.0, moved)
        held -= step
        fires = v >= 1
        count += fires.sum()
        v[fires], held[fires] = 0.0, 2e-3
    assert rate == pytest.approx(count / 512 / 2.0, rel=0.03)


def sensed(arrivals, spikes, tau_causal, tau_acausal):
    """Sums of one synapse's two sensors, pair by pair."""
    causal = sum(np.exp(-(t - max(a for a in arrivals if a <= t)) / tau_causal) for t in spikes if any(a <= t for a in arrivals))
    acausal = sum(np.exp(-(a - max(t for t in spikes if t < a)) / tau_acausal) for a in arrivals if any(t < a for t in spikes))
    return causal, acausal


def test_sensors_against_a_restatement():
    n, sources = 6, 4
    mask = np.random.default_rng(0).random((sources + n, n)) < 0.7
    weights = np.vstack([random_weights((sources, n), 1, 20, 60), random_weights((n, n), 2, -20, 20)]) * mask
    array = Array(n, sources, True, mask=mask, weights=weights, gain=0.05, delay=1e-3, sensors=True, sensor_amplitude=9.0,
                  sensor_tau_causal=8e-3, sensor_tau_acausal=12e-3)  # fmt: skip
    spikes = poisson(40, sources, 0.5, seed=9)
    times, units = array.run(spikes, 0.5)[0]
    senders = [spikes.times[spikes.units == i] for i in range(sources)] + [times[units == j] + 1e-3 for j in range(n)]
    before = array.correlations(reset=False)
    causal, acausal = array.correlations()
    assert np.array_equal(before[0], causal) and np.array_equal(before[1], acausal)
    for i in range(sources + n):
        arrivals = senders[i][senders[i] <= 0.5]
        for j in range(n):
            sums = sensed(arrivals, times[units == j], 8e-3, 12e-3) if mask[i, j] else (0, 0)
            assert [causal[i, j], acausal[i, j]] == [min(255, np.floor(9 * s + 0.5)) for s in sums], (i, j)
    assert causal.max() > 50 and acausal.max() > 50
    assert not any(own.any() for own in array.correlations())


def test_sensors_differ_between_synapses():
    def read(**options):
        array = Array(8, 64, weights=np.full((64, 8), 63), gain=1.0, sensors=True, refractory=1.0, **options)
        array.run(sp.SpikeTrains(np.zeros(64), np.arange(64, dtype=np.int32), [0, 64], 64), 1e-3)
        return array.correlations()[0].astype(float)

    even = read()
    assert even.min() == even.max() > 30
    spread = read(sensor_spread=0.2, sensor_seed=5)
    assert spread.std() / even.mean() == pytest.approx(0.2, rel=4 / np.sqrt(2 * 512)) and spread.mean() == pytest.approx(even.mean(), rel=0.04)
    # The seed of noise makes no difference.
    assert np.array_equal(spread, read(sensor_spread=0.2, sensor_seed=5, seed=1))
    assert not np.array_equal(spread, read(sensor_spread=0.2, sensor_seed=6))
    assert read(sensor_amplitude=100.0, sensor_offset=5.0).std() == pytest.approx(5.0, rel=0.15)
    # Whoever else exists, a synapse's sensors are its own.
    mask = np.random.default_rng(1).random((64, 8)) < 0.5
    array = Array(8, 64, mask=mask, weights=63 * mask, gain=1.0, sensors=True, sensor_offset=9.0, sensor_amplitude=0.0)
    full = Array(8, 64, sensors=True, sensor_offset=9.0, sensor_amplitude=0.0)
    assert np.array_equal(array.correlations()[0], full.correlations()[0] * mask)


def test_read_outs_saturate():
    array = Array(2, 1, weights=[[63, 63]], gain=[50.0, 0.001], sensors=True, read_low=-0.5, read_high=0.5)
    spikes = sp.SpikeTrains(np.arange(400) * 1e-3, np.zeros(400, np.int32), [0, 400], 1)
    array.run(spikes, 0.4)
    rates = array.rates()
    assert len(array.spikes.times) > 255 and rates.tolist() == [255, 0] and not array.rates().any()
    assert array.correlations()[0].tolist() == [[255, 0]]
    assert array.membranes()[1] == np.floor((array.membrane[1] + 0.5) * 255 + 0.5)


def fixed(value):
    """A factor with 12 bits after the point."""
    return int(np.clip(np.floor(abs(value) * 4096 + 0.5) * np.sign(value), -32768, 32767))


def times_factor(values, value):
    return np.clip((np.asarray(values, int) * fixed(value) + 2048) >> 12, -128, 127)


def test_rate_homeostasis_against_a_restatement():
    n, sources = 150, 3
    signs = np.array([1, -1, 0])
    weights = random_weights((sources, n), 6, -63, 64)
    weights = np.where(signs[:, None] > 0, abs(weights), np.where(signs[:, None] < 0, -abs(weights), weights))
    mask = np.random.default_rng(1).random((sources, n)) < 0.8
    array = Array(n, sources, weights=weights * mask, mask=mask, signs=signs, gain=0.1)
    array.run(poisson(200, sources, 0.5, seed=1), 0.5)
    rates = array.copy().rates().astype(int)
    assert rates.max() > 20 and rates.min() == 0
    change = times_factor(np.clip(5 - rates, -128, 127), 0.4)
    low, high = np.where(signs > 0, 0, -63)[:, None], np.where(signs < 0, 0, 63)[:, None]
    certain = array.copy()
    certain.apply(sp.brainscales2.RateHomeostasis(5, 0.4))
    assert np.array_equal(certain.weights, np.clip(weights * mask + change * mask, low, high) * mask)
    assert not certain.rates().any(), "reading resets"
    half = Array(512, 200, fan_in=200)
    half.apply(sp.brainscales2.RateHomeostasis(5, 0.4, probability=0.023))
    # 102,400 synapses: four standard errors.
    assert np.mean(half.weights == 2) == pytest.approx(0.023, abs=4 * np.sqrt(0.023 / half.weights.size))
    assert set(np.unique(half.weights)) == {0, 2}


def test_reward_modulated_stdp_against_a_restatement():
    n, sources = 200, 4
    weights = random_weights((sources, n), 6, 0, 64)
    array = Array(n, sources, weights=weights, gain=0.1, sensors=True, signs=np.ones(4))
    array.run(poisson(100, sources, 0.3, seed=1), 0.3)
    causal = array.correlations(reset=False)[0]
    for success in (0.9, -0.3, 1e4, 0.0):
        own = array.copy()
        own.apply(sp.brainscales2.RewardModulatedSTDP(2, success))
        expected = weights.copy()
        expected[2] = np.clip(np.clip(weights[2] + times_factor(causal[2], 0.125 * success), -128, 127), 0, 63)
        assert np.array_equal(own.weights, expected) and not own.correlations()[0].any()
    with pytest.raises(IndexError, match=r"sender is 4; this array has senders 0 \.\. 3"):
        array.apply(sp.brainscales2.RewardModulatedSTDP(4))


def test_structural_plasticity_keeps_the_fan_in():
    rng = np.random.default_rng(2)
    n, sources = 40, 60
    mask = np.zeros((sources + n, n), bool)
    for j in range(n):
        mask[rng.choice(sources, 20, replace=False), j] = True
    mask[sources:] = rng.random((n, n)) < 0.2
    weights = rng.integers(0, 20, mask.shape) * mask
    array = Array(n, sources, True, mask=mask, weights=weights)
    array.apply(sp.brainscales2.StructuralPlasticity(5, 9))
    weak = mask & (weights < 5)
    weak[sources:] = False
    assert np.array_equal(array.mask[:sources].sum(axis=0), np.full(n, 20))
    assert np.array_equal(array.mask[sources:], mask[sources:]) and np.array_equal(array.weights[sources:], weights[sources:])
    kept = mask & ~weak
    assert np.array_equal(array.weights[kept], weights[kept]) and array.mask[kept].all()
    new = array.mask & ~mask
    assert new.sum() == weak.sum() and np.all(array.weights[new] == 9) and not array.mask[weak].any()
    # The new ones are drawn evenly: over many arrays every free source of a neuron is taken about equally often.
    taken = np.zeros(sources)
    for seed in range(300):
        own = Array(1, sources, mask=mask[:sources, :1], weights=weights[:sources, :1] * 0 + 9 * mask[:sources, :1], seed=seed)
        own.apply(sp.brainscales2.StructuralPlasticity(10, 1, probability=0.5))
        taken += own.mask[:, 0] & ~mask[:sources, 0]
    free = taken[~mask[:sources, 0]]
    assert free.min() > 0.5 * free.mean() and free.max() < 1.6 * free.mean()
    # Spikes go where the synapses are.
    array = Array(2, 2, mask=[[True, False], [False, True]], weights=[[1, 0], [0, 63]], gain=1.0)
    array.apply(sp.brainscales2.StructuralPlasticity(2, 50))
    assert array.weights.tolist() == [[0, 0], [50, 63]]
    assert set(array.run(sp.SpikeTrains([0.0], [1], [0, 1], 2), 0.1).units) == {0, 1}


def test_rules_see_and_change():
    array = busy()
    seen = []

    def rule(processor):
        seen.append((processor.time, processor.rates.sum(), processor.membranes.copy(), processor.causal.sum()))
        if len(seen) == 1:
            processor.weights[:] = 0
        elif len(seen) == 2:
            return np.where(processor.mask, 5, 0)
        else:
            processor.mask = processor.mask & False
            processor.weights = np.zeros_like(processor.weights)
        return None

    spikes = array.run(poisson(200, 5, 0.5, seed=1), 0.5, rule, 0.125)
    assert [own[0] for own in seen] == [0.125, 0.25, 0.375, 0.5]
    assert [own[1] for own in seen] == [np.sum((spikes.times > a) & (spikes.times <= a + 0.125)) for a in (0, 0.125, 0.25, 0.375)]
    assert seen[0][3] > 0 and not array.weights.any() and not array.mask.any() and array.n_synapses == 0
    with pytest.raises(ValueError, match="no correlation sensors; make it with sensors=True"):
        busy(sensors=False).apply(lambda processor: processor.causal)


def test_rules_that_fail_keep_what_was_done():
    class Failure(Exception):
        pass

    spikes = poisson(100, 5, 0.5, seed=2)
    expected = busy().run(spikes, 0.5)

    def fails(processor):
        if processor.time > 0.2:
            processor.weights[:] = 1
            raise Failure

    array = busy()
    with pytest.raises(Failure):
        array.run(spikes, 0.5, fails, 0.125)
    assert array.time == 0.25 and np.array_equal(array.weights, busy().weights)
    until = expected.times <= 0.25
    assert np.array_equal(array.spikes.times, expected.times[until]) and np.array_equal(array.spikes.units, expected.units[until])
    # And goes on as if nothing had been.
    rest = array.run(part(spikes, 0.25, 0.5), 0.25)
    assert np.array_equal(rest.units, expected.units[~until])


def test_rules_saturate():
    array = sp.brainscales2.Array(3, 2, weights=[[10, 52, 53]] * 2)
    assert array.weights.dtype == np.int8
    array.apply(lambda processor: processor.weights * 5)
    assert array.weights.tolist() == [[50, 63, 63]] * 2
    # Neither do rates wrap round below 0.
    array.apply(lambda processor: processor.weights + processor.mask * (processor.rates - 300))
    assert array.weights.tolist() == [[-63] * 3] * 2


def left(**values):
    def rule(processor):
        for name, value in values.items():
            setattr(processor, name, value)

    return rule


FULL = np.ones((17, 12), bool)


@pytest.mark.parametrize(
    "rule, error, message",
    [
        (left(weights=np.zeros((17, 11), np.int8)), ValueError, r"the rule's weights has shape \(17, 11\); it must have \(17, 12\)"),
        (left(weights=np.zeros(204, np.int8)), ValueError, "the rule's weights has 1 dimensions"),
        (left(weights=np.full((17, 12), 0.5)), ValueError, "the rule's weights has the value 0.5"),
        (left(weights=np.full((17, 12), 2**31)), ValueError, "the rule's weights has the value 2147483648"),
        (left(weights="no"), TypeError, "the rule's weights has dtype"),
        (left(mask=FULL.astype(int)), TypeError, "the rule's mask has dtype int64"),
        (left(mask=FULL[:3]), ValueError, r"the rule's mask has shape \(3, 12\)"),
        (left(mask=~FULL), ValueError, "the mask has no synapse there; give 0"),
        (lambda processor: "no", TypeError, "the rule's weights has dtype"),
        (lambda processor: processor.nothing, AttributeError, "nothing"),
        (lambda: None, TypeError, "positional argument"),
        (3, TypeError, "program is 3; it must be a program"),
        ({}, TypeError, "program is {}; it must be a program"),
    ],
)
def test_rules_that_cannot_be(rule, error, message):
    array = busy()
    weights = array.weights
    for call in (lambda: array.apply(rule), lambda: array.run(None, 0.125, rule, 0.0625)):
        with pytest.raises(error, match=message):
            call()
        assert np.array_equal(array.weights, weights) and array.mask.all()
    array.run(duration=0.125)


def test_arrays_in_use_refuse_company():
    array, errors = busy(), []

    def rule(processor):
        for call in (lambda: array.weights, lambda: array.run(duration=1.0), array.copy, array.reset, lambda: array.membrane):
            with pytest.raises(sp.SpinnpropError, match="in use by another call"):
                call()
            errors.append(1)

    array.run(None, 0.125, rule, 0.0625)
    assert len(errors) == 10


def test_runs_can_be_stopped():
    array = Array(512, 1, drive=3.0)
    with pytest.raises(sp.SpinnpropError, match="cancelled"):
        array.run(duration=1e4, progress=lambda progress: True)
    assert 0 < array.time < 1e4 and len(array.spikes.times) > 1000 and array.spikes.times[-1] <= array.time
    done = array.time
    array.run(duration=1.0)
    assert array.time == done + 1.0
    with pytest.raises(sp.SpinnpropError, match=r"more than max_spikes = 7 spikes.*a larger max_spikes allows it"):
        array.run(duration=1.0, max_spikes=7)
    assert len(array.spikes.times) == 7


def test_runaway_activity_ends():
    array = Array(3, 1, True, weights=np.full((4, 3), 63), gain=1.0)
    with pytest.raises(sp.SpinnpropError, match="more than max_spikes = 10000 spikes"):
        array.run(sp.SpikeTrains([0.0], [0], [0, 1], 1), 1.0, max_spikes=10000)
    assert np.isfinite(array.membrane).all()


def test_threads_of_python_do_not_meet():
    arrays = [busy(seed=k) for k in range(3)]
    spikes = poisson(100, 5, 0.5, seed=2)
    expected = [busy(seed=k).run(spikes, 0.5) for k in range(3)]
    threads = [threading.Thread(target=own.run, args=(spikes, 0.5)) for own in arrays]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [own.spikes for own in arrays] == expected


@pytest.mark.parametrize(
    "options, error, message",
    [
        (dict(n=0), ValueError, r"n is 0; it must be 1 \.\. 512"),
        (dict(n=513), ValueError, r"n is 513; it must be 1 \.\. 512"),
        (dict(n_sources=20000), ValueError, r"n_sources is 20000"),
        (dict(n_sources=0), ValueError, "hears nothing; give n_sources or recurrent"),
        (dict(n_sources=300), ValueError, "neuron 0 has 300 synapses, and fan_in allows 256; give a mask with fewer, or a larger fan_in"),
        (dict(tau_mem=0.0), ValueError, "tau_mem of neuron 0 is 0.0; it must be > 0 and finite"),
        (dict(tau_mem=1e-320), ValueError, r"tau_mem of neuron 0 is 1e-320; it must be >= 2.2250738585072014e-308 and finite"),
        (dict(tau_mem=[1e-2, np.nan, 1e-2]), ValueError, "tau_mem of neuron 1 is nan"),
        (dict(tau_mem=[1e-2, 1e-2]), ValueError, "tau_mem has 2 elements; give 1 for all, or 3"),
        (dict(tau_mem=np.ones(2000)), ValueError, "tau_mem has 2000 elements"),
        (dict(tau_mem=[]), ValueError, r"tau_mem has shape \(0,\)"),
        (dict(tau_mem="20 ms"), TypeError, "tau_mem has dtype"),
        (dict(tau_syn_inh=1e3), ValueError, r"tau_mem / tau_syn_inh of neuron 0 is .*; it must be 1e-4 \.\. 1e4"),
        (dict(reset=1.0), ValueError, "reset of neuron 0 is 1.0; it must be below the threshold, 1.0"),
        (dict(threshold=np.inf), ValueError, "threshold of neuron 0 is inf"),
        (dict(delay=-1e-3), ValueError, "delay of neuron 0 is -0.001"),
        (dict(gain=-1.0), ValueError, "gain of neuron 0 is -1.0"),
        (dict(noise=np.nan), ValueError, "noise of neuron 0 is nan"),
        (dict(resolution=-1.0), ValueError, "resolution is -1.0; it must be 0 .. 1"),
        (dict(resolution=1e306), ValueError, "resolution is 1e.306; it must be 0 .. 1"),
        (dict(event_interval=-1e-9), ValueError, "event_interval is -1e-09; it must be 0 .. 1"),
        (dict(event_interval=np.nan), ValueError, "event_interval is nan"),
        (dict(speedup=0.0), ValueError, "speedup is 0.0"),
        (dict(read_low=3.0), ValueError, "read_low is 3.0 and read_high 2.0"),
        (dict(sensor_tau_causal=0.0), ValueError, "sensor_tau_causal is 0.0"),
        (dict(seed=-1), ValueError, "seed is -1"),
        (dict(signs=[2, 0]), ValueError, "the sign of sender 0 is 2; it must be 1, -1, or 0 for both"),
        (dict(signs=[1]), ValueError, "signs has shape"),
        (dict(mask=np.ones((3, 2), bool)), ValueError, r"mask has shape \(3, 2\); it must have \(2, 3\)"),
        (dict(mask=np.ones((2, 3))), TypeError, "mask has dtype float64"),
        (dict(weights=np.full((2, 3), 64)), ValueError, r"the weight from sender 0 to neuron 0 is 64; it must be -63 \.\. 63"),
        (dict(weights=np.full((2, 3), -64)), ValueError, r"is -64; it must be -63 \.\. 63"),
        (dict(weights=np.full((2, 3), 1000)), ValueError, r"weights has the value 1000; all must be whole numbers -63 \.\. 63"),
        (dict(weights=np.full((2, 3), 0.5)), ValueError, "weights has the value 0.5"),
        (dict(weights=np.ones((3, 2), int)), ValueError, r"weights has shape \(3, 2\); it must have \(2, 3\)"),
        (dict(weights=np.ones((2, 3), int), signs=[1, -1]), ValueError, r"from sender 1 to neuron 0 is 1; it must be -63 \.\. 0"),
        (dict(weights=np.ones((2, 3), int), mask=np.zeros((2, 3), bool)), ValueError, "the mask has no synapse there; give 0"),
    ],
)
def test_arrays_that_cannot_be(options, error, message):
    with pytest.raises(error, match=message):
        Array(**dict(dict(n=3, n_sources=2), **options))


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda a: a.run(duration=-1.0), ValueError, "duration is -1.0"),
        (lambda a: a.run(duration=np.nan), ValueError, "duration is nan"),
        (lambda a: a.run(duration=np.inf), ValueError, "duration is inf"),
        (lambda a: a.run(duration=1e16), ValueError, r"would reach 1e\+16 s; reset it, or give a shorter duration"),
        (lambda a: a.run(poisson(9, 5, 2.0, 1), 1.0), ValueError, r"comes after the run's duration, 1.0 s; give it to a later run"),
        (lambda a: a.run(poisson(9, 4, 1.0, 1), 1.0), ValueError, "spikes has 4 units; this array has 5 sources"),
        (lambda a: a.run(sp.SpikeTrains([], [], [0, 0, 0], 5), 1.0), ValueError, "spikes has 2 samples; a run takes one, or none at all"),
        (lambda a: a.run([1, 2], 1.0), TypeError, "spikes is 'list'; it must be SpikeTrains"),
        (lambda a: a.run(None, 1.0, noisy_rule), ValueError, "give a program with a period, or neither"),
        (lambda a: a.run(None, 1.0, period=1.0), ValueError, "give a program with a period, or neither"),
        (lambda a: a.run(None, 1.0, noisy_rule, 0.0), ValueError, r"period is 0.0 s; a program needs one above 0"),
        (lambda a: a.run(None, 1.0, noisy_rule, 1e-300), ValueError, r"period is 1e-300 s; .* at most 2\^52 of them"),
        (lambda a: a.run(None, 1.0, noisy_rule, np.nan), ValueError, "period is nan"),
        (lambda a: a.run(duration=1.0, max_spikes=0), ValueError, "max_spikes is 0"),
        (lambda a: a.run(duration=1.0, progress=3), TypeError, "progress is 3"),
        (lambda a: a.apply(None), TypeError, "program is None"),
        (lambda a: a.apply(sp.brainscales2.RateHomeostasis(5, 9.0)), ValueError, r"learning_rate is 9.0; it must be -8 \.\. 8"),
        (lambda a: a.apply(sp.brainscales2.RateHomeostasis(5, probability=1.5)), ValueError, "probability is 1.5"),
        (lambda a: a.apply(sp.brainscales2.RewardModulatedSTDP(0, np.nan)), ValueError, "success is nan"),
        (lambda a: a.apply(sp.brainscales2.RateHomeostasis(256)), ValueError, "target is 256"),
        (lambda a: a.apply(sp.brainscales2.StructuralPlasticity(65)), ValueError, "threshold is 65"),
        (lambda a: a.apply(sp.brainscales2.StructuralPlasticity(weight=64)), ValueError, "weight is 64"),
        (lambda a: a.correlations(reset=1), TypeError, "reset is 1"),
    ],
)
def test_calls_that_cannot_be(call, error, message):
    array = busy()
    array.run(poisson(100, 5, 0.25, 1), 0.25)
    before = array.spikes, array.time, array.membrane
    with pytest.raises(error, match=message):
        call(array)
    assert array.spikes == before[0] and array.time == before[1] and np.array_equal(array.membrane, before[2])


#: A program for each number of programs; which it is has a class, not a number.
PROGRAMS = {
    **dict.fromkeys(("target", "learning_rate", "probability"), sp.brainscales2.RateHomeostasis),
    **dict.fromkeys(("sender", "success"), lambda sender=0, **more: sp.brainscales2.RewardModulatedSTDP(sender, **more)),
    **dict.fromkeys(("threshold", "weight"), sp.brainscales2.StructuralPlasticity),
}


@pytest.mark.parametrize(
    "row", [row for row in _core.domains(_core.DOMAINS_BRAINSCALES2_PROGRAM) if row["name"] != "kind"], ids=lambda row: row["name"]
)
def test_programs_are_judged_when_they_are_made_and_as_the_core_does(row):
    array, name, make = busy(), row["name"], PROGRAMS[row["name"]]
    for value in (row["low"], row["high"]):
        program = make(**{name: int(value) if row["is_whole"] else value})
        if name != "sender":
            array.apply(program)
    for value in (row["low"] - 1, row["high"] + 1):
        value = int(value) if row["is_whole"] else value
        with pytest.raises(ValueError, match=rf"{name} is {value}; it must be {re.escape(row['text'])}"):
            make(**{name: value})
        # What the struct cannot hold is not the core's to judge.
        with pytest.raises((ValueError, OverflowError), match=f"{name} is|too large"):
            _core.brainscales2_array_apply(array._handle, {**make()._fields(), name: value})
    with pytest.raises((ValueError, TypeError), match=f"{name} is nan"):
        make(**{name: np.nan})


def test_programs_show_whole_numbers_as_such():
    assert repr(sp.brainscales2.RateHomeostasis()) == "RateHomeostasis(target=10, learning_rate=0.125, probability=1.0)"


def test_senders_that_an_array_has_not_are_refused():
    with pytest.raises(IndexError, match=r"sender is 5; this array has senders 0 \.\. 1"):
        Array(2, 2).run(None, 1.0, sp.brainscales2.RewardModulatedSTDP(5), 0.5)


def test_arrays_on_chips():
    chip = sp.brainscales2.Chip(seed=4)
    aims = dict(tau_mem=10e-3, threshold=1.5, drive=np.linspace(-0.2, 0.9, 40), delay=1e-3, refractory=2e-3)
    weights = random_weights((10, 40), 1)
    spikes = poisson(60, 10, 0.5, seed=1)
    own = {of: chip.deviations(of)[:40] for of in ("tau_mem", "tau_syn", "threshold", "reset", "gain", "delay")}
    expected = Array(
        40, 10, weights=weights, tau_mem=10e-3 * own["tau_mem"], tau_syn_exc=5e-3 * own["tau_syn"], tau_syn_inh=5e-3 * own["tau_syn"],
        threshold=aims["drive"] + (1.5 - aims["drive"]) * own["threshold"], reset=1.5 * own["reset"], drive=aims["drive"],
        gain=own["gain"] / 63 * 2, delay=1e-3 * own["delay"], refractory=2e-3, noise=0.007 * 1.5,
        resolution=8e-9, event_interval=8e-9, delay_jitter=0.01 * 5e-3,
    )  # fmt: skip
    found = Array.on(chip, n=40, n_sources=10, weights=weights, gain=2 / 63, **aims)
    assert len(expected.run(spikes, 0.5).times) > 50
    assert found.run(spikes, 0.5) == expected.spikes
    # A perfect chip is no chip.
    ideal = sp.brainscales2.Chip.ideal(resolution=0.0, event_interval=0.0)
    plain = Array(40, 10, weights=weights, gain=2 / 63, **aims).run(spikes, 0.5)
    perfect = Array.on(ideal, n=40, n_sources=10, weights=weights, gain=2 / 63, **aims).run(spikes, 0.5)
    assert np.array_equal(perfect.units, plain.units) and perfect.times == pytest.approx(plain.times, rel=1e-12)
    # Arguments go before what the chip has.
    given = dict(noise=0.0, resolution=0.0, event_interval=0.0, delay_jitter=0.0)
    own = Array.on(chip, n=40, n_sources=10, weights=weights, gain=2 / 63, **given, **aims)
    ticks, free = (each.times / 8e-6 for each in (found.spikes, own.run(spikes, 0.5)))
    assert np.abs(ticks - np.rint(ticks)).max() < 1e-6 and np.abs(free - np.rint(free)).max() > 0.3
    for wrong, error, message in (
        (lambda: Array.on(sp.brainscales2.Chip(weight_bits=4), n=4, n_sources=1), sp.SpinnpropError, "weight_bits = 4, an array's synapses 6 bits"),
        (lambda: Array.on(sp.brainscales2.Chip(readout_bits=0), n=4, n_sources=1), sp.SpinnpropError, "readout_bits = 0, an array reads membranes in 8"),
        (lambda: Array.on(sp.brainscales2.Chip(row_offset=0.5), n=4, n_sources=1), sp.SpinnpropError, "row_offset = 0.5, an array's synapses no offsets"),
        (lambda: Array.on(chip, n=513, n_sources=1), ValueError, "n is 513"),
        (lambda: Array.on(3), TypeError, "chip is 3; it must be a spinnprop.brainscales2.Chip"),
        (lambda: Array.on(chip, n=4, n_sources=1, tau_mem=[1.0, 2.0]), ValueError, "tau_mem has 2 elements"),
        (lambda: Array.on(chip, n=4, n_sources=1, colour=1), TypeError, "colour"),
    ):
        with pytest.raises(error, match=message):
            wrong()


def test_what_is_drawn_for_an_array_on_a_chip_is_drawn_from_the_chips_seeds():
    def array(*, seed=7, noise_seed=0, **arguments):
        chip = sp.brainscales2.Chip.ideal(
            seed, noise_seed=noise_seed, noise=0.1, event_interval=0.0, sensor_spread=0.3, sensor_offset=3.0
        )
        own = Array.on(chip, n=8, n_sources=64, weights=np.full((64, 8), 63), gain=1.0, sensors=True, refractory=0.01, **arguments)
        own.run(sp.SpikeTrains(np.zeros(64), np.arange(64, dtype=np.int32), [0, 64], 64), 1e-3)
        causal = own.correlations()[0]
        return causal, own.run(duration=0.1), own.membrane

    def even(of):
        return of[0].min() == of[0].max()

    first = array()
    assert not even(first) and even(array(sensor_spread=0.0, sensor_offset=0.0))
    again, other, noisier = array(), array(seed=8), array(noise_seed=1)
    assert np.array_equal(first[0], again[0]) and np.array_equal(first[2], again[2])
    # Another chip has other sensors and the same noise; another noise seed other noise and the same sensors.
    assert not np.array_equal(first[0], other[0]) and np.array_equal(first[2], other[2])
    assert np.array_equal(first[0], noisier[0]) and not np.array_equal(first[2], noisier[2])
    assert np.array_equal(array(seed=8, sensor_seed=7)[0], first[0])


def test_weights_are_set_whole_or_not_at_all():
    array = busy()
    weights = array.weights
    wrong = np.array(weights)
    wrong[-1, -1] = 64
    with pytest.raises(ValueError, match="from sender 16 to neuron 11 is 64"):
        array.weights = wrong
    with pytest.raises(TypeError, match="weights is None"):
        array.weights = None
    assert np.array_equal(array.weights, weights)
    with pytest.raises(ValueError, match="read-only copy; write array.weights"):
        array.weights[0, 0] = 1


def test_defaults_are_the_cores():
    core = _core.brainscales2_array_defaults()
    names = {"n_neurons": "n", "is_recurrent": "recurrent", "has_sensors": "sensors"}
    shown = inspect.signature(Array).parameters
    for name, value in core.items():
        # What must be said has no default in Python that says nothing.
        assert shown[names.get(name, name)].default == value, name
    program = _core.brainscales2_program_defaults()
    for kind in (sp.brainscales2.RateHomeostasis, sp.brainscales2.RewardModulatedSTDP, sp.brainscales2.StructuralPlasticity):
        for name, parameter in inspect.signature(kind).parameters.items():
            assert parameter.default in (inspect.Parameter.empty, program[name]), name
    plain = dict(tau_mem=20e-3, tau_syn_exc=5e-3, tau_syn_inh=5e-3, threshold=1.0, reset=0.0, drive=0.0, refractory=0.0, gain=1 / 63, delay=0.0, noise=0.0)
    assert {name: shown[name].default for name in plain} == plain and len(plain) == _core.BRAINSCALES2_NEURON_PARAMETERS
    assert shown["n"].default == _core.BRAINSCALES2_CIRCUITS
    bare = _core.brainscales2_array_create({"n_neurons": 2, "n_sources": 1}, (None,) * 10, None, None)
    _core.brainscales2_array_set_weights(bare, np.array([63, 40], np.uint8))
    spikes = sp.SpikeTrains(np.arange(20) * 1e-3, np.zeros(20, np.int32), [0, 20], 1)
    _core.brainscales2_array_run(bare, spikes._arrays, {"duration": 0.05}, None, None)
    count = _core.brainscales2_array_describe(bare)["n_spikes"]
    assert count == len(Array(2, 1, weights=[[63, 40]]).run(spikes, 0.05).times) > 0
