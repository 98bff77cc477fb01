"""The estimator on spike trains in place of numbers."""

import copy
import pickle

import numpy as np
import pytest

import spinnprop as sp

pytest.importorskip("sklearn")
from sklearn.base import clone  # noqa: E402
from sklearn.calibration import CalibratedClassifierCV  # noqa: E402
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor  # noqa: E402
from sklearn.ensemble import (  # noqa: E402
    AdaBoostClassifier,
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: E402, F401
from sklearn.inspection import permutation_importance  # noqa: E402
from sklearn.model_selection import (  # noqa: E402
    GridSearchCV,
    HalvingGridSearchCV,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
    learning_curve,
    train_test_split,
)
from sklearn.multiclass import OneVsRestClassifier  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import FunctionTransformer, StandardScaler  # noqa: E402


@pytest.fixture(scope="module")
def data():
    X, y = sp.datasets.yin_yang(300, seed=3)
    return X, sp.encoding.latency(X, bias=0.0), np.array(["yin", "yang", "dot"])[y]


def estimator(**options):
    return sp.SpikingClassifier(hidden=(20,), epochs=3, batch_size=50, seed=1, **options)


def test_spikes_train_as_their_encoder_does(data):
    X, spikes, y = data
    ours = estimator().fit(spikes, y, validation=(spikes[:50], y[:50]))
    encoded = estimator(encoder=lambda values: sp.encoding.latency(values, bias=0.0), rescale=False).fit(X, y, validation=(X[:50], y[:50]))
    for own, other in zip(ours.network_.weights, encoded.network_.weights):
        np.testing.assert_array_equal(own, other)
    np.testing.assert_array_equal(ours.history_["validation_loss"], encoded.history_["validation_loss"])
    np.testing.assert_array_equal(ours.predict_proba(spikes), encoded.predict_proba(X))
    assert ours.score(spikes, y) == encoded.score(X, y) and ours.n_features_in_ == 5 and not ours.encodes_
    for other in (pickle.loads(pickle.dumps(ours)), copy.deepcopy(ours)):
        np.testing.assert_array_equal(other.predict(spikes), ours.predict(spikes))


def test_early_stopping_holds_samples_out(data):
    _, spikes, y = data
    model = estimator(early_stopping=True).fit(spikes, y)
    assert np.isfinite(model.history_["validation_loss"]).all()


def test_scikit_learn_takes_them(data):
    X, spikes, y = data
    first, second, y_first, y_second = train_test_split(spikes, y, random_state=0)
    fitted = estimator().fit(first, y_first)
    assert fitted.predict(second).shape == y_second.shape
    scores = cross_val_score(estimator(), spikes, y, cv=3)
    search = GridSearchCV(estimator(), {"hidden": [(5,), (20,)]}, cv=3, refit=True).fit(spikes, y)
    assert scores.mean() == search.cv_results_["mean_test_score"][1]
    assert search.predict(spikes[:7]).shape == (7,)
    pipeline = make_pipeline(FunctionTransformer(sp.encoding.latency, kw_args={"bias": 0.0}), estimator()).fit(X, y)
    np.testing.assert_array_equal(pipeline.predict(X), estimator().fit(spikes, y).predict(spikes))
    assert clone(fitted).get_params()["hidden"] == (20,)


def test_ensembles_and_curves_take_them(data):
    _, spikes, y = data
    one = estimator()
    for model in (
        CalibratedClassifierCV(one, cv=2),
        VotingClassifier([("first", one), ("second", clone(one).set_params(seed=1))], voting="soft"),
        StackingClassifier([("first", one)], cv=2),
        OneVsRestClassifier(one),
        HalvingGridSearchCV(one, {"hidden": [(5,), (20,)]}, cv=2, resource="epochs", max_resources=2, min_resources=1),
        make_pipeline(FunctionTransformer(sp.SpikeTrains.to_column), AdaBoostClassifier(one, n_estimators=2)),
    ):
        assert model.fit(spikes, y).predict(spikes[:7]).shape == (7,), model
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    assert np.isfinite(learning_curve(one, spikes, y, cv=folds, train_sizes=[0.5, 1.0])[2]).all()
    assert cross_val_predict(one, spikes, y, cv=folds, method="predict_proba").shape == (len(y), 3)
    numbers = sp.SpikingRegressor(hidden=(20,), epochs=1)
    assert TransformedTargetRegressor(VotingRegressor([("only", numbers)]), func=np.log1p, inverse_func=np.expm1).fit(
        spikes, np.arange(1.0, 1 + len(y))
    ).predict(spikes).shape == y.shape


def test_a_column_of_samples_is_what_it_is_made_of(data):
    _, spikes, y = data
    column, one = spikes.to_column(), estimator().fit(spikes, y)
    assert column.shape == (300, 1) and sp.SpikeTrains.concatenate(column[:, 0]) == spikes
    np.testing.assert_array_equal(one.predict(column), one.predict(spikes))
    np.testing.assert_array_equal(estimator().fit(column, y, (column, y)).predict_proba(spikes), one.predict_proba(spikes))
    assert spikes[:0].to_column().shape == (0, 1) and len(one.predict(spikes[:0])) == 0
    bagged = BaggingClassifier(estimator(), n_estimators=1, bootstrap=False, random_state=0).fit(column, y)
    drawn = bagged.estimators_samples_[0]
    alone = estimator(random_state=bagged.estimators_[0].random_state).fit(spikes[drawn], y[drawn])
    np.testing.assert_array_equal(bagged.predict_proba(column), alone.predict_proba(spikes))
    boosted = AdaBoostClassifier(estimator(), n_estimators=2, random_state=0).fit(column, y)
    assert [each.n_features_in_ for each in boosted.estimators_] == [5, 5] and boosted.score(column, y) > 0.5
    numbers = BaggingRegressor(sp.SpikingRegressor(hidden=(20,), epochs=1), n_estimators=2).fit(column, np.arange(300.0))
    assert numbers.predict(column[:7]).shape == (7,)
    counted = sp.BioGradClassifier(hidden=(20,), epochs=1, step_time=1e-3)
    np.testing.assert_array_equal(counted.fit(column, y).predict(column), counted.predict(spikes))
    for other, error, word in ((sp.SpikeTrains([], [], [0, 0], 6), ValueError, "has 6 units"), (None, TypeError, "is 'NoneType'")):
        column[1, 0] = other
        with pytest.raises(error, match=rf"parts\[1\] {word}"):
            estimator().fit(column, y)


def test_samples_that_are_held_otherwise_are_told_how(data):
    pandas = pytest.importorskip("pandas")
    _, spikes, y = data
    column, one = spikes.to_column(), estimator().fit(spikes, y)
    for other, shape in (
        (column[:, 0], r"\(300,\)"),
        (np.hstack([column, column]), r"\(300, 2\)"),
        (list(column[:, 0]), r"\(300,\)"),
        (pandas.DataFrame({"x": column[:, 0]}), r"\(300, 1\)"),
        (pandas.DataFrame({"a": y, "x": column[:, 0]}), r"\(300, 2\)"),
        (pandas.Series(column[:, 0]), r"\(300,\)"),
    ):
        told = f"X is .* of shape {shape} and holds SpikeTrains; .* as to_column makes it"
        for call in (lambda: estimator().fit(other, y), lambda: one.predict(other), lambda: sp.SpikingRegressor().fit(other, y)):  # noqa: B023
            with pytest.raises(ValueError, match=told):
                call()
        with pytest.raises(ValueError, match=told):
            sp.search(other, y, {"learning_rate": (1e-3, 1e-1)}, n_trials=1)


def test_a_search_of_a_column_is_that_of_what_it_is_made_of(data, tmp_path):
    _, spikes, y = data
    options = dict(space={"learning_rate": (1e-3, 1e-1)}, estimator=estimator(), n_trials=1, storage=tmp_path / "search.db")
    first = sp.search(spikes, y, **options)
    # The same study: its data are the same.
    again = sp.search(spikes.to_column(), y, **options)
    assert again.trials == first.trials and len(again.trials) == 1
    pair = dict(options, storage=None, validation=(spikes.to_column(), y))
    assert sp.search(spikes.to_column(), y, **pair).trials[0]["state"] == "complete"


def test_what_makes_an_array_of_x_says_what_it_cannot(data):
    _, spikes, y = data
    for call in (
        lambda: BaggingClassifier(estimator(), n_estimators=2).fit(spikes, y),
        lambda: AdaBoostClassifier(estimator(), n_estimators=2).fit(spikes, y),
        lambda: permutation_importance(estimator().fit(spikes, y), spikes, y),
        lambda: make_pipeline(StandardScaler(), estimator()).fit(spikes, y),
    ):
        with pytest.raises(TypeError, match="SpikeTrains are no array.*boosting and bagging want it, by to_column"):
            call()
    with pytest.raises(TypeError, match="SpikeTrains are chosen by samples alone"):
        ColumnTransformer([("first", "passthrough", [0])]).fit(spikes)


def test_a_search_takes_them(data, tmp_path):
    pytest.importorskip("optuna")
    _, spikes, y = data
    options = dict(estimator=estimator(), n_trials=2, seed=0, storage=tmp_path / "study.db")
    found = sp.search(spikes, y, {"hidden": [(5,), (10,)]}, **options)
    assert found.refit(spikes, y).predict(spikes).shape == y.shape
    with pytest.raises(ValueError, match="search as before"):
        sp.search(spikes[::-1], y, {"hidden": [(5,), (10,)]}, **options)


def test_what_does_not_fit_is_refused(data):
    X, spikes, y = data
    model = estimator().fit(spikes, y)
    before = model.predict(spikes)
    for given, labels, error, word in [
        (spikes[:0], y[:0], ValueError, "0 samples"), (spikes, y[:-1], ValueError, "inconsistent"),
        (spikes, np.full(300, np.nan), ValueError, "NaN"), (spikes, np.linspace(0, 1, 300), ValueError, "continuous"), (spikes, None, ValueError, "1d array"),
    ]:  # fmt: skip
        with pytest.raises(error, match=word):
            model.fit(given, labels)
    np.testing.assert_array_equal(model.predict(spikes), before)
    other = sp.SpikeTrains(spikes.times, spikes.units, spikes.offsets, 6)
    with pytest.raises(ValueError, match="6 units.*5"):
        model.predict(other)
    with pytest.raises(TypeError, match="learnt from SpikeTrains"):
        model.predict(X)
    with pytest.raises(TypeError, match="learnt from numbers"):
        estimator().fit(X, y).predict(spikes)
    with pytest.raises(TypeError, match="learnt from SpikeTrains"):
        estimator().fit(spikes, y, validation=(X, y))
    assert model.predict(spikes[:0]).shape == (0,)


def trains_of(rates, moments, length, seed):
    """A sample for each row of rates (Hz, one per unit): a Poisson process, and as many spikes again around a moment, in parts of the length."""
    rng = np.random.default_rng(seed)

    def train(rate, moment):
        spread = rng.uniform(0, length, rng.poisson(rate * length))
        close = rng.normal(moment, 1 / 15, len(spread) if moment else 0) * length
        return np.clip(np.concatenate([spread, close]), 0, length)

    samples = [[train(*each) for each in zip(*sample)] for sample in zip(rates, moments)]
    return sp.SpikeTrains.from_lists(
        [(np.concatenate(own), np.repeat(np.arange(len(own)), [len(part) for part in own])) for own in samples], n_units=rates.shape[1]
    )


@pytest.mark.parametrize("length", [0.1, 0.3])
def test_trains_of_many_spikes_are_learnt(length):
    """By how many there are, and by when most of them are: an output must hear all before it decides."""
    rng = np.random.default_rng(1)
    y, none = rng.integers(4, size=400), np.zeros((400, 20))
    own_rates, own_moments, even = rng.uniform(20, 150, (4, 20)), rng.uniform(0.1, 0.9, (4, 20)), np.full((400, 20), 40.0)
    for rates, moments in ((own_rates[y], none), (even, own_moments[y])):
        spikes = trains_of(rates, moments, length, 0)
        classifier = sp.SpikingClassifier(hidden=(60,), epochs=20, batch_size=50).fit(spikes[:300], y[:300])
        assert classifier.score(spikes[300:], y[300:]) > 0.9
    v = rng.random((400, 1))
    spikes = trains_of(own_rates[0] * v + own_rates[1] * (1 - v), none, length, 0)
    regressor = sp.SpikingRegressor(hidden=(60,), epochs=20).fit(spikes[:300], v[:300, 0])
    assert regressor.score(spikes[300:], v[300:, 0]) > 0.6


def changed(spikes, times):
    return sp.SpikeTrains(times, spikes.units, spikes.offsets, spikes.n_units)


def score_of(spikes, y, kind=sp.SpikingClassifier, **options):
    model = kind(hidden=(60,), epochs=10, batch_size=50, **options).fit(spikes, y)
    return model.score(spikes, y), model


@pytest.mark.parametrize("later", [0.05, 0.5, 1e4])
def test_trains_that_begin_late_are_learnt_and_told_alike(data, later):
    _, spikes, y = data
    late = changed(spikes, spikes.times + later)
    usual, first = score_of(spikes, y)
    score, model = score_of(late, y, loss=sp.losses.TTFSCrossEntropy())
    assert first.start_ == 0 and model.start_ == pytest.approx(later)
    assert usual > 0.85 and score > usual - 0.05
    np.testing.assert_allclose(model.encode(late).times, spikes.times, atol=1e-11)
    # A part that begins earlier is clipped, one that ends earlier is another recording.
    assert model.encode(changed(spikes, late.times - 1e-3)).times.min() == 0
    with pytest.raises(ValueError, match="last spike of X is at .* the training set's first at"):
        model.predict(spikes)
    assert len(model.predict(late[:0])) == 0
    # Once more, and by parts: from where the first fit has counted.
    assert model.set_params(warm_start=True, epochs=1).fit(late, y).start_ == pytest.approx(later)
    assert model.partial_fit(late[:50], y[:50]).start_ == pytest.approx(later)
    numbers = sp.SpikingRegressor(hidden=(20,), epochs=1)
    targets = spikes.times[spikes.offsets[:-1] + 2]
    own, moved = (numbers.fit(each, targets).predict(each) for each in (spikes, late))
    np.testing.assert_allclose(moved, own, rtol=0.05, atol=2e-3)


def test_what_is_given_in_seconds_counts_from_zero(data):
    _, spikes, y = data
    late = changed(spikes, spikes.times + 0.05)
    for options in ({"t_end": 0.2}, {"drive": 0.1}, {"loss": sp.losses.SpikeTimeMSE()}):
        assert estimator(**options).fit(late, y).start_ == 0
    assert estimator(engine=sp.ClockEngine(steps=100)).fit(late, y).start_ == 0


def test_events_of_absolute_microseconds_are_learnt(data):
    _, spikes, y = data
    begun = 1_700_000_000
    samples = [
        np.array([(begun + round(1e6 * time), unit) for time, unit in zip(*spikes[at])], [("t", "i8"), ("x", "i2")]) for at in range(len(spikes))
    ]
    score, model = score_of(sp.SpikeTrains.from_events(samples, 5), y)
    assert model.start_ == pytest.approx(1700) and score > 0.8


@pytest.mark.parametrize("scale", [0.01, 0.1, 0.5])
def test_time_constants_follow_short_trains(data, scale):
    _, spikes, y = data
    usual, first = score_of(spikes, y)
    score, model = score_of(changed(spikes, scale * spikes.times), y)
    assert first.setting_["tau_syn"] == 5e-3
    assert model.setting_["tau_syn"] == pytest.approx(5e-3 * scale, rel=0.02)
    assert score > usual - 0.05


def test_a_late_spike_does_not_stretch_all(data):
    _, spikes, y = data
    times = spikes.times.copy()
    times[spikes.offsets[101] - 1] = 10.0
    usual, first = score_of(spikes, y)
    score, model = score_of(changed(spikes, times), y)
    assert model.setting_ == first.setting_ and score > usual - 0.05
    numbers = sp.SpikingRegressor(hidden=(20,), epochs=1)
    targets = spikes.times[spikes.offsets[:-1] + 2]
    own = numbers.fit(spikes, targets)
    spread, tau = np.ptp(own.target_outputs_), own.setting_["tau_syn"]
    numbers.fit(changed(spikes, times), targets)
    assert np.ptp(numbers.target_outputs_) == pytest.approx(spread, rel=0.02)
    assert numbers.setting_["tau_syn"] == pytest.approx(tau, rel=0.02)
    # An early one does not say where all begin.
    times = spikes.times + 0.5
    times[0] = 0.0
    score, model = score_of(changed(spikes, times), y)
    assert model.start_ == pytest.approx(0.5) and score > usual - 0.05
