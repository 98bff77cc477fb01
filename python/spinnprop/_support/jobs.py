"""Calls that an executor runs."""

from __future__ import annotations

import pickle
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from typing import Any

from .._core import SpinnpropError


def must_be_sendable(executor: Any, **parts: Any) -> None:
    """Raises TypeError for what processes cannot be sent, which an executor of these says after it was sent, and not of what."""
    if not getattr(executor, "pickles", isinstance(executor, ProcessPoolExecutor)):
        return
    for name, part in parts.items():
        try:
            pickle.dumps(part)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise TypeError(
                f"{name} cannot be sent to the executor's processes: {error}; write functions by def at the top of a file, not as lambdas or "
                "within others"
            ) from error


def result_of(job: Future[Any]) -> Any:
    """What a call gave that nobody here has given up."""
    try:
        return job.result()
    except CancelledError as error:
        raise SpinnpropError(
            "the executor has given up a call, as one does that is shut down or has lost its cluster; what had ended is kept: go on with another executor"
        ) from error
