"""What scikit-learn's own estimators have, and its pipelines, searches and ensembles ask for."""

import copy
import inspect
import pickle

import numpy as np
import pytest

import spinnprop as sp

pytest.importorskip("sklearn")
import sklearn  # noqa: E402
from sklearn.base import clone  # noqa: E402
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier  # noqa: E402
from sklearn.exceptions import NotFittedError  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split  # noqa: E402
from sklearn.pipeline import Pipeline, make_pipeline  # noqa: E402
from sklearn.preprocessing import MinMaxScaler, StandardScaler  # noqa: E402

X, Y = sp.datasets.yin_yang(300, seed=5)
SPIKES = sp.encoding.latency(X, bias=0.0)
NUMBERS = X @ [1.0, -2.0, 0.5, 0.3]
SMALL = dict(hidden=(20,), epochs=2, batch_size=50)


def weights(model):
    return [own.tobytes() for own in model.network_.weights]


def same(one, other):
    return weights(one) == weights(other)


ESTIMATORS = {"classifier": (sp.SpikingClassifier, Y), "regressor": (sp.SpikingRegressor, NUMBERS)}


# Randomness


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_a_random_state_stands_for_the_seed(kind):
    make, y = ESTIMATORS[kind]
    seeded = make(seed=7, **SMALL).fit(X, y)
    assert same(make(random_state=7, seed=1, **SMALL).fit(X, y), seeded)
    drawn = [make(random_state=np.random.RandomState(3), **SMALL).fit(X, y) for _ in range(2)]
    assert same(*drawn) and not same(drawn[0], seeded)
    going_on = make(random_state=np.random.RandomState(3), **SMALL)
    assert weights(going_on.fit(X, y)) != weights(going_on.fit(X, y))
    assert same(clone(make(**SMALL)).fit(X, y), make(**SMALL).fit(X, y))  # None: the seed, the same in every fit


@pytest.mark.parametrize("wrong", [-1, 2**32, "x", 1.5])
def test_random_states_that_are_none(wrong):
    for model in (sp.SpikingClassifier(random_state=wrong, **SMALL), sp.BioGradClassifier(hidden=(5,), epochs=1, random_state=wrong)):
        with pytest.raises((ValueError, TypeError), match="random_state|seed"):
            model.fit(X, Y)


def test_local_learning_has_them_too():
    make = dict(hidden=(10,), epochs=1, steps=8)
    one, other = sp.BioGradClassifier(seed=4, **make).fit(X, Y), sp.BioGradClassifier(random_state=4, **make).fit(X, Y)
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))
    np.testing.assert_array_equal(one.predict_log_proba(X), np.log(one.predict_proba(X)))


def test_members_of_an_ensemble_differ():
    members = BaggingClassifier(sp.SpikingClassifier(**SMALL), n_estimators=2, bootstrap=False, random_state=0).fit(X, Y).estimators_
    assert not same(*members)


# Probabilities


def test_logarithms_of_probabilities():
    # So short a scale leaves nothing of those that are late.
    model = sp.SpikingClassifier(loss=sp.losses.TTFSCrossEntropy(tau0=1e-7), **SMALL).fit(X, Y)
    shares, logarithms = model.predict_proba(X), model.predict_log_proba(X)
    assert (shares == 0).any() and (logarithms[shares == 0] == -np.inf).all()
    np.testing.assert_array_equal(np.exp(logarithms[shares == 1]), 1.0)
    assert not np.isnan(logarithms).any()


# Parameters of parameters


def test_parameters_of_engines_and_losses():
    model = sp.SpikingClassifier(engine=sp.ClockEngine(steps=40), loss=sp.losses.StepTTFSCrossEntropy(), rate=sp.losses.RateRegularisation(0.1))
    params = model.get_params()
    assert params["engine__steps"] == 40 and params["loss__xi"] == 1.5 and params["rate__strength"] == 0.1
    assert not any("__" in name for name in model.get_params(deep=False))
    before = model.engine
    model.set_params(engine__steps=52, engine__time_step=5e-4, loss__xi=2.0, epochs=3)
    assert model.engine == sp.ClockEngine(5e-4, 52) and model.loss == sp.losses.StepTTFSCrossEntropy(xi=2.0) and model.epochs == 3
    assert before == sp.ClockEngine(steps=40)
    assert clone(model).get_params() == model.get_params()
    # A name stands for an engine; what is set beside counts first.
    assert sp.SpikingClassifier(engine="clock").set_params(engine__steps=30).engine == sp.ClockEngine(steps=30)
    assert model.set_params(engine=sp.ClockEngine(), engine__steps=31).engine == sp.ClockEngine(steps=31)
    board = sp.spinnaker2.Board(chips=2)
    assert sp.SpikingClassifier(engine="spinnaker2").set_params(engine__chip=board).engine.chip.chips == 2
    assert sp.BioGradClassifier(engine="spinnaker2").set_params(engine__seed=3).get_params()["engine__seed"] == 3


@pytest.mark.parametrize(
    "wrong, message",
    [
        (dict(engine__stepz=3), "ClockEngine has no parameter 'stepz'; it has 'time_step', 'steps'"),
        (dict(engine__steps=1), "steps is 1"),
        (dict(engin__steps=3), "engin"),
        (dict(loss__tau0=1e-3), "loss is None, which has no parameter 'tau0'"),
        (dict(epochs__x=3), "epochs is 7, which has no parameter 'x'"),
        (dict(engine__steps__x=3), "no parameter 'steps__x'"),
    ],
)
def test_parameters_that_there_are_not(wrong, message):
    model = sp.SpikingClassifier(engine="clock")
    with pytest.raises(ValueError, match=message):
        model.set_params(epochs=7, **wrong)
    assert model.epochs == 100 and model.engine == "clock"


def test_searches_over_them():
    pipeline = make_pipeline(StandardScaler(), sp.SpikingClassifier(engine="clock", loss=sp.losses.StepTTFSCrossEntropy(), **SMALL))
    space = {"spikingclassifier__engine__steps": [27, 40], "spikingclassifier__loss__xi": [1.0, 2.0]}
    found = GridSearchCV(pipeline, space, cv=2).fit(X, Y)
    assert found.best_estimator_[-1].engine_.steps == found.best_params_["spikingclassifier__engine__steps"]
    assert len({tuple(own["spikingclassifier__loss__xi"] for own in found.cv_results_["params"])}) == 1


def test_our_search_takes_them():
    pytest.importorskip("optuna")
    found = sp.search(X, Y, {"engine__steps": [30, 31]}, estimator=sp.SpikingClassifier(engine="clock", **SMALL), n_trials=2)
    assert found.refit(X, Y).engine.steps in (30, 31)
    with pytest.raises(ValueError, match="'engin__steps', which SpikingClassifier does not take"):
        sp.search(X, Y, {"engin__steps": [30]}, estimator=sp.SpikingClassifier(engine="clock", **SMALL), n_trials=1)


def test_every_parameter_of_network_and_trainer_is_one_of_the_estimator():
    own = set(sp.SpikingClassifier().get_params())
    for made, others in ((sp.Network, {"layer_sizes"}), (sp.Trainer, {"network", "restore_best"})):
        assert set(inspect.signature(made).parameters) - own == others
    assert own - set(sp.SpikingRegressor().get_params()) == {"class_weight"}


# Going on


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_parts_of_the_samples_one_after_another(kind):
    make, y = ESTIMATORS[kind]
    first = dict(classes=[0, 1, 2]) if kind == "classifier" else {}
    model = make(hidden=(40,), batch_size=20)
    for _ in range(15):
        for part in range(0, 300, 100):
            rows = slice(part, part + 100)
            model.partial_fit(X[rows], y[rows], **first)
    assert model.score(X, y) > 0.75
    fitted = clone(model).set_params(epochs=1).fit(X, y)
    assert model.score(X, y) > fitted.score(X, y) + 0.1


def test_the_optimisers_memory_goes_on():
    model = sp.SpikingClassifier(**SMALL).partial_fit(X, Y, classes=[0, 1, 2])
    copied = copy.deepcopy(model)
    model.partial_fit(X, Y)
    copied.partial_fit(X, Y)
    assert not same(model, copied)  # a copy has the same network and order, and Adam's moments anew
    twice = sp.SpikingClassifier(**SMALL).partial_fit(X, Y, classes=[0, 1, 2]).partial_fit(X, Y)
    assert same(twice, model)


def test_a_pass_is_one_of_the_trainers_steps():
    """The same by hand."""
    model = sp.SpikingClassifier(hidden=(20,), epochs=0, batch_size=300).fit(SPIKES, Y)
    trainer = sp.Trainer(model.network_, model.loss_)
    _, gradients = model.network_.gradient(model.network_.forward(SPIKES), model.loss_, Y)
    trainer.step(gradients)
    model.partial_fit(SPIKES, Y)
    for own, other in zip(model.network_.weights, trainer.network.weights):
        np.testing.assert_allclose(own, other, rtol=0, atol=1e-9)


def test_a_pass_takes_the_rate_that_is_set():
    model = sp.SpikingClassifier(**SMALL).partial_fit(X, Y, classes=[0, 1, 2])
    before = weights(model)
    assert weights(model.set_params(learning_rate=0.0).partial_fit(X, Y)) == before
    assert weights(model.set_params(learning_rate=[0.0, 1e-2]).partial_fit(X, Y))[0] == before[0] and weights(model)[1] != before[1]
    with pytest.raises(ValueError, match="batch_size is -1"):
        model.set_params(batch_size=-1).partial_fit(X, Y)


def test_passes_after_a_fit_and_on_spike_trains():
    model = sp.SpikingClassifier(**SMALL).fit(SPIKES, Y)
    before = weights(model)
    assert weights(model.partial_fit(SPIKES[:60], Y[:60])) != before
    assert pickle.loads(pickle.dumps(model)).partial_fit(SPIKES, Y).predict(SPIKES).shape == (300,)
    before = weights(model)
    for wrong, labels, message in (
        (X, Y, "learnt from SpikeTrains"), (SPIKES, Y[:5], "inconsistent"), (SPIKES, Y + 1, "label 3"), (SPIKES[:0], Y[:0], "0 samples"),
    ):  # fmt: skip
        with pytest.raises((TypeError, ValueError), match=message):
            model.partial_fit(wrong, labels)
    with pytest.raises(ValueError, match="classes is .*; they must agree"):
        model.partial_fit(SPIKES, Y, classes=[0, 1])
    with pytest.raises(ValueError, match="layers of"):
        model.set_params(hidden=(7,)).partial_fit(SPIKES, Y)
    assert weights(model) == before


def test_a_pass_that_is_interrupted_leaves_an_estimator():
    model = sp.SpikingClassifier(hidden=(20,), batch_size=1).partial_fit(X, Y, classes=[0, 1, 2])
    before = weights(model)

    steps = []

    def step(batch):
        steps.append(batch)
        if len(steps) == 3:
            raise KeyboardInterrupt
        return inner.step(batch)

    inner = model._going_on[0]
    steps_of = type("Steps", (), {"step": staticmethod(step), "__getattr__": lambda self, name: getattr(inner, name)})
    model._going_on = steps_of(), *model._going_on[1:]
    with pytest.raises(KeyboardInterrupt):
        model.partial_fit(X, Y)
    assert len(steps) == 3 and weights(model) != before and model.predict(X).shape == (300,)


def test_first_calls_that_cannot_be():
    with pytest.raises(ValueError, match="classes is None in the first call"):
        sp.SpikingClassifier(**SMALL).partial_fit(X, Y)
    with pytest.raises(ValueError, match="the label 2"):
        sp.SpikingClassifier(**SMALL).partial_fit(X, Y, classes=[0, 1])
    with pytest.raises(ValueError, match="balanced"):
        sp.SpikingClassifier(class_weight="balanced", **SMALL).partial_fit(X, Y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="never changes"):
        sp.SpikingRegressor(**SMALL).partial_fit(X[:1], NUMBERS[:1])


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_a_warm_start(kind):
    make, y = ESTIMATORS[kind]
    cold = make(**SMALL).fit(X, y)
    warm = make(warm_start=True, **SMALL).fit(X, y)
    assert same(warm, cold)
    ranges = warm.feature_max_.tobytes()
    warm.fit(2 * X[:200], y[:200])
    assert not same(warm, cold) and warm.feature_max_.tobytes() == ranges and warm.n_iter_ == 2
    # In steps so small that the loss falls from fit to fit.
    longer = make(warm_start=True, learning_rate=5e-3, **SMALL)
    losses = [longer.fit(X, y).history_["loss"][-1] for _ in range(6)]
    assert losses[-1] < losses[1] < losses[0]
    with pytest.raises(ValueError, match="warm_start=False"):
        longer.set_params(hidden=(9,)).fit(X, y)


def test_delays_are_drawn_once():
    own = dict(delays="synaptic", delay_init=(5e-3, 1e-3), delay_learning_rate=0.0, warm_start=True, learning_rate=0.0)
    model = sp.SpikingClassifier(**own, **SMALL).fit(X, Y)
    drawn = model.network_.delays[0]
    np.testing.assert_array_equal(model.fit(X, Y).network_.delays[0], drawn)


# Validation sets


def test_a_pipeline_transforms_the_validation_set():
    """Through the steps before, by scikit-learn's metadata routing."""
    raw, held_out = 100 + 1e3 * X, 100 + 1e3 * X[::-1]
    with sklearn.config_context(enable_metadata_routing=True):
        model = sp.SpikingClassifier(rescale=False, **SMALL).set_fit_request(X_val=True, y_val=True)
        scaler = MinMaxScaler()
        pipeline = Pipeline([("scale", scaler), ("model", model)], transform_input=["X_val"]).fit(raw, Y, X_val=held_out, y_val=Y[::-1])
    inner = pipeline[-1]
    assert inner.history_["validation_accuracy"][-1] == pipeline.score(held_out, Y[::-1]) > 0
    # As it is, it would not do: what is not scaled is refused.
    with pytest.raises(ValueError, match=r"\[0, 1\]|0 .. 1"):
        inner.fit(scaler.transform(raw), Y, (held_out, Y[::-1]))


def test_samples_that_are_held_out_tell_no_ranges():
    kept, _ = train_test_split(X, test_size=0.5, random_state=0, stratify=Y)
    model = sp.SpikingClassifier(early_stopping=True, validation_fraction=0.5, **SMALL).fit(X, Y)
    np.testing.assert_array_equal([model.feature_min_, model.feature_max_], [kept.min(axis=0), kept.max(axis=0)])


def test_a_validation_set_in_two_parts():
    ours = sp.SpikingClassifier(**SMALL).fit(X, Y, (X[:50], Y[:50]))
    parts = sp.SpikingClassifier(**SMALL).fit(X, Y, X_val=X[:50], y_val=Y[:50])
    assert ours.history_["validation_loss"].tobytes() == parts.history_["validation_loss"].tobytes()
    for wrong in (dict(X_val=X), dict(y_val=Y), dict(validation=(X, Y), X_val=X, y_val=Y)):
        with pytest.raises(ValueError, match="in part or twice"):
            ours.fit(X, Y, **wrong)


def test_held_out_within_a_pipeline():
    """The simplest way: samples that fit holds out have gone through the steps before."""
    pipeline = make_pipeline(StandardScaler(), sp.SpikingClassifier(early_stopping=True, **SMALL)).fit(X, Y)
    assert np.isfinite(pipeline[-1].history_["validation_loss"]).all()
    assert cross_val_score(pipeline, X, Y, cv=2).shape == (2,)


# How much samples count


WEIGHTS = np.random.default_rng(0).uniform(size=300)


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_weights_of_samples(kind):
    make, y = ESTIMATORS[kind]
    plain = make(**SMALL).fit(X, y)
    assert same(make(**SMALL).fit(X, y, sample_weight=np.full(300, 1e-300)), plain)
    weighted = make(**SMALL).fit(X, y, sample_weight=WEIGHTS)
    assert not same(weighted, plain)
    scaled = make(**SMALL).fit(X, y, sample_weight=(WEIGHTS * 2.0**900).tolist())
    assert same(scaled, weighted)
    assert same(make(**SMALL).fit(X, y, sample_weight=(np.arange(300) < 200) * 3.0), make(**SMALL).fit(X[:200], y[:200]))
    part = make(**SMALL)
    first = dict(classes=[0, 1, 2]) if kind == "classifier" else {}
    assert not same(part.partial_fit(X, y, sample_weight=WEIGHTS, **first), clone(part).partial_fit(X, y, **first))


@pytest.mark.parametrize(
    "wrong, message",
    [
        (-WEIGHTS, "must be finite and >= 0"),
        (np.full(300, -1), "must be finite and >= 0"),
        (WEIGHTS * np.nan, "NaN"),
        (0 * WEIGHTS, "non-zero|some > 0"),
        (WEIGHTS[:5], r"\(5,\)"),
        ("x", "x|string"),
    ],
)
def test_weights_that_cannot_be(wrong, message):
    model = sp.SpikingClassifier(**SMALL).fit(X, Y)
    before = weights(model)
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit(X, Y, sample_weight=wrong)
    assert weights(model) == before


def test_weights_of_classes():
    names = np.array(["yin", "yang", "dot"])[Y]
    balanced = sp.SpikingClassifier(class_weight="balanced", **SMALL).fit(X, names)
    counts = {name: 300 / (3 * (names == name).sum()) for name in set(names)}
    assert same(sp.SpikingClassifier(class_weight=counts, **SMALL).fit(X, names), balanced)
    by_hand = sp.SpikingClassifier(**SMALL).fit(X, names, sample_weight=[counts[name] for name in names])
    np.testing.assert_allclose(by_hand.network_.weights[0], balanced.network_.weights[0], rtol=0, atol=1e-9)
    heavy = sp.SpikingClassifier(class_weight={"dot": 50.0}, hidden=(20,), epochs=20, batch_size=50).fit(X, names)
    plain = sp.SpikingClassifier(hidden=(20,), epochs=20, batch_size=50).fit(X, names)
    assert (heavy.predict(X) == "dot").sum() > (plain.predict(X) == "dot").sum()
    for wrong in ("even", {"dot": -1.0}, {"moon": 1.0}, {name: 0.0 for name in names}):
        with pytest.raises(ValueError):
            sp.SpikingClassifier(class_weight=wrong, **SMALL).fit(X, names)


def test_boosting():
    boosted = AdaBoostClassifier(sp.SpikingClassifier(hidden=(10,), epochs=5, batch_size=50), n_estimators=4, random_state=0).fit(X, Y)
    assert len(boosted.estimators_) == 4 and len({own.random_state for own in boosted.estimators_}) == 4
    assert boosted.score(X, Y) > 0.5


@pytest.mark.parametrize("change", [{"tau_mem": 50e-3}, {"engine": "clock"}, {"readout": "leaky"}, {"delays": "axonal"}, {"t_late": 5e-3}, {"bias": 1e-3}])
def test_a_warm_start_refuses_what_it_cannot_change(change):
    X, y = sp.datasets.yin_yang(40, seed=1)
    clf = sp.SpikingClassifier(hidden=(6,), epochs=1, warm_start=True).fit(X, y)
    assert clf.set_params(epochs=2, learning_rate=1e-3, threshold=1).fit(X, y).n_iter_ == 2
    with pytest.raises(ValueError, match=f"{next(iter(change))} is .*fit with warm_start=False"):
        clf.set_params(**change).fit(X, y)
    with pytest.raises(ValueError, match=f"{next(iter(change))} is .*fit with warm_start=False"):
        clf.partial_fit(X, y)
    assert clf.set_params(warm_start=False).fit(X, y).n_iter_ == 2


@pytest.mark.parametrize(
    "alike",
    [
        ("engine", "event", sp.EventEngine()),
        ("tau_mem", [0.02, 0.02], np.array([0.02, 0.02])),
        ("delays", ["axonal", None], ("axonal", None)),
    ],
)
def test_a_warm_start_takes_the_same_in_other_words(alike):
    X, y = sp.datasets.yin_yang(40, seed=1)
    name, first, second = alike
    clf = sp.SpikingClassifier(hidden=(6,), epochs=1, warm_start=True, **{name: first}).fit(X, y)
    assert clf.set_params(**{name: second}).fit(X, y).n_iter_ == 1


def test_a_warm_start_does_not_go_on_from_a_checkpoint_that_is_at_its_end(tmp_path):
    clf = sp.SpikingClassifier(warm_start=True, checkpoint=tmp_path / "state", resume=True, **SMALL).fit(X, Y)
    with pytest.raises(ValueError, match="set one of them to False"):
        clf.fit(X, Y)
    weights = clf.network_.weights[0]
    clf.set_params(resume=False).fit(X, Y)
    assert not np.array_equal(clf.network_.weights[0], weights)
    # What a checkpoint has begun goes on by itself.
    assert clf.set_params(resume=True, warm_start=False, checkpoint=tmp_path / "other").fit(X, Y).set_params(epochs=4).fit(X, Y).n_iter_ == 4


def test_series_are_parameters_of_warm_starts():
    pandas = pytest.importorskip("pandas")
    X, y = sp.datasets.yin_yang(40, seed=1)
    clf = sp.SpikingClassifier(hidden=(6,), epochs=1, warm_start=True, tau_mem=pandas.Series([0.02, 0.02]))
    assert clf.fit(X, y).fit(X, y).n_iter_ == 1


def test_masks_are_not_lost_without_a_word():
    X, y = sp.datasets.yin_yang(40, seed=1)
    masked = np.ma.array(X, mask=X > 0.9)
    for make in (sp.SpikingClassifier, sp.SpikingRegressor, sp.BioGradClassifier):
        estimator = make(hidden=(6,), epochs=1)
        for given in ((masked, y), (X, np.ma.array(y, mask=y > 1))):
            with pytest.raises(TypeError, match="masked array"):
                estimator.fit(*given)
    clf = sp.SpikingClassifier(hidden=(6,), epochs=1).fit(X, y)
    labels, weights = np.ma.array(y, mask=y > 1), np.ma.array(np.ones(40), mask=y > 1)
    for call in (
        lambda: clf.predict(masked),
        lambda: clf.fit(X, y, sample_weight=weights),
        lambda: clf.partial_fit(masked, y),
        lambda: clf.partial_fit(X, labels),
        lambda: clf.fit(X, y, validation=(X, labels)),
        lambda: clf.score(X, labels),
        lambda: clf.score(X, y, sample_weight=weights),
        lambda: sp.encoding.Population().fit(masked),
    ):
        with pytest.raises(TypeError, match="masked array"):
            call()


def test_passes_heed_what_they_are_set_to():
    model = sp.SpikingClassifier(**SMALL).partial_fit(X, Y, classes=[0, 1, 2])
    stepping = model._going_on[0]
    assert model.partial_fit(X, Y)._going_on[0] is stepping
    for other in (dict(loss=sp.losses.TTFSCrossEntropy(tau0=1e-3)), dict(optimizer="sgd"), dict(weight_decay=0.1), dict(train=["reset"])):
        model.set_params(**other).partial_fit(X, Y)
        assert model._going_on[0] is not stepping
        stepping = model._going_on[0]
    assert model.loss_ == sp.losses.TTFSCrossEntropy(tau0=1e-3)


def test_passes_compare_rates_that_are_arrays():
    def rates():
        return {"tau_mem": np.array([0.01, 0.0])}

    model = sp.SpikingClassifier(**SMALL, train=["weights", "tau_mem"], neuron_learning_rate=rates()).partial_fit(X, Y, classes=[0, 1, 2])
    stepping = model._going_on[0]
    assert model.set_params(neuron_learning_rate=rates()).partial_fit(X, Y)._going_on[0] is stepping
    model.neuron_learning_rate["tau_mem"][1] = 0.01
    assert model.partial_fit(X, Y)._going_on[0] is not stepping


def test_the_network_is_asked_with_what_the_estimator_codes():
    model = sp.SpikingClassifier(hidden=(20,), epochs=1).fit(X, Y)
    recording = model.network_.forward(model.encode(X), engine=model.engine_)
    found = recording.predict(model.loss_)
    assert found[found >= 0].tolist() == model.predict(X)[found >= 0].tolist() and (found >= 0).any()
    assert model.encode(X[:3]) == model.encode(X)[:3]
    with pytest.raises(ValueError, match="features"):
        model.encode(X[:, :2])
    with pytest.raises(NotFittedError):
        sp.SpikingClassifier().encode(X)
    on_spikes = sp.SpikingClassifier(**SMALL).fit(SPIKES, Y)
    assert on_spikes.encode(SPIKES) is SPIKES
