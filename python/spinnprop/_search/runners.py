"""Who runs a trial, and whether it still does: so that any number of processes share one study."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
import uuid
from functools import lru_cache
from typing import Any, Dict, Optional, Set, Tuple

from .durations import Durations

#: Under this name a running trial keeps who runs it.
RUNNER = "spinnprop runner"
#: Under this name a trial keeps that its runner died.
DIED = "spinnprop died"
#: Seconds between two signs of life.
BEAT = 10.0
#: A runner on another machine that gives no sign of life for so many seconds, on the clock of who waits for it, is taken for dead.
GRACE = 60.0


class Runners:
    """The runners of a study's trials: this process, and whoever else has the storage open.

    A runner counts its signs of life, so that no two machines need agree on the time. One on the same machine is asked for
    by its process instead: it may be stopped for long, and is known at once to be dead.
    """

    #: The names of those of this process that are at work.
    _at_work: Set[str] = set()

    def __init__(self, study: Any, durations: Optional[Durations] = None) -> None:
        self._study = study
        self._durations = Durations(None) if durations is None else durations
        self._name = uuid.uuid4().hex
        self._own: Dict[int, Any] = {}
        self._beats = 0
        self._seen: Dict[int, Tuple[Any, float]] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: Optional[threading.Thread] = None

    def __enter__(self) -> Runners:
        self._at_work.add(self._name)
        return self

    def __exit__(self, *error: object) -> None:
        self._at_work.discard(self._name)
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def sign(self, trial: Any) -> None:
        """This process runs a trial from now on."""
        self._durations.begin(trial.number)
        with self._lock:
            self._own[trial.number] = trial
            trial.set_user_attr(RUNNER, self._sign())
            if self._thread is None:
                self._thread = threading.Thread(target=self._beat, name="spinnprop signs of life", daemon=True)
                self._thread.start()

    def leave(self, trial: Any) -> None:
        """This process runs it no more."""
        self._durations.end(trial.number)
        with self._lock:
            self._own.pop(trial.number, None)

    def others(self) -> bool:
        """Whether anybody else runs a trial."""
        return any(trial.number not in self._own for trial in running(self._study))

    def bury(self) -> None:
        """Trials whose runners are dead are told to have failed, so that somebody runs others in their place."""
        for trial in running(self._study):
            if trial.number not in self._own and self._is_dead(trial):
                fail(self._study, trial.number, has_died=True)

    def _sign(self) -> Dict[str, Any]:
        return {**_this_process(), "name": self._name, "beats": self._beats}

    def _is_dead(self, trial: Any) -> bool:
        sign = trial.user_attrs.get(RUNNER)
        known = sign if isinstance(sign, dict) else {}
        this = _this_process()
        if known.get("machine") == this["machine"]:
            # A search of this process that a storage failed could not say that its trial has.
            if known.get("process") == this["process"] and known.get("name") not in self._at_work:
                return True
            return _born(known.get("process")) != known.get("born")
        now = time.monotonic()
        last, since = self._seen.setdefault(trial.number, (sign, now))
        if last != sign:
            self._seen[trial.number] = (sign, now)
            return False
        return now - since > GRACE

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            with self._lock:
                self._beats += 1
                for trial in list(self._own.values()):
                    try:
                        trial.set_user_attr(RUNNER, self._sign())
                    except Exception:  # noqa: BLE001, S112: of a storage that has gone away the trial itself will tell
                        continue
            # Where warnings are errors there is nobody here to be told.
            with contextlib.suppress(Warning):
                self._durations.warn()


def fail(study: Any, number: int, has_died: bool = False) -> None:
    """Tells that a trial has failed, unless it has ended in between, by itself or because somebody else took it for dead."""
    from optuna.exceptions import UpdateFinishedTrialError
    from optuna.trial import Trial, TrialState

    # Of a trial that has ended Optuna says the one or the other, by what it has read last.
    with contextlib.suppress(UpdateFinishedTrialError, ValueError):
        if has_died:
            Trial(study, study._storage.get_trial_id_from_study_id_trial_number(study._study_id, number)).set_user_attr(DIED, True)
        study.tell(number, state=TrialState.FAIL)


def running(study: Any) -> Any:
    """The trials that somebody runs, or ran when they died."""
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))


def _this_process() -> Dict[str, Any]:
    number = os.getpid()
    return {"machine": _machine(), "process": number, "born": _born(number)}


@lru_cache(maxsize=None)
def _machine() -> str:
    """What tells apart machines that share process numbers: containers among them, and one before and after it was started again."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError), open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        parts.append(file.read().strip())
    with contextlib.suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(parts)


def _born(process: Any) -> Optional[str]:
    """When a process of this machine began, in its kernel's words: process numbers come again. None: there is none."""
    if not isinstance(process, int):
        return None
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
            # The name, in parentheses, may hold anything; state and start time are the 1st and 20th field behind it.
            fields = file.read().rpartition(")")[2].split()
        return None if fields[0] == "Z" else fields[19]
    except OSError:
        pass
    if os.path.exists("/proc/self/stat"):
        return None
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "unknown"
