"""Sparse recurrent networks: arguments, what comes back, threads, signals and pickles."""

import copy
import inspect
import os
import pickle
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _core

Network = sp.sparse.RecurrentNetwork


def test_defaults_are_the_cores():
    shown = inspect.signature(Network).parameters
    core = _core.sparse_defaults()
    for name in ("rate", "coupling", "tau", "slope", "seed"):
        assert shown[name].default == core[name]
    assert shown["stored"].default == bool(core["is_stored"]) and core["model"] == _core.SPARSE_LIF
    shown = inspect.signature(Network.run).parameters
    core = _core.sparse_run_defaults()
    assert shown["trace_interval"].default == core["trace_interval"]
    assert shown["keep_tape"].default == bool(core["keeps_tape"])
    assert core["n_spikes"] == len(Network(100, 10).run())
    shown = inspect.signature(sp.sparse.Run.lyapunov_spectrum).parameters
    assert {name: shown[name].default for name in ("skip", "interval", "seed")} == _core.sparse_lyapunov_defaults()
    run = Network(10, 2).run(20)
    view = (np.zeros(10), np.arange(10, dtype=np.int32), np.array([0, 10]), 10)
    errors = np.empty(20)
    value = _core.sparse_spike_time_loss(errors, run._handle, view, 0.0)
    assert run.spike_time_loss(sp.SpikeTrains(*view))[0] == value


@pytest.mark.parametrize(
    "arguments, error, said",
    [
        (dict(n=10, k=10), ValueError, "k is 10"),
        (dict(n=10, k=0), ValueError, "k is 0"),
        (dict(n=10, k=-1), ValueError, "k is -1"),
        (dict(n=1, k=1), ValueError, "1"),
        (dict(n=0, k=1), ValueError, "0"),
        (dict(n=2**62, k=1), (ValueError, MemoryError), "."),
        (dict(n=2**31 - 1, k=2**31 - 2), MemoryError, "."),
        (dict(n=10.0, k=2), TypeError, "n is 10.0"),
        (dict(n=10, k=True), TypeError, "k is True"),
        (dict(model="hh"), ValueError, "model is 'hh'"),
        (dict(model=None), ValueError, "model"),
        (dict(rate=0.0), ValueError, "drive"),
        (dict(rate=-1.0), ValueError, "rate is -1"),
        (dict(rate=np.nan), ValueError, "rate is nan"),
        (dict(rate="1"), TypeError, "rate"),
        (dict(coupling=0.0), ValueError, "coupling is 0"),
        (dict(coupling=np.inf), ValueError, "coupling is inf"),
        (dict(tau=0.0), ValueError, "tau is 0"),
        (dict(tau=np.nan), ValueError, "tau is nan"),
        (dict(tau=1e-300), ValueError, "tau is 1e-300"),
        (dict(seed=-1), ValueError, "seed is -1"),
        (dict(seed=2**64), ValueError, "seed"),
        (dict(model="eif", slope=0.0), ValueError, "slope is 0"),
        (dict(stored=1), TypeError, "stored"),
        (dict(drives=np.ones(9)), ValueError, "9 drives"),
        (dict(drives=[]), ValueError, "drives is empty"),
        (dict(drives=np.full(10, np.nan)), ValueError, "drive of neuron 0"),
        (dict(weights=np.ones(3)), ValueError, "3 weights"),
        (dict(weights=[np.nan]), ValueError, "weight 0 is nan"),
        (dict(weights=np.ones((4, 5))), ValueError, "shape"),
        (dict(weights=["1"]), TypeError, "weights"),
        (dict(adjacency=([0, 1], [0])), ValueError, "offsets"),
        (dict(adjacency=np.zeros((2, 11))), TypeError, "adjacency"),
        (dict(adjacency=(np.r_[0:11] + 0.5, [1])), ValueError, "offsets"),
        (dict(adjacency=([*range(1, 12)], [*range(10)])), ValueError, "offsets"),
        (dict(adjacency=([0, 2, 1, *[2] * 8], [1, 2])), ValueError, "fall"),
        (dict(adjacency=([0, *[1] * 10], [0])), ValueError, "itself"),
        (dict(adjacency=([0, *[2] * 10], [3, 3])), ValueError, "second time"),
        (dict(adjacency=([0, *[1] * 10], [10])), IndexError, "10"),
        (dict(adjacency=([0, *[1] * 10], [-1])), IndexError, "-1"),
        (dict(adjacency=([0, *[1] * 10], [1, 2])), ValueError, "2 targets"),
    ],
)
def test_impossible_networks(arguments, error, said):
    with pytest.raises(error, match=said):
        Network(**{"n": 10, "k": 2, **arguments})


@pytest.mark.parametrize(
    "arguments, error, said",
    [
        (dict(n_spikes=-1), ValueError, "n_spikes is -1"),
        (dict(n_spikes=2**63), ValueError, "n_spikes"),
        (dict(n_spikes=2**63 - 1), ValueError, "neither"),
        (dict(n_spikes=1.5), TypeError, "n_spikes"),
        (dict(t_end=-1.0), ValueError, "t_end is -1"),
        (dict(t_end=np.nan), ValueError, "t_end is nan"),
        (dict(t_end=np.inf), ValueError, "neither"),
        (dict(initial_phases=np.zeros(9)), ValueError, "initial_phases"),
        (dict(initial_phases=np.ones(10)), ValueError, "initial phase 0 is 1"),
        (dict(initial_phases=np.full(10, np.nan)), ValueError, "initial phase 0"),
        (dict(initial_phases=np.full(10, -np.inf)), ValueError, "initial phase 0"),
        (dict(inputs=([0.0], [0])), TypeError, "inputs"),
        (dict(inputs=([0.0], [0, 1], [1.0])), ValueError, "1 times, 2 units"),
        (dict(inputs=([-1.0], [0], [1.0])), ValueError, "input time 0"),
        (dict(inputs=([np.nan], [0], [1.0])), ValueError, "input time 0"),
        (dict(inputs=([0.0], [10], [1.0])), IndexError, "input unit 0 is 10"),
        (dict(inputs=([0.0], [-1], [1.0])), IndexError, "input unit 0 is -1"),
        (dict(inputs=([0.0], [0], [np.inf])), ValueError, "input weight 0"),
        (dict(traces=[10]), IndexError, "trace unit 0 is 10"),
        (dict(traces=[0.5]), ValueError, "traces"),
        (dict(trace_interval=0.0), ValueError, "trace_interval is 0"),
        (dict(keep_tape=None), TypeError, "keep_tape"),
        (dict(progress=3), TypeError, "progress"),
    ],
)
def test_impossible_runs(arguments, error, said):
    with pytest.raises(error, match=said):
        Network(10, 2).run(**arguments)


def test_impossible_derivatives():
    run = Network(10, 2).run(50)
    for errors in (np.zeros(49), np.full(50, np.nan)):
        with pytest.raises(ValueError):
            run.gradient(errors)
    with pytest.raises(ValueError, match="has 9 elements; give exactly 10"):
        run.gradient(np.zeros(50), np.zeros(9))
    with pytest.raises(TypeError):
        run.gradient(None)
    with pytest.raises(ValueError, match="tangent"):
        run.jacobian_product(np.zeros(9))
    with pytest.raises(ValueError, match="tangent"):
        run.jacobian_product(np.full(10, np.inf))
    for count in (0, 11, -1):
        with pytest.raises(ValueError, match="count is"):
            run.lyapunov_spectrum(count)
    with pytest.raises(ValueError, match="skip is 50"):
        run.lyapunov_spectrum(skip=50)
    with pytest.raises(ValueError, match="9 target rates"):
        run.rate_loss(np.zeros(9))
    with pytest.raises(ValueError, match="tau0 is 0"):
        run.spike_time_loss(run.spikes, 0.0)
    with pytest.raises(TypeError, match="targets"):
        run.spike_time_loss(run.times)
    with pytest.raises(ValueError, match="5 units"):
        run.spike_time_loss(sp.SpikeTrains([], [], [0, 0], 5))
    with pytest.raises(sp.SpinnpropError, match="tape"):
        Network(10, 2).run(50, keep_tape=False).gradient(np.zeros(50))
    for made in (sp.sparse.Run, sp.sparse.Gradient):
        with pytest.raises(TypeError):
            made()


@pytest.mark.parametrize("model", ["lif", "qif", "eif", "eif-table"])
def test_neurons_may_have_drives_of_their_own(model):
    """Equal drives given one each are the one drive; different ones make different periods."""
    one, each = (Network(12, 3, model=model, drives=drives, seed=2) for drives in ([0.3], np.full(12, 0.3)))
    assert np.allclose(one.run(200).times, each.run(200).times, rtol=0, atol=1e-11)
    varied = Network(12, 3, model=model, drives=np.geomspace(0.1, 0.9, 12), weights=[0.0])
    reset = varied.phase_range[0]
    run = varied.run(400, np.full(12, reset))
    first = [run.times[run.units == neuron][0] for neuron in range(12)]
    assert (np.diff(first) < 0).all() and np.array_equal(pickle.loads(pickle.dumps(varied)).run(400).times, varied.run(400).times)
    # Unconnected, each is a network of its own drive.
    for neuron in range(12):
        alone = Network(2, 1, model=model, drives=varied.drives[[neuron]], weights=[0.0])
        assert first[neuron] == pytest.approx(alone.run(2, np.full(2, reset)).times[0], rel=1e-13)


def test_runaway_excitation_ends():
    with pytest.raises(sp.SpinnpropError, match="runaway"):
        Network(20, 10, weights=[2.0]).run(10**9)
    # Quadratic neurons cannot be pushed over their threshold: n_spikes bounds them.
    assert len(Network(20, 10, model="qif", weights=[2.0]).run(10000)) == 10000


def test_nothing_to_do():
    for run in (Network(10, 2).run(0), Network(10, 2).run(t_end=0.0)):
        assert len(run) == 0 and run.rate == 0.0 and run.times.shape == (0,)
        assert not run.gradient([]).weights.any() and not run.rates.any()


def test_arrays_are_read_only_and_own():
    given = np.full(20, -0.1)
    net = Network(10, 2, weights=given)
    given[:] = 5.0
    run = net.run(20, traces=[1, 2], inputs=([0.0], [0], [0.1]))
    arrays = [net.weights, net.drives, *net.adjacency, run.times, run.units, run.traces, *run.spikes[0]]
    for values in [*arrays, run.lyapunov_spectrum(2).exponents]:
        with pytest.raises(ValueError, match="read-only"):
            values[...] = 0
    assert (net.weights == -0.1).all()
    assert run.traces.shape[1] == 2 and run.traces.dtype == np.float64


def test_a_run_keeps_its_network():
    net = Network(50, 5)
    run = net.run(500)
    before = run.gradient(np.ones(500)).weights
    net.weights = -0.3
    assert net.weights.tolist() == [-0.3] and run.network.weights.tolist() != [-0.3]
    assert np.array_equal(run.gradient(np.ones(500)).weights, before)
    net.weights = np.full(net.n_synapses, -0.3)
    assert np.array_equal(net.run(500).times, Network(50, 5, weights=-0.3).run(500).times)
    with pytest.raises(ValueError, match="weights has 3 elements; give exactly 250"):
        net.weights = np.ones(3)
    with pytest.raises(TypeError, match="None"):
        net.weights = None
    assert len(net.weights) == 250


def test_runs_share_their_networks_weights():
    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    net = Network(20000, 400)
    net.weights = np.full(net.n_synapses, -0.1)
    before, during = resident(), []
    net.stream(lambda times, units: during.append(resident()), 10)
    assert during[0] - before < net.weights.nbytes / 2


def test_the_stream_of_targets_is_the_documented_one():
    n, k, seed, bits = 50, 20, 5, 2**64 - 1

    def mixed(z):
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & bits
        z = (z ^ z >> 27) * 0x94D049BB133111EB & bits
        return z ^ z >> 31

    def output(start, index):
        return mixed(start + (index + 1) * 0x9E3779B97F4A7C15 & bits)

    s0, s3 = (output(output(seed, 0), index) for index in (0, 3))
    s = s0 + s3 & bits
    key = (s << 23 & bits | s >> 41) + s0 & bits
    offsets, targets = Network(n, k, seed=seed).adjacency
    for neuron in range(n):
        row, word = [], 0
        while len(row) < k:
            target = output(key, (neuron << 32) + word) * (n - 1) >> 64
            target += target >= neuron
            row += [] if target in row else [target]
            word += 1
        assert targets[offsets[neuron] : offsets[neuron + 1]].tolist() == row


def test_inputs_come_in_any_order():
    net = Network(30, 3)
    times = np.array([0.02, 0.01, 0.03, 0.0])
    units, weights = np.array([3, 4, 5, 6], np.int32), np.array([0.1, -0.1, 0.2, 0.3])
    order = np.argsort(times)
    one = net.run(100, inputs=(times, units, weights))
    two = net.run(100, inputs=(times[order], units[order], weights[order]))
    assert np.array_equal(one.times, two.times)
    first, second = one.gradient(np.ones(100)), two.gradient(np.ones(100))
    assert np.array_equal(first.input_times[order], second.input_times)
    assert np.array_equal(first.input_weights[order], second.input_weights) and first.input_weights.any()


def test_streams_are_the_runs_spikes():
    net = Network(1000, 50)
    parts = []
    summary = net.stream(lambda times, units: parts.append((times, units)), 30000)
    run = net.run(30000)
    times, units = (np.concatenate(each) for each in zip(*parts))
    assert np.array_equal(times, run.times) and np.array_equal(units, run.units) and len(parts) > 2
    assert summary == sp.sparse.Summary(30000, run.t_end, run.rate)
    stopped = net.stream(lambda times, units: True, 30000)
    assert stopped.n_spikes == len(parts[0][0]) and stopped.t_end == parts[0][0][-1]
    with pytest.raises(ZeroDivisionError):
        net.stream(lambda times, units: 1 / 0, 30000)
    with pytest.raises(TypeError, match="sink"):
        net.stream(None, 10)


def test_pickles_and_copies():
    offsets, targets = Network(20, 3).adjacency
    net = Network(20, 3, model="eif", adjacency=(offsets, targets), weights=np.linspace(-0.2, -0.1, 60), seed=5)
    for other in (pickle.loads(pickle.dumps(net)), copy.copy(net), copy.deepcopy(net)):
        assert repr(other) == repr(net) and np.array_equal(other.weights, net.weights)
        assert np.array_equal(other.run(100).times, net.run(100).times)
        other.weights = -0.5
        assert len(net.weights) == 60
    run = net.run(100, traces=[3], inputs=([0.1], [1], [0.1]))
    again = pickle.loads(pickle.dumps(run))
    assert np.array_equal(again.times, run.times) and np.array_equal(again.traces, run.traces)
    gradient = run.gradient(np.ones(100))
    assert np.array_equal(pickle.loads(pickle.dumps(gradient)).weights, gradient.weights)
    assert copy.deepcopy(run) is run


def test_progress_may_stop():
    seen = []
    net = Network(2000, 100)
    run = net.run(3 * 10**5, progress=seen.append)
    assert len(run) == 3 * 10**5 and all(0 <= each["done"] <= each["total"] == 3 * 10**5 for each in seen)
    with pytest.raises(sp.SpinnpropError, match="stop|cancel"):
        net.run(10**8, progress=lambda progress: True)


@pytest.mark.parametrize("what", ["create", "fits", "run", "stream", "no spikes", "gradient", "lyapunov", "many exponents"])
def test_interrupts_are_heard_at_once(what):
    net = Network(2000, 100)
    short = Network(400, 50).run(200000)
    calls = {
        "create": lambda: [Network(20000, 1000) for _ in range(10**9)],
        "run": lambda: net.run(10**9, keep_tape=False),
        "stream": lambda: net.stream(lambda times, units: None, 10**12),
        "no spikes": lambda: Network(10, 2, weights=[0.0], drives=[1e-9]).run(t_end=1e300, traces=[0], trace_interval=1e-9),
        "fits": lambda: Network(2000, 100, model="eif-table", drives=np.geomspace(1e-9, 1e9, 2000)),
        "gradient": lambda: [short.gradient(np.ones(200000)) for _ in range(10**9)],
        "lyapunov": lambda: short.lyapunov_spectrum(),
        "many exponents": lambda: Network(2000, 100).run(2000).lyapunov_spectrum(),
    }
    sent = []

    def send():
        sent.append(time.process_time())
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        threading.Timer(0.3, send).start()
        calls[what]()
    # Of processors, whatever else they do meanwhile.
    assert time.process_time() - sent[0] < 2.0
    assert len(net.run(100)) == 100


def test_threads_work_at_once():
    net = Network(500, 50, seed=3)
    expected = net.run(20000)
    wanted = expected.gradient(np.ones(20000)).phases
    found = []

    def work():
        run = net.run(20000)
        found.append(np.array_equal(run.times, expected.times) and np.array_equal(run.gradient(np.ones(20000)).phases, wanted))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == [True] * 4


def test_weights_may_be_set_while_a_run_goes_on():
    net = Network(2000, 100)
    expected = net.run(200000, keep_tape=False)

    def change(progress):
        net.weights = -0.2

    assert np.array_equal(net.run(200000, keep_tape=False, progress=change).times, expected.times)
