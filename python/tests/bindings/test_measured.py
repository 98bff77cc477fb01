"""Recordings of measured spikes through the binding: gradients, deviations, refusals, training with a chip in the loop."""

import copy
import pickle

import numpy as np
import pytest

import spinnprop as sp

X, y = sp.datasets.yin_yang(60)
SPIKES = sp.encoding.latency(X, bias=0.0)
LOSS = sp.losses.TTFSCrossEntropy()


def trains(times, units, n_units, samples=1):
    return sp.SpikeTrains(times, units, [0] + [len(times)] * samples, n_units)


def jittered(spikes, rng, by):
    return sp.SpikeTrains(
        np.abs(spikes.times + by * rng.standard_normal(len(spikes.times))), spikes.units, spikes.offsets, spikes.n_units
    )


@pytest.mark.parametrize("engine", ["event", "first-spike"])
@pytest.mark.parametrize("delays", [None, "axonal", "dendritic", "synaptic"])
def test_own_spikes_give_own_gradients(engine, delays):
    net = sp.Network([5, 20, 10, 3], tau_mem=10e-3, tau_syn=10e-3, delays=delays, seed=3)
    if delays:
        rng = np.random.default_rng(0)
        for layer in range(3):
            net.delays[layer] = rng.uniform(0, 5e-3, net.delays[layer].shape)
    made = net.forward(SPIKES, engine=engine)
    rec = sp.Recording.measured(net, SPIKES, made.spikes)
    assert rec.engine == "measured" and rec.grid is None and len(rec) == 60 and rec.layer_sizes == (5, 20, 10, 3)
    assert np.array_equal(rec.predict(LOSS), made.predict(LOSS))
    value, grad = net.gradient(rec, LOSS, y, engine=engine)
    wanted, own = net.gradient(made, LOSS, y)
    assert value == wanted and grad.skipped == own.skipped
    for layer in range(3):
        assert rec.spikes[layer] == made.spikes[layer]
        for found, known in zip((grad.weights, grad.delays), (own.weights, own.delays)):
            np.testing.assert_allclose(found[layer], known[layer], rtol=0, atol=1e-12 * np.abs(known[layer]).max(initial=0))
        deviation = rec.deviations[layer]
        assert deviation.shape == (60, net.layer_sizes[layer + 1]) and not deviation.flags.writeable
        assert (np.abs(deviation[np.isfinite(deviation)]) < 1e-12).all() and not np.isinf(deviation).any()
        assert rec.diagnostics[layer]["impossible_spikes"] == 0
    for other in (pickle.loads(pickle.dumps(rec)), copy.deepcopy(rec)):
        assert other.engine == "measured" and np.array_equal(other.deviations[0], rec.deviations[0], equal_nan=True)
        assert np.array_equal(net.gradient(other, LOSS, y, engine=engine)[1].weights[0], grad.weights[0])
    # Without an engine, as exact events have it.
    assert np.array_equal(
        net.gradient(rec, LOSS, y)[1].weights[0], net.gradient(rec, LOSS, y, engine="event")[1].weights[0]
    )


@pytest.mark.parametrize("engine", ["event", "first-spike"])
@pytest.mark.parametrize("delays", [None, "axonal", "dendritic"])
def test_neurons_of_other_thresholds_and_gains_have_their_own_gradients(engine, delays):
    """The rule knows neither: what the model's membrane was at a spike tells both."""
    reset = 0.0 if engine == "event" else -1e12
    net = sp.Network([5, 20, 3], tau_mem=10e-3, tau_syn=10e-3, reset=reset, delays=delays, seed=3)
    chip = copy.copy(net)
    rng = np.random.default_rng(1)
    gains = [rng.uniform(0.7, 1.4, n) for n in (20, 3)]
    for layer, gain in enumerate(gains):
        chip.threshold[layer] = rng.uniform(0.6, 1.5, len(gain))
        chip.weights[layer] = net.weights[layer] * gain[:, None]
    made = chip.forward(SPIKES)
    rec = sp.Recording.measured(net, SPIKES, made.spikes)
    (value, grad), (wanted, own) = net.gradient(rec, LOSS, y, engine=engine), chip.gradient(made, LOSS, y)
    assert value == wanted and len(made.spikes[0].times) > 200
    for layer, gain in enumerate(gains):
        units = made.spikes[layer].units
        np.testing.assert_allclose(rec.membranes[layer], (chip.threshold[layer] / gain)[units], rtol=1e-9)
        assert rec.diagnostics[layer]["impossible_spikes"] == 0
        known = own.weights[layer] * gain[:, None]
        np.testing.assert_allclose(grad.weights[layer], known, rtol=0, atol=1e-9 * np.abs(known).max())
        if delays:
            np.testing.assert_allclose(grad.delays[layer], own.delays[layer], rtol=0, atol=1e-9 * np.abs(own.delays[layer]).max())


def test_recurrent_and_leaky():
    net = sp.Network([5, 20, 3], recurrent=True, readout="leaky", seed=3)
    made = net.forward(SPIKES, t_end=60e-3)
    rec = sp.Recording.measured(net, SPIKES, [made.spikes[0]], t_end=60e-3)
    assert np.array_equal(rec.maxima, made.maxima) and np.array_equal(rec.maximum_times, made.maximum_times)
    loss = sp.losses.VMaxCrossEntropy()
    (value, grad), (wanted, own) = net.gradient(rec, loss, y), net.gradient(made, loss, y)
    assert value == wanted
    np.testing.assert_allclose(
        grad.recurrent_weights[0], own.recurrent_weights[0], rtol=0, atol=1e-12 * np.abs(own.recurrent_weights[0]).max()
    )
    with pytest.raises(sp.SpinnpropError, match="layer 1 is a leaky read-out"):
        rec.deviations[1]
    with pytest.raises(sp.SpinnpropError, match='those of engine "event" itself'):
        made.deviations[0]


def test_deviations_and_impossible_spikes():
    net = sp.Network([1, 4], tau_mem=10e-3)
    net.weights[0] = [[5.0], [6.0], [0.5], [0.5]]
    spike = trains([1e-3], [0], 1)
    model = net.forward(spike).first_spike_times[0]
    rec = sp.Recording.measured(net, spike, [trains([model[0] + 1e-3, 20e-3], [0, 2], 4)])
    late, missing, extra, silent = rec.deviations[0][0]
    assert late == pytest.approx(1e-3) and missing == np.inf and extra == -np.inf and np.isnan(silent)
    assert rec.diagnostics[0]["impossible_spikes"] == 1
    grad = net.gradient(rec, sp.losses.SpikeTimeMSE(), np.full((1, 4), 1e-3))[1]
    assert grad.weights[0][0] != 0 and (grad.weights[0][1:] == 0).all()
    # The label's neuron was not measured to spike.
    assert net.gradient(rec, LOSS, [1])[1].skipped == 1


def test_refusals():
    net = sp.Network([2, 3, 2])
    spikes = trains([1e-3], [0], 2)
    good = [trains([2e-3], [1], 3), trains([4e-3], [1], 2)]
    rec = sp.Recording.measured(net, spikes, good)
    for layers, options, error, match in (
        (good[:1], {}, ValueError, "measured spikes of 1 layers were given; the network has 2 that spike"),
        (good + good, {}, ValueError, "layers has 4 elements, the network 2 layers; give one for each"),
        (good[0], {}, TypeError, "layers is 'SpikeTrains'; it must be a sequence of SpikeTrains, one for each layer"),
        (None, {}, TypeError, "layers is None; it must be a sequence of SpikeTrains"),
        (3, {}, TypeError, "layers is 'int'; it must be a sequence of SpikeTrains"),
        (rec, {}, TypeError, "layers is 'Recording'; it must be a sequence of SpikeTrains"),
        ([good[0], [4e-3]], {}, TypeError, r"layers\[1\] is 'list'"),
        (good[::-1], {}, ValueError, "layer 0 have n_units = 2"),
        ([good[0], trains([4e-3], [1], 2, samples=2)], {}, ValueError, "layer 1 have 2 samples, the input 1"),
        (good, dict(t_end=3e-3), ValueError, r"measured spike 0 of layer 1 is at 0.004 s, after t_end = 0.003"),
        (good, dict(t_end=-1.0), ValueError, "t_end is -1"),
        ([trains([2e-3, 2e-3], [1, 1], 3), good[1]], {}, ValueError, "neuron 1 of layer 0 was measured to spike twice"),
    ):
        with pytest.raises(error, match=match):
            sp.Recording.measured(net, spikes, layers, **options)
    with pytest.raises(ValueError, match="the input has n_units = 3"):
        sp.Recording.measured(net, trains([], [], 3), good)
    for wrong in (3, None, rec, sp.Trainer(net), sp.EventEngine(), sp.sparse.RecurrentNetwork(5, 2), type("Network", (), {})()):
        with pytest.raises(TypeError, match=f"network is '{type(wrong).__name__}'; it must be a Network"):
            sp.Recording.measured(wrong, spikes, good)
    with pytest.raises(ValueError, match="make it of spikes measured of this network"):
        sp.Network([2, 4, 2]).gradient(rec, LOSS, [0])
    for wrong in (-1e-3, np.nan, np.inf):
        with pytest.raises(ValueError, match=r"times\[0\]"):
            trains([wrong], [0], 3)
    with pytest.raises(ValueError, match=r"units\[0\] is 3"):
        trains([1e-3], [3], 3)
    with pytest.raises(sp.SpinnpropError, match='cannot differentiate a recording of engine "measured"'):
        net.gradient(rec, sp.losses.StepTTFSCrossEntropy(), [0], engine="clock")
    twice = sp.Recording.measured(net, spikes, [trains([2e-3, 3e-3], [1, 1], 3), good[1]])
    net.gradient(twice, LOSS, [1])
    closed = sp.Network([2, 3, 2], tau_mem=10e-3)
    twice = sp.Recording.measured(closed, spikes, [trains([2e-3, 3e-3], [1, 1], 3), good[1]])
    with pytest.raises(sp.SpinnpropError, match='spikes more than once.*use "event" in its place'):
        closed.gradient(twice, LOSS, [1], engine="first-spike")
    net.weights[0] = 2 * net.weights[0]
    with pytest.raises(sp.SpinnpropError, match="make it of the measured spikes again"):
        net.gradient(rec, LOSS, [0])


@pytest.mark.parametrize("engine", ["event", "first-spike"])
def test_a_chip_in_the_loop_learns(engine):
    """The chip is the model with other weights than it was told and with noise in its spike times; only those come back."""
    X, y = sp.datasets.yin_yang(600, seed=42)
    spikes = sp.encoding.latency(X, bias=0.0)
    net = sp.Network([5, 60, 3], tau_mem=None, tau_syn=None, engine="first-spike", seed=1)
    rng = np.random.default_rng(1)
    mismatch = [1 + 0.1 * rng.standard_normal(net.weights[layer].shape) for layer in range(2)]

    def measure():
        chip = copy.copy(net)
        for layer in range(2):
            chip.weights[layer] = net.weights[layer] * mismatch[layer]
        hidden = jittered(chip.forward(spikes, engine="first-spike").spikes[0], rng, 0.2e-3)
        # What noise does to hidden spikes the outputs see.
        upper = sp.Network([60, 3], tau_mem=20e-3, tau_syn=10e-3)
        upper.weights[0] = chip.weights[1]
        return hidden, jittered(upper.forward(hidden, engine="first-spike").spikes[0], rng, 0.2e-3)

    moments = [np.zeros((2, *net.weights[layer].shape)) for layer in range(2)]
    accuracies = []
    for step in range(1, 121):
        rec = sp.Recording.measured(net, spikes, measure())
        accuracies.append((rec.predict(LOSS) == y).mean())
        grad = net.gradient(rec, LOSS, y, engine=engine)[1]
        for layer, (own, moment) in enumerate(zip(grad.weights, moments)):
            norm = np.linalg.norm(own)
            own *= min(1.0, 1.0 / norm) if norm > 0 else 1.0
            moment[0] += 0.1 * (own - moment[0])
            moment[1] += 0.01 * (own**2 - moment[1])
            mean, square = moment[0] / (1 - 0.9**step), moment[1] / (1 - 0.99**step)
            net.weights[layer] = net.weights[layer] - 2e-2 * mean / (np.sqrt(square) + 1e-8)
    assert np.mean(accuracies[-10:]) > 0.88 and np.mean(accuracies[-10:]) > np.mean(accuracies[:10]) + 0.2, accuracies


def test_ties_with_delayed_arrivals():
    """Times and delays on a grid, so that spikes are measured at the very times of arrivals; neurons whose time constants differ by a rounding
    are differentiated one by one."""
    random = np.random.default_rng(6)
    loss = sp.losses.TTFSCrossEntropy(tau0=5e-3, alpha=3e-3, tau1=6.4e-3)
    for _ in range(300):
        delays = random.integers(0, 8, 3) * 1e-3
        inputs = sp.SpikeTrains(random.integers(1, 25, 8) * 1e-3, random.integers(0, 4, 8), [0, 8], 4)
        measured = sp.SpikeTrains(random.choice(np.arange(5, 35), 4, replace=False) * 1e-3, random.integers(0, 3, 4), [0, 4], 3)
        weights, found = random.uniform(0.5, 3, (3, 4)), []
        for tau in (20e-3, np.array([np.nextafter(20e-3, 1), 20e-3, 20e-3])):
            net = sp.Network([4, 3], tau_mem=tau, delays="dendritic")
            net.weights[0], net.delays[0] = weights, delays
            found.append(net.gradient(sp.Recording.measured(net, inputs, [measured]), loss, [0])[1])
        as_one, one_by_one = found
        for name in ("weights", "delays"):
            np.testing.assert_allclose(getattr(as_one, name)[0], getattr(one_by_one, name)[0], rtol=1e-8, atol=1e-9)
        np.testing.assert_allclose(as_one.input_times, one_by_one.input_times, rtol=1e-8, atol=1e-6)
