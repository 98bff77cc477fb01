"""A small search, and a process that makes one: ``python searching.py STORAGE N_TRIALS SEARCH_OPTIONS [hangs]``."""

import ast
import signal
import subprocess
import sys
import threading
import time

import spinnprop as sp
from spinnprop._search import trials
from spinnprop._search.result import counted
from spinnprop._search.runners import running

X, y = sp.datasets.yin_yang(120)
SPACE = {"hidden": sp.LogUniform(4, 12), "learning_rate": (1e-3, 1e-1)}
SMALL = sp.SpikingClassifier(epochs=2, batch_size=60)


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


def started(storage, n_trials, hangs=False, **options):
    """A process that searches; one that hangs says so in its first trial, and goes on for ever."""
    arguments = [str(storage), str(n_trials), repr(options), *["hangs"] * hangs]
    return subprocess.Popen(
        [sys.executable, __file__, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def hanging(storage, n_trials, **options):
    """A process that hangs in a trial of a search."""
    process = started(storage, n_trials, hangs=True, **options)
    assert process.stdout.readline() == "hangs\n", process.stderr.read()
    return process


def killed(process):
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def shared(storage, n_trials=5):
    """A search that three processes begin at once, then one that goes on, and is killed when others have nothing left to do but its trial."""
    _ended([started(storage, 2) for _ in range(3)], storage, 2)
    lost = hanging(storage, n_trials)
    others = [started(storage, n_trials) for _ in range(2)]
    while len(counted(search(storage=storage, n_trials=1).study)) < n_trials - 1:
        time.sleep(0.1)
    assert [process.poll() for process in others] == [None, None]
    killed(lost)
    _ended(others, storage, n_trials)


def _ended(processes, storage, n_trials):
    said = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes) and not any(said), said
    found = search(storage=storage, n_trials=1)
    assert len({trial["params"]["learning_rate"] for trial in found.trials}) == len(found.trials) == n_trials
    assert not running(found.study)


def _hang(*arguments):
    print("hangs", flush=True)
    signal.pause()


if __name__ == "__main__":
    if len(sys.argv) > 4:
        trials.evaluate = _hang
    search(storage=sys.argv[1], n_trials=int(sys.argv[2]), **ast.literal_eval(sys.argv[3]))
