"""Numbers of NIR's nodes: checked, in float64, and to the last bit where a file keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple

import numpy as np

from .._spikes import _PER_SECOND
from .._support import checks
from .._support.types import Float64Array

if TYPE_CHECKING:
    import numpy.typing as npt

#: Numbers of a node's metadata: what the network had where the node's own number is scaled, and so rounded.
EXACT = "exact_"
#: Likewise, the unit of the node's times, where it is not the second.
TIME_UNIT = "time_unit"
#: How far a scaled number scaled back may be from what it was, relative: some roundings.
_ROUNDINGS = 16 * np.finfo(np.float64).eps


def per_second(time_unit: Any) -> float:
    """How many of a unit of time a second has."""
    if not isinstance(time_unit, str) or time_unit not in _PER_SECOND:
        raise ValueError(f"time_unit is {checks.shown(time_unit)}; it must be {', '.join(map(repr, _PER_SECOND))}")
    return _PER_SECOND[time_unit]


def noted_unit(nodes: Dict[str, Any]) -> str:
    """The unit of time that the nodes' metadata name; seconds where they name none.

    Raises
    ------
    ValueError
        If they name several, or another than those that there are.
    """
    found: Dict[str, str] = {}
    for name, node in nodes.items():
        unit = _metadata(node).get(TIME_UNIT)
        if isinstance(unit, bytes):
            # As files have it.
            unit = unit.decode(errors="replace")
        if unit is None:
            continue
        if not isinstance(unit, str) or unit not in _PER_SECOND:
            raise ValueError(f"time_unit in the metadata of node {name!r} is {checks.shown(unit)}; give from_nir the time_unit: 's', say")
        found.setdefault(unit, name)
    if len(found) > 1:
        raise ValueError(f"nodes have times in several units by their metadata, {checks.shown(found)}; bring them to one, and give from_nir that as time_unit")
    return next(iter(found), "s")


def parameter(node: Any, name: str, field: str) -> Float64Array:
    """A node's parameter: real and finite numbers, whatever their type."""
    return finite(node, f"node {name!r}", field)


def finite(owner: Any, called: str, field: str) -> Float64Array:
    """The same of whatever has such a field."""
    values = real(owner, called, field)
    if not np.isfinite(values).all():
        value = values[~np.isfinite(values)].ravel()[0]
        raise ValueError(f"{field} of {called} has the value {value}; all must be finite")
    return values


def real(owner: Any, called: str, field: str) -> Float64Array:
    """Likewise, infinite ones too."""
    found = _array(owner, called, field, None)
    if found.dtype.kind not in "biuf":
        raise ValueError(f"{field} of {called} has dtype {found.dtype}; it must be an array of real numbers")
    return found.astype(np.float64)


def shape_of(node: Any, name: str, field: str) -> Tuple[int, ...]:
    """A parameter's; () of one that the node has not."""
    return _array(node, f"node {name!r}", field, 0.0).shape


def _array(owner: Any, called: str, field: str, default: Optional[float]) -> npt.NDArray[Any]:
    try:
        return np.asarray(getattr(owner, field, default))
    except (ValueError, RuntimeError, TypeError) as error:
        # Lists of unequal length, tensors that take part in a gradient.
        raise ValueError(f"{field} of {called} is no array: {checks.shown(str(error))}") from None


def per_channel(values: Float64Array, n: int, what: str) -> Float64Array:
    """One number for each of n channels: a single number without dimensions stands for all."""
    if values.ndim == 0:
        return np.full(n, values)
    checks.shape(values, (n,), what)
    return values


def scaled_back(node: Any, field: str, values: Float64Array) -> Float64Array:
    """Numbers that had been scaled: those of the node's metadata where these are the same but for roundings."""
    kept = _kept(node, field, values.shape)
    if kept is None:
        return values
    return np.where(np.abs(kept - values) <= _ROUNDINGS * np.abs(kept), kept, values)


def _kept(node: Any, field: str, shape: Tuple[int, ...]) -> Optional[Float64Array]:
    kept = _metadata(node).get(EXACT + field)
    if not isinstance(kept, np.ndarray) or kept.dtype != np.float64 or kept.shape != shape or not np.isfinite(kept).all():
        return None
    return kept


def _metadata(node: Any) -> Dict[str, Any]:
    metadata = getattr(node, "metadata", None)
    return metadata if isinstance(metadata, dict) else {}
