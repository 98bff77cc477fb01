"""scikit-learn's validation of data, wherever its version has it."""

from __future__ import annotations

from typing import Any

__all__ = ["validate_data"]

try:
    from sklearn.utils.validation import validate_data
except ImportError:  # scikit-learn before 1.6

    def validate_data(estimator: Any, *arrays: Any, **options: Any) -> Any:
        """As an estimator has it there."""
        return estimator._validate_data(*arrays, **options)
