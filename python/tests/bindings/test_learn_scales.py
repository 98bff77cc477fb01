"""Scales of neurons that are learnt while their whole numbers stay."""

import copy
import functools

import numpy as np
import pytest

import spinnprop as sp
from spinnprop.spinnaker2 import _export, _scales

X, Y = sp.datasets.yin_yang(120, seed=4)
SPIKES = sp.encoding.latency_grid(X)
ENGINE = sp.spinnaker2.Engine()


@functools.lru_cache(maxsize=None)
def trained(recurrent=False):
    net = sp.Network([5, 30, 3], seed=1, recurrent=recurrent, engine="clock", tau_mem=None, tau_syn=None)
    net.wake(SPIKES, engine="clock")
    trainer = sp.Trainer(net, engine="clock", epochs=20, batch_size=20)
    trainer.run(SPIKES, Y)
    return trainer.network


def network(recurrent=False):
    return copy.copy(trained(recurrent))


def whole(net, bits, engine=ENGINE):
    return _export.rounded(net, engine, bits)[1]


def right(net, engine=ENGINE):
    return np.sum(np.asarray(net.forward(SPIKES, engine=engine).predict()) == Y)


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("decay", ["exponential", "euler"])
def test_whole_numbers_stay_and_scales_learn(bits, decay):
    net, engine = network(), sp.spinnaker2.Engine(decay=decay)
    before = [np.array(own) for own in net.weights]
    rounded, numbers, _ = _export.rounded(net, engine, bits)
    found = sp.spinnaker2.learn_scales(net, SPIKES, Y, engine=engine, weight_bits=bits, epochs=10)
    again, same, _ = _export.rounded(found, engine, bits)
    for ends in net.connections:
        assert np.array_equal(numbers[ends], same[ends])
        np.testing.assert_allclose(again.weights[ends], found.weights[ends], rtol=1e-15, atol=0)
        ratios = np.divide(found.weights[ends], rounded.weights[ends], where=numbers[ends] != 0, out=np.full(numbers[ends].shape, np.nan))
        # One for each neuron, all of them above 0 and no two alike.
        scales = np.nanmean(ratios, axis=1)
        np.testing.assert_allclose(ratios[numbers[ends] != 0], np.broadcast_to(scales[:, None], ratios.shape)[numbers[ends] != 0], rtol=1e-14)
        assert (scales > 0).all()
    assert right(found, engine) > right(rounded, engine)
    # The network that was given is left alone.
    assert all(np.array_equal(own, each) for own, each in zip(net.weights, before))


def test_the_emulated_chip_runs_what_was_learnt(tmp_path):
    pytest.importorskip("nir")
    found = sp.spinnaker2.learn_scales(network(), SPIKES, Y, weight_bits=2, epochs=5)
    report = sp.spinnaker2.export(found, tmp_path / "net.nir", SPIKES, Y, weight_bits=2)
    chip = report.network.forward(SPIKES, engine=ENGINE)
    for twin in (
        found.forward(SPIKES, engine=sp.ClockEngine(weight_bits=2)),
        sp.from_nir(tmp_path / "net.nir").forward(SPIKES, engine=ENGINE),
    ):
        assert all(one == other for one, other in zip(chip.spikes, twin.spikes))
    assert report.accuracy == report.rounded_accuracy == right(found) / len(Y) and report.agreement == 1


def test_one_scale_for_all_that_a_neuron_hears():
    net = network(recurrent=True)
    found = sp.spinnaker2.learn_scales(net, SPIKES, Y, weight_bits=8, epochs=10)
    rounded = _export.rounded(net, ENGINE, 8)[0]
    scales = []
    for ends in ((0, 1), (1, 1)):
        is_there = np.array(rounded.weights[ends]) != 0
        scales.append(np.ma.array(found.weights[ends], mask=~is_there) / np.ma.array(rounded.weights[ends], mask=~is_there))
    np.testing.assert_allclose(scales[0].mean(1), scales[1].mean(1), rtol=1e-13)
    assert np.abs(scales[0].mean(1) - 1).max() > 1e-3


def test_the_seed_decides():
    net = network()
    options = {"weight_bits": 2, "epochs": 3}
    one, same, other = (sp.spinnaker2.learn_scales(net, SPIKES, Y, seed=seed, **options) for seed in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(one.weights, same.weights))
    assert not np.array_equal(one.weights[0], other.weights[0])


def test_it_is_never_worse_on_what_it_learns_from():
    net = network()
    rounded = _export.rounded(net, ENGINE, 4)[0]
    assert right(sp.spinnaker2.learn_scales(net, SPIKES, Y, weight_bits=4, epochs=2, learning_rate=1e6)) >= right(rounded)


def test_neurons_that_hear_nothing():
    net = network()
    weights = np.array(net.weights[0])
    weights[:7] = 0
    net.weights[0] = weights
    found = sp.spinnaker2.learn_scales(net, SPIKES, Y, weight_bits=2, epochs=2)
    assert (np.array(found.weights[0])[:7] == 0).all() and np.isfinite(found.weights[0]).all()
    net.weights[0] = np.zeros((30, 5))
    with pytest.warns(RuntimeWarning, match=r"no output of the network spikes with weights of 2 bits, .*; train it first with ClockEngine\(weight_bits=2\)"):
        found = sp.spinnaker2.learn_scales(net, SPIKES, Y, weight_bits=2, epochs=2)
    assert (np.array(found.weights[0]) == 0).all()


def test_adam_is_that_of_the_core():
    net, loss = network(), sp.losses.TTFSCrossEntropy()
    spikes = sp.encoding.latency(X, bias=0.0)
    trainer = sp.Trainer(net, loss, learning_rate=0.01, optimizer="adam", clip_norm=float("inf"), bump=0.0)
    own = _scales.Adam([np.array(each) for each in net.weights])
    for _ in range(4):
        now = trainer.network
        _, gradient = now.gradient(now.forward(spikes), loss, Y)
        own.step([np.array(each) for each in gradient.weights], 0.01)
        trainer.step(gradient)
    for mine, theirs, first in zip(own.values, trainer.network.weights, net.weights):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)
        assert not np.array_equal(theirs, first)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"network": None}, TypeError, "must be a Network"),
        ({"weight_bits": 1}, ValueError, "weight_bits"),
        ({"weight_bits": 9}, ValueError, "weight_bits"),
        ({"engine": "clock"}, TypeError, "spinnaker2.Engine"),
        ({"spikes": X}, TypeError, "SpikeTrains"),
        ({"spikes": None}, TypeError, "SpikeTrains"),
        ({"y": Y[:-1]}, ValueError, "y has 119 labels and spikes 120 samples"),
        ({"y": Y + 3}, ValueError, "give labels of 0 .. 2"),
        ({"spikes": SPIKES[:0], "y": Y[:0]}, ValueError, "no samples"),
        ({"epochs": 0}, ValueError, "epochs"),
        ({"batch_size": 0}, ValueError, "batch_size"),
        ({"batch_size": 2.5}, TypeError, "batch_size"),
        ({"learning_rate": 0.0}, ValueError, "learning_rate"),
        ({"learning_rate": float("nan")}, ValueError, "learning_rate"),
        ({"seed": -1}, ValueError, "seed"),
        ({"network": sp.Network([5, 30, 3], readout="leaky")}, ValueError, "leaky read-out"),
        ({"network": sp.Network([5, 30, 3], delays="axonal")}, ValueError, "axonal delays"),
    ],
)
def test_arguments(options, error, said):
    with pytest.raises(error, match=said):
        sp.spinnaker2.learn_scales(**{"network": network(), "spikes": SPIKES, "y": Y, "epochs": 1, **options})


def test_constraints_do_not_stop_it():
    masks = [np.arange(150).reshape(30, 5) % 3 > 0, None]
    net = sp.Network([5, 30, 3], masks=masks, weight_bounds=(0.1, 2.0), engine="clock", tau_mem=None, tau_syn=None)
    net.wake(SPIKES, engine="clock")
    before = copy.copy(net)
    found = sp.spinnaker2.learn_scales(net, SPIKES, Y, weight_bits=3, epochs=2)
    assert (np.array(found.weights[0])[~masks[0]] == 0).all()
    assert np.array_equal(before.weights[0], net.weights[0])
