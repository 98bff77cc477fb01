"""Arrays as numbers and texts, for files and pickles."""

from __future__ import annotations

import base64
from typing import Any, Dict, NamedTuple, Optional, Tuple

import numpy as np

from .. import _core
from .._support.types import BoolArray, Float64Array, Int8Array, UInt8Array

_FORMAT = "spinnprop-brainscales2-array-1"


class Made(NamedTuple):
    """What an array was made of, beside its mask and weights."""

    options: Dict[str, Any]
    #: The ten neuron parameters, in the order of the core's.
    parameters: Tuple[Float64Array, ...]
    signs: Optional[UInt8Array]

    @property
    def shape(self) -> Tuple[int, int]:
        """(senders, neurons)"""
        n = self.options["n_neurons"]
        return self.options["n_sources"] + self.options["is_recurrent"] * n, n

    def array(self, mask: Optional[BoolArray]) -> object:
        """A new core array."""
        return _core.brainscales2_array_create(self.options, self.parameters, mask, self.signs)


def content(made: Made, handle: object, mask: BoolArray, weights: Int8Array) -> Dict[str, Any]:
    """An array, as JSON can hold it."""
    state = np.empty(_core.brainscales2_array_state_size(handle), np.uint8)
    _core.brainscales2_array_state(state, handle)
    return {
        "format": _FORMAT,
        "options": made.options,
        "parameters": [values.tolist() for values in made.parameters],
        "signs": None if made.signs is None else made.signs.view(np.int8).tolist(),
        "mask": _text(np.packbits(mask)),
        "weights": _text(weights),
        "state": _text(state),
    }


def restored(found: Any) -> Tuple[Made, object]:
    """What `content` has been made of, and a core array in that state.

    Raises
    ------
    ValueError, TypeError, KeyError, AttributeError
        For anything else.
    """
    options = dict(found["options"])
    if found["format"] != _FORMAT or set(options) != set(_core.brainscales2_array_defaults()):
        raise ValueError("another format")
    signs = None if found["signs"] is None else np.array(found["signs"], np.int8).view(np.uint8)
    made = Made(options, tuple(np.array(values, np.float64, ndmin=1) for values in found["parameters"]), signs)
    bits, size = _bytes(found["mask"]), made.shape[0] * made.shape[1]
    if not isinstance(size, int) or len(bits) != (size + 7) // 8:
        raise ValueError("a mask of another size")
    handle = made.array(np.unpackbits(bits, count=size).view(np.bool_).reshape(made.shape))
    _core.brainscales2_array_set_weights(handle, _bytes(found["weights"]))
    _core.brainscales2_array_set_state(handle, _bytes(found["state"]))
    return made, handle


def _text(values: Any) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")


def _bytes(text: str) -> UInt8Array:
    return np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
