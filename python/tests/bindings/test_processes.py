"""Threads, forks, signals and the end of the interpreter."""

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

import spinnprop as sp

X, y = sp.datasets.yin_yang(300)
SPIKES = sp.encoding.latency(X, bias=0.0)
LOSS = sp.losses.TTFSCrossEntropy()


def result():
    net = sp.Network([5, 60, 3], seed=1)
    value, grad = net.gradient(net.forward(SPIKES), LOSS, y)
    trainer = sp.Trainer(net, epochs=2, batch_size=50)
    trainer.run(SPIKES, y)
    return value, grad.weights[0].tobytes(), trainer.network.weights[0].tobytes()


def run(code, **options):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def test_several_threads_work_at_once():
    expected = result()
    found = []
    workers = [threading.Thread(target=lambda: found.append(result())) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == [expected] * 4


def test_one_network_may_be_read_by_many_threads():
    net = sp.Network([5, 60, 3], seed=1)
    expected = net.forward(SPIKES).first_spike_times
    found = []
    workers = [threading.Thread(target=lambda: found.append(net.forward(SPIKES).first_spike_times)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == 4 and all(np.array_equal(times, expected) for times in found)


def test_calls_work_on_the_network_as_it_was_when_they_began():
    net = sp.Network([5, 200, 3], seed=1)
    spikes = sp.encoding.latency(sp.datasets.yin_yang(20000)[0], bias=0.0)
    expected = net.forward(spikes).first_spike_times
    started, changed = threading.Event(), threading.Event()

    def change():
        started.wait()
        net.weights[0] = np.zeros((200, 5))
        changed.set()

    other = threading.Thread(target=change)
    other.start()

    def progress(seen):
        # From here on the other thread runs although this call has not returned.
        started.set()
        changed.wait()
        net.weights[1] = np.zeros((3, 200))

    rec = net.forward(spikes, progress=progress)
    other.join()
    assert np.array_equal(rec.first_spike_times, expected)
    assert not net.weights[0].any() and not net.weights[1].any()
    with pytest.raises(sp.SpinnpropError, match="have changed"):
        net.gradient(rec, LOSS, np.zeros(20000, np.int64))


def test_no_change_by_several_threads_is_lost():
    net = sp.Network([300, 300, 300, 300, 300])

    def change(layer):
        for value in range(100):
            net.weights[layer] = np.full((300, 300), float(value))
            assert net.weights[layer][0, 0] == value

    workers = [threading.Thread(target=change, args=(layer,)) for layer in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert all(np.all(weights == 99.0) for weights in net.weights)


def test_forked_children_work():
    expected = result()  # the parent's worker threads exist by now, the child's do not
    context = multiprocessing.get_context("fork")
    with context.Pool(2) as pool:
        assert pool.starmap(result, [()] * 4) == [expected] * 4


def test_a_fork_while_another_thread_trains():
    code = """
        import os, threading
        import spinnprop as sp
        X, y = sp.datasets.yin_yang(500)
        spikes = sp.encoding.latency(X, bias=0.0)
        trainer = sp.Trainer(sp.Network([5, 60, 3]), epochs=10**6)
        started, stop = threading.Event(), threading.Event()
        def progress(seen):
            started.set()
            return stop.is_set()
        worker = threading.Thread(target=trainer.run, args=(spikes, y), kwargs=dict(progress=progress))
        worker.start()
        started.wait()
        child = os.fork()
        if child == 0:
            own = sp.Trainer(sp.Network([5, 60, 3]), epochs=2)
            own.run(spikes, y)
            try:
                trainer.network
            except sp.SpinnpropError:
                os._exit(own.epochs_done)
            os._exit(1)
        status = os.waitpid(child, 0)[1]
        stop.set()
        worker.join()
        print(os.WEXITSTATUS(status), trainer.network.layer_sizes)
    """
    finished = run(code)
    assert finished.stdout == b"2 (5, 60, 3)\n", finished.stderr


def test_a_forked_child_does_not_count_its_parents_calls():
    # At its end it would wait for them.
    code = """
        import os, threading
        import spinnprop as sp
        from spinnprop import _core
        X, y = sp.datasets.yin_yang(500)
        spikes = sp.encoding.latency(X, bias=0.0)
        trainer = sp.Trainer(sp.Network([5, 60, 3]), epochs=10**6)
        started, stop = threading.Event(), threading.Event()

        def exit_code(running):
            return 7 if _core.calls_running() == running else 1

        def forked(check):
            child = os.fork()
            if child == 0:
                os._exit(check())
            return os.WEXITSTATUS(os.waitpid(child, 0)[1])

        codes = []
        def progress(seen):
            if not codes:
                codes.append(forked(lambda: exit_code(0)))  # by the thread whose call it is
            started.set()
            return stop.is_set()

        worker = threading.Thread(target=trainer.run, args=(spikes, y), kwargs=dict(progress=progress))
        worker.start()
        started.wait()
        codes.append(exit_code(1))
        def in_child():
            code = exit_code(0)
            sp.Network([5, 60, 3]).forward(spikes)
            return code and exit_code(0)
        codes.append(forked(in_child))
        stop.set()
        worker.join()
        codes.append(exit_code(0))
        print(codes)
    """
    finished = run(code)
    assert finished.stdout == b"[7, 7, 7, 7]\n", finished.stderr


def test_spawned_children_get_pickled_objects():
    net = sp.Network([5, 30, 3], seed=1)
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        rec = pool.apply(net.forward, (SPIKES,))
    assert np.array_equal(rec.first_spike_times, net.forward(SPIKES).first_spike_times)


def test_the_interpreter_may_end_while_a_thread_trains():
    code = """
        import threading
        import spinnprop as sp
        X, y = sp.datasets.yin_yang(500)
        spikes = sp.encoding.latency(X, bias=0.0)
        started = threading.Event()
        trainer = sp.Trainer(sp.Network([5, 60, 3]), epochs=10**9)
        threading.Thread(
            target=trainer.run, args=(spikes, y), kwargs=dict(progress=lambda seen: started.set()), daemon=True
        ).start()
        started.wait()
        print("end", flush=True)
    """
    finished = run(code)
    assert (finished.returncode, finished.stdout) == (0, b"end\n"), finished.stderr


def test_what_a_process_may_not_have_is_a_memory_error():
    # The limit leaves room for numpy's arrays, but not for the library's own beside them.
    code = """
        import resource
        import numpy as np
        import spinnprop as sp
        few = sp.encoding.latency(np.zeros((3, 1)))
        X, times, units = np.zeros((20_000_000, 1)), np.zeros(80_000_000), np.zeros(80_000_000, np.int32)
        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + 10**9, used + 10**9))
        for call in (
            lambda: sp.datasets.yin_yang(20_000_000),
            lambda: sp.encoding.latency(X, bias=0.0),
            lambda: sp.encoding.latency_grid(X),
            lambda: sp.SpikeTrains(times, units, [0, len(times)], 1),
            lambda: sp.Network([9000, 9000]),
        ):
            try:
                call()
            except MemoryError as error:
                assert "make it smaller" in str(error), error
            else:
                raise AssertionError("there was enough")
        print(len(sp.Network([1, 1]).forward(few)))
    """
    finished = run(code)
    assert finished.stdout == b"3\n", finished.stderr


@pytest.mark.parametrize("call", ["trainer.run(spikes, y)", "net.forward(many)", "net.gradient(rec, loss, labels)"])
def test_ctrl_c_ends_long_calls(call):
    code = f"""
        import os, signal
        import numpy as np
        import spinnprop as sp
        sp.set_threads(2)
        X, y = sp.datasets.yin_yang(5000)
        spikes = sp.encoding.latency(X, bias=0.0)
        many = sp.encoding.latency(np.tile(X, (20, 1)), bias=0.0)
        labels, loss = np.tile(y, 20), sp.losses.TTFSCrossEntropy()
        net = sp.Network([5, 150, 3])
        rec = net.forward(many)
        trainer = sp.Trainer(net, epochs=10**9)
        signal.signal(signal.SIGALRM, lambda *ignored: os.kill(os.getpid(), signal.SIGINT))
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            while True:
                {call}
        except KeyboardInterrupt:
            pass
        print(net.forward(spikes).layer_sizes)
    """
    finished = run(code)
    assert finished.stdout == b"(5, 150, 3)\n", finished.stderr


def test_signal_handlers_that_return_do_not_stop_a_call():
    calls = []
    old = signal.signal(signal.SIGUSR1, lambda *ignored: calls.append(1))
    try:
        trainer = sp.Trainer(sp.Network([5, 60, 3]), epochs=3, batch_size=50)
        assert trainer.run(SPIKES, y, progress=lambda seen: os.kill(os.getpid(), signal.SIGUSR1))
    finally:
        signal.signal(signal.SIGUSR1, old)
    assert calls and trainer.epochs_done == 3


def test_memory_does_not_grow():
    code = """
        import copy, gc, pickle
        import numpy as np
        import spinnprop as sp
        X, y = sp.datasets.yin_yang(100)
        loss = sp.losses.TTFSCrossEntropy()

        def everything():
            spikes = sp.encoding.latency(X, bias=0.0)
            net = sp.Network([5, 60, 3], delays="synaptic")
            net.weights[0] = net.weights[0]
            rec = net.forward(spikes)
            net.gradient(rec, loss, y)
            rec.spikes[0], rec.currents[0], rec.diagnostics[0], rec.silent[0]
            rec.predict(loss), rec.probabilities(loss)
            pickle.loads(pickle.dumps((copy.copy(net), rec)))
            trainer = sp.Trainer(net, epochs=1, batch_size=30)
            trainer.run(spikes, y, validation=(spikes, y), progress=lambda seen: None)
            trainer.network, trainer.history
            for wrong in (lambda: net.forward(None), lambda: net.gradient(rec, loss, y + 9),
                          lambda: sp.load("/nonexistent"), lambda: trainer.run(spikes, y, progress=lambda seen: 1 / 0)):
                try: wrong()
                except (TypeError, ValueError, FileNotFoundError, ZeroDivisionError): pass

        def resident():
            gc.collect()
            return int(open("/proc/self/statm").read().split()[1]) * 4096

        sp.set_threads(2)
        for _ in range(100): everything()
        grown = []
        for _ in range(3):
            before = resident()
            for _ in range(100): everything()
            grown.append((resident() - before) / 100)
        # What leaks does so all the time; the allocator takes another piece now and then.
        print(min(grown))
    """
    finished = run(code)
    assert finished.returncode == 0, finished.stderr
    # One network is 5 kB, one recording 60 kB: leaking either shows.
    assert float(finished.stdout) < 2000


def chip_result(engine, sizes=(5, 20, 3)):
    trainer = sp.Trainer(sp.Network(sizes, seed=1), sp.losses.StepTTFSCrossEntropy(), engine=engine, epochs=2, batch_size=50)
    trainer.run(sp.encoding.latency_grid(X), y)
    return trainer.network.weights[0].tobytes()


def test_threads_share_a_chip():
    """They wait for each other; the chip is mapped anew for each shape."""
    engine, twin = sp.spinnaker2.Engine(copies=5), sp.ClockEngine(copies=5)
    shapes = [(5, 20 + n % 2, 3) for n in range(4)]
    found = {}
    workers = [
        threading.Thread(target=lambda n=n: found.update({n: chip_result(engine, shapes[n])})) for n in range(len(shapes))
    ]
    for worker in workers:
        worker.start()
    copies = [pickle.loads(pickle.dumps(engine)) for _ in range(20)]
    for worker in workers:
        worker.join()
    assert all(copy == engine for copy in copies)
    assert [found[n] for n in range(4)] == [chip_result(twin, shape) for shape in shapes]


def test_a_forked_child_has_a_chip_of_its_own():
    code = """
        import os, threading
        import spinnprop as sp
        X, y = sp.datasets.yin_yang(300)
        spikes = sp.encoding.latency_grid(X)
        engine = sp.spinnaker2.Engine(copies=5)
        def trainer(epochs):
            return sp.Trainer(sp.Network([5, 20, 3]), engine=engine, epochs=epochs, batch_size=50)
        started, stop = threading.Event(), threading.Event()
        def progress(seen):
            started.set()
            return stop.is_set()
        worker = threading.Thread(target=trainer(10**6).run, args=(spikes, y), kwargs=dict(progress=progress))
        worker.start()
        started.wait()
        child = os.fork()
        if child == 0:
            trainer(2).run(spikes, y)
            os._exit(engine.account().updates)
        status = os.waitpid(child, 0)[1]
        stop.set()
        worker.join()
        print(os.WEXITSTATUS(status), engine.account().updates > 0)
    """
    finished = run(code)
    assert finished.stdout == b"12 True\n", finished.stderr


@pytest.mark.parametrize("chips", [1, 48])
def test_ctrl_c_leaves_a_chip_usable(chips):
    code = f"""
        import os, signal
        import spinnprop as sp
        sp.set_threads(2)
        X, y = sp.datasets.yin_yang(5000)
        spikes = sp.encoding.latency_grid(X)
        def weights(engine, epochs):
            trainer = sp.Trainer(sp.Network([5, 20, 3], seed=1), engine=engine, epochs=epochs, batch_size=5000)
            trainer.run(spikes, y)
            return trainer.network.weights[0].tobytes()
        engine = sp.spinnaker2.Engine(sp.spinnaker2.Board({chips}), copies=30)
        signal.signal(signal.SIGALRM, lambda *ignored: os.kill(os.getpid(), signal.SIGINT))
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            weights(engine, 10**9)
        except KeyboardInterrupt:
            print(weights(engine, 1) == weights(sp.ClockEngine(copies=30), 1))
    """
    finished = run(code)
    assert finished.stdout == b"True\n", finished.stderr
