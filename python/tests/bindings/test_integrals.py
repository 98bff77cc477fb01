"""Time integrals of membranes: their values, a loss of them, errors taken back, training and decisions."""

from __future__ import annotations

import copy
import pickle
import re
import warnings

import numpy as np
import pytest

import spinnprop as sp

T_END = 60e-3
TAUS = [np.inf, 30e-3]


@pytest.fixture(scope="module")
def case():
    X, y = sp.datasets.yin_yang(25, seed=3)
    net = sp.Network([4, 20, 3], readout="leaky", recurrent=True, delays="synaptic", seed=1)
    random = np.random.default_rng(2)
    for layer in range(2):
        net.weights[layer] = 1.2 * np.abs(net.weights[layer])
        net.delays[layer] = random.uniform(0, 5e-3, net.delays[layer].shape)
    return net, net.forward(sp.encoding.latency(X), t_end=T_END), y


@pytest.mark.parametrize("tau", TAUS)
def test_they_are_the_membranes_integrals(case, tau):
    _, rec, _ = case
    times = (np.arange(3000) + 0.5) * T_END / 3000
    sums = (rec.membrane(-1, None, times) * np.exp(-times / tau)[:, None]).mean(axis=1) * T_END
    assert np.abs(rec.integrals(tau) - sums).max() < 1e-5 * np.abs(sums).max()
    assert not rec.integrals(tau).flags.writeable and rec.integrals(tau).shape == (25, 3)


@pytest.mark.parametrize("tau", TAUS)
def test_the_loss_is_the_papers(case, tau):
    net, rec, y = case
    loss = sp.losses.VIntegralCrossEntropy(tau0=tau, scale=4.0)
    logits = 4.0 / T_END * rec.integrals(tau)
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    value, grad = net.gradient(rec, loss, y)
    assert abs(value + np.log(p[np.arange(25), y]).mean()) < 1e-13
    np.testing.assert_allclose(rec.probabilities(loss), p, rtol=1e-12)
    np.testing.assert_array_equal(rec.predict(loss), logits.argmax(axis=1))
    # Errors per integral, and a function that somebody writes, give the same.
    errors = 4.0 / T_END * (p - np.eye(3)[y]) / 25
    _, custom = net.gradient(rec, sp.losses.Custom(lambda values, y: (0.0, errors), of="integrals", tau=tau), y)
    for other in (net.pull_back(rec, integral_errors=errors, tau=tau), custom):
        for name in ("weights", "recurrent_weights", "delays", "recurrent_delays"):
            for one, another in zip(getattr(grad, name), getattr(other, name)):
                np.testing.assert_allclose(one, another, rtol=0, atol=1e-12 * np.abs(one).max(initial=1e-300))
    # The adjoint of the read-out has a source until the end.
    _, li = grad.adjoint(-1, None, np.linspace(0, T_END, 5))
    assert np.abs(li[:, :-1]).min() > 0 and np.abs(li[:, -1]).max() == 0


def test_gradients_match_differences(case):
    net, rec, y = case
    loss = sp.losses.VIntegralCrossEntropy(tau0=30e-3)
    _, grad = net.gradient(rec, loss, y, neurons=True)

    def difference(name, layer, place, h):
        def value(step):
            other = copy.copy(net)
            array = np.array(getattr(other, name)[layer])
            array[place] += step
            getattr(other, name)[layer] = array
            return other.gradient(other.forward(rec.input, t_end=T_END), loss, y)[0]

        narrow, wide = (value(h) - value(-h)) / (2 * h), (value(2 * h) - value(-2 * h)) / (4 * h)
        return (4 * narrow - wide) / 3

    for name, layer, place, h in [
        ("weights", 0, (3, 1), 1e-4), ("weights", 1, (0, 5), 1e-4), ("weights", 1, (2, 11), 1e-4), ("recurrent_weights", 0, (2, 4), 1e-4),
        ("delays", 0, (7, 2), 1e-6), ("delays", 1, (1, 3), 1e-6), ("tau_mem", 1, (0,), 1e-5), ("tau_syn", 1, (2,), 1e-6),
        ("drive", 1, (1,), 1e-3), ("tau_syn", 0, (4,), 1e-7),
    ]:  # fmt: skip
        own = getattr(grad, name)[layer]
        assert abs(difference(name, layer, place, h) - own[place]) < 1e-7 * np.abs(own).max(), (name, layer, place)


def test_training_by_them_and_decisions():
    X, y = sp.datasets.yin_yang(600, seed=1)
    spikes = sp.encoding.latency(X, bias=0.0)
    loss = sp.losses.VIntegralCrossEntropy()
    net = sp.Network([5, 40, 3], readout="leaky", seed=1)
    trainer = sp.Trainer(net, loss, t_end=80e-3, epochs=20, batch_size=30, learning_rate=5e-3, seed=1)
    trainer.run(spikes, y, validation=(spikes[:200], y[:200]))
    rec = trainer.network.forward(spikes, t_end=80e-3)
    accuracy = (rec.predict(loss) == y).mean()
    assert accuracy > 0.75
    held = trainer.network.forward(spikes[:200], t_end=80e-3)
    assert trainer.history["validation_accuracy"][-1] == pytest.approx((held.predict(loss) == y[:200]).mean())
    assert trainer.history["validation_loss"][-1] == pytest.approx(trainer.network.gradient(held, loss, y[:200])[0], rel=1e-12)
    again = pickle.loads(pickle.dumps(rec))
    np.testing.assert_array_equal(again.integrals(), rec.integrals())
    np.testing.assert_array_equal(again.predict(loss), rec.predict(loss))


def test_what_has_no_integral_says_so(case):
    net, rec, y = case
    loss = sp.losses.VIntegralCrossEntropy()
    for tau in (0, -1.0, np.nan):
        with pytest.raises(ValueError, match="tau"):
            rec.integrals(tau)
        with pytest.raises(ValueError, match="tau"):
            net.pull_back(rec, integral_errors=np.ones((25, 3)), tau=tau)
    with pytest.raises(TypeError):
        rec.integrals("long")
    for errors in (np.ones((25, 2)), np.ones(75), np.full((25, 3), np.nan)):
        with pytest.raises(ValueError):
            net.pull_back(rec, integral_errors=errors)
    for wrong in ({"tau0": 0.0}, {"tau0": np.nan}, {"scale": 0.0}, {"scale": np.inf}):
        with pytest.raises(ValueError):
            sp.losses.VIntegralCrossEntropy(**wrong)
    with pytest.raises(ValueError, match="leave it out"):
        sp.losses.Custom(len, of="maxima", tau=1.0)
    plain = sp.Network([4, 20, 3], readout="leaky", seed=1)
    endless = plain.forward(rec.input)
    for call in (lambda: endless.integrals(), lambda: plain.gradient(endless, loss, y), lambda: endless.predict(loss)):
        with pytest.raises(ValueError, match="finite"):
            call()
    assert np.isfinite(endless.integrals(20e-3)).all() and (endless.integrals(5e-324) == 0).all()
    spiking = sp.Network([4, 20, 3], seed=1)
    spikes = spiking.forward(rec.input)
    for call in (lambda: spikes.integrals(1.0), lambda: spiking.gradient(spikes, loss, y), lambda: spikes.predict(loss)):
        with pytest.raises((sp.SpinnpropError, ValueError)):
            call()
    with pytest.raises(ValueError, match="integral_errors are for a leaky"):
        spiking.pull_back(spikes, integral_errors=np.ones((25, 3)))
    X, _ = sp.datasets.yin_yang(25, seed=3)
    grid = sp.encoding.latency_grid(X)
    stepped = sp.Network([grid.n_units, 20, 3], readout="leaky", engine="clock", seed=1)
    on_grid = stepped.forward(grid, engine="clock")
    for call in (
        lambda: on_grid.integrals(),
        lambda: stepped.gradient(on_grid, loss, y),
        lambda: stepped.pull_back(on_grid, integral_errors=np.ones((25, 3)), tau=1.0),
        lambda: sp.Trainer(stepped, loss, engine="clock"),
    ):
        with pytest.raises(sp.SpinnpropError, match='engine "event"'):
            call()


@pytest.mark.parametrize("t_end", [None, 0.1])
def test_maxima_that_tell_little_are_told_with_a_loss_that_helps(t_end):
    X, y = sp.datasets.yin_yang(1000, seed=1)
    spikes = sp.encoding.latency(X, bias=0.0)

    def trained(loss, epochs, engine="event", of=spikes):
        net = sp.Network([of.n_units, 40, 3], readout="leaky", seed=0, engine=engine)
        trainer = sp.Trainer(net, loss, epochs=epochs, batch_size=50, engine=engine, t_end=t_end)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            trainer.run(of, y)
        return trainer.history["accuracy"][-1], [str(warning.message) for warning in told]

    accuracy, (message,) = trained(None, 20)
    assert "more than half of that by chance, log(3) = 1.1" in message
    loss = re.search(r"loss=(losses\.VIntegralCrossEntropy\(tau0=[0-9.]+, scale=[0-9.]+\))", message)
    better, told = trained(eval(loss[1], {"losses": sp.losses}), 20)
    assert not told and better > 0.9 > 0.8 > accuracy, (better, accuracy)
    # Too early to say, and an engine without integrals.
    assert not trained(None, 9)[1]
    if t_end is None:
        assert not trained(None, 10, "clock", sp.encoding.latency_grid(X[:, :1]))[1]
