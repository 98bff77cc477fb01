"""What a search draws parameters from: ranges, lists of choices, and objects built from drawn numbers."""

from __future__ import annotations

import hashlib
import math
import numbers
import re
from typing import Any, Callable, ClassVar, Dict, List, Mapping, Union

import numpy as np

from .._spikes import SpikeTrains
from .._support import checks
from .._support.values import Value

Number = Union[int, float]
#: Far more than rounding changes in a drawn number, as a part of it, or of its range.
_ROUNDING = 1e-9


class Uniform(Value):
    """A range to search evenly; between two integers, integers are drawn.

    The tuple ``(low, high)`` means the same.

    Parameters
    ----------
    low, high : int or float
        Both included.

    Raises
    ------
    ValueError, TypeError
        If the bounds are no finite numbers in this order.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.Uniform(5e-3, 40e-3), sp.Uniform(10, 300)
    (Uniform(low=0.005, high=0.04), Uniform(low=10, high=300))
    """

    low: Number
    high: Number
    _is_log: ClassVar[bool] = False

    def __init__(self, low: Number, high: Number) -> None:
        whole = all(isinstance(bound, numbers.Integral) and not isinstance(bound, bool) for bound in (low, high))
        for name, bound in (("low", low), ("high", high)):
            self.__dict__[name] = checks.integer(bound, name) if whole else checks.real(bound, name)
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.high):
            raise ValueError(f"the range {self!r} is empty or not finite; it needs low <= high")
        if self._is_log and self.low <= 0:
            raise ValueError(f"low is {self.low}; a range that is searched by magnitude must begin above 0")


class LogUniform(Uniform):
    """A range to search evenly by magnitude: 0.001 to 0.01 as often as 0.01 to 0.1; integers between integers.

    Parameters
    ----------
    low, high : int or float
        Both included, low > 0.

    Raises
    ------
    ValueError, TypeError
        If the bounds are no finite numbers above 0 in this order.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.LogUniform(1e-4, 1e-1)
    LogUniform(low=0.0001, high=0.1)
    """

    _is_log = True


class Build:
    """An object built from drawn numbers: a loss, an engine, or what a function of yours makes of them.

    Parameters
    ----------
    make : callable
        Called with the drawn values by name.
    **space
        What to draw, as in `search`; anything that is neither a range nor a list is handed on as it is.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.Build(sp.losses.TTFSCrossEntropy, tau0=sp.LogUniform(1e-4, 1e-2), alpha=0.0)
    Build(spinnprop.losses.TTFSCrossEntropy, tau0=LogUniform(low=0.0001, high=0.01), alpha=0.0)
    """

    __slots__ = ("make", "space")

    def __init__(self, make: Callable[..., Any], **space: Any) -> None:
        if not callable(make):
            raise TypeError(f"make is {checks.shown(make)}; it must be callable")
        self.make = make
        self.space = {name: _part(name, part) for name, part in space.items()}
        if not any(map(_is_drawn, self.space.values())):
            raise ValueError(f"{self!r} draws nothing; give it a range or a list, or build the object beforehand")

    def __repr__(self) -> str:
        parts = [describe(self.make), *(f"{name}={describe(part)}" for name, part in self.space.items())]
        return f"Build({', '.join(parts)})"


def checked(space: Any) -> Dict[str, Any]:
    """A space with every tuple made a range; raises unless all of it can be drawn from."""
    if not isinstance(space, Mapping) or not space:
        raise TypeError(f"space is {checks.shown(space)}; it must be a dict from parameters to what to draw")
    parts = {name: _part(name, part) for name, part in space.items()}
    for name, part in parts.items():
        if not _is_drawn(part):
            raise TypeError(
                f"space[{name!r}] is {checks.shown(part)}; it must be a range (low, high), a Uniform or LogUniform, "
                "a list of choices or a Build; what does not vary belongs to the estimator"
            )
    return parts


def _is_drawn(part: Any) -> bool:
    """Whether part of a space is drawn, or a constant."""
    return isinstance(part, (Uniform, Build, list))


def _part(name: str, part: Any) -> Any:
    if isinstance(part, tuple):
        if len(part) != 2:
            raise ValueError(f"space[{name!r}] is {checks.shown(part)}; a range is (low, high), choices are a list")
        try:
            return Uniform(*part)
        except (ValueError, TypeError) as error:
            raise type(error)(f"space[{name!r}]: {error}") from None
    if isinstance(part, list) and len({describe(choice) for choice in part}) < max(1, len(part)):
        raise ValueError(f"space[{name!r}] is {checks.shown(part)}; it must list different choices")
    return part


def draw(trial: Any, space: Mapping[str, Any]) -> Dict[str, Any]:
    """The parameters of an Optuna trial: numbers, choices and built objects by name."""
    return {name: _draw(trial, name, part) for name, part in space.items()}


def _draw(trial: Any, name: str, part: Any) -> Any:
    if isinstance(part, Build):
        return part.make(**{inner: _draw(trial, f"{name}.{inner}", value) for inner, value in part.space.items()})
    if isinstance(part, list):
        labels = _labels(part)
        return part[labels.index(trial.suggest_categorical(name, labels))]
    if isinstance(part, Uniform):
        suggest = trial.suggest_int if isinstance(part.low, int) else trial.suggest_float
        return suggest(name, part.low, part.high, log=part._is_log)
    return part


class Drawn:
    """In the place of an Optuna trial: gives what was drawn before, by name. Raises ValueError for what the space cannot have given."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._params = params

    def suggest_int(self, name: str, low: Number, high: Number, log: bool) -> Any:
        """A number of a range."""
        value = self._of(name)
        # Drawn by way of logarithms and normal deviates, it may lie beyond a bound by what rounding leaves.
        slack = _ROUNDING * abs(value) if log else _ROUNDING * high - _ROUNDING * low
        if not low - slack <= value <= high + slack:
            raise ValueError(f"the parameter {name!r} is {checks.shown(value)}; it must be {low} to {high}")
        return value

    suggest_float = suggest_int

    def suggest_categorical(self, name: str, labels: List[Any]) -> Any:
        """One of a list."""
        value = self._of(name)
        if value not in labels:
            raise ValueError(f"the parameter {name!r} is {checks.shown(value)}; it must be one of {checks.shown(labels)}")
        return value

    def _of(self, name: str) -> Any:
        if name not in self._params:
            raise ValueError(f"there is no parameter {name!r}")
        return self._params[name]


def _labels(choices: List[Any]) -> List[Any]:
    """What stands for the choices in a study, which stores numbers and text, not objects."""
    kinds = {type(choice) for choice in choices}
    return choices if len(kinds) == 1 and kinds <= {int, float, str} else [describe(choice) for choice in choices]


def describe(value: Any) -> str:
    """Text that is the same for the same value in another process."""
    if isinstance(value, np.ndarray):
        return f"array{value.shape} {digest(value)}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {describe(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(describe, value))}]"
    if type(value) is tuple:
        return f"({', '.join(map(describe, value))}{',' * (len(value) == 1)})"
    if isinstance(value, np.generic):
        return repr(value.item())
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def digest(values: Any) -> str:
    """A short checksum of the values of an array, or of spike trains."""
    if isinstance(values, SpikeTrains):
        return " ".join(digest(own) for own in values._arrays)
    array = np.asarray(values)
    if array.dtype == object:
        array = array.astype(str)
    content = f"{array.shape} {array.dtype}".encode() + np.ascontiguousarray(array).tobytes()
    return hashlib.sha256(content).hexdigest()[:16]
