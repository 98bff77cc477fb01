"""Calls of the library in processes that may take little more memory than they have, for more and more of it.

Each call has to succeed, with the bits it always gives, or to raise MemoryError; after that, with memory to be had
again, the same objects have to give the bits of an undisturbed run.

Usage: memory_sweep.py [--dense] [--threads] [name ...]
"""

import argparse
import gc
import hashlib
import importlib.util
import os
import pickle
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback

import numpy as np

import spinnprop as sp

MB = 1 << 20
CASES = {}


def case(prepare):
    """Registers what prepares a call, without limits, and returns it."""
    CASES[prepare.__name__] = prepare
    return prepare


def spikes(samples=4000):
    X, y = sp.datasets.yin_yang(samples, seed=3)
    return sp.encoding.latency(X, bias=0.0), sp.encoding.latency_grid(X), y


def lively(hidden, engine="event"):
    """A network whose neurons spike several times a sample."""
    scale = 1.2 if engine == "event" else 1.5
    net = sp.Network([5, hidden, hidden, 3], seed=1)
    for layer in range(3):
        net.weights[layer] = scale * np.abs(net.weights[layer])
    return net


def recorded(recording):
    return [recording.spikes[layer].times for layer in range(3)]


def differentiated(net, recording, y, loss):
    value, grad = net.gradient(recording, loss, y)
    return [np.array(value), *grad.weights]


TTFS, STEPS = sp.losses.TTFSCrossEntropy(), sp.losses.StepTTFSCrossEntropy()


@case
def event_forward():
    net, (data, _, _) = lively(150), spikes(1500)
    return lambda: recorded(net.forward(data))


@case
def event_recurrent_forward():
    net = sp.Network([5, 60, 3], recurrent=True, seed=1)
    data, _, _ = spikes(3000)
    return lambda: [net.forward(data, t_end=0.1).spikes[0].times]


@case
def event_readout_forward():
    net = sp.Network([5, 20, 200], readout="leaky", seed=1)
    data, _, _ = spikes(8000)
    return lambda: [net.forward(data).maxima]


@case
def event_gradient():
    net, (data, _, y) = sp.Network([5, 300, 300, 3], seed=1), spikes(300)
    recording = net.forward(data)
    return lambda: differentiated(net, recording, y, TTFS)


@case
def event_trainer():
    data, _, y = spikes(600)
    trainer = sp.Trainer(sp.Network([5, 500, 300, 3], seed=1), TTFS, epochs=2, batch_size=300)

    def train():
        trainer.run(data, y, validation=(data, y))
        return trainer.network.weights

    return train


@case
def target_trainer():
    data, _, _ = spikes(600)
    targets = np.random.default_rng(0).uniform(10e-3, 40e-3, (600, 300))
    weights = np.random.default_rng(1).uniform(0, 2, 600)
    net = sp.Network([5, 300, 300], seed=1)
    trainer = sp.Trainer(net, sp.losses.SpikeTimeMSE(), epochs=2, batch_size=300, average_epochs=2)

    def train():
        trainer.run(data, targets, (data, targets, weights), sample_weight=weights)
        return trainer.network.weights

    return train


@case
def membrane_trainer():
    data, _, _ = spikes(200)
    targets = np.random.default_rng(0).uniform(-0.2, 0.4, (200, 30, 100))
    net = sp.Network([5, 200, 100], seed=1, readout="leaky")
    trainer = sp.Trainer(net, sp.losses.MembraneMSE(np.linspace(1e-3, 40e-3, 30)), epochs=1, batch_size=200)

    def train():
        trainer.run(data, targets)
        return trainer.network.weights

    return train


@case
def spike_train_trainer():
    data, _, _ = spikes(400)
    counts = np.random.default_rng(0).integers(0, 20, (400, 20))
    units = np.concatenate([np.repeat(np.arange(20), row) for row in counts])
    times = np.random.default_rng(1).uniform(0, 40e-3, len(units))
    targets = sp.SpikeTrains(times, units, np.concatenate([[0], np.cumsum(counts.sum(axis=1))]), 20)
    net = sp.Network([5, 200, 20], seed=1)
    trainer = sp.Trainer(net, sp.losses.VanRossum(tau0=4e-3), epochs=2, batch_size=200)

    def train():
        trainer.run(data, targets)
        return trainer.network.weights

    return train


@case
def custom_trainer():
    data, _, y = spikes(600)
    net = sp.Network([5, 300, 300], seed=1)

    def loss(times, y):
        late = np.where(np.isfinite(times), times - 20e-3, 0.0)
        return float((late**2).mean()), 2 * late / late.size

    trainer = sp.Trainer(net, sp.losses.Custom(loss), epochs=2, batch_size=150, accumulate=2, average_epochs=2)

    def train():
        trainer.run(data, y, (data, y))
        return trainer.network.weights

    return train


@case
def regressor():
    from sklearn.base import clone

    X = np.random.default_rng(0).random((1000, 8))
    y = X[:, :2] @ np.array([[1.0, 0.5], [-0.5, 1.0]])
    model = sp.SpikingRegressor(hidden=(200,), epochs=2, seed=1)
    clone(model).set_params(hidden=(2,), epochs=1).fit(X, y)
    return lambda: [clone(model).fit(X, y).predict(X)]


@case
def event_sparse_trainer():
    data, _, y = spikes(300)
    random = np.random.default_rng(0)
    masks = [None, random.random((300, 500)) < 0.01, random.random((3, 300)) < 0.3]
    net = sp.Network([5, 500, 300, 3], seed=1, masks=masks, signs=[None, np.ones(500, int), None])
    trainer = sp.Trainer(net, TTFS, epochs=2, batch_size=300)

    def train():
        trainer.run(data, y)
        return trainer.network.weights

    return train


@case
def event_neuron_gradients():
    net, (data, _, y) = sp.Network([5, 300, 300, 3], seed=1, drive=0.2, refractory=1e-3), spikes(150)
    recording = net.forward(data)

    def differentiate():
        _, grad = net.gradient(recording, TTFS, y, neurons=True)
        return [*grad.tau_mem, *grad.drive, *grad.refractory]

    return differentiate


@case
def event_driven_trainer():
    data, _, y = spikes(100)
    ends = [(0, 1), (1, 2), (0, 2), (2, 3), (0, 3), (1, 1)]
    random = np.random.default_rng(0)
    masks = [None, random.random((60, 100)) < 0.2, None, None, None, random.random((100, 100)) < 0.01]
    delays = ["axonal", "synaptic", None, "dendritic", None, "axonal"]
    net = sp.Network([5, 100, 60, 3], connections=ends, delays=delays, drive=1.2, refractory=2e-3, seed=1, masks=masks)
    trained = dict(train=["weights", "delays", "tau_mem", "drive"], delay_learning_rate=1e-5)
    trainer = sp.Trainer(net, TTFS, epochs=1, batch_size=50, t_end=0.03, **trained)

    def train():
        trainer.run(data, y)
        return [trainer.network.weights[pair] for pair in ends] + [*trainer.network.drive, *trainer.network.tau_mem]

    return train


@case
def brainscales2_forward():
    net, (data, _, _) = sp.Network([5, 90, 90, 3], delays="axonal", seed=1), spikes(1500)
    return lambda: recorded(net.forward(data, engine="brainscales2"))


@case
def brainscales2_trainer():
    data, _, y = spikes(600)
    trainer = sp.Trainer(sp.Network([5, 200, 3], seed=1), TTFS, engine="brainscales2", epochs=2, batch_size=300)

    def train():
        trainer.run(data, y, validation=(data, y))
        return trainer.network.weights

    return train


@case
def first_spike_forward():
    net, (data, _, _) = sp.Network([5, 150, 150, 3], engine="first-spike", tau_mem=None, tau_syn=None, seed=1), spikes(1500)
    return lambda: recorded(net.forward(data, engine="first-spike"))


@case
def first_spike_trainer():
    data, _, y = spikes(600)
    net = sp.Network([5, 300, 200, 3], engine="first-spike", tau_mem=None, tau_syn=None, seed=1)
    trainer = sp.Trainer(net, TTFS, engine="first-spike", epochs=2, batch_size=300)

    def train():
        trainer.run(data, y, validation=(data, y))
        return trainer.network.weights

    return train


@case
def clock_forward():
    net, (_, data, _) = lively(150, "clock"), spikes(1500)
    return lambda: recorded(net.forward(data, engine="clock"))


@case
def clock_gradient():
    net, (_, data, y) = sp.Network([5, 300, 300, 3], seed=1), spikes(300)
    recording = net.forward(data, engine="clock")
    return lambda: differentiated(net, recording, y, STEPS)


@case
def clock_trainer():
    _, data, y = spikes(600)
    trainer = sp.Trainer(sp.Network([5, 500, 300, 3], seed=1), STEPS, engine="clock", epochs=2, batch_size=300)

    def train():
        trainer.run(data, y, validation=(data, y))
        return trainer.network.weights

    return train


def spinnaker2(chips, samples):
    return sp.spinnaker2.Engine(sp.spinnaker2.Board(chips), batch_size=samples)


def spinnaker2_forward(chips, samples):
    net, (_, data, _) = sp.Network([5, 120, 3], seed=1), spikes(samples)
    engine = spinnaker2(chips, samples)
    return lambda: [net.forward(data, engine=engine).first_spike_times]


def spinnaker2_gradient(chips, samples):
    net, (_, data, y) = sp.Network([5, 120, 3], seed=1), spikes(samples)
    engine = spinnaker2(chips, samples)
    recording = net.forward(data, engine=engine)
    return lambda: differentiated(net, recording, y, STEPS)


def spinnaker2_trainer(chips, samples):
    _, data, y = spikes(2 * samples)
    engine = spinnaker2(chips, samples)
    trainer = sp.Trainer(sp.Network([5, 120, 3], seed=1), STEPS, engine=engine, epochs=1, batch_size=samples)

    def train():
        trainer.run(data, y)
        return trainer.network.weights

    return train


for _make in (spinnaker2_forward, spinnaker2_gradient, spinnaker2_trainer):
    for _chips, _samples in ((1, 100), (48, 3000)):
        CASES[f"{_make.__name__}_{_chips}"] = lambda make=_make, chips=_chips, n=_samples: make(chips, n)


@case
def spinnaker2_fit():
    board = sp.spinnaker2.Board(48)
    return lambda: repr(sp.spinnaker2.fit([700, 400, 20], 48, board)).encode()


@case
def spinnaker2_account():
    net, (_, data, _) = sp.Network([5, 120, 3], seed=1), spikes(100)
    engine = spinnaker2(48, 100)

    def run_and_read():
        engine.reset_account()
        net.forward(data, engine=engine)
        return str(engine.account()).encode()

    return run_and_read


@case
def biograd_trainer():
    X = np.random.default_rng(1).random((60, 400))
    training = sp.BioGrad([400, 600, 300, 5], epochs=2, batch_size=20)

    def train():
        training.run(X, np.arange(60) % 5)
        return [*training.weights, *training.feedback, training.counts(X)]

    return train


@case
def biograd_on_chip():
    X, y = np.random.default_rng(0).random((40, 100)), np.arange(40) % 5
    training = sp.BioGrad([100, 150, 100, 5], epochs=1, batch_size=20, engine=sp.spinnaker2.Engine(sp.spinnaker2.Board(4)))

    def run():
        training.run(X, y)
        return [*training.weights, *training.feedback]

    return run


@case
def biograd_in_integers():
    X = np.random.default_rng(1).random((60, 400))
    training = sp.BioGrad([400, 600, 5], epochs=2, batch_size=20, integer=True)

    def train():
        training.run(X, np.arange(60) % 5)
        return [*training.weights, *training.feedback, training.counts(X), training.gradient(X, np.arange(60) % 5)[0][0]]

    return train


@case
def biograd_files():
    training = sp.BioGrad([400, 2000, 5])

    def write_and_read():
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "training")
            training.save(path)
            return sp.BioGrad.load(path).weights

    return write_and_read


@case
def measured_recording():
    net, (data, _, y) = sp.Network([5, 150, 100, 3], seed=1), spikes(1500)
    recording = net.forward(data)
    layers = list(recording.spikes)
    return lambda: differentiated(net, sp.Recording.measured(net, data, layers), y, TTFS)


@case
def network_creation():
    return lambda: sp.Network([700, 2000, 20], recurrent=True, seed=1).weights


@case
def network_files():
    net = sp.Network([700, 2000, 20], seed=1)
    path = tempfile.mkdtemp() + "/net.safetensors"

    def write_and_read():
        sp.save(net, path)
        return [*sp.load(path).weights, *pickle.loads(pickle.dumps(net)).weights]

    return write_and_read


@case
def recording_pickle():
    net, (data, _, _) = lively(100), spikes(1000)
    recording = net.forward(data)
    return lambda: recorded(pickle.loads(pickle.dumps(recording)))


@case
def recording_reading():
    net, (data, _, _) = sp.Network([5, 100, 200], seed=1), spikes(4000)
    recording = net.forward(data)
    return lambda: [
        recording.first_spike_times,
        recording.predict(TTFS),
        recording.probabilities(TTFS),
        np.array(repr(recording.diagnostics).encode()),
    ]


@case
def recording_membranes():
    net, (data, _, _) = lively(100), spikes(400)
    recording = net.forward(data)
    times = np.linspace(0, 20e-3, 20)
    return lambda: [recording.membrane(layer, None, times) for layer in range(3)]


@case
def adjoint_traces():
    net, (data, _, labels) = lively(100), spikes(400)
    _, grad = net.gradient(net.forward(data), TTFS, labels)
    times = np.linspace(0, 20e-3, 20)
    return lambda: [each for layer in range(3) for each in grad.adjoint(layer, None, times)]


@case
def integrals():
    (data, _, labels), loss = spikes(150), sp.losses.VIntegralCrossEntropy(tau0=20e-3)
    net = sp.Network([5, 3000, 3], readout="leaky", delays="synaptic", seed=1)
    recording = net.forward(data)
    return lambda: [recording.integrals(20e-3), recording.probabilities(loss), net.gradient(recording, loss, labels)[1].weights[0]]


@case
def errors_taken_back():
    net, (data, _, _) = lively(100), spikes(1000)
    recording = net.forward(data)
    errors = [np.ones(len(each.times)) for each in recording.spikes]
    return lambda: [net.pull_back(recording, errors).input_times]


@case
def yin_yang():
    return lambda: sp.datasets.yin_yang(400000, seed=2)[:1]


@case
def encoders():
    X = np.random.default_rng(1).random((200, 2000))
    return lambda: [sp.encoding.latency(X).times, sp.encoding.latency_grid(X).times]


@case
def estimator():
    from sklearn.base import clone

    X, y = sp.datasets.yin_yang(400, seed=2)
    model = sp.SpikingClassifier(hidden=(300,), epochs=2, seed=1)
    clone(model).set_params(hidden=(2,), epochs=1).fit(X, y)
    return lambda: [clone(model).fit(X, y).predict_proba(X)]


@case
def search():
    X, y = sp.datasets.yin_yang(100, seed=2)

    model = sp.SpikingClassifier(hidden=(100,), epochs=1, seed=1)
    space = {"learning_rate": sp.LogUniform(1e-3, 1e-2)}

    def find():
        trials = sp.search(X, y, space, estimator=model, n_trials=2, seed=1).trials
        return repr([{name: value for name, value in trial.items() if name != "seconds"} for trial in trials]).encode()

    # Imports what comes later, which a limit makes fail in ways of Python's own.
    find()

    return find


if importlib.util.find_spec("nir"):

    @case
    def nir_graphs():
        net = sp.Network([700, 800, 3], seed=1, delays="axonal")
        # Imports what comes later.
        sp.from_nir(sp.to_nir(lively(5)))
        return lambda: sp.from_nir(sp.to_nir(net)).weights


@case
def neuron_array():
    weights = np.random.default_rng(0).integers(-20, 40, (712, 512))
    spikes = sp.SpikeTrains(np.arange(5000) * 1e-5, np.arange(5000) % 200, [0, 5000], 200)

    def ran():
        array = sp.brainscales2.Array(512, 200, True, weights=weights, fan_in=712, gain=0.01, refractory=2e-3, sensors=True)
        found = array.run(spikes, 0.05, lambda processor: processor.weights // 2, 0.025)
        again = pickle.loads(pickle.dumps(array))
        return [found.times, array.copy().weights, array.correlations()[0], again.membrane]

    return ran


@case
def sparse_creation():
    return lambda: [sp.sparse.RecurrentNetwork(40000, 100, stored=True, seed=1).run(10).times]


@case
def sparse_run():
    net = sp.sparse.RecurrentNetwork(20000, 50, seed=1)
    return lambda: [net.run(200000).times]


@case
def sparse_tape():
    net = sp.sparse.RecurrentNetwork(2000, 50, stored=True, seed=1)
    return lambda: [net.run(100000, keep_tape=True, traces=[0, 1], trace_interval=1e-4).times]


@case
def sparse_gradient():
    net = sp.sparse.RecurrentNetwork(5000, 100, stored=True, seed=1)
    run = net.run(20000, keep_tape=True)
    errors = np.linspace(-1, 1, len(run))
    return lambda: [run.gradient(errors).weights]


@case
def sparse_lyapunov():
    net = sp.sparse.RecurrentNetwork(1000, 50, stored=True, seed=1)
    run = net.run(5000, keep_tape=True)
    return lambda: [run.lyapunov_spectrum(40).exponents]


@case
def sparse_eif():
    return lambda: [sp.sparse.RecurrentNetwork(2000, 50, model="eif", seed=1).run(5000).times]


def digest(result):
    if isinstance(result, bytes):
        return hashlib.sha256(result).digest()
    total = hashlib.sha256()
    for array in result:
        total.update(np.ascontiguousarray(array).tobytes())
    return total.digest()


def virtual_bytes():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def limited(call, margin):
    """The call with so many bytes left, then without the limit if it ran out: its digest, and whether it ran out."""
    gc.collect()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (virtual_bytes() + margin, before[1]))
    try:
        try:
            return digest(call()), False
        finally:
            resource.setrlimit(resource.RLIMIT_AS, before)
    except MemoryError as error:
        # The frames in the traceback hold what was made so far.
        error.__traceback__ = None
    return digest(call()), True


def in_child(body):
    """What `body` returns (a digest and a flag) in a forked child, or why there is nothing."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(3600)
            found, flag = body()
            os.write(write, found + struct.pack("?", flag))
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        answer = file.read()
    _, status = os.waitpid(child, 0)
    if len(answer) != 33:
        return f"exit code {os.WEXITSTATUS(status)}, signal {os.WTERMSIG(status)}"
    return answer[:32], answer[32:] != b"\0"


def sweep(name, margins, is_dense):
    """Failures of one call, and what else happened. Unless dense, it ends where nothing runs out: with more memory the same would happen again."""
    call = CASES[name]()
    expected = in_child(lambda: (digest(call()), False))
    if isinstance(expected, str):
        return [f"{name}: without a limit: {expected}"], ""
    failures, refused = [], []
    for margin in margins:
        answer = in_child(lambda margin=margin: limited(call, margin * MB))
        if isinstance(answer, str):
            failures.append(f"{name}: with {margin} MB: {answer}")
        elif answer[0] != expected[0]:
            failures.append(f"{name}: with {margin} MB: other bits than without a limit")
        elif answer[1]:
            refused.append(margin)
        elif not is_dense:
            break
    return failures, f"MemoryError at {len(refused)} of {len(margins)} margins, up to {max(refused, default=0)} MB"


def alone(name, margins):
    """The same in processes of their own, where the library has several threads, none of them made before the limit."""
    code = "import sys; sys.path.insert(0, sys.argv[1]); import memory_sweep; memory_sweep.once(*sys.argv[2:])"
    folder = os.path.dirname(os.path.abspath(__file__))
    answers = {}
    for margin in [1 << 20, *margins]:
        done = subprocess.run([sys.executable, "-c", code, folder, name, str(margin)], stdout=subprocess.PIPE, check=False)
        answers[margin] = (done.returncode, done.stdout.split())
    expected = answers.pop(1 << 20)
    refused = [m for m, (_, words) in answers.items() if words[1:] == [b"True"]]
    failures = [
        f"{name}: with {m} MB on several threads: exit code {code}, {words}, not {expected}"
        for m, (code, words) in answers.items()
        if code != 0 or words[:1] != expected[1][:1]
    ]
    return failures, f"MemoryError at {len(refused)} of {len(answers)} margins, up to {max(refused, default=0)} MB"


def once(name, margin):
    margin = float(margin)
    sp.set_threads(4)
    found, flag = limited(CASES[name](), int(margin) * MB)
    print(found.hex(), flag)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dense", action="store_true", help="every megabyte from 1 to 200")
    parser.add_argument("--threads", action="store_true", help="new processes instead of forked ones")
    parser.add_argument("names", nargs="*", default=[], metavar="name", help=", ".join(CASES))
    asked = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    # Core files would take longer than the calls.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    margins = range(1, 201) if asked.dense else (1, 12, 70)
    failed = 0
    for name in asked.names or CASES:
        begun = time.perf_counter()
        failures, said = alone(name, margins) if asked.threads else sweep(name, margins, asked.dense)
        print(f"{name}: {len(failures)} failures, {said}, {time.perf_counter() - begun:.1f} s")
        for failure in failures:
            print("   ", failure)
        failed += len(failures)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
