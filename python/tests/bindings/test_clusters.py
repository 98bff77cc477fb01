"""Searches on clusters that the tests start on this machine, and lose parts of: Ray, Dask, a PostgreSQL database."""

import contextlib
import glob
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent import futures

import numpy as np
import pytest
from searching import HangingOnce, deadly, search, shared
from sent import appears, hangs, hangs_alone, holds, notes

import spinnprop as sp
from spinnprop import _commands, executors
from spinnprop._search import evaluation, trials
from spinnprop._search import search as searches
from spinnprop._search.durations import Durations

SERVERS = sorted(glob.glob("/usr/lib/postgresql/*/bin"))


class Losing:
    """An executor that loses a part of its cluster before its fourth trial."""

    def __init__(self, executor, lose):
        self._executor, self._lose, self._left = executor, lose, 3

    def submit(self, *arguments):
        job = self._executor.submit(*arguments)
        if self._left == 0:
            self._lose()
        self._left -= 1
        return job


def without_clock(found):
    return sorted((trial["number"], *trial["drawn"].values(), trial["accuracy"]) for trial in found.trials)


def trained(executor=None):
    """What a training of six steps of three batches learns."""
    X, y = sp.datasets.yin_yang(120)
    trainer = sp.Trainer(sp.Network([5, 8, 3], seed=1), epochs=2, batch_size=14, accumulate=3)
    trainer.run(sp.encoding.latency(X, bias=0.0), y, executor=executor)
    return trainer.network.weights[0]


@pytest.mark.parametrize(("module", "names"), executors._DEATHS.items())
def test_the_errors_of_deaths_are_there(module, names):
    found = pytest.importorskip(module, reason=f"pip install {module.partition('.')[0]}")
    assert all(issubclass(getattr(found, name), Exception) for name in names)


def _beside_this():
    """The path on which workers, new ones among them, find what lies beside this file."""
    return os.pathsep.join([os.path.dirname(__file__), *filter(None, [os.environ.get("PYTHONPATH")])])


@pytest.fixture
def importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", _beside_this())


@pytest.fixture
def patient(monkeypatch):
    """Workers may take long to answer, and to begin again."""
    monkeypatch.setattr(executors, "_ANSWERS", 1e4)


@pytest.fixture(scope="module")
def ray_cluster():
    """With one processor. It takes ten seconds to begin."""
    ray = pytest.importorskip("ray", reason="pip install ray")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", _beside_this())
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        yield cluster
        ray.shutdown()
        cluster.shutdown()


@pytest.fixture
def lose(ray_cluster):
    """Takes a node away from the cluster, which has had one more for this test."""
    node = ray_cluster.add_node(num_cpus=1)
    return lambda: ray_cluster.remove_node(node, allow_graceful=False)


def test_ray_loses_a_node_in_a_training(ray_cluster, lose):
    with executors.ray(ray_cluster.address) as executor:
        assert executor.n_workers == 2
        assert np.array_equal(trained(Losing(executor, lose)), trained())


def test_ray_loses_a_node(ray_cluster, lose):
    with executors.ray(ray_cluster.address) as executor:
        found = search(executor=Losing(executor, lose), n_jobs=2, n_trials=8)
        assert len(found.trials) == 8 and [trial["state"] for trial in found.trials] == ["complete"] * 8
        one_by_one = search(executor=executor, n_trials=3)
        with pytest.raises(ValueError, match="learning_rate"):
            search(executor=executor, space={"learning_rate": (-2.0, -1.0)})
    assert without_clock(one_by_one) == without_clock(search(n_trials=3, pruner=None))


def test_ray_ends_the_process_of_what_is_killed(ray_cluster, tmp_path):
    """Whose place is the only one."""
    with executors.ray(ray_cluster.address) as executor:
        hung = executor.submit(hangs, tmp_path / "begun")
        while not (tmp_path / "begun").exists():
            time.sleep(0.01)
        executor.kill(hung)
        assert hung.cancelled() and executor.submit(abs, -3).result() == 3


def test_ray_ends_a_trial_that_hangs(ray_cluster, tmp_path, monkeypatch):
    make = HangingOnce(tmp_path / "hangs")
    monkeypatch.setattr(searches, "Durations", lambda timeout: Durations(timeout, make.clock))
    with executors.ray(ray_cluster.address) as executor:
        with pytest.warns(RuntimeWarning, match="trial 0 took longer than 60.0 s and did not stop; its process has been ended"):
            found = search(executor=executor, estimator=make, n_trials=3, timeout=60.0)
        assert [trial["state"] for trial in found.trials] == ["failed", "complete", "complete"]
        assert executor.submit(abs, -3).result() == 3


COMMAND = ["search", "yin-yang", "--trials", "4", "--epochs", "1", "--samples", "60"]


def test_the_command_searches_on_ray(ray_cluster, tmp_path, capsys):
    assert _commands.main([*COMMAND, "--ray", ray_cluster.address, "--out", str(tmp_path)]) == 0
    assert "4 trials complete, 0 trials pruned, 0 trials failed" in capsys.readouterr().out


def test_where_no_ray_cluster_answers(tmp_path, capsys):
    pytest.importorskip("ray", reason="pip install ray")
    with socket.socket() as silent:
        # A port that is taken, and at which nobody listens.
        silent.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % silent.getsockname()[1]
        for wrong in (address, "127.0.0.1:70000", "no host at all:1", "h" * 70 + ":1"):
            with pytest.raises(ConnectionError, match=f"no Ray cluster answers at {wrong}: .*; start one there by ray start --head"):
                executors.ray(wrong)
        assert _commands.main([*COMMAND, "--ray", address, "--out", str(tmp_path)]) == 1
    assert f"spinnprop: no Ray cluster answers at {address}: " in capsys.readouterr().err


def test_where_this_machine_has_no_ray_cluster_any_more(tmp_path):
    pytest.importorskip("ray", reason="pip install ray")
    program = "import spinnprop as sp\ntry:\n    sp.executors.ray()\nexcept ConnectionError as error:\n    print(error)"
    known = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    (tmp_path / "ray").mkdir()

    def told(**environment):
        where = {**known, "RAY_TMPDIR": str(tmp_path), **environment}
        return subprocess.run([sys.executable, "-c", program], env=where, capture_output=True, text=True, timeout=60).stdout

    assert told(RAY_ADDRESS="127.0.0.1:1").startswith("no Ray cluster answers at 127.0.0.1:1: ")
    try:
        from ray._private.services import find_gcs_addresses
    except ImportError:
        pytest.skip("this version of Ray finds clusters otherwise")
    if find_gcs_addresses():
        pytest.skip("a Ray cluster runs on this machine")
    assert told().startswith("no Ray cluster runs on this machine; start one by ray start --head, or give")
    # A cluster that was killed leaves its address.
    (tmp_path / "ray" / "ray_current_cluster").write_text("127.0.0.1:1")
    assert told().startswith("no Ray cluster answers at 127.0.0.1:1: ")


def test_what_is_left_with_ray_ends(ray_cluster):
    with executors.ray(ray_cluster.address) as executor:
        jobs = [executor.submit(abs, -number) for number in range(8)]
        wrong = executor.submit(divmod, 1, 0)
    assert all(job.done() for job in jobs) and [job.result() for job in jobs] == list(range(8))
    assert type(wrong.exception()) is ZeroDivisionError
    with pytest.raises(RuntimeError, match="has been shut down"):
        executor.submit(abs, 1)
    executor = executors.ray(ray_cluster.address)
    jobs = [executor.submit(signal.pause) for _ in range(4)]
    assert jobs[3].cancel() and not futures.wait(jobs[3:]).not_done
    executor.shutdown(wait=False)
    for job in jobs[:3]:
        with pytest.raises(RuntimeError, match="left the cluster"):
            job.result()
    with executors.ray(ray_cluster.address) as executor:
        jobs = [executor.submit(signal.pause) for _ in range(4)]
        executor.shutdown(cancel_futures=True)
    assert all(job.cancelled() for job in jobs)


@contextlib.contextmanager
def dask_cluster(n_workers=2):
    distributed = pytest.importorskip("distributed", reason="pip install distributed")
    with distributed.LocalCluster(
        n_workers=n_workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs=logging.CRITICAL
    ) as cluster:
        yield cluster


def test_dask_loses_workers():
    with dask_cluster() as cluster, executors.dask(cluster.scheduler_address) as executor:

        def lose():
            os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)

        assert executor.n_workers == 2
        assert np.array_equal(trained(Losing(executor, lose)), trained())
        found = search(executor=Losing(executor, lose), n_jobs=2, n_trials=8)
        assert [trial["state"] for trial in found.trials] == ["complete"] * 8
        one_by_one = search(executor=executor, n_trials=3)
        with pytest.raises(ValueError, match="learning_rate"):
            search(executor=executor, space={"learning_rate": (-2.0, -1.0)})
    assert without_clock(one_by_one) == without_clock(search(n_trials=3, pruner=None))


def test_dask_notes_a_trial_that_kills_its_workers():
    dask = pytest.importorskip("dask", reason="pip install distributed")
    # Dask begins a worker in place of each that dies, which takes seconds; unless told, four have to die of a trial.
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), dask_cluster() as cluster, executors.dask(
        cluster.scheduler_address
    ) as executor:
        found = search(estimator=deadly, executor=executor, n_jobs=2, n_trials=3)
    assert [trial["state"] == "failed" for trial in found.trials] == [trial["params"]["hidden"] > 7 for trial in found.trials]
    assert {trial["state"] for trial in found.trials} == {"complete", "failed"}


def test_dask_ends_a_trial_that_hangs(importable, tmp_path, monkeypatch, patient):
    make = HangingOnce(tmp_path / "hangs")
    monkeypatch.setattr(searches, "Durations", lambda timeout: Durations(timeout, make.clock))
    with dask_cluster() as cluster, executors.dask(cluster.scheduler_address) as executor:
        with pytest.warns(RuntimeWarning, match="trial 0 took longer than 60.0 s and did not stop; its process has been ended"):
            found = search(executor=executor, estimator=make, n_trials=3, timeout=60.0)
        assert [trial["state"] for trial in found.trials] == ["failed", "complete", "complete"]
        assert executor.submit(abs, -3).result() == 3 and executor.n_workers == 2


def _listening():
    """The addresses and ports on which this process listens."""
    own, found = set(), set()
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            own.add(os.readlink(f"/proc/self/fd/{number}"))
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError), open(f"/proc/self/net/{table}", encoding="ascii") as file:
            rows = [line.split() for line in list(file)[1:]]
            found.update(row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in own)
    return found


@pytest.mark.skipif(not os.path.exists("/proc/self/net/tcp"), reason="sockets are looked for where Linux lists them")
def test_who_has_joined_a_cluster_of_dask_listens_nowhere():
    with dask_cluster(n_workers=1) as cluster:
        # The scheduler runs in this process, too.
        before = _listening()
        assert before
        with executors.dask(cluster.scheduler_address) as executor:
            assert executor.submit(abs, -3).result() == 3 and _listening() == before


def test_dask_leaves_alone_what_runs_before_that_which_is_killed(importable, tmp_path, patient):
    began, go, runs = (tmp_path / name for name in ("began", "go", "runs"))
    with dask_cluster(n_workers=1) as cluster, executors.dask(cluster.scheduler_address) as executor:
        others = executor.submit(notes, runs, holds, began, go)
        appears(began)
        waiting = executor.submit(abs, -3)
        while executor._keys[waiting] not in next(iter(executor._client.processing().values()), ()):
            time.sleep(0.01)
        assert executor.kill(waiting) and waiting.cancelled()
        go.touch()
        assert others.result() == "held" and runs.read_text() == "run\n"
        # What has ended there runs nowhere.
        assert executor.kill(others) and executor.submit(abs, -3).result() == 3


def test_dask_ends_what_keeps_its_worker_from_answering(importable, tmp_path, monkeypatch):
    monkeypatch.setattr(executors, "_ANSWERS", 1.0)
    with dask_cluster(n_workers=1) as cluster, executors.dask(cluster.scheduler_address) as executor:
        hung = executor.submit(hangs_alone, tmp_path / "begun")
        appears(tmp_path / "begun")
        assert executor.kill(hung) and hung.cancelled()
        assert executor.submit(abs, -3).result() == 3


def test_a_worker_of_dask_that_nobody_restarts_gets_no_other_trial(importable, tmp_path, monkeypatch):
    make = HangingOnce(tmp_path / "hangs")
    monkeypatch.setattr(searches, "Durations", lambda timeout: Durations(timeout, make.clock))
    with dask_cluster(n_workers=0) as cluster:
        command = [sys.executable, "-m", "distributed.cli.dask_worker", cluster.scheduler_address, "--no-nanny", "--nthreads", "1", "--no-dashboard"]
        workers = [subprocess.Popen([*command, "--host", "127.0.0.1"], stderr=subprocess.DEVNULL, cwd=tmp_path) for _ in range(2)]
        try:
            with executors.dask(cluster.scheduler_address) as executor:
                executor._client.wait_for_workers(2)
                with pytest.warns(RuntimeWarning, match="trial 0 took longer than 60.0 s and did not stop; a worker of the executor still runs it"):
                    found = search(executor=executor, estimator=make, n_trials=4, timeout=60.0)
            # The end of the `with` has not waited for what hangs.
            assert [trial["state"] for trial in found.trials] == ["failed", *["complete"] * 3]
            assert [worker.poll() for worker in workers] == [None, None]
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()


def test_the_command_searches_on_dask(tmp_path, capsys):
    with dask_cluster() as cluster:
        assert _commands.main([*COMMAND, "--dask", cluster.scheduler_address, "--out", str(tmp_path)]) == 0
    assert "4 trials complete, 0 trials pruned, 0 trials failed" in capsys.readouterr().out


def test_a_cluster_without_workers(tmp_path, capsys):
    with dask_cluster(n_workers=0) as cluster:
        command = [*COMMAND, "--dask", cluster.scheduler_address, "--out", str(tmp_path)]
        assert _commands.main(command) == 1
        assert "spinnprop: the executor has no workers yet; start some, or say by n_jobs=4 (--jobs 4)" in capsys.readouterr().err
        with executors.dask(cluster.scheduler_address) as executor:
            with pytest.raises(ValueError, match="the executor has no workers yet; start some, or say by n_jobs=4"):
                search(executor=executor, n_jobs=-1)
            cluster.scale(1)
            # What is given waits for it.
            assert len(search(executor=executor, n_jobs=2, n_trials=2).trials) == len(search(executor=executor, n_jobs=-1, n_trials=2).trials) == 2
        assert _commands.main(command) == 0


class Database:
    """A PostgreSQL database that listens in a folder alone."""

    def __init__(self, folder, user):
        self.address = f"postgresql://search@/postgres?host={folder}"
        self._folder, self._user = folder, user
        self._run("initdb", "--auth=trust", "--username=search")
        self.start()

    def _run(self, program, *arguments):
        command = [*self._user, os.path.join(SERVERS[-1], program), "-D", f"{self._folder}/data", *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self._folder)

    def start(self):
        self._run("pg_ctl", "-w", "-t", "10000", "-l", f"{self._folder}/log", "-o", f"-k {self._folder} -c listen_addresses=''", "start")

    def stop(self):
        self._run("pg_ctl", "-w", "-t", "10000", "-m", "immediate", "stop")


@pytest.fixture
def database():
    pytest.importorskip("psycopg2", reason="pip install psycopg2-binary")
    if not SERVERS:
        pytest.skip("there is no PostgreSQL: apt-get install postgresql")
    # PostgreSQL refuses to run as root, and a socket's path has at most 107 characters.
    user = [] if os.getuid() else ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    folder = subprocess.run([*user, "mktemp", "-d"], check=True, capture_output=True, text=True).stdout.strip()

    found = Database(folder, user)
    yield found
    found.stop()
    subprocess.run([*user, "rm", "-r", folder], check=True)


def test_processes_share_a_database_and_one_is_killed(database):
    shared(database.address)


def test_a_database_that_goes_away(database, monkeypatch):
    search(storage=database.address, n_trials=1)
    evaluate = trials.evaluate

    def gone(*arguments):
        database.stop()
        return evaluate(*arguments)

    monkeypatch.setattr(trials, "evaluate", gone)
    with pytest.raises(sp.SpinnpropError, match="the storage of the search has failed: .*; trials that had ended are in it"):
        search(storage=database.address, n_trials=3)
    monkeypatch.setattr(trials, "evaluate", evaluate)
    with pytest.raises(sp.SpinnpropError, match="postgresql:///postgres.* cannot be used as the storage of a search"):
        search(storage=database.address, n_trials=3)
    database.start()
    found = search(storage=database.address, n_trials=3)
    assert [trial["state"] for trial in found.trials] == ["complete"] * 3


def test_what_executors_refuse(monkeypatch):
    for wrong in (None, 3, ""):
        for make in (executors.ray, executors.dask):
            with pytest.raises((TypeError, ImportError), match="address|pip install"):
                make(wrong)
    with pytest.raises(ValueError, match="retries"):
        pytest.importorskip("ray")
        executors.ray(retries=-1)
    for name, package in (("ray", "ray"), ("dask", "distributed")):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(ImportError, match=rf"pip install 'spinnprop\[{name}\]'"):
            getattr(executors, name)("address")
    work = evaluation.Work(None, None, None, None, version="0.0")
    with pytest.raises(sp.SpinnpropError, match=r"the search 0\.0; install the same everywhere"):
        evaluation.evaluate(work, {})
