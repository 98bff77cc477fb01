"""Pictures of what goes on in single neurons."""

from __future__ import annotations

import math
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np

from .._network import Network
from .._recording import Recording
from .._support import checks
from .._support.types import Float64Array, Int64Array
from ._axes import new_or_given

#: Points of a trace, spikes and arrivals not counted.
_POINTS = 1000
#: How many neurons are drawn unless they are given.
_NEURONS = 4
#: How often the time in which a run ended is halved: to a thousandth of a picture's width and less.
_HALVINGS = 12
#: Numbers that are read at a time: states are of all of a layer's neurons.
_ROOM = 1 << 22


def membrane(
    recording: Recording,
    layer: int = -1,
    sample: int = 0,
    neurons: Optional[Sequence[int]] = None,
    times: Any = None,
    current: bool = False,
    ax: Any = None,
) -> Any:
    """Membranes of a layer over time, exact, with their threshold, their spikes and the arrivals that move them.

    Strokes along the lower edge are arrivals. Of one neuron those of positive weights are coloured otherwise than those of negative ones; of several
    they are of any of these neurons. What a mask takes out does not arrive.

    Parameters
    ----------
    recording : Recording
        In continuous time.
    layer : int
        From 0, the first after the input; -1 is the read-out.
    sample : int
    neurons : sequence of int or None
        None: the four that spike first, or those of the lowest numbers.
    times : (n_times,) float64 or None
        Seconds, as in `Recording.membrane`; None: a thousand from 0 on until after the last spike, and just before and after every spike of these neurons.
    current : bool
        Whether synaptic currents are drawn, too, dotted.
    ax : matplotlib Axes or None
        None: a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    IndexError, ValueError, TypeError
        If there is no such layer, sample or neuron, or a time is not within the run.
    SpinnpropError
        If the recording is on a grid of time steps.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(1)
    >>> rec = sp.Network([5, 30, 3]).forward(sp.encoding.latency(X, bias=0.0))
    >>> ax = sp.plot.membrane(rec, layer=0, neurons=[0, 3], current=True)
    """
    if not isinstance(recording, Recording):
        raise TypeError(f"recording is {checks.shown(recording)}; it must be a Recording")
    layer, sample = _index(layer, "layer", len(recording.spikes)), _index(sample, "sample", len(recording))
    has_currents = checks.boolean(current, "current")
    spike_times, units = recording.spikes[layer][sample]
    chosen = _neurons(neurons, recording.layer_sizes[layer + 1], units)
    network = Network._of(recording._network)
    arrivals = _arrivals(network, recording, layer, sample, chosen)
    own = [spike_times[units == neuron] for neuron in chosen]
    if times is None:
        at = _times(recording, network, layer, sample, [*own, *(each[0] for each in arrivals if has_currents)])
    else:
        at = checks.array(times, np.float64, "times", ndim=1)
    membranes, currents = _states(recording, layer, sample, at, chosen)
    thresholds = np.asarray(network.threshold[layer])[chosen]
    is_spiking = layer < len(recording.spikes) - 1 or network.readout == "spiking"
    axes = new_or_given(ax)
    for place, neuron in enumerate(chosen):
        colour = f"C{place}"
        axes.plot(1e3 * at, membranes[:, place], color=colour, linewidth=1.2, label=f"neuron {neuron}")
        if has_currents:
            axes.plot(1e3 * at, currents[:, place], color=colour, linewidth=1.0, linestyle=":")
    if has_currents:
        axes.plot([], [], color="0.4", linewidth=1.0, linestyle=":", label="current I")
    if is_spiking:
        same = np.all(thresholds == thresholds[:1])
        for place, threshold in enumerate(thresholds[:1] if same else thresholds):
            axes.axhline(
                threshold, color="0.4" if same else f"C{place}", linestyle="--", linewidth=0.8, label=None if place else "threshold", zorder=1
            )
        for place, (seen, threshold) in enumerate(zip(own, thresholds)):
            seen = _within(seen, at)
            axes.plot(1e3 * seen, np.full(len(seen), threshold), color=f"C{place}", marker="^", markersize=6, linestyle="none", zorder=3)
        if any(map(len, own)):
            axes.plot([], [], color="0.4", marker="^", markersize=6, linestyle="none", label="spike")
    _draw_arrivals(axes, arrivals, at)
    axes.set_xlabel("time (ms)")
    axes.set_ylabel("membrane V, current I" if has_currents else "membrane V")
    axes.margins(x=0.01)
    axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    return axes


def _index(value: Any, name: str, length: int) -> int:
    """A number of a layer or sample; negative ones count from the end."""
    index = checks.integer(value, name)
    if not -length <= index < length:
        raise IndexError(f"{name} is {index}; the recording has {length}, 0 .. {length - 1}")
    return index % length


def _neurons(given: Optional[Sequence[int]], n_neurons: int, units: Any) -> Int64Array:
    """The neurons to draw; by themselves those that spike first, then others by number."""
    if given is None:
        first, places = np.unique(units, return_index=True)
        early = first[np.argsort(places)][:_NEURONS]
        others = (neuron for neuron in range(min(n_neurons, 2 * _NEURONS)) if neuron not in early)
        return np.sort(np.array([*early, *others][:_NEURONS], np.int64))
    chosen: Int64Array = checks.array(given, np.int64, "neurons", ndim=1)
    if not len(chosen):
        raise ValueError("neurons is empty; give at least one, or None")
    for neuron in chosen.tolist():
        if not 0 <= neuron < n_neurons:
            raise IndexError(f"neurons holds {neuron}; the layer has neurons 0 .. {n_neurons - 1}")
    return chosen


def _arrivals(
    network: Network, recording: Recording, layer: int, sample: int, neurons: Int64Array
) -> List[Tuple[Float64Array, Float64Array]]:
    """Of each neuron the times at which spikes reach it, in seconds, and the weights that they come with."""
    found: List[List[Tuple[Any, Any]]] = [[] for _ in neurons]
    for (source, target), kind in zip(network.connections, network._kinds):
        if target != layer + 1:
            continue
        sent, senders = (recording.input if source == 0 else recording.spikes[source - 1])[sample]
        parts = (network.delays, network.masks, network.weights)
        delays, masks, weights = (np.asarray(each[source, target]) for each in parts)
        for neuron, own in zip(neurons, found):
            exists = masks[neuron, senders]
            if not delays.size:
                late: Any = 0.0
            elif delays.ndim == 2:
                late = delays[neuron, senders]
            else:
                late = delays[senders] if kind == "axonal" else delays[neuron]
            own.append(((sent + late)[exists], weights[neuron, senders][exists]))
    return [(np.concatenate([times for times, _ in own]), np.concatenate([weights for _, weights in own])) for own in found]


def _times(recording: Recording, network: Network, layer: int, sample: int, events: Sequence[Float64Array]) -> Float64Array:
    """Evenly from 0 to a while after the last event, if the run lasted so long, and before and after each event."""
    seen = [spikes[sample][0] for spikes in (recording.input, *recording.spikes)]
    last = max(float(own.max(initial=0.0)) for own in [*seen, *events])
    end = last + float(max(network.tau_mem[layer].max(), network.tau_syn[layer].max()))
    if not _is_within(recording, layer, sample, end):
        # A recording does not say when its run ended; it does say whether a time was within.
        end, after = 0.0, end
        for _ in range(_HALVINGS):
            middle = 0.5 * (end + after)
            end, after = (middle, after) if _is_within(recording, layer, sample, middle) else (end, middle)
    both = np.concatenate([np.linspace(0.0, end, _POINTS), *events, *(np.nextafter(own, math.inf) for own in events)])
    times: Float64Array = np.unique(both[both <= end])
    return times


def _is_within(recording: Recording, layer: int, sample: int, time: float) -> bool:
    """Whether a time lies within the run."""
    try:
        recording.membrane(layer, sample, [time])
    except ValueError:
        return False
    return True


def _states(recording: Recording, layer: int, sample: int, times: Float64Array, neurons: Int64Array) -> Tuple[Float64Array, Float64Array]:
    """(n_times, n) membranes and currents of these neurons; read in parts, as a layer's are read all at once."""
    part = max(1, _ROOM // recording.layer_sizes[layer + 1])
    states = [recording._states(layer, sample, times[start : start + part]) for start in range(0, max(1, len(times)), part)]
    membranes, currents = ([each[which][:, neurons] for each in states] for which in (0, 1))
    return np.concatenate(membranes), np.concatenate(currents)


def _within(times: Float64Array, at: Float64Array) -> Float64Array:
    """Of these times those that a trace covers."""
    seen: Float64Array = times[(times >= at.min(initial=math.inf)) & (times <= at.max(initial=-math.inf))]
    return seen


def _draw_arrivals(axes: Any, arrivals: Sequence[Tuple[Float64Array, Float64Array]], at: Float64Array) -> None:
    """Strokes along the lower edge."""
    if len(arrivals) == 1:
        times, weights = arrivals[0]
        kinds = [("excitatory arrival", "C3", times[weights > 0]), ("inhibitory arrival", "C0", times[weights < 0])]
        kinds.append(("arrival of weight 0", "0.6", times[weights == 0]))
    else:
        kinds = [("arrival", "0.4", np.unique(np.concatenate([times for times, _ in arrivals])))]
    for label, colour, times in kinds:
        seen = _within(times, at)
        if len(seen):
            axes.plot(
                1e3 * seen, np.full(len(seen), 0.02), color=colour, marker="|", markersize=9, linestyle="none", label=label,
                transform=axes.get_xaxis_transform(), zorder=2,
            )  # fmt: skip
