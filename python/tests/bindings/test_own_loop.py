"""A loop of one's own: steps of the optimiser with gradients that somebody else has taken."""

import copy
import math

import numpy as np
import pytest

import spinnprop as sp

LOSS = sp.losses.TTFSCrossEntropy()


@pytest.fixture(scope="module")
def data():
    X, y = sp.datasets.yin_yang(60, seed=3)
    return sp.encoding.latency(X, bias=0.0), y


def net(**options):
    return sp.Network([5, 12, 3], seed=1, **options)


def arrays(network):
    return [np.array(each) for name in ("weights", "recurrent_weights", "delays", "tau_mem") for each in getattr(network, name)]


@pytest.mark.parametrize(
    "network, options",
    [
        ({}, {}),
        ({}, dict(optimizer="sgd", momentum=0.9, clip_norm=1e-3, weight_decay=1e-3)),
        (dict(delays="synaptic"), dict(delay_learning_rate=1e-4)),
        (dict(recurrent=True), dict(t_end=60e-3, train=["weights", "tau_mem"])),
        (dict(connections=[(0, 1), (1, 2), (0, 2)]), {}),
        (dict(signs=[[1] * 5, [1] * 12]), {}),
    ],
)
def test_steps_are_those_of_a_run(data, network, options):
    """One batch an epoch, a constant rate: the same bits by hand."""
    spikes, y = data
    kwargs = dict(epochs=3, batch_size=60, schedule="constant", seed=5, **options)
    trained = sp.Trainer(net(**network), LOSS, **kwargs)
    trained.run(spikes, y)
    own = sp.Trainer(net(**network), LOSS, **kwargs)
    wants = "tau_mem" in options.get("train", [])
    for _ in range(3):
        # A run shuffles: sums of other order differ in the last bits.
        rec = own.network.forward(spikes, t_end=options.get("t_end"))
        _, grad = own.network.gradient(rec, LOSS, y, neurons=wants)
        own.step(grad)
    assert own.epochs_done == 0
    for a, b in zip(arrays(own.network), arrays(trained.network)):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-9)
    assert any((a != b).any() for a, b in zip(arrays(own.network), arrays(net(**network))))


def test_layers_stay_and_rates_are_scaled(data):
    spikes, y = data
    trainer = sp.Trainer(net(), LOSS, optimizer="sgd", clip_norm=math.inf, learning_rate=0.1)
    before = trainer.network
    _, grad = before.gradient(before.forward(spikes), LOSS, y)
    grad.weights[0][:] = 0
    trainer.step(grad, factor=0.5)
    np.testing.assert_array_equal(trainer.network.weights[0], before.weights[0])
    np.testing.assert_allclose(trainer.network.weights[1], before.weights[1] - 0.05 * grad.weights[1], rtol=1e-12)
    trainer.step(grad, factor=0.0)


def test_a_custom_loss_is_learnt(data):
    """Targets of membranes, which no loss of the core has."""
    spikes, y = data
    network = net(readout="leaky")

    def squares(values, y):
        apart = values[:, 0] - 0.8 * np.eye(3)[y]
        return (apart**2).mean() / 2, (apart / apart.size)[:, None]

    loss = sp.losses.Custom(squares, of="membrane", times=[40e-3])
    trainer = sp.Trainer(network, sp.losses.VMaxCrossEntropy(), learning_rate=2e-2)
    values = []
    for _ in range(120):
        rec = trainer.network.forward(spikes, t_end=40e-3)
        value, grad = trainer.network.gradient(rec, loss, y)
        values.append(value)
        trainer.step(grad)
    assert values[-1] < 0.7 * values[0]
    by_run = sp.Trainer(network, loss, learning_rate=2e-2, batch_size=len(y), epochs=120, t_end=40e-3, schedule="constant")
    by_run.run(spikes, y)
    np.testing.assert_allclose(by_run.history["loss"], values, rtol=1e-6)


def test_what_is_no_gradient(data):
    spikes, y = data
    trainer = sp.Trainer(net(), LOSS)
    network = trainer.network
    _, grad = network.gradient(network.forward(spikes), LOSS, y)
    for bad in (None, 3, grad.weights):
        with pytest.raises(TypeError):
            trainer.step(bad)
    for factor in (-1.0, math.nan, math.inf, "x"):
        with pytest.raises((ValueError, TypeError)):
            trainer.step(grad, factor)

    def spoilt(change):
        own = copy.deepcopy(grad)
        change(own)
        with pytest.raises((ValueError, TypeError)):
            trainer.step(own)

    spoilt(lambda own: own.weights.pop())
    spoilt(lambda own: own.weights.__setitem__(0, np.zeros((12, 4))))
    spoilt(lambda own: own.weights[1].__setitem__((0, 0), math.nan))
    spoilt(lambda own: own.weights.__setitem__(0, None))
    other = sp.Network([5, 13, 3], seed=1)
    with pytest.raises(ValueError):
        trainer.step(other.gradient(other.forward(spikes), LOSS, y)[1])
    with pytest.raises((ValueError, sp.SpinnpropError), match="neuron"):
        sp.Trainer(net(), LOSS, train=["tau_mem"]).step(grad)
    for a, b in zip(arrays(trainer.network), arrays(net())):
        np.testing.assert_array_equal(a, b)


def test_steps_and_runs_follow_each_other(data, tmp_path):
    spikes, y = data
    trainer = sp.Trainer(net(), LOSS, epochs=2, batch_size=20, patience=5, restore_best=True)
    trainer.run(spikes, y, validation=(spikes, y))
    network = trainer.network
    _, grad = network.gradient(network.forward(spikes), LOSS, y)
    trainer.step(grad)
    assert (trainer.network.weights[0] != network.weights[0]).any()
