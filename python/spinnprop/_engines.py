"""Engines: what a network runs on. Names stand for an engine with its default options."""

from __future__ import annotations

from typing import Any, ClassVar, Dict, Optional, Type, Union

from . import _checks, _core, losses
from ._values import Value

_DECAYS: Dict[Optional[str], int] = {"exponential": _core.DECAY_EXPONENTIAL, "euler": _core.DECAY_EULER}


class Engine(Value):
    """What all engines have in common; make one of its subclasses."""

    name: ClassVar[str]
    _kind: ClassVar[int]
    #: Whether `_chip` can tell what a sample takes on an emulated chip.
    _has_chip: ClassVar[bool] = False

    def __init__(self) -> None:
        if type(self) is Engine:
            raise TypeError("Engine is what all engines have in common; make one of its subclasses, as EventEngine()")

    @property
    def _handle(self) -> object:
        """The core's engine."""
        return _core.engine_create(self._kind)

    @property
    def _grid(self) -> Optional[ClockEngine]:
        """The time steps it runs on; None in continuous time."""
        return None

    def _options(self) -> Dict[str, Any]:
        """What it was made with, as the core takes it."""
        return dict(vars(self))

    def _costs(self) -> Dict[str, Any]:
        """What an estimator's report has to say of what ran on it: an account, "energy" (J) and "time" (s) of a sample."""
        return {}

    def _chip(self, batch_size: int) -> Engine:
        """An emulated chip with the same grid and an account of its own, laid out for batches of this size."""
        raise NotImplementedError

    def _default_loss(self, readout: int) -> losses.Loss:
        """The loss to use unless one is given."""
        return losses._from_fields(_core.engine_loss(self._handle, readout))

    @property
    def _setting(self) -> Dict[str, float]:
        """What suits training on it unless told otherwise: see spinnprop_setting."""
        return _core.engine_setting(self._handle)


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
    _kind = _core.ENGINE_EVENT


class ClockEngine(Engine):
    """In time steps and float32, bit for bit what an emulated SpiNNaker2 computes. ``engine="clock"``.

    Input spikes come at the nearest step, delays are whole steps, a spike of one step acts in the next. Output spikes come at
    whole steps times time_step. Gradients are a discretisation of the exact ones, with tau_syn in steps. Input past the last
    step, and any t_end, are errors.

    Parameters
    ----------
    time_step : float
        Seconds from one step to the next, > 0.
    steps : int
        Of a run, the one at time 0 included; at least 2.
    decay : "exponential" or "euler"
        How neurons decay in a step: by e^(-time_step / tau), or by 1 - time_step / tau.
    copies : int
        Gradients are summed as a chip sums them that holds so many copies of the network; those beyond a batch's samples are idle.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its domain.

    Notes
    -----
    The public training code of arXiv 2412.15021.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(20)
    >>> net = sp.Network([5, 30, 3], seed=1)
    >>> rec = net.forward(sp.encoding.latency_grid(X, steps=40), engine=sp.ClockEngine(steps=40))
    >>> value, grad = net.gradient(rec, sp.losses.StepTTFSCrossEntropy(), y)
    """

    name = "clock"
    _kind = _core.ENGINE_CLOCK
    _has_chip = True
    time_step: float
    steps: int
    decay: str
    copies: int

    def __init__(
        self, time_step: float = 1e-3, steps: int = 27, decay: str = "exponential", copies: int = 1
    ) -> None:
        self._set(time_step=time_step)
        _checks.choice(decay, "decay", _DECAYS)
        self.__dict__.update(
            steps=_checks.integer(steps, "steps", 2, 2**31 - 1),
            decay=decay,
            copies=_checks.integer(copies, "copies", 1, 2**31 - 1),
        )
        _core.clock_create(self._options())

    @property
    def _handle(self) -> object:
        return _core.clock_create(self._options())

    @property
    def _grid(self) -> ClockEngine:
        return self

    def _options(self) -> Dict[str, Any]:
        return {**super()._options(), "decay": _DECAYS[self.decay]}

    def _chip(self, batch_size: int) -> Engine:
        from . import spinnaker2

        grid = {name: getattr(self, name) for name in ("time_step", "steps", "decay")}
        return spinnaker2.Engine(**grid, batch_size=batch_size)


_ENGINES: Dict[str, Type[Engine]] = {engine.name: engine for engine in (EventEngine, ClockEngine)}

#: What every `engine` parameter takes.
EngineLike = Union[str, Engine]


def resolve(engine: EngineLike) -> Engine:
    """The engine a name or an object stands for."""
    if isinstance(engine, Engine):
        return engine
    if isinstance(engine, str) and engine in _ENGINES:
        return _ENGINES[engine]()
    raise ValueError(f"engine is {engine!r}; this version has {', '.join(map(repr, _ENGINES))}, or an engine object")


def name_of(info: Dict[str, Any]) -> str:
    """The name of an engine as the core describes it."""
    return next(name for name, engine in _ENGINES.items() if engine._kind == info["kind"])


def grid_of(info: Dict[str, Any]) -> Optional[ClockEngine]:
    """The time steps of an engine as the core describes it; None in continuous time."""
    if info["steps"] == 0:
        return None
    decay = next(name for name, code in _DECAYS.items() if name and code == info["decay"])
    return ClockEngine(info["time_step"], info["steps"], decay, info["copies"])
