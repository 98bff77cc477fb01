"""The time steps that an engine without continuous time runs on."""

from __future__ import annotations

from typing import Any, Dict, Optional

from .. import _core
from .._support import checks
from .._support.values import Value

_DECAYS: Dict[Optional[str], int] = {"exponential": _core.DECAY_EXPONENTIAL, "euler": _core.DECAY_EULER}


class TimeGrid(Value):
    """Steps of a run, how neurons decay in one, in how many copies of the network gradients are summed, and the bits of weights."""

    time_step: float
    steps: int
    decay: str
    copies: int
    weight_bits: Optional[int]

    def __init__(self, time_step: float, steps: int, decay: str, copies: int, weight_bits: Optional[int] = None) -> None:
        checks.choice(decay, "decay", _DECAYS)
        self.__dict__.update(
            time_step=checks.option(time_step, "time_step", _core.DOMAINS_CLOCK),
            steps=checks.option(steps, "steps", _core.DOMAINS_CLOCK),
            decay=decay,
            copies=checks.option(copies, "copies", _core.DOMAINS_CLOCK),
            weight_bits=checks.option(weight_bits, "weight_bits", _core.DOMAINS_CLOCK),
        )

    @classmethod
    def _of(cls, info: Dict[str, Any]) -> Optional[TimeGrid]:
        """The grid of an engine as the core describes it; None in continuous time."""
        if info["steps"] == 0:
            return None
        decay = next(name for name, code in _DECAYS.items() if name and code == info["decay"])
        return cls(info["time_step"], info["steps"], decay, info["copies"], info["weight_bits"] or None)

    def _options(self) -> Dict[str, Any]:
        """The grid as the core takes it."""
        return {**vars(self), "decay": _DECAYS[self.decay], "weight_bits": self.weight_bits or 0}
