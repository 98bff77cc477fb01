"""Weights of samples: what they multiply, and what they leave as it is."""

import numpy as np
import pytest

import spinnprop as sp

X, Y = sp.datasets.yin_yang(60)
SPIKES = sp.encoding.latency(X, bias=0.0)
GRID = sp.encoding.latency_grid(X)
WEIGHTS = np.random.default_rng(2).integers(0, 4, 60)
ENGINES = ["event", "first-spike", "clock", "spinnaker2"]


def awake(engine, **options):
    own = dict(tau_mem=1e-2) if engine == "first-spike" else {}
    network = sp.Network([5, 20, 3], seed=3, engine=engine, **own, **options)
    spikes = GRID if engine in ("clock", "spinnaker2") else SPIKES
    network.wake(spikes, engine)
    return network, spikes


def arrays(grad):
    return [*grad.weights, grad.input_times]


@pytest.mark.parametrize("engine", ENGINES)
def test_whole_numbers_are_repetitions_but_for_the_divisor(engine):
    network, spikes = awake(engine)
    loss = sp.losses.TTFSCrossEntropy()
    value, grad = network.gradient(network.forward(spikes, engine), loss, Y, sample_weight=WEIGHTS)
    repeated = np.repeat(np.arange(60), WEIGHTS)
    other_value, other = network.gradient(network.forward(spikes[repeated], engine), loss, Y[repeated])
    factor = len(repeated) / 60
    tolerance = 1e-13 if engine in ("event", "first-spike") else 2e-6  # float32 sums
    assert value == pytest.approx(other_value * factor, rel=1e-13)
    for own, theirs in zip(grad.weights, other.weights):
        assert np.abs(own - theirs * factor).max() <= tolerance * np.abs(own).max() and np.abs(own).max() > 0


@pytest.mark.parametrize("engine", ENGINES)
def test_ones_are_none(engine):
    network, spikes = awake(engine)
    recording = network.forward(spikes, engine)
    value, grad = network.gradient(recording, sp.losses.TTFSCrossEntropy(), Y)
    ones, of_ones = network.gradient(recording, sp.losses.TTFSCrossEntropy(), Y, sample_weight=np.ones(60))
    assert ones == value
    for a, b in zip(arrays(grad), arrays(of_ones)):
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize("engine", ["event", "clock"])
def test_membranes_are_weighed(engine):
    network, spikes = awake(engine, readout="leaky")
    recording = network.forward(spikes, engine)
    targets = np.random.default_rng(0).uniform(0, 1, (60, 3))
    one, grad = network.gradient(recording, sp.losses.VMaxMSE(), targets)
    two, double = network.gradient(recording, sp.losses.VMaxMSE(), targets, sample_weight=[2.0] * 60)
    assert two == pytest.approx(2 * one, rel=1e-14)
    for a, b in zip(grad.weights, double.weights):
        assert (b == 2 * a).all()


def test_a_sample_of_weight_zero_adds_nothing_even_where_its_loss_is_infinite():
    network, spikes = awake("event")
    recording = network.forward(spikes)
    loss = sp.losses.TTFSCrossEntropy(tau1=1e-6)  # every label spike is far too late: infinite
    with pytest.raises((ValueError, sp.SpinnpropError), match="inf"):
        network.gradient(recording, loss, Y)
    value, grad = network.gradient(recording, loss, Y, sample_weight=np.zeros(60))
    assert value == 0 and not any(a.any() for a in arrays(grad))


@pytest.mark.parametrize("engine", ENGINES)
def test_training_follows_the_weighted_gradient(engine):
    network, spikes = awake(engine)
    options = dict(engine=engine, epochs=1, batch_size=60, optimizer="sgd", learning_rate=1e-3, clip_norm=np.inf)
    trainer = sp.Trainer(network, sp.losses.TTFSCrossEntropy(), **options)
    trainer.run(spikes, Y, (spikes, Y, WEIGHTS), sample_weight=WEIGHTS)
    by_hand = sp.Trainer(network, sp.losses.TTFSCrossEntropy(), **options)
    _, grad = network.gradient(network.forward(spikes, engine), sp.losses.TTFSCrossEntropy(), Y, sample_weight=WEIGHTS)
    by_hand.step(grad)
    for a, b in zip(trainer.network.weights, by_hand.network.weights):
        assert np.allclose(a, b, rtol=1e-6 if engine in ("clock", "spinnaker2") else 1e-12, atol=1e-9 if engine in ("clock", "spinnaker2") else 0)
    again = sp.Trainer(trainer.network, sp.losses.TTFSCrossEntropy(), **options)
    again.run(spikes, Y, sample_weight=WEIGHTS)
    assert again.history["loss"][0] == pytest.approx(trainer.history["validation_loss"][0], rel=1e-12)


def test_skipped_samples_count_by_their_weight():
    network = sp.Network([5, 20, 3], seed=3)
    network.weights[1] = np.zeros((3, 20))  # nobody speaks
    trainer = sp.Trainer(network, epochs=1)
    trainer.run(SPIKES, Y, (SPIKES, Y, WEIGHTS), sample_weight=WEIGHTS)
    wanted = WEIGHTS.sum() / 60 * np.log(3)
    assert trainer.history["loss"][0] == pytest.approx(wanted, rel=1e-14) == trainer.history["validation_loss"][0]
    assert trainer.history["skipped"][0] == 1


def test_weights_are_part_of_the_data(tmp_path):
    network, spikes = awake("event")
    options = dict(checkpoint=tmp_path / "run", epochs=2, batch_size=25, resume=True)
    trainer = sp.Trainer(network, **options)
    assert not trainer.run(spikes, Y, sample_weight=WEIGHTS, progress=lambda p: p["epoch"] == 1)
    with pytest.raises(ValueError, match="other data"):
        sp.Trainer(network, **options).run(spikes, Y)
    resumed = sp.Trainer(network, **options)
    resumed.run(spikes, Y, sample_weight=WEIGHTS)
    whole = sp.Trainer(network, epochs=2, batch_size=25)
    whole.run(spikes, Y, sample_weight=WEIGHTS)
    for a, b in zip(resumed.network.weights, whole.network.weights):
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize(
    "weights, error",
    [
        (np.ones(59), ValueError), (np.ones((60, 1)), ValueError), (1.0, ValueError), ("x", TypeError), (np.ones(60, complex), TypeError),
        (np.r_[np.ones(59), -1e-300], ValueError), (np.r_[np.ones(59), np.nan], ValueError), (np.r_[np.ones(59), np.inf], ValueError),
    ],
)  # fmt: skip
def test_other_weights_are_refused(weights, error):
    network, spikes = awake("event")
    trainer = sp.Trainer(network, epochs=1)
    with pytest.raises(error):
        trainer.run(spikes, Y, sample_weight=weights)
    with pytest.raises(error):
        trainer.run(spikes, Y, (spikes, Y, weights))
    with pytest.raises(error):
        network.gradient(network.forward(spikes), sp.losses.TTFSCrossEntropy(), Y, sample_weight=weights)
    assert trainer.epochs_done == 0


@pytest.mark.parametrize("loss", [sp.losses.TTFSCrossEntropy(), sp.losses.Custom(lambda times, y, weights: (0.0, np.zeros(times.shape)))])
def test_data_of_which_no_sample_counts_are_refused(loss):
    network, spikes = awake("event")
    none, one = np.zeros(60), np.r_[np.zeros(59), 1e-300]
    trainer = sp.Trainer(network, loss, epochs=1, batch_size=30)
    with pytest.raises(ValueError, match="all sample weights of the training data are 0"):
        trainer.run(spikes, Y, sample_weight=none)
    with pytest.raises(ValueError, match="all sample weights of the validation data are 0"):
        trainer.run(spikes, Y, (spikes, Y, none), sample_weight=one)
    assert trainer.epochs_done == 0
    # A batch of data that count may be one of samples that do not.
    assert trainer.run(spikes, Y, (spikes, Y, one), sample_weight=one) and trainer.step((spikes, Y, none)) == 0
