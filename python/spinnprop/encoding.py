"""Encoders: numbers become spike times. Functions, and scikit-learn transformers of the same names in capitals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._encoders import bernoulli, ceiling, delta_modulation, latency, latency_grid, level_crossing, poisson, population
from ._support.public import only

if TYPE_CHECKING:
    from ._estimators.encoders import (
        Bernoulli,
        DeltaModulation,
        Latency,
        LatencyGrid,
        LevelCrossing,
        Poisson,
        Population,
    )

__all__ = [
    "Bernoulli",
    "DeltaModulation",
    "Latency",
    "LatencyGrid",
    "LevelCrossing",
    "Poisson",
    "Population",
    "bernoulli",
    "ceiling",
    "delta_modulation",
    "latency",
    "latency_grid",
    "level_crossing",
    "poisson",
    "population",
]
__dir__ = only(__all__)


def __getattr__(name: str) -> object:
    """The transformers: scikit-learn is imported when the first of them is used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ._support.optional import need

    need("sklearn", f"encoding.{name}", "sklearn")
    from ._estimators import encoders

    value = globals()[name] = getattr(encoders, name)
    return value
