"""What all engines have in common."""

from __future__ import annotations

import os
from typing import Any, ClassVar, Dict, Optional, Tuple

from .. import _core, losses
from .._support.values import Value
from .grid import TimeGrid


def code_of(name: str) -> int:
    """The core's number of the engine of a name."""
    code: int = getattr(_core, "ENGINE_" + name.upper().replace("-", "_"))
    return code


class BaseEngine(Value):
    """What all engines have in common; make one of its subclasses."""

    __slots__ = ("_core_engine",)
    name: ClassVar[str]
    _core_engine: Tuple[int, object]

    def __init__(self) -> None:
        if type(self) is BaseEngine:
            raise TypeError("BaseEngine is what all engines have in common; make one of its subclasses, as EventEngine()")
        self._make()

    def _make(self) -> None:
        """Makes the core's engine, which checks the options."""
        object.__setattr__(self, "_core_engine", (os.getpid(), self._made()))

    def _made(self) -> object:
        return _core.engine_create(code_of(self.name))

    @property
    def _handle(self) -> object:
        """The one core engine; another in a forked child, where a run may have been cut short."""
        if self._core_engine[0] != os.getpid():
            self._make()
        return self._core_engine[1]

    @property
    def _grid(self) -> Optional[TimeGrid]:
        """The time steps it runs on; None in continuous time."""
        return None

    def _report(self) -> Dict[str, Any]:
        """What an estimator's report has to say of what ran on it: its "account", "energy" (J) and "time" (s) of a sample."""
        return {}

    def _default_loss(self, network: object) -> losses.Loss:
        """The loss to use for a network, the core's handle, unless one is given."""
        return losses._from_fields(_core.engine_loss(self._handle, network))

    def _setting(self, network: Optional[object] = None) -> Dict[str, float]:
        """What suits training a network on it unless told otherwise: see spinnprop_setting."""
        return _core.engine_setting(self._handle, network)
