"""An emulated BrainScaleS-2: arrays of neurons whose weights programs change while they run."""

from .._support.public import only
from ._array import Account, Array
from ._programs import Processor, RateHomeostasis, RewardModulatedSTDP, StructuralPlasticity

__all__ = ["Account", "Array", "Processor", "RateHomeostasis", "RewardModulatedSTDP", "StructuralPlasticity"]
__dir__ = only(__all__)
