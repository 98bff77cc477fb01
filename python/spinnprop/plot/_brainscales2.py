"""Pictures of emulated BrainScaleS-2 chips."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np

from .._support import checks
from ..brainscales2 import Chip
from ._axes import new_or_given

_NAMES = {
    "tau_mem": "membrane time constant",
    "tau_syn": "synaptic time constant",
    "threshold": "threshold",
    "reset": "reset",
    "gain": "weight gain",
    "delay": "delay",
    "row": "row offset",
}


def brainscales2_spread(before: Chip, after: Optional[Chip] = None, of: str = "tau_mem", ax: Any = None) -> Any:
    """How far a chip's 512 circuits differ, and how far after calibration: two histograms over each other.

    Parameters
    ----------
    before : brainscales2.Chip
    after : brainscales2.Chip or None
        The same after `brainscales2.calibrate`; None: before alone.
    of : str
        As in `brainscales2.Chip.deviations`.
    ax : matplotlib Axes or None
        None: a new figure.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import spinnprop as sp
    >>> raw = sp.brainscales2.Chip(calibrated=False)
    >>> ax = sp.plot.brainscales2_spread(raw, sp.brainscales2.calibrate(raw), "tau_syn")
    """
    chips = {"before": before} if after is None else {"before": before, "after": after}
    for name, chip in chips.items():
        if not isinstance(chip, Chip):
            raise TypeError(f"{name} is {checks.shown(chip)}; it must be a brainscales2.Chip")
    values = {name: chip.deviations(of) for name, chip in chips.items()}
    axes = new_or_given(ax)
    edges = np.histogram_bin_edges(np.concatenate(list(values.values())), 50)
    for name, own in values.items():
        label = f"{name} calibration" if len(values) > 1 else None
        axes.hist(own, edges, alpha=0.6, label=f"{label}, {own.std():.3f}" if label else f"spread {own.std():.3f}")
    axes.set_xlabel(_NAMES[of] + (" (deviation)" if of in ("reset", "row") else " over what was meant"))
    axes.set_ylabel("circuits")
    axes.legend()
    return axes
