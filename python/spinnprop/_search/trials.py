"""The trials of a search: begun, run one after another or several at a time, and ended."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import warnings
from concurrent import futures
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Set, Tuple

from .._core import SpinnpropError
from .._support.bars import Bar
from .._support.callers import caller_level
from .._support.jobs import must_be_answer, result_of
from ..executors import begins, has_died, workers
from . import sampler
from . import space as spaces
from .durations import GRACE, Durations
from .evaluation import Outcome, Work, evaluate
from .result import NOTES, R2, SearchResult, counted
from .runners import DIED, Runners, fail

#: Only a main thread that wakes up after so many seconds sees Ctrl-C.
_POLL = 0.05
#: How often a trial is begun whose runner dies: it may be the trial that kills it.
_ATTEMPTS = 5
#: Seconds between two looks at what others do, each of which reads the storage.
_PAUSE = 0.5
#: Of an executor with workers that hang: whoever leaves its `with` waits for them, and shutdown(wait=False) puts that off until Python ends.
_KEPT = (
    "; one of concurrent.futures keeps Python from ending as long as that lasts: end Python by os._exit, or the processes of a pool by "
    "[process.kill() for process in multiprocessing.active_children()]"
)


class Trials:
    """The trials of one call. Any number of processes may run trials of one study, and any of them may die.

    A trial is run only if it holds one of `n_trials` positions (see `sampler`), each of which one trial holds at most. So there are never too
    many, and as soon as one that died is told to have failed, another takes its position.
    """

    def __init__(
        self, result: SearchResult, work: Work, n_trials: int, seed: int, n_jobs: int, reports: bool, runners: Runners, durations: Durations
    ) -> None:
        self._result = result
        self._study = result.study
        self._work = work
        self._n_trials = n_trials
        self._seed = seed
        self._n_jobs = n_jobs
        self._reports = reports
        self._runners = runners
        self._durations = durations
        self._lock = threading.Lock()
        #: One that comes back in the moment in which it is given up ends once.
        self._ending = threading.Lock()
        self._stopped = threading.Event()
        #: What trials that run on threads here run on, by number; their errors; and those whose end does not count any more.
        self._threads: Dict[int, Tuple[Any, threading.Thread]] = {}
        self._errors: List[BaseException] = []
        self._given_up: Set[int] = set()

    def all(self, bar: Callable[[], None]) -> None:
        """Runs until there are enough trials: those of others are waited for, since they may die."""
        if self._n_jobs == 1 and self._durations.timeout is None:
            while self._one():
                bar()
            return
        threads = [self._begun_thread(bar) for _ in range(self._n_jobs)]
        try:
            while alive := [thread for thread in threads if thread.is_alive()]:
                alive[0].join(_POLL)
                late = self._durations.overdue()
                if late is not None and late in self._threads:
                    trial, thread = self._threads[late]
                    threads.remove(thread)
                    self._give_up(trial, "a thread of this process still runs it, for as long as that lasts")
                    threads.append(self._begun_thread(bar))
        finally:
            self._stopped.set()
            # One that hangs is left behind.
            ends = time.monotonic() + GRACE
            for thread in threads:
                thread.join(max(0.0, ends - time.monotonic()))
        if self._errors:
            raise self._errors[0]

    def on(self, executor: Any, bar: Callable[[], None]) -> None:
        """The same on the workers of an executor: trials begin and end here."""
        jobs: Dict[Any, Tuple[Any, Dict[str, Any]]] = {}
        # Were given up and still run.
        left: List[futures.Future[Any]] = []
        # Their workers died while others ran: it may be these that killed them.
        suspects: List[Tuple[Any, Dict[str, Any]]] = []
        # Whether what runs is one of these again, and nothing else.
        is_alone = self._n_jobs == 1
        has_begun = begins(executor, self._n_jobs)
        #: Ends a call that runs, and says whether its worker is free then.
        kill: Optional[Callable[[Any], bool]] = getattr(executor, "kill", None)
        try:
            while True:
                room = self._room(executor, left)
                begun = None if suspects or (jobs and is_alone) or len(jobs) >= room else self._begin()
                if begun is not None:
                    with self._failed_if_interrupted(begun[0]):
                        jobs[executor.submit(evaluate, self._work, begun[1])] = begun
                    is_alone = self._n_jobs == 1
                    continue
                if suspects and not jobs:
                    self._durations.begin(suspects[-1][0].number)
                    jobs[executor.submit(evaluate, self._work, suspects[-1][1])] = suspects[-1]
                    suspects.pop()
                    is_alone = True
                if room <= 0 and (jobs or len(sampler.held(self._study)) < self._n_trials):
                    raise _hung(len(left))
                if not jobs:
                    if not self._waits():
                        return
                    time.sleep(_PAUSE)
                for job in futures.wait(jobs, _PAUSE, futures.FIRST_COMPLETED).done:
                    trial, _ = jobs[job]
                    error = None if job.cancelled() else job.exception()
                    if not has_died(error):
                        outcome = result_of(job)
                        must_be_answer(outcome, Outcome, f"trial {trial.number}")
                        self._end(trial, outcome)
                    elif is_alone:
                        # Raises what has become of an executor that does not work any more.
                        executor.submit(os.getpid).result()
                        self._note(trial, f"its worker died: {' '.join(str(error).split())}")
                    else:
                        suspects.append(jobs[job])
                    del jobs[job]
                    if has_begun is None:
                        self._durations.freed()
                if has_begun is not None:
                    for job, (trial, _) in jobs.items():
                        self._durations.wait(trial.number, partial(has_begun, job))
                late = self._durations.overdue()
                for job in [job for job, (trial, _) in jobs.items() if trial.number == late]:
                    if kill is not None and kill(job):
                        what = "its process has been ended"
                    else:
                        if kill is None:
                            job.cancel()
                        left.append(job)
                        what = f"a worker of the executor still runs it{_KEPT}"
                    self._give_up(jobs.pop(job)[0], what)
                    if has_begun is None:
                        self._durations.freed()
                bar()
        except BaseException as error:
            for job in jobs:
                job.cancel()
            lost = [*jobs.values(), *suspects]
            for trial, _ in lost:
                with contextlib.suppress(Exception):
                    self._fail(trial, has_died(error))
            if lost and has_died(error):
                raise _broken(error, lost) from error
            raise

    def _room(self, executor: Any, left: Sequence[futures.Future[Any]]) -> int:
        """How many trials there may be at the same time: a worker that still runs one that was given up runs no other."""
        n_left = sum(job.cancelled() or not job.done() for job in left)
        if n_left == 0:
            return self._n_jobs
        try:
            return min(self._n_jobs, workers(executor) - n_left)
        except ValueError:
            return self._n_jobs - n_left

    def _begun_thread(self, bar: Callable[[], None]) -> threading.Thread:
        # The interpreter ends without those that hang.
        thread = threading.Thread(target=self._run, args=(bar,), name="spinnprop trials", daemon=True)
        thread.start()
        return thread

    def _run(self, bar: Callable[[], None]) -> None:
        try:
            while not self._stopped.is_set() and self._one():
                with self._lock:
                    bar()
        except BaseException as error:
            self._errors.append(error)
            self._stopped.set()

    def _give_up(self, trial: Any, what: str) -> None:
        """Notes a trial that is past its time and does not stop."""
        self._given_up.add(trial.number)
        self._durations.forget(trial.number)
        said = f"took longer than {self._durations.timeout} s and did not stop"
        self._note(trial, said)
        warnings.warn(f"trial {trial.number} {said}; {what}", RuntimeWarning, stacklevel=caller_level())

    def _one(self) -> bool:
        """Runs one trial, or waits a while for those of others; false if there are enough."""
        begun = self._begin()
        if begun is None:
            waits = self._waits()
            if waits:
                self._stopped.wait(_PAUSE)
            return waits
        trial, params = begun
        self._threads[trial.number] = trial, threading.current_thread()
        try:
            with self._failed_if_interrupted(trial):
                outcome = evaluate(self._work, params, lambda progress: self._watch(trial, progress))
                if self._stopped.is_set():
                    self._fail(trial)
                    return False
                self._end(trial, outcome)
        except Exception:
            if trial.number not in self._given_up:
                raise
        return trial.number not in self._given_up

    def _waits(self) -> bool:
        """Whether trials of others are needed, which may die."""
        return len(counted(self._study)) < self._n_trials and self._runners.others()

    def _begin(self) -> Optional[Tuple[Any, Dict[str, Any]]]:
        """A trial of this process; None if all positions are held."""
        from optuna.exceptions import UpdateFinishedTrialError

        with self._lock:
            while True:
                self._runners.bury()
                if len(sampler.held(self._study)) >= self._n_trials:
                    return None
                self._study.sampler = sampler.make(self._study, self._seed)
                trial = self._study.ask()
                try:
                    with self._failed_if_interrupted(trial):
                        self._runners.sign(trial)
                        if self._holds(trial, self._study.sampler.position):
                            params = spaces.draw(trial, self._result._space)
                            if not self._is_deadly(self._study.sampler.position):
                                return trial, params
                            self._note(trial, f"its process died {_ATTEMPTS} times")
                            continue
                        self._fail(trial)
                        # Who took the same position in the same moment waits for another while.
                        time.sleep(_POLL * (trial.number % 5))
                except UpdateFinishedTrialError:
                    # This process was stopped for so long that it was taken for dead.
                    continue

    def _holds(self, trial: Any, position: int) -> bool:
        """Takes a position for a trial; false if there are enough, or another trial has taken it in the same moment.

        Each writes first and looks then, so that of two at least one sees the other, and gives way.
        """
        if position >= self._n_trials:
            return False
        trial.set_user_attr(sampler.POSITION, position)
        return position not in sampler.held(self._study, but=trial.number, silent=False)

    def _is_deadly(self, position: int) -> bool:
        """Whether all attempts at the trial of a position ended with the death of who ran it."""
        from optuna.trial import TrialState

        failed = self._study.get_trials(deepcopy=False, states=(TrialState.FAIL,))
        died = [trial for trial in failed if trial.user_attrs.get(DIED) and trial.user_attrs.get(sampler.POSITION) == position]
        return len(died) >= _ATTEMPTS

    def _watch(self, trial: Any, progress: Dict[str, Any]) -> bool:
        """Tells the pruner; true if the trial is to be given up."""
        from optuna.exceptions import UpdateFinishedTrialError

        is_pruned = False
        if self._reports and progress["epoch_finished"]:
            try:
                trial.report(progress["validation_accuracy"], progress["epoch"] + 1)
            except UpdateFinishedTrialError:
                # Taken for dead by others, who have put another in its place.
                return True
            is_pruned = progress["epoch"] + 1 < progress["n_epochs"] and trial.should_prune()
        return is_pruned or self._stopped.is_set()

    def _end(self, trial: Any, outcome: Outcome) -> None:
        from optuna.exceptions import UpdateFinishedTrialError
        from optuna.trial import TrialState

        # The sampler learns nothing from Optuna's failed trials, but everything from pruned ones.
        state = TrialState.PRUNED if outcome.values is None else TrialState.COMPLETE
        with self._ending:
            # One that was taken for dead stays so: another is in its place.
            with contextlib.suppress(UpdateFinishedTrialError):
                trial.set_user_attr(NOTES, outcome.notes)
                self._study.tell(trial, outcome.values, state, skip_if_finished=True)
        self._runners.leave(trial)

    def _note(self, trial: Any, error: str) -> None:
        """A trial that nothing is known of but why it failed."""
        self._end(trial, Outcome(None, {"epochs": 0, "score": None, "error": error}))

    def _fail(self, trial: Any, has_died: bool = False) -> None:
        """An unfinished trial is told to be one, so that it does not count when the search goes on."""
        try:
            fail(self._study, trial.number, has_died)
        finally:
            self._runners.leave(trial)

    @contextlib.contextmanager
    def _failed_if_interrupted(self, trial: Any) -> Iterator[None]:
        try:
            yield
        except BaseException:
            # Where the storage itself has failed, whoever comes next sees that nobody runs the trial any more.
            with contextlib.suppress(Exception):
                self._fail(trial)
            raise


def _broken(error: BaseException, lost: Sequence[Tuple[Any, Dict[str, Any]]]) -> BaseException:
    """An executor's error, with the trials that may have caused it."""
    kind = type(error) if isinstance(error, futures.BrokenExecutor) else futures.BrokenExecutor
    named = sorted(f"{trial.number} with {' '.join(repr(params).split())}" for trial, params in lost)
    which = "trial" if len(lost) == 1 else "one of the trials"
    return kind(
        f"{error}; it died with {which} {', '.join(named)}; the trials that had ended are in this error's attribute result; spinnprop.executors.processes "
        "goes on when a process dies"
    )


def _hung(n: int) -> BaseException:
    return SpinnpropError(
        f"all workers of the executor run trials that did not stop ({n}); what had ended is in this error's attribute result: search with "
        f"spinnprop.executors.processes(), which ends and replaces its own{_KEPT}"
    )


def show(bar: Bar, result: SearchResult) -> None:
    """Moves a bar of trials to those that have ended, with the best score."""
    trials = counted(result.study)
    scores = [trial.values[0] for trial in trials if trial.state.name == "COMPLETE"]
    shown = "{:.3f}".format if result.objectives[0] == R2 else "{:.1%}".format
    bar.move(len(trials), {"best": shown(max(scores)).replace("%", " %")} if scores else None)
