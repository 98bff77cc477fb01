"""Training on an emulated SpiNNaker2: chips, boards, the engine, its account, what fits, and networks for the real chip."""

from .._support.public import only
from ._account import Account
from ._chip import Board, Chip
from ._engine import Engine
from ._export import Export, export
from ._fit import Fit, fit
from ._scales import learn_scales

__all__ = ["Account", "Board", "Chip", "Engine", "Export", "Fit", "export", "fit", "learn_scales"]
__dir__ = only(__all__)
