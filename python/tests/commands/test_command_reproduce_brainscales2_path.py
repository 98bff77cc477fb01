"""spinnprop reproduce brainscales2-path-integration."""

import json

import numpy as np
import pytest

from spinnprop import _commands
from spinnprop._commands.reproduce.brainscales2 import path_integration as path

NAME = "brainscales2-path-integration"
COMMAND = ["reproduce", NAME, "--quick", "--seeds", "1", "--out"]
CASES = path.EXPERIMENT.cases


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A quick run's folder."""
    out = tmp_path_factory.mktemp("path")
    assert _commands.main([*COMMAND, str(out)]) == 0
    return out


def result(shown, name):
    return json.loads((shown / f"{NAME}-{name}-seed-0-quick.json").read_text())


def test_what_is_found(shown):
    for name in CASES:
        found = result(shown, name)
        steps = np.diff(np.reshape(found["paths"][0], (-1, 2)), axis=0)
        assert len(steps) == 749 and np.hypot(*steps.T) == pytest.approx(1, abs=0.02)
        assert all(nearest <= ended for nearest, ended in zip(found["nearest"], found["ended"]))
    assert len(json.loads((shown / "metrics.json").read_text())["table"]) == 15
    assert (shown / "path-integration.png").stat().st_size > 10_000


def test_what_is_done_is_not_run_again(shown, capsys, monkeypatch):
    monkeypatch.setattr(path, "Agent", lambda *case: pytest.fail("it runs again"))
    assert _commands.main([*COMMAND, str(shown)]) == 0
    assert capsys.readouterr().out.count("from an earlier run") == 5


def test_it_finds_home_by_its_memory(shown):
    home, lost = result(shown, "ideal"), result(shown, "no-memory")
    assert np.median(home["nearest"]) < 0.15 * np.median(home["turned"])
    assert np.median(home["ended"]) < 0.5 * np.median(lost["ended"]) and np.median(lost["nearest"]) > 3 * np.median(home["nearest"])


def test_memory_grows_away_from_where_it_flies():
    sizes = path.EXPERIMENT.sizes
    agent = path.Agent(CASES["ideal"], 0, sizes)
    for _ in range(100):
        agent._step(0.0, agent._remember, sizes["step"])
    grown = (agent._array.weights[agent._memory].astype(int) - agent._rested[agent._memory]).sum(axis=0)
    assert grown[12:21].min() > 0 > np.roll(grown, 4)[:9].max()
    assert ((agent._array.weights == 0) >= ~agent._array.mask).all()
