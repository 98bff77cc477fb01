"""Pictures of what reaches the chip: medians over seeds, with bars between the quartiles."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Tuple

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

#: Words for what is swept.
_SWEPT = {
    ("tau_mem_spread", "tau_syn_spread", "threshold_spread"): "spread of time constants\nand thresholds",
    ("weight_bits",): "bits of a weight",
    ("jitter",): "jitter (tau_syn)",
    ("noise",): "noise (thresholds)",
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


def draw_sweeps(figure: Any, rows: Sequence[Row]) -> None:
    """Accuracy on the chip over what was swept, a panel for each; a colour for each way of training, a line style for each kind of delays."""
    own = [row for row in rows if row.tested == CHIP]
    names = list(dict.fromkeys(tuple(row.case.statistics) for row in own))
    panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    methods = list(dict.fromkeys(row.case.method for row in own))
    for axes, swept in zip(panels, names):
        lines: Dict[Tuple[str, str], List[Row]] = {}
        for row in own:
            if tuple(row.case.statistics) == swept:
                lines.setdefault((row.case.method, row.case.delays), []).append(row)
        for (method, delays), along in lines.items():
            at = [row.case.statistics[swept[0]] for row in along]
            low, middle, high = quartiles([row.accuracies for row in along], axis=1)
            axes.errorbar(
                at, middle, [middle - low, high - middle], color=f"C{methods.index(method)}", marker="o", markersize=4, capsize=3,
                linewidth=1.2, linestyle="-" if delays == "none" else "--", label=f"{method}, {'no' if delays == 'none' else delays} delays",
            )  # fmt: skip
        axes.set_xlabel(_SWEPT.get(swept, ", ".join(swept)))
        axes.grid(True, alpha=0.3)
    panels[0].set_ylabel("test accuracy on the chip (%): median, quartiles")
    panels[-1].legend(fontsize="x-small")
