"""spinnprop reproduce, of local learning beside its twin."""

import json
import os
import struct

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _commands
from spinnprop._commands import folder
from spinnprop._commands.reproduce.biograd import choices, runs, settings

SPLIT = settings._split


@pytest.fixture
def few_samples(monkeypatch):
    monkeypatch.setattr(settings, "_split", lambda X, y, seed, n_test: SPLIT(X[::8], y[::8], seed, len(y[::8]) // 4))


def command(name, out, *more, seeds=2, epochs=2):
    return ["reproduce", name, "--seeds", str(seeds), "--epochs", str(epochs), "--out", str(out), *more]


def test_networks_side_by_side(few_samples, tmp_path, capsys, monkeypatch, request):
    own = command("biograd-digits", tmp_path)
    assert _commands.main(own) == 0
    first = capsys.readouterr().out
    results = [f"biograd-digits-{name}-seed-{seed}-2-epochs.json" for name in settings.LEARNERS for seed in (0, 1)]
    assert sorted(os.listdir(tmp_path)) == sorted([*results, "metrics.json", "report.html", "accuracy.png", "angle.png", "cosine.png"])
    rows = json.loads((tmp_path / "metrics.json").read_text())["networks"]
    assert [row["learner"] for row in rows] == list(settings.LEARNERS)
    for row in rows:
        found = [json.loads((tmp_path / f"biograd-digits-{row['learner']}-seed-{seed}-2-epochs.json").read_text()) for seed in (0, 1)]
        assert row["test_accuracies"] == [each["test_accuracy_by_epoch"][-1] for each in found]
        assert f"{np.mean(row['test_accuracies']):.1f} +- {np.std(row['test_accuracies'], ddof=1):.1f}" in first
        if row["learner"] == "twin":
            assert row["mean_angles"] is row["mean_cosines"] is None and found[0]["cosine_by_epoch"] == []
            continue
        assert row["mean_angles"] == pytest.approx(np.mean([each["angle_by_epoch"][-1] for each in found], axis=0))
        assert np.shape(found[0]["cosine_by_epoch"]) == (2, 2) and np.abs(found[0]["cosine_by_epoch"]).max() <= 1
    means = {row["learner"]: row["mean"] for row in rows}
    below = means["twin"] - means["sleep"]
    assert f"random feedback, sleep: {abs(below):.1f} points {'below' if below >= 0 else 'above'} the twin" in first
    # What is there is not run again, and the same is said.
    ran, run = [], runs._run
    monkeypatch.setattr(runs, "_run", lambda case, own, *rest: (ran.append((case.name, own["seed"])), run(case, own, *rest))[1])
    assert _commands.main(own) == 0 and ran == []
    again = capsys.readouterr().out
    assert again.count(" (from an earlier run)\n") == 10 and again.replace(" (from an earlier run)", "") == first
    request.getfixturevalue("unpainted")
    # A file that holds no result, or one of other options, counts as none; what it was is found again.
    path = tmp_path / results[0]
    whole = path.read_bytes()
    content = json.loads(whole)
    for spoil in (
        {"angle_by_epoch": [[10.0]]},
        {"angle_by_epoch": [[10.0], [float("nan")]]},
        {"cosine_by_epoch": [[0.5, 0.5], [0.5, 1.5]]},
        {"cosine_by_epoch": None},
        {"options": {**content["options"], "decay": 0.1}},
        {"test_accuracy_by_epoch": [50.0]},
    ):
        path.write_text(json.dumps({**content, **spoil}))
        assert _commands.main(own) == 0 and ran == [("sleep", 0)] and path.read_bytes() == whole
        ran.clear()
    # Fewer networks: results stay, pictures of what is not shown go.
    assert _commands.main([*own, "--learners", "twin", "--pictures", "svg"]) == 0 and ran == []
    assert sorted(os.listdir(tmp_path)) == sorted([*results, "metrics.json", "report.html", "accuracy.svg"])


@pytest.mark.usefixtures("unpainted")
def test_an_interrupted_run_goes_on_to_the_same_end(few_samples, tmp_path, capsys, monkeypatch):
    own = command("biograd-digits", tmp_path, "--learners", "sleep", seeds=1, epochs=4)
    assert _commands.main(own) == 0
    path = tmp_path / "biograd-digits-sleep-seed-0-4-epochs.json"
    checkpoint = path.with_suffix(".checkpoint")
    whole = path.read_bytes()
    bar = runs.EpochBar.__call__

    def interrupted(epoch):
        path.unlink()

        def interrupt(self, progress):
            bar(self, progress)
            if progress["epoch_finished"] and progress["epoch"] == epoch:
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(runs.EpochBar, "__call__", interrupt)
            assert _commands.main(own) == 130
        assert "the same command goes on" in capsys.readouterr().err and checkpoint.exists()

    def goes_on_at(epoch):
        assert _commands.main(own) == 0
        assert f"epoch {epoch} of 4" in capsys.readouterr().err.splitlines()[0]
        assert path.read_bytes() == whole and not checkpoint.exists()

    assert not checkpoint.exists()
    interrupted(2)
    # The test set had been asked twice when the third epoch was interrupted.
    assert len(json.loads(path.read_text())["test_accuracy_by_epoch"]) == 2
    goes_on_at(3)
    # What was kept after the checkpoint counts for nothing; with less, or another training, all begins anew.
    interrupted(2)
    kept = json.loads(path.read_text())
    kept["test_accuracy_by_epoch"].append(1.0)
    path.write_text(json.dumps(kept))
    goes_on_at(3)
    for spoil in (
        lambda: path.write_text(json.dumps({**kept, "test_accuracy_by_epoch": [50.0]})),
        lambda: path.write_text(json.dumps({**kept, "cosine_by_epoch": [[0.5, 2.0]] * 2})),
        lambda: checkpoint.write_bytes(checkpoint.read_bytes()[:-1]),
        lambda: sp.BioGrad([64, 100, 10], seed=0, epochs=4).save(checkpoint),
    ):
        interrupted(2)
        spoil()
        goes_on_at(1)


def test_a_run_by_hand(few_samples, tmp_path):
    """What a file says is what the same calls give."""
    assert _commands.main(command("biograd-digits", tmp_path, "--learners", "sleep", seeds=1)) == 0
    found = json.loads((tmp_path / "biograd-digits-sleep-seed-0-2-epochs.json").read_text())
    X, y = (each[::8] for each in sp.datasets.digits())
    order = np.random.RandomState(0).permutation(len(y))
    n = len(y) // 4
    training, twin = (sp.BioGrad([64, 100, 10], epochs=2, seed=0, rule=rule, **settings.SETTINGS[0].training) for rule in ("biograd", "bptt"))
    test, train = order[:n], order[n:]
    training.wake(X[train])
    training.run(X[train], y[train])
    assert found["test_accuracy_by_epoch"][1] == 100 * (training.predict(X[test]) == y[test]).mean()
    np.testing.assert_array_equal(np.array(found["angle_by_epoch"]), training.history["angle"])
    for layer in range(2):
        twin.set("weights", layer, training.weights[layer])
        twin.set("biases", layer, training.biases[layer])
    probed = train[np.linspace(0, len(train) - 1, 128).astype(int)]
    pairs = zip(*(each.gradient(X[probed], y[probed])[0] for each in (training, twin)))
    cosines = [(a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b) for a, b in pairs]
    assert found["cosine_by_epoch"][1] == pytest.approx(cosines)


def test_settings_are_the_folders():
    assert tuple(setting.name for setting in settings.SETTINGS) == folder.LOCAL
    for setting in settings.SETTINGS:
        for options in settings.LEARNERS.values():
            sp.BioGrad(setting.sizes, **{**setting.training, **options})
    assert {setting.name: setting.known for setting in settings.SETTINGS if setting.known} == {
        "biograd-mnist": 98.13,
        "biograd-nmnist": 97.59,
    }


@pytest.fixture
def small_networks(monkeypatch):
    """The networks on files with few neurons, for time."""
    monkeypatch.setattr(settings.Setting, "__getattribute__", lambda self, name: _few_neurons(self, name))


def _few_neurons(setting, name):
    value = tuple.__getattribute__(setting, name)
    return [value[0], 20, 15, 10] if name == "sizes" and value[0] > 64 else value


def write_mnist(where):
    random = np.random.default_rng(0)
    for part in ("train", "t10k"):
        images = struct.pack(">4I", 2051, 40, 28, 28) + random.integers(0, 256, 40 * 784).astype(np.uint8).tobytes()
        (where / f"{part}-images-idx3-ubyte").write_bytes(images)
        (where / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 2049, 40) + bytes(n % 10 for n in range(40)))


def write_nmnist(where):
    random = np.random.default_rng(0)
    for part in ("Train", "Test"):
        for digit in range(10):
            (where / part / str(digit)).mkdir(parents=True)
            events = random.integers(0, 34, (400, 5)).astype(np.uint8)
            events[:, 2] = random.integers(0, 4, 400) + 128 * random.integers(0, 2, 400)
            (where / part / str(digit) / "00001.bin").write_bytes(events.tobytes())


@pytest.mark.parametrize("name, write, known", [("biograd-mnist", write_mnist, "98.13"), ("biograd-nmnist", write_nmnist, "97.59")])
def test_data_from_files(small_networks, tmp_path, capsys, name, write, known):
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    own = command(name, out, "--data", str(data), "--learners", "sleep", "twin", seeds=1, epochs=1)
    assert _commands.main(own) == 1
    said = capsys.readouterr().err
    assert "https://" in said and "into one folder" in said and str(data) in said
    write(data)
    assert _commands.main(own) == 0
    shown = capsys.readouterr().out
    assert f"published: random feedback, sleep   {known:>12}" in shown and (out / "cosine.png").exists()
    for path in data.rglob("*[0-9ne]*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-1])
    os.remove(out / f"{name}-sleep-seed-0-1-epochs.json")
    assert _commands.main(own) == 1 and "get the file again" in capsys.readouterr().err


def test_files_must_be_named(tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        _commands.main(command("biograd-mnist", tmp_path))
    assert caught.value.code == 2 and "--data" in capsys.readouterr().err


def test_choices(few_samples, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(choices, "CHANGES", ({}, {"counts": "final"}, {"decay": 0.3, "threshold": 0.3, "window": 0.3}))
    own = command("biograd-choices", tmp_path, epochs=1)
    assert _commands.main(own) == 0
    first = capsys.readouterr().out
    table = (tmp_path / "choices.md").read_text()
    assert table in first and "| nothing |" in table and "| complement True |" in table
    rows = json.loads((tmp_path / "metrics.json").read_text())["networks"]
    assert [row["changed"] for row in rows] == [
        "nothing", "counts final", "decay 0.3, threshold 0.3, window 0.3", "complement True"
    ]  # fmt: skip
    for row in rows:
        differences = np.subtract(row["test_accuracies"], rows[0]["test_accuracies"])
        assert row["mean_difference"] == pytest.approx(differences.mean())
        assert f"{row['mean_angle']:.1f} ± {row['deviation_of_angle']:.1f}" in table
    assert _commands.main(own) == 0
    again = capsys.readouterr().out
    assert again.replace(" (from an earlier run)", "") == first


def test_choices_are_no_defaults():
    """But for the first; and each default that is a choice has another in the table."""
    cases = choices.cases()
    names = [case.name for case in cases]
    assert len(set(names)) == len(names) and cases[0].options == {}
    changed = {name for case in cases for name in case.options}
    assert changed >= {
        "counts", "counts_from", "traces_from", "includes_threshold", "sleep_draw", "averages_sleep", "window", "soft_start"
    }  # fmt: skip
    described = [json.dumps(case.describe(0, 1)) for case in cases]
    assert len(set(described)) == len(described)
