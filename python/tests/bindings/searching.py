"""A small search, and a process that makes one: ``python searching.py STORAGE N_TRIALS SEARCH_OPTIONS [DIES_AT]``."""

import ast
import os
import signal
import subprocess
import sys

import spinnprop as sp
from spinnprop._search import trials

X, y = sp.datasets.yin_yang(120)
SPACE = {"hidden": sp.LogUniform(4, 12), "learning_rate": (1e-3, 1e-1)}
SMALL = sp.SpikingClassifier(epochs=2, batch_size=60)


def search(**options):
    return sp.search(**{"X": X, "y": y, "space": SPACE, "estimator": SMALL, "n_trials": 4, **options})


def started(storage, n_trials, dies_at=None, **options):
    """A process that searches; with `dies_at` it is killed at the beginning of its trial of this number, from 0."""
    arguments = [str(storage), str(n_trials), repr(options), *([] if dies_at is None else [str(dies_at)])]
    return subprocess.Popen([sys.executable, __file__, *arguments], stderr=subprocess.PIPE, text=True)


def _dying(at):
    evaluate, begun = trials.evaluate, iter(range(at + 1))

    def evaluate_or_die(*arguments):
        if next(begun) == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return evaluate(*arguments)

    return evaluate_or_die


if __name__ == "__main__":
    if len(sys.argv) > 4:
        trials.evaluate = _dying(int(sys.argv[4]))
    search(storage=sys.argv[1], n_trials=int(sys.argv[2]), **ast.literal_eval(sys.argv[3]))
