"""spinnprop reproduce brainscales2-pong."""

import json

import numpy as np
import pytest

import spinnprop as sp
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
    for case in ("ideal", "calibrated", "uncalibrated", "even-sensors"):
        found = json.loads((shown / f"brainscales2-pong-{case}-seed-0-quick.json").read_text())
        assert len(found["hits"]) == len(found["reward"]) == 2
        # Where nothing is learnt yet, there is some reward already, and nothing is perfect.
        assert 0 < found["reward"][0] < 0.9 and all(0 <= hits <= 100 for hits in found["hits"])
    metrics = json.loads((shown / "metrics.json").read_text())
    assert metrics["sizes"]["epochs"] == 2 and len(metrics["table"]) == 12
    assert (shown / "pong.png").stat().st_size > 10_000


def test_what_is_done_is_not_run_again(shown, capsys, monkeypatch):
    monkeypatch.setattr(pong, "_array", lambda *case: pytest.fail("it runs again"))
    assert _commands.main([*COMMAND, str(shown)]) == 0
    assert capsys.readouterr().out.count("from an earlier run") == 4


def test_sensors_are_the_chips_own_unless_they_are_even():
    """Read-outs of the same spikes differ between the cases of a calibrated chip, and not for one whose neurons do not differ."""
    sizes, cases = pong.EXPERIMENT.sizes, pong.EXPERIMENT.cases

    def read(case):
        array = pong._array(case, 0, sizes, np.random.default_rng(0))
        inputs = sp.SpikeTrains(np.arange(20) * sizes["interval"], np.zeros(20, int), [0, 20], n_units=32)
        return array.run(inputs, sizes["duration"]).times, array.correlations()[0]

    (own_times, own), (even_times, even) = read(cases["calibrated"]), read(cases["even-sensors"])
    np.testing.assert_array_equal(own_times, even_times)
    assert len(own_times) > 32 and np.mean(own[0] != even[0]) > 0.5
    np.testing.assert_array_equal(read(cases["ideal"])[1], read({**cases["ideal"], "sensors": cases["even-sensors"]["sensors"]})[1])


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
