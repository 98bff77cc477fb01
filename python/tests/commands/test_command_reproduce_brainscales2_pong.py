"""spinnprop reproduce brainscales2-pong."""

import json

import numpy as np
import pytest

from spinnprop import _commands
from spinnprop._commands.reproduce.brainscales2 import pong

COMMAND = ["reproduce", "brainscales2-pong", "--quick", "--seeds", "1", "--out"]


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A quick run's folder."""
    out = tmp_path_factory.mktemp("pong")
    assert _commands.main([*COMMAND, str(out)]) == 0
    return out


def test_what_is_found(shown):
    for chip in ("ideal", "calibrated", "uncalibrated"):
        found = json.loads((shown / f"brainscales2-pong-{chip}-seed-0-quick.json").read_text())
        assert len(found["hits"]) == len(found["reward"]) == 2
        # Where nothing is learnt yet, there is some reward already, and nothing is perfect.
        assert 0 < found["reward"][0] < 0.9 and all(0 <= hits <= 100 for hits in found["hits"])
    metrics = json.loads((shown / "metrics.json").read_text())
    assert metrics["sizes"]["epochs"] == 2 and len(metrics["table"]) == 9
    assert (shown / "pong.png").stat().st_size > 10_000


def test_what_is_done_is_not_run_again(shown, capsys, monkeypatch):
    monkeypatch.setattr(pong, "_array", lambda *case: pytest.fail("it runs again"))
    assert _commands.main([*COMMAND, str(shown)]) == 0
    assert capsys.readouterr().out.count("from an earlier run") == 3


@pytest.mark.parametrize("target, hit", [(16, True), (0, False)])
def test_a_paddle_hits_where_it_is(target, hit):
    """A ball straight down comes to the middle, where the paddle starts."""
    sizes = {**pong.EXPERIMENT.sizes, "steepest": np.pi / 2}
    game, came, steps = pong._Game(sizes, np.random.default_rng(0)), [], 0
    while not came:
        came, steps = game.step(target), steps + 1
    assert came == [hit] and game.column == 16 and steps == 21


def test_a_perfect_player_never_misses():
    game, came = pong._Game(pong.EXPERIMENT.sizes, np.random.default_rng(1)), []
    columns = set()
    for _ in range(4000):
        columns.add(game.column)
        came += game.step(game.column)
    assert len(came) > 30 and all(came) and columns == set(range(32))
