"""From what a network decided to classes and scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin

from .._support import checks
from .validation import unmasked


class Decisions(ClassifierMixin):
    """A classifier whose network may not answer: it has `classes_`, and `_decide` says which of them, or none."""

    classes_: npt.NDArray[Any]

    def _decide(self, X: Any) -> npt.NDArray[np.int64]:
        """The position in classes_ of each sample's class; -1 where no output spoke."""
        raise NotImplementedError

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The class of each sample: (n_samples,) of the labels' type. Silent outputs: the first class."""
        decisions = self._decide(X)
        classes: npt.NDArray[Any] = self.classes_[np.maximum(decisions, 0)]
        return classes

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Each class's share: (n_samples, n_classes) float64."""
        raise NotImplementedError

    def predict_log_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """The logarithm of `predict_proba`: (n_samples, n_classes) float64, -inf where that is 0."""
        with np.errstate(divide="ignore"):
            logarithms: npt.NDArray[np.float64] = np.log(self.predict_proba(X))
        return logarithms

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The fraction of samples judged rightly, weighted if asked; one on which no output spoke is wrong, whatever its label.

        Accuracies in `history_` count alike.
        """
        unmasked(y=y, sample_weight=sample_weight)
        decisions = self._decide(X)
        given = np.asarray(y).ravel()
        checks.shape(given, decisions.shape, "y")
        right = (decisions >= 0) & (self.classes_[np.maximum(decisions, 0)] == given)
        return float(np.average(right, weights=sample_weight))
