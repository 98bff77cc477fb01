"""spinnprop reproduce."""

import json
import os
import re

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _commands
from spinnprop._commands.reproduce import eventprop_yin_yang, spinnaker2_yin_yang


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
    assert len(os.listdir(tmp_path)) == 5
    page = (tmp_path / "report.html").read_text()
    assert all(f"<td>{value:.6g}</td>" in page for value in (50.0, 60.0, *curves[0]))


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
        "clock-seed-0-1-epochs.json", "clock-seed-0-2-epochs.json", "report.html", "spinnaker2-seed-0-2-epochs.json"
    ]  # fmt: skip


def test_the_ceiling_of_the_published_grid():
    """Against a count in numpy alone of cells and their labels."""
    X, y = sp.datasets.yin_yang(10000, seed=43)
    for steps, percent in ((27, 97.37), (40, 97.95), (52, 98.63), (102, 99.42)):
        assert round(100 * sp.encoding.ceiling(sp.encoding.latency_grid(X, steps=steps), y), 2) == percent
    assert sp.encoding.ceiling(sp.encoding.latency(X), y) == 1.0
