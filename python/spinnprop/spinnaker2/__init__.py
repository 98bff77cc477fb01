"""Training on an emulated SpiNNaker2: chips, boards, the engine, its account, and what fits."""

from .._support.public import only
from ._account import Account
from ._chip import Board, Chip
from ._engine import Engine
from ._fit import Fit, fit

__all__ = ["Account", "Board", "Chip", "Engine", "Fit", "fit"]
__dir__ = only(__all__)
