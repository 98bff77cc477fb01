"""spinnprop spinnaker2."""

import json
import shutil

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _commands


def test_a_network_that_does_not_fit_exits_with_1(capsys):
    assert _commands.main(["spinnaker2", "fit", "784-350-10"]) == 0
    assert _commands.main(["spinnaker2", "fit", "784-1000000-10"]) == 1
    assert _commands.main(["spinnaker2", "fit", "784-1000000-10", "--json"]) == 1


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    command = ["train", "yin-yang", "--engine", "clock", "--samples", "300", "--hidden", "12", "--epochs", "2", "--steps", "40"]
    assert _commands.main([*command, "--out", str(folder)]) == 0
    return folder


def test_a_trained_model_is_exported(trained, tmp_path, capsys):
    pytest.importorskip("nir", reason="pip install nir")
    assert _commands.main(["spinnaker2", "export", str(trained), "--bits", "3"]) == 0
    shown = capsys.readouterr().out
    assert "network.nir: <Network 5-12-3> with weights of 3 bits" in shown and "quantisation costs" in shown and "on 1000 test samples" in shown
    other = tmp_path / "other.nir"
    assert _commands.main(["spinnaker2", "export", str(trained), "--bits", "3", "--to", str(other), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert other.read_bytes() and found["weight_bits"] == 3 and found["test_samples"] == 1000
    # The test accuracy is the training's own.
    assert found["accuracy"] == json.loads((trained / "metrics.json").read_text())["accuracy"]["test"]
    engine = sp.ClockEngine(steps=40, weight_bits=3)
    X, y = sp.datasets.yin_yang(1000, seed=40)
    rec = sp.load(trained / "model.safetensors").forward(sp.encoding.latency_grid(X, steps=40), engine=engine)
    assert np.mean(rec.predict(sp.losses.StepTTFSCrossEntropy()) == y) == found["rounded_accuracy"]


def test_where_a_model_cannot_be_exported_to(trained, tmp_path, capsys):
    before = {own.name: own.read_bytes() for own in trained.iterdir()}
    (tmp_path / "link.nir").symlink_to(trained / "model.safetensors")
    for to, code, said in (
        (trained / "metrics.json", 2, "is a file of the training"),
        (trained / "model.safetensors", 2, "is a file of the training"),
        (tmp_path / "link.nir", 2, "is a file of the training"),
        (tmp_path, 1, "is a folder"),
        (tmp_path / "missing" / "net.nir", 1, "there is no folder"),
    ):
        assert _commands.main(["spinnaker2", "export", str(trained), "--to", str(to)]) == code
        shown = capsys.readouterr()
        assert said in shown.err and shown.err.count("\n") == 1 and not shown.out, shown
    assert {own.name: own.read_bytes() for own in trained.iterdir()} == before


@pytest.mark.usefixtures("unpainted")
@pytest.mark.parametrize(
    ("flags", "named"),
    [(["--delays", "axonal"], "--delays"), (["--readout", "leaky"], "--readout leaky")],
)
def test_flags_whose_models_cannot_be_exported(flags, named, tmp_path, capsys):
    command = ["train", "yin-yang", "--engine", "clock", "--samples", "20", "--hidden", "4", "--epochs", "1", "--steps", "40"]
    assert _commands.main([*command, *flags, "--out", str(tmp_path)]) == 0
    capsys.readouterr()
    assert _commands.main(["spinnaker2", "export", str(tmp_path)]) == 1
    shown = capsys.readouterr().err
    assert shown.endswith(f"; train without {named}\n") and shown.count("\n") == 1


def test_what_cannot_be_exported(trained, tmp_path, capsys):
    folder = tmp_path / "copy"
    shutil.copytree(trained, folder)
    metrics = json.loads((folder / "metrics.json").read_text())

    def refused(said, code=1, **changed):
        own = {**metrics, **changed}
        (folder / "metrics.json").write_text(json.dumps(own))
        assert _commands.main(["spinnaker2", "export", str(folder)]) == code
        shown = capsys.readouterr().err
        assert said in shown and shown.count("\n") == 1, shown

    settings = metrics["settings"]
    others = ({}, 3, {**settings, "steps": "many"}, {**settings, "loss": "system()"})
    for wrong in ({"data": "nothing"}, *({"settings": other} for other in others)):
        refused("is not of a training", **wrong)
    refused("not of the same run", model_sha256="0")
    refused("was trained by the engine event", settings={**settings, "engine": "event"})
    refused("say by --data", code=2, data="mnist")
    (folder / "metrics.json").write_text("no JSON")
    assert _commands.main(["spinnaker2", "export", str(folder)]) == 1
    assert _commands.main(["spinnaker2", "export", str(tmp_path / "nowhere")]) == 1
    assert "is not there" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        _commands.main(["spinnaker2", "export", str(folder), "--bits", "9"])
