"""The adjoint behind gradients at any times: kicks, sums over arrivals, what it keeps and what it refuses."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import spinnprop as sp

T_END = 60e-3


def with_a_kick(net, spikes, layer, neuron, time, sample):
    """A network with one more input unit, of weight 0 to a neuron of a layer, and spikes that reach it at a time in one sample."""
    n_inputs = net.layer_sizes[0]
    connections = sorted({*net.connections, (0, layer + 1)})
    other = sp.Network(
        [n_inputs + 1, *net.layer_sizes[1:]], readout=net.readout, connections=connections,
        **{name: np.concatenate([np.asarray(each) for each in getattr(net, name)]) for name in ("tau_mem", "tau_syn", "refractory", "drive")},
    )  # fmt: skip
    for a, b in connections:
        if a == 0:
            weights = np.zeros((net.layer_sizes[b], n_inputs + 1))
            if (a, b) in net.connections:
                weights[:, :-1] = net.weights[a, b]
            other.weights[a, b] = weights
        else:
            other.weights[a, b] = net.weights[a, b]
    times, units, offsets = spikes.times, spikes.units, spikes.offsets
    at = offsets[sample + 1]
    moved = offsets + (np.arange(len(offsets)) > sample)
    return other, sp.SpikeTrains(np.insert(times, at, time), np.insert(units, at, n_inputs), moved, n_inputs + 1)


def lively(sizes=(4, 10, 3), **options):
    """A network whose neurons spike."""
    net = sp.Network(list(sizes), seed=2, **options)
    for layer in range(len(sizes) - 1):
        net.weights[layer] = 1.6 * np.abs(net.weights[layer])
    return net


@pytest.mark.parametrize("readout", ["spiking", "leaky"])
@pytest.mark.parametrize("connections", [[(0, 1), (1, 2), (1, 1)], [(0, 1), (0, 2), (1, 2)]])
def test_a_kick_does_what_the_adjoint_says(readout, connections):
    X, y = sp.datasets.yin_yang(6, seed=3)
    spikes = sp.encoding.latency(X)
    net = sp.Network([4, 8, 3], readout=readout, connections=connections, refractory=2e-3, drive=0.2, seed=1)
    net.weights[0] = 1.6 * np.abs(net.weights[0])
    loss = sp.losses.SpikeCountCrossEntropy() if readout == "spiking" else sp.losses.VMaxCrossEntropy()
    _, grad = net.gradient(net.forward(spikes, t_end=T_END), loss, y)
    seen = 0
    for layer, neuron, time, sample in [(0, 1, 7e-3, 2), (0, 5, 2.2e-3, 0), (0, 6, 11e-3, 5), (1, 0, 9.1e-3, 1), (1, 2, 4e-3, 3)]:
        _, (found,) = grad.adjoint(layer, sample, [time])
        kicked, reached = with_a_kick(net, spikes, layer, neuron, time, sample)

        def value(step, layer=layer, neuron=neuron, kicked=kicked, reached=reached):
            weights = np.array(kicked.weights[0, layer + 1])
            weights[neuron, -1] = step
            kicked.weights[0, layer + 1] = weights
            return kicked.gradient(kicked.forward(reached, t_end=T_END), loss, y)[0]

        h = 2e-4
        narrow, wide = (value(h) - value(-h)) / (2 * h), (value(2 * h) - value(-2 * h)) / (4 * h)
        wanted = -net.tau_syn[layer][neuron] * found[neuron]
        assert abs((4 * narrow - wide) / 3 - wanted) <= 1e-7 * max(abs(wanted), 1e-2), (layer, neuron, time, sample)
        seen += wanted != 0
    assert seen >= 3


def test_weights_are_sums_over_arrivals():
    X, y = sp.datasets.yin_yang(5, seed=1)
    net = lively(recurrent=True)
    rec = net.forward(sp.encoding.latency(X), t_end=T_END)
    for _, grad in [
        net.gradient(rec, sp.losses.TTFSCrossEntropy(), y),
        (None, net.pull_back(rec, [np.ones(len(rec.spikes[0].times)), None])),
    ]:
        for weights, source, layer in [
            (grad.weights[0], rec.input, 0), (grad.recurrent_weights[0], rec.spikes[0], 0), (grad.weights[1], rec.spikes[0], 1),
        ]:  # fmt: skip
            sums = np.zeros_like(weights)
            for sample, (times, units) in enumerate(source):
                np.add.at(sums.T, units, -5e-3 * grad.adjoint(layer, sample, times)[1])
            np.testing.assert_allclose(sums, weights, rtol=0, atol=1e-12 * np.abs(weights).max(initial=1e-300))
        assert np.abs(grad.weights[0]).max() > 0


def test_it_outlives_changes_and_is_lost_in_copies():
    X, y = sp.datasets.yin_yang(5, seed=1)
    net = lively()
    labels = y.copy()
    _, grad = net.gradient(net.forward(sp.encoding.latency(X)), sp.losses.TTFSCrossEntropy(), labels)
    _, again = net.gradient(net.forward(sp.encoding.latency(X)), sp.losses.TTFSCrossEntropy(), y)
    wanted = again.adjoint(-1, None, [1e-3, 0.0])
    labels[:] = 0
    net.weights[0] = 2 * net.weights[0]
    grad.weights[1] *= 0
    found = grad.adjoint(1, None, [1e-3, 0.0])
    assert found[0].shape == (5, 2, 3) and np.abs(found[1]).max() > 0
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(grad.adjoint(1, -2, [0.0])[0], found[0][3, 1:])
    for other in (copy.copy(grad), copy.deepcopy(grad), pickle.loads(pickle.dumps(grad))):
        np.testing.assert_array_equal(other.weights[0], grad.weights[0])
        with pytest.raises(ValueError, match="are a copy"):
            other.adjoint(0, 0, [0.0])


def test_what_does_not_fit_is_refused():
    X, y = sp.datasets.yin_yang(5, seed=1)
    net = lively()
    _, grad = net.gradient(net.forward(sp.encoding.latency(X), t_end=T_END), sp.losses.TTFSCrossEntropy(), y)
    for layer, sample in [(2, 0), (-3, 0), (0, 5), (0, -6)]:
        with pytest.raises(IndexError):
            grad.adjoint(layer, sample, [0.0])
    for times in ([-1e-3], [np.nan], [np.inf], [0.1], [[0.0]], ["soon"], None):
        with pytest.raises((ValueError, TypeError)):
            grad.adjoint(0, 0, times)
    for layer, sample in [(0.5, 0), ("0", 0), (0, "all")]:
        with pytest.raises(TypeError):
            grad.adjoint(layer, sample, [0.0])
    assert grad.adjoint(0, 0, [])[0].shape == (0, 10)
    grid = sp.encoding.latency_grid(X)
    on_grid = sp.Network([grid.n_units, 10, 3], engine="clock", seed=2)
    _, stepped = on_grid.gradient(on_grid.forward(grid, engine="clock"), sp.losses.TTFSCrossEntropy(), y)
    with pytest.raises(sp.SpinnpropError, match='rule of engine "clock"'):
        stepped.adjoint(0, 0, [0.0])


def test_adjoints_of_own_losses_are_of_what_was_answered():
    net, asked = lively(), []
    spikes = sp.encoding.latency(np.random.default_rng(3).random((6, 4)), bias=None)
    recording = net.forward(spikes)
    wanted = np.full((6, 3), 20e-3)

    def squares(times, y):
        asked.append(y.copy())
        errors = np.where(np.isfinite(times), times - y, 0.0)
        return float((errors**2).sum() / 2), errors

    _, expected = net.gradient(recording, sp.losses.Custom(squares), wanted.copy())
    expected = expected.adjoint(0, None, [1e-3, 5e-3])
    _, gradients = net.gradient(recording, sp.losses.Custom(squares), wanted)
    wanted[:] = 0
    n_asked = len(asked)
    for own, other in zip(gradients.adjoint(0, None, [1e-3, 5e-3]), expected):
        np.testing.assert_array_equal(own, other)
    assert len(asked) == n_asked and np.any(expected[1])
