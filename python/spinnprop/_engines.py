"""Engines: what a network runs on. Names stand for an engine with its default options."""

from __future__ import annotations

from typing import Any, ClassVar, Dict, Tuple, Type, Union

from . import _core
from ._values import Value
from .losses import Loss, TTFSCrossEntropy, VMaxCrossEntropy


class Engine(Value):
    """What all engines have in common; make one of its subclasses."""

    name: ClassVar[str]
    _code: ClassVar[int]
    #: The costs of a sample that an estimator's report has for this engine: "energy" (joules), "time" (seconds).
    _estimates: ClassVar[Tuple[str, ...]] = ()

    def __init__(self) -> None:
        if type(self) is Engine:
            raise TypeError("Engine is what all engines have in common; make one of its subclasses, as EventEngine()")

    def _forward_options(self) -> Dict[str, Any]:
        """What this engine sets of the core's forward options."""
        return {"engine": self._code}

    def _default_loss(self, readout: str) -> Loss:
        """The loss the estimator uses unless given one."""
        return VMaxCrossEntropy() if readout == "leaky" else TTFSCrossEntropy()


class EventEngine(Engine):
    """Exact and event-driven, in continuous time: any time constants, delays, recurrence. ``engine="event"``.

    Examples
    --------
    >>> import spinnprop as sp
    >>> net = sp.Network([1, 1])
    >>> net.forward(sp.SpikeTrains([0.0], [0], [0, 1], 1), engine=sp.EventEngine()).engine
    'event'
    """

    name = "event"
    _code = _core.ENGINE_EVENT


_ENGINES: Dict[str, Type[Engine]] = {engine.name: engine for engine in (EventEngine,)}

#: What every `engine` parameter takes.
EngineLike = Union[str, Engine]


def resolve(engine: EngineLike) -> Engine:
    """The engine a name or an object stands for."""
    if isinstance(engine, Engine):
        return engine
    if isinstance(engine, str) and engine in _ENGINES:
        return _ENGINES[engine]()
    raise ValueError(f"engine is {engine!r}; this version has {', '.join(map(repr, _ENGINES))}, or an engine object")


def name_of(code: int) -> str:
    """The name of the engine the core knows by a number."""
    return next(name for name, engine in _ENGINES.items() if engine._code == code)
