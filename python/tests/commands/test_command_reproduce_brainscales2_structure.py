"""spinnprop reproduce brainscales2-structural-plasticity."""

import json

import pytest

from spinnprop import _commands
from spinnprop._commands.reproduce.brainscales2 import structural_plasticity as structural

pytest.importorskip("sklearn")
NAME = "brainscales2-structural-plasticity"
COMMAND = ["reproduce", NAME, "--quick", "--seeds", "1", "--out"]


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A quick run's folder."""
    out = tmp_path_factory.mktemp("structure")
    assert _commands.main([*COMMAND, str(out)]) == 0
    return out


def test_synapses_move_and_stay_as_many(shown):
    moving, fixed = (json.loads((shown / f"{NAME}-{name}-seed-0-quick.json").read_text()) for name in ("re-drawn", "fixed"))
    assert moving["moved"] > 0 and fixed["moved"] == 0
    for found in (moving, fixed):
        assert found["fan_in"] == [8] * 10 and sum(found["used"]) == 80 and len(found["accuracy"]) == 3
    # Both are the same until synapses are re-drawn.
    assert moving["accuracy"][:2] == fixed["accuracy"][:2] and moving["used"] != fixed["used"]
    assert len(json.loads((shown / "metrics.json").read_text())["table"]) == 12
    assert (shown / "structural-plasticity.png").stat().st_size > 10_000


def test_sensors_are_the_chips_own_unless_they_are_even(shown):
    own, even = (json.loads((shown / f"{NAME}-{name}-seed-0-quick.json").read_text()) for name in ("re-drawn", "even-sensors"))
    # The same synapses are drawn and hear the same; what is learnt from it differs.
    assert own["accuracy"][0] == even["accuracy"][0] and own["accuracy"][1:] != even["accuracy"][1:]
    assert own["moved"] > 0 and even["moved"] > 0


def test_what_is_done_is_not_run_again(shown, capsys, monkeypatch):
    monkeypatch.setattr(structural, "_Classifier", lambda *case: pytest.fail("it runs again"))
    assert _commands.main([*COMMAND, str(shown)]) == 0
    assert capsys.readouterr().out.count("from an earlier run") == 4


def test_it_learns_what_it_is_shown():
    sizes = {**structural.EXPERIMENT.sizes, "fan_in": 20}
    images, labels, _, _ = structural._data(sizes)
    classifier = structural._Classifier(0, sizes, {})
    first = classifier.accuracy(images[:100], labels[:100])
    for image, label in zip(images[:300], labels[:300]):
        classifier.learn(image, label)
    assert classifier.accuracy(images[:100], labels[:100]) > first + 15
