"""Derivatives of a loss with respect to everything that can be trained."""

from __future__ import annotations

from typing import List, NoReturn, Optional, Sequence

from ._support import overviews
from ._support.types import Float64Array

#: What of a network can be trained, by the names that networks and gradients have for it.
NEURON_PARAMETERS = ("tau_mem", "tau_syn", "threshold", "reset", "drive", "refractory")
PARAMETERS = ("weights", "recurrent_weights", "delays", "recurrent_delays", *NEURON_PARAMETERS)


class Gradients:
    """Gradients of the batch mean of a loss, made by `Network.gradient`. Lists of plain arrays, yours to change:
    ``grad.weights[0] *= 0.5`` and ``grad.weights[0] = ...`` do what they say.

    Per layer, each shaped like the network's array of the same name: ``weights``, ``recurrent_weights``, ``delays``
    (per second), ``recurrent_delays``; ``weights[0, 2]`` and ``delays[0, 2]`` are those of the connection (0, 2).
    With ``neurons=True`` also ``tau_mem``, ``tau_syn``, ``refractory`` (per second), ``threshold``, ``reset`` and ``drive``,
    one number per neuron: the derivative with respect to a value that neurons share is their sum. ``input_times`` has one
    element per input spike, in the order in which the input came (per second). ``skipped`` counts the samples that added
    nothing because their label neuron, or all outputs with a target time, were silent.

    Where a derivative differs on both sides, it is the left one with respect to a drive: a leaky read-out that never rises has the largest value 0, at its
    beginning, and with more than no drive it would rise.

    Examples
    --------
    >>> import spinnprop as sp
    >>> net = sp.Network([1, 2])
    >>> net.weights[0] = [[10.0], [9.0]]
    >>> rec = net.forward(sp.SpikeTrains([0.0], [0], [0, 1], 1))
    >>> value, grad = net.gradient(rec, sp.losses.TTFSCrossEntropy(), [0])
    >>> grad.weights[0].shape, grad.input_times.shape, grad.skipped
    ((2, 1), (1,), 0)
    """

    __slots__ = (*PARAMETERS, "input_times", "skipped")
    tau_mem: List[Float64Array]
    tau_syn: List[Float64Array]
    threshold: List[Float64Array]
    reset: List[Float64Array]
    drive: List[Float64Array]
    refractory: List[Float64Array]

    def __init__(
        self,
        weights: List[Float64Array],
        recurrent_weights: List[Float64Array],
        delays: List[Float64Array],
        recurrent_delays: List[Float64Array],
        input_times: Float64Array,
        skipped: int,
        neurons: Optional[Sequence[List[Float64Array]]] = None,
    ) -> None:
        self.weights = weights
        self.recurrent_weights = recurrent_weights
        self.delays = delays
        self.recurrent_delays = recurrent_delays
        self.input_times = input_times
        self.skipped = skipped
        if neurons is not None:
            for name, values in zip(NEURON_PARAMETERS, neurons):
                setattr(self, name, values)

    def __getattr__(self, name: str) -> NoReturn:
        remedy = "; ask for them: network.gradient(..., neurons=True)" if name in self.__slots__ else ""
        raise AttributeError(f"these gradients have no {name!r}{remedy}")

    def __repr__(self) -> str:
        return f"<Gradients of {len(self.weights)} layers, {self.skipped} samples skipped>"

    def _repr_html_(self) -> str:
        return overviews.gradients(self, PARAMETERS)
