"""Benchmarks whose numbers are held to a limit end with an error beyond it, and what they take of the package's inside is there."""

import importlib
import sys
from pathlib import Path

import pytest

import spinnprop as sp

optuna = pytest.importorskip("optuna")
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def imported(monkeypatch, tmp_path):
    """A benchmark's module by its name; what it writes lies in a folder of its own."""
    monkeypatch.syspath_prepend(str(ROOT / "Benchmarks"))
    written = tmp_path / "RESULTS.md"
    written.touch()
    monkeypatch.setattr(importlib.import_module("results"), "FILE", written)
    verbosity = optuna.logging.get_verbosity()
    yield importlib.import_module
    optuna.logging.set_verbosity(verbosity)


def test_a_search_is_led_and_a_shard_run(imported):
    bench = imported("bench_many_machines")
    data = (*sp.datasets.yin_yang(100), sp.datasets.yin_yang(50, seed=41))
    make = bench.Maker("event", 1)
    assert bench.led(3, make, bench.Work(make, data, bench.Judge(("accuracy",), None, 1, data[2]), None)) > 0
    assert all(number > 0 for number in bench.shard([5, 4, 3], 10))


def test_trials_that_were_pruned_are_trained_to_their_end(imported, monkeypatch):
    bench = imported("bench_search")
    monkeypatch.setattr(bench, "TRIALS", 12)
    monkeypatch.setattr(bench, "EPOCHS", 8)
    best, others = bench.pruned(0)
    assert 0 < best <= 1 and others and all(0 <= other <= 1 for other in others)


SEARCHED = {seed: ("70", "130", "99.0", "98.4", "0 %") for seed in range(5)}


@pytest.mark.parametrize(
    ("searched", "pruned", "ratio", "said"),
    [
        ({}, (0.99, [0.98]), 0.55, None),
        ({0: ("150", "250", "99.0", "98.4", "0 %")}, (0.99, [0.98]), 0.55, "a search takes 86 s; it may take 80"),
        ({0: ("150", "2", "99.0", "98.4", "40 %")}, (0.99, [0.98]), 0.55, None),
        ({0: ("70", "130", "99.0", "90.0", "0 %")}, (0.99, [0.98]), 0.55, "winners reach 96.72 %; they must reach 98.2"),
        ({}, (0.99, [0.995, 0.98]), 0.55, "seed 0: 1 trials that were pruned are better"),
        ({}, (0.99, [0.98]), 0.7, "two workers of Dask take 0.70 of the time of one; they may take 0.6"),
    ],
)
def test_what_a_search_may_take(imported, monkeypatch, searched, pruned, ratio, said):
    bench = imported("bench_search")
    monkeypatch.setattr(bench, "searched", lambda seed: {**SEARCHED, **searched}[seed])
    monkeypatch.setattr(bench, "pruned", lambda seed: pruned)
    monkeypatch.setattr(bench, "seconds_on", lambda cluster, n_workers: 10.0 if n_workers == 1 else 10.0 * ratio)
    monkeypatch.setattr(sys, "argv", ["bench_search.py"])
    if said is None:
        bench.main()
    else:
        with pytest.raises(SystemExit, match=said):
            bench.main()


@pytest.mark.parametrize(("seconds", "arguments", "fails"), [(7.0, [], False), (8.0, [], True), (8.0, ["--limit", "20"], False)])
def test_what_the_first_model_may_take(imported, monkeypatch, tmp_path, seconds, arguments, fails):
    bench = imported("bench_first_model")
    wheel = tmp_path / "own.whl"
    wheel.touch()
    steps = dict.fromkeys((bench.WITH_ALL, bench.ALONE, bench.NOTEBOOK_RUN), (seconds, seconds))
    monkeypatch.setattr(bench, "measured", lambda command: None)
    monkeypatch.setattr(bench, "trial", lambda wheel, packages: (steps, "test accuracy 98 %"))
    monkeypatch.setattr(sys, "argv", ["bench_first_model.py", *arguments, str(wheel)])
    if fails:
        with pytest.raises(SystemExit, match="from the wheel to the first trained model: 16.0 s, longer than 15 s"):
            bench.main()
    else:
        bench.main()
