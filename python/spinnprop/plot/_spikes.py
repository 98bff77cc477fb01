"""Pictures of spikes."""

from __future__ import annotations

from typing import Any, List, Union

from .. import _core
from .._recording import Recording
from .._spikes import SpikeTrains
from ._axes import new_or_given


def raster(spikes: Union[SpikeTrains, Recording], sample: int = 0, ax: Any = None) -> Any:
    """The spikes of one sample: time in ms to the right, units upwards; for a recording, layer above layer, without a leaky
    read-out, which has none.

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
    trains: List[Any] = [spikes]
    names: List[str] = []
    if isinstance(spikes, Recording):
        trains = [spikes.input, *spikes.spikes]
        names = ["input", *(f"hidden layer {layer}" for layer in range(1, len(trains) - 1)), "output"]
        if spikes._info["readout"] == _core.READOUT_LEAKY:
            trains.pop()
    for each in trains:
        if not isinstance(each, SpikeTrains):
            raise TypeError(f"spikes is {type(each).__name__!r}; it must be SpikeTrains or a Recording")
    axes = new_or_given(ax)
    base = 0.0
    for layer, each in enumerate(trains):
        times, units = each[sample]
        # A small layer's rows would vanish beside a large one's: every layer gets the same height.
        height = 1.0 if names else each.n_units
        rows = base + (units + 0.5) / each.n_units * height
        axes.scatter(1e3 * times, rows, s=40, marker="|", color=f"C{layer}", linewidths=1.5)
        if layer > 0:
            axes.axhline(base, color="0.8", linewidth=0.8)
        base += height
    axes.set_ylim(0, base)
    axes.set_xlim(left=-0.5)
    axes.set_xlabel("time (ms)")
    if names:
        axes.set_yticks([layer + 0.5 for layer in range(len(trains))])
        axes.set_yticklabels([f"{name}\n({each.n_units} units)" for name, each in zip(names, trains)])
        # A tick in the middle of a layer would point at one of its units.
        axes.tick_params(axis="y", length=0)
    else:
        axes.set_ylabel("unit")
        axes.yaxis.get_major_locator().set_params(integer=True)
    return axes
