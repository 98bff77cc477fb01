"""Calls that an executor runs."""

from __future__ import annotations

import pickle
import traceback
from concurrent import futures
from concurrent.futures import CancelledError, Future
from typing import Any, MutableSequence, Optional

from .. import _core
from .._core import SpinnpropError
from . import checks

#: Of a process of a pool: where it marks that a call has begun, which the process that made the pool sees.
_marks: Optional[MutableSequence[int]] = None


def must_be_sendable(executor: Any, **parts: Any) -> None:
    """Raises TypeError for what processes cannot be sent, which an executor of these says after it was sent, and not of what."""
    if not getattr(executor, "pickles", isinstance(executor, futures.ProcessPoolExecutor)):
        return
    for name, part in parts.items():
        try:
            pickle.dumps(part)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise TypeError(
                f"{name} cannot be sent to the executor's processes: {error}; write functions by def at the top of a file, not as lambdas or "
                "within others"
            ) from error


def begin_process(marks: MutableSequence[int]) -> None:
    """What each process of a pool does first."""
    global _marks
    _marks = marks
    _core.set_threads(1)


def run_sent(place: int, sent: bytes) -> bytes:
    """Runs (function, arguments, named arguments) in a process of a pool, pickled as its result is, and marks its place when it begins.

    A pool takes what cannot be unpickled, on either side, for the death of a process; so nothing of a caller's is left for it to unpickle but errors
    that have been tried.
    """
    try:
        function, arguments, named = pickle.loads(sent)
        if _marks is not None:
            _marks[place] = 1
        return pickle.dumps(function(*arguments, **named))
    except BaseException as error:
        if _survives(error):
            raise
        text = "".join(traceback.format_exception_only(type(error), error)).strip()
        raise RuntimeError(f"{text} (an error that cannot be pickled; here is its text)") from error


def _survives(error: BaseException) -> bool:
    """Whether an error comes out of pickling as it went in."""
    try:
        return type(pickle.loads(pickle.dumps(error))) is type(error)
    except Exception:
        return False


def result_of(job: Future[Any]) -> Any:
    """What a call gave that nobody here has given up."""
    try:
        return job.result()
    except CancelledError as error:
        raise SpinnpropError(
            "the executor has given up a call, as one does that is shut down or has lost its cluster; what had ended is kept: go on with another executor"
        ) from error


def must_be_answer(result: Any, kind: type, place: str) -> None:
    """Raises TypeError for what no function that was sent gives."""
    if not isinstance(result, kind):
        raise TypeError(f"{place}: the executor answers {checks.shown(result)}; its futures must give what the function returns that it was sent")
