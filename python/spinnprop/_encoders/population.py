"""Population codes: several units per feature, each with a value that it likes best."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._spikes import SpikeTrains
from .._support import checks, memory
from .._support.spike_arrays import offsets_of
from .features import shares


def population(
    X: Any, n_fields: int = 8, t_early: float = 0.0, t_late: float = 30e-3, cutoff: float = 0.1, beta: float = 1.5
) -> SpikeTrains:
    """Gaussian receptive fields side by side: the closer a value is to a field's centre, the earlier its unit spikes.

    Parameters
    ----------
    X : (n_samples, n_features) float64
        Values in [0, 1]; what lies outside by no more than rounding is clipped.
    n_fields : int
        Units per feature, 3 .. 65536; those of feature i are i n_fields .. (i + 1) n_fields - 1. Centres are
        (2 k - 1) / (2 (n_fields - 2)), k = 0 .. n_fields - 1, standard deviations 1 / (beta (n_fields - 2)).
    t_early, t_late : float
        Seconds at which a field's response is 1 and at which it is 0.
    cutoff : float
        Fields that respond less do not spike, in [0, 1).
    beta : float
        > 0; how little fields overlap.

    Returns
    -------
    SpikeTrains
        Of n_features n_fields units.

    Notes
    -----
    Bohte, Kok and La Poutre (2002), Neurocomputing 48, 17 to 37.

    Examples
    --------
    >>> import spinnprop as sp
    >>> times, units = sp.encoding.population([[0.5]], n_fields=5)[0]
    >>> units.tolist(), int(times.argmin())
    ([1, 2, 3], 1)
    """
    values = shares(X)
    n = checks.integer(n_fields, "n_fields", 3, 1 << 16)
    early, late = checks.real(t_early, "t_early"), checks.real(t_late, "t_late")
    if not 0 <= early < late < math.inf:
        raise ValueError(f"t_early is {early!r} and t_late {late!r}; they must be finite with 0 <= t_early < t_late")
    least, narrowness = checks.real(cutoff, "cutoff"), checks.real(beta, "beta")
    if not 0 <= least < 1:
        raise ValueError(f"cutoff is {least!r}; it must be in [0, 1)")
    if not 0 < narrowness < math.inf:
        raise ValueError(f"beta is {narrowness!r}; it must be finite and > 0")
    if n * values.shape[1] > checks.INT32:
        raise ValueError(f"n_fields is {n} for {values.shape[1]} features, {n * values.shape[1]} units; there can be {checks.INT32}")
    size = len(values) * n * values.shape[1]
    memory.must_fit(40.0 * size, f"a code of {size} responses", "give fewer samples at a time, or fewer n_fields")
    centres = (2 * np.arange(n) - 1) / (2 * (n - 2))
    responses = np.exp(-0.5 * (narrowness * (n - 2) * (values[:, :, None] - centres)) ** 2).reshape(len(values), n * values.shape[1])
    sample, unit = np.nonzero(responses >= least)
    times = early + (late - early) * (1 - responses[sample, unit])
    offsets = offsets_of(np.bincount(sample, minlength=len(values)))
    return SpikeTrains(times, unit.astype(np.int32), offsets, n * values.shape[1])
