"""Derivatives of a loss with respect to everything that can be trained."""

from __future__ import annotations

from typing import List

from ._support.types import Float64Array


class Gradients:
    """Gradients of the batch mean of a loss, made by `Network.gradient`. Lists of plain arrays, yours to change:
    ``grad.weights[0] *= 0.5`` and ``grad.weights[0] = ...`` do what they say.

    Per layer, each shaped like the network's array of the same name: ``weights``, ``recurrent_weights``, ``delays``
    (per second), ``recurrent_delays``. ``input_times`` has one element per input spike, in the order in which the input
    came (per second). ``skipped`` counts the samples that added nothing because their label neuron,
    or all outputs with a target time, were silent.

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

    __slots__ = ("weights", "recurrent_weights", "delays", "recurrent_delays", "input_times", "skipped")

    def __init__(
        self,
        weights: List[Float64Array],
        recurrent_weights: List[Float64Array],
        delays: List[Float64Array],
        recurrent_delays: List[Float64Array],
        input_times: Float64Array,
        skipped: int,
    ) -> None:
        self.weights = weights
        self.recurrent_weights = recurrent_weights
        self.delays = delays
        self.recurrent_delays = recurrent_delays
        self.input_times = input_times
        self.skipped = skipped

    def __repr__(self) -> str:
        return f"<Gradients of {len(self.weights)} layers, {self.skipped} samples skipped>"
