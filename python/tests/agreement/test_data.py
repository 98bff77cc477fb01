"""Data sets and encoders against restatements in numpy."""

import numpy as np
import pytest

import spinnprop as sp


def yin_yang(n, seed):
    """Kriener, Goeltz and Petrovici (2021): points of random classes, drawn until they fall into their class."""
    random = np.random.RandomState(seed)
    small, big = 0.1, 0.5

    def class_of(x, y):
        right, left = np.hypot(x - 1.5 * big, y - big), np.hypot(x - 0.5 * big, y - big)
        if right < small or left < small:
            return 2
        is_yang = right <= small or small < left <= 0.5 * big or (y > big and right > 0.5 * big)
        return 1 if is_yang else 0

    points, labels = np.empty((n, 4)), np.empty(n, np.int64)
    for sample in range(n):
        goal = random.randint(3)
        while True:
            x, y = random.rand(2) * 2.0 * big
            if np.hypot(x - big, y - big) <= big and class_of(x, y) == goal:
                break
        points[sample], labels[sample] = (x, y, 1.0 - x, 1.0 - y), goal
    return points, labels


@pytest.mark.parametrize("n, seed", [(5000, 42), (1000, 41), (1000, 40), (300, 0), (300, 2**32 - 1), (300, 123456789)])
def test_yin_yang_bit_for_bit(n, seed):
    X, y = sp.datasets.yin_yang(n, seed=seed)
    expected_X, expected_y = yin_yang(n, seed)
    assert X.tobytes() == expected_X.tobytes() and np.array_equal(y, expected_y)


@pytest.mark.parametrize(
    "n, seed, first, labels, counts",
    [
        (5000, 42, (0.6803075385877797, 0.450499251969543), [2, 1, 2, 1, 1, 1, 0, 2, 2, 0], [1681, 1702, 1617]),
        (1000, 41, (0.6805727261759029, 0.3209733938933629), [0, 1, 0, 0, 2, 1, 1, 1, 1, 2], [316, 336, 348]),
        (1000, 40, (0.23409664559563403, 0.4017249751828972), [2, 2, 1, 1, 1, 2, 2, 0, 2, 2], [350, 316, 334]),
    ],
)
def test_yin_yang_is_the_published_one(n, seed, first, labels, counts):
    X, y = sp.datasets.yin_yang(n, seed=seed)
    assert tuple(X[0, :2]) == first and y[:10].tolist() == labels and np.bincount(y).tolist() == counts


@pytest.mark.parametrize("t_early, t_late, bias", [(0.0, 30e-3, None), (0.0, 30e-3, 0.0), (1.5e-3, 20e-3, 9e-3)])
def test_latency(t_early, t_late, bias):
    X = np.vstack([np.random.RandomState(0).rand(50, 7), np.zeros(7), np.ones(7)])
    spikes = sp.encoding.latency(X, t_early=t_early, t_late=t_late, bias=bias)
    times = t_early + X * (t_late - t_early)
    if bias is not None:
        times = np.hstack([times, np.full((52, 1), bias)])
    assert np.allclose(spikes.times.reshape(times.shape), times, rtol=1e-15, atol=0)
    assert np.array_equal(spikes.units.reshape(times.shape), np.tile(np.arange(times.shape[1]), (52, 1)))
    assert np.array_equal(spikes.offsets, np.arange(53) * times.shape[1])


@pytest.mark.parametrize("steps, t_min, time_step", [(27, 2, 1e-3), (52, 0, 1e-3), (30, 5, 0.5e-3)])
def test_latency_grid(steps, t_min, time_step):
    X = np.vstack([np.random.RandomState(1).rand(200, 4), np.zeros(4), np.ones(4)])
    spikes = sp.encoding.latency_grid(X, steps=steps, t_min=t_min, time_step=time_step)
    tau = steps - 1 - t_min
    grid = np.round(np.minimum(tau * (1 - X), 0.99 * tau) + t_min)
    expected = np.hstack([grid, np.zeros((202, 1))]) * time_step
    assert np.array_equal(spikes.times.reshape(202, 5), expected)
    assert np.array_equal(spikes.units.reshape(202, 5), np.tile(np.arange(5), (202, 1)))


def test_first_spikes_of_single_neurons():
    """Against the closed form of the membrane on a fine grid, refined by bisection."""
    random = np.random.RandomState(3)
    for tau_mem, tau_syn in ((20e-3, 5e-3), (5e-3, 20e-3), (10e-3, 7e-3)):
        times, weights = np.sort(random.rand(6) * 20e-3), random.rand(6) * 4 - 0.5

        def membrane(t):
            past = np.maximum(t - times, 0.0)
            kernel = tau_syn / (tau_mem - tau_syn) * (np.exp(-past / tau_mem) - np.exp(-past / tau_syn))
            return np.sum(weights * kernel)

        net = sp.Network([6, 1], tau_mem=tau_mem, tau_syn=tau_syn)
        net.weights[0] = weights[None]
        found = net.forward(sp.SpikeTrains(times, list(range(6)), [0, 6], 6)).first_spike_times[0, 0]
        grid = np.linspace(0, 0.2, 20001)
        above = np.flatnonzero([membrane(t) >= 1.0 for t in grid])
        if not len(above):
            assert np.isinf(found)
            continue
        low, high = grid[above[0] - 1], grid[above[0]]
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if membrane(middle) >= 1.0 else (middle, high)
        assert found == pytest.approx(high, abs=1e-15)
