"""Encoders as scikit-learn transformers: scikit-learn's own checks, and that each is its function."""

import inspect
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import spinnprop as sp

OF_FEATURES = ("latency", "latency_grid", "population", "poisson", "bernoulli")
OF_SIGNALS = {"delta_modulation": {"dt": 1e-3, "threshold": 0.1}, "level_crossing": {"dt": 1e-3, "levels": (0.1, 0.3, 0.5, 0.7, 0.9)}}


def transformer(name):
    return getattr(sp.encoding, name.title().replace("_", ""))


def dense(kind):
    """The transformer, with spikes as numbers in steps: arrays are what scikit-learn's checks compare."""

    class Dense(kind):
        def transform(self, X):
            spikes = super().transform(X)
            return spikes.to_dense(1e-3, 120).reshape(len(spikes), -1).astype(np.float64)

    Dense.__name__ = Dense.__qualname__ = kind.__name__
    globals()[kind.__name__] = Dense
    return Dense()


def impossible(estimator):
    if type(estimator).__name__ not in ("Poisson", "Bernoulli"):
        return {}
    drawn = "what a sample is given depends on those before it"
    return {"check_methods_subset_invariance": drawn, "check_methods_sample_order_invariance": drawn}


#: scikit-learn before 1.6 cannot be told what must fail: those that draw are left out there.
EXPECTED = {"expected_failed_checks": impossible} if "expected_failed_checks" in inspect.signature(parametrize_with_checks).parameters else {}


@parametrize_with_checks([dense(transformer(name)) for name in (OF_FEATURES if EXPECTED else OF_FEATURES[:3])], **EXPECTED)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("name", [*OF_FEATURES, *OF_SIGNALS])
def test_parameters_are_those_of_the_function(name):
    function, kind = getattr(sp.encoding, name), transformer(name)
    wanted = {own.name: own.default for own in list(inspect.signature(function).parameters.values())[1:]}
    wanted.update(OF_SIGNALS.get(name, {}))
    assert kind().get_params() == {**wanted, "rescale": True}
    first = next(iter(wanted))
    changed = kind(**{first: 7e-3})
    assert clone(changed).get_params() == {**kind().get_params(), first: 7e-3} == kind().set_params(**{first: 7e-3}).get_params()
    assert repr(changed) == f"{kind.__name__}({first}=0.007)"
    with pytest.raises(TypeError, match="nonsense"):
        kind(nonsense=1)
    with pytest.raises(ValueError, match="nonsense"):
        kind().set_params(nonsense=1)


@pytest.mark.parametrize("name", OF_FEATURES)
def test_features(name):
    random = np.random.default_rng(0)
    X, more = random.normal(3, 10, (50, 4)), random.normal(3, 20, (30, 4))
    low, high = X.min(axis=0), X.max(axis=0)
    function = getattr(sp.encoding, name)
    fitted = transformer(name)().fit(X)
    expected = function(np.clip((more / 2 - low / 2) / (high / 2 - low / 2), 0, 1))
    assert fitted.transform(more) == expected and fitted.n_units_ == expected.n_units
    plain = transformer(name)(rescale=False)
    inside = random.random((5, 4))
    assert plain.fit(inside).transform(inside) == function(inside)
    with pytest.raises(ValueError, match=r"must be in \[0, 1\]"):
        plain.fit(inside).transform(more)
    with pytest.raises(ValueError, match="3 features"):
        fitted.transform(more[:, :3])
    # A fit that fails leaves the earlier one.
    with pytest.raises(ValueError):
        fitted.fit(more * np.nan)
    assert fitted.transform(more) == expected
    with pytest.raises(TypeError, match="rescale"):
        transformer(name)(rescale="no").fit(X)


@pytest.mark.parametrize("name", OF_SIGNALS)
def test_signals(name):
    random = np.random.default_rng(0)
    ragged = [random.normal(3, 10, (n, 2)).cumsum(axis=0) for n in (9, 30, 1, 0)]
    rows = np.concatenate(ragged)
    low, high = rows.min(axis=0), rows.max(axis=0)
    fitted = transformer(name)().fit(ragged)
    assert np.array_equal([fitted.feature_min_, fitted.feature_max_], [low, high]) and fitted.n_features_in_ == 2
    options = OF_SIGNALS[name]
    expected = getattr(sp.encoding, name)([(own / 2 - low / 2) / (high / 2 - low / 2) for own in ragged], **options)
    assert fitted.transform(ragged) == expected and len(expected.times) > 10
    cube = random.normal(size=(3, 20, 2))
    assert transformer(name)(rescale=False).fit(cube).transform(cube) == getattr(sp.encoding, name)(cube, **options)
    with pytest.raises(ValueError, match="X has 3 channels, but the encoder has learnt from 2"):
        fitted.transform(np.zeros((1, 5, 3)))
    for nothing in ([np.zeros((0, 2))], np.zeros((0, 5, 2))):
        with pytest.raises(ValueError, match="no ranges; give"):
            transformer(name)().fit(nothing)
    with pytest.raises(ValueError, match=r"signals\[0\]\[0, 0\] is nan"):
        transformer(name)().fit([[[np.nan]]])


@pytest.mark.parametrize("name", [*OF_FEATURES, *OF_SIGNALS])
def test_spike_trains_need_no_encoder(name):
    with pytest.raises(TypeError, match="X is SpikeTrains, which need no encoder"):
        transformer(name)().fit(sp.encoding.latency([[0.5]]))


def test_pipelines_learn_and_are_searched():
    X, y = sp.datasets.yin_yang(300)
    # Time constants that are left open would follow the code.
    model = make_pipeline(sp.encoding.Latency(bias=0.0), sp.SpikingClassifier(hidden=(30,), tau_mem=20e-3, tau_syn=5e-3, epochs=12, batch_size=30))
    found = GridSearchCV(model, {"latency__t_late": [1e-3, 30e-3]}, cv=2).fit(X * 100 - 7, y)
    assert found.best_params_ == {"latency__t_late": 30e-3} and found.best_score_ > 0.55
    assert len(cross_val_score(make_pipeline(sp.encoding.Population(), model[-1].set_params(epochs=1)), X, y, cv=2)) == 2


def test_without_scikit_learn_functions_work_and_transformers_say_what_is_missing(monkeypatch):
    for name in list(sys.modules):
        if name == "sklearn" or name.startswith(("sklearn.", "spinnprop._estimators")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.delitem(vars(sp.encoding), "Latency", raising=False)
    assert len(sp.encoding.latency([[0.5]])) == 1
    with pytest.raises(ImportError, match=r"encoding.Latency needs sklearn .*pip install 'spinnprop\[sklearn\]'"):
        sp.encoding.Latency  # noqa: B018
    with pytest.raises(AttributeError, match="nonsense"):
        sp.encoding.nonsense
