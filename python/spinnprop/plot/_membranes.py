"""Pictures of what goes on in single neurons."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, Callable, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .._gradients import Gradients
from .._network import Network
from .._recording import Recording, _is_recording
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
        None: the four that spike first, then those of the lowest numbers; of a leaky read-out the four that rise highest.
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
    seen = _chosen(recording, layer, sample, neurons)
    has_currents = checks.boolean(current, "current")
    arrivals = _arrivals(recording, seen)
    if times is None:
        at = _times(recording, seen, [*seen.spikes, *(each[0] for each in arrivals if has_currents)])
    else:
        at = checks.array(times, np.float64, "times", ndim=1)
    membranes, currents = _read(partial(recording._states, seen.layer, seen.sample), recording.layer_sizes[seen.layer + 1], at, seen.neurons)
    thresholds = np.asarray(seen.network.threshold[seen.layer])[seen.neurons]
    is_spiking = seen.layer < len(recording.spikes) - 1 or seen.network.readout == "spiking"
    axes = new_or_given(ax)
    for place, neuron in enumerate(seen.neurons):
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
        for place, (own, threshold) in enumerate(zip(seen.spikes, thresholds)):
            own = _within(own, at)
            axes.plot(1e3 * own, np.full(len(own), threshold), color=f"C{place}", marker="^", markersize=6, linestyle="none", zorder=3)
        if any(map(len, seen.spikes)):
            axes.plot([], [], color="0.4", marker="^", markersize=6, linestyle="none", label="spike")
    _draw_arrivals(axes, arrivals, at)
    axes.set_ylabel("membrane V, current I" if has_currents else "membrane V")
    _finish(axes)
    return axes


def adjoint(
    gradients: Gradients,
    recording: Recording,
    layer: int = -1,
    sample: int = 0,
    neurons: Optional[Sequence[int]] = None,
    times: Any = None,
    ax: Any = None,
) -> Any:
    """The adjoint variables behind a gradient over time, exact: what a kick to a membrane or a current would do to the loss.

    lV is drawn through, lI dashed. Strokes along the upper edge are the neurons' spikes, where lV jumps.

    Parameters
    ----------
    gradients : Gradients
        Of `Network.gradient` or `pull_back`, by the rule of "event".
    recording : Recording
        What the gradient was taken of.
    layer, sample, neurons, times, ax
        As in `membrane`; times as in `Gradients.adjoint`.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    IndexError, ValueError, TypeError
        If there is no such layer, sample or neuron, a time is not within the run, the gradients are of another recording, or a copy.
    SpinnpropError
        If these gradients are by another rule than that of "event".

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(1)
    >>> net = sp.Network([5, 30, 3])
    >>> rec = net.forward(sp.encoding.latency(X, bias=0.0))
    >>> value, grad = net.gradient(rec, sp.losses.TTFSCrossEntropy(), y)
    >>> ax = sp.plot.adjoint(grad, rec, layer=0)
    """
    if not isinstance(gradients, Gradients):
        raise TypeError(f"gradients is {checks.shown(gradients)}; it must be Gradients, as Network.gradient gives")
    seen = _chosen(recording, layer, sample, neurons)
    if not gradients._are_of(recording):
        raise ValueError("gradients are a copy or were taken of another recording; give both as Network.gradient returned and was given them")
    at = _times(recording, seen, seen.spikes) if times is None else checks.array(times, np.float64, "times", ndim=1)

    def read(at: Float64Array) -> Tuple[Float64Array, Float64Array]:
        return gradients.adjoint(seen.layer, seen.sample, at)

    of_membranes, of_currents = _read(read, recording.layer_sizes[seen.layer + 1], at, seen.neurons)
    axes = new_or_given(ax)
    for place, neuron in enumerate(seen.neurons):
        axes.plot(1e3 * at, of_membranes[:, place], color=f"C{place}", linewidth=1.2, label=f"neuron {neuron}")
        axes.plot(1e3 * at, of_currents[:, place], color=f"C{place}", linewidth=1.0, linestyle="--")
        _stroke(axes, _within(seen.spikes[place], at), 0.98, f"C{place}", None)
    for label, style in ((r"$\lambda_V$", {"linestyle": "-"}), (r"$\lambda_I$", {"linestyle": "--"}), ("spike", {"linestyle": "none", "marker": "|"})):
        axes.plot([], [], color="0.4", label=label, **style)
    axes.set_ylabel(r"adjoint $\lambda_V$, $\lambda_I$ (1/s)")
    _finish(axes)
    return axes


class _Chosen(NamedTuple):
    """What is looked at, and the spikes of each of these neurons."""

    network: Network
    layer: int
    sample: int
    neurons: Int64Array
    spikes: List[Float64Array]


def _chosen(recording: Any, layer: Any, sample: Any, neurons: Optional[Sequence[int]]) -> _Chosen:
    _is_recording(recording)
    layer, sample = _index(layer, "layer", len(recording.spikes)), _index(sample, "sample", len(recording))
    network = Network._of(recording._network)
    times, units = recording.spikes[layer][sample]
    if neurons is None and layer == len(recording.spikes) - 1 and network.readout == "leaky":
        neurons = np.sort(np.argsort(-recording.maxima[sample], kind="stable")[:_NEURONS]).tolist()
    own = _neurons(neurons, recording.layer_sizes[layer + 1], units)
    return _Chosen(network, layer, sample, own, [times[units == neuron] for neuron in own])


def _index(value: Any, name: str, length: int) -> int:
    """A number of a layer or sample; negative ones count from the end."""
    index = checks.integer(value, name)
    if not -length <= index < length:
        raise IndexError(f"{name} is {index}, but the recording has {length} of them")
    return index % length


def _neurons(given: Optional[Sequence[int]], n_neurons: int, units: Any) -> Int64Array:
    """The neurons to draw; by themselves those that spike first, then others by number."""
    if given is None:
        first, places = np.unique(units, return_index=True)
        early = first[np.argsort(places)][:_NEURONS]
        others = (neuron for neuron in range(min(n_neurons, 2 * _NEURONS)) if neuron not in early)
        return np.sort(np.array([*early, *others][:_NEURONS], np.int64))
    if np.asarray(given).dtype == np.bool_:
        raise TypeError(f"neurons is {checks.shown(given)}; it must be numbers of neurons")
    chosen: Int64Array = checks.array(given, np.int64, "neurons", ndim=1)
    if not len(chosen):
        raise ValueError("neurons is empty; give at least one, or None")
    for neuron in chosen.tolist():
        if not 0 <= neuron < n_neurons:
            raise IndexError(f"neurons holds {neuron}; the layer has neurons 0 .. {n_neurons - 1}")
    return chosen


def _arrivals(recording: Recording, seen: _Chosen) -> List[Tuple[Float64Array, Float64Array]]:
    """Of each neuron the times at which spikes reach it, in seconds, and the weights that they come with."""
    network = seen.network
    found: List[List[Tuple[Any, Any]]] = [[] for _ in seen.neurons]
    for (source, target), kind in zip(network.connections, network._kinds):
        if target != seen.layer + 1:
            continue
        sent, senders = (recording.input if source == 0 else recording.spikes[source - 1])[seen.sample]
        parts = (network.delays, network.masks, network.weights)
        delays, masks, weights = (np.asarray(each[source, target]) for each in parts)
        for neuron, own in zip(seen.neurons, found):
            exists = masks[neuron, senders]
            if not delays.size:
                late: Any = 0.0
            elif delays.ndim == 2:
                late = delays[neuron, senders]
            else:
                late = delays[senders] if kind == "axonal" else delays[neuron]
            own.append(((sent + late)[exists], weights[neuron, senders][exists]))
    return [(np.concatenate([times for times, _ in own]), np.concatenate([weights for _, weights in own])) for own in found]


def _times(recording: Recording, seen: _Chosen, events: Sequence[Float64Array]) -> Float64Array:
    """Evenly from 0 to a while after the last event, if the run lasted so long, and before and after each event."""
    all_spikes = [spikes[seen.sample][0] for spikes in (recording.input, *recording.spikes)]
    last = max(float(own.max(initial=0.0)) for own in [*all_spikes, *events])
    end = last + float(max(seen.network.tau_mem[seen.layer].max(), seen.network.tau_syn[seen.layer].max()))
    if not _is_within(recording, seen, end):
        # A recording does not say when its run ended; it does say whether a time was within.
        end, after = 0.0, end
        for _ in range(_HALVINGS):
            middle = 0.5 * (end + after)
            end, after = (middle, after) if _is_within(recording, seen, middle) else (end, middle)
    both = np.concatenate([np.linspace(0.0, end, _POINTS), *events, *(np.nextafter(own, math.inf) for own in events)])
    times: Float64Array = np.unique(both[both <= end])
    return times


def _is_within(recording: Recording, seen: _Chosen, time: float) -> bool:
    """Whether a time lies within the run."""
    try:
        recording.membrane(seen.layer, seen.sample, [time])
    except ValueError:
        return False
    return True


def _read(
    read: Callable[[Float64Array], Tuple[Float64Array, Float64Array]], n_neurons: int, times: Float64Array, neurons: Int64Array
) -> Tuple[Float64Array, Float64Array]:
    """Two numbers of these neurons at each time, (n_times, n); in parts, as those of a whole layer are read at once."""
    part = max(1, _ROOM // n_neurons)
    found = [read(times[start : start + part]) for start in range(0, max(1, len(times)), part)]
    ones, others = ([each[which][:, neurons] for each in found] for which in (0, 1))
    return np.concatenate(ones), np.concatenate(others)


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
        _stroke(axes, _within(times, at), 0.02, colour, label)


def _stroke(axes: Any, times: Float64Array, height: float, colour: str, label: Optional[str]) -> None:
    """Strokes at a height that is a part of the axes' own."""
    if len(times):
        axes.plot(
            1e3 * times, np.full(len(times), height), color=colour, marker="|", markersize=9, linestyle="none", label=label,
            transform=axes.get_xaxis_transform(), zorder=2,
        )  # fmt: skip


def _finish(axes: Any) -> None:
    axes.set_xlabel("time (ms)")
    axes.margins(x=0.01)
    axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
