"""Running networks and asking for gradients: promises, errors, progress."""

import copy
import math
import pickle

import numpy as np
import pytest

import spinnprop as sp

LOSS = sp.losses.TTFSCrossEntropy()


def test_recording(net, data):
    spikes, y = data
    rec = net.forward(spikes)
    assert len(rec) == 60 and rec.layer_sizes == (5, 30, 3) and rec.engine == "event" and rec.input is spikes
    assert len(rec.spikes) == 2 and rec.spikes[0].n_units == 30 and len(rec.spikes[1]) == 60
    assert rec.spikes[1] is rec.spikes[-1]
    with pytest.raises(IndexError):
        rec.spikes[2]
    first = np.full((60, 3), np.inf)
    for sample, (times, units) in enumerate(rec.spikes[1]):
        assert np.all(np.diff(times) >= 0)
        for time, unit in zip(times, units):
            first[sample, unit] = min(first[sample, unit], time)
    assert np.array_equal(rec.first_spike_times, first)
    assert np.isinf(first).any() and np.isfinite(first).any()
    assert [len(currents) for currents in rec.currents] == [len(layer.times) for layer in rec.spikes]
    assert all(np.all(currents > 1.0) for currents in rec.currents)  # I > threshold where V rises through it
    for layer, trains in enumerate(rec.spikes):
        spoke = np.zeros(trains.n_units, bool)
        spoke[trains.units] = True
        assert np.array_equal(rec.silent[layer], ~spoke)
        report = rec.diagnostics[layer]
        assert report["n_spikes"] == len(trains.times) and report["silent_neurons"] == np.sum(~spoke)
        pairs = {(s, u) for s, (_, units) in enumerate(trains) for u in units}
        assert report["silent_pairs"] == 60 * trains.n_units - len(pairs)
        assert report["smallest_slope"] == pytest.approx(rec.currents[layer].min() - 1.0, abs=1e-15)


def test_decisions(net, data):
    spikes, y = data
    rec = net.forward(spikes)
    classes, probabilities = rec.predict(LOSS), rec.probabilities(LOSS)
    silent = np.isinf(rec.first_spike_times).all(axis=1)
    assert np.array_equal(classes[~silent], rec.first_spike_times[~silent].argmin(axis=1))
    assert np.all(classes[silent] == -1) and np.allclose(probabilities[silent], 1 / 3)
    assert np.allclose(probabilities.sum(axis=1), 1.0)
    with pytest.raises(TypeError):
        rec.predict("ttfs")
    with pytest.raises((sp.SpinnpropError, ValueError)):
        rec.predict(sp.losses.VMaxCrossEntropy())


def test_leaky_readout(data):
    spikes, y = data
    net = sp.Network([5, 30, 3], readout="leaky", seed=1)
    rec = net.forward(spikes)
    assert rec.maxima.shape == rec.maximum_times.shape == (60, 3)
    assert np.all(rec.maxima >= 0) and np.all(rec.maximum_times >= 0)
    assert np.isinf(rec.first_spike_times).all() and len(rec.spikes[1].times) == 0
    value, grad = net.gradient(rec, sp.losses.VMaxCrossEntropy(), y)
    assert value > 0 and grad.weights[1].any() and grad.skipped == 0
    with pytest.raises(sp.SpinnpropError):
        net.gradient(rec, LOSS, y)
    with pytest.raises(sp.SpinnpropError):
        sp.Network([5, 3]).forward(spikes).maxima


def test_recordings_cannot_be_made_by_hand():
    with pytest.raises(TypeError, match="forward"):
        sp.Recording()


def test_copies(net, data):
    spikes, y = data
    rec = net.forward(spikes)
    value, grad = net.gradient(rec, LOSS, y)
    for twin in (copy.copy(rec), copy.deepcopy(rec), pickle.loads(pickle.dumps(rec))):
        assert twin.spikes[0] == rec.spikes[0] and twin.input == rec.input
        again, twin_grad = net.gradient(twin, LOSS, y)
        assert again == value and np.array_equal(twin_grad.weights[0], grad.weights[0])
    twin = pickle.loads(pickle.dumps(grad))
    assert np.array_equal(twin.input_times, grad.input_times) and twin.skipped == grad.skipped


def test_gradient_shapes(data):
    spikes, y = data
    for kind, recurrent in (("synaptic", True), ("axonal", False), ("dendritic", True), (None, False)):
        net = sp.Network([5, 8, 3], delays=kind, recurrent=recurrent, seed=2)
        value, grad = net.gradient(net.forward(spikes, t_end=0.1), LOSS, y)
        for name in ("weights", "recurrent_weights", "delays", "recurrent_delays"):
            assert [a.shape for a in getattr(grad, name)] == [a.shape for a in getattr(net, name)], (kind, name)
        assert grad.input_times.shape == (300,)
        grad.weights[0][0, 0] = 1.0  # yours to change


def test_skipped_samples_keep_the_divisor():
    net = sp.Network([1, 2])
    net.weights[0] = [[10.0], [0.0]]
    spikes = sp.SpikeTrains([0.0, 0.0], [0, 0], [0, 1, 2], 1)
    both, grad = net.gradient(net.forward(spikes), LOSS, [0, 1])
    assert grad.skipped == 1
    one = sp.SpikeTrains([0.0], [0], [0, 1], 1)
    alone, alone_grad = net.gradient(net.forward(one), LOSS, [0])
    assert both == pytest.approx(alone / 2, rel=1e-14)
    assert np.allclose(grad.weights[0], alone_grad.weights[0] / 2, rtol=1e-14)


def test_gradient_points_along_the_loss(net, data):
    spikes, y = data
    value, grad = net.gradient(net.forward(spikes), LOSS, y)
    step = 1e-7
    probe = copy.copy(net)
    direction = np.sign(grad.weights[1])

    def loss_at(scale):
        probe.weights[1] = net.weights[1] + scale * step * direction
        return probe.gradient(probe.forward(spikes), LOSS, y)[0]

    assert (loss_at(1) - loss_at(-1)) / (2 * step) == pytest.approx(np.abs(grad.weights[1]).sum(), rel=1e-5)


def test_targets(net, data):
    spikes, y = data
    rec = net.forward(spikes)
    loss = sp.losses.SpikeTimeMSE(tau0=1e-3)
    targets = rec.first_spike_times + 1e-3
    value, grad = net.gradient(rec, loss, targets)
    assert value == pytest.approx(np.isfinite(targets).sum() / 2 / 60, rel=1e-9)
    assert net.gradient(rec, loss, np.full((60, 3), np.inf))[0] == 0.0
    for wrong in (targets[:-1], targets[:, :2], np.full((60, 3), np.nan), -targets):
        with pytest.raises(ValueError):
            net.gradient(rec, loss, wrong)
    with pytest.raises((ValueError, sp.SpinnpropError)):
        net.gradient(rec, LOSS, targets)


def test_rate_regularisation(net, data):
    spikes, y = data
    rec = net.forward(spikes)
    rate = sp.losses.RateRegularisation(strength=0.5, target=1.0, tau=20e-3)
    counts = np.zeros(30)
    np.add.at(counts, rec.spikes[0].units, np.exp(-rec.spikes[0].times / 20e-3))
    expected = 0.25 * np.sum((counts / 60 - 1.0) ** 2)
    plain = net.gradient(rec, LOSS, y)[0]
    assert net.gradient(rec, LOSS, y, rate=rate)[0] - plain == pytest.approx(expected, rel=1e-9)
    with pytest.raises(TypeError, match="RateRegularisation"):
        net.gradient(rec, LOSS, y, rate=0.5)


@pytest.mark.parametrize(
    "y, error",
    [
        (np.zeros(59, int), ValueError),
        (np.full(60, 3), ValueError),
        (np.full(60, -1), ValueError),
        (np.full(60, 0.5), ValueError),
        (["a"] * 60, TypeError),
        (None, TypeError),
        (np.zeros((60, 3, 1), int), ValueError),
        (0, ValueError),
        (np.full(60, 2**63, np.uint64), ValueError),
    ],
)
def test_bad_labels(net, data, y, error):
    rec = net.forward(data[0])
    with pytest.raises(error):
        net.gradient(rec, LOSS, y)


def test_engines(net, data):
    spikes, y = data
    rec = net.forward(spikes, engine=sp.EventEngine())
    assert rec.engine == "event"
    assert net.gradient(rec, LOSS, y, engine="event")[0] == net.gradient(rec, LOSS, y, engine=sp.EventEngine())[0]
    for wrong in ("abacus", "", "Event", None, 0, [], b"event"):
        with pytest.raises(ValueError, match="'event'"):
            net.forward(spikes, engine=wrong)
    for wrong in ("abacus", 0):
        with pytest.raises(ValueError, match="'event'"):
            net.gradient(rec, LOSS, y, engine=wrong)


def test_bad_arguments(net, data):
    spikes, y = data
    rec = net.forward(spikes)
    for wrong in (None, spikes.times, [1.0], "spikes"):
        with pytest.raises(TypeError, match="SpikeTrains"):
            net.forward(wrong)
    for wrong in (None, spikes, "rec"):
        with pytest.raises(TypeError, match="Recording"):
            net.gradient(wrong, LOSS, y)
    for wrong in (None, "ttfs", sp.losses.TTFSCrossEntropy):
        with pytest.raises(TypeError, match="losses"):
            net.gradient(rec, wrong, y)
    for wrong in (-1.0, math.nan):
        with pytest.raises(ValueError, match="t_end"):
            net.forward(spikes, t_end=wrong)
    for wrong in (0, -1, 2**63):
        with pytest.raises(ValueError, match="max_spikes"):
            net.forward(spikes, max_spikes=wrong)
    for wrong in (dict(t_end="now"), dict(max_spikes=1.5), dict(progress=3)):
        with pytest.raises(TypeError):
            net.forward(spikes, **wrong)
    with pytest.raises(ValueError, match="4"):
        net.forward(sp.SpikeTrains([0.0], [0], [0, 1], 4))


def test_t_end_is_inclusive(net, data):
    spikes, y = data
    times = np.sort(net.forward(spikes).spikes[0].times)
    end = times[len(times) // 2]
    kept = net.forward(spikes, t_end=end).spikes[0].times
    assert np.array_equal(np.sort(kept), times[times <= end])


def test_recurrence_needs_t_end(data):
    net = sp.Network([5, 8, 3], recurrent=True)
    with pytest.raises((ValueError, sp.SpinnpropError), match="t_end"):
        net.forward(data[0])
    assert len(net.forward(data[0], t_end=0.05)) == 60


def test_runaway_activity_is_an_error():
    net = sp.Network([1, 5, 1], recurrent=True)
    net.weights[0] = np.full((5, 1), 50.0)
    net.recurrent_weights[0] = np.full((5, 5), 50.0)
    spikes = sp.SpikeTrains([0.0], [0], [0, 1], 1)
    with pytest.raises(sp.SpinnpropError, match="1000"):
        net.forward(spikes, t_end=10.0, max_spikes=1000)
    assert len(net.forward(spikes, t_end=5e-4).spikes[0].times) > 0


def test_stale_recordings_are_refused(net, data):
    spikes, y = data
    rec = net.forward(spikes)
    before = net.weights[1]
    net.weights[1] = before * 1.01
    with pytest.raises(sp.SpinnpropError, match="changed"):
        net.gradient(rec, LOSS, y)
    net.weights[1] = before
    assert net.gradient(rec, LOSS, y)[0] > 0
    with pytest.raises(ValueError, match="shape"):
        sp.Network([5, 31, 3]).gradient(rec, LOSS, y)


def test_empty_batches(net):
    spikes = sp.SpikeTrains([], [], [0], 5)
    rec = net.forward(spikes)
    assert len(rec) == 0 and rec.first_spike_times.shape == (0, 3)
    try:
        value, grad = net.gradient(rec, LOSS, np.empty(0, np.int64))
    except ValueError as error:
        assert "sample" in str(error)
    else:
        assert value == 0.0 and not grad.weights[0].any()
    silent = sp.SpikeTrains([], [], [0, 0], 5)
    value, grad = net.gradient(net.forward(silent), LOSS, [1])
    assert value == 0.0 and grad.skipped == 1


def test_same_bits_for_any_number_of_threads(net):
    X, y = sp.datasets.yin_yang(700)
    spikes = sp.encoding.latency(X, bias=0.0)
    results = []
    for threads in (1, 2, 5):
        sp.set_threads(threads)
        rec = net.forward(spikes)
        value, grad = net.gradient(rec, LOSS, y)
        results.append((value, rec.first_spike_times.tobytes(), grad.weights[0].tobytes(), grad.input_times.tobytes()))
    assert results[0] == results[1] == results[2]


def test_progress_and_its_exceptions():
    net = sp.Network([5, 400, 3], seed=1)
    spikes = sp.encoding.latency(sp.datasets.yin_yang(20000)[0], bias=0.0)
    seen = []
    rec = net.forward(spikes, progress=lambda progress: seen.append(progress))
    assert seen and all(0 <= p["done"] <= p["total"] == 20000 for p in seen)
    with pytest.raises(ZeroDivisionError):
        net.forward(spikes, progress=lambda progress: 1 / 0)
    with pytest.raises(sp.SpinnpropError):
        net.forward(spikes, progress=lambda progress: True)
    assert len(net.forward(spikes)) == len(rec)


def test_the_message_about_too_few_labels_names_y(net, data):
    with pytest.raises(ValueError, match="y has 1 labels; the recording has 60 samples"):
        net.gradient(net.forward(data[0]), sp.losses.TTFSCrossEntropy(), [0])
