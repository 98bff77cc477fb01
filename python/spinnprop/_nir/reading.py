"""Networks and spikes from NIR."""

from __future__ import annotations

import contextlib
import os
from typing import Any, Dict, Iterator, List, Tuple, Union

import numpy as np

from .._network import Network
from .._support import checks
from .._support.layers import Ends
from .._support.optional import need
from .._support.types import Float64Array
from . import files, spikes
from .connections import Connection, connection
from .graphs import PLAIN, Graph, Way, n_channels, ordered
from .values import noted_unit, parameter, per_channel, per_second, scaled_back, shape_of

#: How far numbers of the step form may be from tau / dt, relative: what float32 keeps.
_CLOSE = 1e-6


def from_nir(graph: Any, dt: Union[None, float, str] = "auto", time_unit: str = "auto") -> Any:
    """The network of a graph of the Neuromorphic Intermediate Representation (NIR), or the spikes of NIR's recordings.

    Parameters
    ----------
    graph : nir.NIRGraph, or the path of a file that nir.write wrote; or nir.EventData, TimeGriddedData or NIRGraphData
        A graph of one Input, CubaLIF nodes, of which the last may be a CubaLI, a leaky read-out, and one Output; between
        them Linear nodes (Affine with bias 0), Delay, Scale, Flatten and Identity; a node that feeds itself is recurrent, in a graph of its own,
        too.
    dt : "auto", None or float
        How long a spike is: None: an impulse, as NIR's equations have it; a number: it is 1 for a step of dt seconds, as libraries
        with time steps have it; "auto": such a step where all neurons have one and the same dt with r = tau_mem / dt and w_in =
        tau_syn / dt, or as exponential decay has it r = 1 / (1 - exp(-dt / tau_mem)) and w_in = 1 / (1 - exp(-dt / tau_syn)), to
        10^-6, and less than their time constants; otherwise an impulse.
    time_unit : "auto", "s", "ms", "us" or "ns"
        Of the graph's times; "auto": the one that the graph's metadata name, as `to_nir` writes them, or else seconds, as for recordings.

    Returns
    -------
    Network
        Of a graph. A neuron's r, w_in and tau_syn are multiplied into its weights; v_leak becomes its drive; membranes start at 0.
        Axonal delays are Delay nodes before the weights, dendritic ones after them, otherwise delays are synaptic.
    SpikeTrains
        Of nir.EventData, or of nir.TimeGriddedData, whose steps begin at multiples of its dt.
    dict of SpikeTrains
        Of nir.NIRGraphData: the observable "spikes" of each node, by its name.

    Raises
    ------
    ValueError
        If the graph has nodes that we cannot run, by name, or is not well formed.
    FileNotFoundError, MemoryError
        If there is no such file, or it does not fit into memory.
    ImportError
        If nir is missing.

    Notes
    -----
    Files are HDF5 with numbers and names: nothing in them is run.

    Examples
    --------
    See `to_nir`.
    """
    is_noted = isinstance(time_unit, str) and time_unit == "auto"
    scale = per_second("s" if is_noted else time_unit)
    if dt is not None and dt != "auto":
        dt = checks.positive(dt, "dt", "seconds")
    nir = need("nir", "from_nir", "nir")
    if isinstance(graph, (str, bytes, os.PathLike)):
        graph = files.read(nir, graph)
    if isinstance(graph, (nir.EventData, nir.TimeGriddedData)):
        return spikes.trains_of(graph, scale)
    if isinstance(graph, nir.NIRGraphData):
        return spikes.recordings_of(graph, scale)
    if not isinstance(graph, nir.NIRGraph):
        raise TypeError(f"graph is {type(graph).__name__!r}; it must be a nir.NIRGraph, a path, or nir's EventData, TimeGriddedData or NIRGraphData")
    checked = Graph(graph)
    return _network(checked, dt, per_second(noted_unit(checked.nodes)) if is_noted else scale)


def _network(graph: Graph, dt: Any, scale: float) -> Network:
    ways = graph.ways()
    last = _last(graph, ways)
    ways = [way for way in ways if way.target != graph.output]
    names = ordered(graph.neurons, {(way.source, way.target) for way in ways}, last)
    for name in names:
        if type(graph.nodes[name]).__name__ == "CubaLI" and name != last:
            raise ValueError(f"node {name!r} is CubaLI, which does not spike, and not the last; only a read-out may be")
    neurons = [_Neurons(name, graph.nodes[name], _size(graph, name, ways), scale) for name in names]
    n_inputs = n_channels(graph.nodes[graph.input], graph.input, "input") or _size(graph, graph.input, ways)
    sizes = [n_inputs, *(len(each.tau_mem) for each in neurons)]
    places = {name: place for place, name in enumerate((graph.input, *names))}
    found: Dict[Ends, Connection] = {}
    for way in ways:
        ends = places[way.source], places[way.target]
        found[ends] = connection(way, sizes[ends[0]], sizes[ends[1]], scale)
    readout = "leaky" if type(graph.nodes[last]).__name__ == "CubaLI" else "spiking"
    with _named(f"the neurons of {', '.join(map(repr, names))}, counted in this order"):
        network = Network(
            sizes,
            tau_mem=np.concatenate([each.tau_mem for each in neurons]),
            tau_syn=np.concatenate([each.tau_syn for each in neurons]),
            threshold=np.concatenate([each.threshold for each in neurons]),
            reset=np.concatenate([each.reset for each in neurons]),
            drive=np.concatenate([each.drive for each in neurons]),
            delays=[each.kind for each in found.values()],
            readout=readout,
            weight_mean=[0.0] * len(neurons),
            weight_std=[0.0] * len(neurons),
            connections=list(found),
        )
    gains, populations = _gains(neurons, dt), (graph.input, *names)
    for ends, own in found.items():
        gain = gains[ends[1] - 1]
        with np.errstate(over="ignore", invalid="ignore"):
            weights = own.weights if (gain == 1).all() else own.weights * gain[:, None]
        with _named("the way from {!r} to {!r}".format(*(populations[end] for end in ends))):
            network.weights[ends] = scaled_back(own.linear, "weight", weights)
            if own.delays is not None:
                network.delays[ends] = own.delays
    return network


@contextlib.contextmanager
def _named(what: str) -> Iterator[None]:
    """What the core refuses it names by the network's places, which are not the graph's."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from None


def _last(graph: Graph, ways: List[Way]) -> str:
    """The neurons that lead to the output."""
    leading = [way for way in ways if way.target == graph.output]
    if len(leading) != 1:
        raise ValueError(f"{checks.shown([way.source for way in leading])} lead to the output {graph.output!r}; the last layer alone must")
    way = leading[0]
    nodes = [name for name, node in way.nodes if type(node).__name__ not in PLAIN]
    if nodes or way.source == graph.input:
        raise ValueError(f"{(nodes or [way.source])[-1]!r} leads to the output {graph.output!r}; only neurons may")
    return way.source


def _size(graph: Graph, name: str, ways: List[Way]) -> int:
    """How many channels a population has: by its own parameters, or where it has single numbers, by the weights beside it."""
    node = graph.nodes[name]
    for field in _FIELDS:
        shape = shape_of(node, name, field)
        if len(shape) > 1:
            raise ValueError(f"a parameter of node {name!r} has shape {shape}; it must have one dimension")
        if shape:
            return int(shape[0])
    for way in ways:
        if name not in (way.source, way.target):
            continue
        is_source = way.source == name
        for own, between in way.nodes if is_source else reversed(way.nodes):
            for field in ("weight", "delay", "scale"):
                shape = shape_of(between, own, field)
                if shape:
                    return int(shape[-1] if is_source else shape[0])
    raise ValueError(f"node {name!r} does not say how many channels it has; give its parameters one number for each")


#: Of neurons, what tells their number.
_FIELDS = ("tau_mem", "tau_syn", "r", "v_leak", "w_in", "v_threshold", "v_reset")


class _Neurons:
    """A CubaLIF's or CubaLI's parameters, (n,) each, times in seconds."""

    def __init__(self, name: str, node: Any, n: int, scale: float) -> None:
        if n < 1:
            raise ValueError(f"node {name!r} has no neurons; it must have at least one")

        def values(field: str) -> Float64Array:
            return per_channel(parameter(node, name, field), n, f"{field} of node {name!r}")

        spikes = type(node).__name__ == "CubaLIF"
        self.tau_mem, self.tau_syn = (scaled_back(node, tau, values(tau) / scale) for tau in ("tau_mem", "tau_syn"))
        self.threshold = values("v_threshold") if spikes else np.ones(n)
        self.reset = values("v_reset") if spikes else np.zeros(n)
        self.drive = values("v_leak")
        for field, taus in (("tau_mem", self.tau_mem), ("tau_syn", self.tau_syn)):
            if (taus <= 0).any():
                raise ValueError(f"{field} of node {name!r} has the value {values(field).min()}; all must be > 0")
        self.r, self._w_in, self._own_tau_syn = values("r"), values("w_in"), values("tau_syn")
        self._scale = scale

    def gain(self, dt: Union[None, float]) -> Float64Array:
        """What weights are multiplied by; infinite beyond float64, which weights are then refused for."""
        with np.errstate(over="ignore"):
            factor = self.r * (self._w_in / self._own_tau_syn)
            return factor if dt is None else factor * (dt * self._scale)

    def steps(self) -> Tuple[Float64Array, Float64Array]:
        """By r and by w_in, the dt that each neuron would have in the step form."""
        with np.errstate(all="ignore"):
            return self.tau_mem / self.r, self._own_tau_syn / self._scale / self._w_in

    def exponential_steps(self) -> Tuple[Float64Array, Float64Array]:
        """Likewise in the step form of exponential decay."""
        with np.errstate(all="ignore"):
            return -self.tau_mem * np.log1p(-1 / self.r), -self._own_tau_syn / self._scale * np.log1p(-1 / self._w_in)


def _gains(neurons: List[_Neurons], dt: Any) -> List[Float64Array]:
    """What weights into each layer are multiplied by."""
    if dt == "auto":
        least = min(float(taus.min()) for each in neurons for taus in (each.tau_mem, each.tau_syn))
        dt = _common([each.steps() for each in neurons], least)
        if dt is None and _common([each.exponential_steps() for each in neurons], least) is not None:
            # A spike raises currents by its weight: w_in is undone by what a step does.
            return [each.r for each in neurons]
    return [each.gain(dt) for each in neurons]


def _common(steps: List[Tuple[Float64Array, Float64Array]], least: float) -> Union[None, float]:
    """The dt below `least` that all neurons have in common, in seconds; None where they have not."""
    found = np.concatenate([times for both in steps for times in both])
    dt = float(found[0])
    is_step = bool(np.isfinite(found).all()) and 0 < dt < least and bool((np.abs(found - dt) <= _CLOSE * dt).all())
    return dt if is_step else None
