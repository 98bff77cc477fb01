"""spinnprop reproduce, of networks for emulated analog chips."""

import json
import os

import numpy as np
import pytest

from spinnprop import _commands
from spinnprop._commands.reproduce import brainscales2
from spinnprop._commands.reproduce.brainscales2 import digits, robustness, runs, yin_yang


@pytest.fixture(autouse=True)
def few_samples(monkeypatch):
    monkeypatch.setattr(yin_yang, "SAMPLES", {"train": [300, 42], "test": [80, 43]})


def command(name, out, *more, seeds=2, epochs=2):
    return ["reproduce", name, "--seeds", str(seeds), "--epochs", str(epochs), "--out", str(out), *more]


def test_yin_yang(tmp_path, capsys, monkeypatch):
    own = command("brainscales2-yin-yang", tmp_path)
    assert _commands.main(own) == 0
    first = capsys.readouterr().out
    rows = json.loads((tmp_path / "metrics.json").read_text())["networks"]
    networks = [("4-30-3", "none", runs.METHODS), ("5-120-3", "none", ("ideal", "in-the-loop")), ("4-30-3", "axonal", runs.METHODS)]
    expected = {
        (shape, delays, method, tested)
        for shape, delays, methods in networks
        for method in methods
        for tested in ("training_substrate", "chip")
        if (method, tested) != ("in-the-loop", "training_substrate")
    }
    assert len(rows) == len(expected) == 17
    assert {(row["network"], row["delays"], row["trained"], row["tested"]) for row in rows} == expected
    files = [
        f"brainscales2-yin-yang-{shape}-{delays}-{method}-seed-{seed}-2-epochs.json"
        for shape, delays, methods in networks for method in methods for seed in (0, 1)
    ]  # fmt: skip
    assert sorted(os.listdir(tmp_path)) == sorted([*files, "metrics.json", "report.html", "yin-yang.png"])
    for row in rows:
        start = f"brainscales2-yin-yang-{row['network']}-{row['delays']}-{row['trained']}"
        found = [json.loads((tmp_path / f"{start}-seed-{seed}-2-epochs.json").read_text()) for seed in (0, 1)]
        assert row["test_accuracies"] == [each[row["tested"]] for each in found]
        assert row["median"] == pytest.approx(np.median(row["test_accuracies"])) and f"{row['median']:.1f}" in first
    assert "84.9 to 86.3" in first and "90.9 to 92.6" in first and "93.7" in first
    # What is there is not run again, and the same is said.
    ran, run = [], runs._run
    monkeypatch.setattr(runs, "_run", lambda case, seed, *rest: (ran.append((case.label, seed)), run(case, seed, *rest))[1])
    assert _commands.main(own) == 0 and ran == []
    again = capsys.readouterr().out
    assert again.count(" (from an earlier run)\n") == 20 and again.replace(" (from an earlier run)", "") == first
    # A file that holds no result, or one of other options, counts as none; what it was is found again.
    path = tmp_path / files[6]
    whole = path.read_bytes()
    for spoil in ({"chip": 101.0}, {"training_substrate": None}, {"setting": {}}, {"training_accuracy_by_epoch": [1.0]}):
        path.write_text(json.dumps({**json.loads(whole), **spoil}))
        assert _commands.main(own) == 0 and ran == [("4-30-3-none-in-the-loop", 0)] and path.read_bytes() == whole
        ran.clear()
    # Fewer networks: the others' results stay.
    assert _commands.main([*own, "--methods", "ideal", "--delays", "axonal", "--pictures", "svg"]) == 0 and ran == []
    assert sorted(os.listdir(tmp_path)) == sorted([*files, "metrics.json", "report.html", "yin-yang.svg"])


@pytest.mark.parametrize("experiment", brainscales2.NETWORKS, ids=lambda experiment: experiment.name)
def test_quick_runs_have_fewer_epochs_and_files_of_their_own(experiment, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(runs, "_run", lambda case, seed, epochs, *rest: {
        runs.COURSE: [50.0] * epochs, runs.TRAINED: 50.0, runs.CHIP: 50.0, runs.SILENT: 0.0,
    })  # fmt: skip
    own = ["reproduce", experiment.name, "--seeds", "1", "--methods", "ideal", "--delays", "none", "--out", str(tmp_path)]
    for options, epochs in (([], experiment.epochs), (["--quick"], experiment.quick), (["--quick", "--epochs", "3"], 3)):
        assert _commands.main([*own, *options]) == 0
        shown = capsys.readouterr().out
        assert f", {epochs} epochs, 1 seed" in shown and "as many" not in shown
        assert ("numbers are too few to show an effect" in shown) == (epochs <= experiment.quick)
        assert all(epochs == json.loads(path.read_text())["epochs"] for path in tmp_path.glob(f"*-{epochs}-epochs.json"))
        assert json.loads((tmp_path / "metrics.json").read_text())["options"]["epochs"] == epochs
    assert experiment.quick < experiment.epochs / 5 and len(list(tmp_path.glob("*-epochs.json"))) % 3 == 0


def test_weights_stay_within_what_synapses_can_be():
    """63 steps of 1/30, and five times that from an input."""
    network = yin_yang.cases("axonal", "in-the-loop")[0].untrained(0)
    assert [np.abs(bounds).tolist() for bounds in network.weight_bounds] == [[10.5, 10.5], [2.1, 2.1]]
    assert all(np.abs(weights).max() <= bounds[1] for weights, bounds in zip(network.weights, network.weight_bounds))


def test_networks_are_tested_on_a_chip_that_training_has_not_seen_unless_in_the_loop():
    for method in runs.METHODS:
        case = runs.Case(yin_yang.task(30, "none", yin_yang.SAMPLES), "none", method)
        assert (repr(case.substrate(1)) == repr(case.chip(1))) == (method == "in-the-loop")
        assert repr(case.chip(1)) != repr(case.chip(2)) and repr(case.chip(1)) == repr(case.chip(1))
        chips = getattr(case.substrate(1), "chip", None)
        assert case.chip(1).chip.seed == 1 and (method != "several-chips" or 1 not in {chip.seed for chip in chips})


@pytest.mark.parametrize("name", [experiment.name for experiment in brainscales2.NETWORKS])
def test_a_folder_of_another_command_is_refused(name, tmp_path, capsys):
    (tmp_path / "best.json").write_text("{}")
    assert _commands.main(command(name, tmp_path, epochs=1)) == 1
    assert "spinnprop search" in capsys.readouterr().err


def test_robustness(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(robustness, "SAMPLES", {"train": [300, 42], "test": [80, 43]})
    own = command("brainscales2-robustness", tmp_path, "--delays", "none", "--sweeps", "bits", "spread", seeds=1, epochs=1)
    trainings, train = [], runs._train
    monkeypatch.setattr(runs, "_train", lambda case, *rest: (trainings.append(case), train(case, *rest))[1])
    assert _commands.main(own) == 0
    shown = capsys.readouterr().out
    rows = json.loads((tmp_path / "metrics.json").read_text())["networks"]
    swept = {(tuple(row["chip"]), *set(row["chip"].values())) for row in rows}
    assert swept == {(names, value) for names, values in (robustness.SWEEPS["bits"], robustness.SWEEPS["spread"]) for value in values}
    assert len(rows) == 5 * len(swept) and (tmp_path / "robustness.png").exists()
    assert "weight_bits 2" in shown and "tau_mem_spread 0.3, tau_syn_spread 0.3, threshold_spread 0.3" in shown
    # One ideal network is tested on all chips, and has the numbers of one trained for its chip alone.
    assert [case.method for case in trainings].count("ideal") == 1 and len(trainings) == 1 + 2 * len(swept)
    last = robustness.cases("none", "ideal")[3]
    alone = runs._run(last, 0, 1, lambda: last.task.load(0), {})
    (path,) = tmp_path.glob("*threshold_spread-0.5-ideal-seed-0-1-epochs.json")
    assert alone.items() <= json.loads(path.read_text()).items()
    # Each chip has what it is said to have.
    case = robustness.cases("none", "in-the-loop")[3]
    assert case.statistics["threshold_spread"] == 0.5 and case.chip(2).chip.deviations("threshold").std() == pytest.approx(0.5, abs=0.1)
    assert _commands.main(own) == 0 and capsys.readouterr().out.count(" (from an earlier run)\n") == 3 * len(swept)


def test_digits(tmp_path, capsys, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.setattr(digits, "SAMPLES", {"train": 200, "test": 50})
    own = command("brainscales2-digits", tmp_path, seeds=1)
    assert _commands.main(own) == 0
    shown = capsys.readouterr().out
    rows = json.loads((tmp_path / "metrics.json").read_text())["networks"]
    assert len(rows) == 14 and {row["network"] for row in rows} == {"64-200-10"} and (tmp_path / "digits.png").exists()
    # Of the published network, which is another, no row but one is.
    assert shown.count("95.9 to 97.1") == 1 and "16 x 16" in shown
    assert _commands.main(own) == 0 and capsys.readouterr().out.count(" (from an earlier run)\n") == 8


def test_bright_pixels_spike_early_and_black_ones_do_not():
    spikes = digits.first_spikes(np.array([[0.0, 1.0, 0.25], [0.0, 0.0, 0.0], [0.5, 0.0, 0.0]]))
    assert [list(zip(*spikes[sample])) for sample in range(3)] == [[(0.0, 1), (1.5, 2)], [], [(1.0, 0)]]


def test_digits_are_learnt_in_the_loop_and_hardly_transfer():
    """The images of training and test do not overlap; a third of the epochs is enough to tell."""
    pytest.importorskip("sklearn")
    (case,) = digits.cases("none", "in-the-loop")
    sets = case.task.load(0)
    assert sum(len(spikes) for spikes, _ in sets.values()) == 1797
    looped = runs._run(case, 0, 12, lambda: sets, {})
    ideal = runs._run(case._replace(method="ideal"), 0, 12, lambda: sets, {})
    assert looped["chip"] > 90 and ideal["training_substrate"] > 90 and ideal["chip"] < looped["chip"] - 5
