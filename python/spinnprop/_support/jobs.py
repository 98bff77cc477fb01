"""Calls that an executor runs."""

from __future__ import annotations

from concurrent.futures import CancelledError, Future
from typing import Any

from .._core import SpinnpropError


def result_of(job: Future[Any]) -> Any:
    """What a call gave that nobody here has given up."""
    try:
        return job.result()
    except CancelledError as error:
        raise SpinnpropError(
            "the executor has given up a call, as one does that is shut down or has lost its cluster; what had ended is kept: go on with another executor"
        ) from error
