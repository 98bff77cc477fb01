"""What `Network` is made from, as the core wants it."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from .. import _core
from . import checks
from .types import Float64Array, Int32Array

DELAY_KINDS: Dict[Optional[str], int] = {
    None: _core.DELAYS_NONE,
    "synaptic": _core.DELAYS_SYNAPTIC,
    "axonal": _core.DELAYS_AXONAL,
    "dendritic": _core.DELAYS_DENDRITIC,
}
#: Kinds of delays, one for all layers or one for each; where connections are given, one for all of these or one for each.
Delays = Union[None, str, Sequence[Optional[str]]]


def per_neuron(values: Any, name: str) -> Float64Array:
    """A scalar, or one per layer or neuron."""
    wanted = "one number, one per layer, or one per neuron of all layers, as np.concatenate makes of an array for each"
    # Of arrays of different lengths numpy says that they make none.
    if hasattr(values, "__iter__") and not isinstance(values, (str, np.ndarray)) and any(map(np.ndim, values)):
        raise ValueError(f"{name} has an array in the place of a number; give {wanted}")
    array: Float64Array = checks.array(values, np.float64, name)
    if array.ndim > 1 or array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}; give {wanted}")
    return array.reshape(-1)


def per_layer(values: Any, name: str) -> Float64Array:
    array: Float64Array = checks.array(values, np.float64, name, ndim=1)
    if array.size == 0:
        raise ValueError(f"{name} is empty; give one number per layer, or None")
    return array


def population_pairs(values: Any) -> Int32Array:
    """Pairs of populations; which ones there may be, the core knows."""
    ends: Int32Array = checks.array(values, np.int32, "connections")
    if ends.ndim != 2 or ends.shape[1] != 2 or len(ends) == 0:
        raise ValueError(
            f"connections has shape {ends.shape}; give (source, target) for each, as [(0, 1), (0, 2), (1, 2)], or None for a chain"
        )
    return ends


def delay_kinds(values: Any, n_layers: int, ends: Optional[Int32Array]) -> Int32Array:
    """Kinds of delays: one for all layers or connections, or one for each."""
    if not isinstance(values, (list, tuple, np.ndarray)):
        return np.array([checks.choice(values, "delays", DELAY_KINDS)], np.int32)
    n, of = (n_layers, "layer after the input") if ends is None else (len(ends), "connection")
    if getattr(values, "ndim", 1) != 1 or len(values) != n:
        raise ValueError(f"delays is {checks.shown(values)}; give one kind, or one for each {of}, {n}")
    return np.array([checks.choice(kind, f"delays[{place}]", DELAY_KINDS) for place, kind in enumerate(values)], np.int32)


def recurrence(values: Any, name: str, n_hidden: int) -> Int32Array:
    flags = np.asarray(values)
    if flags.dtype != np.bool_ and flags.size > 0:
        raise TypeError(f"{name} is {values!r}; it must be a bool, or one bool per hidden layer")
    if flags.ndim > 1:
        raise ValueError(f"{name} has shape {flags.shape}; give one bool, or one per hidden layer")
    if flags.size == 0:
        if n_hidden > 0:
            raise ValueError(f"{name} is empty; give one bool, or one per hidden layer, {n_hidden}")
        return np.zeros(1, np.int32)
    return np.ascontiguousarray(flags.reshape(-1), np.int32)


def connected(sizes: Int32Array, flags: Int32Array, ends: Optional[Int32Array]) -> List[List[Tuple[int, int]]]:
    """Senders and receivers of each connection that is given; or for each layer those of its feed-forward connection, then of the recurrent
    one, (0, 0) where there is none."""
    counts = sizes.tolist()
    if ends is not None:
        # Which populations there are the core says.
        known = dict(enumerate(counts))
        return [[(known.get(source, 0), known.get(target, 0)) for source, target in ends.tolist()], []]
    hidden = len(counts) - 2
    recurrent = np.resize(flags, hidden).tolist() + [0] if hidden >= 0 else []
    return [list(zip(counts, counts[1:])), [(n * bool(flag),) * 2 for n, flag in zip(counts[1:], recurrent)]]


def constraints(
    name: str, given: Tuple[Any, Any], dtype: Any, shapes: List[List[Tuple[int, ...]]]
) -> Optional[Float64Array]:
    """Arrays of all connections one after another: as these are given, or of those into each layer, then of the recurrent ones."""
    if all(values is None for values in given):
        return None
    of = "layers" if shapes[1] else "connections"
    parts: List[Float64Array] = []
    for prefix, values, wanted in zip(("", "recurrent_"), given, shapes):
        if values is not None and not isinstance(values, (list, tuple)):
            raise TypeError(f"{prefix}{name} is {checks.shown(values)}; give a list of arrays, one per layer, or None")
        if values is not None and not wanted:
            raise ValueError(f"{prefix}{name} is given beside connections; give one of each connection as {name}")
        if values is not None and len(values) != len(wanted):
            raise ValueError(f"{prefix}{name} has {len(values)} elements; give one for each of the {len(wanted)} {of}")
        for layer, shape in enumerate(wanted):
            own = None if values is None else values[layer]
            if own is None:
                own = np.full(shape, dtype == np.bool_, dtype)
            array = checks.array(own, dtype, f"{prefix}{name}[{layer}]")
            checks.shape(array, shape, f"{prefix}{name}[{layer}]")
            parts.append(np.ascontiguousarray(array.reshape(-1), np.float64))
    return np.concatenate(parts)
