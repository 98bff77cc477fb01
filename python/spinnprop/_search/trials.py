"""The trials of a search: drawn, trained, judged, one after another or several at a time."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent import futures
from typing import Any, Callable, Dict, Iterator, List, Tuple

import numpy as np

from .._core import SpinnpropError
from .._estimators.spiking import SpikingClassifier
from .._support.bars import Bar
from . import space as spaces
from .result import NOTES, SearchResult, counted, made


class Trials:
    """The trials of one call."""

    def __init__(
        self,
        result: SearchResult,
        data: Tuple[Any, Any, Tuple[Any, Any]],
        judge: Callable[[SpikingClassifier], List[float]],
        n_trials: int,
        seed: int,
        n_jobs: int,
        reports: bool,
    ) -> None:
        self._result = result
        self._study = result.study
        self._data = data
        self._judge = judge
        self._n_trials = n_trials
        self._seed = seed
        self._n_jobs = n_jobs
        self._reports = reports
        self._lock = threading.Lock()
        self._n_begun = len(counted(self._study))
        self._stopped = threading.Event()

    def all(self, bar: Callable[[], None]) -> None:
        """Runs until there are enough trials."""
        if self._n_jobs == 1:
            while self._one():
                bar()
            return
        with futures.ThreadPoolExecutor(self._n_jobs) as pool:
            jobs = [pool.submit(self._work, bar) for _ in range(self._n_jobs)]
            try:
                # Only a main thread that wakes up now and then sees Ctrl-C.
                while futures.wait(jobs, timeout=0.05).not_done:
                    pass
            finally:
                self._stopped.set()
        for job in jobs:
            job.result()

    def _work(self, bar: Callable[[], None]) -> None:
        try:
            while not self._stopped.is_set() and self._one():
                with self._lock:
                    bar()
        except BaseException:
            self._stopped.set()
            raise

    def _one(self) -> bool:
        """Runs one trial; false if there are enough."""
        with self._lock:
            if self._n_begun >= self._n_trials:
                return False
            trial, params = self._ask(self._n_begun)
            self._n_begun += 1
        self._run(trial, params)
        return not self._stopped.is_set()

    def _ask(self, position: int) -> Tuple[Any, Dict[str, Any]]:
        from optuna.samplers import TPESampler

        # A stream of its own for each position: a resumed search draws what an uninterrupted one would have drawn.
        stream = np.random.SeedSequence([self._seed, position]).generate_state(1)[0]
        # That holds only if what runs, or was left running by a process that died, is not taken for a bad trial.
        options: Dict[str, Any] = {"constant_liar": False} if self._n_jobs == 1 else {}
        self._study.sampler = TPESampler(seed=int(stream), **options)
        trial = self._study.ask()
        with self._interrupted_if_it_fails(trial):
            return trial, spaces.draw(trial, self._result._space)

    def _run(self, trial: Any, params: Dict[str, Any]) -> None:
        from optuna.trial import TrialState

        started = time.perf_counter()
        last: Dict[str, Any] = {"epochs": 0, "accuracy": None}
        is_pruned = False

        def watch(progress: Dict[str, Any]) -> bool:
            nonlocal is_pruned
            if progress["epoch_finished"]:
                last.update(epochs=progress["epoch"] + 1, accuracy=progress["validation_accuracy"])
                if self._reports:
                    trial.report(progress["validation_accuracy"], progress["epoch"] + 1)
                    is_pruned = last["epochs"] < progress["n_epochs"] and trial.should_prune()
            return is_pruned or self._stopped.is_set()

        with self._interrupted_if_it_fails(trial):
            X, y, validation = self._data
            values, error = None, None
            try:
                fitted = made(self._result._make, params).fit(X, y, validation, progress=watch)
                if self._stopped.is_set():
                    self._study.tell(trial, state=TrialState.FAIL)
                    return
                if not is_pruned:
                    values = self._judge(fitted)
            except (SpinnpropError, MemoryError) as failure:
                error = str(failure)
            trial.set_user_attr(NOTES, {**last, "seconds": time.perf_counter() - started, "error": error})
            # The sampler learns nothing from Optuna's failed trials, but everything from pruned ones.
            self._study.tell(trial, values, TrialState.PRUNED if values is None else TrialState.COMPLETE)

    @contextlib.contextmanager
    def _interrupted_if_it_fails(self, trial: Any) -> Iterator[None]:
        """An unfinished trial is told to be one, so that it does not count when the search goes on."""
        from optuna.trial import TrialState

        try:
            yield
        except BaseException:
            self._study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
            raise


def show(bar: Bar, study: Any) -> None:
    """Moves a bar of trials to those that have ended, with the best accuracy."""
    trials = counted(study)
    accuracies = [trial.values[0] for trial in trials if trial.state.name == "COMPLETE"]
    bar.move(len(trials), {"best": f"{100 * max(accuracies):.1f} %"} if accuracies else None)
