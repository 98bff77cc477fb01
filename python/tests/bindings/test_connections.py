"""Networks whose layers hear several sources: how they are made, addressed, stored, run and trained, and what is refused."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any, List, Tuple

import numpy as np
import pytest

import spinnprop as sp

PAIRS = [(1, 2), (0, 2), (0, 1), (2, 2), (2, 3), (0, 3)]
#: First one into each layer, then what skips, then recurrence.
ORDER = ((0, 1), (1, 2), (2, 3), (0, 2), (0, 3), (2, 2))
KINDS = ["axonal", "synaptic", "dendritic", "axonal", None, "dendritic"]


def make(**options: Any) -> sp.Network:
    net = sp.Network([5, 9, 7, 3], delays=KINDS, connections=PAIRS, seed=3, **options)
    for pair, kind in zip(PAIRS, KINDS):
        if kind is not None:
            net.delays[pair] = np.random.default_rng(sum(pair)).uniform(1e-3, 4e-3, net.delays[pair].shape)
    return net


def batch(net: sp.Network) -> Tuple[sp.SpikeTrains, Any, sp.Recording]:
    X, y = sp.datasets.yin_yang(40, seed=1)
    spikes = sp.encoding.latency(X, bias=0.0)
    return spikes, y, net.forward(spikes, t_end=0.1)


def test_any_connection_is_addressed_by_its_ends() -> None:
    net = make()
    assert net.connections == ORDER
    assert net.delay_kinds == tuple(KINDS[PAIRS.index(pair)] for pair in ORDER)
    sizes = net.layer_sizes
    for source, target in net.connections:
        assert net.weights[source, target].shape == (sizes[target], sizes[source])
        assert net.weights[np.int64(source), target].any()
    assert net.delays[1, 2].shape == (9,) and net.delays[0, 2].shape == (7, 5) and net.delays[0, 1].shape == (9,)
    assert net.delays[2, 2].shape == (7,) and net.delays[2, 3].shape == (0, 0) and net.delays[0, 3].shape == (3,)
    assert len(net.weights) == len(net.delays) == 3 and len(list(net.weights)) == 3
    assert np.array_equal(net.weights[1], net.weights[1, 2]) and np.array_equal(net.weights[-1], net.weights[2, 3])
    assert np.array_equal(net.recurrent_weights[1], net.weights[2, 2])
    assert np.array_equal(net.recurrent_delays[1], net.delays[2, 2]) and net.recurrent_weights[0].shape == (0, 0)
    net.weights[2, 2] = np.full((7, 7), 0.5)
    net.weights[0, 3] = np.arange(15).reshape(3, 5)
    assert (net.recurrent_weights[1] == 0.5).all() and net.weights[0, 3][2, 4] == 14
    # Without (1, 2) the second layer's first source is the input.
    other = sp.Network([5, 9, 3], connections=[(0, 2), (0, 1)])
    assert other.connections == ((0, 1), (0, 2)) and other.weights[1].shape == (3, 5)


def test_a_chain_is_a_chain_however_it_is_said() -> None:
    net = sp.Network([5, 9, 7, 3], delays="axonal", recurrent=[True, False], seed=2)
    same = sp.Network([5, 9, 7, 3], delays="axonal", connections=[(2, 3), (1, 1), (0, 1), (1, 2)], seed=2)
    assert pickle.dumps(net) == pickle.dumps(same) and repr(net) == repr(same)
    assert net.connections == ((0, 1), (1, 2), (2, 3), (1, 1)) and net.delay_kinds == ("axonal",) * 3
    assert np.array_equal(net.weights[1, 1], net.recurrent_weights[0])
    assert "connections=[(0, 1), (1, 2)" in repr(make())


def test_copies_pickles_and_files(tmp_path: Path) -> None:
    net = make(readout="leaky")
    path = tmp_path / "net.safetensors"
    sp.save(net, path)
    for other in (copy.copy(net), pickle.loads(pickle.dumps(net)), sp.load(path)):
        assert other.connections == net.connections and other.delay_kinds == net.delay_kinds
        for pair in net.connections:
            assert np.array_equal(other.weights[pair], net.weights[pair])
            assert np.array_equal(other.delays[pair], net.delays[pair])
        assert pickle.dumps(other) == pickle.dumps(net)


def test_gradients_are_addressed_alike() -> None:
    net = make()
    _, y, rec = batch(net)
    value, grad = net.gradient(rec, sp.losses.TTFSCrossEntropy(), y)
    for pair in net.connections:
        assert grad.weights[pair].shape == net.weights[pair].shape and np.abs(grad.weights[pair]).max() > 0
        assert grad.delays[pair].shape == net.delays[pair].shape
    assert grad.weights[1] is grad.weights[1, 2] and grad.weights[2, 2] is grad.recurrent_weights[1]
    grad.weights[0, 2] *= 2.0
    grad.weights[0, 2] = grad.weights[0, 2] / 2.0
    grad.weights[2, 2] = np.zeros((7, 7))
    grad.weights[1, 2] = np.ones((7, 9))
    assert not grad.recurrent_weights[1].any() and grad.weights[1].all() and len(grad.weights) == 3
    for other in (copy.deepcopy(grad), pickle.loads(pickle.dumps(grad))):
        assert np.array_equal(other.weights[0, 2], grad.weights[0, 2])
        assert other.weights[2, 2] is other.recurrent_weights[1]
    for wrong in ((1, 3), (0, 4), (0,), (0, 1, 2), (2, 1)):
        with pytest.raises(IndexError, match="is no connection of this network; it has"):
            grad.weights[wrong]
        with pytest.raises(IndexError, match="is no connection of this network; it has"):
            net.weights[wrong]
        with pytest.raises(IndexError, match="is no connection of this network; it has"):
            net.delays[wrong] = np.zeros((2, 2))
    with pytest.raises(TypeError, match="an end of a connection is 0.0; it must be an integer"):
        net.weights[0.0, 2]


def test_a_step_down_the_gradient_lowers_the_loss() -> None:
    net = make()
    spikes, y, rec = batch(net)
    loss = sp.losses.TTFSCrossEntropy()
    value, grad = net.gradient(rec, loss, y)
    pair, step = (0, 3), 1e-6
    direction = grad.weights[pair] / np.linalg.norm(grad.weights[pair])
    values = []
    for sign in (-1, 1):
        moved = copy.copy(net)
        moved.weights[pair] = net.weights[pair] + sign * step * direction
        values.append(moved.gradient(moved.forward(spikes, t_end=0.1), loss, y)[0])
    assert (values[1] - values[0]) / (2 * step) == pytest.approx(np.linalg.norm(grad.weights[pair]), rel=1e-5)


@pytest.mark.parametrize("engine", ["event", "clock", "first-spike"])
def test_training_moves_every_connection_and_resumes(engine: str, tmp_path: Path) -> None:
    X, y = sp.datasets.yin_yang(100, seed=1)
    options = {"engine": engine, "batch_size": 20, "seed": 4, "train": ("weights", "delays"), "delay_learning_rate": 1e-4}
    if engine == "event":
        net, spikes = make(), sp.encoding.latency(X, bias=0.0)
        options["t_end"] = 0.1
    elif engine == "first-spike":
        net = sp.Network([5, 9, 7, 3], connections=PAIRS[:3] + PAIRS[4:], delays="synaptic", engine=engine, tau_mem=10e-3, seed=3)
        spikes = sp.encoding.latency(X, bias=0.0)
    else:
        net = sp.Network([5, 9, 7, 3], connections=PAIRS, delays="axonal", engine=engine, seed=3)
        spikes = sp.encoding.latency_grid(X)
    through = sp.Trainer(net, epochs=2, **options)
    through.run(spikes, y)
    for pair in net.connections:
        assert not np.array_equal(through.network.weights[pair], net.weights[pair])
    path = tmp_path / "checkpoint"
    sp.Trainer(net, epochs=2, checkpoint=path, **options).run(spikes, y)
    again = sp.Trainer(net, epochs=2, checkpoint=path, **options)
    again.run(spikes, y)
    assert pickle.dumps(again.network) == pickle.dumps(through.network)


def test_weights_of_any_connection_are_held() -> None:
    """Masks and signs are of each connection, as these are given."""
    sizes, pairs = (5, 9, 3), [(0, 2), (0, 1), (1, 2)]
    only_the_bias = np.arange(5)[np.newaxis, :].repeat(3, 0) == 4
    net = sp.Network(sizes, connections=pairs, masks=[only_the_bias, None, None], signs=[[0, 0, 0, 0, 1], None, [-1] * 9], seed=1)
    assert np.array_equal(net.masks[0, 2], only_the_bias) and net.masks[0].all() and net.masks[1, 2].all()
    assert (net.signs[1, 2] == -1).all() and not net.signs[0].any() and (net.weights[1] <= 0).all()
    assert np.array_equal(net.weights[0, 2] != 0, only_the_bias) and (net.weights[0, 2] >= 0).all()
    spikes, y, rec = batch(net)
    _, grad = net.gradient(rec, sp.losses.TTFSCrossEntropy(), y)
    assert not grad.weights[0, 2][~only_the_bias].any()
    net.masks[0, 1] = np.zeros((9, 5), bool)
    assert not net.weights[0].any()
    net.weight_bounds[0, 2] = [0.0, 0.1]
    assert net.weights[0, 2].max() == 0.1 and net.weight_bounds[1].tolist() == [-np.inf, np.inf]
    other = pickle.loads(pickle.dumps(net))
    assert np.array_equal(other.masks[0, 2], only_the_bias) and other.weight_bounds[0, 2].tolist() == [0.0, 0.1]
    with pytest.raises(ValueError, match=r"weights\[0, 2\]\[0, 0\] is 1.0, but the mask has no such synapse"):
        net.weights[0, 2] = np.ones((3, 5))
    with pytest.raises(ValueError, match="masks has 2 elements; give one for each of the 3 connections"):
        sp.Network(sizes, connections=pairs, masks=[None, None])
    with pytest.raises(ValueError, match="recurrent_masks is given beside connections"):
        sp.Network(sizes, connections=pairs, recurrent_masks=[None, None])


def test_reptile_moves_every_connection() -> None:
    net = sp.Network([5, 9, 7, 3], connections=PAIRS, seed=3)
    X, y = sp.datasets.yin_yang(20, seed=1)
    moved = sp.meta.reptile(net, [(sp.encoding.latency(X, bias=0.0), y)], steps=1, t_end=0.1)
    assert not any(np.array_equal(moved.weights[pair], net.weights[pair]) for pair in net.connections)


def test_first_spikes_of_several_sources() -> None:
    """Where no neuron spikes twice they are the exact engine's, and so are the gradients."""
    pairs = [(0, 1), (1, 2), (0, 2)]
    for kind in (None, "axonal", "synaptic"):
        net = sp.Network([5, 9, 3], connections=pairs, delays=kind, tau_mem=10e-3, reset=-1e6, seed=1)
        for n, pair in enumerate(pairs):
            net.weights[pair] = 2.0 * net.weights[pair]
            if kind is not None:
                net.delays[pair] = np.random.default_rng(n).uniform(0, 5e-3, net.delays[pair].shape)
        spikes, y, exact = batch(net)
        first = net.forward(spikes, engine="first-spike", t_end=0.1)
        finite = np.isfinite(exact.first_spike_times)
        assert finite.sum() > 20 and np.array_equal(finite, np.isfinite(first.first_spike_times))
        np.testing.assert_allclose(first.first_spike_times[finite], exact.first_spike_times[finite], rtol=1e-12)
        (_, ours), (_, theirs) = (net.gradient(rec, sp.losses.TTFSCrossEntropy(), y) for rec in (first, exact))
        for pair in pairs:
            for own, other in ((ours.weights, theirs.weights), (ours.delays, theirs.delays)):
                np.testing.assert_allclose(own[pair], other[pair], rtol=1e-7, atol=1e-9 * np.abs(other[pair]).max(initial=0))
        np.testing.assert_allclose(ours.input_times, theirs.input_times, rtol=1e-7, atol=1e-9 * np.abs(theirs.input_times).max())


def test_engines_that_refuse() -> None:
    pairs = [(0, 1), (1, 2), (0, 2)]
    spikes = sp.SpikeTrains([1e-3], [0], [0, 1], 5)
    with pytest.raises(sp.SpinnpropError, match=r"the connection \(0, 2\) skips layers.*use engine \"clock\""):
        sp.Network([5, 9, 3], connections=pairs).forward(spikes, engine="spinnaker2")
    for delays in ("dendritic", ["axonal", None, "axonal"]):
        net = sp.Network([5, 9, 3], connections=pairs, delays=delays, tau_mem=10e-3)
        with pytest.raises(sp.SpinnpropError, match='layer 1 hears several sources with dendritic .* use "event" in its place'):
            net.forward(spikes, engine="first-spike")


WRONG: List[Tuple[Any, type, str]] = [
    ([], ValueError, r"connections has shape \(0,\); give \(source, target\) for each"),
    (np.empty((0, 2), int), ValueError, r"connections has shape \(0, 2\)"),
    ([0, 1], ValueError, r"connections has shape \(2,\)"),
    ([(0, 1, 2)], ValueError, r"connections has shape \(1, 3\)"),
    ([(0, 1), (1,)], ValueError, "connections is not an array of numbers"),
    ("chain", TypeError, "connections has dtype"),
    (3, ValueError, r"connections has shape \(\)"),
    ([(0, 1), (1, 2.5)], ValueError, "connections has the value 2.5; all must be whole numbers"),
    ([(0, 1), (1, np.nan)], ValueError, "connections has the value nan"),
    ([(0, 1), (1, 2**40)], ValueError, "connections has the value 1099511627776"),
    ([("0", "1")], TypeError, "connections has dtype"),
    ([(0, 1), (1, 3)], ValueError, r"connections\[1\] is \(1, 3\); sources are 0, the input, .. 2, the last layer, and targets 1 .. 2"),
    ([(0, 1), (-1, 2)], ValueError, r"connections\[1\] is \(-1, 2\)"),
    ([(0, 1), (1, 0)], ValueError, r"connections\[1\] is \(1, 0\)"),
    ([(0, 1), (0, 2), (2, 1)], ValueError, r"connections\[2\] is \(2, 1\), which leads backward.*connect \(1, 2\)"),
    ([(0, 1), (1, 2), (0, 1)], ValueError, r"connections\[2\] is \(0, 1\), and so is connections\[0\]; give each pair once"),
    ([(0, 1), (1, 1)], ValueError, r"no connection leads to population 2 but from itself; add \(1, 2\) to connections"),
    ([(0, 1)] * 100, ValueError, "n_connections is 100; give 0 for a chain, or at most 5"),
]


@pytest.mark.parametrize("connections, error, message", WRONG)
def test_wrong_connections(connections: Any, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        sp.Network([5, 9, 3], connections=connections)


def test_what_does_not_go_with_connections() -> None:
    pairs = [(0, 1), (1, 2), (0, 2)]
    with pytest.raises(ValueError, match=r"recurrent is given beside connections; add the layer as \(k, k\)"):
        sp.Network([5, 9, 3], connections=pairs, recurrent=True)
    with pytest.raises(ValueError, match="give one kind, or one for each connection, 3"):
        sp.Network([5, 9, 3], connections=pairs, delays=["axonal", None])
    with pytest.raises(ValueError, match=r"connections\[3\] is \(2, 2\), but the last layer is a leaky read-out"):
        sp.Network([5, 9, 3], connections=[*pairs, (2, 2)], readout="leaky")
    net = sp.Network([5, 9, 3], connections=[*pairs, (2, 2)])
    with pytest.raises(ValueError, match="may never fall silent: give a finite t_end"):
        net.forward(sp.SpikeTrains([1e-3], [0], [0, 1], 5))
    with pytest.raises(ValueError, match=r"weights\[0, 2\] has shape \(3, 9\); it must have \(3, 5\)"):
        net.weights[0, 2] = np.zeros((3, 9))
    with pytest.raises(ValueError, match=r"weights\[0, 2\]\[1, 2\] is nan; every element must be finite"):
        net.weights[0, 2] = np.where(np.arange(15).reshape(3, 5) == 7, np.nan, 1.0)


def test_measured_spikes_of_several_sources() -> None:
    """Spikes that the network itself has made, given as measured ones, have its gradients."""
    net = make()
    spikes, y, rec = batch(net)
    measured = sp.Recording.measured(net, spikes, list(rec.spikes), t_end=0.1)
    loss = sp.losses.TTFSCrossEntropy()
    (value, grad), (expected, wanted) = net.gradient(measured, loss, y, engine="event"), net.gradient(rec, loss, y)
    assert value == expected
    for pair in net.connections:
        for own, other in ((grad.weights, wanted.weights), (grad.delays, wanted.delays)):
            np.testing.assert_allclose(own[pair], other[pair], rtol=1e-8, atol=1e-10 * np.abs(other[pair]).max(initial=0))


def test_bits_do_not_depend_on_threads() -> None:
    net = make()
    before = sp.get_threads()
    try:
        found = []
        for threads in (1, 3):
            sp.set_threads(threads)
            _, y, rec = batch(net)
            _, grad = net.gradient(rec, sp.losses.TTFSCrossEntropy(), y)
            found.append(pickle.dumps([grad.weights[pair] for pair in net.connections] + [grad.delays[pair] for pair in net.connections]))
        assert found[0] == found[1]
    finally:
        sp.set_threads(before)
