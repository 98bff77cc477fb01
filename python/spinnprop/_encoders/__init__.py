"""The encoders as functions, for the other parts of the package; users have them from `encoding`."""

from .ceiling import ceiling
from .latency import latency, latency_grid
from .population import population
from .rates import bernoulli, poisson
from .signals import delta_modulation, level_crossing

__all__ = ["bernoulli", "ceiling", "delta_modulation", "latency", "latency_grid", "level_crossing", "poisson", "population"]
