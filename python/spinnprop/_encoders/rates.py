"""Rate codes: the larger a value, the more spikes, drawn from a seed."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._spikes import SpikeTrains
from .._support import checks, memory
from .._support.spike_arrays import offsets_of
from .features import shares


def poisson(X: Any, duration: float = 0.1, max_rate: float = 100.0, seed: int = 0) -> SpikeTrains:
    """Spikes at random times, each feature at a rate of its own.

    Parameters
    ----------
    X : (n_samples, n_features) float64
        Values in [0, 1]; what lies outside by no more than rounding is clipped.
    duration : float
        Seconds; spikes lie in [0, duration).
    max_rate : float
        Spikes per second of a value of 1.
    seed : int
        The same seed gives the same spikes, with one version of numpy.

    Returns
    -------
    SpikeTrains
        Of n_features units, in order of time within a sample.

    Examples
    --------
    >>> import spinnprop as sp
    >>> spikes = sp.encoding.poisson([[0.0, 1.0]], duration=1.0, max_rate=50.0)
    >>> spikes.n_units, set(spikes.units.tolist())
    (2, {1})
    """
    values = shares(X)
    seconds, rate = checks.positive(duration, "duration"), checks.positive(max_rate, "max_rate")
    random = np.random.default_rng(checks.integer(seed, "seed", 0, checks.UINT64))
    if rate * seconds > 1e9:
        raise ValueError(f"max_rate * duration is {rate * seconds:g} spikes of one unit; it must be at most 1e9")
    counts = random.poisson(values * (rate * seconds))
    # Whose, when, of which sample, and their order.
    memory.must_fit(50.0 * float(counts.sum()), f"a code of {counts.sum()} spikes", "give fewer samples at a time, a shorter duration or a smaller max_rate")
    offsets = offsets_of(counts.sum(axis=1))
    units = np.repeat(np.tile(np.arange(values.shape[1], dtype=np.int32), len(values)), counts.ravel())
    times = seconds * random.random(offsets[-1])
    order = np.lexsort((units, times, np.repeat(np.arange(len(values)), np.diff(offsets))))
    return SpikeTrains(times[order], units[order], offsets, values.shape[1])


def bernoulli(X: Any, steps: int = 20, time_step: float = 1e-3, seed: int = 0) -> SpikeTrains:
    """A spike in each step with the value as its probability.

    Parameters
    ----------
    X : (n_samples, n_features) float64
        Values in [0, 1]; what lies outside by no more than rounding is clipped.
    steps : int
        The spikes of step k, 0 .. steps - 1, come at k time_step.
    time_step : float
        Seconds.
    seed : int
        The same seed gives the same spikes, with one version of numpy.

    Returns
    -------
    SpikeTrains
        Of n_features units, in order of time within a sample.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.encoding.bernoulli([[0.0, 1.0]], steps=2)[0]
    (array([0.   , 0.001]), array([1, 1], dtype=int32))
    """
    values = shares(X)
    count = checks.integer(steps, "steps", 1, checks.INT32)
    dt = checks.step(time_step, "time_step", count)
    random = np.random.default_rng(checks.integer(seed, "seed", 0, checks.UINT64))
    # What is drawn of one sample, all spikes there can be, and the arrays of each sample.
    spikes = float(values.sum()) * count
    taken = 9.0 * count * values.shape[1] + 50.0 * spikes + 400.0 * len(values)
    memory.must_fit(taken, f"a code of some {spikes:.0f} spikes", "give fewer samples at a time or fewer steps")
    rows = [np.nonzero(random.random((count, values.shape[1])) < own) for own in values]
    where = [np.concatenate([row[n] for row in rows]) if rows else np.empty(0, np.int64) for n in (0, 1)]
    return SpikeTrains(where[0] * dt, where[1].astype(np.int32), offsets_of([len(row[0]) for row in rows]), values.shape[1])
