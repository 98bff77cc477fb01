"""BioGrad on the emulated SpiNNaker2: the host's bits, and an account."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone

import spinnprop as sp

RANDOM = np.random.default_rng(3)
X, Y = RANDOM.random((70, 12)), RANDOM.integers(0, 3, 70)
OPTIONS = {"epochs": 2, "batch_size": 16, "learning_rate": 0.05, "seed": 2}


def trained(sizes=(12, 20, 9, 3), **options):
    training = sp.BioGrad(list(sizes), **{**OPTIONS, **options})
    training.wake(X)
    training.run(X, Y)
    return training


def state(training):
    return [np.asarray(own) for own in [*training.weights, *training.biases, *training.feedback]]


@pytest.mark.parametrize("own", [
    {},
    {"copies": 3, "largest_slice": 8, "placement": "scattered", "seed": 5},
    {"copies": 1, "credit": "traces"},
    {"chip": sp.spinnaker2.Board(chips=2), "power": "low"},
])  # fmt: skip
def test_the_bits_are_the_hosts(own):
    engine = sp.spinnaker2.Engine(**own)
    host, chip = trained(), trained(engine=engine)
    assert chip.engine is engine and host.engine is None
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(state(chip), state(host)))
    np.testing.assert_array_equal(chip.history, host.history)
    np.testing.assert_array_equal(chip.counts(X, showing=1), host.counts(X, showing=1))
    account = engine.account()
    assert account.backward_samples == 140 and account.batches == account.updates == 10 and account.evaluation_samples == 70
    assert [str(name) for name in account.phases["name"]] == ["forward", "error", "credit", "gather", "update", "sleep", "align"]
    assert {str(name) for name in account.pes["program"]} == {"input", "neurons", "errors"}
    assert account.seconds_per_step > 0 and account.energy_per_step > 0 and "BioGrad" not in str(account)


def test_engines_by_name_and_by_chip():
    for given in ("spinnaker2", sp.spinnaker2.Chip(), sp.spinnaker2.Board(chips=2)):
        assert isinstance(sp.BioGrad([12, 3], engine=given).engine, sp.spinnaker2.Engine)
    for wrong in ("clock", sp.ClockEngine(), 3, b"host"):
        with pytest.raises((ValueError, TypeError), match="engine is .*host.*spinnaker2"):
            sp.BioGrad([12, 3], engine=wrong)


def test_spikes_as_input():
    times, units = RANDOM.random(400) * 20e-3, RANDOM.integers(0, 12, 400)
    spikes = sp.SpikeTrains(times, units, np.arange(0, 401, 20), 12)
    found = []
    for engine in ("host", "spinnaker2"):
        training = sp.BioGrad([12, 20, 3], **OPTIONS, engine=engine)
        training.run(spikes, Y[:20], step_time=1e-3)
        found.append(state(training))
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(*found))


def test_stops_and_copies_go_on():
    whole = trained(engine="spinnaker2")
    training = sp.BioGrad([12, 20, 9, 3], **OPTIONS, engine="spinnaker2")
    training.wake(X)
    assert not training.run(X, Y, progress=lambda state: state["epoch_finished"])
    for other in (copy.copy(training), pickle.loads(pickle.dumps(training))):
        assert isinstance(other.engine, sp.spinnaker2.Engine) and other.run(X, Y)
        assert all(np.array_equal(ours, theirs) for ours, theirs in zip(state(other), state(whole)))


def test_what_does_not_fit_is_refused_before_anything_runs():
    for sizes, own, engine, error, text in [
        ((12, 20000, 3), {}, {}, MemoryError, r"8 neurons of layer 1 need \d+ bytes of SRAM and a PE has 94208"),
        ((12, 3), {"rule": "bptt"}, {}, sp.SpinnpropError, "bptt"),
        ((12, 20, 3), {"sleep_steps": 100_000}, {}, sp.SpinnpropError, "use fewer sleep_steps"),
        ((12, 3), {"batch_size": 4}, {"copies": 5}, ValueError, "at most 4 copies"),
    ]:
        training = sp.BioGrad(list(sizes), **{**OPTIONS, **own}, engine=sp.spinnaker2.Engine(**engine))
        before = state(training)
        with pytest.raises(error, match=text):
            training.run(X, Y)
        assert training.epochs_done == 0 and all(np.array_equal(a, b) for a, b in zip(before, state(training)))
        with pytest.raises(ValueError, match="nothing has run"):
            training.engine.account()


def test_the_account_is_not_for_a_runs_own_callback():
    training = sp.BioGrad([12, 3], **OPTIONS, engine="spinnaker2")
    found = []

    def ask(state):
        try:
            training.engine.account()
        except ValueError as error:
            found.append(str(error))

    training.run(X, Y, progress=ask)
    # Between two batches the chip is idle, within one it is not.
    assert all("running" in message for message in found)


def test_an_estimator_on_the_chip():
    models = [sp.BioGradClassifier(hidden=(15,), epochs=2, engine=engine) for engine in ("host", sp.spinnaker2.Engine())]
    host, chip = (clone(model).fit(X, Y) for model in models)
    np.testing.assert_array_equal(host.predict(X), chip.predict(X))
    np.testing.assert_array_equal(host.history_, chip.history_)
    assert chip.training_.engine.account().backward_samples == 140


def test_a_network_of_another_kind_takes_the_chip_over():
    engine = sp.spinnaker2.Engine()
    trained(engine=engine)
    images, labels = sp.datasets.yin_yang(20)
    sp.Network([5, 10, 3]).forward(sp.encoding.latency_grid(images), engine=engine)
    assert engine.account().forward_samples == 20 and str(engine.account().phases["name"][1]) == "loss"
    again = trained(engine=engine)
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(state(again), state(trained())))
