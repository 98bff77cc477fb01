"""Pictures of networks side by side: medians over seeds, with bars or bands between the quartiles."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from .trained import Found, quartiles

_COLOURS = {"none": "0.35", "axonal": "C0", "dendritic": "C2", "synaptic": "C1"}
_LINES = ("-", "--", ":")


def draw_errors(figure: Any, found: Sequence[Found], by: str, known: str) -> None:
    """Test error over the number of hidden neurons (`by` "hidden") or of parameters, a line for each engine and kind of delays."""
    axes = figure.add_subplot()
    engines = _engines(found)
    for (engine, delays), own in _grouped(found).items():
        own = sorted(own, key=lambda each: _size(each, by))
        at = np.array([_size(each, by) for each in own])
        low, middle, high = quartiles(100 - np.array([each.accuracies for each in own]), axis=1)
        # Lines of several engines would lie on top of each other's bars.
        shift = 1 + 0.012 * (engines.index(engine) - (len(engines) - 1) / 2)
        label = f"{engine}, {_named(delays)}" if len(engines) > 1 else _named(delays)
        style = _LINES[engines.index(engine) % len(_LINES)]
        axes.errorbar(
            shift * at, middle, [middle - low, high - middle], label=label, linestyle=style, marker="o", markersize=4,
            capsize=3, linewidth=1.2, color=_COLOURS[delays],
        )  # fmt: skip
        stars = [(_size(each, by), 100 - each.case.known) for each in own if each.case.known is not None]
        if stars and engine == engines[0]:
            axes.scatter(
                *zip(*stars), marker="*", s=110, facecolor=_COLOURS[delays], edgecolor="black", linewidths=0.7,
                zorder=3, label=f"{known}, {_named(delays)}",
            )  # fmt: skip
    axes.set_xlabel("hidden neurons" if by == "hidden" else "trained parameters: weights and delays")
    axes.set_ylabel("test error (%): median, quartiles")
    _finish(axes)


def draw_courses(figure: Any, found: Sequence[Found]) -> None:
    """Validation error over epochs, a panel for each kind of delays and a line for each size and engine."""
    kinds = [kind for kind in _COLOURS if any(each.case.delays == kind for each in found)]
    engines = _engines(found)
    sizes = sorted({_size(each, "hidden") for each in found}, reverse=True)
    panels = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
    for axes, kind in zip(panels, kinds):
        for each in found:
            case = each.case
            if case.delays != kind:
                continue
            low, middle, high = quartiles(100 - np.array(each.curves))
            epochs = np.arange(1, len(middle) + 1)
            colour = f"C{sizes.index(_size(each, 'hidden'))}"
            engine = f", {case.engine.name}" if len(engines) > 1 else ""
            style = _LINES[engines.index(case.engine.name) % len(_LINES)]
            axes.plot(epochs, middle, color=colour, linestyle=style, linewidth=1, label=f"{case.shape}{engine}")
            axes.fill_between(epochs, low, high, color=colour, alpha=0.2, linewidth=0)
        axes.set_title(_named(kind), fontsize="medium")
        axes.set_xlabel("epoch")
        _finish(axes)
        axes.get_legend().set_visible(axes is panels[-1])
        axes.xaxis.get_major_locator().set_params(integer=True)
    panels[0].set_ylabel("validation error (%): median, quartiles")


def _engines(found: Sequence[Found]) -> List[str]:
    return list(dict.fromkeys(each.case.engine.name for each in found))


def _grouped(found: Sequence[Found]) -> Dict[Tuple[str, str], List[Found]]:
    groups: Dict[Tuple[str, str], List[Found]] = {}
    for each in found:
        groups.setdefault((each.case.engine.name, each.case.delays), []).append(each)
    return groups


def _size(each: Found, by: str) -> int:
    return each.case.sizes[1] if by == "hidden" else each.parameters


def _named(delays: str) -> str:
    return "no delays" if delays == "none" else f"{delays} delays"


def _finish(axes: Any) -> None:
    axes.set_yscale("log")
    from matplotlib.ticker import FuncFormatter, LogLocator

    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    axes.grid(True, alpha=0.3)
    axes.legend(fontsize="small")
