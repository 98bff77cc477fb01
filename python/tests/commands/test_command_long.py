"""Long commands: lines of progress where there is no terminal, and what Ctrl-C leaves."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

LONG = {
    "train": (["train", "yin-yang", "--epochs", "1000000"], b"epoch 1 of 1000000: loss "),
    "search": (["search", "yin-yang", "--samples", "60", "--epochs", "1", "--trials", "1000000"], b"trial 1 of 1000000: best "),
    "simulate": (["simulate", "sparse", "--n", "1000", "--seconds", "1e6"], b" of 1000000.0 s of model time"),
    "eventprop": (["reproduce", "eventprop-yin-yang", "--epochs", "1000000"], b"seed 0, epoch 1 of 1000000: loss "),
    "spinnaker2": (
        ["reproduce", "spinnaker2-yin-yang", "--epochs", "1000000", "--engine", "clock"],
        b"seed 0, epoch 1 of 1000000: loss ",
    ),
    "delgrad": (["reproduce", "delgrad-yin-yang", "--epochs", "1000000"], b"seed 0, epoch 1 of 1000000: loss "),
}
#: What Ctrl-C leaves in the folder, and says.
LEFT = {
    "train": (["checkpoint", "model.safetensors"], b"--resume goes on"),
    "search": (["trials.csv", "trials.db"], b"--resume goes on"),
    "simulate": (["metrics.json", "raster.png", "rates.npy", "report.html"], b"what was simulated is in run"),
    "eventprop": ([], b"the same command goes on"),
    "spinnaker2": ([], b"the same command goes on"),
    "delgrad": (
        ["delgrad-yin-yang-first-spike-4-30-3-none-seed-0-1000000-epochs.checkpoint"], b"the same command goes on"
    ),
}


@pytest.mark.parametrize("name", LONG)
def test_progress_and_ctrl_c(name, tmp_path):
    command, line = LONG[name]
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "spinnprop", *command, "--out", "run"],
        cwd=str(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert line in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    finally:
        process.kill()
    files, said = LEFT[name]
    assert process.returncode == 130 and said in errors and b"Traceback" not in errors
    found = sorted(os.listdir(tmp_path / "run"))
    assert [each for each in found if not each.endswith("-journal")] == files
    if name == "simulate":
        metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
        assert metrics["is_interrupted"] and 0 < metrics["model_seconds"] < 1e6
        spikes = np.load(tmp_path / "run" / "rates.npy").sum() * metrics["model_seconds"]
        assert round(spikes) == metrics["spikes"] > 0
