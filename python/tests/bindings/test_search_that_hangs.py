"""Trials that do not end by themselves: given up or warned of, while the others go on and are kept."""

import concurrent.futures
import math
import multiprocessing
import os
import subprocess
import sys
import threading
import time
import warnings
from functools import partial

import pytest
from searching import SMALL, SPACE, HangingOnce, X, search
from sent import begins_late

import spinnprop as sp
from spinnprop import executors
from spinnprop._search import runners, trials
from spinnprop._search import search as searches
from spinnprop._search.durations import GRACE, Durations


class Clock:
    """Seconds as a test says."""

    def __init__(self, now=0.0):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    """The clock of searches."""
    found = Clock()
    monkeypatch.setattr(searches, "Durations", lambda timeout: Durations(timeout, found))
    return found


def states(found):
    return [trial["state"] for trial in found.trials]


def test_what_is_past_its_time():
    clock = Clock()
    own = Durations(60.0, clock)
    assert own.overdue() is None
    own.begin(4)
    clock.now = 60.0 + GRACE
    own.begin(5)
    assert own.overdue() is None
    clock.now += 0.1
    assert own.overdue() == 4
    own.freed()
    assert own.overdue() is None
    clock.now += 60.1 + GRACE
    assert own.overdue() == 4
    own.forget(4)
    assert own.overdue() == 5
    own.end(5)
    own.end(5)
    assert own.overdue() is None
    open_end = Durations(None, clock)
    open_end.begin(1)
    clock.now = 1e9
    assert open_end.overdue() is None


def test_what_is_warned_of():
    clock = Clock()
    first, own = Durations(None, clock), Durations(None, clock)
    with pytest.warns(RuntimeWarning, match="trial 0 has been running for 601 s, and none has ended yet; if it hangs, Ctrl-C"):
        first.begin(0)
        clock.now = 600.0
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            # All may take so long.
            first.warn()
        clock.now += 1.0
        first.warn()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for number, takes in ((1, 3.0), (2, 4.0)):
            own.begin(number)
            clock.now += takes
            own.end(number)
        own.begin(3)
        own.begin(4)
        # Ten times as long, but not a minute.
        clock.now += 60.0
        own.warn()
    clock.now += 1.0
    own.forget(4)
    with pytest.warns(RuntimeWarning, match="trial 3 has been running for 61 s, and none that has ended took more than 4 s; .*set timeout to give up") as said:
        own.warn()
        own.warn()
    assert len(said) == 1
    limited = Durations(5.0, clock)
    limited.begin(0)
    limited.end(0)
    limited.begin(1)
    clock.now += 1e6
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        limited.warn()


def test_what_no_worker_begins_is_warned_of():
    clock = Clock()
    own = Durations(60.0, clock)
    for number in (0, 1):
        own.begin(number)
        own.wait(number, lambda: False)
    clock.now = 600.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        own.warn()
        # Another runs, for which it may wait.
        own.wait(1, lambda: True)
        clock.now += 1e3
        own.wait(1, lambda: True)
        own.warn()
        own.wait(0, lambda: False)
        assert own.overdue() == 1
        own.end(1)
        # The worker that has become free needs its time.
        clock.now += 600.0
        own.warn()
        clock.now += 1.0
    with pytest.warns(RuntimeWarning, match="no worker has begun trial 0 in 601 s, and none runs another: .* do not finish starting") as said:
        own.warn()
        own.warn()
    assert len(said) == 1
    # Who has been warned of as waiting may hang once it has begun.
    hanging = Durations(None, clock)
    hanging.begin(0)
    hanging.wait(0, lambda: False)
    clock.now += 601.0
    hanging.wait(0, lambda: False)
    with pytest.warns(RuntimeWarning, match="no worker has begun trial 0"):
        hanging.warn()
    clock.now += 601.0
    hanging.wait(0, lambda: True)
    with pytest.warns(RuntimeWarning, match="trial 0 has been running for 601 s"):
        hanging.warn()


def test_a_search_warns_where_no_process_finishes_starting(tmp_path, monkeypatch):
    clock, ready = Clock(), tmp_path / "ready"

    def tick():
        """Runs on by a second with each look, until the search has warned."""
        clock.now += 1.0
        return clock.now

    warn = Durations.warn

    def telling(own):
        try:
            warn(own)
        finally:
            if own._told_of_waiting:
                ready.touch()

    monkeypatch.setattr(runners, "BEAT", 0.01)
    monkeypatch.setattr(trials, "_PAUSE", 0.001)
    monkeypatch.setattr(searches, "Durations", lambda timeout: Durations(timeout, tick))
    monkeypatch.setattr(Durations, "warn", telling)
    monkeypatch.setattr(executors, "begin_process", partial(begins_late, ready))
    with executors.processes(1) as executor, pytest.warns(RuntimeWarning, match="no worker has begun trial 0"):
        assert states(search(executor=executor, n_trials=1)) == ["complete"]


def test_a_search_warns_while_a_trial_hangs(clock, monkeypatch):
    monkeypatch.setattr(runners, "BEAT", 0.01)
    told = threading.Event()
    warn = Durations.warn

    def telling(own):
        warn(own)
        if own._warned:
            told.set()

    monkeypatch.setattr(Durations, "warn", telling)
    begun = []

    def make(**params):
        begun.append(params)
        clock.now += 7.0 if len(begun) == 1 else 0.0
        if len(begun) == 2:
            clock.now += 700.0
            told.wait()
        return sp.SpikingClassifier(epochs=1, batch_size=60, **params)

    with pytest.warns(RuntimeWarning, match="trial 1 has been running for 700 s, and none that has ended took more than 7 s; if it hangs, Ctrl-C"):
        assert states(search(estimator=make, n_trials=3)) == ["complete"] * 3


def test_a_warning_that_is_an_error_does_not_stop_the_signs_of_life(clock, monkeypatch):
    monkeypatch.setattr(runners, "BEAT", 0.01)
    begun = []

    def make(**params):
        begun.append(params)
        if len(begun) == 2:
            clock.now += 1e6
            beats = own_runners[0]._beats
            while own_runners[0]._beats < beats + 5:
                time.sleep(0.01)
        return sp.SpikingClassifier(epochs=1, batch_size=60, **params)

    own_runners, enter = [], runners.Runners.__enter__
    monkeypatch.setattr(runners.Runners, "__enter__", lambda own: own_runners.append(own) or enter(own))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert states(search(estimator=make, n_trials=2)) == ["complete"] * 2


class Hanging:
    """From parameters to an estimator; the second time it hangs until it is let go, and the clock runs on once the others have ended."""

    def __init__(self, clock, n_others, fails):
        self.clock, self.fails, self.n_others = clock, fails, n_others
        self.go, self.has_ended = threading.Event(), threading.Event()
        self._begun, self._lock = 0, threading.Lock()

    def __call__(self, **params):
        with self._lock:
            self._begun += 1
            begun = self._begun
        if begun == 2:
            while self._begun - 1 < self.n_others or sum(thread.name == "spinnprop trials" for thread in threading.enumerate()) > 1:
                time.sleep(0.01)
            self.clock.now += 1e6
            self.go.wait()
            self.has_ended.set()
            if self.fails:
                raise ZeroDivisionError("late")
        return sp.SpikingClassifier(epochs=1, batch_size=60, **params)


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize(("n_jobs", "n_others"), [(1, 1), (2, 3)])
def test_a_trial_that_hangs_in_this_process(clock, tmp_path, n_jobs, n_others, fails):
    make = Hanging(clock, n_others, fails)
    storage = tmp_path / "search.db"
    try:
        with pytest.warns(RuntimeWarning, match=r"trial 1 took longer than 60.0 s and did not stop; a thread of this process still runs it"):
            found = search(estimator=make, n_trials=4, n_jobs=n_jobs, timeout=60.0, storage=storage)
    finally:
        hung = [thread for thread in threading.enumerate() if thread.name == "spinnprop trials"]
        make.go.set()
    assert states(found) == ["complete", "failed", "complete", "complete"]
    assert found.trials[1]["error"] == "took longer than 60.0 s and did not stop" and found.trials[1]["epochs"] == 0
    assert len({trial["drawn"]["learning_rate"] for trial in found.trials}) == 4 and not runners.running(found.study)
    # It comes back, and nothing changes.
    for thread in hung:
        thread.join()
    assert make.has_ended.is_set() and states(found) == ["complete", "failed", "complete", "complete"]
    assert found.trials[1]["error"] == "took longer than 60.0 s and did not stop" and len(found.study.trials) == 4


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_search_on_threads_ends_with_an_error_of_a_trial(n_jobs):
    def make(**params):
        raise ZeroDivisionError("of one's own")

    with pytest.raises(ZeroDivisionError, match="of one's own"):
        search(estimator=make, n_jobs=n_jobs, timeout=60.0)
    assert not any(thread.name == "spinnprop trials" for thread in threading.enumerate())


def test_ctrl_c_does_not_wait_for_what_hangs(monkeypatch):
    monkeypatch.setattr(trials, "GRACE", 0.1)
    go, begun = threading.Event(), threading.Event()

    def make(**params):
        begun.set()
        go.wait()
        return SMALL

    def interrupt(own):
        if begun.is_set():
            raise KeyboardInterrupt

    monkeypatch.setattr(Durations, "overdue", interrupt)
    try:
        with pytest.raises(KeyboardInterrupt) as caught:
            search(estimator=make, n_jobs=2)
    finally:
        hung = [thread for thread in threading.enumerate() if thread.name == "spinnprop trials"]
        go.set()
        for thread in hung:
            thread.join()
    assert caught.value.result.trials == []


class Lost:
    """An executor whose workers hang in some of its calls. `workers`: how many it says to have."""

    def __init__(self, hang, workers=None):
        self.hang, self.hung, self.n_calls = hang, [], 0
        if workers is not None:
            self.n_workers = workers

    def submit(self, function, *arguments):
        job = concurrent.futures.Future()
        self.n_calls += 1
        if self.n_calls in self.hang:
            self.hung.append((job, function, arguments))
        else:
            job.set_result(function(*arguments))
        return job

    def come_back(self):
        for job, function, arguments in self.hung:
            if job.set_running_or_notify_cancel():
                job.set_result(function(*arguments))


@pytest.fixture
def ticking(monkeypatch):
    """A clock of searches that runs on by a second with each look at it; nobody waits."""
    monkeypatch.setattr(trials, "_PAUSE", 0.001)
    clock = Clock()

    def tick():
        clock.now += 1.0
        return clock.now

    monkeypatch.setattr(searches, "Durations", lambda timeout: Durations(timeout, tick))


@pytest.mark.parametrize("n_workers", [None, 2, 9])
def test_a_worker_that_hangs_gets_no_other_trial(ticking, n_workers):
    executor = Lost({2}, n_workers)
    said = "trial 1 took longer than 100.0 s and did not stop; a worker of the executor still runs it; one of concurrent.futures keeps Python"
    with pytest.warns(RuntimeWarning, match=said):
        found = search(executor=executor, n_jobs=2, n_trials=5, timeout=100.0)
    assert states(found) == ["complete", "failed", "complete", "complete", "complete"]
    assert executor.n_calls == 5 and not runners.running(found.study) and len(found.study.trials) == 5
    before = found.trials
    executor.come_back()
    assert found.trials == before


@pytest.mark.parametrize(("n_jobs", "n_workers", "hang"), [(1, None, {2}), (1, 1, {2}), (2, 2, {2, 3}), (3, 1, {2, 3, 4})])
def test_an_executor_all_of_whose_workers_hang(ticking, tmp_path, n_jobs, n_workers, hang):
    storage = tmp_path / "search.db"
    said = "all workers of the executor run trials that did not stop"
    with pytest.warns(RuntimeWarning, match="did not stop"), pytest.raises(sp.SpinnpropError, match=said) as caught:
        search(executor=Lost(hang, n_workers), n_jobs=n_jobs, n_trials=6, timeout=100.0, storage=storage)
    kept = caught.value.result
    assert states(kept)[0] == "complete" and states(kept).count("failed") == min(len(hang), n_workers or n_jobs)
    assert not runners.running(kept.study)
    # What had only waited is done by whoever goes on.
    found = search(n_trials=6, storage=storage)
    assert len(found.trials) == 6 and states(found).count("failed") == states(kept).count("failed")
    assert len({trial["drawn"]["learning_rate"] for trial in found.trials}) == 6


def test_what_waits_for_a_worker_is_not_given_up(ticking):
    """Ten trials of nearly the time that they may take, handed to one worker at once."""

    class Queue:
        n_workers = 1

        def __init__(self):
            self.jobs = []

        def submit(self, function, *arguments):
            self.jobs.append((concurrent.futures.Future(), function, arguments))
            return self.jobs[-1][0]

    queue, wait = Queue(), concurrent.futures.wait

    def one_ends(jobs, *arguments):
        job, function, own = queue.jobs.pop(0)
        for _ in range(80):
            clock_reader()
        job.set_result(function(*own))
        return wait(jobs, *arguments)

    limits = []
    make, clock_reader = searches.Durations, None

    def reading(timeout):
        limits.append(make(timeout))
        return limits[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searches, "Durations", reading)
        patch.setattr(trials.futures, "wait", one_ends)
        clock_reader = lambda: limits[-1]._clock()  # noqa: E731
        assert states(search(executor=queue, n_jobs=10, n_trials=10, timeout=100.0)) == ["complete"] * 10


def test_a_process_that_hangs_is_ended(tmp_path, monkeypatch):
    make = HangingOnce(tmp_path / "hangs")
    monkeypatch.setattr(searches, "Durations", lambda timeout: Durations(timeout, make.clock))
    with sp.executors.processes(1) as executor:
        with pytest.warns(RuntimeWarning, match="trial 0 took longer than 60.0 s and did not stop; its process has been ended"):
            found = search(executor=executor, estimator=make, n_trials=3, timeout=60.0)
        assert states(found) == ["failed", "complete", "complete"]


def test_the_start_of_a_process_is_none_of_a_trial(tmp_path, monkeypatch):
    clock, ready = Clock(), tmp_path / "ready"

    def tick():
        """Runs on by a second with each look, until the process may begin."""
        if clock.now < 1000.0:
            clock.now += 1.0
        else:
            ready.touch()
        return clock.now

    monkeypatch.setattr(trials, "_PAUSE", 0.001)
    monkeypatch.setattr(searches, "Durations", lambda timeout: Durations(timeout, tick))
    monkeypatch.setattr(executors, "begin_process", partial(begins_late, ready))
    with executors.processes(1) as executor:
        assert states(search(executor=executor, n_trials=2, timeout=100.0)) == ["complete"] * 2


def test_where_nothing_waits_the_ends_of_others_give_no_time(clock, monkeypatch):
    go, hangs, begun, given_up = threading.Event(), threading.Event(), [], []
    forget = Durations.forget
    monkeypatch.setattr(Durations, "forget", lambda own, number: given_up.append((number, clock.now)) or forget(own, number))

    def make(**params):
        begun.append(params)
        if len(begun) == 1:
            hangs.set()
            go.wait()
        # As long as they may take, but for the last, by which it is too late.
        elif len(begun) < 8 or given_up:
            clock.now += 80.0
        else:
            clock.now += 1e6
        return sp.SpikingClassifier(epochs=1, batch_size=60, **params)

    class InOrder(concurrent.futures.ThreadPoolExecutor):
        """Takes no second trial before the first hangs."""

        def submit(self, *arguments):
            job = super().submit(*arguments)
            hangs.wait()
            return job

    with InOrder(2) as executor:
        try:
            with pytest.warns(RuntimeWarning, match="trial 0 took longer than 100.0 s"):
                found = search(executor=executor, estimator=make, n_jobs=2, n_trials=8, timeout=100.0)
        finally:
            go.set()
    assert states(found) == ["failed", *["complete"] * 7]
    # When the second of them has taken its time.
    assert given_up == [(0, 160.0)]


def test_a_pool_whose_processes_hang_ends_as_its_error_says(tmp_path, monkeypatch):
    make = HangingOnce(tmp_path / "hangs")
    monkeypatch.setattr(searches, "Durations", lambda timeout: Durations(timeout, make.clock))
    said = r"with spinnprop.executors.processes\(\).* a pool by \[process.kill\(\) for process in multiprocessing.active_children\(\)\]"
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
        with pytest.warns(RuntimeWarning, match="trial 0 took longer"), pytest.raises(sp.SpinnpropError, match=said) as caught:
            search(executor=executor, estimator=make, n_trials=2, timeout=60.0)
        [process.kill() for process in multiprocessing.active_children()]
    assert states(caught.value.result) == ["failed"]


THREAD = """
import os, threading
from concurrent.futures import ThreadPoolExecutor
from spinnprop._search import search as searches
from spinnprop._search.durations import Durations
from searching import search
begun = threading.Event()
def make(**params):
    begun.set()
    threading.Event().wait()
searches.Durations = lambda timeout: Durations(timeout, lambda: 1e6 * begun.is_set())
try:
    search(executor=ThreadPoolExecutor(1), estimator=make, n_trials=2, timeout=60.0)
except Exception as error:
    assert "end Python by os._exit" in str(error)
    os._exit(3)
"""


def test_python_ends_beside_threads_of_an_executor_as_its_error_says():
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", THREAD], cwd=os.path.dirname(__file__), stderr=subprocess.PIPE, text=True)
    assert done.returncode == 3, done.stderr


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_training_that_is_too_slow_stops_by_itself(clock, n_jobs):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = search(estimator=sp.SpikingClassifier(epochs=10**6, batch_size=60), n_trials=2, n_jobs=n_jobs, timeout=1e-3)
    assert states(found) == ["failed"] * 2
    assert all(trial["error"] == "took longer than 0.001 s" and trial["epochs"] < 10**6 for trial in found.trials)


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf")])
def test_what_is_no_time_is_refused(wrong):
    with pytest.raises(ValueError, match="timeout"):
        search(timeout=wrong)


def test_a_regressor_that_fails_has_no_score(clock):
    found = sp.search(X, X[:, 0], SPACE, estimator=sp.SpikingRegressor(epochs=10**6, batch_size=60), n_trials=1, timeout=1e-3)
    (trial,) = found.trials
    assert trial["state"] == "failed" and math.isnan(trial["r2"])
