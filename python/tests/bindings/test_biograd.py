"""Local learning from Python: what is learnt, what is refused, what goes on after a stop."""

import copy
import inspect
import pickle
import threading
from functools import partial

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.model_selection import train_test_split
from sklearn.utils.estimator_checks import parametrize_with_checks

import spinnprop as sp
from spinnprop import _core


@pytest.fixture
def digits():
    X, y = load_digits(return_X_y=True)
    return train_test_split(X, y, test_size=0.25, random_state=0, stratify=y)


@pytest.fixture
def small():
    return np.random.default_rng(0).random((40, 6)), np.arange(40) % 3


@parametrize_with_checks([sp.BioGradClassifier()])
def test_scikit_learn(estimator, check):
    check(estimator)


def test_learns_digits_as_its_twin_does(digits):
    X, X_test, y, y_test = digits
    local = sp.BioGradClassifier(epochs=15, learning_rate=0.01).fit(X, y)
    twin = sp.BioGradClassifier(epochs=15, learning_rate=0.01, rule="bptt").fit(X, y)
    assert local.score(X_test, y_test) > 0.94
    assert abs(local.score(X_test, y_test) - twin.score(X_test, y_test)) < 0.03
    history = local.history_
    assert history["angle"].shape == history["norm_ratio"].shape == (15, 1)
    assert history["angle"][-1, 0] < 40 < history["angle"][0, 0] + 20
    np.testing.assert_allclose(local.predict_proba(X_test).sum(axis=1), 1)


def test_sleep_is_what_aligns(digits):
    X, X_test, y, y_test = digits
    published = dict(epochs=10, window=0.5, learning_rate=0.02)
    awake = sp.BioGradClassifier(sleep=False, **published).fit(X, y)
    rested = sp.BioGradClassifier(**published).fit(X, y)
    assert rested.score(X_test, y_test) > awake.score(X_test, y_test) + 0.1
    assert rested.history_["angle"][-1, 0] < awake.history_["angle"][-1, 0] - 20


@pytest.mark.parametrize("seed", range(3))
def test_learns_two_classes_from_random_feedback(seed):
    X, X_test, y, y_test = train_test_split(*load_breast_cancer(return_X_y=True), random_state=seed)
    assert sp.BioGradClassifier(seed=seed).fit(X, y).score(X_test, y_test) > 0.9


def test_says_so_when_nothing_is_learnt(small):
    X, y = small
    with pytest.warns(RuntimeWarning, match="learnt nothing"):
        sp.BioGradClassifier(epochs=1, learning_rate=0).fit(X, np.zeros_like(y) + (np.arange(40) == 0))


def test_output_layer_has_the_twins_gradient(small):
    X, y = small
    same = dict(counts="final", seed=4, window=3)
    local = sp.BioGrad([6, 30, 3], rule="exact-error", **same)
    twin = sp.BioGrad([6, 30, 3], rule="bptt", **same)
    a, b = local.gradient(X, y)[0][1], twin.gradient(X, y)[0][1]
    assert np.abs(a).max() > 0
    assert (a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b) > 1 - 1e-6


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("counts, spiking", [("running", 0.97), ("final", 0.99)])
def test_spikes_carry_the_error_to_the_output_layer(digits, seed, counts, spiking):
    """A batch of digits to 64-100-10 before it has learnt: the output layer's update beside the twin's."""
    X, _, y, _ = digits
    updates = {}
    for rule in ("biograd", "exact-error", "bptt"):
        training = sp.BioGrad([64, 100, 10], rule=rule, counts=counts, seed=seed)
        training.wake(X / 16)
        updates[rule] = training.gradient(X[:32] / 16, y[:32])[0][1]

    def cosine(rule):
        own, twin = updates[rule], updates["bptt"]
        return (own * twin).sum() / np.linalg.norm(own) / np.linalg.norm(twin)

    assert spiking < cosine("biograd") < 1 - 1e-6
    # With running counts an error is of the spikes so far, with final ones exactly what the twin descends.
    assert cosine("exact-error") > (1 - 1e-6 if counts == "final" else 0.99)


def test_defaults_are_the_cores():
    core = _core.biograd_defaults()
    words = {"rule": "biograd", "feedback": "random", "counts": "running", "sleep_draw": "sample"}
    for name, parameter in inspect.signature(sp.BioGrad).parameters.items():
        if name in ("layer_sizes", "engine"):
            continue
        if name in words:
            assert parameter.default == words[name]
            assert sp.BioGrad([2, 2]).options[name] == words[name]
        else:
            assert parameter.default == core[name], name
    other = inspect.signature(sp.BioGradClassifier).parameters
    for name, parameter in inspect.signature(sp.BioGrad).parameters.items():
        assert name == "layer_sizes" or other[name].default == parameter.default


def test_stops_and_goes_on_to_the_same_bits(small):
    X, y = small
    whole, stopped = (sp.BioGrad([6, 8, 3], epochs=3, batch_size=7) for _ in range(2))
    assert whole.run(X, y)
    assert stopped.run(X, y, progress=lambda state: state["epoch_finished"]) is False
    assert stopped.epochs_done == 1
    again = pickle.loads(pickle.dumps(stopped))
    twin = copy.copy(stopped)
    for training in (stopped, again, twin):
        assert training.run(X, y)
        for name in ("weights", "biases", "feedback"):
            for a, b in zip(getattr(whole, name), getattr(training, name)):
                np.testing.assert_array_equal(a, b)
        assert training.history.tobytes() == whole.history.tobytes()


def test_same_bits_for_any_number_of_threads(small):
    X, y = small
    before = sp.get_threads()
    found = []
    try:
        for threads in (1, 3):
            sp.set_threads(threads)
            training = sp.BioGrad([6, 8, 5, 3], epochs=2, batch_size=16)
            training.run(X, y)
            found.append((training.weights[0].tobytes(), training.feedback[1].tobytes(), training.counts(X).tobytes()))
    finally:
        sp.set_threads(before)
    assert found[0] == found[1]


def test_events(small):
    _, y = small
    rng = np.random.default_rng(1)
    events = sp.SpikeTrains(
        rng.uniform(0, 30e-3, 400), rng.integers(0, 6, 400).astype(np.int32), np.arange(41) * 10, 6
    )
    training = sp.BioGrad([6, 8, 3], epochs=1)
    assert training.run(events, y, step_time=1e-3)
    assert training.counts(events, step_time=1e-3).shape == (40, 3)
    # No randomness is left in events.
    np.testing.assert_array_equal(
        training.counts(events, step_time=1e-3), training.counts(events, step_time=1e-3, showing=5)
    )


@pytest.mark.parametrize(
    "options",
    [
        dict(steps=0),
        dict(soft_start=20),
        dict(decay=float("nan")),
        dict(rule="x"),
        dict(sleep="no"),
        dict(seed=-1),
        dict(epochs=1.5),
        dict(sleep_power=9),
        dict(threshold=0),
        dict(sleep_draw=1),
        dict(batch_size=2**40),
        dict(learning_rate=float("inf")),
    ],
)
def test_refuses_options(options):
    with pytest.raises((ValueError, TypeError), match=next(iter(options))):
        sp.BioGrad([6, 8, 3], **options)


def test_refuses_data_and_changes_nothing(small):
    X, y = small
    training = sp.BioGrad([6, 8, 3], epochs=3)
    before = pickle.dumps(training.weights)
    events = sp.SpikeTrains([0.0], [0], [0, 1], 6)
    for call, error in [
        (lambda: training.run(X[:, :5], y), ValueError),
        (lambda: training.run(X, y[:3]), ValueError),
        (lambda: training.run(2 * X, y), ValueError),
        (lambda: training.run(X, y + 1), IndexError),
        (lambda: training.run(np.full((40, 6), np.nan), y), ValueError),
        (lambda: training.run(X, y, step_time=1), ValueError),
        (lambda: training.run(X, y, progress=3), TypeError),
        (lambda: training.run(events, [0]), ValueError),
        (lambda: training.run(events, [0], step_time=float("nan")), ValueError),
        (lambda: training.run(events, [0], step_time=0), ValueError),
        (lambda: training.run(X[:0], y[:0]), ValueError),
        (lambda: training.set("weights", 0, np.zeros((8, 5))), ValueError),
        (lambda: training.set("weights", 0, np.full((8, 6), 1e300)), ValueError),
        (lambda: setattr(training, "layer_sizes", (6, 3)), AttributeError),
        (lambda: sp.BioGrad(5), ValueError),
        (lambda: sp.BioGrad(None), TypeError),
        (lambda: training.set("feedback", 1, np.zeros((8, 3))), ValueError),
        (lambda: training.counts(X, showing=-1), ValueError),
        (lambda: training.sleep(0), ValueError),
        (lambda: sp.BioGrad([6]), ValueError),
        (lambda: sp.BioGrad([6, 0]), ValueError),
        (lambda: sp.BioGrad([1 << 24, 1 << 24]), MemoryError),
    ]:
        with pytest.raises(error):
            call()
    assert pickle.dumps(training.weights) == before
    assert training.epochs_done == 0
    with pytest.raises(ValueError, match="read-only"):
        training.weights[0][0] = 1


def test_refuses_company_while_it_runs(small):
    X, y = small
    training = sp.BioGrad([6, 8, 3], epochs=1)
    seen = []

    def ask(state):
        for call in (lambda: training.weights, lambda: training.run(X, y), lambda: training.epochs_done):
            with pytest.raises(sp.SpinnpropError, match="in use"):
                call()
            seen.append(state)

    thread = threading.Thread(target=lambda: training.run(X, y, progress=ask))
    thread.start()
    thread.join()
    assert seen
    assert training.epochs_done == 1


def test_long_calls_ask_whether_to_stop(small):
    """Each takes minutes if nobody stops it."""
    training = sp.BioGrad([6, 8, 3], steps=300_000, sleep_steps=10**8)
    before = pickle.dumps(training)
    X, y = np.repeat(small[0], 100, axis=0), np.repeat(small[1], 100)
    for call in (training.sleep, partial(training.gradient, X, y), partial(training.wake, X), partial(training.counts, X)):
        asked = []

        def stop(state):
            asked.append(state)
            return True

        with pytest.raises(sp.SpinnpropError, match="stopped|cancelled"):
            call(2, progress=stop) if call == training.sleep else call(progress=stop)
        assert len(asked) == 1 and asked[0]["total"] > asked[0]["done"] >= 0
    assert pickle.dumps(training) == before


@pytest.mark.parametrize("integer", [False, True])
def test_files_go_on_to_the_same_bits(small, tmp_path, integer):
    X, y = small
    options = dict(epochs=4, batch_size=7, seed=2**64 - 1, learning_rate=0.1, integer=integer)
    whole, stopped = (sp.BioGrad([6, 8, 3], **options) for _ in range(2))
    whole.run(X, y)
    path = tmp_path / "training.safetensors"
    ended = []

    def stop(state):
        # However often it is asked in between.
        if state["epoch_finished"]:
            ended.append(state["epoch"])
        return len(ended) == 2

    assert stopped.run(X, y, checkpoint=path, progress=stop) is False
    loaded = sp.BioGrad.load(path)
    assert 0 < loaded.epochs_done < 4
    assert loaded.options == stopped.options == {**whole.options, **options}
    assert loaded.run(X, y)
    for own in (loaded, pickle.loads(pickle.dumps(loaded)), copy.copy(loaded), copy.deepcopy(loaded)):
        assert own.history.tobytes() == whole.history.tobytes()
        assert [a.tobytes() for a in own.weights + own.feedback] == [a.tobytes() for a in whole.weights + whole.feedback]
        assert (own.counts(X) == whole.counts(X)).all()
    loaded.epochs = 5
    assert loaded.run(X, y) and loaded.epochs_done == 5 and loaded.epochs == 5
    loaded.save(path)
    assert sp.BioGrad.load(str(path)).history.tobytes() == loaded.history.tobytes()
    assert sp.BioGrad(loaded.layer_sizes, **loaded.options).options == loaded.options


def test_files_that_are_none(small, tmp_path):
    training = sp.BioGrad([6, 8, 3])
    path = tmp_path / "training"
    training.save(path)
    whole = path.read_bytes()
    assert b"pickle" not in whole and path.stat().st_size == len(whole)
    for damaged in (whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1]), b"", b"PK\3\4", pickle.dumps(training.weights)):
        path.write_bytes(damaged)
        with pytest.raises(sp.SpinnpropError, match=f"the training {path} cannot be loaded: "):
            sp.BioGrad.load(path)
    sp.save(sp.Network([2, 3]), path)
    with pytest.raises(sp.SpinnpropError, match="kind"):
        sp.BioGrad.load(path)
    for call, error in [
        (lambda: sp.BioGrad.load(tmp_path / "none"), FileNotFoundError),
        (lambda: training.save(tmp_path / "none" / "there"), FileNotFoundError),
        (lambda: training.save(tmp_path), sp.SpinnpropError),
        (lambda: training.save(3), TypeError),
        (lambda: training.save(""), ValueError),
        (lambda: training.run(*small, checkpoint=3), TypeError),
        (lambda: setattr(training, "epochs", -1), ValueError),
        (lambda: setattr(training, "epochs", 1.5), TypeError),
    ]:
        with pytest.raises(error):
            call()
    assert training.epochs_done == 0 and training.epochs == 60


def test_estimator_resumes(small, tmp_path):
    X, y = small
    options = dict(hidden=(8,), batch_size=7, checkpoint=tmp_path / "run")
    sp.BioGradClassifier(epochs=2, **options).fit(X, y)
    resumed = sp.BioGradClassifier(epochs=4, resume=True, **options).fit(X, y)
    whole = sp.BioGradClassifier(epochs=4, hidden=8, batch_size=7).fit(X, y)
    assert resumed.history_.tobytes() == whole.history_.tobytes()
    assert resumed.training_.weights[0].tobytes() == whole.training_.weights[0].tobytes()
    for other, word in [(dict(rule="bptt"), "rule 'biograd'"), (dict(hidden=(9,)), r"layers \(12, 8, 3\)"), (dict(seed=1), "seed 0")]:
        with pytest.raises(ValueError, match=f"begun with {word}.*; remove the file"):
            sp.BioGradClassifier(resume=True, **{**options, **other}).fit(X, y)
    with pytest.raises(ValueError, match=r"begun with other data \(epoch 4"):
        sp.BioGradClassifier(epochs=6, resume=True, **options).fit(X[::-1], y)
    with pytest.raises(ValueError, match="resume is True without a checkpoint"):
        sp.BioGradClassifier(resume=True).fit(X, y)
    with pytest.raises(TypeError, match="checkpoint is 3"):
        sp.BioGradClassifier(resume=True, checkpoint=3).fit(X, y)


def test_a_fit_that_fails_leaves_the_last_one_whole(small):
    X, y = small
    model = sp.BioGradClassifier(hidden=8, epochs=2).fit(X, y)
    before = pickle.dumps(vars(model)), model.predict_proba(X).tobytes()
    for wrong in (dict(decay=5), dict(steps=0), dict(engine="none")):
        broken = pickle.loads(pickle.dumps(model)).set_params(complement=False, **wrong)
        with pytest.raises(ValueError):
            broken.fit(1000 * X + 7, y)
        broken.set_params(**{**model.get_params()})
        assert (pickle.dumps(vars(broken)), broken.predict_proba(X).tobytes()) == before

    with pytest.raises(ValueError, match="give step_time"):
        model.fit(sp.SpikeTrains([0.0], [0], [0, 1], 6), [0])
    assert (pickle.dumps(vars(model)), model.predict_proba(X).tobytes()) == before


def test_a_gradient_beyond_float32_is_an_error(small):
    for rule in ("biograd", "bptt"):
        training = sp.BioGrad([6, 8, 3], rule=rule, window=10, amplitude=50, decay=1.0, steps=200, learning_rate=0)
        for call in (training.gradient, training.run):
            with pytest.raises(ValueError, match="float32.*smaller amplitude"):
                call(*small)


@pytest.mark.parametrize("step_time", [5e-3, 1e-4, 3e-3, 1e-3, 0.1, 0.0005097352393619469])
def test_spikes_at_both_ends_of_a_step_are_in_it(step_time):
    steps = 100
    training = sp.BioGrad([1, 1, 2], steps=steps, decay=0.0, threshold=0.5, traces_from=0)
    training.set("weights", 0, [[1.0]])
    training.set("weights", 1, [[1.0], [0.0]])
    for times in (np.arange(steps) * step_time, np.nextafter(np.arange(1, steps + 1) * step_time, 0)):
        counts = training.counts(sp.SpikeTrains(times, np.zeros(steps, np.int64), [0, steps], 1), step_time=step_time)
        assert counts.tolist() == [[steps, 0]]


def test_a_checkpoint_is_tried_before_the_first_epoch(small, tmp_path):
    X, y = small
    seen = []
    training = sp.BioGrad([6, 8, 3], epochs=2)
    for path, error in [(tmp_path / "none" / "there", FileNotFoundError), (tmp_path, sp.SpinnpropError), ("/proc/there", (OSError, sp.SpinnpropError))]:
        with pytest.raises(error):
            training.run(X, y, checkpoint=path, progress=seen.append)
    assert training.epochs_done == 0 and seen == []
    (tmp_path / "kept").write_bytes(b"earlier")
    with pytest.raises(IndexError):
        training.run(X, y + 5, checkpoint=tmp_path / "kept")
    assert (tmp_path / "kept").read_bytes() == b"earlier" and sorted(p.name for p in tmp_path.iterdir()) == ["kept"]


def test_integers(digits):
    X, X_test, y, y_test = digits
    model = sp.BioGradClassifier(epochs=15, learning_rate=0.01, integer=True).fit(X, y)
    assert model.score(X_test, y_test) > 0.9
    training = model.training_
    assert (training.units[:, 0] > 0).all() and training.units[1, 1] == 0 < training.units[0, 1]
    for layer, (weights, biases) in enumerate(zip(training.weights, training.biases)):
        for values in (weights, biases):
            whole = values / training.units[layer, 0]
            assert (whole == np.round(whole)).all() and np.abs(whole).max() <= 127
    # What is read can be set; what lies between two integers goes to the nearer.
    before = training.weights[0].tobytes()
    training.set("weights", 0, training.weights[0] + 0.2 * training.units[0, 0])
    assert training.weights[0].tobytes() == before
    for refused, word in [
        (lambda: training.set("weights", 0, np.full(training.weights[0].shape, 1e3)), "integers of this layer lie in"),
        (lambda: sp.BioGrad([4, 5, 5, 2], integer=True), "2 hidden layers"),
        (lambda: sp.BioGrad([4, 2], integer=True), "0 hidden layers"),
        (lambda: sp.BioGrad([4, 5, 2], integer=True, rule="bptt"), "rule"),
        (lambda: sp.BioGrad([4, 5, 2], integer=True, steps=2**16), "steps"),
    ]:
        with pytest.raises(ValueError, match=word):
            refused()
    assert (sp.BioGrad([4, 5, 2]).units == 0).all()


@pytest.mark.parametrize("estimator", [sp.BioGradClassifier, sp.SpikingClassifier])
def test_estimators_say_what_is_wrong(estimator, small):
    for hidden in (None, 5.0, True, "5", np.float64(3), {5}, np.ones((2, 2), int), np.array(5.0)):
        with pytest.raises((TypeError, ValueError), match="hidden"):
            estimator(hidden=hidden).fit(*small)
    for hidden, word in [((5, None), r"hidden\[1\]"), ([0], r"hidden\[0\]"), (0, "hidden"), ((2.5,), r"hidden\[0\]")]:
        with pytest.raises((TypeError, ValueError), match=word):
            estimator(hidden=hidden).fit(*small)
    with pytest.raises(TypeError, match="progress is 4; it must be callable, or None"):
        estimator(hidden=(5,), epochs=1).fit(*small, progress=4)


def test_what_cannot_wake_is_left_alone():
    for X in (np.zeros((30, 6)), np.ones((30, 6))):
        training = sp.BioGrad([6, 8, 3])
        if X.any():
            training.set("weights", 0, np.full((8, 6), -1e35))
        before = [weights.tobytes() for weights in training.weights]
        training.wake(X)
        assert [weights.tobytes() for weights in training.weights] == before


def test_a_training_in_use_can_be_shown(small):
    training = sp.BioGrad([6, 8, 3], epochs=1)
    seen = []
    training.run(*small, progress=lambda state: seen.append(repr(training)))
    assert set(seen) == {"BioGrad([6, 8, 3], running)"}
    assert repr(training) == "BioGrad([6, 8, 3], epochs_done=1)"


def test_without_hidden_layers_there_is_no_feedback():
    with pytest.raises(ValueError, match="no hidden layer"):
        sp.BioGrad([3, 2]).set("feedback", 0, [[0.0]])


def test_the_estimator_takes_spike_trains():
    random = np.random.default_rng(0)
    dense, y = random.random((60, 20, 8)) < 0.1, np.repeat(["a", "b"], 30)
    dense[:30, :, :4] |= random.random((30, 20, 4)) < 0.6
    dense[30:, :, 4:] |= random.random((30, 20, 4)) < 0.6
    spikes = sp.SpikeTrains.from_dense(dense, 1e-3)
    options = dict(hidden=(12,), epochs=20, batch_size=10, learning_rate=0.05, step_time=1e-3)
    model = sp.BioGradClassifier(**options).fit(spikes[::2], y[::2])
    assert model.score(spikes[1::2], y[1::2]) > 0.9 and model.n_features_in_ == 8 and not model.complements_ and not model.encodes_
    direct = sp.BioGrad([8, 12, 2], epochs=20, batch_size=10, learning_rate=0.05)
    direct.wake(spikes[::2], step_time=1e-3)
    direct.run(spikes[::2], np.repeat([0, 1], 15), step_time=1e-3)
    np.testing.assert_array_equal(direct.weights[0], model.training_.weights[0])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(spikes), model.predict(spikes))
    with pytest.raises(TypeError, match="learnt from SpikeTrains"):
        model.predict(np.zeros((2, 8)))
    with pytest.raises(ValueError, match="7 units.*8"):
        model.predict(sp.SpikeTrains([], [], [0, 0], 7))
    with pytest.raises(ValueError, match="step_time"):
        model.set_params(step_time=-1.0).fit(spikes, y)
    with pytest.raises(ValueError, match="step_time"):
        sp.BioGradClassifier(step_time=1e-3, hidden=5, epochs=1).fit(np.zeros((4, 2)), [0, 1, 0, 1])
