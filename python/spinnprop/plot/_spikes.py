"""Pictures of spikes."""

from __future__ import annotations

from typing import Any, List, Optional, Sequence, Union

from .. import _core
from .._recording import Recording
from .._spikes import SpikeTrains
from .._support import checks
from .._support.overviews import population
from ._axes import new_or_given, word


def raster(
    spikes: Union[SpikeTrains, Recording],
    sample: int = 0,
    ax: Any = None,
    y: Any = None,
    predicted: Any = None,
    classes: Optional[Sequence[Any]] = None,
) -> Any:
    """The spikes of one sample: time in ms to the right, units upwards; for a recording, layer above layer, without a leaky
    read-out, which has none.

    With labels and decisions, the title names the sample's; of a recording's spiking outputs the label's row is shaded, and a ring is around the
    first spike of the one decided for.

    Parameters
    ----------
    spikes : SpikeTrains or Recording
    sample : int
    ax : matplotlib Axes or None
        None: a new figure.
    y, predicted : (n_samples,) int64 or None
        What samples are, 0 .. n_outputs - 1, and what was made of them, -1 for no answer, as `Recording.predict` gives it.
    classes : sequence or None
        What the labels 0, 1, ... are called.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    IndexError, ValueError, TypeError
        If there is no such sample, y and predicted are not of all samples, or a label has no name.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(1)
    >>> rec = sp.Network([5, 30, 3]).forward(sp.encoding.latency(X, bias=0.0))
    >>> ax = sp.plot.raster(rec, y=y, predicted=rec.predict(), classes=["yin", "yang", "dot"])
    """
    trains: List[Any] = [spikes]
    names: List[str] = []
    if isinstance(spikes, Recording):
        trains = [spikes.input, *spikes.spikes]
        names = [population(index, len(trains) - 1) for index in range(len(trains))]
        if spikes._info["readout"] == _core.READOUT_LEAKY:
            trains.pop()
    for each in trains:
        if not isinstance(each, SpikeTrains):
            raise TypeError(f"spikes is {type(each).__name__!r}; it must be SpikeTrains or a Recording")
    label, decision = (_of_sample(given, name, len(spikes), sample) for name, given in (("y", y), ("predicted", predicted)))
    names_of_classes = None if classes is None else list(checks.each(classes, "classes", "names"))
    said = [f"{what} {_class(own, names_of_classes)}" for what, own in (("label", label), ("decision", decision)) if own is not None]
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
    # A leaky read-out has no row, and input no classes.
    if len(trains) > 1 and len(trains) == len(spikes.layer_sizes):  # type: ignore[union-attr]
        _mark(axes, trains[-1], sample, base - 1.0, label, decision)
    if said:
        axes.set_title(", ".join(said), fontsize="medium")
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


def _of_sample(given: Any, name: str, n_samples: int, sample: int) -> Optional[int]:
    """The label of one sample of all samples' labels."""
    if given is None:
        return None
    labels = checks.labels(given, name)
    checks.shape(labels, (n_samples,), name)
    return int(labels[sample])


def _class(label: int, names: Optional[Sequence[Any]]) -> str:
    if label == -1:
        return "none"
    if names is None:
        return str(label)
    if not 0 <= label < len(names):
        raise ValueError(f"a label is {label}, but classes has {len(names)} names; give one for each label")
    return word(names[label])


def _mark(axes: Any, outputs: SpikeTrains, sample: int, base: float, label: Optional[int], decision: Optional[int]) -> None:
    """The row of the label's output, and the first spike of the one decided for."""
    row = 1.0 / outputs.n_units
    if label is not None and 0 <= label < outputs.n_units:
        axes.axhspan(base + label * row, base + (label + 1) * row, color="0.9", zorder=0, label="output of the label")
    times, units = outputs[sample]
    if decision is not None and (units == decision).any():
        axes.plot(
            1e3 * times[units == decision].min(), base + (decision + 0.5) * row, color="0.2", marker="o", markersize=10, markerfacecolor="none",
            linestyle="none", label="first spike of the decision",
        )  # fmt: skip
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.12), ncol=2, frameon=False)
