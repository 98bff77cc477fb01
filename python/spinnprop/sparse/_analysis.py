"""What is worked out from a run of a sparse recurrent network."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .. import _core
from .._support.types import Float64Array


class LyapunovSpectrum(NamedTuple):
    """Rates at which small changes of the state grow or shrink.

    Examples
    --------
    See `Run.lyapunov_spectrum`.
    """

    #: 1/s, falling but for fluctuations of a finite run. One of all n belongs to the neutral direction and is 0; those of directions
    #: that are lost, as a neuron pushed over its threshold forgets its state, are -inf.
    exponents: Float64Array
    #: 1/s: the rate at which volumes of the state change, which is what all exponents would add up to; -inf if a neuron was pushed over
    #: its threshold.
    contraction: float
    #: Seconds they are means over.
    duration: float


class Gradient:
    """Derivatives of a loss on a run: plain float64 arrays, yours to change. Made by `Run.gradient`.

    Examples
    --------
    See `Run.gradient`.
    """

    __slots__ = ("input_times", "input_weights", "next_times", "phases", "weights")
    #: With respect to the weights: (n_synapses,) in the order of the targets, or (1,) of the one weight of all.
    weights: Float64Array
    #: (n,): with respect to the initial phases.
    phases: Float64Array
    #: (n,): with respect to the initial state, given as each neuron's first spike time without inputs.
    next_times: Float64Array
    #: (n_inputs,): with respect to the times of the input spikes.
    input_times: Float64Array
    #: (n_inputs,): with respect to their weights.
    input_weights: Float64Array

    def __init__(self) -> None:
        raise TypeError("gradients are made by Run.gradient")

    @classmethod
    def _of(cls, handle: object) -> Gradient:
        gradient = cls.__new__(cls)
        for name, of in (
            ("weights", _core.SPARSE_WEIGHTS),
            ("phases", _core.SPARSE_PHASES),
            ("next_times", _core.SPARSE_NEXT_TIMES),
            ("input_times", _core.SPARSE_INPUT_TIMES),
            ("input_weights", _core.SPARSE_INPUT_WEIGHTS),
        ):
            values = np.empty(_core.sparse_gradient_count(handle, of))
            _core.sparse_gradient_get(values, handle, of)
            setattr(gradient, name, values)
        return gradient

    def __repr__(self) -> str:
        return f"<Gradient of {len(self.weights)} weights and {len(self.phases)} neurons>"
