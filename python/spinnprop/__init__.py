"""Exact, event-based training of spiking neural networks."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import brainscales2, callbacks, datasets, encoding, executors, losses, meta, plot, sparse, spinnaker2
    from . import torch as torch
    from ._biograd import BioGrad
    from ._core import SpinnpropError
    from ._engines.base import BaseEngine
    from ._engines.clock import ClockEngine
    from ._engines.event import EventEngine
    from ._engines.first_spike import FirstSpikeEngine
    from ._estimators.biograd import BioGradClassifier
    from ._estimators.regressor import SpikingRegressor
    from ._estimators.spiking import SpikingClassifier
    from ._files import load, save
    from ._gradients import Gradients
    from ._library import __version__, get_threads, set_threads
    from ._network import Network
    from ._nir.reading import from_nir
    from ._nir.writing import to_nir
    from ._recording import Recording
    from ._search.result import SearchResult
    from ._search.search import search
    from ._search.space import Build, LogUniform, Uniform
    from ._spikes import SpikeTrains
    from ._trainer import Trainer

__all__ = [
    "BaseEngine",
    "BioGrad",
    "BioGradClassifier",
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
    "SpikingRegressor",
    "SpinnpropError",
    "Trainer",
    "Uniform",
    "__version__",
    "brainscales2",
    "callbacks",
    "datasets",
    "encoding",
    "executors",
    "from_nir",
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
    "to_nir",
]

#: Where each name is; modules are named alike, "torch" too, which `from spinnprop import *` leaves out: it would hide PyTorch itself.
#: What is used alone is imported, when it is first used: a command ends quietly at
#: Ctrl-C even while numpy is imported, and nobody waits for what needs scikit-learn, matplotlib or Optuna.
_HOMES = {
    "BaseEngine": "._engines.base",
    "BioGrad": "._biograd",
    "BioGradClassifier": "._estimators.biograd",
    "Build": "._search.space",
    "ClockEngine": "._engines.clock",
    "EventEngine": "._engines.event",
    "FirstSpikeEngine": "._engines.first_spike",
    "Gradients": "._gradients",
    "LogUniform": "._search.space",
    "Network": "._network",
    "Recording": "._recording",
    "SearchResult": "._search.result",
    "SpikeTrains": "._spikes",
    "SpikingClassifier": "._estimators.spiking",
    "SpikingRegressor": "._estimators.regressor",
    "SpinnpropError": "._core",
    "Trainer": "._trainer",
    "Uniform": "._search.space",
    "__version__": "._library",
    "from_nir": "._nir.reading",
    "get_threads": "._library",
    "load": "._files",
    "save": "._files",
    "search": "._search.search",
    "set_threads": "._library",
    "to_nir": "._nir.writing",
    **{module: f".{module}" for module in ("brainscales2", "callbacks", "datasets", "encoding", "executors", "losses", "meta", "plot", "sparse", "spinnaker2")},
    "torch": ".torch",
}


def __dir__() -> "list[str]":
    return sorted([*__all__, "torch"])


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'spinnprop' has no attribute {name!r}")
    from importlib import import_module

    module = import_module(_HOMES[name], __name__)
    value = globals()[name] = module if _HOMES[name] == f".{name}" else getattr(module, name)
    return value
