"""The scikit-learn estimator."""

import copy
import inspect
import os
import pickle
import signal

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, make_moons
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import spinnprop as sp
from spinnprop import _core
from spinnprop._estimators import parameters as _parameters

X, y = sp.datasets.yin_yang(400)


# Every check of scikit-learn's; none is expected to fail.
@parametrize_with_checks([sp.SpikingClassifier()])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_defaults_are_the_cores():
    core = {**_core.training_defaults(), "optimizer": "adam", "schedule": "exponential", "delay_parameter": "clip"}
    assert _core.training_defaults()["delay_parameter"] == _core.DELAY_PARAMETER_CLIP
    # None leaves them open.
    core.update({name: core[name] or None for name in ("delay_scale", "delay_init", "train")})
    assert core["optimizer"] == "adam" and _core.training_defaults()["optimizer"] == _core.OPTIMIZER_ADAM
    parameters = inspect.signature(sp.SpikingClassifier).parameters
    chosen = ("tau_mem", "tau_syn", "t_late", "learning_rate", "clip_norm", "bump")
    shared = [name for name in parameters if name in core and name not in ("patience", "loss", *chosen)]
    assert len(shared) >= 11
    for name in shared:
        assert parameters[name].default == core[name], name
    network = inspect.signature(sp.Network).parameters
    for name in (*_parameters.OF_NETWORK, "seed"):
        assert parameters[name].default == network[name].default, name
    # What is left to the engine is, for exact events, what networks and trainers have.
    core["t_late"] = _core.engine_setting(sp.EventEngine()._handle, None)["t_late"]
    used = sp.SpikingClassifier(hidden=(5,), epochs=0).fit(X, y).setting_
    assert tuple(used) == chosen and all(parameters[name].default is None for name in chosen)
    for name in chosen:
        assert used[name] == (network[name].default if name in network else core[name]), name
    forward = inspect.signature(sp.Network.forward).parameters
    for name in ("engine", "t_end", "max_spikes"):
        assert parameters[name].default == forward[name].default, name
    positional = [name for name, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert positional == ["hidden", "engine", "epochs", "batch_size", "seed", "early_stopping"]
    assert parameters["hidden"].default == (120,) and parameters["batch_size"].default == 150
    assert set(sp.SpikingClassifier._parameter_constraints) == set(parameters)


@pytest.mark.parametrize("steps, time_step", [(27, 1e-3), (52, 1e-3), (40, 2e-3)])
def test_an_engine_with_time_steps_chooses_for_them(steps, time_step):
    twin = sp.ClockEngine(time_step, steps)
    chip = sp.spinnaker2.Engine(time_step=time_step, steps=steps)
    core = _core.engine_setting(twin._handle, None)
    assert core == _core.engine_setting(chip._handle, None) != _core.engine_setting(sp.EventEngine()._handle, None)
    length = steps * time_step
    assert core["tau_mem"] == pytest.approx(length, rel=1e-12) and core["tau_syn"] == pytest.approx(length, rel=1e-12)
    clf = sp.SpikingClassifier(hidden=(9,), engine=twin, epochs=0).fit(X, y)
    assert clf.setting_ == {name: core[name] for name in clf.setting_}
    assert clf.network_.tau_mem[1].tolist() == [core["tau_mem"]] * 3
    assert clf.loss_ == twin._default_loss(clf.network_._handle)
    # A network that is meant for the engine begins alike, unless it is given.
    net = sp.Network([5, 9, 3], tau_mem=None, tau_syn=None, engine=twin)
    assert net.tau_syn[0].tolist() == [core["tau_syn"]] * 9
    ratio = clf.network_.weights[0] / net.weights[0]
    assert ratio.std() < 1e-12 and ratio.mean() >= 1  # scaled up as one, if at all
    assert not np.array_equal(net.weights[0], sp.Network([5, 9, 3], core["tau_mem"], core["tau_syn"]).weights[0])
    given = dict(tau_mem=15e-3, tau_syn=7e-3, learning_rate=3e-3, clip_norm=2.0, bump=0.0)
    clf = sp.SpikingClassifier(hidden=(9,), engine=twin, epochs=1, **given).fit(X, y)
    assert clf.setting_ == {**given, "t_late": core["t_late"]} and clf.network_.tau_syn[0].tolist() == [7e-3] * 9
    assert clf.history_["learning_rate"].tolist() == [3e-3]


def judged(clf, X, y):
    """The fraction of samples judged rightly, a sample without an output spike being wrong."""
    return np.mean(clf._forward(clf.network_, X).predict(clf.loss_) == np.searchsorted(clf.classes_, y))


@pytest.mark.parametrize("steps", [27, 52, 102])
def test_it_learns_on_a_grid_of_time_steps(steps):
    X, y = sp.datasets.yin_yang(2000)
    clf = sp.SpikingClassifier(hidden=(120,), engine=sp.ClockEngine(steps=steps), epochs=30, seed=0).fit(X, y)
    assert judged(clf, *sp.datasets.yin_yang(1000, seed=41)) > 0.9


def test_what_suits_exact_events_silences_a_grid():
    # A hundred steps last five time constants of the exact engine: the reason why an engine chooses.
    X, y = sp.datasets.yin_yang(1000)
    exact = sp.SpikingClassifier(hidden=(60,), epochs=0).fit(X, y).setting_
    clf = sp.SpikingClassifier(
        hidden=(60,), engine=sp.ClockEngine(steps=102), epochs=30, loss=sp.losses.StepTTFSCrossEntropy(), **exact
    ).fit(X, y)
    assert judged(clf, X, y) < 0.8


def test_it_learns_other_data_on_a_grid():
    digits = train_test_split(*load_digits(return_X_y=True), random_state=0)
    moons = train_test_split(*make_moons(1000, noise=0.1, random_state=0), random_state=0)
    for (X, X_test, y, y_test), epochs, least in ((digits, 30, 0.93), (moons, 100, 0.85)):
        for steps in (27, 52):
            engine = sp.ClockEngine(steps=steps)
            clf = sp.SpikingClassifier(hidden=(120,), engine=engine, epochs=epochs, seed=0).fit(X, y)
            assert judged(clf, X_test, y_test) > least, (steps, len(X))


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize(("load", "splits", "least"), [(load_digits, 5, 0.96), (load_breast_cancer, 4, 0.95)], ids=["digits", "breast cancer"])
def test_defaults_learn_data_of_many_features(load, splits, least, early_stopping):
    data, labels = load(return_X_y=True)
    scores = []
    for seed in range(splits):
        X, X_test, y, y_test = train_test_split(data, labels, random_state=seed, stratify=labels)
        clf = sp.SpikingClassifier(seed=seed, early_stopping=early_stopping).fit(X, y)
        scores.append(judged(clf, X_test, y_test))
    assert np.mean(scores) >= least, scores


@pytest.mark.parametrize("hidden", [(120,), (50, 50)])
def test_layers_that_start_silent_are_woken_together(hidden):
    # A third of the irises come so late that few hidden neurons spike: output weights alone cannot make up for that.
    X, X_test, y, y_test = train_test_split(*load_iris(return_X_y=True), test_size=0.3, random_state=0)
    for steps in (27, 52):
        clf = sp.SpikingClassifier(hidden=hidden, engine=sp.ClockEngine(steps=steps), batch_size=32, epochs=0).fit(X, y)
        rec = clf.network_.forward(clf._encode(X), engine=clf.engine_)
        assert rec.diagnostics[-1]["silent_pairs"] <= 0.1 * len(X) * 3
        begun = sp.Network([5, *hidden, 3], tau_mem=None, tau_syn=None, engine=clf.engine_)
        assert all(np.max(w) < 3 * np.max(v) for w, v in zip(clf.network_.weights, begun.weights))
        assert judged(clf.set_params(epochs=100).fit(X, y), X_test, y_test) > 0.8


def test_the_chip_learns_as_its_twin():
    chip = sp.SpikingClassifier(hidden=(20,), engine="spinnaker2", epochs=2, batch_size=50, seed=0).fit(X, y)
    twin = sp.ClockEngine(copies=min(chip.report_["account"].copies, 50))
    same = sp.SpikingClassifier(hidden=(20,), engine=twin, epochs=2, batch_size=50, seed=0).fit(X, y)
    assert chip.setting_ == same.setting_ and chip.loss_ == same.loss_
    for layer in range(2):
        assert chip.network_.weights[layer].tobytes() == same.network_.weights[layer].tobytes()


def test_attributes():
    clf = sp.SpikingClassifier(hidden=(20,), epochs=3, seed=2)
    assert clf.fit(X, y) is clf
    assert clf.network_.layer_sizes == (5, 20, 3) and clf.n_features_in_ == 4
    assert clf.classes_.tolist() == [0, 1, 2] and clf.n_iter_ == 3 and len(clf.history_) == 3
    assert np.isnan(clf.history_["validation_loss"]).all()
    assert clf.report_["epochs"] == 3 and clf.report_["layer_sizes"] == (5, 20, 3)
    assert clf.report_["accuracy"] == clf.history_["accuracy"][-1]
    assert clf.loss_ == sp.losses.TTFSCrossEntropy()
    probabilities = clf.predict_proba(X)
    assert probabilities.shape == (400, 3) and np.allclose(probabilities.sum(axis=1), 1)
    assert np.array_equal(clf.predict(X), probabilities.argmax(axis=1))
    # Without an answer a sample is wrong, though predict has to name some class.
    answers = clf._forward(clf.network_, X).predict(clf.loss_)
    assert (answers < 0).any() and clf.score(X, y) == np.mean(answers == y) < np.mean(clf.predict(X) == y)


def test_predictions_are_the_networks():
    clf = sp.SpikingClassifier(hidden=(20,), epochs=2, rescale=False).fit(X, y)
    rec = clf.network_.forward(sp.encoding.latency(1 - X, bias=0.0))
    assert np.array_equal(clf.predict_proba(X), rec.probabilities(clf.loss_))


def test_it_learns():
    assert sp.SpikingClassifier(hidden=(60,), epochs=30, batch_size=50).fit(X, y).score(X, y) > 0.9
    data, labels = load_iris(return_X_y=True)
    assert sp.SpikingClassifier().fit(data, labels).score(data, labels) > 0.9


def test_labels_of_any_sort():
    names = np.array(["yin", "yang", "dot"])
    clf = sp.SpikingClassifier(hidden=(20,), epochs=2).fit(X, names[y])
    assert clf.classes_.tolist() == ["dot", "yang", "yin"]
    assert set(clf.predict(X)) <= set(names)
    numbers = sp.SpikingClassifier(hidden=(20,), epochs=2).fit(X, np.array([7, -3, 100])[y])
    assert set(numbers.predict(X)) <= {-3, 7, 100}


def test_rescaling():
    plain = sp.SpikingClassifier(hidden=(20,), epochs=2).fit(X, y)
    scaled = sp.SpikingClassifier(hidden=(20,), epochs=2).fit(X * 1024 - 512, y)
    assert np.mean(plain.predict(X) == scaled.predict(X * 1024 - 512)) > 0.95
    constant = np.hstack([X, np.full((400, 1), 3.0)])
    clf = sp.SpikingClassifier(hidden=(20,), epochs=2).fit(constant, y)
    beyond = constant.copy()
    beyond[0] = [5.0, -5.0, 1e300, -1e300, 7.0]
    assert clf.predict(beyond).shape == (400,)
    huge = X.copy()
    huge[0, 0], huge[1, 0] = 1.7e308, -1.7e308
    assert np.isfinite(sp.SpikingClassifier(hidden=(20,), epochs=1).fit(huge, y).predict_proba(huge)).all()
    with pytest.raises(ValueError, match="1.5"):
        sp.SpikingClassifier(rescale=False).fit(np.where(X == X[0, 0], 1.5, X), y)


def test_same_seed_same_network():
    one, two, other = (sp.SpikingClassifier(hidden=(20,), epochs=2, seed=s).fit(X, y) for s in (0, 0, 1))
    assert one.network_.weights[0].tobytes() == two.network_.weights[0].tobytes()
    assert one.network_.weights[0].tobytes() != other.network_.weights[0].tobytes()


def test_validation_and_early_stopping():
    held_out = sp.datasets.yin_yang(100, seed=41)
    clf = sp.SpikingClassifier(hidden=(20,), epochs=3).fit(X, y, validation=held_out)
    assert np.isfinite(clf.history_["validation_loss"]).all()
    assert clf.history_["validation_accuracy"][-1] == clf.score(*held_out)
    stopped = sp.SpikingClassifier(hidden=(20,), epochs=300, learning_rate=0.2, early_stopping=True, patience=2)
    stopped.fit(X, y)
    assert stopped.n_iter_ < 300 and stopped.n_iter_ == np.argmin(stopped.history_["validation_loss"]) + 3
    with pytest.raises(ValueError, match="7"):
        clf.fit(X, y, validation=(X[:3], [0, 1, 7]))
    with pytest.raises(ValueError):
        clf.fit(X, y, validation=(X[:3], [0, 1]))


def test_silent_layers_are_woken():
    rng = np.random.RandomState(0)
    points = rng.rand(100, 2)
    clf = sp.SpikingClassifier(hidden=(30,), epochs=0).fit(points, points[:, 0] > points[:, 1])
    rec = clf._forward(clf.network_, points)
    assert rec.diagnostics[0]["silent_pairs"] <= 0.7 * 100 * 30
    assert rec.diagnostics[1]["silent_pairs"] <= 0.1 * 100 * 2
    given = sp.SpikingClassifier(hidden=(30,), epochs=0, weight_mean=[0.0, 0.0], weight_std=[0.0, 0.0])
    assert not given.fit(points, points[:, 0] > 0.5).network_.weights[0].any()


@pytest.mark.parametrize("parameter, drawn", [("clip", (20e-3, 15e-3)), ("sigmoid", (0.0, 2.0))])
def test_networks_are_woken_with_the_delays_that_are_drawn(parameter, drawn):
    delays = dict(delay_init=drawn, delay_parameter=parameter, delay_scale=50e-3, delay_learning_rate=1e-4)
    clf = sp.SpikingClassifier(hidden=(30,), epochs=0, delays="synaptic", **delays).fit(X, y)
    spikes = clf._encode(X)

    def awake(network):
        silent = [own["silent_pairs"] for own in network.forward(spikes).diagnostics]
        return silent[0] <= 0.7 * 400 * 30 and silent[1] <= 0.1 * 400 * 3

    # Woken before, delays that are drawn apart leave it silent.
    before = sp.Network([5, 30, 3], delays="synaptic")
    before.wake(spikes)
    after = sp.Trainer(before, **delays).network
    assert awake(before) and not awake(after)
    assert awake(clf.network_) and all(np.array_equal(*each) for each in zip(clf.network_.delays, after.delays))


def test_options_reach_the_network():
    clf = sp.SpikingClassifier(
        hidden=[8, 6],
        epochs=1,
        tau_mem=[10e-3, 15e-3, 20e-3],
        tau_syn=4e-3,
        threshold=0.5,
        delays="axonal",
        recurrent=True,
        readout="leaky",
        t_end=0.1,
        bias=None,
        delay_learning_rate=1e-5,
    ).fit(X, y)
    net = clf.network_
    assert net.layer_sizes == (4, 8, 6, 3) and net.delay_kinds == ("axonal",) * 3 and net.readout == "leaky"
    assert net.tau_mem[1].tolist() == [15e-3] * 6 and net.threshold[2].tolist() == [0.5] * 3
    assert net.recurrent_weights[0].any() and isinstance(clf.loss_, sp.losses.VIntegralCrossEntropy)
    assert clf.predict(X).shape == (400,)
    assert sp.SpikingClassifier(hidden=7, epochs=1).fit(X, y).network_.layer_sizes == (5, 7, 3)
    assert sp.SpikingClassifier(hidden=(), epochs=1).fit(X, y).network_.layer_sizes == (5, 3)
    counted = sp.SpikingClassifier(hidden=(8,), epochs=1, loss=sp.losses.SpikeCountCrossEntropy()).fit(X, y)
    assert counted.loss_ == sp.losses.SpikeCountCrossEntropy()


@pytest.mark.parametrize("t_end", [None, np.inf, 0.3])
def test_a_leaky_readout_learns_by_the_integral_over_the_input(t_end):
    X, y = sp.datasets.yin_yang(3000, seed=42)
    clf = sp.SpikingClassifier(hidden=(60,), epochs=20, readout="leaky", t_end=t_end, seed=0).fit(X, y)
    last = clf.encode(X).times.max()
    assert clf.loss_ == sp.losses.VIntegralCrossEntropy(tau0=last, scale=10.0 * (0.3 / last if t_end == 0.3 else 1.0))
    assert clf.score(*sp.datasets.yin_yang(1000, seed=40)) > 0.9
    clf.set_params(warm_start=True, epochs=1).fit(X[:100] / 2, y[:100])
    assert clf.loss_.tau0 == last
    # The engine's own choice, where that is no loss of its rule, and for a run of no length.
    for options in (dict(engine="clock"), dict(t_end=0.0)):
        assert sp.SpikingClassifier(hidden=(5,), epochs=1, readout="leaky", **options).fit(X[:50], y[:50]).loss_ == sp.losses.VMaxCrossEntropy()
    # Delays are drawn by a trainer of their own, before the spikes are looked at: what an earlier fit has seen does not count.
    drawn = sp.SpikingClassifier(hidden=(5,), epochs=1, readout="leaky", delays="axonal", delay_learning_rate=1e-4, delay_init=(1e-3, 1e-4))
    drawn.fit(X[:50], y[:50]).set_params(readout="spiking").fit(X[:50], y[:50])
    assert isinstance(drawn.loss_, sp.losses.TTFSCrossEntropy)


def test_masks_signs_bounds_and_connections_reach_the_network():
    rng = np.random.default_rng(0)
    masks = [rng.random((12, 5)) < 0.6, None, rng.random((3, 5)) < 0.7, rng.random((12, 12)) < 0.3]
    signs = [None, np.where(np.arange(12) % 4, 1, -1), None, None]
    ends = [(0, 1), (1, 2), (0, 2), (1, 1)]
    own = dict(connections=ends, masks=masks, signs=signs, weight_bounds=(-2.0, 3.0), delays=[None, "axonal", None, "synaptic"])
    neurons = dict(reset=-0.25, drive=0.1, refractory=1e-3, train=["weights", "drive"], neuron_learning_rate=0.05)
    clf = sp.SpikingClassifier(hidden=12, epochs=2, t_end=0.1, **own, **neurons).fit(X, y)
    net = clf.network_
    assert net.connections == ((0, 1), (1, 2), (0, 2), (1, 1)) and net.delay_kinds == (None, "axonal", None, "synaptic")
    assert np.array_equal(net.masks[0, 1], masks[0]) and np.array_equal(net.masks[0, 2], masks[2])
    assert not net.weights[0, 1][~masks[0]].any() and not net.recurrent_weights[0][~masks[3]].any()
    assert np.all(net.weights[1, 2] * signs[1] >= 0) and net.weight_bounds[0, 2].tolist() == [-2.0, 3.0]
    assert net.reset[0][0] == -0.25 and net.drive[1][0] not in (0.0, 0.1) and net.refractory[1][0] == 1e-3
    # As a network and a trainer have it that are made by hand.
    by_hand = sp.Network([5, 12, 3], seed=0, **own, **{name: neurons[name] for name in ("reset", "drive", "refractory")})
    spikes = clf._encode(X)
    by_hand.wake(spikes, t_end=0.1)
    trainer = sp.Trainer(by_hand, epochs=2, t_end=0.1, train=neurons["train"], neuron_learning_rate=0.05)
    trainer.run(spikes, y)
    assert all(np.array_equal(trainer.network.weights[pair], net.weights[pair]) for pair in ends)
    for other in (pickle.loads(pickle.dumps(clf)), copy.deepcopy(clf), clone(clf).fit(X, y)):
        assert np.array_equal(other.predict_proba(X), clf.predict_proba(X))
    assert sp.SpikingClassifier().set_params(masks=masks, drive=0.5).get_params()["masks"] is masks
    # In layers, as networks that are chains have them.
    layers = dict(recurrent=True, masks=[masks[0], None], recurrent_masks=[masks[3], None], recurrent_signs=[signs[1], None])
    net = sp.SpikingClassifier(hidden=12, epochs=1, t_end=0.1, **layers).fit(X, y).network_
    assert np.all(net.recurrent_weights[0] * signs[1] >= 0) and not net.recurrent_weights[0][~masks[3]].any()
    for wrong, said in (
        (dict(masks=[masks[0][:, :4], None]), r"masks\[0\] has shape \(12, 4\); it must have \(12, 5\)"),
        (dict(masks="all"), "masks"),
        (dict(connections=[(0, 1)]), "connections|layer"),
        (dict(signs=[None, np.full(12, 2)]), "sign"),
        (dict(weight_bounds=(1.0, -1.0)), "bound"),
        (dict(reset=1.0), "reset"),
        (dict(refractory=-1.0), "refractory"),
        (dict(drive=np.nan), "drive"),
    ):
        with pytest.raises((ValueError, TypeError), match=said):
            sp.SpikingClassifier(hidden=12, epochs=1, **wrong).fit(X, y)


def test_masks_and_neurons_are_searched():
    rng = np.random.default_rng(0)
    several = [None, [rng.random((6, 5)) < 0.5, None], [rng.random((6, 5)) < 0.5, rng.random((3, 6)) < 0.8]]
    grid = {"masks": several, "drive": [0.0, 0.2], "refractory": [0.0, 2e-3]}
    found = GridSearchCV(sp.SpikingClassifier(hidden=6, epochs=1), grid, cv=2, error_score="raise").fit(X[:80], y[:80])
    assert len(found.cv_results_["params"]) == 12 and np.isfinite(found.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("kinds", [["synaptic", None], ("synaptic", None), np.array(["synaptic", None], dtype=object)])
def test_delays_of_each_layer(kinds):
    network = sp.SpikingClassifier(hidden=(20,), epochs=1, delays=kinds).fit(X[:100], y[:100]).network_
    assert network.delay_kinds == sp.Network([5, 20, 3], delays=kinds).delay_kinds == ("synaptic", None)


def test_own_encoder():
    clf = sp.SpikingClassifier(hidden=(8,), epochs=1, encoder=lambda X: sp.encoding.latency_grid(X)).fit(X, y)
    assert clf.network_.layer_sizes == (5, 8, 3) and clf.predict(X).shape == (400,)
    for wrong in (lambda X: None, lambda X: sp.encoding.latency(X[:1])):
        with pytest.raises(ValueError, match="encoder"):
            sp.SpikingClassifier(epochs=1, encoder=wrong).fit(X, y)


@pytest.mark.parametrize(
    "options",
    [
        dict(hidden="120"),
        dict(hidden=0),
        dict(hidden=(0,)),
        dict(hidden=(2.5,)),
        dict(engine="abacus"),
        dict(engine=None),
        dict(epochs=-1),
        dict(epochs=1.5),
        dict(batch_size=0),
        dict(seed=-1),
        dict(seed=None),
        dict(early_stopping="yes"),
        dict(validation_fraction=1.0),
        dict(patience=0),
        dict(rescale=None),
        dict(t_early=-1.0),
        dict(t_late=np.nan),
        dict(t_early=1.0, t_late=0.5),
        dict(bias=-1.0),
        dict(encoder=3),
        dict(loss="ttfs"),
        dict(tau_mem=0.0),
        dict(tau_mem="slow"),
        dict(delays="none"),
        dict(readout="rate"),
        dict(recurrent=True),
        dict(weight_std=[-1.0, 1.0]),
        dict(optimizer="lbfgs"),
        dict(learning_rate=-1.0),
        dict(learning_rate=np.nan),
        dict(schedule="cosine"),
        dict(schedule_gamma=0.0),
        dict(clip_norm=0.0),
        dict(input_dropout=1.0),
        dict(rate=0.1),
        dict(checkpoint=3),
        dict(resume=True),
        dict(max_spikes=0),
        dict(verbose=-1),
    ],
)
def test_bad_parameters(options):
    with pytest.raises((ValueError, TypeError, sp.SpinnpropError)) as caught:
        sp.SpikingClassifier(**{"epochs": 1, **options}).fit(X, y)
    assert str(caught.value)


def test_copies():
    clf = sp.SpikingClassifier(hidden=(20,), epochs=2, loss=sp.losses.TTFSCrossEntropy(alpha=0.0)).fit(X, y)
    expected = clf.predict_proba(X)
    for twin in (pickle.loads(pickle.dumps(clf)), copy.deepcopy(clf)):
        assert np.array_equal(twin.predict_proba(X), expected)
        assert np.array_equal(twin.history_["loss"], clf.history_["loss"])
    assert clone(clf).get_params() == clf.get_params() and not hasattr(clone(clf), "network_")


def test_with_other_parts_of_scikit_learn():
    small = sp.SpikingClassifier(hidden=(10,), epochs=2)
    assert len(cross_val_score(small, X, y, cv=3)) == 3
    search = GridSearchCV(make_pipeline(StandardScaler(), small), {"spikingclassifier__hidden": [(5,), (8,)]}, cv=2)
    assert search.fit(X, y).predict(X).shape == (400,)
    assert sklearn.get_config()["enable_metadata_routing"] in (True, False)


@pytest.mark.parametrize("options", [{"max_spikes": 1}, {"tau_mem": -1.0}, {"t_late": -1.0}])
def test_a_fit_that_fails_leaves_the_earlier_one(options):
    X, y = sp.datasets.yin_yang(200)
    clf = sp.SpikingClassifier(hidden=(8,), epochs=1).fit(X, y)
    before, expected = set(vars(clf)), clf.predict(X)
    defaults = {name: clf.get_params()[name] for name in options}
    with pytest.raises((ValueError, sp.SpinnpropError)):
        clf.set_params(**options).fit(X[:50, :3] * 7, y[:50] > 1)
    clf.set_params(**defaults)
    assert set(vars(clf)) == before
    assert (clf.predict(X) == expected).all()
    with pytest.raises((ValueError, sp.SpinnpropError)):
        sp.SpikingClassifier(hidden=(8,), epochs=1, **options).fit(X, y).predict(X)


def test_interrupted_fit_leaves_a_usable_estimator(monkeypatch):
    clf = sp.SpikingClassifier(hidden=(20,), epochs=100000, batch_size=50)
    calls = []

    def interrupt(self, progress):
        calls.append(progress)
        if progress["epoch"] == 2:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("spinnprop._support.bars.EpochBar.__call__", interrupt)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, y)
    assert 2 <= clf.n_iter_ < 100000 and clf.predict(X).shape == (400,)
    assert len(clf.history_) == clf.n_iter_
    monkeypatch.undo()
    assert clf.set_params(epochs=2).fit(X, y).n_iter_ == 2


@pytest.mark.parametrize("where", ["callbacks", "progress"])
def test_what_was_learnt_is_kept_when_something_raises(where):
    X, y = sp.datasets.yin_yang(60, seed=1)
    clf = sp.SpikingClassifier(hidden=(10,), epochs=5, seed=0)

    def raises(_, calls=[]):  # noqa: B006
        calls.append(None)
        if len(calls) == 3:
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        clf.fit(X, y, **{where: [raises] if where == "callbacks" else lambda state: state["epoch_finished"] and raises(state)})
    assert clf.n_iter_ >= 2 and clf.predict(X).shape == (60,)


def test_progress_can_stop_a_fit():
    seen = []

    def stop(progress):
        seen.append(progress)
        return progress["epoch_finished"] and progress["epoch"] == 1

    clf = sp.SpikingClassifier(hidden=(20,), epochs=50, verbose=True).fit(X, y, validation=(X, y), progress=stop)
    assert clf.n_iter_ == 2 and clf.predict(X).shape == (400,)
    assert seen[-1]["validation_accuracy"] == clf.history_["validation_accuracy"][-1]
    with pytest.raises(LookupError):
        sp.SpikingClassifier(hidden=(20,), epochs=5).fit(X, y, progress=lambda progress: {}["mine"])


def test_checkpoints(tmp_path):
    options = dict(hidden=(20,), batch_size=50, checkpoint=tmp_path / "checkpoint", schedule="constant")
    sp.SpikingClassifier(epochs=2, **options).fit(X, y)
    resumed = sp.SpikingClassifier(epochs=4, resume=True, **options).fit(X, y)
    options["checkpoint"] = None
    whole = sp.SpikingClassifier(epochs=4, **options).fit(X, y)
    assert resumed.network_.weights[0].tobytes() == whole.network_.weights[0].tobytes()
    assert resumed.n_iter_ == 4


def test_the_progress_bar(capsys):
    sp.SpikingClassifier(hidden=(10,), epochs=3, verbose=True).fit(X, y, validation=(X, y))
    shown = capsys.readouterr().err
    assert "epoch 3 of 3: " in shown and "accuracy" in shown and "validation" in shown
    sp.SpikingClassifier(hidden=(10,), epochs=1).fit(X, y)
    assert capsys.readouterr() == ("", "")


def test_validation_is_a_pair_of_known_labels():
    X, y = sp.datasets.yin_yang(30)
    classifier = sp.SpikingClassifier(hidden=(5,), epochs=1)
    for wrong in (5, (X,), (X, y, y)):
        with pytest.raises(TypeError, match=r"validation is .* \(X, y\)"):
            classifier.fit(X, y, validation=wrong)
    with pytest.raises(ValueError, match="the label 7, which"):
        classifier.fit(X, y, validation=(X, np.full(30, 7)))


@pytest.mark.parametrize("factor", [8.0, 10.0])
def test_the_time_scale_changes_nothing(factor):
    plain = sp.SpikingClassifier(hidden=(30,), epochs=8, batch_size=40).fit(X, y)
    slow = sp.SpikingClassifier(hidden=(30,), epochs=8, batch_size=40, tau_mem=20e-3 * factor, tau_syn=5e-3 * factor)
    slow.fit(X, y)
    assert slow.setting_["t_late"] == pytest.approx(factor * plain.setting_["t_late"])
    assert slow.loss_.tau0 == pytest.approx(factor * plain.loss_.tau0)
    assert np.allclose(slow.history_["loss"], plain.history_["loss"], rtol=1e-6)
    assert np.array_equal(slow.history_["accuracy"], plain.history_["accuracy"])
    assert slow.score(X, y) == plain.score(X, y) > 0.5


def test_silence_is_wrong_everywhere():
    dead = sp.SpikingClassifier(hidden=(5,), epochs=1, weight_mean=[-1.0, -1.0], weight_std=[0.0, 0.0])
    dead.fit(X, y, validation=(X, y))
    assert dead.history_["accuracy"] == dead.history_["validation_accuracy"] == dead.score(X, y) == 0
    assert dead.history_["loss"] == dead.history_["validation_loss"] == pytest.approx(np.log(3), rel=1e-15)
    assert dead.history_["skipped"] == 1 and set(dead.predict(X)) == {0}


def test_large_values_are_early_on_every_engine():
    # The label is told by the larger of two features: its input spikes first, whatever the engine, unless told.
    values = np.array([[0.9, 0.1]])
    for engine in ("event", "clock", "spinnaker2"):
        for early, first in (("large", 0), ("small", 1)):
            clf = sp.SpikingClassifier(hidden=(5,), engine=engine, epochs=0, early=early, rescale=False)
            clf.fit(np.array([[0.0, 1.0], [1.0, 0.0]]), [0, 1])
            times, units = clf._encode(values)[0]
            assert units[np.argsort(times)].tolist().index(first) < units[np.argsort(times)].tolist().index(1 - first)


def test_a_layer_that_its_bounds_keep_silent_is_told_of_them():
    X, y = sp.datasets.yin_yang(100)
    with pytest.warns(RuntimeWarning, match=r"weight_bounds=\(-0.5, 0.05\) allows: widen these"):
        sp.SpikingClassifier(hidden=(60,), weight_bounds=(-0.5, 0.05), epochs=1).fit(X, y)
