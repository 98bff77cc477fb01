"""spinnprop simulate."""

import json
import os

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _commands
from spinnprop._commands.simulate import _edges


def test_simulate_sparse(tmp_path, capsys):
    out = tmp_path / "run"
    command = ["simulate", "sparse", "--n", "500", "--k", "20", "--seconds", "0.5", "--out", str(out)]
    assert _commands.main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    metrics = json.loads((out / "metrics.json").read_text())
    assert lines[-1] == f"mean rate {metrics['rate_hz']:.2f} Hz" and metrics["model_seconds"] == 0.5
    assert metrics["spikes"] == len(sp.sparse.RecurrentNetwork(500, 20).run(t_end=0.5))
    assert np.load(out / "rates.npy").sum() * 0.5 == pytest.approx(metrics["spikes"])
    assert (out / "raster.png").read_bytes().startswith(b"\x89PNG") and len(os.listdir(out)) == 4
    assert _commands.main([*command, "--k", "500"]) == 2
    assert "k is 500" in capsys.readouterr().err
    assert _commands.main([*command, "--spikes", "7", "--redraw", "--model", "qif"]) == 0
    assert json.loads((out / "metrics.json").read_text())["spikes"] == 7


@pytest.mark.parametrize("largest", [0, 1, 20, 50, 51, 137, 10**5])
def test_bars_of_rates_hold_equally_many_numbers_of_spikes(largest):
    held, _ = np.histogram(np.arange(10 * largest + 1000), bins=_edges(largest))
    assert len(held) <= 51 and (held == held[0]).all() and held.sum() > largest
