"""A small search, and processes that make it."""

import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

import spinnprop as sp
from spinnprop._search import trials
from spinnprop._search.result import counted
from spinnprop._search.runners import running

X, y = sp.datasets.yin_yang(120)
SPACE = {"hidden": sp.LogUniform(4, 12), "learning_rate": (1e-3, 1e-1)}
SMALL = sp.SpikingClassifier(epochs=2, batch_size=60)
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["spinnprop._search.search", "spinnprop._search.trials", "sklearn.model_selection", "optuna.storages", "alembic.command"])


def search(**options):
    return sp.search(**{"X": X, "y": y, "space": SPACE, "estimator": SMALL, "n_trials": 4, **options})


def deadly(hidden, learning_rate):
    """Wide networks kill the process that trains them."""
    if hidden > 7:
        signal.raise_signal(signal.SIGKILL)
    return sp.SpikingClassifier(hidden=(hidden,), learning_rate=learning_rate, epochs=2, batch_size=60)


class HangingOnce:
    """From parameters to an estimator: hangs, unless it has done so before."""

    def __init__(self, path):
        self.path = path

    def __call__(self, **params):
        if not self.path.exists():
            self.path.touch()
            threading.Event().wait()
        return sp.SpikingClassifier(epochs=1, batch_size=60, **params)

    def clock(self):
        """Seconds that run on once it hangs."""
        return 1e6 if self.path.exists() else 0.0


class Started:
    """A process that searches. It is forked from one that has imported what that takes, which takes longer than the search itself."""

    def __init__(self, storage, n_trials, hangs=False, **options):
        self._folder = tempfile.TemporaryDirectory()
        self._said = Path(self._folder.name) / "said"
        self._hears, tells = CONTEXT.Pipe(duplex=False)
        options.update(storage=storage, n_trials=n_trials)
        self._process = CONTEXT.Process(target=_search, args=(self._said, tells if hangs else None), kwargs=options)
        self._process.start()
        tells.close()

    def is_alive(self):
        return self._process.is_alive()

    def ended(self):
        """How it ended, and what it said of errors and warnings."""
        self._process.join()
        return self._process.exitcode, self._said.read_text(encoding="utf-8")

    def hangs(self):
        """Waits until it hangs."""
        try:
            self._hears.recv()
        except EOFError:
            raise AssertionError(self.ended()) from None

    def kill(self):
        self._process.kill()
        assert self.ended()[0] == -signal.SIGKILL


def _search(said, tells, **options):
    with said.open("wb") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
    if tells is not None:
        trials.evaluate = lambda *arguments: (tells.send("hangs"), signal.pause())
    search(**options)


def hanging(storage, n_trials, **options):
    """A process that hangs in a trial of a search, for ever."""
    process = Started(storage, n_trials, hangs=True, **options)
    process.hangs()
    return process


def shared(storage, n_trials=5):
    """A search that three processes begin at once, then one that goes on, and is killed when others have nothing left to do but its trial."""
    _ended([Started(storage, 2) for _ in range(3)], storage, 2)
    lost = hanging(storage, n_trials)
    others = [Started(storage, n_trials) for _ in range(2)]
    while len(counted(search(storage=storage, n_trials=1).study)) < n_trials - 1:
        time.sleep(0.1)
    assert all(process.is_alive() for process in others)
    lost.kill()
    _ended(others, storage, n_trials)


def _ended(processes, storage, n_trials):
    assert {process.ended() for process in processes} == {(0, "")}
    found = search(storage=storage, n_trials=1)
    assert len({trial["params"]["learning_rate"] for trial in found.trials}) == len(found.trials) == n_trials
    assert not running(found.study)
