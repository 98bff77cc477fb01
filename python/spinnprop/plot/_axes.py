"""What pictures are drawn on."""

from __future__ import annotations

from typing import Any

from .._support import checks


def new_or_given(ax: Any) -> Any:
    """What is drawn on: the given axes, or those of a new figure for None."""
    if ax is None:
        from matplotlib import pyplot

        # Legends and titles outside of the axes stay within the figure.
        return pyplot.subplots(layout="constrained")[1]
    from matplotlib.axes import Axes

    if not isinstance(ax, Axes):
        raise TypeError(f"ax is {checks.shown(ax)}; it must be matplotlib Axes, or None for a new figure")
    return ax


def word(label: Any) -> str:
    """A label of the user's as text of a picture: one line, not too long, and no mathematics between dollars."""
    text = " ".join(str(label).split())
    return (text if len(text) <= 40 else text[:37] + "...").replace("$", r"\$")
