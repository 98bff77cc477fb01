"""Executors on processes of this machine: what waits, what is cancelled, what is waited for, whatever dies meanwhile."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent import futures
from functools import partial

import pytest
from sent import NotUnpickled, Result, appears, begins_late, dies_once, fails, holds, notes

import spinnprop as sp
from spinnprop import executors


def test_what_waits_is_not_done_again_for_the_deaths_of_others(tmp_path):
    names = [str(number) for number in range(4)]
    with sp.executors.processes(1, retries=1) as executor:
        jobs = [executor.submit(dies_once, tmp_path / name) for name in names]
        assert [job.result() for job in jobs] == names


def test_a_call_that_always_dies_is_given_up_and_the_others_are_done():
    with sp.executors.processes(1, retries=1) as executor:
        dying, *others = [executor.submit(os.abort), *(executor.submit(abs, -number) for number in range(3))]
        with pytest.raises(futures.BrokenExecutor):
            dying.result()
        assert [job.result() for job in others] == [0, 1, 2]


def test_shutdown_waits_for_what_is_done_again(tmp_path):
    begun, go = tmp_path / "begun", tmp_path / "go"
    executor = sp.executors.processes(1)
    jobs = [executor.submit(holds, begun, go), executor.submit(dies_once, tmp_path / "died"), executor.submit(abs, -3)]
    appears(begun)
    (first,) = executor._pool._processes
    closing = [threading.Thread(target=executor.shutdown) for _ in range(2)]
    for thread in closing:
        thread.start()
    while not executor._is_closed:
        time.sleep(0.01)
    begun.unlink()
    os.kill(first, signal.SIGKILL)
    appears(begun)
    assert all(thread.is_alive() for thread in closing)
    for submits in (executor.submit, lambda *arguments: executor.map(*arguments[:1], [1])):
        with pytest.raises(RuntimeError, match="has been shut down"):
            submits(abs, -1)
    go.touch()
    for thread in closing:
        thread.join()
    assert [job.done() for job in jobs] == [True] * 3 and [job.result() for job in jobs] == ["held", "died", 3]
    assert not executor._pool._processes
    executor.shutdown()


def test_what_waits_can_be_cancelled_and_what_runs_cannot(tmp_path):
    begun, go, never = (tmp_path / name for name in ("begun", "go", "never"))
    for whole in (False, True):
        executor = sp.executors.processes(1)
        running, *waiting = [executor.submit(holds, begun, go), *(executor.submit(never.touch) for _ in range(3))]
        appears(begun)
        assert running.running() and not running.cancel() and not waiting[0].running()
        if whole:
            executor.shutdown(wait=False, cancel_futures=True)
        else:
            assert all(job.cancel() for job in waiting)
            last = executor.submit(abs, -3)
        assert all(job.cancelled() for job in waiting) and not running.done()
        go.touch()
        assert not futures.wait([running, *waiting]).not_done and running.result() == "held"
        executor.shutdown()
        assert not never.exists() and (whole or last.result() == 3)
        begun.unlink()
        go.unlink()


def test_what_raises_is_not_done_again_and_its_error_is_told(tmp_path):
    for retries in (0, 3):
        with sp.executors.processes(1, retries=retries) as executor:
            pool = executor._pool
            runs = tmp_path / f"runs {retries}"
            with pytest.raises(RuntimeError, match="NotUnpickled: the membrane burst") as raised:
                executor.submit(notes, runs, fails).result()
            assert "in fails" in str(raised.value.__cause__)  # where, in the process
            with pytest.raises(ValueError, match="^invalid literal"):
                executor.submit(notes, runs, int, "three").result()
            with pytest.raises(NotUnpickled, match="^the membrane burst$"):
                executor.submit(notes, runs, Result).result()
            with pytest.raises(RuntimeError, match="NotUnpickled: the membrane burst"):
                executor.submit(str, Result()).result()
            assert executor.submit(abs, -3).result() == 3 and executor._pool is pool
            assert runs.read_text() == "run\n" * 3


def test_the_error_of_a_loss_comes_out_of_processes():
    X, y = sp.datasets.yin_yang(100)
    spikes = sp.encoding.latency(X, bias=0.0)
    trainer = sp.Trainer(sp.Network([5, 10, 3], seed=0), epochs=1, batch_size=50, loss=sp.losses.Custom(fails))
    with sp.executors.processes(1) as executor:
        pool = executor._pool
        with pytest.raises(RuntimeError, match="NotUnpickled: the membrane burst"):
            trainer.run(spikes, y, executor=executor)
        assert executor._pool is pool


def test_a_script_that_processes_run_anew_is_told_so(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import spinnprop as sp\nsp.executors.processes(1, retries=0).submit(abs, -1).result()\n")
    done = subprocess.run([sys.executable, script], stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    assert done.returncode == 1 and "if __name__ == '__main__':" in done.stderr and "BrokenProcessPool" in done.stderr


def test_what_cannot_be_sent_takes_no_place():
    with sp.executors.processes(1) as executor:
        for _ in range(2):
            with pytest.raises(Exception, match="lambda|pickle"):
                executor.submit(lambda: 3).result()
        chained = futures.Future()
        executor.submit(abs, -1).add_done_callback(lambda job: chained.set_result(executor.submit(abs, -2)))
        assert chained.result().result() == 2
        assert list(executor.map(divmod, range(5), [2] * 5)) == [divmod(number, 2) for number in range(5)]


def test_what_is_killed_ends_and_what_ran_beside_it_is_done_again(tmp_path):
    begun, go, other, never = (tmp_path / name for name in ("begun", "go", "other", "never"))
    with sp.executors.processes(2, retries=0) as executor:
        hung, beside, waiting = executor.submit(holds, begun, never), executor.submit(holds, other, go), executor.submit(abs, -3)
        appears(begun)
        appears(other)
        for path in (begun, other):
            path.unlink()
        executor.kill(hung)
        with pytest.raises(futures.BrokenExecutor, match="was killed"):
            hung.result()
        # That costs it none of the deaths that it may have, of which there are none.
        appears(other)
        go.touch()
        assert beside.result() == "held" and waiting.result() == 3 and not begun.exists()
        executor.kill(beside)
        assert executor.submit(abs, -4).result() == 4


def test_what_has_begun_is_known(tmp_path, monkeypatch):
    ready, begun, other, go, never = (tmp_path / name for name in ("ready", "begun", "other", "go", "never"))
    monkeypatch.setattr(executors, "begin_process", partial(begins_late, ready))
    with executors.processes(2, retries=0) as executor:
        hung, beside, waiting = executor.submit(holds, begun, never), executor.submit(holds, other, go), executor.submit(abs, -3)
        # They run, as far as their pool knows, and their processes still start.
        assert hung.running() and not any(map(executor.has_begun, (hung, beside, waiting)))
        ready.touch()
        appears(begun)
        appears(other)
        assert executor.has_begun(hung) and executor.has_begun(beside) and not executor.has_begun(waiting)
        for path in (ready, other):
            path.unlink()
        executor.kill(hung)
        # What is done again waits for another process.
        while executor.has_begun(beside):
            time.sleep(0.01)
        ready.touch()
        appears(other)
        assert executor.has_begun(beside)
        go.touch()
        assert beside.result() == "held" and waiting.result() == 3 and executor.has_begun(waiting)
    assert sorted(executor._free) == [0, 1] and not executor._places


def test_killing_what_has_not_begun(tmp_path):
    begun, go, never = (tmp_path / name for name in ("begun", "go", "never"))
    with sp.executors.processes(1) as executor:
        running, waiting = executor.submit(holds, begun, go), executor.submit(never.touch)
        appears(begun)
        executor.kill(waiting)
        go.touch()
        assert waiting.cancelled() and running.result() == "held"
    assert not never.exists()
