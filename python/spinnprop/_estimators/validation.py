"""What estimators validate: data, as scikit-learn has it wherever its version does, and sizes of layers."""

from __future__ import annotations

from contextlib import contextmanager
from numbers import Integral
from typing import Any, Iterator, List

import numpy as np

from .._support import checks

__all__ = ["hidden_sizes", "restored", "validate_data"]

try:
    from sklearn.utils.validation import validate_data
except ImportError:  # scikit-learn before 1.6

    def validate_data(estimator: Any, *arrays: Any, **options: Any) -> Any:
        """As an estimator has it there."""
        return estimator._validate_data(*arrays, **options)


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
