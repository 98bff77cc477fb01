"""What an encoding leaves to tell samples apart by."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._spikes import SpikeTrains, trains
from .._support import checks


def ceiling(spikes: SpikeTrains, y: Any) -> float:
    """The largest accuracy that anything can reach on encoded samples, because some are encoded alike.

    Parameters
    ----------
    spikes : SpikeTrains
    y : (n_samples,) int64
        Labels.

    Returns
    -------
    float
        The fraction of samples with the most frequent label among those with the very same spikes.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.encoding.ceiling(sp.encoding.latency_grid([[0.40], [0.41], [1.0]], steps=10), [0, 1, 1])
    0.6666666666666666
    """
    labels = checks.labels(y)
    checks.shape(labels, (len(trains(spikes, "spikes")),), "y")
    counts: dict[bytes, dict[int, int]] = {}
    for sample, label in enumerate(labels.tolist()):
        times, units = spikes[sample]
        order = np.lexsort((units, times))
        of_cell = counts.setdefault(times[order].tobytes() + units[order].tobytes(), {})
        of_cell[label] = of_cell.get(label, 0) + 1
    return sum(max(of_cell.values()) for of_cell in counts.values()) / len(labels) if len(labels) else 1.0
