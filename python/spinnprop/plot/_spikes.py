"""Pictures of spikes."""

from __future__ import annotations

from typing import Any, Union

from .._recording import Recording
from .._spikes import SpikeTrains
from ._axes import new_or_given


def raster(spikes: Union[SpikeTrains, Recording], sample: int = 0, ax: Any = None) -> Any:
    """The spikes of one sample: time in ms to the right, units upwards; for a recording, layer above layer.

    Parameters
    ----------
    spikes : SpikeTrains or Recording
    sample : int
    ax : matplotlib Axes or None
        None: a new figure.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(1)
    >>> rec = sp.Network([5, 30, 3]).forward(sp.encoding.latency(X, bias=0.0))
    >>> ax = sp.plot.raster(rec)
    """
    trains = [spikes.input, *spikes.spikes] if isinstance(spikes, Recording) else [spikes]
    for each in trains:
        if not isinstance(each, SpikeTrains):
            raise TypeError(f"spikes is {type(each).__name__!r}; it must be SpikeTrains or a Recording")
    axes = new_or_given(ax)
    names = ["input", *(f"hidden layer {layer}" for layer in range(1, len(trains) - 1)), "output"] if len(trains) > 1 else [None]
    base = 0.0
    for layer, (name, each) in enumerate(zip(names, trains)):
        times, units = each[sample]
        # A small layer's rows would vanish beside a large one's: every layer gets the same height.
        height = 1.0 if len(trains) > 1 else each.n_units
        rows = base + (units + 0.5) / each.n_units * height
        axes.scatter(1e3 * times, rows, s=40, marker="|", color=f"C{layer}", linewidths=1.5)
        if name is not None and layer > 0:
            axes.axhline(base, color="0.8", linewidth=0.8)
        base += height
    axes.set_ylim(0, base)
    axes.set_xlim(left=-0.5)
    axes.set_xlabel("time (ms)")
    if len(trains) > 1:
        axes.set_yticks([layer + 0.5 for layer in range(len(trains))])
        axes.set_yticklabels([f"{name}\n({each.n_units} units)" for name, each in zip(names, trains)])
        # A tick in the middle of a layer would point at one of its units.
        axes.tick_params(axis="y", length=0)
    else:
        axes.set_ylabel("unit")
        axes.yaxis.get_major_locator().set_params(integer=True)
    return axes
