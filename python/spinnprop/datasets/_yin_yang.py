"""A data set that is drawn: Yin-Yang."""

from __future__ import annotations

from typing import Tuple

import numpy as np

from .. import _core
from .._support import checks, memory
from .._support.types import Float64Array, Int64Array


def yin_yang(n: int, seed: int = 42) -> Tuple[Float64Array, Int64Array]:
    """The Yin-Yang data set, bit for bit as published.

    Parameters
    ----------
    n : int
        How many samples.
    seed : int
        0 .. 2^32 - 1. The published sets are 5000 samples of seed 42 (training), 1000 of seed 41 (validation) and 1000
        of seed 40 (test).

    Returns
    -------
    X : (n, 4) float64
        x, y, 1 - x, 1 - y of points inside the circle of radius 0.5 around (0.5, 0.5).
    y : (n,) int64
        0 yin, 1 yang, 2 dot.

    Raises
    ------
    ValueError
        If n is negative or seed out of range.

    Notes
    -----
    Kriener, Goeltz and Petrovici, The Yin-Yang dataset (2021), arXiv 2102.08211.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(3)
    >>> X[0], y
    (array([0.68030754, 0.45049925, 0.31969246, 0.54950075]), array([2, 1, 2]))
    """
    # Beyond 2**57 numpy cannot even say how much memory that is.
    n = checks.integer(n, "n", 0, 2**57)
    memory.must_fit(40.0 * n, f"a set of {n} samples", "draw fewer")
    X, y = np.empty((n, 4)), np.empty(n, np.int64)
    _core.yin_yang(X, y, checks.integer(seed, "seed", 0, 2**32 - 1))
    return X, y
