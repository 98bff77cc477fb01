"""What estimators validate: data, as scikit-learn has it wherever its version does, spike trains, and sizes of layers."""

from __future__ import annotations

import pickle
from contextlib import contextmanager
from numbers import Integral
from typing import Any, Iterator, List, Optional, Tuple

import numpy as np
import numpy.typing as npt
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    _check_sample_weight,
    assert_all_finite,
    check_array,
    check_consistent_length,
    column_or_1d,
)

from .._engines.base import BaseEngine
from .._spikes import SpikeTrains
from .._support import checks

__all__ = ["alike", "comparable", "hidden_sizes", "learnt", "learnt_numbers", "restored", "seed_of", "unmasked", "validate_data", "weights_of"]

try:
    from sklearn.utils.validation import validate_data
except ImportError:  # scikit-learn before 1.6

    def validate_data(estimator: Any, *arrays: Any, **options: Any) -> Any:
        """As an estimator has it there."""
        return estimator._validate_data(*arrays, **options)


def together(X: Any) -> Any:
    """X; of a column of samples, as `SpikeTrains.to_column` makes, the SpikeTrains again."""
    if not _holds_samples(X):
        return X
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.shape[1] == 1:
        return SpikeTrains.concatenate(X[:, 0])
    raise ValueError(
        f"X is {type(X).__name__!r} of shape {getattr(X, 'shape', (len(X),))} and holds SpikeTrains; give them "
        "as one by SpikeTrains.concatenate, or as an array of shape (n_samples, 1), as to_column makes it"
    )


def _holds_samples(X: Any) -> bool:
    """Whether there are SpikeTrains in the first row."""
    row: Any = ()
    if isinstance(X, np.ndarray):
        row = X[:1].ravel() if X.dtype == object and X.ndim else ()
    elif isinstance(X, (list, tuple)):
        row = X[:1]
    elif hasattr(X, "iloc"):
        row = X.iloc[:1].to_numpy().ravel()
    return any(isinstance(part, SpikeTrains) for part in row)


def learnt(estimator: Any, X: Any, y: Any) -> Tuple[Any, Any]:
    """Samples to learn from, numbers or spike trains, and their labels; the estimator then has `encodes_` and `n_features_in_`."""
    X = together(X)
    estimator.encodes_ = not isinstance(X, SpikeTrains)
    unmasked(X, y)
    if estimator.encodes_:
        X, y = validate_data(estimator, X, y, dtype=np.float64)
        return X, y
    if not len(X):
        raise ValueError("X has 0 samples; at least 1 is needed")
    labels = column_or_1d(y, warn=True)
    check_consistent_length(X, labels)
    assert_all_finite(labels)
    estimator.n_features_in_ = X.n_units
    return X, labels


def learnt_numbers(estimator: Any, X: Any, y: Any) -> Tuple[Any, Any]:
    """The same with numbers in place of labels: (n_samples,) or (n_samples, n_targets) float64."""
    X = together(X)
    estimator.encodes_ = not isinstance(X, SpikeTrains)
    unmasked(X, y)
    if estimator.encodes_:
        X, y = validate_data(estimator, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        return X, np.asarray(y, np.float64)
    if not len(X):
        raise ValueError("X has 0 samples; at least 1 is needed")
    y = check_array(y, dtype=np.float64, ensure_2d=False, input_name="y")
    check_consistent_length(X, y)
    estimator.n_features_in_ = X.n_units
    return X, y


def unmasked(X: Any = None, y: Any = None, sample_weight: Any = None) -> None:
    """Raises TypeError where a mask would be lost, as scikit-learn loses it."""
    for name, given in (("X", X), ("y", y), ("sample_weight", sample_weight)):
        if isinstance(given, np.ma.MaskedArray):
            checks.numbers_of(given, name)


def alike(estimator: Any, X: Any) -> Any:
    """Samples like those that were learnt from."""
    unmasked(X)
    X = together(X)
    if estimator.encodes_ and not isinstance(X, SpikeTrains):
        return validate_data(estimator, X, dtype=np.float64, reset=False)
    if estimator.encodes_ or not isinstance(X, SpikeTrains):
        kind = "numbers" if estimator.encodes_ else "SpikeTrains"
        raise TypeError(f"X is {type(X).__name__!r}, but the estimator has learnt from {kind}; give such")
    if X.n_units != estimator.n_features_in_:
        raise ValueError(f"X has {X.n_units} units, but the estimator has learnt from {estimator.n_features_in_}; they must agree")
    return X


def comparable(parameter: Any) -> Any:
    """What two parameters of an estimator have in common if, and only if, they say the same."""
    if hasattr(parameter, "__array__"):
        parameter = np.asarray(parameter).tolist()
    if isinstance(parameter, dict):
        return {name: comparable(own) for name, own in parameter.items()}
    if isinstance(parameter, (list, tuple)):
        return tuple(map(comparable, parameter))
    return pickle.dumps(parameter) if isinstance(parameter, BaseEngine) else parameter


def seed_of(estimator: Any) -> int:
    """What a fit begins with: `random_state` if it is given, or else `seed`."""
    given = estimator.random_state
    if given is None:
        return checks.integer(estimator.seed, "seed", 0, checks.UINT64)
    if isinstance(given, Integral):
        return checks.integer(given, "random_state", 0, 2**32 - 1)
    return int(check_random_state(given).randint(checks.INT32))


def weights_of(given: Any, X: Any, of_classes: Optional[npt.NDArray[np.float64]]) -> Optional[npt.NDArray[np.float64]]:
    """How much each sample counts beside the others, at most 1; None where all count alike."""
    if given is None and of_classes is None:
        return None
    unmasked(sample_weight=given)
    weights: npt.NDArray[np.float64] = _check_sample_weight(given, X, dtype=np.float64)
    for name, own in (("sample_weight", weights), ("class_weight", of_classes)):
        if own is not None:
            if not (np.isfinite(own).all() and own.min() >= 0 < own.max()):
                raise ValueError(f"{name} gives samples weights of {own.min()} .. {own.max()}; all must be finite and >= 0, and some > 0")
    # Only ratios matter, and products shall not overflow.
    weights = weights / weights.max()
    if of_classes is not None:
        weights = weights * (of_classes / of_classes.max())
    if not weights.any():
        raise ValueError("all samples weigh 0 by sample_weight times class_weight; some must weigh more")
    return None if (weights == weights[0]).all() else weights


@contextmanager
def restored(estimator: Any, made: str) -> Iterator[None]:
    """A fit that fails before there is a new `made` leaves what an earlier fit left behind whole."""
    fitted = {name: value for name, value in vars(estimator).items() if name.endswith("_")}
    try:
        yield
    except BaseException:
        if vars(estimator).get(made) is fitted.get(made):
            for name in [name for name in vars(estimator) if name.endswith("_")]:
                delattr(estimator, name)
            vars(estimator).update(fitted)
        raise


def hidden_sizes(hidden: Any) -> List[int]:
    """Neurons of each hidden layer, of which there may be one, given as a number."""
    if isinstance(hidden, Integral):
        return [checks.integer(hidden, "hidden", 1, checks.INT32)]
    if not isinstance(hidden, (list, tuple, np.ndarray)) or getattr(hidden, "ndim", 1) != 1:
        raise TypeError(f"hidden is {checks.shown(hidden)}; it must be a whole number, or a sequence of them, one per hidden layer")
    return [checks.integer(size, f"hidden[{layer}]", 1, checks.INT32) for layer, size in enumerate(hidden)]
