"""The command line."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _commands
from spinnprop._commands import search as search_command
from spinnprop._commands import train as train_command
from spinnprop._commands.reproduce import eventprop_yin_yang, spinnaker2_yin_yang
from spinnprop._commands.simulate import _edges

QUICK = ["--samples", "300", "--epochs", "2", "--hidden", "20"]


def spinnprop(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "spinnprop", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )


def test_version_and_help(capsys):
    assert spinnprop("--version").stdout.decode() == f"spinnprop {sp.__version__}\n"
    assert b"train" in spinnprop("--help").stdout
    assert b"default: 100" in spinnprop("train", "yin-yang", "--help").stdout


@pytest.mark.parametrize(
    "arguments, said",
    [
        ([], "COMMAND"),
        (["nonsense"], "nonsense"),
        (["train"], "DATA"),
        (["train", "mnist"], "mnist"),
        (["train", "yin-yang", "--engine", "abacus"], "event"),
        (["train", "yin-yang", "--epochs", "0"], "positive"),
        (["train", "yin-yang", "--hidden", "x"], "positive"),
        (["reproduce", "eventprop-yin-yang", "--seeds", "-1"], "positive"),
        (["search", "yin-yang", "--objective", "energy"], "accuracy-energy"),
        (["search", "yin-yang", "--trials", "0"], "positive"),
        (["simulate", "sparse", "--n", "1000000000000"], "1000000000000 is too large; at most 2147483647"),
    ],
)
def test_wrong_usage_exits_with_2(arguments, said, capsys):
    with pytest.raises(SystemExit) as caught:
        _commands.main(arguments)
    assert caught.value.code == 2 and said in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--threads", "5000"], "threads is 5000; it must be 0 .. 1024"),
        (["--threads", "5000000000"], "threads is 5000000000; it must be 0 .. 1024"),
        (["--seed", "-1"], "-1"),
        (["--learning-rate", "nan"], "nan"),
        (["--out", "/dev/null/run"], "/dev/null"),
    ],
)
def test_failures_exit_with_1_and_one_line(arguments, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert _commands.main(["train", "yin-yang", *QUICK, *arguments]) == 1
    shown = capsys.readouterr().err
    assert said in shown and shown.startswith("spinnprop: ") and shown.count("\n") == 1


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
    for name in ("learning_curve", "decision_map", "raster"):
        picture = (out / f"{name}.png").read_bytes()
        assert picture.startswith(b"\x89PNG") and len(picture) > 5000
    assert len(os.listdir(out)) == 6


@pytest.mark.parametrize("ending, start", [("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_pictures_for_print(ending, start, tmp_path):
    sparse = ["simulate", "sparse", "--n", "200", "--k", "20", "--seconds", "0.1"]
    for name, command in (("decision_map", ["train", "yin-yang", *QUICK]), ("raster", sparse)):
        assert _commands.main([*command, "--pictures", ending, "--out", str(tmp_path / name)]) == 0
        assert (tmp_path / name / f"{name}.{ending}").read_bytes().startswith(start)
    assert not list(tmp_path.glob("*/*.png"))


def test_reproduce(tmp_path, capsys, monkeypatch):
    command = ["reproduce", "eventprop-yin-yang", "--seeds", "2", "--epochs", "2", "--out", str(tmp_path)]
    assert _commands.main(command) == 0
    first = capsys.readouterr().out
    assert "98.10 +- 0.18" in first and "81.1" in first
    found = json.loads((tmp_path / "seed-1-2-epochs.json").read_text())
    assert found["setting"] == eventprop_yin_yang.SETTING and len(found["test_accuracy_by_epoch"]) == 2
    files = [tmp_path / f"seed-{seed}-2-epochs.json" for seed in (0, 1)]
    curves = [json.loads(file.read_text())["test_accuracy_by_epoch"] for file in files]
    assert f"test accuracy {np.mean([curve[-1] for curve in curves]):.2f} +- " in first
    # What is there is not run again, what was made otherwise is.
    (tmp_path / "seed-1-2-epochs.json").write_text("{half")
    ran = []

    def answer(seed, epochs, *rest):
        ran.append(seed)
        return {"test_accuracy_by_epoch": [50.0, 60.0][:epochs], "silent_test_samples_percent": 5.0}

    monkeypatch.setattr(eventprop_yin_yang, "_run", answer)
    assert _commands.main(command) == 0
    assert ran == [1] and "seed 0: test accuracy" in capsys.readouterr().out
    # A short run leaves a longer one as it is.
    assert _commands.main([*command, "--epochs", "1"]) == 0
    assert ran == [1, 0, 1] and "1 epoch, 2 seeds (" in capsys.readouterr().out
    assert _commands.main(command) == 0
    assert ran == [1, 0, 1] and capsys.readouterr().out.count("from an earlier run") == 2
    assert len(os.listdir(tmp_path)) == 4


def _with(curve=None, silent=5.0):
    """A result of two epochs with these numbers, beside what `test_a_file_that_is_no_result_counts_as_none` ran."""
    return {"test_accuracy_by_epoch": [50.0, 60.0] if curve is None else curve, "silent_test_samples_percent": silent}


@pytest.mark.parametrize(
    "found",
    [
        b"\xff\xfe\x00 no text",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"null",
        _with(["x", 60.0]),
        _with([None, 60.0]),
        _with([True, 60.0]),
        _with([float("nan"), 60.0]),
        _with([float("inf"), 60.0]),
        _with([10**400, 60.0]),
        _with([1e4, 60.0]),
        _with([-1.0, 60.0]),
        _with([50.0]),
        _with("ab"),
        _with(silent=None),
        _with(silent=float("nan")),
        _with(silent=101.0),
    ],
    ids=lambda found: str(found)[:70],
)
def test_a_file_that_is_no_result_counts_as_none(tmp_path, capsys, monkeypatch, found):
    ran = []

    def answer(seed, *rest):
        ran.append(seed)
        return _with()

    monkeypatch.setattr(eventprop_yin_yang, "_run", answer)
    command = ["reproduce", "eventprop-yin-yang", "--seeds", "1", "--epochs", "2", "--out", str(tmp_path)]
    path = tmp_path / "seed-0-2-epochs.json"
    assert _commands.main(command) == 0
    whole = path.read_bytes()
    path.write_bytes(found if isinstance(found, bytes) else json.dumps({**json.loads(whole), **found}).encode())
    assert _commands.main(command) == 0
    assert ran == [0, 0] and path.read_bytes() == whole and "from an earlier" not in capsys.readouterr().out


@pytest.mark.parametrize("end", ["", ".part"])
def test_a_folder_in_the_place_of_a_result_is_named(tmp_path, capsys, end):
    path = tmp_path / f"seed-0-1-epochs.json{end}"
    path.mkdir()
    assert _commands.main(["reproduce", "eventprop-yin-yang", "--seeds", "1", "--epochs", "1", "--out", str(tmp_path)]) == 1
    shown = capsys.readouterr().err
    assert f"{path} is a folder" in shown and "--out" in shown and shown.count("\n") == 1


@pytest.mark.parametrize(
    "command",
    [
        ["train", "yin-yang", "--epochs", "1000000"],
        ["search", "yin-yang", "--epochs", "1000000"],
        ["simulate", "sparse", "--seconds", "1e6"],
        ["reproduce", "eventprop-yin-yang", "--epochs", "1000000"],
        ["reproduce", "spinnaker2-yin-yang", "--epochs", "1000000"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("folder", ["file/run", "/proc/run", "file"])
def test_a_folder_that_cannot_be_written_is_told_before_the_work(command, folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    assert _commands.main([*command, "--out", folder]) == 1
    shown = capsys.readouterr()
    assert f"{folder} cannot be written" in shown.err and "--out" in shown.err and shown.err.count("\n") == 1
    assert shown.out == ""


@pytest.mark.parametrize("spoil", ["folder", "current"])
def test_a_model_that_cannot_be_written_is_written_elsewhere(spoil, tmp_path, capsys, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "other"))
    # The folder goes while the network is trained.
    judge, out = train_command.folder.clear, tmp_path / "run"

    def lose(folder, *rest, **more):
        judge(folder, *rest, **more)
        shutil.rmtree(out)
        if spoil == "current":
            os.mkdir(os.path.join(os.getcwd(), f"spinnprop-model-{os.getpid()}.safetensors"))

    monkeypatch.setattr(train_command.folder, "clear", lose)
    assert _commands.main(["train", "yin-yang", *QUICK, "--out", str(out)]) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    path = re.search(r"cannot be written any more, so the model is in (.*)$", line)[1]
    assert os.path.dirname(path) == str(tmp_path / ("here" if spoil == "folder" else "other"))
    assert sp.load(path).layer_sizes == (5, 20, 3)


def test_the_files_of_a_folder_are_of_one_run(tmp_path, capsys):
    out, command = str(tmp_path), ["train", "yin-yang", *QUICK, "--out", str(tmp_path)]
    (tmp_path / "mine.txt").write_text("stays")
    assert _commands.main([*command, "--engine", "spinnaker2"]) == 0
    assert _commands.main(["spinnaker2", "account", out]) == 0
    account = (tmp_path / "spinnaker2.json").read_bytes()
    assert _commands.main(command) == 0
    assert not [name for name in os.listdir(out) if name.startswith("spinnaker2")] and (tmp_path / "mine.txt").exists()
    assert _commands.main(["spinnaker2", "account", out]) == 1
    # What somebody has put beside another run is not taken for its account.
    (tmp_path / "spinnaker2.json").write_bytes(account)
    capsys.readouterr()
    assert _commands.main(["spinnaker2", "account", out]) == 1
    assert "not of the same run" in capsys.readouterr().err
    for other in (["simulate", "sparse", "--n", "100", "--k", "5"], ["search", "yin-yang"]):
        assert _commands.main([*other, "--out", out]) == 1
        assert "of an earlier `spinnprop train`" in capsys.readouterr().err


@pytest.mark.parametrize("engine", ["event", "clock", "spinnaker2"])
def test_a_run_can_be_repeated_from_its_metrics_alone(engine, tmp_path):
    first, again = tmp_path / "first", tmp_path / "again"
    steps = [] if engine == "event" else ["--steps", "33"]
    command = ["train", "yin-yang", "--engine", engine, *QUICK, *steps, "--seed", "3", "--batch-size", "40"]
    assert _commands.main([*command, "--out", str(first)]) == 0
    settings = json.loads((first / "metrics.json").read_text())["settings"]
    arguments = ["train", "yin-yang", "--out", str(again), "--hidden", *map(str, settings["hidden"])]
    for name in ("engine", "samples", "epochs", "batch_size", "seed", "learning_rate", "steps"):
        if name in settings:
            arguments += [f"--{name.replace('_', '-')}", str(settings[name])]
    assert ("steps" in settings) == (engine != "event")
    assert _commands.main(arguments) == 0
    assert (first / "model.safetensors").read_bytes() == (again / "model.safetensors").read_bytes()


def test_an_interrupted_training_is_kept_and_goes_on(tmp_path, capsys):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    command = ["train", "yin-yang", "--samples", "300", "--epochs", "60", "--hidden", "10", "--out"]
    assert _commands.main([*command, str(whole)]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("epoch 1 of 60: loss ") and lines[-1].startswith("epoch 60 of 60: ")

    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "spinnprop", *command, str(cut)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert process.stderr.readline().startswith(b"epoch 1 of 60")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130 and b"--resume goes on" in errors
    assert sorted(os.listdir(cut)) == ["checkpoint", "model.safetensors"]
    assert sp.load(cut / "model.safetensors").layer_sizes == (5, 10, 3)
    assert _commands.main([*command, str(cut), "--resume"]) == 0
    assert (cut / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    assert sorted(os.listdir(cut)) == sorted(os.listdir(whole))


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["train", "yin-yang", "--learning-rate", "0"], "nothing would be learnt"),
        (["train", "yin-yang", "--steps", "30"], "engine event has no time steps"),
        (["search", "yin-yang", "--steps", "30"], "engine event has no time steps"),
    ],
)
def test_what_would_mean_nothing_is_refused(arguments, said, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert _commands.main(arguments) == 1
    shown = capsys.readouterr()
    assert said in shown.err and shown.err.count("\n") == 1 and shown.out == "" and os.listdir(tmp_path) == []


def test_a_network_that_does_not_fit_exits_with_1(capsys):
    assert _commands.main(["spinnaker2", "fit", "784-350-10"]) == 0
    assert _commands.main(["spinnaker2", "fit", "784-1000000-10"]) == 1
    assert _commands.main(["spinnaker2", "fit", "784-1000000-10", "--json"]) == 1


def test_messages_have_no_words_of_python(capsys, monkeypatch, tmp_path):
    def fill(options):
        np.empty(2**50)

    monkeypatch.setattr(_commands, "_simulate_sparse", fill)
    assert _commands.main(["simulate", "sparse"]) == 1
    assert capsys.readouterr().err == "spinnprop: there is not enough memory for this; give smaller numbers\n"


SEARCH = ["search", "yin-yang", "--trials", "4", "--epochs", "1", "--samples", "60"]


def test_search(tmp_path, capsys):
    out, storage = tmp_path / "search", tmp_path / "trials.db"
    assert _commands.main([*SEARCH, "--out", str(out), "--storage", str(storage)]) == 0
    lines = capsys.readouterr().out.splitlines()
    best = json.loads((out / "best.json").read_text())
    assert lines[-1] == f"test accuracy {100 * best['accuracy']['test']:.1f} %"
    assert "4 trials complete, 0 trials pruned, 0 trials failed" in lines
    with open(out / "trials.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["trial"] for row in rows] == ["0", "1", "2", "3"]
    accuracies = [float(row["accuracy"]) for row in rows]
    winner = rows[best["trial"]]
    assert best["accuracy"]["validation"] == max(accuracies) == float(winner["accuracy"]) and winner["on_front"] == "1"
    for name, value in best["params"].items():
        assert float(winner[name]) == value
    net = sp.load(out / "model.safetensors")
    assert net.layer_sizes == (5, best["params"]["hidden"], 3)
    X, y = sp.datasets.yin_yang(1000, seed=40)
    spikes = sp.encoding.latency(1 - X, t_late=best["params"]["t_late"], bias=0.0)
    loss = sp.losses.TTFSCrossEntropy(tau0=best["params"]["loss.tau0"], alpha=best["params"]["loss.alpha"])
    assert np.mean(net.forward(spikes).predict(loss) == y) == best["accuracy"]["test"]
    assert (out / "history.png").read_bytes().startswith(b"\x89PNG") and len(os.listdir(out)) == 4
    # It goes on from the file, and only with what the file was made with.
    again = [*SEARCH, "--storage", str(storage), "--out", str(out)]
    assert _commands.main([*again, "--trials", "5"]) == 0
    assert "5 trials complete" in capsys.readouterr().out
    assert _commands.main([*again, "--samples", "61"]) == 1
    assert "made with other data" in capsys.readouterr().err


def test_search_against_a_cost(tmp_path, capsys):
    command = [*SEARCH, "--out", str(tmp_path)]
    assert _commands.main([*command, "--objective", "accuracy-spikes"]) == 0
    assert "Pareto front of" in capsys.readouterr().out
    assert json.loads((tmp_path / "best.json").read_text())["costs"]["spikes"] > 0
    assert (tmp_path / "pareto.png").exists()
    for cost in ("energy", "time"):
        assert _commands.main([*command, "--objective", f"accuracy-{cost}"]) == 1
        assert f"'event' does not estimate the {cost}" in capsys.readouterr().err
        assert _commands.main([*command, "--engine", "clock", "--objective", f"accuracy-{cost}"]) == 0
        assert f"accuracy against {cost}, estimated" in capsys.readouterr().out
        assert json.loads((tmp_path / "best.json").read_text())["costs"][cost] > 0


def test_search_on_a_grid(tmp_path, capsys):
    command = [*SEARCH, "--out", str(tmp_path), "--trials", "2", "--engine"]
    assert _commands.main([*command, "clock"]) == 0
    params = json.loads((tmp_path / "best.json").read_text())["params"]
    assert 27 <= params["engine.steps"] <= 108 and 20 <= params["hidden"] <= 300
    for name in ("tau_mem", "tau_syn", "bump", "loss.xi", "loss.alpha", "loss.beta", "clip_norm"):
        assert params[name] > 0
    assert "2 trials complete" in capsys.readouterr().out
    assert _commands.main([*command, "spinnaker2", "--steps", "30", "--hidden", "25"]) == 0
    params = json.loads((tmp_path / "best.json").read_text())["params"]
    assert (params["engine.steps"], params["hidden"]) == (30, 25)
    assert "2 trials complete" in capsys.readouterr().out


@pytest.mark.parametrize("engine", ["event", "clock"])
def test_the_winner_of_a_search_can_be_typed_in_again(engine, tmp_path, capsys):
    assert _commands.main([*SEARCH, "--trials", "2", "--engine", engine, "--out", str(tmp_path)]) == 0
    best = json.loads((tmp_path / "best.json").read_text())
    shown = capsys.readouterr().out
    for name, value in best["params"].items():
        assert f"  {name} {value!r} {best['units'].get(name, '')}".rstrip() + "\n" in shown
    assert best["units"]["tau_mem"] == "s"
    given, loss, grid = {}, {}, {}
    for name, value in best["params"].items():
        part, _, field = name.rpartition(".")
        {"": given, "loss": loss, "engine": grid}[part][field] = value
    kind = sp.losses.TTFSCrossEntropy if engine == "event" else sp.losses.StepTTFSCrossEntropy
    runs_on = sp.ClockEngine(**grid) if grid else engine
    again = sp.SpikingClassifier(engine=runs_on, loss=kind(**loss), **given, **best["fixed"])
    again.fit(*sp.datasets.yin_yang(60), validation=sp.datasets.yin_yang(1000, seed=41))
    sp.save(again.network_, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "model.safetensors").read_bytes()


def test_what_is_searched_on_a_grid_becomes_an_estimator():
    drawn = {name: part.low for name, part in search_command.space("clock", 50, 16).items()}
    drawn.update(tau_mem=0.5, tau_syn=0.2, xi=0.01, alpha=2e-3, beta=1.0, hidden_mean=1.0, output_mean=2.0)
    made = search_command.Maker("clock", 7)(**drawn)
    assert made.engine == sp.ClockEngine(steps=50) and made.epochs == 7 and made.hidden == 16
    assert (made.tau_mem, made.tau_syn) == pytest.approx((25e-3, 10e-3))
    assert made.loss == sp.losses.StepTTFSCrossEntropy(xi=0.5, alpha=2e-3, beta=50.0)
    assert made.weight_mean == pytest.approx([1 / np.sqrt(5), 2 / 4])
    assert (made.batch_size, made.bump, made.clip_norm) == (16, 1e-4, 0.1)


def test_an_interrupted_search_writes_its_trials(tmp_path, capsys, monkeypatch):
    from spinnprop._search import search as _search

    score, scored = _search._score, []

    def interrupt(*arguments):
        scored.append(arguments)
        if len(scored) == 3:
            raise KeyboardInterrupt
        return score(*arguments)

    monkeypatch.setattr(_search, "_score", interrupt)
    assert _commands.main([*SEARCH, "--out", str(tmp_path)]) == 130
    assert "stopped after 2 trials" in capsys.readouterr().err
    assert len((tmp_path / "trials.csv").read_text().splitlines()) == 3 and os.listdir(tmp_path) == ["trials.csv"]


def test_spinnaker2_yin_yang(tmp_path, capsys, monkeypatch):
    few = {**spinnaker2_yin_yang.SETTING, "samples": {"train": [300, 42], "test": [200, 43]}}
    monkeypatch.setattr(spinnaker2_yin_yang, "SETTING", few)
    command = ["reproduce", "spinnaker2-yin-yang", "--seeds", "2", "--epochs", "3", "--out", str(tmp_path)]
    assert _commands.main(command) == 0
    first = capsys.readouterr().out
    ceiling = sp.encoding.ceiling(
        sp.encoding.latency_grid(sp.datasets.yin_yang(200, seed=43)[0]), sp.datasets.yin_yang(200, seed=43)[1]
    )
    assert f"ceiling: {100 * ceiling:.2f} %" in first and "91.1, 94.0, 96.3" in first
    assert first.count("the same weights bit for bit after 42 steps; estimated") == 2 and "last 3 epochs" in first
    found = [json.loads((tmp_path / f"clock-seed-{seed}-3-epochs.json").read_text()) for seed in (0, 1)]
    strict, lenient = "test_accuracy_by_epoch", "test_accuracy_by_epoch_as_published_code_counts"
    for name, start in ((strict, "median over seeds "), (lenient, "; as the published code counts ")):
        assert f"{start}{np.median([np.mean(run[name]) for run in found]):.2f} %" in first
    # Training goes on from epoch to epoch as if it had not been watched, and silent samples are judged as they should be.
    twin = sp.ClockEngine(copies=22)
    trainer = sp.Trainer(
        sp.Network(**few["network"], seed=1), sp.losses.StepTTFSCrossEntropy(**few["loss"]), engine=twin, epochs=3,
        seed=1, **few["training"],
    )  # fmt: skip
    X, y = sp.datasets.yin_yang(300)
    trainer.run(sp.encoding.latency_grid(X), y)
    X, y = sp.datasets.yin_yang(200, seed=43)
    classes = trainer.network.forward(sp.encoding.latency_grid(X), engine=twin).predict()
    assert found[1][strict][-1] == pytest.approx(100 * (classes == y).mean())
    assert found[1][lenient][-1] == pytest.approx(100 * (np.maximum(classes, 0) == y).mean())
    assert found[1]["silent_test_samples_percent"] == pytest.approx(100 * (classes < 0).mean())
    ran, run = [], spinnaker2_yin_yang._run

    def answer(seed, *rest):
        ran.append(seed)
        return {**run(seed, *rest), strict: [50.0, 60.0, 70.0], lenient: [55.0, 65.0, 75.0]}

    monkeypatch.setattr(spinnaker2_yin_yang, "_run", answer)
    # Nothing is trained twice, neither off the chip nor on it, and the same is said.
    on_chip, run_on_chip = [], spinnaker2_yin_yang._run_on_chip

    def answer_on_chip(seed, *rest):
        on_chip.append(seed)
        return run_on_chip(seed, *rest)

    monkeypatch.setattr(spinnaker2_yin_yang, "_run_on_chip", answer_on_chip)
    assert _commands.main(command) == 0 and ran == on_chip == []
    again = capsys.readouterr().out
    assert again.count(" (from an earlier run)\n") == 4 and again.replace(" (from an earlier run)", "") == first
    assert _commands.main([*command, "--engine", "clock"]) == 0 and ran == on_chip == []
    assert "on the chip" not in capsys.readouterr().out
    # An account that is not whole is made again.
    path = tmp_path / "clock-seed-1-3-epochs.json"
    for spoilt in ({}, {"batches": 0}, {"energy": float("nan")}, {"seconds": "x"}):
        account = {**found[1]["on_chip"], **spoilt} if spoilt else None
        path.write_text(json.dumps({**found[1], "on_chip": account}))
        assert _commands.main(command) == 0 and ran == [] and on_chip == [1]
        on_chip.clear()
        assert json.loads(path.read_text())["on_chip"]["updates"] == 42
    capsys.readouterr()
    # Another course is another run.
    assert _commands.main([*command, "--resolve-silent"]) == 0
    assert ran == on_chip == [0, 1] and "median over seeds 60.00 %" in capsys.readouterr().out
    # Weights that differ are no small matter.
    engine = spinnaker2_yin_yang._engine
    monkeypatch.setattr(
        spinnaker2_yin_yang, "_engine", lambda name, size: engine(name, size if name == "clock" else size - 1)
    )
    path.write_text(json.dumps({**found[1], "on_chip": None}))
    assert _commands.main(command) == 1 and "differ" in capsys.readouterr().err
    assert json.loads(path.read_text())["on_chip"] is None


def test_spinnaker2_yin_yang_on_the_chip_alone(tmp_path, capsys, monkeypatch):
    few = {**spinnaker2_yin_yang.SETTING, "samples": {"train": [100, 42], "test": [50, 43]}}
    monkeypatch.setattr(spinnaker2_yin_yang, "SETTING", few)
    command = ["reproduce", "spinnaker2-yin-yang", "--seeds", "1", "--epochs", "2", "--out", str(tmp_path)]
    shown = {}
    for engine in ("both", "spinnaker2", "spinnaker2"):
        assert _commands.main([*command, "--engine", engine]) == 0
        earlier, shown[engine] = shown.get(engine), capsys.readouterr().out
    assert shown[engine].count(" (from an earlier run)\n") == 2
    assert shown[engine].replace(" (from an earlier run)", "") == earlier

    def estimated(text):
        return re.search(r"copies on \d+ PEs.*(; estimated: .* W) \(emulated", text)[1]

    # The same estimates, from training alone.
    assert estimated(shown["both"]) == estimated(shown["spinnaker2"])
    assert "PEs, 10 steps; estimated" in shown["spinnaker2"] and "off chip" not in shown["spinnaker2"]
    # One epoch is no span, nor is it five.
    assert _commands.main([*command[:-3], "1", *command[-2:], "--engine", "clock"]) == 0
    text = capsys.readouterr().out
    assert "1 epoch of" in text and "1 seed," in text and "mean of the last epoch:" in text and "between" not in text
    assert sorted(os.listdir(tmp_path)) == [
        "clock-seed-0-1-epochs.json", "clock-seed-0-2-epochs.json", "spinnaker2-seed-0-2-epochs.json"
    ]  # fmt: skip


def test_the_ceiling_of_the_published_grid():
    """Against a count in numpy alone of cells and their labels."""
    X, y = sp.datasets.yin_yang(10000, seed=43)
    for steps, percent in ((27, 97.37), (40, 97.95), (52, 98.63), (102, 99.42)):
        assert round(100 * sp.encoding.ceiling(sp.encoding.latency_grid(X, steps=steps), y), 2) == percent
    assert sp.encoding.ceiling(sp.encoding.latency(X), y) == 1.0


@pytest.mark.parametrize("command", [["train"], ["search"]])
def test_ctrl_c_exits_with_130(tmp_path, command):
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "spinnprop", *command, "yin-yang", "--epochs", "1000000", "--out", "run"],
        cwd=str(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout.readline().startswith(b"Yin-Yang")
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130 and b"Traceback" not in errors and b"interrupted" in errors


def test_a_closed_pipe_is_no_error():
    process = subprocess.Popen(
        [sys.executable, "-m", "spinnprop", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    errors = process.stderr.read()
    process.wait()
    process.stderr.close()
    assert b"Traceback" not in errors


def test_simulate_sparse(tmp_path, capsys):
    out = tmp_path / "run"
    command = ["simulate", "sparse", "--n", "500", "--k", "20", "--seconds", "0.5", "--out", str(out)]
    assert _commands.main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    metrics = json.loads((out / "metrics.json").read_text())
    assert lines[-1] == f"mean rate {metrics['rate_hz']:.2f} Hz" and metrics["model_seconds"] == 0.5
    assert metrics["spikes"] == len(sp.sparse.RecurrentNetwork(500, 20).run(t_end=0.5))
    assert np.load(out / "rates.npy").sum() * 0.5 == pytest.approx(metrics["spikes"])
    assert (out / "raster.png").read_bytes().startswith(b"\x89PNG") and len(os.listdir(out)) == 3
    assert _commands.main([*command, "--k", "500"]) == 1
    assert "k is 500" in capsys.readouterr().err
    assert _commands.main([*command, "--seconds", "nan"]) == 1
    assert "t_end is nan" in capsys.readouterr().err
    assert _commands.main([*command, "--spikes", "7", "--redraw", "--model", "qif"]) == 0
    assert json.loads((out / "metrics.json").read_text())["spikes"] == 7


@pytest.mark.parametrize("largest", [0, 1, 20, 50, 51, 137, 10**5])
def test_bars_of_rates_hold_equally_many_numbers_of_spikes(largest):
    held, _ = np.histogram(np.arange(10 * largest + 1000), bins=_edges(largest))
    assert len(held) <= 51 and (held == held[0]).all() and held.sum() > largest
