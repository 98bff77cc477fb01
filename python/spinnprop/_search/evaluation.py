"""A trial is trained and judged: in the process that searches, or wherever an executor has its workers."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .._core import SpinnpropError
from .._estimators.base import SpikingEstimator
from .._library import __version__, must_be_here
from .result import ACCURACY, R2, made, must_be_values


class Judge:
    """From a fitted estimator to a trial's values: its validation accuracy or R2, then its costs."""

    def __init__(
        self, names: Sequence[str], costs_of: Callable[[SpikingEstimator], List[float]], last_epochs: int, validation: Tuple[Any, Any]
    ) -> None:
        self._names, self._costs_of, self._last_epochs, self._validation = tuple(names), costs_of, last_epochs, validation

    @property
    def score_name(self) -> str:
        return self._names[0]

    def __call__(self, fitted: SpikingEstimator) -> List[float]:
        values = [self._score(fitted), *self._costs_of(fitted)]
        try:
            must_be_values(self._names, values)
        except ValueError as error:
            raise SpinnpropError(str(error)) from None
        return values

    def _score(self, fitted: SpikingEstimator) -> float:
        history = fitted.history_
        if not len(history):
            raise ValueError("epochs is 0; a search needs at least one epoch to judge a trial by")
        if self._names[0] == R2:
            return float(fitted.score(*self._validation))
        if fitted.early_stopping:
            return float(history["validation_accuracy"][np.argmin(history["validation_loss"])])
        return float(np.mean(history["validation_accuracy"][-self._last_epochs :]))


class Work(NamedTuple):
    """What all trials of a search have in common."""

    make: Callable[..., Any]
    data: Tuple[Any, Any, Tuple[Any, Any]]
    judge: Judge
    timeout: Optional[float]
    version: str = __version__


class Outcome(NamedTuple):
    """What became of a trial; values are None unless it ran to its end."""

    values: Optional[List[float]]
    notes: Dict[str, Any]


def evaluate(
    work: Work, params: Mapping[str, Any], watch: Callable[[Dict[str, Any]], bool] = lambda progress: False
) -> Outcome:
    """Trains with what was drawn. `watch` is given the progress of the training and says whether to give it up."""
    must_be_here(work.version, "the search")
    started = time.perf_counter()
    last: Dict[str, Any] = {"epochs": 0, "score": None}
    is_late, is_given_up = False, False

    def progress(now: Dict[str, Any]) -> bool:
        nonlocal is_late, is_given_up
        if now["epoch_finished"]:
            last["epochs"] = now["epoch"] + 1
            if work.judge.score_name == ACCURACY:
                last["score"] = now["validation_accuracy"]
        is_late = work.timeout is not None and time.perf_counter() - started > work.timeout
        is_given_up = is_late or watch(now)
        return is_given_up

    X, y, validation = work.data
    values, error = None, None
    try:
        fitted = made(work.make, params, work.judge.score_name).fit(X, y, validation, progress=progress)
        if is_late:
            error = f"took longer than {work.timeout} s"
        elif not is_given_up:
            values = work.judge(fitted)
    except (SpinnpropError, MemoryError) as failure:
        error = str(failure)
    except Exception as failure:
        # Below an error that ends the search, Python shows this from 3.11 on.
        getattr(failure, "add_note", str)(f"in a trial with {' '.join(repr(dict(params)).split())}")
        raise
    return Outcome(values, {**last, "seconds": time.perf_counter() - started, "error": error})
