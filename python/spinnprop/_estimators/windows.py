"""What is looked at in spike trains before they are learnt: when they begin and end, and how far units tell of each other."""

from __future__ import annotations

import math
from typing import Optional, Tuple

import numpy as np

from .._spikes import SpikeTrains
from .._support.types import Float64Array

#: Of all spikes at most so many at either end may lie far from the others.
_FEW = 0.01
#: First spikes that are looked at, at most, and units that are compared with all others.
_FIRST, _COMPARED = 1 << 22, 256
#: Others that shall tell of a unit: one alone, as the mirror image of a feature, is soon missed itself.
_SEVERAL = 3


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


def told_by_others(spikes: SpikeTrains, weights: Optional[Float64Array] = None) -> float:
    """How far each unit is told by several others, 0 .. 1: the mean over units of the third largest squared correlation of their first spikes with another's.

    `weights`: (n_samples,), above 0, how much samples count. Looked at are samples from the beginning on, and units far apart from each other, as many as
    take little time. A unit that is silent counts as speaking last; those that always speak at the same time tell nothing, and are left out. Correlations
    that chance may bring count as none.
    """
    few = spikes[:1000]
    known, units = np.unique(few.units, return_inverse=True)
    if len(known) <= _SEVERAL:
        return 0.0
    few = few[: max(2, _FIRST // len(known))]
    first = np.full((len(few), len(known)), window(few)[1])
    np.minimum.at(first, (np.repeat(np.arange(len(few)), np.diff(few.offsets)), units[: len(few.units)]), few.times)
    # In the units of the longest, so that squares neither vanish nor overflow.
    first /= first.max(initial=0.0) or 1.0
    own = None if weights is None else weights[: len(first)]
    first -= np.average(first, axis=0, weights=own)
    first *= 1.0 if own is None else np.sqrt(own / own.max())[:, None]
    lengths = np.sqrt((first * first).sum(axis=0))
    moving = lengths > 1e-9 * len(first)
    if moving.sum() <= _SEVERAL:
        return 0.0
    first = first[:, moving] / lengths[moving]
    compared = np.arange(0, first.shape[1], -(-first.shape[1] // _COMPARED))
    squares = (first[:, compared].T @ first) ** 2
    squares[np.arange(len(compared)), compared] = 0.0
    told = np.minimum(np.partition(squares, -_SEVERAL, axis=1)[:, -_SEVERAL], 1.0)
    # Of m independent squares the largest is some 2 log(m) / n.
    return float(np.where(told > 4 * math.log(first.shape[1]) / len(first), told, 0.0).mean())
