"""Arguments as the core wants them: plain numbers and contiguous arrays, or an error that names what was given."""

from __future__ import annotations

import math
import numbers
import operator
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Dict, Iterator, Mapping, Optional, SupportsFloat, Tuple, cast

import numpy as np

from .. import _core
from . import memory
from .arrays import ReadOnly
from .types import Float64Array, Int64Array, PathLike

if TYPE_CHECKING:
    import numpy.typing as npt

#: The largest numbers of the types that the core takes.
INT32, INT64, UINT64 = 2**31 - 1, 2**63 - 1, 2**64 - 1
#: Bytes from which on a copy is made only where memory has room for it: to look takes longer than to copy less.
_LARGE = 1 << 26


def integer(value: Any, name: str, low: float = -math.inf, high: float = math.inf) -> int:
    """An int within [low, high]."""
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is {value!r}; it must be an integer")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {shown(value)}; it must be an integer") from None
    if not low <= number <= high:
        raise ValueError(f"{name} is {number}; it must be {low} .. {high}")
    return number


def real(value: Any, name: str) -> float:
    """A float of any value."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    is_number = isinstance(value, (numbers.Real, np.integer, np.floating))
    if not is_number or isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is {shown(value)}; it must be a number")
    try:
        return float(cast(SupportsFloat, value))
    except OverflowError:
        raise ValueError(f"{name} is too large for float64") from None


def positive(value: Any, name: str, unit: str = "") -> float:
    """A finite float above 0, of a unit that the message names."""
    number = real(value, name)
    if not 0 < number < math.inf:
        raise ValueError(f"{name} is {number!r}; it must be finite and > 0{unit and ' '}{unit}")
    return number


def a_function(loss: Any) -> str:
    """What to do with a function that was given in the place of a loss, for messages."""
    return ": make one of the function by losses.Custom(function)" if callable(loss) and not isinstance(loss, type) else ""


def step(value: Any, name: str, n_steps: float) -> float:
    """Seconds of a time step, so many of which end at a finite time."""
    number = positive(value, name, "seconds")
    if not number * n_steps < math.inf:
        raise ValueError(f"{name} is {number!r}, too long for {n_steps:.0f} steps, which end at inf s; give a shorter one")
    return number


@lru_cache(maxsize=None)
def domains(of: int) -> Dict[str, Dict[str, Any]]:
    """The core's options of a kind by their names there, each with its domain and its default."""
    return {row["name"]: row for row in _core.domains(of)}


def option(value: Any, name: str, of: int, field: Optional[str] = None) -> Any:
    """An int or a float, as the core's option of this name (or of the name `field`) wants it, within its domain.

    None where that leaves the option open.
    """
    row = domains(of)[field or name]
    if value is None and row["is_optional"]:
        return None
    number = integer(value, name) if row["is_whole"] else real(value, name)
    is_above = number >= row["low"] if row["includes_low"] else number > row["low"]
    # As a float, 2^63 - 1 is 2^63.
    is_below = number <= row["high"] if row["includes_high"] else number < row["high"]
    if not (is_above and is_below and (not row["is_whole"] or number <= INT64)):
        raise ValueError(f"{name} is {number}; it must be {row['text']}{', or None' if row['is_optional'] else ''}")
    return number


def boolean(value: Any, name: str) -> bool:
    """A bool: words like "no" would count as true."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is {shown(value)}; it must be True or False")
    return bool(value)


def array(
    values: Any, dtype: Any, name: str, ndim: int | None = None, limits: Optional[Tuple[int, int]] = None
) -> npt.NDArray[Any]:
    """A contiguous array of `dtype`, without a copy where that can be.

    Where integers are wanted, any integers that fit will do, and floats that are whole numbers. `limits`: what errors name as the range if
    not all that fit are allowed; whoever takes the array looks at that.
    """
    wanted = np.dtype(dtype)
    found = numbers_of(values, name)
    has_others = found.dtype != wanted
    may_fit = wanted.kind == "i" and found.dtype.kind in "iuf"
    if has_others and not (may_fit or _can_cast(found.dtype, wanted)):
        raise TypeError(f"{name} has dtype {found.dtype}, which does not cast safely to {wanted}; {_conversion(found, wanted)}")
    if ndim is not None and found.ndim != ndim:
        raise ValueError(f"{name} has {found.ndim} dimensions, shape {found.shape}; it must have {ndim}")
    if has_others and may_fit:
        _must_fit(found, wanted, name, limits)
    if found.size * wanted.itemsize > _LARGE and not (found.dtype == wanted and found.flags.c_contiguous):
        fewer = f"give fewer at a time, or a contiguous array of {wanted}, which is not copied"
        memory.must_fit(float(found.size) * wanted.itemsize, f"{name}, shape {found.shape}, as {wanted}", fewer)
    laid = np.asarray(found, dtype=wanted, order="C")
    return laid if laid.flags.aligned else laid.copy()


def numbers_of(values: Any, name: str) -> npt.NDArray[Any]:
    """An array of whatever type the values are."""
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array, whose mask would be lost; fill or leave out what is masked")
    try:
        return np.asarray(values)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{name} is not an array of numbers: {error}") from None


def one_each(values: Any, name: str, n_samples: int, what: str = "elements") -> None:
    """Raises unless there is one of them for each sample; `what` they are, for the message."""
    try:
        count = len(values)
    except TypeError:
        count = 1
    if count != n_samples:
        raise ValueError(f"{name} has {count} {what} for {n_samples} samples; give one each")


def executor(value: Any) -> Any:
    """What runs work elsewhere, as those of concurrent.futures do."""
    if isinstance(value, type) or not callable(getattr(value, "submit", None)):
        raise TypeError(f"executor is {shown(value)}; it must be a concurrent.futures.Executor")
    return value


def each(values: Any, name: str, what: str) -> Iterator[Any]:
    """One after another of what must be a sequence."""
    try:
        return iter(values)
    except TypeError:
        raise TypeError(f"{name} is {shown(values)}; it must be a sequence of {what}") from None


def _conversion(found: npt.NDArray[Any], wanted: np.dtype[Any]) -> str:
    """How values that do not cast safely come to be of the wanted type."""
    by = f".astype({'' if wanted == np.bool_ else 'np.'}{wanted})"
    if found.dtype.kind in "mM":
        unit = "timedelta64[us]" if found.dtype.kind == "m" else "datetime64[us]"
        return f"convert it, for example to microseconds by .astype('{unit}'){by}"
    if found.dtype.kind in "OSUV":
        # Of words no type makes numbers, and of None it makes NaN.
        try:
            found.astype(wanted)
        except (TypeError, ValueError):
            return "give numbers"
        if found.dtype.kind == "O" and any(own is None for own in found.flat):
            return "give numbers in the place of None"
    return f"convert it, for example by {by}"


def _can_cast(found: np.dtype[Any], wanted: np.dtype[Any]) -> bool:
    return found.kind in "biuf" and np.can_cast(found, wanted, "safe")


def _must_fit(found: npt.NDArray[Any], wanted: np.dtype[Any], name: str, limits: Optional[Tuple[int, int]]) -> None:
    """Raises, naming the first value, unless every one is a whole number that the wanted type holds."""
    held = np.iinfo(wanted)
    # As floats, 2^63 - 1 would be 2^63.
    fits = (found >= held.min) & (found < float(held.max) + 1 if found.dtype.kind == "f" else found <= held.max)
    if found.dtype.kind == "f":
        fits &= np.floor(found) == found
    if not fits.all():
        value = found[~fits].ravel()[0].item()
        low, high = (held.min, held.max) if limits is None else limits
        raise ValueError(f"{name} has the value {value!r}; all must be whole numbers {low} .. {high}")


def shape(values: npt.NDArray[Any], wanted: tuple[int, ...], name: str) -> None:
    """Raises unless an array has the wanted shape."""
    if values.shape != wanted:
        raise ValueError(f"{name} has shape {values.shape}; it must have {wanted}")


def labels(values: Any, name: str = "y") -> Int64Array:
    """Class labels, one per sample."""
    found = numbers_of(values, name)
    if found.dtype.kind in "OSU":
        numbered = f"np.unique({name}, return_inverse=True)[1] numbers classes that have names"
        raise TypeError(f"{name} has dtype {found.dtype}; labels are whole numbers from 0, and {numbered}")
    return array(found, np.int64, name, ndim=1)


def is_one_hot(values: npt.NDArray[Any]) -> bool:
    """Whether each of some rows of two or more is 1 once and else 0."""
    is_wide = values.ndim == 2 and values.shape[1] > 1 and len(values) > 0
    return is_wide and bool(((values == 0) | (values == 1)).all() and (np.count_nonzero(values, axis=1) == 1).all())


def labels_or_targets(
    values: Any, n_samples: int, n_outputs: int, name: str = "y"
) -> tuple[Optional[Int64Array], Optional[Float64Array]]:
    """Class labels, or in their place a number per sample and output."""
    if np.ndim(values) > 2:
        raise ValueError(f"{name} has shape {np.shape(values)}; labels must have ({n_samples},), targets ({n_samples}, {n_outputs})")
    if np.ndim(values) != 2:
        given = np.asarray(values)
        if given.ndim == 1 and given.dtype.kind == "f" and not (given == np.floor(given)).all():
            raise ValueError(
                f"{name} has shape {given.shape} and numbers that are not whole; give whole numbers as labels, or targets of shape "
                f"({n_samples}, {n_outputs})"
            )
        return labels(values, name), None
    targets = array(values, np.float64, name, ndim=2)
    if targets.shape == (n_samples, 1) and n_outputs > 1:
        raise ValueError(f"{name} has shape {targets.shape}; give labels, {name}.ravel(), or targets of shape ({n_samples}, {n_outputs})")
    shape(targets, (n_samples, n_outputs), name)
    return None, targets


def weights(values: Any, n_samples: int, name: str = "sample_weight") -> Optional[Float64Array]:
    """One number per sample, or None."""
    if values is None:
        return None
    own = array(values, np.float64, name, ndim=1)
    shape(own, (n_samples,), name)
    return own


def pair(value: Any, name: str, parts: str) -> tuple[Any, Any]:
    """The two parts of a tuple or list."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise TypeError(f"{name} is {shown(value)}; it must be a pair {parts}, or None")
    return value[0], value[1]


def progress(value: Any) -> None:
    """A progress callable."""
    if value is not None and not callable(value):
        raise TypeError(f"progress is {shown(value)}; it must be callable, or None")


def function(value: Any, name: str) -> Any:
    """A callable."""
    if not callable(value):
        raise TypeError(f"{name} is {shown(value)}; it must be callable")
    return value


def named(function: Any) -> str:
    """What a callable is called, for messages."""
    return str(getattr(function, "__qualname__", None) or type(function).__qualname__)


def path(value: PathLike, name: str = "path") -> bytes:
    """A path as the operating system spells it."""
    try:
        encoded = os.fsencode(value)
    except TypeError:
        raise TypeError(f"{name} is {shown(value)}; it must be a path") from None
    except UnicodeEncodeError as error:
        raise ValueError(f"{name} cannot be a file name: {error}") from None
    if not encoded:
        raise ValueError(f"{name} is empty; give the name of a file")
    if b"\0" in encoded:
        raise ValueError(f"{name} holds a null character; no file can have such a name")
    return encoded


def choice(value: Any, name: str, known: Mapping[Optional[str], int]) -> int:
    """The code of one of the known words."""
    if (value is None or isinstance(value, str)) and value in known:
        return known[value]
    *others, last = map(repr, known)
    raise ValueError(f"{name} is {shown(value)}; it must be {', '.join(others)} or {last}")


def read_only(values: npt.NDArray[Any], remedy: Optional[str] = None) -> npt.NDArray[Any]:
    """A view of an array, protected against assignment, whose error names the remedy."""
    values.flags.writeable = False
    view = values.view(ReadOnly)
    if remedy is not None:
        view._remedy = remedy
    return view


def shown(value: Any) -> str:
    """A value for a message: one line, not too long."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "..."
