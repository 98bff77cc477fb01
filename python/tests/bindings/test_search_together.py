"""Searches that share one study: processes, some of which are killed, and executors."""

import concurrent.futures
import contextlib
import os
import pickle
import re
import signal
import sqlite3
import subprocess
import sys
import types

import optuna
import pytest
from searching import SMALL, X, deadly, search, shared, y
from sent import aborts

import spinnprop as sp
from spinnprop._search import result, runners, sampler, study, trials


def drawn(found):
    return [tuple(trial["drawn"].values()) for trial in found.trials]


@pytest.mark.parametrize("name", ["search.db", "search.journal"])
def test_processes_share_a_study_and_one_is_killed(tmp_path, name):
    shared(tmp_path / name)


def test_a_runner_elsewhere_is_waited_for_while_it_gives_signs_of_life(tmp_path, monkeypatch):
    storage = tmp_path / "search.db"
    first = search(storage=storage, n_trials=1)
    elsewhere = first.study.ask()
    elsewhere.suggest_int("hidden", 4, 12, log=True)
    sign = {"machine": "elsewhere", "process": 1, "born": "1"}
    elsewhere.set_user_attr(runners.RUNNER, {**sign, "beats": 0})
    seen = []

    def clock():
        """Less than the time of grace passes between two looks, and for eight of them there is a sign of life in between."""
        if len(seen) < 8:
            elsewhere.set_user_attr(runners.RUNNER, {**sign, "beats": len(seen)})
        seen.append(0.7 * runners.GRACE * len(seen))
        return seen[-1]

    monkeypatch.setattr(runners, "time", types.SimpleNamespace(monotonic=clock))
    monkeypatch.setattr(trials, "_PAUSE", 0.001)
    found = search(storage=storage, n_trials=2)
    # It was alive as long as it said so; then it was not, and its trial was done again.
    assert runners.GRACE < seen[-1] - seen[8] < 2 * runners.GRACE
    states = [trial.state.name for trial in found.study.get_trials()]
    assert states == ["COMPLETE", "FAIL", "COMPLETE"]
    # Whoever was taken for dead and comes back finds its trial ended.
    with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
        elsewhere.set_user_attr(runners.RUNNER, {**sign, "beats": 9})


def test_a_process_is_known_by_its_number_and_its_start():
    this = runners._this_process()
    assert runners._born(this["process"]) == this["born"] is not None
    assert runners._born(None) is None and runners._born("1") is None and runners._born(2**22 + 1) is None
    assert runners._this_process()["machine"] == this["machine"]


def test_positions_of_trials_that_failed_are_free_again():
    study = optuna.create_study()
    for position, state in enumerate(("COMPLETE", "FAIL", "PRUNED", "RUNNING", "FAIL")):
        trial = study.ask()
        trial.set_user_attr(sampler.POSITION, position)
        if state == "COMPLETE":
            study.tell(trial, 1.0)
        elif state != "RUNNING":
            study.tell(trial, state=optuna.trial.TrialState[state])
    study.ask()
    # The last one has not said yet which it takes: the first that is free.
    numbers = {position: trial.number for position, trial in sampler.held(study).items()}
    assert numbers == {0: 0, 1: 5, 2: 2, 3: 3}
    study.sampler = sampler.make(study, 0)
    study.ask()
    assert study.sampler.position == 4


@pytest.mark.parametrize("kind", [concurrent.futures.ThreadPoolExecutor, concurrent.futures.ProcessPoolExecutor])
def test_an_executor_trains_the_same_trials(kind):
    here = search(n_trials=5, pruner=None, objectives=("accuracy", "spikes"))
    with kind(1) as executor:
        there = search(n_trials=5, executor=executor, objectives=("accuracy", "spikes"))
    for one, other in zip(here.trials, there.trials):
        assert {**one, "seconds": 0} == {**other, "seconds": 0}
    with kind(2) as executor:
        side_by_side = search(n_trials=5, executor=executor, n_jobs=2)
    assert len(set(drawn(side_by_side))) == len(side_by_side.trials) == 5
    assert {trial["epochs"] for trial in side_by_side.trials} == {2}


def test_what_goes_wrong_on_a_worker(tmp_path):
    storage = tmp_path / "search.db"
    with concurrent.futures.ProcessPoolExecutor(2) as executor:
        failed = search(executor=executor, n_jobs=2, estimator=sp.SpikingClassifier(max_spikes=1), n_trials=2)
        assert [trial["state"] for trial in failed.trials] == ["failed"] * 2
        with pytest.raises(ValueError, match="learning_rate"):
            search(executor=executor, space={"learning_rate": (-2.0, -1.0)}, storage=storage, name="bad")
        search(executor=executor, n_trials=1, storage=storage)
    with concurrent.futures.ProcessPoolExecutor(1) as executor:
        with pytest.raises(concurrent.futures.process.BrokenProcessPool):
            search(executor=_Killed(executor), n_trials=3, storage=storage)
    kept = search(storage=storage, n_trials=1)
    assert len(kept.trials) == 1 and not runners.running(kept.study)
    with pytest.raises(TypeError, match="executor is 3"):
        search(executor=3)


@pytest.mark.parametrize("make", [concurrent.futures.ProcessPoolExecutor, sp.executors.processes])
def test_what_processes_cannot_be_sent_is_named_before_anything_runs(make, tmp_path):
    storage = tmp_path / "search.db"
    with make(1) as executor:
        with pytest.raises(TypeError, match="estimator cannot be sent to the executor's processes: .*lambda.*; write functions by def"):
            search(executor=executor, estimator=lambda **params: SMALL, storage=storage)
        with pytest.raises(TypeError, match="costs cannot be sent"):
            search(executor=executor, objectives=("accuracy", "own"), costs={"own": lambda estimator: 1.0}, storage=storage)
        loss, spikes = sp.losses.Custom(lambda first, y: (0.0, 0.0 * first)), sp.encoding.latency(X, bias=0.0)
        trainer = sp.Trainer(sp.Network([5, 8, 3], seed=1), loss=loss, batch_size=60, epochs=1)
        with pytest.raises(TypeError, match="loss cannot be sent"):
            trainer.run(spikes, y, executor=executor)
        with pytest.raises(TypeError, match="loss cannot be sent"):
            sp.executors.gradient(trainer.network, spikes, loss, y, executor=executor, shards=2)
    assert not storage.exists()
    # Threads share what they run.
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        assert len(search(executor=executor, estimator=lambda **params: SMALL, n_trials=1).trials) == 1


class _Killed:
    """An executor whose worker is killed by what it is given."""

    def __init__(self, executor):
        self._executor = executor

    def submit(self, function, *arguments):
        return self._executor.submit(signal.raise_signal, signal.SIGKILL)


def test_storages_that_cannot_be_used(tmp_path):
    (tmp_path / "text.journal").write_text("no journal\n")
    for storage in (tmp_path / "text.journal", "postgresql+psycopg2://me:secret@127.0.0.1:1/none", "nothing://here"):
        with pytest.raises((sp.SpinnpropError, ImportError)) as caught:
            search(storage=storage)
        assert "storage" in str(caught.value) and "secret" not in str(caught.value)


def harmed(path, statement):
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute(statement)
        database.commit()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda path: harmed(path, "CREATE TABLE studies (other INTEGER)"), "no column named study_name|no such column"),
        (lambda path: path.write_bytes(b"SQLite format 3\0" + bytes(5000)), "not a database|malformed"),
        (lambda path: path.write_bytes(b"words " * 1000), "not a database"),
    ],
)
def test_a_database_that_holds_something_else_is_told_in_its_own_words(tmp_path, harm, said):
    harm(tmp_path / "search.sqlite")
    with pytest.raises(sp.SpinnpropError, match=f"search.sqlite cannot be used as the storage of a search: .*({said})"):
        search(storage=tmp_path / "search.sqlite")


@pytest.mark.parametrize("name", ["folder", "folder.journal"])
def test_a_folder_is_no_storage(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(IsADirectoryError, match=f"{name}, a folder; give the path of a file, as .*{name}.trials.sqlite"):
        search(storage=tmp_path / name)


@pytest.mark.parametrize("storage", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite+pysqlite://"])
def test_an_address_that_names_no_file_is_refused_at_once(storage):
    with pytest.raises(ValueError, match=f"storage is '{re.escape(storage)}', which names no file; give one, as 'sqlite:///trials.sqlite', or None"):
        search(storage=storage)


def test_a_search_whose_storage_failed_leaves_nothing_to_wait_for(tmp_path):
    storage = tmp_path / "search.db"
    study = search(storage=storage, n_trials=1).study
    with runners.Runners(study) as lost:
        lost.sign(study.ask())
        assert not runners.Runners(study)._is_dead(runners.running(study)[0])
    assert [trial.state.name for trial in search(storage=storage, n_trials=2).study.get_trials()] == ["COMPLETE", "FAIL", "COMPLETE"]


def test_a_trial_that_was_taken_for_dead_is_begun_again(monkeypatch):
    holds = trials.Trials._holds

    def slow(own, trial, position):
        if trial.number == 1:
            own._study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        return holds(own, trial, position)

    monkeypatch.setattr(trials.Trials, "_holds", slow)
    assert [trial["number"] for trial in search(n_trials=3).trials] == [0, 2, 3]


def test_the_last_line_of_a_journal_may_be_cut(tmp_path):
    storage = tmp_path / "search.journal"
    search(storage=storage, n_trials=2)
    content = storage.read_bytes()
    for rest in (b'{"op_code": 4, "worker', bytes(7)):
        storage.write_bytes(content + rest)
        assert len(search(storage=storage, n_trials=2).trials) == 2
    storage.write_bytes(content[:-5])
    assert len(search(storage=storage, n_trials=3).trials) == 3


@pytest.mark.parametrize("rest", [b"{", b'{"op_code":0,"worker', bytes(7), b'{"op_code":0,"worker_id":"w","study_name":"' + b"n" * 9000])
def test_the_only_line_of_a_journal_may_be_cut(tmp_path, rest):
    storage = tmp_path / "search.journal"
    storage.write_bytes(rest)
    assert len(search(storage=storage, n_trials=2).trials) == 2
    assert len(search(storage=storage, n_trials=3).trials) == 3


@pytest.mark.parametrize("content", [b"my notes", b"my notes\nof today", b'{"a": 1}', b"\n", bytes(20) + b"x"])
def test_a_file_that_is_no_journal_is_left_alone(tmp_path, content):
    storage = tmp_path / "text.journal"
    storage.write_bytes(content)
    with pytest.raises(sp.SpinnpropError, match="text.journal is no journal of Optuna's.*; take another file"):
        search(storage=storage, n_trials=1)
    assert storage.read_bytes() == content


def test_a_line_that_another_process_leaves_unfinished(tmp_path, monkeypatch):
    """One that dies in a write, while others go on: what they write next is a line of its own."""
    storage = tmp_path / "search.journal"
    left, evaluate = [], trials.evaluate

    def leaving(work, params, watch):
        with open(storage, "ab") as file:
            left.append(file.write(b'{"op_code":9,"worker_id":"of one that died","trial_id":' + b" " * (5000 * len(left))))
        return evaluate(work, params, watch)

    monkeypatch.setattr(trials, "evaluate", leaving)
    assert len(search(storage=storage, n_trials=3).trials) == len(left) == 3
    monkeypatch.setattr(trials, "evaluate", evaluate)
    assert len(search(storage=storage, n_trials=4).trials) == 4 and b"that died" not in storage.read_bytes()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"op_code":99,"worker_id":"w"}\n', r"another version of Optuna than [\d.]+: line 2 has .*'op_code': 99"),
        (b'{"op_code":0,"worker_id":"w"}\n', "line 2 has .*'op_code': 0"),
        (b'{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":7}\n', "line 2 has .*'op_code': 4"),
        (b'{"op_code":6,"worker_id":"w","trial_id":[]}\n', "line 2 has .*'trial_id'"),
        (b'{"op_co\n', "line 2 is no JSON: .*; without that line it can be read"),
        (b'{"op_code":4,"wor{"op_code":9,"worker_id":"w"}\n', "line 2 is no JSON: .*; without that line it can be read"),
    ],
)
def test_a_record_of_a_journal_that_cannot_be_read_is_named(tmp_path, line, said):
    storage = tmp_path / "search.journal"
    search(storage=storage, n_trials=2)
    content = storage.read_bytes()
    first, rest = content.split(b"\n", 1)
    storage.write_bytes(first + b"\n" + line + rest)
    with pytest.raises(sp.SpinnpropError, match=rf"search.journal.*{said}"):
        search(storage=storage, n_trials=3)
    # Nothing is lost: without that line it goes on.
    assert (storage.read_bytes()) == first + b"\n" + line + rest
    storage.write_bytes(content)
    assert len(search(storage=storage, n_trials=3).trials) == 3


def test_who_reads_an_sqlite_file_does_not_wait_for_who_writes(tmp_path, monkeypatch):
    storage = tmp_path / "search.db"
    search(storage=storage, n_trials=2)
    monkeypatch.setattr(study, "_PATIENCE", 0.1)
    found = search(storage=storage, n_trials=2)
    with contextlib.closing(sqlite3.connect(storage, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert len(found.study.get_trials()) == 2 and found.study.best_trials and found.study.user_attrs
        with pytest.raises(optuna.exceptions.StorageInternalError):
            found.study.ask()
    again = pickle.loads(pickle.dumps(found.study._storage._backend))
    assert len(again.get_all_trials(found.study._study_id)) == 2


def test_the_lock_of_a_process_that_was_killed_in_a_journal(tmp_path, monkeypatch):
    storage = tmp_path / "search.journal"
    search(storage=storage, n_trials=1)
    monkeypatch.setattr(study, "_LOCKED", 3)
    lock = tmp_path / "search.journal.lock"
    lock.symlink_to(storage)
    assert len(search(storage=storage, n_trials=2).trials) == 2 and not os.path.lexists(lock)


@pytest.mark.parametrize(
    ("name", "harm", "said"),
    [
        ("search.db", lambda path: path.write_bytes(b"no database" * 1000), "failed: .*; trials that had ended are in it"),
        ("search.db", os.remove, "search.db, has been removed while it ran"),
        ("search.journal", os.remove, "search.journal, has been removed while it ran"),
        *(
            ("search.journal", lambda path, line=line: path.write_bytes(path.read_bytes() + line), "failed: .*search.journal is damaged")
            for line in (b'{"a": 1}\n', b"[3]\n", b'{"op_co\n', b"\xff\xfe\n", bytes(50) + b"\n", b"[" * 100_000 + b"\n")
        ),
    ],
)
def test_a_storage_that_goes_away(tmp_path, monkeypatch, name, harm, said):
    storage = tmp_path / name

    def gone(work, params, watch):
        harm(storage)
        return evaluate(work, params, watch)

    evaluate = trials.evaluate
    monkeypatch.setattr(trials, "evaluate", gone)
    with pytest.raises(sp.SpinnpropError, match=f"the storage of the search.*{said}"):
        search(storage=storage)


@pytest.mark.parametrize(
    "harm",
    [
        "DROP TABLE trial_params",
        "DELETE FROM trial_params",
        "DELETE FROM trial_values",
        "DELETE FROM study_directions",
        "UPDATE trial_values SET value = 'x'",
        "UPDATE trial_user_attributes SET value_json = '{'",
        "UPDATE trial_user_attributes SET value_json = '[1]'",
        "UPDATE trial_params SET distribution_json = '{}'",
        "UPDATE trials SET state = 'XX'",
    ],
)
def test_a_study_that_is_damaged(tmp_path, harm):
    storage = tmp_path / "search.db"
    search(storage=storage, n_trials=2)
    with contextlib.closing(sqlite3.connect(storage)) as connection, connection:
        connection.execute(harm)
    with pytest.raises(sp.SpinnpropError, match="the study 'search' is damaged: .*; take another name or storage"):
        search(storage=storage, n_trials=3)
    assert len(search(storage=storage, name="another", n_trials=1).trials) == 1


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("UPDATE study_directions SET direction = 'MINIMIZE'", "its directions are .'MINIMIZE'.,.* they are .'MAXIMIZE'."),
        ('UPDATE trial_values SET value = NULL', 'Optuna cannot read the values'),
        ("UPDATE trial_values SET value_type = 'INF_POS'", 'Optuna cannot read the values'),
        ("UPDATE trial_values SET value = NULL, value_type = 'INF_POS'", "of trial 0 the objective 'accuracy' is inf; it must be a finite number"),
        ('UPDATE trial_values SET value = 7', "'accuracy' is 7.0; it must be 0 to 1"),
        ('UPDATE trial_values SET value = -0.1', "'accuracy' is -0.1"),
        ("UPDATE trial_params SET param_value = 5 WHERE param_name = 'learning_rate'", "trial 0 the parameter 'learning_rate' is 5.0; it must be 0.001 to 0.1"),
        ("UPDATE trial_params SET param_value = 3 WHERE param_name = 'hidden'", "the parameter 'hidden' is 3; it must be 4 to 12"),
        *(
            (f"UPDATE trial_user_attributes SET value_json = '{position}' WHERE key = '{sampler.POSITION}'", "trial 0 has the position .*; .* must be 0 to 1")
            for position in ("-5", '"a"', "null", "100000", "[0]", "2", "true", "0.0")
        ),
        (f"UPDATE trial_user_attributes SET value_json = '1' WHERE key = '{sampler.POSITION}'", "the trials 0 and 1 have the same position 1"),
    ],
)
def test_what_no_search_can_have_written(tmp_path, harm, said):
    storage = tmp_path / "search.db"
    search(storage=storage, n_trials=2)
    with contextlib.closing(sqlite3.connect(storage)) as connection, connection:
        connection.execute(harm)
    with pytest.raises(sp.SpinnpropError, match=f"the study 'search' is damaged: .*{said}.*; take another name or storage"):
        search(storage=storage, n_trials=3)


def test_a_journal_whose_direction_was_changed(tmp_path):
    storage = tmp_path / "search.journal"
    search(storage=storage, n_trials=1)
    content = storage.read_bytes()
    assert content.count(b'"directions":[2]') == 1
    storage.write_bytes(content.replace(b'"directions":[2]', b'"directions":[1]'))
    with pytest.raises(sp.SpinnpropError, match="is damaged: its directions are"):
        search(storage=storage, n_trials=2)


def test_regressors_are_never_better_than_one():
    result.must_be_values(("r2", "cost"), (-1e6, -3.0))
    with pytest.raises(ValueError, match="'r2' is 1.5; it must be at most 1"):
        result.must_be_values(("r2",), (1.5,))


def test_a_trial_that_kills_its_process_is_given_up(tmp_path):
    storage = tmp_path / "search.db"
    study = search(storage=storage, n_trials=1).study
    dead = {**runners._this_process(), "process": 2**22 + 1, "name": "dead", "beats": 0}
    for attempt in range(trials._ATTEMPTS):
        if attempt:
            assert [trial["state"] for trial in search(storage=storage, n_trials=1).trials] == ["complete"]
        lost = study.ask()
        lost.set_user_attr(sampler.POSITION, 1)
        lost.set_user_attr(runners.RUNNER, dead)
    found = search(storage=storage, n_trials=3)
    assert [trial["state"] for trial in found.trials] == ["complete", "failed", "complete"]
    assert found.trials[1]["error"] == f"its process died {trials._ATTEMPTS} times" and found.trials[1]["drawn"]
    # Whoever was stopped by hand has not died.
    assert sum(runners.DIED in trial.user_attrs for trial in study.get_trials()) == trials._ATTEMPTS


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_error_of_a_trial_keeps_what_had_ended(n_jobs):
    begun = []

    def make(**params):
        begun.append(params)
        if len(begun) > 3:
            raise ZeroDivisionError("of one's own")
        return SMALL.__class__(epochs=2, batch_size=60, **params)

    with pytest.raises(ZeroDivisionError, match="of one's own") as caught:
        search(estimator=make, n_trials=9, n_jobs=n_jobs)
    assert 3 - n_jobs < len(caught.value.result.trials) <= 3 and caught.value.result.best_params
    if sys.version_info >= (3, 11):
        assert caught.value.__notes__ == [f"in a trial with {begun[-1]}"] or n_jobs > 1 and caught.value.__notes__[0].startswith("in a trial with {")


def test_an_executor_that_answers_something_else_is_told():
    class Other(concurrent.futures.Executor):
        def submit(self, function, *arguments):
            future = concurrent.futures.Future()
            future.set_result(7)
            return future

    with pytest.raises(TypeError, match="trial 0: the executor answers 7; its futures must give what the function returns"):
        search(executor=Other())


def test_a_pool_that_breaks_counts_as_a_death(tmp_path):
    storage = tmp_path / "search.db"
    for _ in range(trials._ATTEMPTS):
        with concurrent.futures.ProcessPoolExecutor(1) as executor, pytest.raises(concurrent.futures.process.BrokenProcessPool):
            search(executor=_Killed(executor), n_trials=1, storage=storage)
    found = search(storage=storage, n_trials=2)
    assert [trial["state"] for trial in found.trials] == ["failed", "complete"]


class _Lost:
    """An executor of a cluster whose workers die of wide networks."""

    def submit(self, function, *arguments):
        job = concurrent.futures.Future()
        if len(arguments) == 2 and arguments[1]["hidden"] > 7:
            job.set_exception(sys.modules["distributed"].KilledWorker("many\nlines"))
        else:
            job.set_result(function(*arguments))
        return job


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("make", [lambda: sp.executors.processes(2, retries=0), lambda: contextlib.nullcontext(_Lost())])
def test_a_trial_that_kills_its_worker_is_noted_and_the_search_goes_on(make, n_jobs, monkeypatch):
    cluster = types.ModuleType("distributed")
    cluster.KilledWorker = type("KilledWorker", (Exception,), {})
    monkeypatch.setitem(sys.modules, "distributed", cluster)
    with make() as executor:
        found = search(estimator=deadly, executor=executor, n_jobs=n_jobs, n_trials=6)
    assert {trial["state"] for trial in found.trials} == {"complete", "failed"} and len(found.trials) == 6
    # None that ran beside one of them is taken for one.
    for trial in found.trials:
        assert (trial["state"] == "failed") == (trial["params"]["hidden"] > 7)
        assert (trial["error"] or "").startswith("its worker died: " * (trial["error"] is not None))
    assert not runners.running(found.study)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_executor_that_works_no_more_is_told_with_its_trials(n_jobs):
    with concurrent.futures.ProcessPoolExecutor(n_jobs) as executor:
        with pytest.raises(concurrent.futures.process.BrokenProcessPool, match=r"trials? \d.* with {'hidden': .*'learning_rate': .*attribute result") as caught:
            search(estimator=deadly, executor=executor, n_jobs=n_jobs, n_trials=12)
    assert all(trial["state"] == "complete" for trial in caught.value.result.trials)
    assert not runners.running(caught.value.result.study)
    # Which trial it was is not known of a pool that was broken before.
    with pytest.raises(concurrent.futures.process.BrokenProcessPool) as caught:
        search(executor=executor, n_trials=1)
    assert "died with" not in str(caught.value)


def test_processes_that_cannot_even_begin_end_the_search(monkeypatch):
    from spinnprop import executors

    monkeypatch.setattr(executors, "begin_process", aborts)
    with executors.processes(1, retries=0) as executor, pytest.raises(concurrent.futures.BrokenExecutor, match="died with trial 0"):
        search(executor=executor, n_trials=3)


FULL = """
import resource, sys
sys.path.insert(0, {folder!r})
from searching import search
search(storage={storage!r}, n_trials=1)
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
search(storage={storage!r}, n_trials=60)
"""


@pytest.mark.parametrize("name", ["search.db", "search.journal"])
def test_a_full_disk_is_told_and_what_is_finished_stays(tmp_path, name):
    storage = tmp_path / name
    first = search(storage=storage, n_trials=1)
    size = storage.stat().st_size + 1500
    code = FULL.format(folder=os.path.dirname(__file__), storage=str(storage), size=size)
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and "SpinnpropError: " in done.stderr.splitlines()[-1], done.stderr
    kept = search(storage=storage, n_trials=1)
    n_trials = len(kept.trials)
    assert 1 <= n_trials < 60 and kept.trials[0]["drawn"] == first.trials[0]["drawn"]
    assert len(search(storage=storage, n_trials=n_trials + 1).trials) == n_trials + 1
