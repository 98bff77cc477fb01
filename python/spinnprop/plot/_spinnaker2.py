"""The picture of an emulated SpiNNaker2."""

from __future__ import annotations

import math
from typing import Any, Dict, List, Tuple, Union

import numpy as np

from .._support import checks
from ..spinnaker2 import Account, Engine
from ._axes import new_or_given

#: The places of a quad's four processing elements within its square.
_CORNERS = ((-0.24, -0.24), (0.24, -0.24), (-0.24, 0.24), (0.24, 0.24))
_SIDE = 0.42
#: The router and the memory interface.
_FIXED = ((4, 3, "router"), (7, 3, "DRAM"))
_PROGRAMS = ("input", "neurons", "loss", "optimizer", "errors")
_DIRECTIONS = ((1, 0), (1, 1), (0, 1), (-1, 0), (-1, -1), (0, -1))
#: Counter, label, and whether the colours are logarithmic: an optimiser does far more than all others.
_QUANTITIES: Dict[str, Tuple[str, str, bool]] = {
    "load": ("cycles", "cycles per processing element (estimated)", True),
    "memory": ("sram_high_water", "SRAM per processing element (bytes)", False),
    "traffic": ("hop_bits", "bits times hops per processing element", True),
}
_TITLES = {
    "program": "Program of each processing element",
    "load": "Load: cycles",
    "memory": "Memory: most SRAM in use",
    "traffic": "Traffic: packets and DMA on the mesh",
}


def spinnaker2(account: Union[Account, Engine], by: str = "program", ax: Any = None) -> Any:
    """The processing elements on the chip's grid of quads, coloured by what they run, do, hold or send.

    Parameters
    ----------
    account : spinnaker2.Engine, or what its `account` gives
    by : "program", "load", "memory" or "traffic"
        load: cycles, estimated; memory: the most bytes of SRAM in use; traffic: bits times hops on the mesh, and between chips
        bits over each link. Colours of load and traffic are logarithmic.
    ax : matplotlib Axes or None
        None: a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError, TypeError
        If an argument is none of these.

    Notes
    -----
    Several chips lie as on the board. If that is more than twice as wide as high, they lie in rows nearly in a square,
    by number from the lower left, and the last row may be short; an arrow then still has the direction of its link on
    the board, but need not point to the neighbour.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(20)
    >>> engine = sp.spinnaker2.Engine()
    >>> rec = sp.Network([5, 30, 3]).forward(sp.encoding.latency_grid(X), engine=engine)
    >>> ax = sp.plot.spinnaker2(engine, by="load")
    """
    from matplotlib.collections import PatchCollection
    from matplotlib.colors import LogNorm
    from matplotlib.patches import Rectangle

    if isinstance(account, Engine):
        account = account.account()
    if not isinstance(account, Account):
        raise TypeError(f"account is {checks.shown(account)}; it must be a spinnaker2.Engine or what its account() gives")
    if not isinstance(by, str) or (by != "program" and by not in _QUANTITIES):
        raise ValueError(f"by is {checks.shown(by)}; it must be 'program', {', '.join(map(repr, _QUANTITIES))}")
    axes = new_or_given(ax)
    pes = account.pes
    width = _chips_in_a_row(account)
    local = pes["pe"] % account.pes_per_chip % 4
    squares: List[Any] = []
    for pe, corner in zip(pes, local):
        x, y = _origin(int(pe["chip"]), width)
        dx, dy = _CORNERS[corner]
        squares.append(Rectangle((x + pe["x"] + dx - _SIDE / 2, y + pe["y"] + dy - _SIDE / 2), _SIDE, _SIDE))
    _draw_background(axes, account.chips, width)
    if by == "program":
        colours = [f"C{_PROGRAMS.index(program)}" for program in pes["program"]]
        axes.add_collection(PatchCollection(squares, facecolors=colours, edgecolors="none"))
        handles = [
            Rectangle((0, 0), 1, 1, color=f"C{index}", label=f"{name} ({int(np.sum(pes['program'] == name))})")
            for index, name in enumerate(_PROGRAMS)
            if (pes["program"] == name).any()
        ]
        axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.02), ncol=4, fontsize="small")
    else:
        column, label, is_logarithmic = _QUANTITIES[by]
        collection = PatchCollection(squares, cmap="viridis", edgecolors="none")
        values = pes[column].astype(np.float64)
        if is_logarithmic and values.max() > 0:
            least = float(values[values > 0].min())
            # What is 0 has the colour of the least.
            collection.set_norm(LogNorm(least, max(float(values.max()), 1.01 * least), clip=True))
            values = np.maximum(values, least)
        else:
            collection.set_clim(0, max(1.0, float(values.max())))
        collection.set_array(values)
        axes.add_collection(collection)
        axes.figure.colorbar(collection, ax=axes, label=label, shrink=0.8)
        if by == "traffic":
            _draw_links(axes, account.link_bits, width)
    rows = math.ceil(account.chips / width)
    axes.set_xlim(0.3, 8.4 * width + 0.3 - 0.9)
    axes.set_ylim(0.3, 7.4 * rows + 0.3 - (0.9 if account.chips == 1 else 0.2))
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    copies = f"{account.copies} cop{'y' if account.copies == 1 else 'ies'}"
    axes.set_title(f"{_TITLES[by]}\n{account.n_pes} processing elements, {copies}", fontsize="medium")
    return axes


def _chips_in_a_row(account: Account) -> int:
    """How many chips are drawn in a row: as many as on the board, where arrows point to neighbours, unless that is a strip: 13 chips are a board of 13 by 1."""
    return account.width if account.width <= 2 * account.height else math.ceil(math.sqrt(account.chips))


def _origin(chip: int, width: int) -> Tuple[float, float]:
    """Where a chip's grid begins."""
    return 8.4 * (chip % width), 7.4 * (chip // width)


def _draw_background(axes: Any, chips: int, width: int) -> None:
    """The quads there are, and what lies between them."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    quads, fixed = [], []
    for chip in range(chips):
        x0, y0 = _origin(chip, width)
        for x in range(1, 8):
            for y in range(1, 7):
                if not (x in (4, 7) and y in (3, 4)):
                    quads.append(Rectangle((x0 + x - 0.48, y0 + y - 0.48), 0.96, 0.96))
        for x, y, name in _FIXED:
            fixed.append(Rectangle((x0 + x - 0.48, y0 + y - 0.48), 0.96, 1.96))
            if chips <= 4:
                axes.text(x0 + x, y0 + y + 0.5, name, ha="center", va="center", rotation=90, fontsize="x-small")
        if 1 < chips <= 16:
            axes.text(x0 + 0.55, y0 + 6.6, f"chip {chip}", va="bottom", fontsize="x-small")
    axes.add_collection(PatchCollection(quads, facecolors="0.93", edgecolors="none"))
    axes.add_collection(PatchCollection(fixed, facecolors="0.85", edgecolors="none"))


def _draw_links(axes: Any, bits: Any, width: int) -> None:
    """An arrow from the middle of a chip in a link's direction, as wide as its bits are many."""
    most = bits.max()
    if most == 0:
        return
    axes.set_xlabel(f"arrows: bits over links between chips, {most:.3g} at most", fontsize="small")
    for chip, row in enumerate(bits):
        x, y = _origin(chip, width)
        for (dx, dy), own in zip(_DIRECTIONS, row):
            if own:
                axes.annotate(
                    "",
                    xytext=(x + 4 + 1.2 * dx, y + 3.5 + 1.2 * dy),
                    xy=(x + 4 + 4.0 * dx, y + 3.5 + 3.5 * dy),
                    arrowprops={"arrowstyle": "->", "color": "C3", "linewidth": 0.5 + 4.0 * own / most},
                )
