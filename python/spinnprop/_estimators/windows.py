"""When spike trains begin and end, whatever a few of their spikes do."""

from __future__ import annotations

from typing import Tuple

import numpy as np

from .._spikes import SpikeTrains

#: Of all spikes at most so many at either end may lie far from the others.
_FEW = 0.01


def window(spikes: SpikeTrains) -> Tuple[float, float]:
    """The first and the last spike time, seconds; (0, 0) without spikes.

    Left out are spikes that are further from the middle 98 % of all than these are long, so that one late spike does not stretch all that follows
    the length of a set. Sets without such have their whole range.
    """
    times = spikes.times
    if not len(times):
        return 0.0, 0.0
    low, high = np.quantile(times, (_FEW, 1 - _FEW))
    if high > low:
        times = times[(times >= low - (high - low)) & (times <= high + (high - low))]
    return float(times.min()), float(times.max())


def counted_from(spikes: SpikeTrains, start: float) -> SpikeTrains:
    """The same with times that count from `start`, seconds; what comes earlier comes then.

    Raises
    ------
    ValueError
        If all comes earlier.
    """
    if start == 0 or not len(spikes.times):
        return spikes
    last = float(spikes.times.max())
    if last < start:
        raise ValueError(
            f"the last spike of X is at {last:.6g} s, but the training set's first at {start:.6g} s, from which times count; give X with times that count "
            "from where those of the training set do"
        )
    return SpikeTrains(np.maximum(spikes.times - start, 0.0), spikes.units, spikes.offsets, spikes.n_units)
