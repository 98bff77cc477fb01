"""The engine in time steps, the twin of the emulated SpiNNaker2."""

from __future__ import annotations

from typing import Optional

from .. import _core
from .base import BaseEngine
from .grid import TimeGrid


class ClockEngine(BaseEngine):
    """The engine in time steps and float32, bit for bit what an emulated SpiNNaker2 computes. ``engine="clock"``.

    Input spikes come at the nearest step; a delay takes the nearest number of whole steps, and training moves the delay itself, in
    seconds; a spike of one step acts in the next. Output spikes come at whole steps times time_step. Gradients are a
    discretisation of the exact ones, with tau_syn in steps. Input past the last step, and any t_end, are errors.

    Parameters
    ----------
    time_step : float
        Seconds from one step to the next, > 0.
    steps : int
        Steps of a run, the one at time 0 included; at least 2.
    decay : "exponential" or "euler"
        How neurons decay in a step: by e^(-time_step / tau), or by 1 - time_step / tau.
    copies : int
        Gradients are summed as a SpiNNaker2 with so many copies of the network sums them; copies beyond a batch's samples are idle.
    weight_bits : int or None
        2 .. 16: runs round the weights into each neuron to whole multiples of one scale, as a chip of few bits holds them: to -127 ..
        127 with 8 bits, -7 .. 7 with 4; with 2 they are -1, 0 or 1 times a scale. Training takes the gradient of the rounded weights
        for that of those it keeps, and so learns weights that lose little when they are rounded; see `spinnaker2.export`, and for
        2 bits `spinnaker2.learn_scales`. None: as they are.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its domain.

    Notes
    -----
    The public training code of arXiv 2412.15021. Rounded weights: the straight-through estimator, arXiv 1308.3432; of 2 bits: arXiv
    1605.04711.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(20)
    >>> net = sp.Network([5, 30, 3], seed=1)
    >>> rec = net.forward(sp.encoding.latency_grid(X, steps=40), engine=sp.ClockEngine(steps=40))
    >>> value, grad = net.gradient(rec, sp.losses.StepTTFSCrossEntropy(), y)
    """

    name = "clock"
    time_step: float
    steps: int
    decay: str
    copies: int
    weight_bits: Optional[int]

    def __init__(
        self, time_step: float = 1e-3, steps: int = 27, decay: str = "exponential", copies: int = 1, weight_bits: Optional[int] = None
    ) -> None:
        self.__dict__.update(vars(TimeGrid(time_step, steps, decay, copies, weight_bits)))
        self._make()

    @property
    def _grid(self) -> TimeGrid:
        return TimeGrid(self.time_step, self.steps, self.decay, self.copies, self.weight_bits)

    def _made(self) -> object:
        return _core.clock_create(self._grid._options())
