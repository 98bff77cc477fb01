"""An emulated BrainScaleS-2: analog chips whose circuits differ, networks that are trained on them in the loop, and arrays of neurons
whose weights programs change while they run."""

from .._support.public import only
from ._array import Account, Array
from ._calibration import calibrate
from ._chip import Chip
from ._engine import Engine
from ._fit import Costs, Fit, account, fit
from ._programs import Processor, RateHomeostasis, RewardModulatedSTDP, StructuralPlasticity

__all__ = [
    "Account",
    "Array",
    "Chip",
    "Costs",
    "Engine",
    "Fit",
    "Processor",
    "RateHomeostasis",
    "RewardModulatedSTDP",
    "StructuralPlasticity",
    "account",
    "calibrate",
    "fit",
]
__dir__ = only(__all__)
