"""Networks in whole numbers, for the software of the real chip."""

from __future__ import annotations

import copy
import io
import os
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from .. import _core
from .._engines.clock import ClockEngine
from .._network import Network
from .._nir.writing import to_nir
from .._spikes import SpikeTrains, trains
from .._support import checks
from .._support.files import judge, replaced
from .._support.layers import Ends
from .._support.optional import need
from .._support.types import Float64Array, Int32Array, Int64Array, PathLike
from .._support.values import Value
from ..losses import Loss
from ._engine import Engine

#: py-spinnaker2's names for how neurons go through a step.
_INTEGRATORS = {"euler": "FORWARD", "exponential": "EXPONENTIAL"}
#: Its options: a spike acts in the next step, whole numbers stay as they are, membranes are reset to 0.
_READER = "dt=%r, conn_delay=0, scale_weights=False, integrator=IntegratorMethod.%s, reset=ResetMethod.ZERO"


class Export(Value):
    """What `export` has written, and what rounding cost. See `export` for an example.

    Attributes
    ----------
    path : str
    weight_bits : int
    network : Network
        The network with the rounded weights, for any engine.
    scales : tuple of tuple of float
        What thresholds are multiplied by in the file, for each layer and neuron: the whole numbers of the file are of as many times the membrane.
    errors : tuple of float
        For each layer the root mean square of what rounding changed, relative to that of the weights.
    zeros : tuple of float
        For each layer the part of its weights that were not 0 and now are.
    accuracy, rounded_accuracy : float or None
        Before and after, on the emulated chip; None without spikes and labels.
    agreement : float or None
        The part of the samples for which both say the same.
    reader : str
        What py-spinnaker2's ``s2_nir.ConversionConfig`` is to be told: none of it stands in the file, and its own defaults are others.
    """

    path: str
    weight_bits: int
    network: Network
    scales: Tuple[Tuple[float, ...], ...]
    errors: Tuple[float, ...]
    zeros: Tuple[float, ...]
    accuracy: Optional[float]
    rounded_accuracy: Optional[float]
    agreement: Optional[float]
    reader: str

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
        rows.append(f"for py-spinnaker2: ConversionConfig({self.reader})")
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
        2 .. 8. With 8, the default, the largest weight into a neuron is 127 or -127, what py-spinnaker2 scales to, so that it leaves these
        whole numbers as they are; with 5 they are -15 .. 15.
    loss : Loss or None
        Says which class the outputs stand for; None: the engine's own.

    Returns
    -------
    Export
        Printed, a summary.

    Weights are rounded as `ClockEngine` with these `weight_bits` rounds them, so a network that was trained by that loses nothing
    more here. The file is `to_nir`'s step form, with the whole numbers as int8 weights and thresholds scaled alike: with membranes in
    that scale, each step adds whole numbers to currents and currents to membranes. With exponential decay r is
    1 / (1 - exp(-dt / tau_mem)) and w_in 1 / (1 - exp(-dt / tau_syn)), what the reader's exponential integrator undoes. `from_nir` reads either.

    Raises
    ------
    ValueError
        If the network has what such a file or the chip's neurons cannot hold: delays, a leaky read-out, a reset other than 0, drives or
        refractory periods, time constants that are not longer than a step, connections that skip layers; if there are no samples, or a
        label is none of an output.
    MemoryError
        If the emulated chip has no room for the network.
    FileNotFoundError, IsADirectoryError, OSError
        If the file's folder is missing, a folder is there or the file cannot be written; an old one stays as it was.
    ImportError
        If nir is missing.

    Notes
    -----
    What py-spinnaker2 reads is known from its publications (arXiv 2504.06748) and from reading its ``s2_nir`` module, whose rules a test
    states; neither that package nor the chip was run here, nor do we know in which order the chip's neurons take the parts of a step.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(300)
    >>> spikes = sp.encoding.latency_grid(X)
    >>> net = sp.Network([5, 30, 3], seed=1, engine="spinnaker2", tau_mem=None, tau_syn=None)
    >>> net.wake(spikes, engine="clock")
    >>> trainer = sp.Trainer(net, engine="clock", batch_size=20, epochs=10)
    >>> history = trainer.run(spikes, y)
    >>> report = sp.spinnaker2.export(trainer.network, "net.nir", spikes, y)
    >>> print(report)                                                   # doctest: +ELLIPSIS
    net.nir: <Network 5-30-3> with weights of 8 bits
    layer 1: rounding changed weights by ...% of their size, ...% became 0
    layer 2: rounding changed weights by ...% of their size, ...% became 0
    accuracy on the emulated chip: ...%, rounded ...% (...% of the answers are the same)
    for py-spinnaker2: ConversionConfig(dt=0.001, conn_delay=0, scale_weights=False, integrator=IntegratorMethod.EXPONENTIAL, reset=ResetMethod.ZERO)
    """
    if (spikes is None) != (y is None):
        raise ValueError("spikes and y go together; give both or neither")
    bits = checks.integer(weight_bits, "weight_bits", 2, 8)
    name = os.fsdecode(checks.path(path))
    judge(name)
    engine = judged(network, engine)
    labels = None if spikes is None else labels_of(y, len(trains(spikes, "spikes")), network.layer_sizes[-1])
    nir = need("nir", "export", "nir")
    dt = engine.time_step
    graph = to_nir(network, dt=dt)
    scales, errors, zeros = [], [], []
    own, whole, units = rounded(network, engine, bits)
    for layer, own_units in enumerate(units, 1):
        incoming = [ends for ends in network.connections if ends[1] == layer]
        for ends in incoming:
            graph.nodes["weights_%d_%d" % ends] = nir.Linear(weight=whole[ends].astype(np.int8))
        neurons = graph.nodes[f"layer_{layer}"]
        if engine.decay == "exponential":
            neurons.r, neurons.w_in = (-1 / np.expm1(-dt / times) for times in (neurons.tau_mem, neurons.tau_syn))
        # r's inverse is what a step adds of a current to a membrane.
        own_scales = neurons.r / np.where(own_units > 0, own_units, 1.0)
        neurons.v_threshold *= own_scales
        scales.append(tuple(own_scales.tolist()))
        old, new = (np.concatenate([np.ravel(of.weights[ends]) for ends in incoming]) for of in (network, own))
        errors.append(float(np.sqrt(np.sum((new - old) ** 2) / max(np.sum(old**2), np.finfo(float).tiny))))
        zeros.append(float(np.mean((new == 0) & (old != 0))))
    accuracy = rounded_accuracy = agreement = None
    if spikes is not None:
        answers = [np.asarray(each.forward(spikes, engine=engine).predict(loss)) for each in (network, own)]
        accuracy, rounded_accuracy = (float(np.mean(each == labels)) for each in answers)
        agreement = float(np.mean(answers[0] == answers[1]))
    # HDF5 leaves a file that it cannot write open, and writes on as long as Python runs.
    content = io.BytesIO()
    nir.write(content, graph)
    with replaced(name) as part, open(part, "wb") as file:
        file.write(content.getbuffer())
    return Export(
        path=name, weight_bits=bits, network=own, scales=tuple(scales), errors=tuple(errors), zeros=tuple(zeros),
        accuracy=accuracy, rounded_accuracy=rounded_accuracy, agreement=agreement, reader=_READER % (dt, _INTEGRATORS[engine.decay]),
    )  # fmt: skip


def judged(network: Network, engine: Optional[Engine]) -> Engine:
    """The engine that is meant, if it runs what the chip's software can read of the network."""
    if not isinstance(network, Network):
        raise TypeError(f"network is {type(network).__name__!r}; it must be a Network (an estimator's is network_)")
    if engine is not None and not isinstance(engine, Engine):
        raise TypeError(f"engine is {checks.shown(engine)}; it must be a spinnaker2.Engine, or None")
    engine = Engine() if engine is None else engine
    _check(network, engine)
    return engine


def rounded(network: Network, engine: Engine, bits: int) -> Tuple[Network, Dict[Ends, Int32Array], List[Float64Array]]:
    """A network rounded as the clock engine rounds it; by connection the whole numbers that its weights stand for; and each layer's scales of neurons."""
    grid = ClockEngine(engine.time_step, engine.steps, engine.decay, weight_bits=bits)
    shapes = [network.weights[ends].shape for ends in network.connections]
    starts = np.cumsum([0, *(rows * columns for rows, columns in shapes)])
    sizes = network.layer_sizes[1:]
    values, whole, units = np.empty(starts[-1]), np.empty(starts[-1], np.int32), np.empty(sum(sizes))
    _core.clock_round_weights(values, whole, units, grid._handle, network._handle)
    own, numbers = copy.copy(network), {}
    for ends, shape, first, last in zip(network.connections, shapes, starts, starts[1:]):
        # Bounds are of weights before they are rounded.
        own.weight_bounds[ends] = (-np.inf, np.inf)
        own.weights[ends] = values[first:last].reshape(shape)
        numbers[ends] = whole[first:last].reshape(shape)
    return own, numbers, np.split(units, np.cumsum(sizes)[:-1])


def labels_of(y: Any, n_samples: int, n_outputs: int) -> Int64Array:
    """A label of each sample that one of the outputs stands for."""
    labels = checks.labels(y)
    if n_samples == 0:
        raise ValueError("spikes have no samples, so there is no accuracy; give one at least, or neither spikes nor y")
    if len(labels) != n_samples:
        raise ValueError(f"y has {len(labels)} labels and spikes {n_samples} samples; they must be as many")
    wrong = (labels < 0) | (labels >= n_outputs)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise ValueError(f"y[{first}] is {labels[first]}; the network has {n_outputs} outputs; give labels of 0 .. {n_outputs - 1}")
    return labels


def _check(network: Network, engine: Engine) -> None:
    """Refuses what the chip's neurons, or its reader of graphs, have not, and what cannot be run on the emulated chip first."""
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
    for name in ("tau_mem", "tau_syn"):
        for layer, times in enumerate(getattr(network, name)):
            if (least := float(np.min(times))) <= engine.time_step:
                raise ValueError(
                    f"{name}[{layer}] has the value {least:g} s, which is no more than a step of the chip, {engine.time_step:g} s; "
                    "give an engine with a shorter time_step"
                )
    for source, target in network.connections:
        if target > source + 1:
            raise ValueError(
                f"the connection ({source}, {target}) skips layers, which the emulated chip does not run, so what goes to silicon could not be tried; "
                "train without it, or write the network unrounded by to_nir"
            )
    # Whether it fits the board: nothing runs.
    network.forward(SpikeTrains([], [], [0], network.layer_sizes[0]), engine=engine)


def _export(fields: Dict[str, Any]) -> Export:
    return Export(**fields)
