"""Losses that somebody writes, as the loss of a training."""

import copy
import threading

import numpy as np
import pytest

import spinnprop as sp

X, Y = sp.datasets.yin_yang(120)
SPIKES = sp.encoding.latency(X, bias=0.0)
GRID = sp.encoding.latency_grid(X)
BUILT_IN = sp.losses.TTFSCrossEntropy(tau0=2e-3, alpha=0.0)


def ttfs(times, y, weights=None):
    """BUILT_IN, restated."""
    n = len(y)
    rows = np.arange(n)
    heard = np.isfinite(times[rows, y])
    first = np.where(heard, np.min(times, axis=1), 0.0)
    p = np.exp((first[:, None] - times) / 2e-3)
    p /= np.where(heard, p.sum(axis=1), 1.0)[:, None]
    own = np.where(heard, p[rows, y], 1.0)
    derivative = -p
    derivative[rows, y] += 1
    each = (1.0 if weights is None else weights) * heard / n
    return float(-(each * np.log(own)).sum()), derivative * each[:, None] / 2e-3


def network(engine="event", **options):
    own = dict(tau_mem=1e-2) if engine == "first-spike" else {}
    made = sp.Network([5, 20, 3], seed=3, engine=engine, **own, **options)
    made.wake(spikes_for(engine), engine)
    if made.readout == "spiking":
        made.weights[1] = 2 * made.weights[1]  # nobody is silent: what silent labels count is the function's own business
    return made


def spikes_for(engine):
    return GRID if engine in ("clock", "spinnaker2") else SPIKES


def weights(trainer):
    return [w.tobytes() for w in trainer.network.weights]


@pytest.mark.parametrize("engine", ["event", "first-spike", "clock"])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_trains_like_the_built_in_one(engine, weighted):
    net, spikes = network(engine), spikes_for(engine)
    own = dict(sample_weight=np.random.default_rng(0).uniform(0, 2, 120)) if weighted else {}
    options = dict(engine=engine, epochs=3, batch_size=50, seed=2)
    trained = []
    for loss in (BUILT_IN, sp.losses.Custom(ttfs)):
        trainer = sp.Trainer(net, loss, **options)
        assert trainer.run(spikes, Y, (spikes[:60], Y[:60]), **own)
        trained.append(trainer)
    built_in, custom = (t.history for t in trained)
    for name in ("accuracy", "validation_accuracy", "hidden_spikes", "output_spikes"):
        assert (custom[name] == built_in[name]).all()
    rtol = 1e-4 if engine == "clock" else 1e-9
    for name in ("loss", "validation_loss"):
        np.testing.assert_allclose(custom[name], built_in[name], rtol=rtol)
    for a, b in zip(trained[0].network.weights, trained[1].network.weights):
        np.testing.assert_allclose(a, b, atol=1e-4 if engine == "clock" else 1e-7)


@pytest.mark.parametrize("engine", ["event", "first-spike", "clock"])
def test_a_step_is_that_of_its_gradient_and_the_gradient_what_is_pulled_back(engine):
    """To the last bit."""
    net, spikes = network(engine), spikes_for(engine)
    loss = sp.losses.Custom(ttfs)
    options = dict(engine=engine, epochs=1, batch_size=120, seed=2)
    trained = sp.Trainer(net, loss, **options)
    trained.run(spikes, Y)
    recording = net.forward(spikes, engine)
    _, grad = net.gradient(recording, loss, Y)
    first = recording.first_spike_times
    _, derivative = ttfs(first, Y)
    output = recording.spikes[-1]
    errors = np.zeros(len(output.times))
    for sample in range(120):
        for unit in range(3):
            of = np.flatnonzero(output.units[output.offsets[sample] : output.offsets[sample + 1]] == unit)
            if len(of):
                errors[output.offsets[sample] + of[0]] = derivative[sample, unit]
    pulled = net.pull_back(recording, [None, errors])
    for a, b in zip([*grad.weights, grad.input_times], [*pulled.weights, pulled.input_times]):
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize("of", ["spikes", "maxima", "membrane", "integrals"])
def test_other_values(of):
    leaky = of != "spikes"
    net = network(readout="leaky" if leaky else "spiking")
    seen = []

    def function(values, y):
        seen.append((values.shape, y.shape, y.dtype))
        there = np.isfinite(values)
        wanted = y[:, None, :] if of == "membrane" else y[:, :, None] if of == "spikes" else y
        distance = np.where(there, values, 0) - np.where(there, wanted, 0)
        return (distance**2).sum() / 2 / len(y), distance / len(y)

    loss = sp.losses.Custom(function, of=of, times=[5e-3, 20e-3] if of == "membrane" else None)
    targets = np.random.default_rng(1).uniform(0, 0.1, (120, 3)).astype(np.float32)
    trainer = sp.Trainer(net, loss, epochs=2, batch_size=50, t_end=60e-3, learning_rate=1e-3)
    trainer.run(SPIKES, targets, (SPIKES[:30], targets[:30]))
    shapes = {shape for shape, _, _ in seen}
    assert {shape[0] for shape in shapes} == {50, 20, 30}
    assert {len(shape) for shape in shapes} == {2 if of in ("maxima", "integrals") else 3}
    assert {(s[1], d) for _, s, d in seen} == {(3, np.dtype(np.float32))}
    assert trainer.history["loss"][1] < trainer.history["loss"][0]
    assert np.isnan(trainer.history["accuracy"]).all()
    for a, b in zip(trainer.network.weights, net.weights):
        assert (a != b).any()


@pytest.mark.parametrize("y", [np.arange(240.0).reshape(120, 1, 2), np.array([f"s{n}" for n in range(120)]), SPIKES, [{"n": n} for n in range(120)]])
def test_y_is_anything_with_a_first_axis(y):
    got = []

    def function(times, y):
        got.extend(list(y))
        return 0.0, np.zeros_like(times)

    assert sp.Trainer(network(), sp.losses.Custom(function), epochs=1, batch_size=50).run(SPIKES, y)
    assert len(got) == 120
    if isinstance(y, np.ndarray):
        assert sorted(map(str, got)) == sorted(map(str, y))


def test_integrals_train_like_the_built_in_loss():
    net = network(readout="leaky")
    built_in = sp.losses.VIntegralCrossEntropy(tau0=20e-3, scale=3.0)

    def function(integrals, y):
        logits = 3.0 / 60e-3 * integrals
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        return -np.log(p[np.arange(len(y)), y]).mean(), 3.0 / 60e-3 * (p - np.eye(3)[y]) / len(y)

    custom = sp.losses.Custom(function, of="integrals", tau=20e-3)
    trained = [sp.Trainer(net, loss, epochs=2, batch_size=50, t_end=60e-3) for loss in (built_in, custom)]
    for trainer in trained:
        trainer.run(SPIKES, Y, (SPIKES, Y))
    for name in ("loss", "validation_loss"):
        np.testing.assert_allclose(trained[1].history[name], trained[0].history[name], rtol=1e-9)
    for a, b in zip(trained[0].network.weights, trained[1].network.weights):
        np.testing.assert_allclose(a, b, atol=1e-7)


def test_steps_with_batches_are_those_of_a_run():
    run, stepped = (sp.Trainer(network(), sp.losses.Custom(ttfs), epochs=1, batch_size=120, schedule="constant") for _ in range(2))
    run.run(SPIKES, Y)
    assert stepped.step((SPIKES, Y)) == pytest.approx(run.history["loss"][0], rel=1e-12)
    for a, b in zip(run.network.weights, stepped.network.weights):
        np.testing.assert_allclose(a, b, atol=1e-9)
    weights = np.arange(120.0)
    seen = []
    sp.Trainer(network(), sp.losses.Custom(lambda t, y, w: seen.append(w) or (0.0, np.zeros_like(t)))).step((SPIKES, Y, weights))
    assert (seen[0] == weights).all()


def test_an_estimator_takes_it():
    clf = sp.SpikingClassifier(hidden=(20,), loss=sp.losses.Custom(ttfs), epochs=3).fit(X, Y)
    assert clf.history_["loss"][-1] < clf.history_["loss"][0]
    probabilities = clf.predict_proba(X)
    assert (probabilities.argmax(axis=1) == clf.predict(X)).all() and set(np.unique(probabilities)) <= {0.0, 1 / 3, 1.0}


@pytest.mark.parametrize("at", [0, 1, 4])
@pytest.mark.parametrize(
    "answer, error",
    [
        (lambda times: 1 / 0, ZeroDivisionError),
        (lambda times: (np.nan, times), ValueError),
        (lambda times: (np.inf, np.zeros_like(times)), ValueError),
        (lambda times: (0.0, np.full_like(times, np.nan)), ValueError),
        (lambda times: (0.0, np.full_like(times, -np.inf)), ValueError),
        (lambda times: (0.0, np.zeros(3)), ValueError),
        (lambda times: (0.0, np.zeros(times.shape, complex)), TypeError),
        (lambda times: 0.0, TypeError),
        (lambda times: ("x", times), TypeError),
        (lambda times: times.__setitem__(0, 0.0), ValueError),
    ],
)
def test_after_a_mistake_the_trainer_stands_after_its_last_good_batch(answer, error, at):
    calls = []

    def function(times, y):
        calls.append(len(y))
        return answer(times) if len(calls) == at + 1 else ttfs(times, y)

    options = dict(epochs=2, batch_size=50, seed=2)
    trainer = sp.Trainer(network(), sp.losses.Custom(function), **options)
    with pytest.raises(error):
        trainer.run(SPIKES, Y)
    whole = sp.Trainer(network(), sp.losses.Custom(ttfs), **options)
    if at == 0:
        assert weights(trainer) == weights(whole)
    assert trainer.epochs_done == at // 3
    assert trainer.run(SPIKES, Y) and whole.run(SPIKES, Y)
    assert weights(trainer) == weights(whole)
    assert trainer.history["loss"].tobytes() == whole.history["loss"].tobytes()


def test_a_mistake_in_validation():
    calls = []

    def function(times, y):
        calls.append(len(y))
        return (np.nan, times) if len(calls) == 4 else ttfs(times, y)

    trainer = sp.Trainer(network(), sp.losses.Custom(function), epochs=1, batch_size=50, seed=2)
    with pytest.raises(ValueError, match="nan"):
        trainer.run(SPIKES, Y, (SPIKES, Y))
    assert trainer.epochs_done == 0
    assert trainer.run(SPIKES, Y, (SPIKES, Y)) and trainer.epochs_done == 1 and len(calls) == 5


def test_a_function_may_not_use_its_trainer_but_may_use_others():
    net = network()

    def function(times, y):
        sp.Trainer(net, epochs=1).run(SPIKES[:5], Y[:5])
        with pytest.raises(sp.SpinnpropError, match="in use"):
            trainer.run(SPIKES, Y)
        with pytest.raises(sp.SpinnpropError, match="in use"):
            _ = trainer.network
        return ttfs(times, y)

    trainer = sp.Trainer(net, sp.losses.Custom(function), epochs=1)
    assert trainer.run(SPIKES, Y)


def test_what_a_function_keeps_is_its_own():
    kept = []

    def function(times, y):
        kept.append(times)
        return ttfs(times, y)

    sp.Trainer(network(), sp.losses.Custom(function), epochs=2, batch_size=10).run(SPIKES, Y)
    assert all(np.isfinite(times[np.isfinite(times)]).all() and times.min() > 0 for times in kept)


def test_two_trainings_at_once():
    alone = sp.Trainer(network(), sp.losses.Custom(ttfs), epochs=3, batch_size=20)
    alone.run(SPIKES, Y)
    trainers = [sp.Trainer(network(), sp.losses.Custom(ttfs), epochs=3, batch_size=20) for _ in range(2)]
    threads = [threading.Thread(target=trainer.run, args=(SPIKES, Y)) for trainer in trainers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert weights(trainers[0]) == weights(trainers[1]) == weights(alone)


def test_a_resumed_run_ends_the_same(tmp_path):
    options = dict(epochs=3, batch_size=50, checkpoint=tmp_path / "run", resume=True)
    first = sp.Trainer(network(), sp.losses.Custom(ttfs), **options)
    assert not first.run(SPIKES, Y, progress=lambda p: p["epoch"] == 1)
    with pytest.raises(ValueError, match="other data"):
        sp.Trainer(network(), sp.losses.Custom(ttfs), **options).run(SPIKES, Y[::-1])
    with pytest.raises(sp.SpinnpropError, match="other options"):
        sp.Trainer(network(), sp.losses.Custom(ttfs, of="spikes"), **options)
    second = sp.Trainer(network(), sp.losses.Custom(ttfs), **options)
    second.run(SPIKES, Y)
    whole = sp.Trainer(network(), sp.losses.Custom(ttfs), epochs=3, batch_size=50)
    whole.run(SPIKES, Y)
    assert weights(second) == weights(whole)


def test_a_function_that_interrupts():
    def function(times, y):
        raise KeyboardInterrupt

    trainer = sp.Trainer(network(), sp.losses.Custom(function), epochs=1)
    with pytest.raises(KeyboardInterrupt):
        trainer.run(SPIKES, Y)
    assert trainer.epochs_done == 0 and len(copy.copy(trainer.network).weights) == 2


def test_a_chip_trains_on_it_by_its_twin():
    net = network("spinnaker2")
    with pytest.raises(sp.SpinnpropError, match="gradient_engine"):
        sp.Trainer(net, sp.losses.Custom(ttfs), engine="spinnaker2", epochs=1).run(GRID, Y)
    on_chip = sp.Trainer(net, sp.losses.Custom(ttfs), engine="spinnaker2", gradient_engine="clock", epochs=1)
    assert on_chip.run(GRID, Y) and on_chip.history["loss"][0] > 0


@pytest.mark.parametrize("y", [Y[:-1], 3, np.float64(2.0), SPIKES[:5]])
def test_y_must_have_a_row_for_each_sample(y):
    trainer = sp.Trainer(network(), sp.losses.Custom(ttfs), epochs=1)
    with pytest.raises(ValueError, match="120"):
        trainer.run(SPIKES, y)


@pytest.mark.parametrize("times", [[], [-1.0], [np.nan], [np.inf], [1e9]])
def test_times_outside_the_run_are_refused(times):
    with pytest.raises((ValueError, sp.SpinnpropError)):
        loss = sp.losses.Custom(lambda v, y: (0.0, np.zeros_like(v)), of="membrane", times=times)
        sp.Trainer(network(readout="leaky"), loss, epochs=1, t_end=60e-3).run(SPIKES, Y)


def test_readouts_must_fit():
    with pytest.raises(sp.SpinnpropError, match="spiking"):
        sp.Trainer(network(readout="leaky"), sp.losses.Custom(ttfs), epochs=1)
    with pytest.raises(sp.SpinnpropError, match="leaky"):
        sp.Trainer(network(), sp.losses.Custom(ttfs, of="maxima"), epochs=1)


def test_numbers_of_which_some_look_like_labels():
    numbers = np.arange(120)
    loss = sp.losses.Custom(lambda times, y: (float(y.mean()), np.zeros_like(times)))
    trainer = sp.Trainer(network(), loss, epochs=1, batch_size=120)
    assert trainer.run(SPIKES, numbers, (SPIKES[:3], numbers[:3]))
    assert trainer.history["loss"][0] == numbers.mean() and trainer.history["validation_loss"][0] == 1
    assert np.isnan(trainer.history["validation_accuracy"]).all()
