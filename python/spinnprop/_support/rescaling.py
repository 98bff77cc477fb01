"""Features brought to [0, 1], what latency codes take."""

from __future__ import annotations

import numpy as np

from .types import Float64Array


def rescaled(X: Float64Array, low: Float64Array, high: Float64Array) -> Float64Array:
    """Each feature's range low .. high becomes 0 .. 1; what lies outside is clipped, a constant feature becomes 0."""
    with np.errstate(over="ignore"):
        # Halves where the range of finite features is not finite; of the smallest numbers there are none.
        scale = np.where((high > low) & np.isfinite(high - low), 1.0, 0.5)
        width = np.where(high > low, high * scale - low * scale, np.inf)
        return np.clip((X * scale - low * scale) / width, 0.0, 1.0)
