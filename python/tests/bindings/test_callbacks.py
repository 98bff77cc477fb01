"""Trackers of trainings: what they wrote is what the history says; each test is left out where its package is missing."""

import os
import resource
import signal
import struct
import subprocess
import sys

import numpy as np
import pytest

import spinnprop as sp


def events(folder):
    """(epoch, tag, value) of all event files of a folder, by the format of records: length, its checksum, bytes, their checksum."""
    from tensorboardX.proto.event_pb2 import Event

    for path in sorted(folder.glob("events.*")):
        data = path.read_bytes()
        while data:
            (length,) = struct.unpack("<Q", data[:8])
            event = Event.FromString(data[12 : 12 + length])
            data = data[16 + length :]
            for value in event.summary.value:
                yield event.step, value.tag, value.simple_value


def trained(seen, epochs=3, **options):
    """A training that is watched, and its history."""
    X, y = sp.datasets.yin_yang(60)
    trainer = sp.Trainer(sp.Network([5, 10, 3]), epochs=epochs)
    spikes = sp.encoding.latency(X, bias=0.0)
    trainer.run(spikes, y, progress=seen, **{"validation": (spikes, y), **options})
    return trainer


def test_tensorboard_has_the_history(tmp_path):
    pytest.importorskip("tensorboardX")
    with sp.callbacks.TensorBoard(tmp_path / "a" / "b") as board:
        trainer = trained(board)
    found = {(epoch, tag): value for epoch, tag, value in events(tmp_path / "a" / "b")}
    history = trainer.history
    for field, tag in (
        ("loss", "loss/training"), ("accuracy", "accuracy/training"), ("validation_loss", "loss/validation"),
        ("validation_accuracy", "accuracy/validation"), ("hidden_spikes", "hidden_spikes"),
    ):  # fmt: skip
        assert [found[epoch, tag] for epoch in (1, 2, 3)] == pytest.approx(history[field], rel=1e-6)
    assert not [tag for _, tag in found if "epoch" in tag or "done" in tag]


def test_tensorboard_of_a_trainer_and_without_validation(tmp_path):
    pytest.importorskip("tensorboardX")
    board, other = sp.callbacks.TensorBoard(tmp_path), sp.callbacks.TensorBoard(str(tmp_path))
    trainer = trained(None, validation=None)
    board(trainer)
    # It is there though nothing has been closed.
    found = {tag: (epoch, value) for epoch, tag, value in events(tmp_path)}
    assert found["loss/training"] == (3, pytest.approx(trainer.history["loss"][-1], rel=1e-6)) and "loss/validation" not in found
    assert found["learning_rate"][1] == pytest.approx(trainer.history["learning_rate"][-1])
    assert len(os.listdir(tmp_path)) == 2
    other(sp.Trainer(sp.Network([2, 3])))
    board.close()
    board.close()
    with pytest.raises(ValueError, match="closed"):
        board(trainer)


def test_tensorboard_of_layers(tmp_path):
    pytest.importorskip("tensorboardX")
    X, y = sp.datasets.yin_yang(60)
    training = sp.BioGrad([4, 8, 6, 3], epochs=1)
    training.run(X, y)
    with sp.callbacks.TensorBoard(tmp_path) as board:
        board(training)
    found = {tag: value for _, tag, value in events(tmp_path)}
    angles = training.history["angle"][0]
    assert [found[f"angle/{layer}"] for layer in range(len(angles))] == pytest.approx(angles, rel=1e-6)


def test_folders_that_are_none(tmp_path):
    pytest.importorskip("tensorboardX")
    (tmp_path / "file").write_text("")
    for error, wrong in ((TypeError, 3), (ValueError, ""), (OSError, tmp_path / "file"), (OSError, "/proc/runs")):
        with pytest.raises(error):
            sp.callbacks.TensorBoard(wrong)


def test_a_full_disk_ends_the_training_with_an_error_and_keeps_what_was_learnt(tmp_path):
    pytest.importorskip("tensorboardX")
    code = """
import sys, spinnprop as sp
X, y = sp.datasets.yin_yang(60)
trainer = sp.Trainer(sp.Network([5, 10, 3]), epochs=100)
try:
    with sp.callbacks.TensorBoard(sys.argv[1]) as board:
        trainer.run(sp.encoding.latency(X, bias=0.0), y, progress=board)
except OSError as error:
    print(type(error).__name__, 0 < trainer.epochs_done < 100, error.filename == sys.argv[1] and sys.argv[1] in str(error))
"""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "runs")], stdout=subprocess.PIPE, preexec_fn=limit)
    assert done.stdout.split() == [b"OSError", b"True", b"True"]


def test_mlflow_has_the_history(tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow", reason="mlflow-skinny takes more than 100 MB with what it needs")
    monkeypatch.chdir(tmp_path)
    client = mlflow.MlflowClient(tracking_uri="sqlite:///runs.db")
    params = {"hidden": (10,), "loss": sp.losses.TTFSCrossEntropy(), "long": "x" * 10000}
    with sp.callbacks.MLflow("yin-yang", "first", params, "sqlite:///runs.db") as run:
        trainer = trained(run)
    for name in ("loss", "validation_accuracy", "hidden_spikes"):
        metrics = sorted(client.get_metric_history(run.run_id, name), key=lambda metric: metric.step)
        assert [metric.step for metric in metrics] == [1, 2, 3] and [metric.value for metric in metrics] == pytest.approx(trainer.history[name])
    found = client.get_run(run.run_id)
    assert found.info.status == "FINISHED" and found.info.run_name == "first" and found.data.params["hidden"] == "(10,)"
    for error, status in ((KeyboardInterrupt, "KILLED"), (ValueError, "FAILED")):
        with pytest.raises(error):
            with sp.callbacks.MLflow("yin-yang", tracking_uri="sqlite:///runs.db") as other:
                other(trained(None, validation=None))
                raise error
        assert client.get_run(other.run_id).info.status == status
        assert client.get_run(other.run_id).info.experiment_id == found.info.experiment_id
        assert "validation_loss" not in client.get_run(other.run_id).data.metrics
    with pytest.raises(ValueError, match="closed"):
        other(trainer)
    for wrong in ({"experiment": ""}, {"experiment": 3}, {"params": [1]}):
        with pytest.raises(TypeError):
            sp.callbacks.MLflow(**{"tracking_uri": "sqlite:///runs.db", **wrong})


def test_what_is_missing_is_named():
    code = """
import sys
sys.modules["tensorboardX"] = sys.modules["mlflow"] = None
import spinnprop as sp
for make in (lambda: sp.callbacks.TensorBoard("runs"), sp.callbacks.MLflow):
    try: make()
    except ImportError as error: print(error)
"""
    said = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE).stdout.decode()
    assert "pip install 'spinnprop[tensorboard]'" in said and "pip install 'spinnprop[mlflow]'" in said and not os.path.exists("runs")


def test_callbacks_of_a_trainer(tmp_path):
    pytest.importorskip("tensorboardX")
    with sp.callbacks.TensorBoard(tmp_path) as board:
        trainer = trained(None, callbacks=[board])
    found = {(epoch, tag): value for epoch, tag, value in events(tmp_path)}
    assert [found[epoch, "loss/training"] for epoch in (1, 2, 3)] == pytest.approx(trainer.history["loss"], rel=1e-6)
    assert np.all([found[epoch, "seconds"] > 0 for epoch in (1, 2, 3)])
    X, y = sp.datasets.yin_yang(60)
    with sp.callbacks.TensorBoard(tmp_path / "fitted") as board:
        fitted = sp.SpikingClassifier(hidden=(8,), epochs=2).fit(X, y, callbacks=[board])
    losses = [value for _, tag, value in events(tmp_path / "fitted") if tag == "loss/training"]
    assert losses == pytest.approx(fitted.history_["loss"], rel=1e-6)
