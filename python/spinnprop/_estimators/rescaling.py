"""Features brought to [0, 1], what latency codes take."""

from __future__ import annotations

import numpy as np

from .._support.types import Float64Array


def rescaled(X: Float64Array, low: Float64Array, high: Float64Array) -> Float64Array:
    """Each feature's range low .. high becomes 0 .. 1; what lies outside is clipped, a constant feature becomes 0."""
    # Halves, because the range of finite features need not be finite.
    low, high = low / 2, high / 2
    width = np.where(high > low, high - low, np.inf)
    return np.clip((X / 2 - low) / width, 0.0, 1.0)
