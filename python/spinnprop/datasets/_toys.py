"""Data sets that are drawn in the unit square: moons, circles, spirals."""

from __future__ import annotations

from typing import Any, Tuple

import numpy as np

from .._support import checks, memory
from .._support.types import Float64Array, Int64Array


def moons(n: int, noise: float = 0.02, seed: int = 42) -> Tuple[Float64Array, Int64Array]:
    """Two half circles, each with one end inside the other.

    Parameters
    ----------
    n : int
        How many samples.
    noise : float
        Standard deviation of what is added to both coordinates, in sides of the square.
    seed : int
        The same seed gives the same samples, with one version of numpy; another seed makes a test set.

    Returns
    -------
    X : (n, 4) float64
        x, y, 1 - x, 1 - y of points in the unit square, as in `yin_yang`; noise does not leave it.
    y : (n,) int64
        0 the upper moon, 1 the lower one.

    Raises
    ------
    ValueError
        If a number is out of its domain.

    Without another encoder `SpikingClassifier` codes each number by one spike, large ones early.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.moons(4)
    >>> X.shape, sorted(y.tolist())
    ((4, 4), [0, 0, 1, 1])
    """
    random, y = _begin(n, seed, 2)
    angle = np.pi * random.random(len(y))
    x = np.where(y == 0, np.cos(angle), 1 - np.cos(angle))
    height = np.where(y == 0, np.sin(angle), 0.5 - np.sin(angle))
    return _square(random, 0.5 + 0.25 * (x - 0.5), 0.5 + 0.25 * (height - 0.25), noise), y


def circles(n: int, noise: float = 0.02, factor: float = 0.5, seed: int = 42) -> Tuple[Float64Array, Int64Array]:
    """A circle and a smaller one inside it.

    Parameters
    ----------
    n, noise, seed
        As in `moons`.
    factor : float
        The inner circle's radius, in those of the outer one, in (0, 1).

    Returns
    -------
    X : (n, 4) float64
        As in `moons`.
    y : (n,) int64
        0 the outer circle, 1 the inner one.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.circles(100, noise=0.0)
    >>> radii = ((X[:, :2] - 0.5) ** 2).sum(axis=1) ** 0.5
    >>> (radii[y == 1].max() < radii[y == 0].min()).item()
    True
    """
    share = checks.real(factor, "factor")
    if not 0 < share < 1:
        raise ValueError(f"factor is {share!r}; it must be in (0, 1)")
    random, y = _begin(n, seed, 2)
    angle, radius = 2 * np.pi * random.random(len(y)), 0.45 * np.where(y == 0, 1.0, share)
    return _square(random, 0.5 + radius * np.cos(angle), 0.5 + radius * np.sin(angle), noise), y


def spirals(n: int, noise: float = 0.01, turns: float = 1.0, arms: int = 2, seed: int = 42) -> Tuple[Float64Array, Int64Array]:
    """Spiral arms around the middle.

    Parameters
    ----------
    n, noise, seed
        As in `moons`.
    turns : float
        How often each arm goes round, > 0.
    arms : int
        How many there are, each a class, 2 .. 1000.

    Returns
    -------
    X : (n, 4) float64
        As in `moons`.
    y : (n,) int64
        The arm, 0 .. arms - 1.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.spirals(6, arms=3)
    >>> sorted(y.tolist())
    [0, 0, 1, 1, 2, 2]
    """
    rounds, n_arms = checks.positive(turns, "turns"), checks.integer(arms, "arms", 2, 1000)
    random, y = _begin(n, seed, n_arms)
    # The square root spreads samples evenly over an arm's length.
    way = np.sqrt(random.random(len(y)))
    angle, radius = 2 * np.pi * (rounds * way + y / n_arms), 0.45 * way
    return _square(random, 0.5 + radius * np.cos(angle), 0.5 + radius * np.sin(angle), noise), y


def _begin(n: Any, seed: Any, n_classes: int) -> Tuple[Any, Int64Array]:
    """The generator, and labels: as many of each class as can be, in any order."""
    count = checks.integer(n, "n", 0, 2**57)
    random = np.random.default_rng(checks.integer(seed, "seed", 0, checks.UINT64))
    memory.must_fit(120.0 * count, f"a set of {count} samples", "draw fewer")
    return random, random.permutation(np.arange(count, dtype=np.int64) % n_classes)


def _square(random: Any, x: Float64Array, y: Float64Array, noise: Any) -> Float64Array:
    spread = checks.real(noise, "noise")
    if not 0 <= spread <= 1:
        raise ValueError(f"noise is {spread!r}; it must be 0 .. 1")
    points = np.clip(np.stack([x, y], axis=1) + spread * random.standard_normal((len(x), 2)), 0.0, 1.0)
    return np.hstack([points, 1 - points])
