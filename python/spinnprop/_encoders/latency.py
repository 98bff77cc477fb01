"""Latency codes: one spike per feature, and when it comes tells the value."""

from __future__ import annotations

import math
from typing import Any, Dict, Optional

import numpy as np

from .. import _core
from .._spikes import SpikeTrains
from .._support import checks, memory
from .._support.types import Float64Array, Int32Array, Int64Array
from .features import features

_EARLY: Dict[Optional[str], int] = {"small": _core.EARLY_SMALL, "large": _core.EARLY_LARGE}


def latency(
    X: Any, t_early: float = 0.0, t_late: float = 30e-3, bias: float | None = None, *, early: str = "small"
) -> SpikeTrains:
    """One spike per feature, unless told otherwise the later the larger its value.

    Parameters
    ----------
    X : (n_samples, n_features) float64
        Values in [0, 1]; what lies outside by no more than rounding is clipped.
    t_early, t_late : float
        Seconds at which values 0 and 1 spike: t = t_early + x (t_late - t_early).
    bias : float or None
        With a time in seconds, one more input unit spikes in every sample at that time.
    early : "small" or "large"
        Which values spike early; "large" codes 1 - x in place of x.

    Returns
    -------
    SpikeTrains
        n_samples samples of n_features units, and one more with a bias.

    Raises
    ------
    ValueError
        For values outside [0, 1] or not finite, and for times that are negative, not finite or in the wrong order.

    Notes
    -----
    Linear latency code of Wunderlich and Pehle (2021), section "Yin-Yang data set".

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.encoding.latency([[0.0, 0.5, 1.0]], t_late=30e-3, bias=0.0)[0]
    (array([0.   , 0.015, 0.03 , 0.   ]), array([0, 1, 2, 3], dtype=int32))
    """
    values = features(X)
    bias_time = math.nan if bias is None else checks.real(bias, "bias")
    if bias is not None and not math.isfinite(bias_time):
        raise ValueError(f"bias is {bias_time}; it must be a finite time in seconds, or None for no bias unit")
    spikes = _empty(len(values), values.shape[1] + (bias is not None))
    _core.encode_latency(
        *spikes,
        values,
        values.shape[1],
        checks.real(t_early, "t_early"),
        checks.real(t_late, "t_late"),
        bias_time,
        checks.choice(early, "early", _EARLY),
    )
    return SpikeTrains._trusted(*spikes, values.shape[1] + (bias is not None))


def latency_grid(
    X: Any, steps: int = 27, t_min: int = 2, time_step: float = 1e-3, *, early: str = "large"
) -> SpikeTrains:
    """One spike per feature on a grid of time steps, unless told otherwise the earlier the larger its value; a bias unit at step 0.

    Parameters
    ----------
    X : (n_samples, n_features) float64
        Values in [0, 1]; what lies outside by no more than rounding is clipped.
    steps : int
        Steps of a run. The spike of x comes at step round(min(tau (1 - x), 0.99 tau) + t_min), tau = steps - 1 - t_min.
    t_min : int
        The earliest step of a feature's spike.
    time_step : float
        Seconds per step; times are whole multiples of it.
    early : "small" or "large"
        Which values spike early; "small" codes 1 - x in place of x.

    Returns
    -------
    SpikeTrains
        n_samples samples of n_features + 1 units, the last of which is the bias.

    Raises
    ------
    ValueError
        For values outside [0, 1] or not finite, and for grids without room for a spike.

    Notes
    -----
    The encoding of the SpiNNaker2 training code.

    Examples
    --------
    >>> import spinnprop as sp
    >>> times, units = sp.encoding.latency_grid([[1.0, 0.5]])[0]
    >>> [round(time * 1e3) for time in times], units.tolist()
    ([2, 14, 0], [0, 1, 2])
    """
    values = features(X)
    spikes = _empty(len(values), values.shape[1] + 1)
    _core.encode_latency_grid(
        *spikes,
        values,
        values.shape[1],
        checks.integer(steps, "steps", -(2**31), checks.INT32),
        checks.integer(t_min, "t_min", 0, checks.INT32),
        checks.real(time_step, "time_step"),
        checks.choice(early, "early", _EARLY),
    )
    return SpikeTrains._trusted(*spikes, values.shape[1] + 1)


def _empty(n_samples: int, n_units: int) -> tuple[Float64Array, Int32Array, Int64Array]:
    """Arrays with room for one spike per sample and unit."""
    n_spikes = n_samples * n_units
    memory.must_fit(12.0 * n_spikes, f"a code of {n_samples} samples of {n_units} units", "give fewer samples at a time")
    return np.empty(n_spikes), np.empty(n_spikes, np.int32), np.empty(n_samples + 1, np.int64)
