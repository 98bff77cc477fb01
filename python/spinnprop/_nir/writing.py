"""Networks and spikes to NIR."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple, Union

import numpy as np

from .._network import Network
from .._recording import Recording
from .._spikes import SpikeTrains
from .._support import checks
from .._support.layers import Ends
from .._support.optional import need
from .._support.types import Float64Array
from . import spikes
from .values import EXACT, TIME_UNIT, per_second

_RECURRENCES: Dict[Optional[str], int] = {"flat": 0, "nested": 1}
#: Numbers in the larger matrix of a connection that is expanded for the delays of its synapses: 80 MB.
_MOST_EXPANDED = 10_000_000


def to_nir(
    network: Union[Network, Recording, SpikeTrains], dt: Optional[float] = None, recurrence: str = "flat", time_unit: str = "s"
) -> Any:
    """A network as a graph of the Neuromorphic Intermediate Representation (NIR), which other libraries and chips read; spikes as
    NIR's events.

    Parameters
    ----------
    network : Network, Recording or SpikeTrains
    dt : None or float
        None: the plain form, in continuous time, in which a spike is an impulse: r = 1, w_in = tau_syn, and weights as they are. A
        number: the step form that libraries with time steps read, in which a spike is 1 for a step of dt seconds: r = tau_mem /
        dt, w_in = tau_syn / dt, and weights are multiplied by dt / tau_mem. It must be below all time constants.
    recurrence : "flat" or "nested"
        A recurrent layer as a cycle in the graph, or as a graph of its own within it.
    time_unit : "s", "ms", "us" or "ns"
        Of times and time constants. NIR names none; most libraries read seconds.

    Returns
    -------
    nir.NIRGraph
        Of a network. Its nodes: "input"; of the k-th layer "layer_k", a CubaLIF, a CubaLI for a leaky read-out (graphs of
        these where nested); of a connection from j to k "weights_j_k", a Linear, "delays_j_k", a Delay, before the weights if they
        are axonal, after if dendritic, between "expanded_j_k" and the weights if they are synaptic: NIR delays channels, so each
        synapse becomes a channel; "output". All parameters are float64 and one for each neuron; a drive is v_leak. `nir.write`
        writes it to a file.
    nir.EventData
        Of spike trains: (n_samples, most spikes of a sample), padded with unit -1 at time inf. ``t_max`` is the last spike's time;
        assign another where a longer recording is meant.
    nir.NIRGraphData
        Of a recording: such "spikes" of the input and each layer that spikes, by the names of nodes.

    `from_nir` gives the same network or spikes back, bit for bit in the plain form in seconds. Where numbers are scaled, in the
    step form or in another unit, they are rounded; a network's own are kept beside them in the nodes' metadata, with the unit, which the way back
    believes where they agree but for rounding. Without metadata, weights of the step form come back within some units of the last place.
    NIR's recordings have no metadata: spike times in another unit than seconds come back to within 2^-52 of themselves, as some neighbouring
    float64 seconds share one float64 of another unit, and `from_nir` must be told the unit; in seconds they keep every bit.

    What the graph does not hold: masks, signs and bounds of weights, and threshold and reset of a leaky read-out, which it does
    not use.

    Raises
    ------
    ValueError
        If a layer has a refractory period, which NIR has not; if dt is not below all time constants; if synaptic
        delays make a matrix of more than 10^7 numbers.
    ImportError
        If nir is missing.

    Notes
    -----
    Pedersen et al. (2024), Nature Communications 15, 8122.

    Examples
    --------
    >>> import spinnprop as sp
    >>> net = sp.Network([5, 30, 3], delays="axonal", seed=1)
    >>> graph = sp.to_nir(net, dt=1e-4)
    >>> graph.edges
    [('input', 'delays_0_1'), ('delays_0_1', 'weights_0_1'), ('weights_0_1', 'layer_1'),
     ('layer_1', 'delays_1_2'), ('delays_1_2', 'weights_1_2'), ('weights_1_2', 'layer_2'), ('layer_2', 'output')]
    >>> sp.from_nir(graph)
    <Network 5-30-3, delays='axonal'>
    """
    scale = per_second(time_unit)
    is_nested = bool(checks.choice(recurrence, "recurrence", _RECURRENCES))
    if not isinstance(network, (Network, Recording, SpikeTrains)):
        raise TypeError(f"network is {type(network).__name__!r}; it must be a Network, a Recording or SpikeTrains")
    nir = need("nir", "to_nir", "nir")
    if isinstance(network, Network):
        return _Writer(nir, network, dt, time_unit).graph(is_nested)
    if dt is not None:
        raise ValueError("dt is for networks; spikes keep their times, leave it out")
    return spikes.events_of(nir, network, scale) if isinstance(network, SpikeTrains) else spikes.recorded(nir, network, scale)


class _Writer:
    """Makes the nodes of a network."""

    def __init__(self, nir: Any, network: Network, dt: Optional[float], time_unit: str) -> None:
        self._nir, self._network, self._unit, self._scale = nir, network, time_unit, per_second(time_unit)
        self._dt = None if dt is None else checks.positive(dt, "dt", "seconds")
        for layer, times in enumerate(network.refractory):
            if times.any():
                raise ValueError(
                    f"net.refractory[{layer}] is up to {times.max()} s, and NIR has no refractory period; set it to 0 in a copy of the network"
                )
        least = min(float(np.min(times)) for taus in (network.tau_mem, network.tau_syn) for times in taus)
        if self._dt is not None and self._dt >= least:
            raise ValueError(f"dt is {self._dt} s; it must be below the least time constant, {least} s")

    def graph(self, is_nested: bool) -> Any:
        nodes: Dict[str, Any] = {"input": self._nir.Input({"input": np.array([self._network.layer_sizes[0]])})}
        edges: List[Tuple[str, str]] = []
        n_layers = len(self._network.layer_sizes) - 1
        for layer in range(1, n_layers + 1):
            name = f"layer_{layer}"
            nodes[name] = self._neurons(layer)
            if is_nested and (layer, layer) in self._network.connections:
                nodes[name] = self._nested(layer, nodes[name])
        for source, target in self._network.connections:
            if source == target and is_nested:
                continue
            chain = {f"{kind}_{source}_{target}": node for kind, node in self._connection((source, target))}
            nodes.update(chain)
            names = [f"layer_{source}" if source else "input", *chain, f"layer_{target}"]
            edges += zip(names, names[1:])
        nodes["output"] = self._nir.Output({"output": np.array([self._network.layer_sizes[-1]])})
        return self._nir.NIRGraph(nodes, [*edges, (f"layer_{n_layers}", "output")])

    def _nested(self, layer: int, neurons: Any) -> Any:
        """A recurrent layer as a graph."""
        shape = np.array([self._network.layer_sizes[layer]])
        chain = dict(self._connection((layer, layer)))
        names = ["neurons", *chain, "neurons"]
        return self._nir.NIRGraph(
            {"input": self._nir.Input({"input": shape}), "neurons": neurons, **chain, "output": self._nir.Output({"output": shape})},
            [("input", "neurons"), *zip(names, names[1:]), ("neurons", "output")],
        )

    def _neurons(self, layer: int) -> Any:
        own = {
            name: np.array(getattr(self._network, name)[layer - 1])
            for name in ("tau_mem", "tau_syn", "threshold", "reset", "drive")
        }
        fields, metadata = {}, {}
        for name in ("tau_mem", "tau_syn"):
            fields[name], kept = self._in_unit(own[name], name)
            metadata.update(kept)
        if self._dt is None:
            fields.update(r=np.ones_like(own["tau_mem"]), w_in=fields["tau_syn"].copy())
        else:
            fields.update(r=own["tau_mem"] / self._dt, w_in=own["tau_syn"] / self._dt)
        fields["v_leak"] = own["drive"]
        if layer == len(self._network.layer_sizes) - 1 and self._network.readout == "leaky":
            return self._nir.CubaLI(**fields, metadata=metadata)
        return self._nir.CubaLIF(**fields, v_threshold=own["threshold"], v_reset=own["reset"], metadata=metadata)

    def _connection(self, ends: Ends) -> List[Tuple[str, Any]]:
        """The nodes from one population to another, in order."""
        weights = np.array(self._network.weights[ends])
        delays = np.array(self._network.delays[ends])
        scale = None if self._dt is None else self._dt / self._network.tau_mem[ends[1] - 1]
        scaled = weights if scale is None else weights * np.asarray(scale)[:, None]
        metadata = {} if scale is None else {EXACT + "weight": weights}
        kind = self._network._kinds[self._network.connections.index(ends)]
        if kind == "synaptic":
            expand, collect = _expanded(ends, scaled)
            return [
                ("expanded", self._nir.Linear(weight=expand)),
                ("delays", self._delay(delays.reshape(-1))),
                ("weights", self._nir.Linear(weight=collect, metadata=metadata)),
            ]
        chain = [("weights", self._nir.Linear(weight=scaled, metadata=metadata))]
        if kind is not None:
            chain.insert(0 if kind == "axonal" else 1, ("delays", self._delay(delays)))
        return chain

    def _delay(self, delays: Float64Array) -> Any:
        values, metadata = self._in_unit(delays, "delay")
        return self._nir.Delay(delay=values, metadata=metadata)

    def _in_unit(self, seconds: Float64Array, name: str) -> Tuple[Float64Array, Dict[str, Any]]:
        """Times in the unit that was asked for, and what the metadata keep."""
        if self._scale == 1.0:
            return seconds, {}
        return seconds * self._scale, {EXACT + name: seconds, TIME_UNIT: self._unit}


def _expanded(ends: Ends, weights: Float64Array) -> Tuple[Float64Array, Float64Array]:
    """Weights as two matrices with a channel for each synapse between them, those of the first receiver first."""
    after, before = weights.shape
    n = after * before
    if n * max(after, before) > _MOST_EXPANDED:
        raise ValueError(
            f"the synaptic delays of connection {ends} would make a matrix of {n * max(after, before)} numbers, and at most "
            f"{_MOST_EXPANDED} are written; make the network with delays='axonal' or 'dendritic', which NIR has"
        )
    channels = np.arange(n)
    expand, collect = np.zeros((n, before)), np.zeros((after, n))
    expand[channels, channels % before] = 1.0
    collect[channels // before, channels] = weights.reshape(-1)
    return expand, collect
