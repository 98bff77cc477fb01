"""What is real of a network in whole numbers: one scale for each neuron, learnt while the whole numbers stay."""

from __future__ import annotations

import warnings
from typing import Any, List, Optional

import numpy as np

from .. import _core
from .._engines.clock import ClockEngine
from .._network import Network
from .._recording import Recording
from .._spikes import SpikeTrains, trains
from .._support import checks
from .._support.callers import caller_level
from .._support.types import Float64Array
from ..losses import Loss
from ._engine import Engine
from ._export import judged, labels_of, rounded

#: Logarithms of scales keep within it, so that weights stay within float32 however far a step goes.
_MOST = 30.0


def learn_scales(
    network: Network,
    spikes: SpikeTrains,
    y: Any,
    *,
    engine: Optional[Engine] = None,
    weight_bits: int = 8,
    loss: Optional[Loss] = None,
    epochs: int = 30,
    batch_size: int = 20,
    learning_rate: float = 1e-2,
    seed: int = 0,
) -> Network:
    """Rounds a network to whole numbers, and learns the scale of each neuron's while these stay as they are: what is left to be learnt
    once it is settled which synapses a network of few bits has.

    Parameters
    ----------
    network : Network
        Best one that has learnt in as many bits: `ClockEngine` with these `weight_bits`.
    spikes, y : SpikeTrains and labels
        What it learns from.
    engine, weight_bits, loss
        As in `export`.
    epochs, batch_size : int
        Passes through the samples, and samples per step.
    learning_rate : float
        Of the logarithms of the scales, by Adam; it falls by equal amounts from epoch to epoch, to 0 after the last.
    seed : int
        Of the order of samples.

    Returns
    -------
    Network
        That of the last epoch after which most samples were right, be it before the first; `export` with as many bits leaves its weights as they are.

    Scaling all weights into a neuron is the same as dividing its threshold, which is what the file that `export` writes has.

    Raises
    ------
    ValueError, TypeError, MemoryError
        As `export`; or if a parameter is out of its domain.

    Warns
    -----
    RuntimeWarning
        If no output spikes once the network is rounded: there is no gradient then.

    Notes
    -----
    Scales that are learnt beside ternary weights: Zhu et al. (2017), arXiv 1612.01064, there one for each sign and layer.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(300)
    >>> spikes = sp.encoding.latency_grid(X)
    >>> net = sp.Network([5, 30, 3], seed=1, engine="clock", tau_mem=None, tau_syn=None)
    >>> net.wake(spikes, engine="clock")
    >>> trainer = sp.Trainer(net, engine=sp.ClockEngine(weight_bits=2), batch_size=20, epochs=10)
    >>> history = trainer.run(spikes, y)
    >>> scaled = sp.spinnaker2.learn_scales(trainer.network, spikes, y, weight_bits=2, epochs=5)
    >>> print(sp.spinnaker2.export(scaled, "net.nir", weight_bits=2))  # doctest: +ELLIPSIS
    net.nir: <Network 5-30-3> with weights of 2 bits
    layer 1: rounding changed weights by 0.00% of their size, 0.0% became 0
    ...
    """
    bits = checks.integer(weight_bits, "weight_bits", 2, 8)
    engine = judged(network, engine)
    spikes = trains(spikes, "spikes")
    labels = labels_of(y, len(spikes), network.layer_sizes[-1])
    epochs = checks.integer(epochs, "epochs", 1, checks.INT32)
    batch_size = checks.integer(batch_size, "batch_size", 1, checks.INT32)
    learning_rate = checks.positive(learning_rate, "learning_rate")
    rng = np.random.default_rng(checks.integer(seed, "seed", 0, checks.UINT64))
    grid = ClockEngine(engine.time_step, engine.steps, engine.decay)
    own = rounded(network, engine, bits)[0]
    loss = grid._default_loss(own._handle) if loss is None else loss
    values = {ends: np.array(own.weights[ends]) for ends in own.connections}
    logarithms = Adam([np.zeros(n) for n in own.layer_sizes[1:]])

    def scale() -> None:
        for ends, each in values.items():
            own.weights[ends] = each * np.exp(logarithms.values[ends[1] - 1])[:, None]

    def right(recording: Recording) -> int:
        return int(np.sum(np.asarray(recording.predict(loss)) == labels))

    beginning = own.forward(spikes, engine=grid)
    if not len(beginning.spikes[-1].times):
        warnings.warn(
            f"no output of the network spikes with weights of {bits} bits, so nothing can be learnt; train it first with ClockEngine(weight_bits={bits})",
            RuntimeWarning,
            stacklevel=caller_level(),
        )
    best, most = logarithms.values, right(beginning)
    for epoch in range(epochs):
        order = rng.permutation(len(spikes))
        for first in range(0, len(spikes), batch_size):
            samples = order[first : first + batch_size]
            _, gradient = own.gradient(own.forward(spikes[samples], engine=grid), loss, labels[samples], input_times=False)
            errors = [np.zeros(n) for n in own.layer_sizes[1:]]
            of_weights: Any = gradient.weights
            for ends in own.connections:
                errors[ends[1] - 1] += np.sum(of_weights[ends] * own.weights[ends], axis=1)
            logarithms.step(errors, learning_rate * (1 - epoch / epochs))
            logarithms.values = [np.clip(each, -_MOST, _MOST) for each in logarithms.values]
            scale()
        if (now := right(own.forward(spikes, engine=grid))) >= most:
            best, most = logarithms.values, now
    logarithms.values = best
    scale()
    return rounded(own, engine, bits)[0]


class Adam:
    """Kingma and Ba (2014), arXiv 1412.6980, with the core's defaults, for numbers that no network has."""

    def __init__(self, values: List[Float64Array]) -> None:
        known = checks.domains(_core.DOMAINS_TRAINING)
        self.values = values
        self._beta1, self._beta2, self._epsilon = (known[name]["initial"] for name in ("beta1", "beta2", "epsilon"))
        self._means = [(np.zeros_like(own), np.zeros_like(own)) for own in values]
        self._steps = 0

    def step(self, gradients: List[Float64Array], rate: float) -> None:
        self._steps += 1
        moved = []
        for own, gradient, (mean, square) in zip(self.values, gradients, self._means):
            mean += (1 - self._beta1) * (gradient - mean)
            square += (1 - self._beta2) * (gradient**2 - square)
            root = np.sqrt(square / (1 - self._beta2**self._steps)) + self._epsilon
            moved.append(own - rate * mean / (1 - self._beta1**self._steps) / root)
        self.values = moved
