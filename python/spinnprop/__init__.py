"""Exact, event-based training of spiking neural networks."""

from typing import TYPE_CHECKING

from . import datasets, encoding, losses
from ._core import SpinnpropError
from ._engines.base import BaseEngine
from ._engines.clock import ClockEngine
from ._engines.event import EventEngine
from ._engines.first_spike import FirstSpikeEngine
from ._files import load, save
from ._gradients import Gradients
from ._library import __version__, get_threads, set_threads
from ._network import Network
from ._recording import Recording
from ._spikes import SpikeTrains
from ._support.public import only
from ._trainer import Trainer

if TYPE_CHECKING:
    from . import meta, plot, sparse, spinnaker2
    from ._estimators.spiking import SpikingClassifier
    from ._search.result import SearchResult
    from ._search.search import search
    from ._search.space import Build, LogUniform, Uniform

__all__ = [
    "BaseEngine",
    "Build",
    "ClockEngine",
    "EventEngine",
    "FirstSpikeEngine",
    "Gradients",
    "LogUniform",
    "Network",
    "Recording",
    "SearchResult",
    "SpikeTrains",
    "SpikingClassifier",
    "SpinnpropError",
    "Trainer",
    "Uniform",
    "__version__",
    "datasets",
    "encoding",
    "get_threads",
    "load",
    "losses",
    "meta",
    "plot",
    "save",
    "search",
    "set_threads",
    "spinnaker2",
    "sparse",
]
__dir__ = only(__all__)

# What needs scikit-learn, matplotlib or Optuna, or is seldom needed, is imported when first used.
_LATER = {
    "Build": "._search.space",
    "LogUniform": "._search.space",
    "SearchResult": "._search.result",
    "SpikingClassifier": "._estimators.spiking",
    "Uniform": "._search.space",
    "meta": ".meta",
    "plot": ".plot",
    "search": "._search.search",
    "sparse": ".sparse",
    "spinnaker2": ".spinnaker2",
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module 'spinnprop' has no attribute {name!r}")
    from importlib import import_module

    module = import_module(_LATER[name], __name__)
    value = globals()[name] = module if _LATER[name] == f".{name}" else getattr(module, name)
    return value
