"""Gradients of neuron parameters, and their training."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import spinnprop as sp

NAMES = ("tau_mem", "tau_syn", "threshold", "reset", "drive")
LOSS = sp.losses.TTFSCrossEntropy()


def network(seed=2, **options):
    random = np.random.default_rng(seed)
    own = sp.Network([5, 12, 3], seed=seed, **options)
    for layer, n in enumerate((12, 3)):
        own.tau_mem[layer] = 20e-3 * random.uniform(0.7, 1.4, n)
        own.tau_syn[layer] = 5e-3 * random.uniform(0.7, 1.4, n)
        own.threshold[layer] = random.uniform(0.6, 1.1, n)
        own.reset[layer] = random.uniform(-0.2, 0.2, n)
        own.drive[layer] = random.uniform(-0.3, 0.2, n)
    return own


@pytest.mark.parametrize(
    "options", [{}, {"delays": "axonal", "recurrent": True}, {"readout": "leaky"}, {"refractory": 3e-3, "recurrent": True}]
)
def test_gradients_match_differences(options):
    X, y = sp.datasets.yin_yang(10, seed=3)
    spikes = sp.encoding.latency(X, bias=0.0)
    net = network(**options)
    loss = sp.losses.VMaxCrossEntropy() if "readout" in options else LOSS
    run = dict(t_end=0.1) if options else {}
    _, grad = net.gradient(net.forward(spikes, **run), loss, y, neurons=True)
    kept = 0
    for name in NAMES + (("refractory",) if "refractory" in options else ()):
        for layer, own in enumerate(getattr(grad, name)):
            assert own.shape == (net.layer_sizes[layer + 1],) and own.dtype == np.float64
            scale = np.abs(own).max()
            for neuron in range(0, len(own), 2):
                step = 1e-5 * (1 if name in ("threshold", "reset", "drive") else getattr(net, name)[layer][neuron])

                def value(place):
                    other = copy.copy(net)
                    values = getattr(other, name)[layer].copy()
                    values[neuron] += place * step
                    getattr(other, name)[layer] = values
                    return other.gradient(other.forward(spikes, **run), loss, y)[0]

                narrow, wide = (value(1) - value(-1)) / (2 * step), (value(2) - value(-2)) / (4 * step)
                if abs(narrow - wide) <= 1e-4 * max(abs(narrow), 1e-2 * scale):
                    assert (4 * narrow - wide) / 3 == pytest.approx(own[neuron], rel=1e-6, abs=1e-6 * scale), (name, layer, neuron)
                    kept += 1
    assert kept >= 24


def test_gradients_come_where_asked_for_and_nowhere_else(data):
    spikes, y = data
    net = network()
    rec = net.forward(spikes)
    value, plain = net.gradient(rec, LOSS, y)
    for name in NAMES:
        with pytest.raises(AttributeError, match="neurons=True"):
            getattr(plain, name)
    with pytest.raises(AttributeError, match="'masks'"):
        plain.masks
    alone, without = net.gradient(rec, LOSS, y, input_times=False)
    assert alone == value and "input_times" not in without._repr_html_()
    with pytest.raises(AttributeError, match="input_times=True"):
        without.input_times
    with ThreadPoolExecutor(1) as executor:
        sharded, apart = sp.executors.gradient(net, spikes, LOSS, y, executor=executor, shards=1, input_times=False)
    assert sharded == value and not hasattr(apart, "input_times") and np.array_equal(apart.weights[0], plain.weights[0])
    ones = [None, np.ones(len(rec.spikes[1].times))]
    pulled, pulled_without = net.pull_back(rec, ones), net.pull_back(rec, ones, input_times=False)
    for one, other in ((plain, without), (pulled, pulled_without)):
        assert len(one.input_times) == len(spikes.times) and not hasattr(other, "input_times")
        with pytest.raises(AttributeError, match="have what gave them take them with input_times=True"):
            other.input_times
        for mine, yours in zip(one.weights, other.weights):
            np.testing.assert_array_equal(mine, yours)
        for mine, yours in zip(one.adjoint(0, 0, [1e-3, 2e-2]), other.adjoint(0, 0, [1e-3, 2e-2])):
            np.testing.assert_array_equal(mine, yours)
    same, grad = net.gradient(rec, LOSS, y, neurons=True)
    assert same == value
    for name in ("weights", "input_times"):
        for one, other in zip(getattr(plain, name), getattr(grad, name)):
            assert one.tobytes() == other.tobytes()
    for each in (pickle.loads(pickle.dumps(grad)), copy.deepcopy(grad)):
        assert all(np.array_equal(a, b) for name in NAMES for a, b in zip(getattr(each, name), getattr(grad, name)))
    for each in (pickle.loads(pickle.dumps(plain)), copy.copy(plain)):
        assert not hasattr(each, "tau_mem") and len(each.weights) == 2
    sp.set_threads(1 if sp.get_threads() > 1 else 3)
    try:
        _, alone = net.gradient(rec, LOSS, y, neurons=True)
    finally:
        sp.set_threads(0)
    assert all(a.tobytes() == b.tobytes() for name in NAMES for a, b in zip(getattr(alone, name), getattr(grad, name)))


@pytest.mark.parametrize("engine", ["clock", "spinnaker2", "first-spike"])
def test_other_engines_refuse(engine):
    X, y = sp.datasets.yin_yang(20)
    net = sp.Network([5, 6, 3], tau_mem=None, tau_syn=None, engine=engine)
    on_grid = engine != "first-spike"
    spikes = sp.encoding.latency_grid(X) if on_grid else sp.encoding.latency(X, bias=0.0)
    rec = net.forward(spikes, engine=engine)
    loss = sp.losses.StepTTFSCrossEntropy() if on_grid else LOSS
    with pytest.raises(sp.SpinnpropError, match='engine "event" alone'):
        net.gradient(rec, loss, y, neurons=True)
    with pytest.raises(sp.SpinnpropError, match='engine "event" alone'):
        sp.Trainer(net, engine=engine, train=["weights", "tau_mem"])
    if not on_grid:
        # What that engine records, the exact rule differentiates.
        assert net.gradient(rec, loss, y, engine="event", neurons=True)[1].tau_mem[0].any()


@pytest.mark.parametrize("train", [["tau_mem"], ["weights", "tau_syn", "threshold"], ["weights", *NAMES]])
def test_training(data, tmp_path, train):
    spikes, y = data
    net = network()
    options = dict(batch_size=20, train=train, seed=3)
    whole = sp.Trainer(net, epochs=4, **options)
    whole.run(spikes, y)
    for name in ("weights", *NAMES):
        changed = any(np.any(a != b) for a, b in zip(getattr(net, name), getattr(whole.network, name)))
        assert changed == (name in train), name
    path = tmp_path / "run.checkpoint"
    sp.Trainer(net, epochs=2, checkpoint=path, **options).run(spikes, y)
    rest = sp.Trainer(net, epochs=4, checkpoint=path, resume=True, **options)
    assert rest.epochs_done == 2
    rest.run(spikes, y)
    for name in ("weights", *NAMES):
        for one, other in zip(getattr(rest.network, name), getattr(whole.network, name)):
            assert one.tobytes() == other.tobytes()
    # Files hold what was learnt.
    sp.save(whole.network, tmp_path / "net")
    for name in NAMES:
        for one, other in zip(getattr(sp.load(tmp_path / "net"), name), getattr(whole.network, name)):
            assert one.tobytes() == other.tobytes()
    with pytest.raises(sp.SpinnpropError, match="other options"):
        sp.Trainer(net, epochs=4, checkpoint=path, resume=True, **{**options, "train": ["reset"]})


def test_shared_values_stay_shared(data):
    trainer = sp.Trainer(sp.Network([5, 12, 3], seed=1), epochs=2, batch_size=20, train=("weights", "tau_mem"))
    trainer.run(*data)
    for values in trainer.network.tau_mem:
        assert len(set(values)) == 1 and values[0] != 20e-3


def test_the_estimator_passes_it_on():
    X, y = sp.datasets.yin_yang(100)
    clf = sp.SpikingClassifier(hidden=(10,), epochs=2, train=["weights", "tau_mem"], neuron_learning_rate=0.1).fit(X, y)
    assert clf.network_.tau_mem[0][0] != 20e-3 and clf.network_.tau_syn[0][0] == 5e-3


@pytest.mark.parametrize("engine", ["event", "clock", "spinnaker2", "first-spike"])
def test_delays_alone(engine):
    X, y = sp.datasets.yin_yang(60, seed=3)
    spikes = sp.encoding.latency_grid(X) if engine in ("clock", "spinnaker2") else sp.encoding.latency(X, bias=0.0)
    net = sp.Network([5, 20, 3], tau_mem=None, tau_syn=None, delays="axonal", seed=1, engine=engine)
    # So that outputs spike, on a grid, too.
    for layer in range(2):
        net.weights[layer] = 3 * net.weights[layer]
    trainer = sp.Trainer(net, engine=engine, epochs=2, batch_size=20, train=["delays"], delay_learning_rate=1e-3)
    trainer.run(spikes, y)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(net.weights, trainer.network.weights))
    assert any(np.any(a != b) for a, b in zip(net.delays, trainer.network.delays))
