"""Networks in whole numbers, for the software of the real chip."""

from __future__ import annotations

import copy
import os
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from .._network import Network
from .._nir.writing import to_nir
from .._spikes import SpikeTrains, trains
from .._support import checks
from .._support.files import replaced
from .._support.optional import need
from .._support.types import Float64Array, PathLike
from .._support.values import Value
from ..losses import Loss
from ._engine import Engine


class Export(Value):
    """What `export` has written, and what rounding cost. See `export` for an example.

    Attributes
    ----------
    path : str
    weight_bits : int
    network : Network
        The network with the rounded weights, for any engine.
    scales : tuple of float
        What thresholds are multiplied by in the file, for each layer: the whole numbers of the file are of as many times the membrane.
    errors : tuple of float
        For each layer the root mean square of what rounding changed, relative to that of the weights.
    zeros : tuple of float
        For each layer the part of its weights that were not 0 and now are.
    accuracy, rounded_accuracy : float or None
        Before and after, on the emulated chip; None without spikes and labels.
    agreement : float or None
        The part of the samples for which both say the same.
    """

    path: str
    weight_bits: int
    network: Network
    scales: Tuple[float, ...]
    errors: Tuple[float, ...]
    zeros: Tuple[float, ...]
    accuracy: Optional[float]
    rounded_accuracy: Optional[float]
    agreement: Optional[float]

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def __hash__(self) -> int:
        return id(self)

    def __reduce__(self) -> Tuple[Any, ...]:
        return _export, (dict(vars(self)),)

    def __str__(self) -> str:
        rows = [f"{self.path}: {self.network!r} with weights of {self.weight_bits} bits"]
        for layer, (error, zeros) in enumerate(zip(self.errors, self.zeros), 1):
            rows.append(f"layer {layer}: rounding changed weights by {error:.2%} of their size, {zeros:.1%} became 0")
        if self.accuracy is not None and self.rounded_accuracy is not None:
            rows.append(
                f"accuracy on the emulated chip: {self.accuracy:.2%}, rounded {self.rounded_accuracy:.2%} "
                f"({self.agreement:.2%} of the answers are the same)"
            )
        return "\n".join(rows)

    __repr__ = __str__


def export(
    network: Network,
    path: PathLike,
    spikes: Optional[SpikeTrains] = None,
    y: Any = None,
    *,
    engine: Optional[Engine] = None,
    weight_bits: int = 8,
    loss: Optional[Loss] = None,
) -> Export:
    """Writes a network in whole numbers to a file of the Neuromorphic Intermediate Representation (NIR), as the real chip's software
    (py-spinnaker2) reads it, and tells what rounding costs.

    Parameters
    ----------
    network : Network
    path : path
    spikes, y : SpikeTrains and labels, or None
        Samples on which the emulated chip runs the network before and after.
    engine : spinnaker2.Engine or None
        Whose time_step, steps and decay the chip is to have; "exponential" and "euler" are its integrators EXPONENTIAL and FORWARD. None: as
        `Engine()`.
    weight_bits : int
        2 .. 8. With 8, the default, the largest weight into a layer is 127 or -127, what py-spinnaker2 scales to, so that it leaves these
        whole numbers as they are; with 5 they are -15 .. 15.
    loss : Loss or None
        Says which class the outputs stand for; None: the engine's own.

    Returns
    -------
    Export
        Printed, a summary.

    Weights are rounded as `ClockEngine` with these `weight_bits` rounds them, so a network that was trained by that loses nothing
    more here. The file is `to_nir`'s step form, with the whole numbers as int8 weights and thresholds scaled alike: with membranes in
    that scale, each step adds whole numbers to currents and currents to membranes.

    Raises
    ------
    ValueError
        If the network has what such a file or the chip's neurons cannot hold: delays, a leaky read-out, a reset other than 0, drives or
        refractory periods.
    FileNotFoundError, OSError
        If the file cannot be written; an old one stays as it was.
    ImportError
        If nir is missing.

    Notes
    -----
    What py-spinnaker2 reads is known from its publications (arXiv 2504.06748); we have not run it.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(50)
    >>> net = sp.Network([5, 30, 3], seed=1, engine="spinnaker2", tau_mem=None, tau_syn=None)
    >>> report = sp.spinnaker2.export(net, "net.nir", sp.encoding.latency_grid(X), y)
    >>> print(report)                                                   # doctest: +ELLIPSIS
    net.nir: <Network 5-30-3> with weights of 8 bits
    layer 1: rounding changed weights by ...% of their size, ...% became 0
    layer 2: rounding changed weights by ...% of their size, ...% became 0
    accuracy on the emulated chip: ...%, rounded ...% (...% of the answers are the same)
    """
    if not isinstance(network, Network):
        raise TypeError(f"network is {type(network).__name__!r}; it must be a Network (an estimator's is network_)")
    if engine is not None and not isinstance(engine, Engine):
        raise TypeError(f"engine is {checks.shown(engine)}; it must be a spinnaker2.Engine, or None")
    if (spikes is None) != (y is None):
        raise ValueError("spikes and y go together; give both or neither")
    bits = checks.integer(weight_bits, "weight_bits", 2, 8)
    name = os.fsdecode(checks.path(path))
    _check(network)
    nir = need("nir", "export", "nir")
    engine = Engine() if engine is None else engine
    dt = engine.time_step
    graph, rounded = to_nir(network, dt=dt), copy.copy(network)
    scales, errors, zeros = [], [], []
    for layer, tau in enumerate(network.tau_mem, 1):
        incoming = [ends for ends in network.connections if ends[1] == layer]
        gains = dt / tau if engine.decay == "euler" else -np.expm1(-dt / tau)
        before = [np.array(network.weights[ends]) for ends in incoming]
        unit, whole = _rounded([own * (gains / gains[0])[:, None] for own in before], bits)
        after = [own * unit / (gains / gains[0])[:, None] for own in whole]
        for ends, own, values in zip(incoming, whole, after):
            # Bounds are of weights before they are rounded.
            rounded.weight_bounds[ends] = (-np.inf, np.inf)
            rounded.weights[ends] = values
            graph.nodes["weights_%d_%d" % ends] = nir.Linear(weight=own.astype(np.int8))
        scales.append(float(1 / (unit * gains[0])))
        graph.nodes[f"layer_{layer}"].v_threshold *= scales[-1]
        old, new = (np.concatenate([own.ravel() for own in each]) for each in (before, after))
        errors.append(float(np.sqrt(np.sum((new - old) ** 2) / max(np.sum(old**2), np.finfo(float).tiny))))
        zeros.append(float(np.mean((new == 0) & (old != 0))))
    accuracy = rounded_accuracy = agreement = None
    if spikes is not None:
        labels = checks.labels(y)
        if len(labels) != len(trains(spikes, "spikes")):
            raise ValueError(f"y has {len(labels)} labels and spikes {len(spikes)} samples; they must be as many")
        answers = [np.asarray(each.forward(spikes, engine=engine).predict(loss)) for each in (network, rounded)]
        accuracy, rounded_accuracy = (float(np.mean(own == labels)) for own in answers)
        agreement = float(np.mean(answers[0] == answers[1]))
    with replaced(name) as part:
        nir.write(part, graph)
    return Export(
        path=name, weight_bits=bits, network=rounded, scales=tuple(scales), errors=tuple(errors), zeros=tuple(zeros),
        accuracy=accuracy, rounded_accuracy=rounded_accuracy, agreement=agreement,
    )  # fmt: skip


def _rounded(weights: List[Float64Array], bits: int) -> Tuple[float, List[Float64Array]]:
    """The scale of all weights into a layer and whole multiples of it, as the clock engine rounds them."""
    sizes = np.abs(np.concatenate([own.ravel() for own in weights]))
    if not sizes.any():
        return 1.0, weights
    if bits == 2:
        bound = 0.7 * np.mean(sizes[sizes > 0])
        return float(np.mean(sizes[sizes > bound])), [np.sign(own) * (np.abs(own) > bound) for own in weights]
    unit = float(np.max(sizes) / (2 ** (bits - 1) - 1))
    return unit, [np.rint(own / unit) for own in weights]


def _check(network: Network) -> None:
    """Refuses what the chip's neurons, or its reader of graphs, have not."""
    kinds = {kind for kind in network.delay_kinds if kind is not None}
    if kinds:
        raise ValueError(f"the network has {min(kinds)} delays, which the chip's reader of graphs does not take; make it with delays=None")
    if network.readout != "spiking":
        raise ValueError("the network has a leaky read-out, and the chip's neurons spike; make it with readout='spiking'")
    for layer in range(len(network.layer_sizes) - 1):
        for name, remedy in (("reset", "reset to 0"), ("drive", "have no drive"), ("refractory", "have no refractory period")):
            values = np.asarray(getattr(network, name)[layer])
            if values.any():
                raise ValueError(f"{name}[{layer}] has the value {values[values != 0][0]:g}, and the chip's neurons {remedy}; set it to 0")


def _export(fields: Dict[str, Any]) -> Export:
    return Export(**fields)
