"""spinnprop search."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _commands
from spinnprop._commands import search as search_command

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
    assert (out / "history.png").read_bytes().startswith(b"\x89PNG") and len(os.listdir(out)) == 5
    # It goes on from the file, and only with what the file was made with.
    again = [*SEARCH, "--storage", str(storage), "--out", str(out)]
    assert _commands.main([*again, "--trials", "5"]) == 0
    assert "5 trials complete" in capsys.readouterr().out
    assert _commands.main([*again, "--samples", "61"]) == 1
    assert "made with other data" in capsys.readouterr().err


def test_searches_share_a_storage_and_train_side_by_side(tmp_path, capsys):
    for name in ("one", "other"):
        command = [*SEARCH, "--jobs", "2", "--storage", str(tmp_path / "trials.journal"), "--out", str(tmp_path / name)]
        assert _commands.main(command) == 0 and "4 trials complete" in capsys.readouterr().out
    one, other = (sp.load(tmp_path / name / "model.safetensors") for name in ("one", "other"))
    assert np.array_equal(one.weights[0], other.weights[0])
    with pytest.raises(SystemExit):
        _commands.main([*SEARCH, "--ray", "auto", "--dask", "tcp://127.0.0.1:1"])
    assert "not allowed with" in capsys.readouterr().err


def test_jobs_of_an_array_share_a_search(tmp_path):
    """The example for SLURM, as its jobs are begun, with a search that is small."""
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "spinnprop"
    command.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m spinnprop \"$@\" --trials 4 --epochs 1 --samples 60\n")
    command.chmod(0o755)
    script = Path(__file__).resolve().parents[3] / "examples" / "slurm" / "search.sbatch"
    shared = {"PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}", "SLURM_SUBMIT_DIR": str(tmp_path), "SLURM_CPUS_PER_TASK": "2"}
    jobs = [
        subprocess.Popen(["bash", script], cwd=tmp_path, env={**os.environ, **shared, "SLURM_ARRAY_TASK_ID": task}, stdout=subprocess.PIPE, text=True)
        for task in "01"
    ]
    for job in jobs:
        assert "4 trials complete" in job.communicate()[0] and job.returncode == 0
    one, other = ((tmp_path / f"search-{task}" / "model.safetensors").read_bytes() for task in "01")
    assert one == other


def test_search_against_a_cost(tmp_path, capsys):
    command = [*SEARCH, "--out", str(tmp_path)]
    assert _commands.main([*command, "--objective", "accuracy-spikes"]) == 0
    assert "Pareto front of" in capsys.readouterr().out
    assert json.loads((tmp_path / "best.json").read_text())["costs"]["spikes"] > 0
    assert (tmp_path / "pareto.png").exists()
    for cost in ("energy", "time"):
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


@pytest.mark.parametrize("engine", ["event", "clock", "first-spike"])
def test_the_winner_of_a_search_can_be_typed_in_again(engine, tmp_path, capsys):
    assert _commands.main([*SEARCH, "--trials", "2", "--engine", engine, "--out", str(tmp_path)]) == 0
    best = json.loads((tmp_path / "best.json").read_text())
    shown = capsys.readouterr().out
    for name, value in best["params"].items():
        assert f"  {name} {value!r} {best['units'].get(name, '')}".rstrip() + "\n" in shown
    assert best["units"]["t_late" if engine == "first-spike" else "tau_mem"] == "s"
    given, loss, grid = {}, {}, {}
    for name, value in best["params"].items():
        part, _, field = name.rpartition(".")
        {"": given, "loss": loss, "engine": grid}[part][field] = value
    kind = sp.losses.StepTTFSCrossEntropy if engine == "clock" else sp.losses.TTFSCrossEntropy
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
    from spinnprop._search.evaluation import Judge

    score, scored = Judge._score, []

    def interrupt(*arguments):
        scored.append(arguments)
        if len(scored) == 3:
            raise KeyboardInterrupt
        return score(*arguments)

    monkeypatch.setattr(Judge, "_score", interrupt)
    one_by_one = [*SEARCH, "--jobs", "1"]
    assert _commands.main([*one_by_one, "--out", str(tmp_path)]) == 130
    assert "stopped after 2 trials" in capsys.readouterr().err
    assert len((tmp_path / "trials.csv").read_text().splitlines()) == 3 and sorted(os.listdir(tmp_path)) == ["trials.csv", "trials.db"]
    monkeypatch.setattr(Judge, "_score", score)
    assert _commands.main([*one_by_one, "--out", str(tmp_path), "--resume"]) == 0
    whole = [row.split(",")[1:3] for row in (tmp_path / "trials.csv").read_text().splitlines()]
    fresh = tmp_path / "fresh"
    assert _commands.main([*one_by_one, "--out", str(fresh)]) == 0
    assert [row.split(",")[1:3] for row in (fresh / "trials.csv").read_text().splitlines()] == whole


def test_trials_that_take_too_long(tmp_path, capsys):
    command = [*SEARCH, "--out", str(tmp_path), "--epochs", "100000", "--trials", "2", "--timeout", "0.001"]
    assert _commands.main(command) == 1
    assert "none of 2 trials is complete; the last failed: took longer than 0.001 s" in capsys.readouterr().err
    for wrong in ("0", "-1", "nan", "inf", "long"):
        with pytest.raises(SystemExit):
            _commands.main([*SEARCH, "--timeout", wrong])
        assert "--timeout" in capsys.readouterr().err
