"""Training on an emulated SpiNNaker2: chips, boards, the engine, and what fits."""

from ._chip_engine import Board, Chip, Engine
from ._chip_fit import Fit, fit

__all__ = ["Board", "Chip", "Engine", "Fit", "fit"]
