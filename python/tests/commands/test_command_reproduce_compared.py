"""spinnprop reproduce, of settings that train several networks for comparison."""

import hashlib
import json
import os

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _commands
from spinnprop._commands.reproduce import (
    delgrad_yin_yang,
    eventprop_delays_yin_yang,
    fast_and_deep_yin_yang,
    trained,
)

SETTINGS = {"delgrad": delgrad_yin_yang, "eventprop-delays": eventprop_delays_yin_yang, "fast-and-deep": fast_and_deep_yin_yang}


SAMPLES = trained.SAMPLES


@pytest.fixture(autouse=True)
def few_samples(monkeypatch):
    few = {"train": [300, 42], "validation": [60, 41], "published test": [50, 40], "test": [80, 43]}
    monkeypatch.setattr(trained, "SAMPLES", few)


def command(setting, out, *more, seeds=2, epochs=2):
    return ["reproduce", f"{setting}-yin-yang", "--seeds", str(seeds), "--epochs", str(epochs), "--out", str(out), *more]


def cases_of(module, names=None):
    """All networks of a setting, on the engines of these names or on all."""
    engines = module.SETTING.engines()
    return [
        module.SETTING.case(engines[name], hidden, delays)
        for name in names or engines for hidden in module.SETTING.hidden for delays in module.SETTING.delays
    ]  # fmt: skip


SMALL = ["--hidden", "10", "5", "--delays", "none", "synaptic"]


@pytest.mark.parametrize("setting", ["delgrad", "eventprop-delays"])
def test_networks_side_by_side(setting, tmp_path, capsys, monkeypatch, request):
    own = command(setting, tmp_path, *SMALL)
    assert _commands.main(own) == 0
    first = capsys.readouterr().out
    files = sorted(os.listdir(tmp_path))
    runs = [
        f"{setting}-yin-yang-{engine}-4-{hidden}-3-{delays}-seed-{seed}-2-epochs.json"
        for engine in ("event", "first-spike") for hidden in (10, 5) for delays in ("none", "synaptic") for seed in (0, 1)
    ]  # fmt: skip
    pictures = ["error_by_hidden.png", "error_by_parameters.png", "validation_error.png"]
    assert files == sorted([*runs, "metrics.json", "report.html", *pictures])
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["options"] == {
        "engine": "both", "hidden": [10, 5], "delays": ["none", "synaptic"], "seeds": 2, "epochs": 2,
        **({"as_published": False} if setting == "delgrad" else {}),
    }  # fmt: skip
    rows = metrics["networks"]
    assert [row["parameters"] for row in rows] == 2 * [70, 140, 35, 70]
    for row in rows:
        found = [
            json.loads((tmp_path / f"{setting}-yin-yang-{row['engine']}-{row['network']}-{row['delays']}-seed-{seed}-2-epochs.json").read_text())
            for seed in (0, 1)
        ]
        accuracies = [run["test_accuracy"] for run in found]
        assert row["test_accuracies"] == accuracies and row["median"] == pytest.approx(np.median(accuracies))
        assert row["mean_on_published_test"] == pytest.approx(np.mean([run["published_test_accuracy"] for run in found]))
        assert all(len(run["validation_accuracy_by_epoch"]) == 2 for run in found)
        low, high = row["quartiles"]
        assert f"{row['median']:.1f}" in first and f"{low:.1f} .. {high:.1f}" in first
    # What is there is not run again, and the same is said.
    ran, run = [], trained._run

    def count(case, seed, *rest):
        ran.append((case.engine.name, case.shape, case.delays, seed))
        return run(case, seed, *rest)

    monkeypatch.setattr(trained, "_run", count)
    assert _commands.main(own) == 0 and ran == []
    again = capsys.readouterr().out
    assert again.count(" (from an earlier run)\n") == 16 and again.replace(" (from an earlier run)", "") == first
    request.getfixturevalue("unpainted")
    # A file that holds no result, or one of another setting, counts as none; what it was is found again.
    path = tmp_path / runs[0]
    whole = path.read_bytes()
    for spoil in ({"test_accuracy": 101.0}, {"published_test_accuracy": None}, {"setting": {}}, {"validation_accuracy_by_epoch": [1.0]}):
        path.write_text(json.dumps({**json.loads(whole), **spoil}))
        assert _commands.main(own) == 0 and ran == [("event", "4-10-3", "none", 0)] and path.read_bytes() == whole
        ran.clear()
    # Fewer networks, other pictures: those of the earlier run are gone, its results are not.
    assert _commands.main([*own, "--hidden", "5", "--engine", "event", "--pictures", "svg"]) == 0 and ran == []
    assert sorted(os.listdir(tmp_path)) == sorted([*runs, "metrics.json", "report.html", "validation_error.svg"])


def test_fast_and_deep(tmp_path, capsys):
    assert _commands.main(command("fast-and-deep", tmp_path, "--engine", "first-spike", epochs=1)) == 0
    shown = capsys.readouterr().out
    assert "5-120-3" in shown and "96.0" in shown
    # The bias goes into the outputs, too.
    assert json.loads((tmp_path / "metrics.json").read_text())["networks"][0]["parameters"] == 5 * 120 + 120 * 3 + 3
    assert not (tmp_path / "error_by_hidden.png").exists() and (tmp_path / "validation_error.png").exists()


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_is_known_is_of_the_published_networks(setting):
    module = SETTINGS[setting]
    cases = cases_of(module, ["first-spike"])
    known = {(case.shape, case.delays): (case.parameters, case.known) for case in cases if case.known is not None}
    assert known == {
        "delgrad": {
            ("4-30-3", "none"): (210, 96.7), ("4-30-3", "axonal"): (244, 97.5), ("4-30-3", "synaptic"): (420, 98.2),
            ("4-5-3", "synaptic"): (70, 95.4),
        },
        "eventprop-delays": {},
        "fast-and-deep": {("5-120-3", "none"): (963, 96.0)},
    }[setting]  # fmt: skip


@pytest.mark.parametrize(
    "setting, networks, digest",
    [
        ("delgrad", 48, "cbb14afed1ea89a1349736457392250301b0f610ec08406e470067a5d0563acd"),
        ("eventprop-delays", 72, "4de50d9fc1b87f42d578ced04a0d2271ca31257311e887253f8e036a8b783ed7"),
        ("fast-and-deep", 2, "14a42077c2eb4fb8828ccf733b792874b2d61bd64f4c001b5ca439af63e8b93b"),
    ],
)
def test_runs_are_described_as_in_files_of_earlier_runs(setting, networks, digest, monkeypatch):
    """An earlier run is found by its description: another digest means that its file is not found any more."""
    monkeypatch.setattr(trained, "SAMPLES", SAMPLES)
    described = [case.describe(3, 25) for case in cases_of(SETTINGS[setting])]
    assert {own.pop("spinnprop") for own in described} == {sp.__version__}
    assert len(described) == networks
    assert hashlib.sha256(json.dumps(described).encode()).hexdigest() == digest


def test_published_weights_and_delays_spike_as_published():
    """Spec values of an output at tau_mem = 2 tau_syn: its authors' weights, and their threshold times the leak."""
    case = delgrad_yin_yang.case(sp.EventEngine(), 5, "none")
    network = sp.Network([4, 3], **{name: value for name, value in case.network.items() if "weight" not in name})
    network.weights[0] = [[0.9, 0.8, 0.7, 0.5], [-0.4, 1.6, 1.1, 0.6], [0.3, 0.2, 0.4, -0.2]]
    spikes = sp.SpikeTrains([0.3, 0.7, 1.2, 0.15], [0, 1, 2, 3], [0, 4], 4)
    times = network.forward(spikes, engine="first-spike").first_spike_times[0]
    assert times == pytest.approx([1.255930746916, 1.434069072027, np.inf], abs=1e-12)


@pytest.mark.parametrize("limit, wakes", [(None, True), (0.3, False)])
def test_a_hidden_neuron_that_never_spikes_is_woken(limit, wakes):
    """One of five, which is less than the published limit to what may be silent, and more than this setting's."""
    case = delgrad_yin_yang.case(sp.FirstSpikeEngine(), 5, "synaptic")
    training = case.training if limit is None else {**case.training, "bump_hidden_limit": limit}
    X, y = sp.datasets.yin_yang(300, seed=42)
    spikes = sp.encoding.latency(X, **case.encoding)
    network = case.untrained(15)
    weights = np.array(network.weights[0])
    weights[0] = -1.0
    network.weights[0] = weights
    trainer = sp.Trainer(network, case.loss, engine=case.engine, **training, epochs=5)
    trainer.run(spikes, y)
    units = trainer.network.forward(spikes, engine=case.engine).spikes[0].units
    assert (units == 0).any() == wakes and (units == 1).any()


@pytest.mark.parametrize(
    "setting, network, more, rates",
    [
        ("delgrad", "4-5-3-synaptic", ["--hidden", "5", "--delays", "synaptic"], {"schedule_epochs", "schedule_gamma"}),
        ("delgrad", "4-5-3-none", ["--hidden", "5", "--delays", "none"], {"schedule_epochs", "schedule_gamma", "learning_rate"}),
        ("fast-and-deep", "5-120-3-none", [], set()),
    ],
)
def test_trained_as_published(setting, network, more, rates, tmp_path, capsys):
    own = command(setting, tmp_path, *more, "--engine", "first-spike", seeds=1)
    assert _commands.main(own) == 0 and _commands.main([*own, "--as-published"]) == 0
    files = [f"{setting}-yin-yang{way}-first-spike-{network}-seed-0-2-epochs.json" for way in ("", "-as-published")]
    project, published = (json.loads((tmp_path / file).read_text())["setting"] for file in files)
    differing = {name for name in project["training"] if project["training"][name] != published["training"][name]}
    assert differing == {"batch_size", "average_epochs", "bump_hidden_limit", *rates}
    assert "0.2" in published.pop("engine") and "0.2" not in project.pop("engine")
    assert {name for name in project if project[name] != published[name]} == {"training"}
    assert json.loads((tmp_path / "metrics.json").read_text())["options"]["as_published"] is True


@pytest.mark.usefixtures("unpainted")
def test_an_interrupted_run_goes_on_to_the_same_end(tmp_path, capsys, monkeypatch):
    own = command("delgrad", tmp_path, "--hidden", "5", "--delays", "none", "--engine", "event", seeds=1, epochs=25)
    assert _commands.main(own) == 0
    path = tmp_path / "delgrad-yin-yang-event-4-5-3-none-seed-0-25-epochs.json"
    whole = path.read_bytes()
    path.unlink()
    bar = trained.EpochBar.__call__

    def interrupt(self, progress):
        bar(self, progress)
        if progress["epoch_finished"] and progress["epoch"] == 12:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(trained.EpochBar, "__call__", interrupt)
        assert _commands.main(own) == 130
    said = capsys.readouterr().err
    checkpoint = path.with_suffix(".checkpoint")
    assert "the same command goes on" in said and checkpoint.exists() and not path.exists()
    # Not from one that is damaged.
    left = checkpoint.read_bytes()
    checkpoint.write_bytes(left[:-1] + bytes([left[-1] ^ 1]))
    assert _commands.main(own) == 1
    said = capsys.readouterr().err
    assert f"the checkpoint {checkpoint} cannot be resumed: it is damaged" in said and said.endswith("; remove the file to begin anew\n")
    checkpoint.write_bytes(left)
    assert _commands.main(own) == 0
    assert "epoch 14 of 25" in capsys.readouterr().err
    assert path.read_bytes() == whole and not checkpoint.exists()


def test_folders_of_settings_do_not_mix(tmp_path, capsys):
    assert _commands.main(command("fast-and-deep", tmp_path, "--engine", "first-spike", seeds=1, epochs=1)) == 0
    capsys.readouterr()
    for other in (command("delgrad", tmp_path), ["reproduce", "eventprop-yin-yang", "--out", str(tmp_path)], ["train", "yin-yang", "--out", str(tmp_path)]):
        assert _commands.main(other) == 1
        assert "of an earlier `spinnprop reproduce fast-and-deep-yin-yang`" in capsys.readouterr().err


@pytest.mark.parametrize(
    "more, said",
    [
        (["--hidden", "7"], "--hidden"),
        (["--delays", "dendrite"], "--delays"),
        (["--engine", "spinnaker2"], "--engine"),
    ],
)
def test_networks_that_are_not_published_are_refused(more, said, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        _commands.main(command("delgrad", tmp_path, *more))
    assert caught.value.code == 2 and said in capsys.readouterr().err


def test_a_run_whose_activity_runs_away_counts_with_what_it_had_learnt(tmp_path, capsys, monkeypatch):
    whole = sp.Trainer.run

    def run(self, *samples, **options):
        whole(self, *samples, **{**options, "progress": lambda state: state["epoch_finished"]})
        raise sp.SpinnpropError("runaway activity")

    monkeypatch.setattr(sp.Trainer, "run", run)
    own = command("eventprop-delays", tmp_path, "--hidden", "5", "--delays", "none", "--engine", "event", seeds=1, epochs=3)
    assert _commands.main(own) == 0
    said = "event, 4-5-3, delays none, seed 0 ended in epoch 2: runaway activity"
    assert said in capsys.readouterr().out
    assert json.loads((tmp_path / "metrics.json").read_text())["ended"] == [said]
    found = json.loads((tmp_path / "eventprop-delays-yin-yang-event-4-5-3-none-seed-0-3-epochs.json").read_text())
    first, *rest = found[trained.VALIDATION]
    assert rest == [first, first] and found[trained.TEST] >= 0
    assert _commands.main(own) == 0 and "from an earlier run" in capsys.readouterr().out
