"""Training on a number per output in place of labels: target times, and membranes of a leaky read-out."""

import copy

import numpy as np
import pytest

import spinnprop as sp

X, Y = sp.datasets.yin_yang(60)
SPIKES = sp.encoding.latency(X, bias=0.0)
GRID = sp.encoding.latency_grid(X)


def one_hot(y, of_label, of_others):
    return np.where(np.arange(3) == y[:, None], of_label, of_others)


def weights(trainer):
    return [w.tobytes() for w in trainer.network.weights]


@pytest.mark.parametrize("engine", ["event", "first-spike", "clock", "spinnaker2"])
@pytest.mark.parametrize("train", [None, ["weights", "delays"]])
def test_targets_that_follow_from_labels_train_the_same(engine, train):
    """To the last bit: sessions, validation, early stopping."""
    own = dict(tau_mem=1e-2) if engine == "first-spike" else {}
    network = sp.Network([5, 20, 3], seed=3, engine=engine, delays="axonal" if train else None, **own)
    spikes = GRID if engine in ("clock", "spinnaker2") else SPIKES
    network.wake(spikes, engine)
    network.weights[1] = 2 * network.weights[1]  # every output speaks: on labels, samples whose own output is silent are left out
    loss = sp.losses.SpikeTimeMSE(t_label=4e-3, t_other=9e-3)
    options = dict(engine=engine, epochs=3, batch_size=25, patience=1, restore_best=True, seed=4, train=train)
    options.update(delay_learning_rate=1e-4 if train else 0.0, learning_rate=2e-3)
    on_labels, on_times = (sp.Trainer(network, loss, **options) for _ in range(2))
    times = one_hot(Y, 4e-3, 9e-3)
    on_labels.run(spikes[:40], Y[:40], (spikes[40:], Y[40:]))
    on_times.run(spikes[:40], times[:40], (spikes[40:], times[40:]))
    assert weights(on_times) == weights(on_labels) != weights(sp.Trainer(network, loss, **options))
    assert not on_labels.history["skipped"].any()
    assert on_times.history["loss"].tobytes() == on_labels.history["loss"].tobytes()
    assert np.isnan(on_times.history["accuracy"]).all() and np.isnan(on_times.history["validation_accuracy"]).all()


@pytest.mark.parametrize("engine", ["event", "clock"])
def test_membranes_that_follow_from_labels_train_the_same(engine):
    network = sp.Network([5, 10, 3], seed=3, engine=engine, readout="leaky")
    spikes = GRID if engine == "clock" else SPIKES
    on_labels, on_targets = (sp.Trainer(network, sp.losses.VMaxMSE(), engine=engine, epochs=2, batch_size=25) for _ in range(2))
    on_labels.run(spikes, Y)
    on_targets.run(spikes, one_hot(Y, 1.0, 0.0))
    assert weights(on_targets) == weights(on_labels)
    assert on_targets.history["loss"].tobytes() == on_labels.history["loss"].tobytes()


def test_a_step_on_targets_is_one_of_the_gradient():
    network = sp.Network([5, 10, 3], seed=3)
    times = np.random.default_rng(1).uniform(5e-3, 3e-2, (60, 3))
    times[::7, 1] = np.inf
    loss = sp.losses.SpikeTimeMSE()
    own, by_hand = (sp.Trainer(network, loss, epochs=1, batch_size=60, schedule="constant") for _ in range(2))
    own.run(SPIKES, times)
    value, gradient = network.gradient(network.forward(SPIKES), loss, times)
    by_hand.step(gradient)
    for a, b in zip(own.network.weights, by_hand.network.weights):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-9)
    assert own.history["skipped"][0] > 0 or own.history["loss"][0] == pytest.approx(value, rel=1e-12)


def test_a_run_that_was_stopped_goes_on_to_the_same_bits(tmp_path):
    times = one_hot(Y, 4e-3, 9e-3)
    loss, options = sp.losses.SpikeTimeMSE(), dict(epochs=4, batch_size=25)
    network = sp.Network([5, 10, 3], seed=3)
    whole, stopped = sp.Trainer(network, loss, **options), sp.Trainer(network, loss, **options)
    whole.run(SPIKES, times)
    assert not stopped.run(SPIKES, times, progress=lambda state: state["epoch_finished"])
    with pytest.raises(ValueError, match="begun with other data"):
        stopped.run(SPIKES, times + 1e-3)
    with pytest.raises(ValueError, match="begun with other data"):
        stopped.run(SPIKES, Y)
    stopped.run(SPIKES, times)
    assert weights(stopped) == weights(whole)


def test_silence_is_not_perfect():
    network = sp.Network([5, 4, 3], seed=3)
    network.weights[1] = np.zeros((3, 4))
    trainer = sp.Trainer(network, sp.losses.SpikeTimeMSE(), epochs=1, learning_rate=0.0)
    trainer.run(SPIKES, np.full((60, 3), 0.02), (SPIKES, np.full((60, 3), 0.02)))
    last = trainer.history[-1]
    assert last["skipped"] == 1 and last["loss"] == pytest.approx(3 * 4**2 / 2, rel=1e-12) == last["validation_loss"]
    assert network.gradient(network.forward(SPIKES), sp.losses.SpikeTimeMSE(), np.full((60, 3), 0.02))[1].skipped == 60


@pytest.mark.parametrize("engine", ["event", "first-spike", "clock", "spinnaker2"])
def test_each_silent_output_with_a_target_is_charged(engine):
    own = dict(tau_mem=1e-2) if engine == "first-spike" else {}
    network = sp.Network([5, 20, 3], seed=3, engine=engine, **own)
    spikes = GRID if engine in ("clock", "spinnaker2") else SPIKES
    network.wake(spikes, engine)
    weights = 2 * np.array(network.weights[1])
    weights[1] = 0
    network.weights[1] = weights
    loss, weight = sp.losses.SpikeTimeMSE(), np.linspace(0, 2, 60)
    times = np.full((60, 3), 0.02)
    times[:10, 1], times[10:20, 1] = np.inf, 1e-3
    charge = np.repeat([0.0, 0.5, 8.0], [10, 10, 40])
    rec = network.forward(spikes, engine=engine)
    assert np.isfinite(rec.first_spike_times).sum(axis=0).tolist() == [60, 0, 60]
    for own in (None, weight):
        value, gradient = network.gradient(rec, loss, times, sample_weight=own, engine=engine)
        trainer = sp.Trainer(network, loss, engine=engine, epochs=1, batch_size=60, learning_rate=0.0)
        trainer.run(spikes, times, (spikes, times), sample_weight=own)
        last, charged = trainer.history[-1], np.mean(charge if own is None else own * charge)
        assert gradient.skipped == 0 == last["skipped"]
        assert last["loss"] - value == pytest.approx(charged, rel=1e-5)
        if own is None:
            assert last["validation_loss"] - value == pytest.approx(charged, rel=1e-5)


def test_the_best_network_is_not_one_that_has_fallen_silent():
    X, _ = sp.datasets.yin_yang(600, seed=42)
    spikes, times = sp.encoding.latency(X, bias=0.0), np.full((600, 3), 0.028)
    network = sp.Network([5, 60, 3], seed=0)
    network.wake(spikes)
    silent = []

    def count(network):
        return np.mean(np.isinf(network.forward(spikes[500:]).first_spike_times))

    trainer = sp.Trainer(network, sp.losses.SpikeTimeMSE(), epochs=6, restore_best=True)
    trainer.run(spikes[:500], times[:500], (spikes[500:], times[500:]), callbacks=[lambda own: silent.append(count(own.network))])
    assert max(silent) > 0.4 and count(trainer.network) == min(silent) < 0.1


def test_spike_times_are_learnt():
    """16 inputs, 3 outputs, targets of 1.4 ms standard deviation, in one call; on samples it has not seen."""
    random = np.random.default_rng(0)
    features = random.uniform(size=(600, 16))
    mixed = features @ random.normal(size=(16, 3))
    spikes = sp.encoding.latency(features, t_late=5e-3, bias=0.0)
    network = sp.Network([17, 100, 3], seed=1)
    network.wake(spikes)
    times = np.median(network.forward(spikes).first_spike_times) + 1.4e-3 * (mixed - mixed.mean(axis=0)) / mixed.std(axis=0)
    trainer = sp.Trainer(network, sp.losses.SpikeTimeMSE(), epochs=100, batch_size=50)
    trainer.run(spikes[:500], times[:500])
    found = trainer.network.forward(spikes[500:]).first_spike_times
    assert np.sqrt(np.mean((found - times[500:]) ** 2)) < 1.4e-3 / 3


WRONG = np.full((60, 3), 0.02)


@pytest.mark.parametrize(
    "y, validation, error, message",
    [
        (WRONG.T.copy(), None, ValueError, r"y has shape \(3, 60\)"),
        (WRONG[:59], None, ValueError, "y has shape"),
        (WRONG[:, :2], None, ValueError, "y has shape"),
        (np.where(WRONG > 0, np.nan, 0), None, ValueError, "target time 0 is nan"),
        (-WRONG, None, ValueError, "target time 0 is -0.02"),
        (WRONG.astype(complex), None, TypeError, "y"),
        (WRONG[:, :, None], None, ValueError, r"y has shape \(60, 3, 1\); labels must have \(60,\), targets \(60, 3\)"),
        (WRONG[:, 0], None, ValueError, r"y has shape \(60,\) and numbers that are not whole; give whole numbers as labels, or targets of shape \(60, 3\)"),
        (WRONG, (SPIKES, Y), ValueError, r"y has 2 and validation\[1\] 1 dimensions; give labels or targets for both"),
        (Y, (SPIKES, WRONG), ValueError, "give labels or targets for both"),
        (WRONG, (SPIKES[:10], WRONG), ValueError, r"validation\[1\] has shape"),
    ],
)
def test_targets_that_cannot_be(y, validation, error, message):
    trainer = sp.Trainer(sp.Network([5, 4, 3]), sp.losses.SpikeTimeMSE(), epochs=1)
    before = weights(trainer)
    with pytest.raises(error, match=message):
        trainer.run(SPIKES, y, validation)
    assert weights(trainer) == before and trainer.epochs_done == 0


def test_losses_without_targets_refuse_them():
    for loss in (sp.losses.TTFSCrossEntropy(), sp.losses.ShiftInvariantMSE(), sp.losses.SpikeCountCrossEntropy()):
        trainer = sp.Trainer(sp.Network([5, 4, 3]), loss, epochs=1)
        with pytest.raises(sp.SpinnpropError, match="takes labels, not targets; use SpikeTimeMSE, SpikeCountMSE, VMaxMSE or MembraneMSE"):
            trainer.run(SPIKES, WRONG)
    leaky = sp.Trainer(sp.Network([5, 4, 3], readout="leaky"), sp.losses.VMaxMSE(), epochs=1)
    with pytest.raises(ValueError, match="target 0 is inf; targets of membranes must be finite"):
        leaky.run(SPIKES, np.full((60, 3), np.inf))
    copied = copy.copy(leaky.network)
    leaky.run(SPIKES, np.full((60, 3), -1.0))
    assert copied.weights[0].tobytes() != leaky.network.weights[0].tobytes()


def test_numbers_whose_squares_are_none():
    labels = np.zeros(60, int)
    for weight, message in ((1e308, "the weight of sample 0 is 1e\\+308; .*rescale"), (1e12, "the sample weights are as large as .*; rescale them")):
        trainer = sp.Trainer(sp.Network([5, 4, 3], seed=1), sp.losses.SpikeCountMSE(), epochs=1)
        with pytest.raises(ValueError, match=message):
            trainer.run(SPIKES, labels, sample_weight=np.full(60, weight))
    leaky = sp.Trainer(sp.Network([5, 4, 3], readout="leaky"), sp.losses.VMaxMSE(), epochs=1)
    cases = [
        (leaky, -np.ones((60, 3)), "of magnitude <= 1e\\+100"),
        (sp.Trainer(sp.Network([5, 4, 3]), sp.losses.SpikeCountMSE(), epochs=1), np.ones((60, 3)), "finite and >= 0, at most 1e\\+100"),
        (sp.Trainer(sp.Network([5, 4, 3]), sp.losses.SpikeTimeMSE(), epochs=1), np.full((60, 3), 1e-2), "at most 1e\\+100, .infinity for none"),
    ]
    for trainer, y, message in cases:
        for training, validation in ((1e200 * abs(y), None), (y, (SPIKES, 1e200 * abs(y)))):
            with pytest.raises(ValueError, match=message):
                trainer.run(SPIKES, training, validation)
        assert trainer.epochs_done == 0


def test_data_need_a_target_time():
    trainer = sp.Trainer(sp.Network([5, 4, 3]), sp.losses.SpikeTimeMSE(), epochs=1, batch_size=30)
    none, some = np.full((60, 3), np.inf), np.full((60, 3), np.inf)
    some[0, 1] = 1e-2
    for y, validation, name in ((none, None, "training"), (some, (SPIKES, none), "validation")):
        with pytest.raises(ValueError, match=f"all target times of the {name} data are .infinity, which is none; give one at least"):
            trainer.run(SPIKES, y, validation)
    assert trainer.epochs_done == 0
    trainer.run(SPIKES, some, (SPIKES, some))


@pytest.mark.parametrize("given, error, said, remedy", [
    (np.array(["sun", "moon", "star"])[Y], TypeError, r"labels are whole numbers from 0, and np.unique\(y, return_inverse=True\)\[1\] numbers",
     lambda y: np.unique(y, return_inverse=True)[1]),
    (np.array(["sun", "moon", "star"], object)[Y], TypeError, "labels are whole numbers from 0", lambda y: np.unique(y, return_inverse=True)[1]),
    (Y.astype(str), TypeError, "labels are whole numbers from 0", lambda y: np.unique(y, return_inverse=True)[1]),
    (one_hot(Y, 1.0, 0.0), ValueError, r"1 once in each row and else 0; TTFSCrossEntropy takes labels, y.argmax\(axis=1\)", lambda y: y.argmax(axis=1)),
    (one_hot(Y, 1, 0), ValueError, "1 once in each row", lambda y: y.argmax(axis=1)),
    (Y[:, None], ValueError, r"y has shape \(60, 1\); give labels, y.ravel\(\), or targets of shape \(60, 3\)", np.ravel),
])  # fmt: skip
def test_labels_in_other_clothes_are_told_how_to_be_whole_numbers(given, error, said, remedy):
    net = sp.Network([5, 20, 3], seed=0)
    for use in (lambda y: sp.Trainer(net, epochs=1).run(SPIKES, y), lambda y: net.gradient(net.forward(SPIKES), sp.losses.TTFSCrossEntropy(), y)):
        with pytest.raises(error, match=said):
            use(given)
        use(remedy(given))


def test_counts_and_membranes_may_be_one_hot():
    spiking, leaky = (sp.Network([5, 20, 3], seed=0, readout=readout) for readout in ("spiking", "leaky"))
    for net, loss in ((spiking, sp.losses.SpikeCountMSE()), (leaky, sp.losses.VMaxMSE()), (leaky, sp.losses.MembraneMSE([0.02]))):
        assert sp.Trainer(net, loss, epochs=1, t_end=0.1).run(SPIKES, one_hot(Y, 1.0, 0.0))
