"""What encoders check of what they are given."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._support import checks
from .._support.types import Float64Array


def features(X: Any) -> Float64Array:
    """(n_samples, n_features) with at least one feature."""
    values: Float64Array = checks.array(X, np.float64, "X", ndim=2)
    if not 1 <= values.shape[1] < checks.INT32:
        raise ValueError(f"X has {values.shape[1]} features, shape {values.shape}; it needs at least one")
    return values


def shares(X: Any) -> Float64Array:
    """Features in [0, 1]; what lies outside by no more than rounding is clipped."""
    values = features(X)
    # As the core's latency codes have it: a scaler gives 1 + 2^-52 at times.
    rounding = 4 * np.finfo(np.float64).eps
    wrong = ~((values >= -rounding) & (values <= 1 + rounding))
    if wrong.any():
        sample, feature = np.argwhere(wrong)[0]
        raise ValueError(f"X[{sample}, {feature}] is {values[sample, feature]}; features must be in [0, 1]: rescale them")
    return np.clip(values, 0.0, 1.0)
