"""spinnprop train."""

import contextlib
import csv
import inspect
import json
import os
import signal

import numpy as np
import pytest
from running import LEAVES, QUICK

import spinnprop as sp
from spinnprop import _commands
from spinnprop._commands import training_page


def test_train(tmp_path, capsys):
    out = tmp_path / "run"
    assert _commands.main(["train", "yin-yang", *QUICK, "--hidden", "12", "9", "--out", str(out), "--threads", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    metrics = json.loads((out / "metrics.json").read_text())
    assert lines[-1] == f"test accuracy {100 * metrics['accuracy']['test']:.1f} %"
    for said in ("training accuracy", "validation accuracy", "spikes per sample", "time per epoch"):
        assert any(line.startswith(said) for line in lines)
    with open(out / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"] and float(rows[1]["validation_accuracy"]) >= 0
    assert metrics["accuracy"]["validation"] == float(rows[1]["validation_accuracy"])
    net = sp.load(out / "model.safetensors")
    assert net.layer_sizes == (5, 12, 9, 3)
    X, y = sp.datasets.yin_yang(1000, seed=40)
    classes = net.forward(sp.encoding.latency(1 - X, bias=0.0)).predict(sp.losses.TTFSCrossEntropy())
    assert np.mean(classes == y) == metrics["accuracy"]["test"]
    for name in ("learning_curve", "confusion_matrix", "decision_map", "raster", "membrane"):
        picture = (out / f"{name}.png").read_bytes()
        assert picture.startswith(b"\x89PNG") and len(picture) > 5000
    assert len(os.listdir(out)) == 10


@pytest.mark.parametrize("ending, start", [("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_pictures_for_print(ending, start, tmp_path):
    sparse = ["simulate", "sparse", "--n", "200", "--k", "20", "--seconds", "0.1"]
    for name, command in (("decision_map", ["train", "yin-yang", *QUICK]), ("raster", sparse)):
        assert _commands.main([*command, "--pictures", ending, "--out", str(tmp_path / name)]) == 0
        assert (tmp_path / name / f"{name}.{ending}").read_bytes().startswith(start)
    assert not list(tmp_path.glob("*/*.png"))


def typed(settings, has_loss):
    """What metrics.json says of a training, as one would type it; the engine's own loss follows from the rest."""
    (parser,) = [parser for words, parser in LEAVES if words == ("train", "yin-yang")]
    for action in parser._actions:
        value = settings.get(action.dest)
        if action.dest == "loss":
            value = value.partition("(")[0] if has_loss else None
        elif action.dest == "recurrent":
            value = "yes" if value else "no"
        elif action.dest == "delays" and value is None:
            value = "none"
        if value is not None:
            values = value if isinstance(value, list) else [value]
            yield from (action.option_strings[0], *("none" if each is None else str(each) for each in values))


@pytest.mark.parametrize(
    "more",
    [
        ["--batch-size", "40"],
        ["--engine", "clock", "--steps", "33", "--batch-size", "40", "--delays", "axonal", "--loss", "StepTTFSCrossEntropy"],
        ["--engine", "spinnaker2", "--steps", "33", "--learning-rate", "0.01", "--bump", "2e-3"],
        [
            "--delays", "synaptic", "none", "--delay-learning-rate", "1e-4", "--delay-init", "2e-3", "5e-4", "--delay-l1", "1e-3",
            "--delay-l2", "1e-2", "--delay-shift", "1e-3", "--delay-scale", "5e-3", "--accumulate", "2", "--average-epochs", "2",
            "--input-dropout", "0.1", "--tau-mem", "0.03", "0.02", "--tau-syn", "5e-3", "--recurrent", "yes", "--t-end", "0.1", "--max-spikes", "100000",
            "--batch-size", "40",
        ],
        ["--delays", "dendritic", "--delay-learning-rate", "0.1", "--delay-parameter", "sigmoid", "--delay-init", "0", "0.25"],
        ["--readout", "leaky", "--loss", "VIntegralCrossEntropy", "--t-end", "0.06"],
    ],
    ids=lambda more: " ".join(more[:2]),
)  # fmt: skip
def test_a_run_can_be_repeated_from_its_metrics_alone(more, tmp_path, monkeypatch):
    # Drawing takes longer than the training.
    monkeypatch.setattr(training_page, "write_pictures", lambda *given: {})
    first, again = tmp_path / "first", tmp_path / "again"
    assert _commands.main(["train", "yin-yang", *QUICK, "--seed", "3", *more, "--out", str(first)]) == 0
    settings = json.loads((first / "metrics.json").read_text())["settings"]
    assert _commands.main(["train", "yin-yang", *typed(settings, "--loss" in more), "--out", str(again)]) == 0
    assert (first / "model.safetensors").read_bytes() == (again / "model.safetensors").read_bytes()
    assert json.loads((again / "metrics.json").read_text())["settings"] == settings


@pytest.mark.parametrize("averaged", [1, 2, 9])
def test_curves_say_where_the_model_is_a_mean_of_epochs(averaged):
    """Training accuracies are then none of the model's, whose are in the report."""
    figure, said = pytest.importorskip("matplotlib.figure").Figure(), []
    figure.suptitle = lambda text, **how: said.append(text)
    X, y = sp.datasets.yin_yang(50)
    fitted = sp.SpikingClassifier(hidden=(9,), epochs=3, average_epochs=averaged).fit(X, y)
    training_page._draw_curves(figure, sp.plot, fitted)
    assert said == ([] if averaged == 1 else [f"training: epoch by epoch; the model is the mean of the last {min(averaged, 3)} epochs"])


@pytest.mark.usefixtures("unpainted")
def test_neurons_are_trained_as_told_and_repeated_from_the_metrics(tmp_path, capsys):
    first, again, plain = (tmp_path / name for name in ("first", "again", "plain"))
    command = ["train", "yin-yang", *QUICK, "--hidden", "6", "--out"]
    neurons = ["--drive", "2e-1", "--refractory", "1e-3", "--t-end", "0.2", "--train", "weights", "tau_mem", "drive"]
    assert _commands.main([*command, str(first), *neurons, "--neuron-learning-rate", "0.03"]) == 0
    settings = json.loads((first / "metrics.json").read_text())["settings"]
    told = {"drive": 0.2, "refractory": 1e-3, "t_end": 0.2, "train": ["weights", "tau_mem", "drive"], "neuron_learning_rate": 0.03}
    assert {name: settings[name] for name in told} == told
    arguments = [*command, str(again)]
    for name in told:
        value = settings[name]
        arguments += [f"--{name.replace('_', '-')}", *map(str, value if isinstance(value, list) else [value])]
    assert _commands.main(arguments) == 0
    assert (first / "model.safetensors").read_bytes() == (again / "model.safetensors").read_bytes()
    net = sp.load(first / "model.safetensors")
    assert net.refractory[0][0] == 1e-3 and net.drive[0][0] not in (0.0, 0.2) and net.tau_mem[1][0] != 20e-3 and net.tau_syn[0][0] == 5e-3
    # What is not given is as the library has it.
    assert _commands.main([*command, str(plain)]) == 0
    settings = json.loads((plain / "metrics.json").read_text())["settings"]
    parameters = inspect.signature(sp.SpikingClassifier).parameters
    assert all(settings[name] == parameters[name].default for name in told)
    capsys.readouterr()
    for wrong, said in (
        (["--drive", "nan"], "'nan' is not a finite number"),
        (["--drive", "-inf"], "'-inf' is not a finite number"),
        (["--refractory", "-1e-3"], "'-1e-3' is not a finite number >= 0"),
        (["--t-end", "inf"], "'inf' is not a finite number >= 0"),
        (["--train", "tau"], "invalid choice: 'tau'"),
        (["--neuron-learning-rate", "-1"], "'-1' is not a number"),
        (["--engine", "clock", "--drive", "0.1"], "--drive is for --engine event, which this is not; leave it out"),
        (["--engine", "first-spike", "--refractory", "1"], "--refractory is for --engine event"),
        (["--engine", "spinnaker2", "--train", "weights", "reset"], "--train reset is for --engine event"),
        (["--engine", "clock", "--t-end", "0.1"], "--t-end is 0.1, but engine clock ends after its steps; leave it out"),
        (["--drive", "1.5"], "--drive is 1.5, with which neurons fire by themselves for ever; give --t-end, or less than 1"),
        (["--train", "delays", "--delays", "axonal"], "--train is delays, and --delay-learning-rate 0.0; name delays and give"),
    ):
        by_the_grammar = "choice" in said or "is not a" in said
        with pytest.raises(SystemExit) if by_the_grammar else contextlib.nullcontext() as stopped:
            assert _commands.main([*command, str(first), *wrong]) == 2
        assert stopped is None or stopped.value.code == 2
        assert said in capsys.readouterr().err


@pytest.mark.usefixtures("unpainted")
def test_an_interrupted_training_is_kept_and_goes_on(tmp_path, capsys, monkeypatch):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    command = ["train", "yin-yang", "--samples", "300", "--epochs", "60", "--hidden", "10", "--out"]
    assert _commands.main([*command, str(whole)]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("epoch 1 of 60: loss ") and lines[-1].startswith("epoch 60 of 60: ")

    whole_run = sp.Trainer.run

    def interrupted(trainer, *arguments, callbacks=(), **more):
        def after(own):
            if own.epochs_done == 20:
                os.kill(os.getpid(), signal.SIGINT)

        return whole_run(trainer, *arguments, callbacks=[*callbacks, after], **more)

    with monkeypatch.context() as patch:
        patch.setattr(sp.Trainer, "run", interrupted)
        assert _commands.main([*command, str(cut)]) == 130
    assert "--resume goes on" in capsys.readouterr().err
    assert sorted(os.listdir(cut)) == ["checkpoint", "model.safetensors"]
    assert sp.load(cut / "model.safetensors").layer_sizes == (5, 10, 3)
    assert _commands.main([*command, str(cut), "--resume"]) == 0
    assert (cut / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    assert sorted(os.listdir(cut)) == sorted(os.listdir(whole))


@pytest.mark.usefixtures("unpainted")
def test_what_was_learnt_before_an_error_is_kept_tested_and_goes_on(tmp_path, capsys, monkeypatch):
    whole_run = sp.Trainer.run

    def runs_away(trainer, *arguments, callbacks=(), **more):
        def after(own):
            raise sp.SpinnpropError("epoch 1, batch 0: more than max_spikes = 5 spikes; a larger max_spikes allows it")

        return whole_run(trainer, *arguments, callbacks=[after], **more)

    command = ["train", "yin-yang", "--samples", "300", "--epochs", "3", "--hidden", "10", "--out", str(tmp_path / "run")]
    monkeypatch.setattr(sp.Trainer, "run", runs_away)
    assert _commands.main(command) == 1
    out, err = capsys.readouterr()
    assert "test accuracy of the model so far " in out and out.rstrip().endswith("%")
    assert "stopped after 1 epochs; the model so far is in " in err and "--resume goes on with a lower --learning-rate than 0.0" in err
    assert err.splitlines()[-1].endswith("more than --max-spikes = 5 spikes; a larger --max-spikes allows it")
    assert sorted(os.listdir(tmp_path / "run")) == ["checkpoint", "model.safetensors"]
    monkeypatch.undo()
    assert _commands.main([*command, "--resume", "--learning-rate", "1e-3", "--max-spikes", "1000000"]) == 0
    assert len((tmp_path / "run" / "metrics.csv").read_text().splitlines()) == 1 + 3
    # Before there is anything learnt, an error is all there is.
    assert _commands.main([*command, "--max-spikes", "5"]) == 1
    said = capsys.readouterr().err
    assert "more than --max-spikes = 5 spikes" in said and "so far" not in said


@pytest.mark.usefixtures("unpainted")
def test_a_model_that_cannot_be_judged_is_kept_and_judged_later(tmp_path, capsys, monkeypatch):
    def runs_away(*arguments):
        raise sp.SpinnpropError("more than max_spikes = 5 spikes; a larger max_spikes allows it")

    command = ["train", "yin-yang", *QUICK, "--hidden", "10", "--out", str(tmp_path / "run")]
    monkeypatch.setattr(sp.SpikingClassifier, "score", runs_away)
    assert _commands.main(command) == 1
    err = capsys.readouterr().err
    assert "the training is over and its model in " in err and err.splitlines()[-1].endswith("a larger --max-spikes allows it")
    model = (tmp_path / "run" / "model.safetensors").read_bytes()
    monkeypatch.undo()
    assert _commands.main([*command, "--resume", "--max-spikes", "1000000"]) == 0
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == model and (tmp_path / "run" / "metrics.json").exists()


@pytest.mark.usefixtures("unpainted")
def test_delays_are_trained_as_told(tmp_path, capsys):
    out = tmp_path / "run"
    command = ["train", "yin-yang", *QUICK, "--hidden", "6", "--out", str(out)]
    delays = ["--delays", "axonal", "none", "--delay-learning-rate", "0.1", "--delay-parameter", "sigmoid"]
    more = ["--delay-init", "-1e-1", "2.5e-1", "--delay-scale", "4e-3", "--delay-shift", "1e-3", "--delay-l1", "0.1", "--delay-l2", "2"]
    assert _commands.main([*command, *delays, *more]) == 0
    net = sp.load(out / "model.safetensors")
    assert net.delay_kinds == ("axonal", None)
    assert np.all((1e-3 < net.delays[0]) & (net.delays[0] < 5e-3)) and len(set(net.delays[0])) == 5
    settings = json.loads((out / "metrics.json").read_text())["settings"]
    told = {"delays": ["axonal", None], "delay_parameter": "sigmoid", "delay_init": [-0.1, 0.25], "delay_scale": 4e-3}
    told.update({"delay_shift": 1e-3, "delay_l1": 0.1, "delay_l2": 2.0, "delay_learning_rate": 0.1})
    assert {name: settings[name] for name in told} == told
    capsys.readouterr()
    for wrong, said in (
        (["--delay-scale", "0"], "'0' is not a number > 0 and <= 1000000"),
        (["--delay-shift", "nan"], "'nan' is not a number 0 .. 1000000"),
        (["--delay-l1", "-1"], "'-1' is not a number 0 .. 1000000"),
        (["--delay-init", "0", "-1e0"], "--delay-init[1] is -1.0; it must be 0 .. 1000000"),
        (["--delay-init", "0", "-1f0"], "expected 2 arguments"),
        (["--delay-init", "-inf", "1"], "--delay-init[0] is -inf; it must be "),
        (["--delay-init", "-NaN", "1"], "--delay-init[0] is nan; it must be "),
        (["--delay-learning-rate", "0.1"], "--delay-learning-rate is for networks with delays; give --delays"),
        (["--delay-init", "0", "1"], "--delay-init is for networks with delays; give --delays"),
        (
            ["--delays", "axonal", "--delay-parameter", "sigmoid", "--delay-learning-rate", "0.1"],
            "--delay-parameter sigmoid trains no delay from 0, an end of its range; give --delay-init, as 0 0.25",
        ),
        (["--delay-parameter", "logit"], "invalid choice: 'logit'"),
        (["--delays", "dentritic"], "invalid choice: 'dentritic'"),
        (["--delays", "axonal", "none", "none"], "--delays has 3 kinds; give one, or one for each of the 2 layers"),
    ):
        with pytest.raises(SystemExit) if "invalid" in said or "is not" in said or "expected" in said else contextlib.nullcontext() as stopped:
            assert _commands.main([*command, *wrong]) == 2
        assert stopped is None or stopped.value.code == 2
        assert said in capsys.readouterr().err


@pytest.mark.usefixtures("unpainted")
def test_a_finished_training_goes_on(tmp_path, capsys):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    command = ["train", "yin-yang", "--samples", "100", "--hidden", "10", "--out"]
    assert _commands.main([*command, str(whole), "--epochs", "3"]) == 0
    assert _commands.main([*command, str(cut), "--epochs", "1"]) == 0
    assert _commands.main([*command, str(cut), "--epochs", "3", "--resume"]) == 0
    assert (whole / "model.safetensors").read_bytes() == (cut / "model.safetensors").read_bytes()
    assert len((cut / "metrics.csv").read_text().splitlines()) == 1 + 3
    capsys.readouterr()
    assert _commands.main([*command, str(cut), "--epochs", "3", "--resume", "--seed", "1"]) == 1
    assert "begun with another network" in capsys.readouterr().err


@pytest.mark.usefixtures("unpainted")
def test_results_that_do_not_fit_on_a_disk_are_written_later(tmp_path, capsys, monkeypatch):
    def is_full(*arguments):
        raise OSError(28, "No space left on device")

    command = ["train", "yin-yang", *QUICK, "--hidden", "10", "--out", str(tmp_path / "run")]
    monkeypatch.setattr("spinnprop._commands.training_page.write", is_full)
    assert _commands.main(command) == 1
    said = capsys.readouterr().err
    assert "not all of its results could be written (No space left on device); make room, and --resume writes them" in said
    model = (tmp_path / "run" / "model.safetensors").read_bytes()
    monkeypatch.undo()
    assert _commands.main([*command, "--resume"]) == 0
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == model and (tmp_path / "run" / "report.html").exists()
