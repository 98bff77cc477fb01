"""Weights of few bits: what the clock engine rounds, what training with it learns, and what is exported for the real chip."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

import spinnprop as sp

X, Y = sp.datasets.yin_yang(60, seed=4)
SPIKES = sp.encoding.latency_grid(X)


def network(**options):
    return sp.Network([5, 30, 3], seed=1, engine="clock", tau_mem=None, tau_syn=None, **options)


def rounded(weights, bits):
    """By itself, in numpy: all weights into a neuron at once, a row."""
    sizes = np.abs(weights)
    if bits == 2:
        is_kept = sizes > 0.7 * sizes.mean(axis=1, keepdims=True, where=sizes > 0)
        return np.sign(weights) * is_kept * sizes.mean(axis=1, keepdims=True, where=is_kept)
    unit = sizes.max(axis=1, keepdims=True) / (2 ** (bits - 1) - 1)
    return np.rint(weights / unit) * unit


def same_spikes(a, b):
    return all(left == right for left, right in zip(a.spikes, b.spikes))


@pytest.mark.parametrize("bits", [2, 3, 4, 8, 16])
@pytest.mark.parametrize("decay", ["exponential", "euler"])
def test_a_run_is_that_of_rounded_weights(bits, decay):
    net = network()
    own = copy.copy(net)
    for layer in range(2):
        own.weights[layer] = rounded(np.array(net.weights[layer]), bits)
    rec = net.forward(SPIKES, engine=sp.ClockEngine(decay=decay, weight_bits=bits))
    assert same_spikes(rec, own.forward(SPIKES, engine=sp.ClockEngine(decay=decay)))
    assert rec.grid == sp.ClockEngine(decay=decay, weight_bits=bits) and len(rec.spikes[0].times) > 100
    loss = sp.losses.StepTTFSCrossEntropy()
    value, gradient = net.gradient(rec, loss, Y)
    wanted, twin = own.gradient(own.forward(SPIKES, engine=sp.ClockEngine(decay=decay)), loss, Y)
    assert value == wanted and all(np.array_equal(a, b) for a, b in zip(gradient.weights, twin.weights))


def test_all_weights_into_a_neuron_have_one_scale():
    net = sp.Network([5, 8, 3], recurrent=True, connections=None, seed=2, engine="clock", tau_mem=None, tau_syn=None)
    net.recurrent_weights[0] = 3 * np.abs(net.weights[0]).max() * np.eye(8)
    rng = np.random.default_rng(0)
    net.tau_mem[0] = rng.uniform(10e-3, 40e-3, 8)
    whole = rounded(np.concatenate([net.weights[0], net.recurrent_weights[0]], axis=1), 4)
    own = copy.copy(net)
    own.weights[0], own.recurrent_weights[0], own.weights[1] = whole[:, :5], whole[:, 5:], rounded(np.array(net.weights[1]), 4)
    engine = {"steps": 27, "decay": "euler"}
    assert same_spikes(
        net.forward(SPIKES, engine=sp.ClockEngine(**engine, weight_bits=4)), own.forward(SPIKES, engine=sp.ClockEngine(**engine))
    )


def test_odd_weights():
    for weights in (np.zeros((30, 5)), np.full((30, 5), 5e-324), np.full((30, 5), -1e-30)):
        net = network()
        net.weights[0] = weights
        for bits in (2, 8):
            assert len(net.forward(SPIKES, engine=sp.ClockEngine(weight_bits=bits)).spikes[0].times) == 0
    net.weights[0] = np.full((30, 5), 1e300)
    with pytest.raises((ValueError, sp.SpinnpropError), match="float32"):
        net.forward(SPIKES, engine=sp.ClockEngine(weight_bits=8))


@pytest.mark.parametrize("bits", [0, 1, 17, -8, 8.5, "8", True])
def test_wrong_numbers_of_bits(bits):
    with pytest.raises((ValueError, TypeError), match="weight_bits"):
        sp.ClockEngine(weight_bits=bits)


def test_the_engine_is_its_options():
    engine = sp.ClockEngine(weight_bits=4)
    assert pickle.loads(pickle.dumps(engine)) == engine != sp.ClockEngine()
    rec = network().forward(SPIKES, engine=engine)
    again = pickle.loads(pickle.dumps(rec))
    assert again.grid == engine and same_spikes(rec, again)
    with pytest.raises(ValueError, match="recording's"):
        network().gradient(rec, sp.losses.StepTTFSCrossEntropy(), Y, engine=sp.ClockEngine())


def test_training_keeps_the_weights_that_are_rounded():
    """By a loop of one's own: the gradient of the rounded weights moves the others."""
    engine, loss = sp.ClockEngine(weight_bits=4, copies=60), sp.losses.StepTTFSCrossEntropy()
    options = {"loss": loss, "engine": engine, "optimizer": "sgd", "learning_rate": 0.1, "batch_size": 60, "epochs": 3, "bump": 0.0}
    trainer = sp.Trainer(network(), **options)
    trainer.run(SPIKES, Y)
    net, own = trainer.network, sp.Trainer(network(), **options)
    for _ in range(3):
        mine = own.network
        own.step(mine.gradient(mine.forward(SPIKES, engine=engine), loss, Y)[1])
    assert all(np.array_equal(a, b) for a, b in zip(net.weights, own.network.weights))
    assert not np.array_equal(net.weights[0], network().weights[0])
    assert len(np.unique(net.weights[0])) > 15


def test_training_in_few_bits_is_exported_without_loss(tmp_path):
    nir = pytest.importorskip("nir")
    net = network()
    trainer = sp.Trainer(net, engine=sp.ClockEngine(weight_bits=4), epochs=5, batch_size=20)
    trainer.run(SPIKES, Y)
    report = sp.spinnaker2.export(trainer.network, tmp_path / "net.nir", SPIKES, Y, weight_bits=4)
    chip = report.network.forward(SPIKES, engine=sp.spinnaker2.Engine())
    assert same_spikes(chip, trainer.network.forward(SPIKES, engine=sp.ClockEngine(weight_bits=4)))
    assert report.rounded_accuracy == np.mean(chip.predict() == Y)
    graph = nir.read(tmp_path / "net.nir")
    for layer in range(2):
        whole = graph.nodes[f"weights_{layer}_{layer + 1}"].weight
        assert whole.dtype == np.int8 and np.abs(whole).max() == 7
        gain = -np.expm1(-1e-3 / np.array(net.tau_mem[layer]))[:, None]
        np.testing.assert_allclose(whole / np.array(report.scales[layer])[:, None] / gain, report.network.weights[layer], rtol=1e-12)
        np.testing.assert_allclose(graph.nodes[f"layer_{layer + 1}"].v_threshold, net.threshold[layer] * report.scales[layer])


@pytest.mark.parametrize("bits", [2, 5, 8])
@pytest.mark.parametrize("decay", ["euler", "exponential"])
def test_the_file_is_a_network_of_whole_numbers(bits, decay, tmp_path):
    """Read back it gives the chip's spikes."""
    pytest.importorskip("nir")
    net = network()
    net.tau_mem[0] = np.linspace(20e-3, 30e-3, 30)
    net.tau_syn[1] = np.full(3, 15e-3)
    engine = sp.spinnaker2.Engine(decay=decay)
    report = sp.spinnaker2.export(net, tmp_path / "net.nir", engine=engine, weight_bits=bits)
    assert report.accuracy is None and "accuracy" not in str(report)
    back = sp.from_nir(tmp_path / "net.nir")
    ratio = 1e-3 / np.array(net.tau_mem[0])[:, None]
    whole = np.array(back.weights[0]) * (ratio if decay == "euler" else -np.expm1(-ratio))
    np.testing.assert_allclose(whole, np.rint(whole), atol=1e-9)
    assert np.abs(np.rint(whole)).max() <= 2 ** (bits - 1) - 1
    assert same_spikes(back.forward(SPIKES, engine=engine), report.network.forward(SPIKES, engine=engine))


def test_constraints_do_not_stop_an_export(tmp_path):
    pytest.importorskip("nir")
    masks = [np.arange(150).reshape(30, 5) % 3 > 0, None]
    net = sp.Network([5, 30, 3], masks=masks, weight_bounds=(0.1, 2.0), engine="clock", tau_mem=None, tau_syn=None)
    report = sp.spinnaker2.export(net, tmp_path / "net.nir", weight_bits=3)
    assert (report.network.weights[0][~masks[0]] == 0).all() and (np.array(net.weights[0])[masks[0]] >= 0.1).all()
    assert len(report.zeros) == 2 and 0 <= report.errors[0] < 1
    again = pickle.loads(pickle.dumps(report))
    assert again.scales == report.scales and str(again) == str(report)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"delays": "axonal"}, "axonal delays"),
        ({"readout": "leaky"}, "leaky read-out"),
        ({"reset": -0.5}, r"reset\[0\] has the value -0.5"),
        ({"drive": 0.1}, r"drive\[0\] has the value 0.1"),
        ({"refractory": 1e-3}, r"refractory\[0\] has the value 0.001"),
        ({"tau_syn": 5e-4}, r"tau_syn\[0\] has the value 0.0005 s, .* a step of the chip, 0.001 s; give an engine with a shorter time_step"),
        ({"tau_mem": [20e-3] * 30 + [1e-3, 20e-3, 20e-3]}, r"tau_mem\[1\] has the value 0.001 s"),
        ({"connections": [(0, 1), (1, 2), (0, 2)]}, r"the connection \(0, 2\) skips layers, which the emulated chip does not run.*; train without it"),
    ],
)
def test_what_cannot_be_exported(options, said, tmp_path):
    pytest.importorskip("nir")
    net = sp.Network([5, 30, 3], **{"tau_mem": 20e-3, "tau_syn": 10e-3, **options})
    with pytest.raises(ValueError, match=said):
        sp.spinnaker2.export(net, tmp_path / "net.nir")
    assert not list(tmp_path.iterdir())


def test_what_the_emulated_chip_has_no_room_for_is_not_exported(tmp_path):
    pytest.importorskip("nir")
    net = sp.Network([784, 4000, 10], engine="clock", tau_mem=None, tau_syn=None)
    with pytest.raises(MemoryError, match="a PE has 94208"):
        sp.spinnaker2.export(net, tmp_path / "net.nir")
    assert not list(tmp_path.iterdir())


def test_arguments_of_an_export(tmp_path):
    pytest.importorskip("nir")
    net, path = network(), tmp_path / "net.nir"
    path.write_bytes(b"old")
    for arguments, error, said in (
        ({"weight_bits": 9}, ValueError, "weight_bits"),
        ({"weight_bits": 1}, ValueError, "weight_bits"),
        ({"engine": "spinnaker2"}, TypeError, "spinnaker2.Engine"),
        ({"spikes": SPIKES}, ValueError, "go together"),
        ({"y": Y}, ValueError, "go together"),
        ({"spikes": SPIKES, "y": Y[:-1]}, ValueError, "y has 59"),
        ({"spikes": X, "y": Y}, TypeError, "SpikeTrains"),
        ({"spikes": SPIKES, "y": np.where(np.arange(60) == 7, 3, Y)}, ValueError, r"y\[7\] is 3; .*; give labels of 0 .. 2"),
        ({"spikes": SPIKES, "y": Y - 5}, ValueError, "give labels of 0 .. 2"),
        ({"spikes": SPIKES[:0], "y": Y[:0]}, ValueError, "no samples"),
    ):
        with pytest.raises(error, match=said):
            sp.spinnaker2.export(net, path, **arguments)
        assert path.read_bytes() == b"old"
    with pytest.raises(TypeError, match="Network"):
        sp.spinnaker2.export(None, path)


def test_an_export_that_a_disk_has_no_room_for(tmp_path):
    (tmp_path / "net.nir").write_bytes(b"old")
    program = (
        "import resource, sys, spinnprop as sp\n"
        "net = sp.Network([5, 300, 3], seed=0)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))\n"
        "try:\n    sp.spinnaker2.export(net, sys.argv[1])\nexcept OSError as error:\n    print(error)"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path / "net.nir")], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout.strip(), ended.stderr) == (0, f"[Errno 27] File too large: '{tmp_path / 'net.nir'}'", "")
    assert [own.read_bytes() for own in tmp_path.iterdir()] == [b"old"]


def test_where_nothing_can_be_exported_to(tmp_path):
    """Said before any work: nobody looks at the samples."""
    (tmp_path / "file").write_bytes(b"old")
    for path, error, said in (
        (tmp_path / "missing" / "net.nir", FileNotFoundError, "there is no folder .*missing; make it first"),
        (tmp_path / "file" / "net.nir", NotADirectoryError, "file is no folder; give another"),
        (tmp_path, IsADirectoryError, "is a folder; give the path of a file"),
        (f"{tmp_path}/missing/", IsADirectoryError, "is a folder"),
    ):
        with pytest.raises(error, match=said):
            sp.spinnaker2.export(network(), path, X, Y)
    assert [own.name for own in tmp_path.iterdir()] == ["file"]
