"""What is published of the chip beside what is emulated: the placement of the authors' figure, measured workloads."""

import json

import numpy as np
import pytest

import spinnprop as sp
from spinnprop._commands import main


def test_the_published_placement():
    """A copy in each quad row by row, the optimiser at (1, 6); any other placement's weights, its own hops."""
    X, y = sp.datasets.yin_yang(72, seed=7)
    outcomes = {}
    for placement in ("published", "compact"):
        engine = sp.spinnaker2.Engine(batch_size=36, placement=placement)
        trainer = sp.Trainer(sp.Network([5, 20, 3], seed=3), engine=engine, epochs=1, batch_size=36)
        trainer.run(sp.encoding.latency_grid(X), y)
        outcomes[placement] = trainer.network.weights[0].tobytes(), engine.account()
    (weights, account), (same, other) = outcomes["published"], outcomes["compact"]
    assert weights == same and account.copies == other.copies == 36
    assert account.phases["hops"].sum() != other.phases["hops"].sum()
    pes = account.pes
    where = [(int(pe["x"]), int(pe["y"])) for pe in pes[pes["program"] == "optimizer"]]
    assert where == [(1, 6)]
    for copy, quad in ((0, (1, 1)), (1, (2, 1)), (7, (1, 2)), (17, (5, 3)), (31, (2, 6))):
        assert {(int(pe["x"]), int(pe["y"])) for pe in pes[pes["copy"] == copy]} == {quad}, copy
    assert sp.spinnaker2.fit([5, 20, 3], 36, engine).used_pes == len(pes) == 4 * 36 + 1


def test_what_has_no_place_in_it():
    spikes = sp.encoding.latency_grid(sp.datasets.yin_yang(2, seed=7)[0])
    net = sp.Network([5, 10, 10, 3], seed=3)
    engine = sp.spinnaker2.Engine(placement="published")
    with pytest.raises(MemoryError, match=r"takes 5 PEs, a quad has 4; use placement \"compact\""):
        net.forward(spikes, engine=engine)
    net.forward(spikes, engine=sp.spinnaker2.Engine(placement="compact"))
    with pytest.raises(MemoryError, match="the board has 2 chips"):
        net.forward(spikes, engine=sp.spinnaker2.Engine(sp.spinnaker2.Board(2), placement="published"))
    assert "takes 5 PEs" in sp.spinnaker2.fit([5, 10, 10, 3], 22, engine).reason


def test_only_predictions_carry_a_factor(capsys):
    rows = sp.spinnaker2.Chip().published
    assert {row["basis"] for row in rows} == {"prediction", "derived", "bound"}
    for row in rows:
        ends = row["predicted_high"] / row["published"], row["published"] / max(row["predicted_low"], 1e-300)
        assert row["factor"] == (max(ends) if row["basis"] == "prediction" else None), row
    assert main(["spinnaker2", "published"]) == 0
    lines = capsys.readouterr().out.splitlines()[1::3]
    assert [line.endswith("factor -") for line in lines] == [row["basis"] != "prediction" for row in rows]
    assert main(["spinnaker2", "published", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == rows
    by_name = {(row["workload"].split(",")[0], row["quantity"]): row for row in rows}
    assert np.isclose(by_name["e-prop on 12 PEs", "power of the PEs"]["published"], 25.9e-3, rtol=2e-3)
    assert by_name["a synaptic operation", "energy"]["published"] == 10e-12
