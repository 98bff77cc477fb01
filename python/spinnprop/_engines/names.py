"""Names stand for an engine with its default options."""

from __future__ import annotations

from importlib import import_module
from typing import Dict, Type, Union

from .base import BaseEngine, code_of

#: Where each engine is; it is imported when it is first asked for.
ENGINES: Dict[str, str] = {
    "event": "spinnprop._engines.event:EventEngine",
    "clock": "spinnprop._engines.clock:ClockEngine",
    "spinnaker2": "spinnprop.spinnaker2:Engine",
    "brainscales2": "spinnprop.brainscales2:Engine",
    "first-spike": "spinnprop._engines.first_spike:FirstSpikeEngine",
}

#: What every `engine` parameter takes.
EngineLike = Union[str, BaseEngine]


def kind_of(name: str) -> Type[BaseEngine]:
    """The class of the engine of a name."""
    module, _, kind = ENGINES[name].partition(":")
    found: Type[BaseEngine] = getattr(import_module(module), kind)
    return found


def resolve(engine: EngineLike) -> BaseEngine:
    """The engine a name or an object stands for."""
    if isinstance(engine, BaseEngine):
        return engine
    if isinstance(engine, str) and engine in ENGINES:
        return kind_of(engine)()
    raise ValueError(f"engine is {engine!r}; this version has {', '.join(map(repr, ENGINES))}, or an engine object")


def name_of(code: int) -> str:
    """The name of the engine of the core's number."""
    return next(name for name in ENGINES if code_of(name) == code)
