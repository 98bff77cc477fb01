"""Losses on membranes at times, on spike counts, on target trains, and on the time of the decision."""

import copy
import math
import pickle

import numpy as np
import pytest

import spinnprop as sp

X, Y = sp.datasets.yin_yang(40, seed=3)
SPIKES = sp.encoding.latency(X, bias=0.0)
TIMES = (30e-3, 5e-3, 12e-3, 5e-3)


def awake(readout="spiking", seed=1):
    net = sp.Network([5, 15, 3], seed=seed, readout=readout)
    net.wake(SPIKES)
    return net


def drawn_trains(rng, counts):
    """Target trains, some of them empty."""
    units = np.concatenate([np.repeat(np.arange(3), row) for row in counts]).astype(np.int32)
    offsets = np.concatenate([[0], np.cumsum(counts.sum(axis=1))])
    return sp.SpikeTrains(rng.uniform(0, 40e-3, len(units)), units, offsets, 3)


def cases():
    rng = np.random.default_rng(5)
    targets = rng.uniform(-0.2, 0.4, (40, 4, 3))
    yield "membranes on targets", "leaky", sp.losses.MembraneMSE(TIMES), targets
    yield "membranes on labels", "leaky", sp.losses.MembraneMSE(TIMES), Y
    yield "counts on targets", "spiking", sp.losses.SpikeCountMSE(tau0=10e-3), rng.uniform(0, 2, (40, 3))
    yield "counts on labels", "spiking", sp.losses.SpikeCountMSE(tau0=10e-3), Y
    yield "trains", "spiking", sp.losses.VanRossum(tau0=4e-3), drawn_trains(rng, rng.integers(0, 4, (40, 3)))
    yield "early", "spiking", sp.losses.EarlyDecisionCrossEntropy(tau0=2e-3, alpha=0.3), Y


CASES = {name: case for name, *case in cases()}


def restated(name, net, rec, y, weights=None):
    """The mean of the loss, from its definition."""
    weights = np.ones(40) if weights is None else weights
    if name.startswith("membranes"):
        membranes = rec.membrane(-1, None, TIMES)
        wanted = np.eye(3)[y][:, None, :] if np.ndim(y) == 1 else y
        return (weights * ((membranes - wanted) ** 2).sum(axis=(1, 2)) / 2).mean()
    spikes = rec.spikes[-1]
    value = 0.0
    for sample in range(40):
        times, units = spikes[sample]
        own = [times[units == n] for n in range(3)]
        if name.startswith("counts"):
            wanted = np.where(np.arange(3) == y[sample], 2.0, 0.2) if np.ndim(y) == 1 else y[sample]
            each = sum((np.exp(-own[n] / 10e-3).sum() - wanted[n]) ** 2 / 2 for n in range(3))
        elif name == "trains":
            target_times, target_units = y[sample]
            goal = [target_times[target_units == n] for n in range(3)]

            def near(a, b):
                return np.exp(-np.abs(a[:, None] - b[None, :]) / 4e-3).sum()

            each = sum((near(own[n], own[n]) + near(goal[n], goal[n])) / 2 - near(own[n], goal[n]) for n in range(3))
        else:
            first = np.array([t[0] if len(t) else np.inf for t in own])
            each = 0.0
            if np.isfinite(first[y[sample]]):
                logits = np.exp(-(first - first.min()) / 2e-3)
                each = -math.log(logits[y[sample]] / logits.sum()) + 0.3 * first.min() / 6.4e-3
        value += weights[sample] * each / 40
    return value


@pytest.mark.parametrize("name", CASES)
def test_values(name):
    readout, loss, y = CASES[name]
    net = awake(readout)
    rec = net.forward(SPIKES, t_end=60e-3)
    value, _ = net.gradient(rec, loss, y)
    assert value == pytest.approx(restated(name, net, rec, y), rel=1e-12)
    weights = np.random.default_rng(1).uniform(0, 2, 40)
    weighed, grad = net.gradient(rec, loss, y, sample_weight=weights)
    assert weighed == pytest.approx(restated(name, net, rec, y, weights), rel=1e-12)
    assert all(np.isfinite(w).all() and w.any() for w in grad.weights)


@pytest.mark.parametrize("name", CASES)
def test_gradients_against_differences(name):
    readout, loss, y = CASES[name]
    net = awake(readout)
    _, grad = net.gradient(net.forward(SPIKES, t_end=60e-3), loss, y)
    rng = np.random.default_rng(2)
    seen = 0
    for layer in range(2):
        for _ in range(6):
            place = tuple(rng.integers(0, n) for n in net.weights[layer].shape)
            wanted = grad.weights[layer][place]
            values, counts = [], []
            for step in (-2e-6, -1e-6, 1e-6, 2e-6):
                moved = copy.copy(net)
                weights = moved.weights[layer].copy()
                weights[place] += step
                moved.weights[layer] = weights
                rec = moved.forward(SPIKES, t_end=60e-3)
                counts.append([len(s.times) for s in rec.spikes])
                values.append(moved.gradient(rec, loss, y)[0])
            if any(c != counts[0] for c in counts):
                continue  # a spike came or went
            numeric = (8 * (values[2] - values[1]) - (values[3] - values[0])) / 12e-6
            assert numeric == pytest.approx(wanted, rel=2e-4, abs=1e-5 * np.abs(grad.weights[layer]).max()), (layer, place)
            seen += wanted != 0
    assert seen >= 5


@pytest.mark.parametrize("name", CASES)
def test_training(name):
    readout, loss, y = CASES[name]
    trainer = sp.Trainer(awake(readout), loss, epochs=12, batch_size=15, t_end=60e-3, learning_rate=5e-3)
    assert trainer.run(SPIKES, y, (SPIKES, y))
    history = trainer.history
    assert history["validation_loss"][-1] < history["validation_loss"][0]
    assert np.isnan(history["accuracy"]).all() == (y is not Y)
    rec = trainer.network.forward(SPIKES, t_end=60e-3)
    assert history["validation_loss"][-1] == pytest.approx(trainer.network.gradient(rec, loss, y)[0], rel=1e-12) or name == "early"
    assert rec.predict(loss).shape == (40,)
    assert np.allclose(rec.probabilities(loss).sum(axis=1), 1)


@pytest.mark.parametrize("name", ["counts on targets", "counts on labels", "trains", "early"])
@pytest.mark.parametrize("engine", ["clock", "first-spike"])
def test_on_other_engines(name, engine):
    _, loss, y = CASES[name]
    spikes = sp.encoding.latency_grid(X) if engine == "clock" else SPIKES
    own = {}
    if engine == "first-spike":
        own = dict(tau_mem=1e-2)
        if name == "counts on targets":
            y = y / 2
        elif name == "counts on labels":
            loss = sp.losses.SpikeCountMSE(tau0=10e-3, n_label=1.0)
        elif name == "trains":
            y = drawn_trains(np.random.default_rng(6), np.random.default_rng(6).integers(0, 2, (40, 3)))
    net = sp.Network([5, 15, 3], seed=1, engine=engine, **own)
    net.wake(spikes, engine)
    trainer = sp.Trainer(net, loss, engine=engine, epochs=6, batch_size=15, learning_rate=5e-3)
    trainer.run(spikes, y)
    assert trainer.history["loss"].min() < trainer.history["loss"][0]


@pytest.mark.parametrize("name", ["counts on targets", "counts on labels", "trains"])
def test_first_spikes_are_one_for_each_output(name):
    _, loss, y = CASES[name]
    net = sp.Network([5, 15, 3], seed=1, tau_mem=1e-2, engine="first-spike")
    before = [w.tobytes() for w in net.weights]
    trainer = sp.Trainer(net, loss, engine="first-spike", epochs=1)
    message = r'asks for .* spikes of an output; in engine "first-spike" .*use "event" in its place, or ask for no more than 1'
    with pytest.raises(sp.SpinnpropError, match=message):
        trainer.run(SPIKES, y)
    assert [w.tobytes() for w in trainer.network.weights] == before and trainer.epochs_done == 0
    with pytest.raises(sp.SpinnpropError, match=message):
        net.gradient(net.forward(SPIKES, engine="first-spike"), loss, y, engine="first-spike")
    sp.Trainer(net, loss, engine="event", epochs=1).run(SPIKES, y)


def test_target_trains_are_the_same_as_arrays():
    _, loss, y = CASES["trains"]
    net = awake()
    rec = net.forward(SPIKES)
    rows = [[[t for t, u in zip(*y[s]) if u == n] for n in range(3)] for s in range(40)]
    most = max(len(row) for sample in rows for row in sample)
    padded = np.array([[row[::-1] + [np.inf] * (most + 2 - len(row)) for row in sample] for sample in rows])
    one, two = net.gradient(rec, loss, y), net.gradient(rec, loss, padded)
    assert one[0] == pytest.approx(two[0], rel=1e-13)
    for a, b in zip(one[1].weights, two[1].weights):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_a_train_that_is_its_target_has_no_distance():
    net = awake()
    rec = net.forward(SPIKES)
    value, grad = net.gradient(rec, sp.losses.VanRossum(), rec.spikes[-1])
    assert abs(value) < 1e-13 and max(np.abs(w).max() for w in grad.weights) < 1e-9
    nothing = sp.SpikeTrains([], [], [0] * 41, 3)
    silent, _ = net.gradient(rec, sp.losses.VanRossum(), nothing)
    assert silent > 0
    assert net.gradient(rec, sp.losses.VanRossum(), np.empty((40, 3, 0)))[0] == silent


def test_a_network_that_is_silent_is_not_perfect():
    net = sp.Network([5, 15, 3], seed=1)
    net.weights[1] = np.zeros((3, 15))
    rec = net.forward(SPIKES)
    value, grad = net.gradient(rec, sp.losses.SpikeCountMSE(), Y)
    assert value == pytest.approx((2.0**2 + 2 * 0.2**2) / 2) and grad.skipped == 0
    assert net.gradient(rec, sp.losses.VanRossum(), CASES["trains"][2])[0] > 0


def test_membrane_losses_never_change():
    loss = sp.losses.MembraneMSE(np.array([1e-3, 2e-3]))
    assert loss == sp.losses.MembraneMSE([1e-3, 2e-3]) != sp.losses.MembraneMSE([1e-3])
    assert hash(loss) == hash(sp.losses.MembraneMSE([1e-3, 2e-3]))
    for twin in (copy.copy(loss), copy.deepcopy(loss), pickle.loads(pickle.dumps(loss)), eval(repr(loss), vars(sp.losses))):
        assert twin == loss
    with pytest.raises(AttributeError, match="never changes"):
        loss.times = (1.0,)


@pytest.mark.parametrize("times", [[], [-1e-3], [math.nan], [math.inf], [[1e-3]], 1e-3, "x", None, [1j]])
def test_wrong_times(times):
    with pytest.raises((ValueError, TypeError)):
        sp.losses.MembraneMSE(times)


def test_what_does_not_fit():
    net, leaky = awake(), awake("leaky")
    rec, membranes = net.forward(SPIKES), leaky.forward(SPIKES, t_end=60e-3)
    for loss, y in [
        (sp.losses.VanRossum(), Y), (sp.losses.VanRossum(), np.zeros((40, 3))), (sp.losses.VanRossum(), np.zeros((39, 3, 1))),
        (sp.losses.VanRossum(), np.full((40, 3, 1), math.nan)), (sp.losses.VanRossum(), np.full((40, 3, 1), -1e-3)),
        (sp.losses.VanRossum(), SPIKES), (sp.losses.VanRossum(), CASES["trains"][2][:39]),
        (sp.losses.SpikeCountMSE(), np.full((40, 3), -1e-3)), (sp.losses.SpikeCountMSE(), np.full((40, 3), math.inf)),
        (sp.losses.SpikeCountMSE(), np.zeros((40, 2))), (sp.losses.SpikeTimeMSE(), np.zeros((40, 3, 2))),
    ]:  # fmt: skip
        with pytest.raises((ValueError, sp.SpinnpropError)):
            net.gradient(rec, loss, y)
        trainer = sp.Trainer(net, loss, epochs=1)
        with pytest.raises((ValueError, sp.SpinnpropError)):
            trainer.run(SPIKES, y)
        assert trainer.epochs_done == 0
    loss = sp.losses.MembraneMSE(TIMES)
    for y in (np.zeros((40, 3)), np.zeros((40, 3, 3)), np.full((40, 4, 3), math.nan), np.full((40, 4, 3), math.inf)):
        with pytest.raises((ValueError, sp.SpinnpropError)):
            leaky.gradient(membranes, loss, y)
    with pytest.raises((ValueError, sp.SpinnpropError), match="within the run"):
        leaky.gradient(membranes, sp.losses.MembraneMSE([1.0]), Y)
    with pytest.raises(sp.SpinnpropError, match="leaky"):
        sp.Trainer(net, loss)
    with pytest.raises((ValueError, sp.SpinnpropError), match="event"):
        grid = sp.encoding.latency_grid(X)
        sp.Trainer(sp.Network([5, 5, 3], readout="leaky", engine="clock"), loss, engine="clock", epochs=1).run(grid, Y)
    with pytest.raises(ValueError, match="n_other"):
        sp.losses.SpikeCountMSE(n_label=1.0, n_other=1.0)


def test_the_adjoint_of_a_loss_of_whole_batches():
    """Of what the loss said, whoever asks later."""
    readout, loss, y = CASES["trains"]
    net = awake(readout)
    rec = net.forward(SPIKES)
    _, grad = net.gradient(rec, loss, y)
    asked = []

    def function(times, y):
        asked.append(len(y))
        return 0.0, np.ones(times.shape)

    _, own = net.gradient(rec, sp.losses.Custom(function), Y)
    for each in (grad, own):
        lambda_v, lambda_i = each.adjoint(0, None, [0.0, 1e-3])
        assert np.isfinite(lambda_v).all() and lambda_i.any()
    assert asked


def test_targets_of_another_shape_are_told_what_they_should_be():
    with pytest.raises(ValueError, match=r"y has 1 dimensions, shape \(40,\), and VanRossum compares spike trains; give SpikeTrains.*another loss"):
        sp.Trainer(sp.Network([5, 3]), sp.losses.VanRossum()).run(SPIKES, Y)
    sampled = sp.losses.MembraneMSE([0.01, 0.02])
    with pytest.raises(ValueError, match=r"y has shape \(40, 2\); give targets of \(40, 2, 1\), for each sample, time and output"):
        sp.Trainer(sp.Network([5, 1], readout="leaky"), sampled).run(SPIKES, np.zeros((40, 2)))
