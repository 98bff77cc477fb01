"""First spikes in closed form through the binding: options, spikes, gradients, training, refusals."""

import copy
import pickle

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _core

X, y = sp.datasets.yin_yang(300)
SPIKES = sp.encoding.latency(X, bias=0.0)
#: A reset from which nobody comes back: every neuron of the exact engine, too, spikes at most once.
ONCE = dict(reset=-1e12)


def test_options():
    assert _core.first_spike_defaults() == {"max_weight_step": 0}
    assert _core.first_spike_get_options(sp.FirstSpikeEngine()._handle) == {"max_weight_step": 0}
    engine = sp.FirstSpikeEngine(max_weight_step=0.2)
    assert _core.first_spike_get_options(engine._handle) == {"max_weight_step": 0.2}
    assert _core.engine_describe(engine._handle)["kind"] == _core.ENGINE_FIRST_SPIKE
    assert repr(engine) == "FirstSpikeEngine(max_weight_step=0.2)"
    for other in (pickle.loads(pickle.dumps(engine)), copy.deepcopy(engine)):
        assert other == engine and hash(other) == hash(engine)
    assert engine != sp.FirstSpikeEngine()
    for wrong, error in ((0, ValueError), (-1.0, ValueError), (float("nan"), ValueError), ("0.2", TypeError)):
        with pytest.raises(error, match="max_weight_step"):
            sp.FirstSpikeEngine(wrong)
    with pytest.raises(sp.SpinnpropError, match="not of kind SPINNPROP_ENGINE_FIRST_SPIKE"):
        _core.first_spike_get_options(sp.EventEngine()._handle)


@pytest.mark.parametrize("tau_mem", [10e-3, 20e-3])
@pytest.mark.parametrize("delays", [None, "axonal", "dendritic", "synaptic"])
def test_agrees_with_exact_events(tau_mem, delays):
    net = sp.Network([5, 20, 3], tau_mem=tau_mem, tau_syn=10e-3, delays=delays, seed=3, **ONCE)
    if delays:
        rng = np.random.default_rng(0)
        for layer in range(2):
            net.delays[layer] = rng.uniform(0, 10e-3, net.delays[layer].shape)
    results = {}
    for engine in ("event", "first-spike"):
        rec = net.forward(SPIKES, engine=engine)
        assert rec.engine == engine
        results[engine] = rec, *net.gradient(rec, sp.losses.TTFSCrossEntropy(tau0=2e-3, tau1=20e-3), y)
    (exact, value, grad), (closed, own_value, own_grad) = results["event"], results["first-spike"]
    for layer in range(2):
        assert np.array_equal(exact.spikes[layer].units, closed.spikes[layer].units)
        np.testing.assert_allclose(closed.spikes[layer].times, exact.spikes[layer].times, rtol=1e-12)
        np.testing.assert_allclose(
            own_grad.weights[layer], grad.weights[layer], rtol=0, atol=1e-9 * np.abs(grad.weights[layer]).max()
        )
        if delays:
            np.testing.assert_allclose(
                own_grad.delays[layer], grad.delays[layer], rtol=0, atol=1e-9 * np.abs(grad.delays[layer]).max()
            )
    np.testing.assert_allclose(own_grad.input_times, grad.input_times, rtol=0, atol=1e-9 * np.abs(grad.input_times).max())
    assert own_value == pytest.approx(value, rel=1e-11)


def test_refusals_name_the_engine_that_can():
    for options in (
        dict(recurrent=True, t_end=0.1),
        dict(readout="leaky"),
        dict(tau_mem=40e-3),
        dict(tau_mem=[10e-3] * 10 + [20e-3] * 13),
    ):
        t_end = options.pop("t_end", None)
        net = sp.Network([5, 20, 3], **{"tau_mem": 20e-3, "tau_syn": 10e-3, **options})
        with pytest.raises(sp.SpinnpropError, match='use "event" in its place'):
            net.forward(SPIKES, engine="first-spike", t_end=t_end)


def test_limit_reaches_the_rule():
    net = sp.Network([5, 20, 3], tau_mem=None, tau_syn=None, engine="first-spike", seed=3)
    rec = net.forward(SPIKES, engine="first-spike")
    loss = sp.losses.TTFSCrossEntropy()
    none = net.gradient(rec, loss, y, engine=sp.FirstSpikeEngine(max_weight_step=1e-300))[1]
    assert all((own == 0).all() for own in none.weights)
    assert np.array_equal(none.input_times, net.gradient(rec, loss, y)[1].input_times)
    limited = sp.Trainer(net, engine=sp.FirstSpikeEngine(max_weight_step=1e-300), epochs=1)
    limited.run(SPIKES, y)
    assert np.array_equal(limited.network.weights[0], net.weights[0])


def test_trains():
    net = sp.Network([5, 30, 3], tau_mem=None, tau_syn=None, engine="first-spike", delays="axonal", seed=1)
    trainer = sp.Trainer(net, engine="first-spike", epochs=3, delay_learning_rate=1e-4)
    trainer.run(SPIKES, y)
    assert not np.array_equal(trainer.network.delays[0], net.delays[0])
    clf = sp.SpikingClassifier(hidden=(30,), engine="first-spike", epochs=30, seed=0).fit(X, y)
    assert clf.score(X, y) > 0.9
    again = pickle.loads(pickle.dumps(clf))
    assert np.array_equal(again.predict(X), clf.predict(X))
