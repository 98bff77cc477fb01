"""How long trials take: which are to be given up, and which may hang."""

from __future__ import annotations

import threading
import time
import warnings
from typing import Callable, Dict, List, Optional, Set, Tuple

#: Seconds beyond its time in which a trial may stop by itself: one that trains does when it next tells how far it is.
GRACE = 10.0
#: What has run for so many times as long as any that has ended, and for so many seconds, may hang; where none has ended, for so many times these.
_MANY, _LONG = 10, 60.0


class Durations:
    """Of the trials of one call, by their numbers. `clock` gives seconds."""

    def __init__(self, timeout: Optional[float], clock: Callable[[], float] = time.monotonic) -> None:
        self.timeout = timeout
        self._clock = clock
        self._begun: Dict[int, float] = {}
        #: Since when those that no worker has begun have been waiting.
        self._waiting: Dict[int, float] = {}
        #: When one that a worker has begun was last seen running.
        self._ran = -float("inf")
        self._freed = -float("inf")
        self._longest: Optional[float] = None
        self._warned: Set[int] = set()
        self._told_of_waiting: Set[int] = set()
        self._lock = threading.Lock()

    def begin(self, number: int) -> None:
        with self._lock:
            self._begun[number] = self._clock()

    def wait(self, number: int, has_begun: Callable[[], bool]) -> None:
        """The time of a trial begins now, unless a worker has begun it before."""
        with self._lock:
            now = self._clock()
            if has_begun():
                self._waiting.pop(number, None)
                self._ran = now
            else:
                self._begun[number] = now
                self._waiting.setdefault(number, now)

    def end(self, number: int) -> None:
        with self._lock:
            begun = self._begun.pop(number, None)
            self._waiting.pop(number, None)
            if begun is not None:
                self._longest = max(self._longest or 0.0, self._clock() - begun)

    def forget(self, number: int) -> None:
        """A trial that was given up: how long it has taken says nothing of others."""
        with self._lock:
            self._begun.pop(number, None)
            self._waiting.pop(number, None)

    def freed(self) -> None:
        """A worker has become free. Whether a trial had been waiting for it is not known, so the time of all of them begins anew."""
        with self._lock:
            self._freed = self._clock()

    def overdue(self) -> Optional[int]:
        """The trial that was begun first, if it is past its time and has not stopped by itself."""
        if self.timeout is None:
            return None
        with self._lock:
            first = min(self._begun, key=self._begun.__getitem__, default=None)
            if first is None or self._clock() - max(self._begun[first], self._freed) <= self.timeout + GRACE:
                return None
            return first

    def warn(self) -> None:
        """Warns of trials that may hang, once of each. With a timeout they are given up instead, but for those that no worker begins."""
        for number, seconds in self._stuck():
            warnings.warn(
                f"no worker has begun trial {number} in {seconds:.0f} s, and none runs another: the executor's workers have other work, or do not finish "
                "starting; if so, Ctrl-C ends the search and keeps what has ended",
                RuntimeWarning,
                stacklevel=2,
            )
        for number, seconds, longest in self._hanging():
            others = "none has ended yet" if longest is None else f"none that has ended took more than {longest:.3g} s"
            warnings.warn(
                f"trial {number} has been running for {seconds:.0f} s, and {others}; if it hangs, Ctrl-C "
                "ends the search and keeps what has ended; set timeout to give up trials that take too long",
                RuntimeWarning,
                stacklevel=2,
            )

    def _hanging(self) -> List[Tuple[int, float, Optional[float]]]:
        with self._lock:
            if self.timeout is not None:
                return []
            now, least = self._clock(), max(_LONG, _MANY * (_LONG if self._longest is None else self._longest))
            found = [(number, now - begun, self._longest) for number, begun in self._begun.items() if now - begun > least and number not in self._warned]
            self._warned.update(number for number, _, _ in found)
            return found

    def _stuck(self) -> List[Tuple[int, float]]:
        """The trial that has waited longest for a worker, where all there are wait."""
        with self._lock:
            first = min(self._waiting, key=self._waiting.__getitem__, default=None)
            if first is None or first in self._told_of_waiting:
                return []
            waited = self._clock() - max(self._waiting[first], self._ran)
            if waited <= _MANY * _LONG:
                return []
            self._told_of_waiting.add(first)
            return [(first, waited)]
