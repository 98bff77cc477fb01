"""The engine of first spikes in closed form."""

from __future__ import annotations

from typing import Optional

from .. import _core
from .._support import checks
from .base import BaseEngine


class FirstSpikeEngine(BaseEngine):
    """Each neuron's first spike in closed form, with its exact derivatives, in continuous time. ``engine="first-spike"``.

    Every neuron spikes at most once, so that its reset has no effect; input units may spike as often as they like. Membrane time
    constants are equal to the synaptic ones or twice as large, one ratio per layer. Recurrent networks, leaky read-outs and other
    ratios are for ``engine="event"``, which finds the same first spikes and gradients where both apply.

    Parameters
    ----------
    max_weight_step : float, optional
        Where a weight's share of a sample in the gradient of the batch mean is larger than this, > 0, its neuron's weights get no
        gradient from the sample; errors of times pass through all the same. A spike that hardly reaches the threshold has such
        shares; published trainings take 0.2. None: no limit.

    Raises
    ------
    ValueError, TypeError
        If max_weight_step is no number > 0.

    Notes
    -----
    Göltz et al., arXiv 1912.11443; with delays: DelGrad, arXiv 2404.19165.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(20)
    >>> net = sp.Network([5, 30, 3], tau_mem=20e-3, tau_syn=10e-3, seed=1)
    >>> rec = net.forward(sp.encoding.latency(X, bias=0.0), engine=sp.FirstSpikeEngine(max_weight_step=0.2))
    >>> value, grad = net.gradient(rec, sp.losses.TTFSCrossEntropy(), y)
    """

    name = "first-spike"
    max_weight_step: Optional[float]

    def __init__(self, max_weight_step: Optional[float] = None) -> None:
        self.__dict__["max_weight_step"] = checks.option(max_weight_step, "max_weight_step", _core.DOMAINS_FIRST_SPIKE)
        self._make()

    def _made(self) -> object:
        return _core.first_spike_create({name: value for name, value in vars(self).items() if value is not None})
