"""spinnprop reproduce brainscales2-homeostasis and brainscales2-sampling."""

import json
import os

import numpy as np
import pytest

import spinnprop as sp
from spinnprop import _commands
from spinnprop._commands.reproduce import brainscales2
from spinnprop._commands.reproduce.brainscales2 import homeostasis, sampling

#: Sizes that take a moment.
SMALL = {
    "brainscales2-homeostasis": {
        "neurons": 40, "inhibitory": 8, "fan_in": 10, "regulation": [[20, 0.4], [10, 0.08]], "held_at": [20, 30], "measured_seconds": 5,
    },
    "brainscales2-sampling": {"seconds": 3.0, "calibration_seconds": 1.0},
}  # fmt: skip


EXPERIMENTS = (homeostasis.EXPERIMENT, sampling.EXPERIMENT)


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.name)
def test_published_beside_measured(experiment, tmp_path, capsys, monkeypatch, request):
    small = experiment._replace(quick=SMALL[experiment.name])
    monkeypatch.setattr(brainscales2, "EXPERIMENTS", (small,))
    command = ["reproduce", experiment.name, "--quick", "--seeds", "2", "--out", str(tmp_path)]
    assert _commands.main(command) == 0
    first = capsys.readouterr().out
    results = [f"{experiment.name}-{case}-seed-{seed}-quick.json" for case in experiment.cases for seed in (0, 1)]
    picture = f"{experiment.name[13:]}.png"
    assert sorted(os.listdir(tmp_path)) == sorted([*results, "metrics.json", "report.html", picture])
    assert (tmp_path / picture).stat().st_size > 10_000
    for row in json.loads((tmp_path / "metrics.json").read_text())["table"]:
        assert len(row["values"]) == 2 and row["what"] in first
        assert f"{np.median(row['values']):.{row['digits']}f}" in first
    # What is there is not run again; what holds no result, or one of other sizes, is.
    ran, found = [], {}

    def run(case, seed, sizes):
        """The first time in full; what it gives, it would give again."""
        ran.append(seed)
        key = json.dumps([case, seed, sizes])
        if key not in found:
            found[key] = json.dumps(small.run(case, seed, sizes))
        return json.loads(found[key])

    monkeypatch.setattr(brainscales2, "EXPERIMENTS", (small._replace(run=run),))
    assert _commands.main(command) == 0 and ran == []
    assert capsys.readouterr().out.replace(" (from an earlier run)", "") == first
    request.getfixturevalue("unpainted")
    path = tmp_path / results[1]
    whole = path.read_bytes()
    content = json.loads(whole)
    name = experiment.finds[0]
    for spoil in ({name: None}, {name: [float("nan")]}, {name: "many"}, {"sizes": {}}, {"more": 1}):
        path.write_text(json.dumps({**content, **spoil}))
        assert _commands.main(command) == 0 and ran == [1] and path.read_bytes() == whole
        ran.clear()


def test_weights_of_both_signs_grow_in_amount():
    sizes = {"neurons": 3, "inhibitory": 1, "sources": 2, "inhibitory_sources": 1, "target": 10.0, "period": 1.0}
    array = sp.brainscales2.Array(3, 2, True, signs=[-1, 1, 1, 1, -1], weights=[[-7] * 3, [7] * 3, [1] * 3, [62] * 3, [-5] * 3])
    array.apply(homeostasis.regulation(sizes, 0.5))
    assert array.weights.tolist() == [[-7] * 3, [7] * 3, [6] * 3, [63] * 3, [-10] * 3]
    array.apply(homeostasis.regulation({**sizes, "target": 0.0}, -1.0))
    assert array.weights.tolist() == [[-7] * 3, [7] * 3, [6] * 3, [63] * 3, [-10] * 3]


def test_small_changes_are_rounded_without_a_bias():
    n = 200
    sizes = {"neurons": n, "inhibitory": 40, "sources": 1, "inhibitory_sources": 0, "target": 10.0, "period": 2.0}
    array = sp.brainscales2.Array(n, 1, True, signs=[1] * (n - 39) + [-1] * 40, weights=np.vstack([np.full((n - 39, n), 5), np.full((40, n), -5)]))
    # 20 spikes too few, a hundredth of a step for each: a fifth of all weights grow.
    array.apply(homeostasis.regulation(sizes, 0.01))
    grown = np.abs(array.weights[1:]) - 5
    assert set(np.unique(grown)) == {0, 1} and abs(grown.mean() - 0.2) < 4 * np.sqrt(0.16 / n**2)
    array.apply(homeostasis.regulation(sizes, -0.01))
    assert abs((np.abs(array.weights[1:]) - 5).mean()) < 4 * np.sqrt(0.32 / n**2)


def test_decay_times_of_known_processes():
    rng = np.random.default_rng(0)
    for tau in (0.02, 0.2):
        keep = np.exp(-5e-3 / tau)
        signal = np.zeros(100_000)
        for k, kick in enumerate(rng.standard_normal(len(signal) - 1)):
            signal[k + 1] = keep * signal[k] + kick
        found = homeostasis.autocorrelation(signal, 500)
        assert found[0] == 1 and homeostasis.decay_time(found, 5e-3) == pytest.approx(tau, rel=0.15)
    assert not homeostasis.autocorrelation(np.ones(100), 10).any()


def test_states_by_hand():
    spikes = sp.SpikeTrains([0.25, 0.5, 1.25], [0, 1, 0], [0, 3], n_units=2)
    found = sampling.occupancy(spikes, 0.5, np.array([1.0, 2.0]))
    assert found[0] == pytest.approx([0.25, 0.25, 0.25, 0.25])
    assert found[1] == pytest.approx([0.375, 0.375, 0.125, 0.125])


def test_boltzmann_distributions_and_their_distance():
    p = sampling.boltzmann(np.array([1.0, -0.5]), np.array([[0.0, 0.7], [0.7, 0.0]]))
    expected = np.exp([0.0, 1.0, -0.5, 1.2])
    assert p == pytest.approx(expected / expected.sum())
    assert sampling.distance(p, p) == 0
    assert sampling.distance(np.array([1.0, 0.0]), np.array([0.25, 0.75])) == pytest.approx(np.log(4))


def test_the_likeliest_logistic_function():
    x = np.linspace(0.8, 1.2, 15)
    assert sampling.logistic(x, 1 / (1 + np.exp(-(x - 0.97) / 0.06)), 0.1) == pytest.approx((0.97, 0.06))
