"""Encoders: numbers become spike times."""

from __future__ import annotations

from .._support.public import only
from ._ceiling import ceiling
from ._latency import latency, latency_grid
from ._population import population
from ._rates import bernoulli, poisson
from ._signals import delta_modulation, level_crossing

__all__ = ["bernoulli", "ceiling", "delta_modulation", "latency", "latency_grid", "level_crossing", "poisson", "population"]
__dir__ = only(__all__)
