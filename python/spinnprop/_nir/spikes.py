"""Spikes as NIR's event data, and back."""

from __future__ import annotations

from typing import Any, Dict

import numpy as np

from .._recording import Recording
from .._spikes import SpikeTrains
from .._support import checks, memory
from .values import finite, real

_SMALLER = "take fewer samples at a time"


def events_of(nir: Any, spikes: SpikeTrains, scale: float) -> Any:
    """nir.EventData of spike trains, times in a unit of which a second has `scale`."""
    counts = np.diff(spikes.offsets)
    most = int(counts.max()) if len(counts) else 0
    memory.must_fit(16.0 * len(spikes) * most, "a recording padded to the most spikes of a sample", _SMALLER)
    idx, time = np.full((len(spikes), most), -1, np.int64), np.full((len(spikes), most), np.inf)
    is_spike = np.arange(most) < counts[:, None]
    times = np.asarray(spikes.times) * scale
    idx[is_spike], time[is_spike] = spikes.units, times
    return nir.EventData(idx, time, spikes.n_units, float(times.max()) if len(times) else 0.0)


def recorded(nir: Any, recording: Recording, scale: float) -> Any:
    """nir.NIRGraphData of a recording, by the names of the network's nodes."""
    trains = {"input": recording.input}
    for layer, spikes in enumerate(recording.spikes):
        trains[f"layer_{layer + 1}"] = spikes
    nodes = {
        name: nir.NIRNodeData({"spikes": events_of(nir, spikes, scale)}) for name, spikes in trains.items()
    }
    return nir.NIRGraphData(nodes)


def trains_of(data: Any, scale: float, name: str = "the recording") -> SpikeTrains:
    """Spike trains of nir.EventData, or of nir.TimeGriddedData of events."""
    if hasattr(data, "value"):
        raise ValueError(f"{name} is ValuedEventData, and spikes have no values; make EventData of those that count")
    if hasattr(data, "dt"):
        return _of_grid(data, scale, name)
    idx, time = (real(data, name, field) for field in ("idx", "time"))
    if idx.ndim != 2 or time.shape != idx.shape:
        raise ValueError(f"idx of {name} has shape {idx.shape}, time {time.shape}; both must be (n_samples, n_events)")
    n_units = checks.integer(getattr(data, "n_neurons", None), f"n_neurons of {name}", 1, checks.INT32)
    is_spike = idx != -1
    units = idx[is_spike]
    if not ((units >= 0) & (units < n_units) & (units == np.floor(units))).all():
        wrong = units[~((units >= 0) & (units < n_units) & (units == np.floor(units)))][0]
        raise ValueError(f"idx of {name} has the value {wrong:g}; units are 0 .. {n_units - 1}, and -1 where there is no spike")
    offsets = np.concatenate([[0], np.cumsum(is_spike.sum(1))])
    return SpikeTrains(time[is_spike] / scale, units.astype(np.int32), offsets, n_units)


def recordings_of(data: Any, scale: float) -> Dict[str, SpikeTrains]:
    """Spike trains by node of nir.NIRGraphData: the "spikes" of all nodes that have them."""
    found: Dict[str, SpikeTrains] = {}
    for name, node in data.nodes.items():
        if hasattr(node, "nodes"):
            raise ValueError(f"node {name!r} is a recording of a graph within the graph; take its own: data.nodes[{name!r}]")
        if not isinstance(getattr(node, "observables", None), dict):
            raise ValueError(f"node {name!r} is {type(node).__name__}; it must be NIRNodeData")
        if "spikes" in node.observables:
            found[name] = trains_of(node.observables["spikes"], scale, f"node {name!r}")
    return found


def _of_grid(data: Any, scale: float, name: str) -> SpikeTrains:
    values = finite(data, name, "data")
    if not ((values == 0) | (values == 1)).all():
        raise ValueError(f"{name} is TimeGriddedData of other numbers than 0 and 1; spikes are either there or not")
    return SpikeTrains.from_dense(values.astype(np.int8), checks.positive(data.dt, f"dt of {name}") / scale)
