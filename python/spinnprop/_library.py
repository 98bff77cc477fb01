"""The library's version and its threads."""

from __future__ import annotations

from . import _core
from ._support import checks

__version__ = _core.version()


def must_be_here(version: str, sender: str) -> None:
    """Raises unless this is the version of who sends work to this process."""
    if version != __version__:
        raise _core.SpinnpropError(f"a worker has version {__version__}, {sender} {version}; install the same everywhere")


def set_threads(threads: int) -> None:
    """Sets how many host threads every call of this process uses. Results never depend on it.

    Parameters
    ----------
    threads : int
        0 means one for each processor that the process may use; at most 1024. The start value is SPINNPROP_THREADS of the
        environment, or else OMP_NUM_THREADS, which joblib and the like set for their workers; 0 where neither is a number.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.set_threads(1)
    >>> sp.get_threads()
    1
    >>> sp.set_threads(0)
    """
    _core.set_threads(checks.integer(threads, "threads", 0, _core.MAX_THREADS))


def get_threads() -> int:
    """How many host threads were set; 0 means one per processor.

    Examples
    --------
    See `set_threads`.
    """
    return _core.get_threads()
