"""Signals over time: a spike where one has changed."""

from __future__ import annotations

from typing import Any, List, Tuple

import numpy as np

from .._spikes import SpikeTrains
from .._support import checks, memory
from .._support.spike_arrays import offsets_of
from .._support.types import Float64Array


def delta_modulation(signals: Any, dt: float, threshold: float) -> SpikeTrains:
    """Sends a spike whenever a signal has moved by a threshold since the last one.

    Parameters
    ----------
    signals : (n_samples, n_steps, n_channels) float64, or a sequence of (n_steps, n_channels) arrays of different lengths
    dt : float
        Seconds from one value to the next; the first is at 0.
    threshold : float
        > 0, in the signal's unit.

    Returns
    -------
    SpikeTrains
        Of 2 n_channels units: c for a rise of channel c, n_channels + c for a fall. At most one spike in each step.

    Notes
    -----
    Send-on-delta; the reference is the signal's value at the last spike, at first that of the first step.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.encoding.delta_modulation([[[0.0], [0.6], [1.1], [0.2]]], dt=1e-3, threshold=1.0)[0]
    (array([0.002]), array([0], dtype=int32))
    """
    samples, n_channels = _samples(signals)
    step, least = checks.step(dt, "dt", max(map(len, samples), default=0)), checks.positive(threshold, "threshold")
    rows = []
    for own in samples:
        times: List[Float64Array] = []
        units: List[Any] = []
        reference = own[:1]
        for n in range(1, len(own)):
            # What is beyond float64 has moved by any threshold.
            with np.errstate(over="ignore"):
                moved = own[n] - reference[0]
            channels = np.flatnonzero(np.abs(moved) >= least)
            if len(channels):
                reference = reference.copy()
                reference[0, channels] = own[n, channels]
                units.append(channels + n_channels * (moved[channels] < 0))
                times.append(np.full(len(channels), n * step))
        rows.append((np.concatenate(times) if times else np.empty(0), np.concatenate(units) if units else np.empty(0, np.int64)))
    return _trains(rows, 2 * n_channels)


def level_crossing(signals: Any, dt: float, levels: Any) -> SpikeTrains:
    """Sends a spike whenever a signal crosses a level; between two values it is a straight line, on which the crossing's time lies.

    Parameters
    ----------
    signals : (n_samples, n_steps, n_channels) float64, or a sequence of (n_steps, n_channels) arrays of different lengths
    dt : float
        Seconds from one value to the next; the first is at 0.
    levels : (n_levels,) float64
        In the signal's unit, in ascending order.

    Returns
    -------
    SpikeTrains
        Of 2 n_channels n_levels units: c n_levels + l where channel c comes from below level l to it or above it,
        n_channels n_levels more where it comes back. In order of time within a sample.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.encoding.level_crossing([[[0.0], [2.0], [0.0]]], dt=1e-3, levels=[0.5, 1.0])[0]
    (array([0.00025, 0.0005 , 0.0015 , 0.00175]), array([0, 1, 3, 2], dtype=int32))
    """
    samples, n_channels = _samples(signals)
    step = checks.step(dt, "dt", max(map(len, samples), default=0))
    marks: Float64Array = checks.array(levels, np.float64, "levels", ndim=1)
    if not len(marks) or not np.isfinite(marks).all() or (marks[1:] <= marks[:-1]).any():
        raise ValueError(f"levels is {checks.shown(levels)}; they must be finite and in ascending order, at least one")
    n_units = 2 * n_channels * len(marks)
    if n_units > checks.INT32:
        raise ValueError(f"{len(marks)} levels of {n_channels} channels are {n_units} units; there can be {checks.INT32}")
    size = max((own.size for own in samples), default=0) * len(marks)
    memory.must_fit(3.0 * size, f"a sample of {size // len(marks)} values beside {len(marks)} levels", "give shorter samples or fewer levels")
    rows = []
    for own in samples:
        is_above = own[:, :, None] >= marks
        place, channel, level = np.nonzero(is_above[1:] != is_above[:-1])
        before, after = own[place, channel], own[place + 1, channel]
        # Halves where the difference of finite values is not finite; of the smallest numbers there are none.
        with np.errstate(over="ignore"):
            scale = np.where(np.isfinite(after - before), 1.0, 0.5)
        share = (marks[level] * scale - before * scale) / (after * scale - before * scale)
        times: Float64Array = np.asarray((place + np.clip(share, 0.0, 1.0)) * step, np.float64)
        units = channel * len(marks) + level + n_channels * len(marks) * (after < before)
        order = np.lexsort((units, times))
        rows.append((times[order], units[order]))
    return _trains(rows, n_units)


def _samples(signals: Any) -> Tuple[List[Float64Array], int]:
    """(n_steps, n_channels) of each sample, and the number of channels."""
    if isinstance(signals, SpikeTrains):
        raise TypeError("signals are SpikeTrains, which need no encoder; use them as they are")
    if isinstance(signals, np.ndarray) and signals.dtype != object and signals.ndim != 3:
        raise ValueError(f"signals has {signals.ndim} dimensions, shape {signals.shape}; it must be (n_samples, n_steps, n_channels)")
    samples: List[Float64Array] = []
    for place, own in enumerate(checks.each(signals, "signals", "arrays (n_steps, n_channels)")):
        values: Float64Array = checks.array(own, np.float64, f"signals[{place}]", ndim=2)
        if samples and values.shape[1] != samples[0].shape[1]:
            raise ValueError(f"signals[{place}] has {values.shape[1]} channels, signals[0] {samples[0].shape[1]}; they must agree")
        if not np.isfinite(values).all():
            step, channel = np.argwhere(~np.isfinite(values))[0]
            raise ValueError(f"signals[{place}][{step}, {channel}] is {values[step, channel]}; every value must be finite")
        samples.append(values)
    n_channels = samples[0].shape[1] if samples else signals.shape[2] if isinstance(signals, np.ndarray) and signals.ndim == 3 else 0
    if n_channels < 1:
        raise ValueError("signals have no channels; there must be at least one sample with at least one channel")
    return samples, n_channels


def _trains(rows: List[Tuple[Float64Array, Any]], n_units: int) -> SpikeTrains:
    times = np.concatenate([own for own, _ in rows]) if rows else np.empty(0)
    units = np.concatenate([own for _, own in rows]) if rows else np.empty(0)
    return SpikeTrains(times, units.astype(np.int32), offsets_of([len(own) for own, _ in rows]), n_units)
