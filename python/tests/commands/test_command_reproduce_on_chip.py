"""spinnprop reproduce learning-rules-on-chip."""

import json
import os

import pytest

from spinnprop import _commands
from spinnprop._commands.reproduce import learning_rules_on_chip as on_chip

COMMAND = ["reproduce", "learning-rules-on-chip", "--seeds", "1", "--epochs", "1", "--out"]


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A small run's folder."""
    out = tmp_path_factory.mktemp("reproduce")
    assert _commands.main([*COMMAND, str(out)]) == 0
    return out


def test_rules_side_by_side(shown):
    metrics = json.loads((shown / "metrics.json").read_text())
    rows = {row["rule"]: row for row in metrics["rules"]}
    assert set(rows) == {"eventprop", "biograd", "short-sleep", "traces"} and "estimated" in metrics["estimated"]
    assert all(row["seconds"] > 0 and row["energy"] > 0 and row["packets_sent"] > 0 for row in rows.values())
    # The bits are the same, the account is not.
    assert rows["biograd"]["test_accuracies"] == rows["traces"]["test_accuracies"]
    assert rows["biograd"]["packets_sent"] == rows["traces"]["packets_sent"]
    assert rows["traces"]["cycles"] > rows["biograd"]["cycles"]
    assert rows["short-sleep"]["energy"] < rows["biograd"]["energy"]
    assert rows["traces"]["memory"]["traces"] == rows["traces"]["memory"]["weights"] and "traces" not in rows["biograd"]["memory"]
    assert list(rows["eventprop"]["phases"]) == ["forward", "loss", "backward", "gather", "update"]
    assert list(rows["biograd"]["phases"]) == ["forward", "error", "credit", "gather", "update", "sleep", "align"]
    for row in rows.values():
        for name in ("seconds", "energy", "packets_sent"):
            assert sum(phase[name] for phase in row["phases"].values()) == pytest.approx(row[name])
    assert any(own["name"] == "cost_trace_synapse" and own["mark"] == "assumed" for own in metrics["constants"])
    assert (shown / "accuracy_over_energy.png").stat().st_size > 10_000


def test_what_is_done_is_not_run_again(shown, capsys, monkeypatch):
    monkeypatch.setattr(on_chip, "_run", lambda *case: pytest.fail("it runs again"))
    assert _commands.main([*COMMAND, str(shown)]) == 0
    said = capsys.readouterr().out
    assert said.count("from an earlier run") == 4 and "hop_energy" in said and "estimated" in said


@pytest.mark.parametrize("damage", [
    {"weights_sha256": 3}, {"on_chip": None}, {"on_chip": {}}, {"on_chip": {"phases": {"forward": 3}}}, {"test_accuracy_by_epoch": []},
])  # fmt: skip
def test_a_file_that_is_no_result_counts_as_none(shown, tmp_path, monkeypatch, damage):
    results = {}
    for rule in on_chip.RULES:
        name = f"{rule}-seed-0-1-epochs.json"
        results[rule] = json.loads((shown / name).read_text())
        (tmp_path / name).write_text(json.dumps({**results[rule], **(damage if rule == "biograd" else {})}))
    ran = []

    def answer(case, train, test):
        ran.append(case.rule)
        return {name: results[case.rule][name] for name in (on_chip._CURVE, on_chip._SILENT, on_chip._WEIGHTS, on_chip._ON_CHIP)}

    monkeypatch.setattr(on_chip, "_run", answer)
    assert _commands.main([*COMMAND, str(tmp_path)]) == 0
    assert ran == ["biograd"] and len(os.listdir(tmp_path)) == 7
