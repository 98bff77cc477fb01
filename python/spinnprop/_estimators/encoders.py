"""Encoders as scikit-learn transformers: each is a function of `encoding` with the ranges of a training set."""

from __future__ import annotations

import inspect
from typing import Any, Callable, ClassVar, List

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .. import _encoders as encoding
from .._encoders.signals import _samples
from .._spikes import SpikeTrains
from .._support import checks
from .._support.rescaling import rescaled
from .validation import restored, unmasked, validate_data


class Encoder(TransformerMixin, BaseEstimator):
    """Base of transformers whose parameters are those of a function, with its defaults, and `rescale`."""

    _encode: ClassVar[Callable[..., SpikeTrains]]

    def __init_subclass__(cls, encode: Any = None, **defaults: Any) -> None:
        """A class for the function `encode`, whose first argument is what it encodes; `defaults` for what it leaves open."""
        super().__init_subclass__()
        if encode is None:
            return
        cls._encode = staticmethod(encode)
        own = [
            each.replace(kind=each.KEYWORD_ONLY, default=defaults.get(each.name, each.default), annotation=each.empty)
            for each in list(inspect.signature(encode).parameters.values())[1:]
        ]
        own.append(inspect.Parameter("rescale", inspect.Parameter.KEYWORD_ONLY, default=True))
        taken = inspect.Signature(own)

        def __init__(self: Encoder, **parameters: Any) -> None:
            bound = taken.bind(**parameters)
            bound.apply_defaults()
            for name, value in bound.arguments.items():
                setattr(self, name, value)

        # Where scikit-learn finds the names of parameters.
        first = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
        __init__.__signature__ = inspect.Signature([first, *own])  # type: ignore[attr-defined]
        cls.__init__ = __init__  # type: ignore[assignment]

    def fit(self, X: Any, y: Any = None) -> Encoder:
        """Learns the ranges of X; y is not looked at."""
        with restored(self, "n_units_"):
            samples = self._values(X, reset=True)
            if checks.boolean(self.rescale, "rescale"):
                if not len(samples):
                    raise ValueError("X has 0 samples, which have no ranges; give at least one")
                rows = self._rows(samples)
                self.feature_min_, self.feature_max_ = rows.min(axis=0), rows.max(axis=0)
            self.n_units_ = self._spikes(samples[:1]).n_units
        return self

    def transform(self, X: Any) -> SpikeTrains:
        """The spikes of each sample."""
        check_is_fitted(self, "n_units_")
        return self._spikes(self._values(X, reset=False))

    def _spikes(self, samples: Any) -> SpikeTrains:
        options = self.get_params(deep=False)
        return self._encode(self._rescaled(samples) if options.pop("rescale") else samples, **options)

    def _values(self, X: Any, reset: bool) -> Any:
        if isinstance(X, SpikeTrains):
            raise TypeError("X is SpikeTrains, which need no encoder; leave it out, estimators take them as they are")
        unmasked(X)
        return self._validated(X, reset)

    def _validated(self, X: Any, reset: bool) -> Any:
        """Samples as the function takes them; `reset`: they are learnt from."""
        raise NotImplementedError

    def _rows(self, samples: Any) -> Any:
        """(n, n_features_in_): all values of each feature."""
        raise NotImplementedError

    def _rescaled(self, samples: Any) -> Any:
        raise NotImplementedError


class FeatureEncoder(Encoder):
    """Base of encoders of tables, (n_samples, n_features)."""

    def _validated(self, X: Any, reset: bool) -> Any:
        return validate_data(self, X, dtype=np.float64, reset=reset)

    def _rows(self, samples: Any) -> Any:
        return samples

    def _rescaled(self, samples: Any) -> Any:
        return rescaled(samples, self.feature_min_, self.feature_max_)


class SignalEncoder(Encoder):
    """Base of encoders of signals, (n_samples, n_steps, n_channels), or a sequence of arrays of different lengths."""

    def _validated(self, X: Any, reset: bool) -> Any:
        samples, n_channels = _samples(X)
        if reset:
            self.n_features_in_ = n_channels
        elif samples and n_channels != self.n_features_in_:
            raise ValueError(f"X has {n_channels} channels, but the encoder has learnt from {self.n_features_in_}; they must agree")
        return samples

    def _rows(self, samples: Any) -> Any:
        rows = np.concatenate(samples)
        if not len(rows):
            raise ValueError("the signals have no values, and so no ranges; give some, or rescale=False")
        return rows

    def _rescaled(self, samples: Any) -> List[Any]:
        return [rescaled(own, self.feature_min_, self.feature_max_) for own in samples]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.three_d_array = False, True
        return tags

    def _more_tags(self) -> Any:
        """The same before scikit-learn 1.6."""
        return {"X_types": ["3darray"]}


class Latency(FeatureEncoder, encode=encoding.latency):
    """`encoding.latency` as a scikit-learn transformer: one spike per feature, the later the larger its value.

    Parameters
    ----------
    t_early, t_late, bias, early
        As in `encoding.latency`.
    rescale : bool
        Whether to map each feature's range in the training set to [0, 1], clipping what lies outside later; a constant feature
        becomes 0. If not, features must lie in [0, 1].

    Attributes
    ----------
    n_units_ : int
        Of the spike trains.
    feature_min_, feature_max_ : (n_features_in_,) array
        Each feature's range in the training set, with `rescale`.

    Examples
    --------
    >>> import spinnprop as sp
    >>> from sklearn.pipeline import make_pipeline
    >>> X, y = sp.datasets.yin_yang(300)
    >>> model = make_pipeline(sp.encoding.Latency(bias=0.0), sp.SpikingClassifier(hidden=(30,), epochs=5)).fit(X, y)
    >>> model.score(X, y) > 0.5
    True
    """


class LatencyGrid(FeatureEncoder, encode=encoding.latency_grid):
    """`encoding.latency_grid` as a scikit-learn transformer: latencies on a grid of time steps, and a bias unit.

    Parameters
    ----------
    steps, t_min, time_step, early
        As in `encoding.latency_grid`.
    rescale : bool
        As in `Latency`, whose attributes this has.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.encoding.LatencyGrid(steps=20).fit_transform([[1.0], [5.0]])
    SpikeTrains(2 samples, 4 spikes, n_units=2)
    """


class Population(FeatureEncoder, encode=encoding.population):
    """`encoding.population` as a scikit-learn transformer: Gaussian receptive fields, several units per feature.

    Parameters
    ----------
    n_fields, t_early, t_late, cutoff, beta
        As in `encoding.population`.
    rescale : bool
        As in `Latency`, whose attributes this has.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.encoding.Population(n_fields=5).fit([[1.0], [5.0]]).transform([[3.0]])
    SpikeTrains(1 samples, 3 spikes, n_units=5)
    """


class Poisson(FeatureEncoder, encode=encoding.poisson):
    """`encoding.poisson` as a scikit-learn transformer: random spikes at rates that follow the features.

    Parameters
    ----------
    duration, max_rate, seed
        As in `encoding.poisson`. Every call draws from the seed anew.
    rescale : bool
        As in `Latency`, whose attributes this has.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.encoding.Poisson(max_rate=50.0).fit([[1.0], [5.0]]).transform([[1.0]])
    SpikeTrains(1 samples, 0 spikes, n_units=1)
    """


class Bernoulli(FeatureEncoder, encode=encoding.bernoulli):
    """`encoding.bernoulli` as a scikit-learn transformer: in each step a spike with the feature as its probability.

    Parameters
    ----------
    steps, time_step, seed
        As in `encoding.bernoulli`. Every call draws from the seed anew.
    rescale : bool
        As in `Latency`, whose attributes this has.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.encoding.Bernoulli(steps=20).fit([[1.0], [5.0]]).transform([[5.0]])
    SpikeTrains(1 samples, 20 spikes, n_units=1)
    """


class DeltaModulation(SignalEncoder, encode=encoding.delta_modulation, dt=1e-3, threshold=0.1):
    """`encoding.delta_modulation` as a scikit-learn transformer: a spike whenever a signal has moved by a threshold.

    Parameters
    ----------
    dt, threshold
        As in `encoding.delta_modulation`; with `rescale`, the threshold is a share of a channel's range.
    rescale : bool
        Whether to map each channel's range in the training set to [0, 1], clipping what lies outside later; a constant channel
        becomes 0. If not, signals are taken as they are.

    Attributes
    ----------
    n_units_ : int
        Of the spike trains.
    feature_min_, feature_max_ : (n_features_in_,) array
        Each channel's range in the training set, with `rescale`.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.encoding.DeltaModulation(threshold=0.5).fit_transform([[[0.0], [6.0], [11.0], [2.0]]])
    SpikeTrains(1 samples, 1 spikes, n_units=2)
    """


class LevelCrossing(SignalEncoder, encode=encoding.level_crossing, dt=1e-3, levels=(0.1, 0.3, 0.5, 0.7, 0.9)):
    """`encoding.level_crossing` as a scikit-learn transformer: a spike whenever a signal crosses a level.

    Parameters
    ----------
    dt, levels
        As in `encoding.level_crossing`; with `rescale`, levels are shares of a channel's range.
    rescale : bool
        As in `DeltaModulation`, whose attributes this has.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.encoding.LevelCrossing().fit_transform([[[0.0], [20.0], [0.0]]])
    SpikeTrains(1 samples, 10 spikes, n_units=10)
    """
