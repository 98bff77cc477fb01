"""Pictures of what reaches the chip: medians over seeds, with bars between the quartiles."""

from __future__ import annotations

from typing import Any, Sequence

from ..trained import quartiles
from .runs import AWARE, CHIP, CHIPS, IDEAL, LOOP, TRAINED, Row

_COLOURS = {"none": "0.35", "axonal": "C0"}
#: By what networks were trained on and are tested on, in the order of the axis.
_PLACES = {
    (IDEAL, TRAINED): "ideal",
    (AWARE, TRAINED): "model of\na chip",
    (CHIPS, TRAINED): "several\nchips",
    (IDEAL, CHIP): "transferred\nto the chip",
    (AWARE, CHIP): "model,\nthen the chip",
    (CHIPS, CHIP): "several,\nthen the chip",
    (LOOP, CHIP): "in the loop",
}


def draw_places(figure: Any, rows: Sequence[Row]) -> None:
    """Accuracy by what a network was trained on and where it is tested; a colour for each kind of delays, a marker for each size."""
    axes = figure.add_subplot()
    places = [place for place in _PLACES if any((row.case.method, row.tested) == place for row in rows)]
    networks = list(dict.fromkeys((row.case.task.shape, row.case.delays) for row in rows))
    shapes = list(dict.fromkeys(shape for shape, _ in networks))
    for index, (shape, delays) in enumerate(networks):
        own = [row for row in rows if (row.case.task.shape, row.case.delays) == (shape, delays)]
        shift = 0.22 * (index - (len(networks) - 1) / 2)
        at = [places.index((row.case.method, row.tested)) + shift for row in own]
        low, middle, high = quartiles([row.accuracies for row in own], axis=1)
        axes.errorbar(
            at, middle, [middle - low, high - middle], linestyle="", marker="osD^"[shapes.index(shape) % 4], markersize=5,
            capsize=3, color=_COLOURS[delays], label=f"{shape}, {'no' if delays == 'none' else delays} delays",
        )  # fmt: skip
        for x, row in zip(at, own):
            if row.known is not None:
                axes.plot([x + 0.08] * 2, row.known, color=_COLOURS[delays], marker="_", markersize=9, linewidth=1, linestyle=":")
    if any(row.known is not None for row in rows):
        axes.plot([], [], color="0.35", marker="_", markersize=9, linestyle=":", label="published")
    axes.set_xticks(range(len(places)), [_PLACES[place] for place in places], fontsize="small")
    axes.set_ylabel("test accuracy (%): median, quartiles")
    axes.grid(True, axis="y", alpha=0.3)
    axes.legend(fontsize="small")
