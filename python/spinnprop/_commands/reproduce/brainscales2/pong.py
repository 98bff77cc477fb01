"""``spinnprop reproduce brainscales2-pong``: reward-modulated STDP learns to follow a ball."""

from __future__ import annotations

import math
from typing import Any, Dict, List, Mapping

import numpy as np

from ...._spikes import SpikeTrains
from ...._support.bars import Bar
from ....brainscales2 import Array, RewardModulatedSTDP
from .experiment import CHIPS, EVEN, SENSORS, WORDS, Experiment, Results, Row, draw_band

#: The first line is published; lengths are in columns of the field, which are input units, and neurons that are targets of the paddle.
_SIZES: Dict[str, Any] = {
    "columns": 32, "rewards": [1.0, 0.7, 0.4, 0.1], "learning_rate": 0.125, "amplitude": 36.0, "tau": 0.064,
    "field_height": 40.0, "paddle_half_length": 3.0, "speed": 1.0, "steepest": math.pi / 4,
    "expectation_rate": 0.5, "steps_per_epoch": 1000, "epochs": 20,
    "spikes": 20, "interval": 0.005, "duration": 0.12, "noise": 0.5, "weights": [14, 2],
    "neurons": {
        "tau_mem": 0.02, "tau_syn_exc": 0.005, "tau_syn_inh": 0.005, "threshold": 1.0, "reset": 0.0, "gain": 0.05, "refractory": 0.002,
    },
}  # fmt: skip
#: Each case is a chip, with its sensors of correlations, which differ between synapses, or with ones that do not.
_CASES: Dict[str, Dict[str, Any]] = {
    **{chip: {"chip": chip, "sensors": {}} for chip in WORDS},
    "even-sensors": {"chip": "calibrated", "sensors": EVEN},
}
_LABELS = {**WORDS, "even-sensors": "as calibrated, with even sensors"}
#: Published traces end at 128, read-outs at 255: of twice the amplitude, which learn half as fast, they end at the same.
_FINER = 2


class _Game:
    """A ball that walls reflect, and a paddle that runs after its target at the ball's speed along the lower wall."""

    def __init__(self, sizes: Mapping[str, Any], rng: np.random.Generator) -> None:
        self._sizes, self._rng = sizes, rng
        self._columns, self._height = sizes["columns"], sizes["field_height"]
        self._paddle = self._columns / 2
        self._serve()

    def _serve(self) -> None:
        self._at, self._velocity = [self._columns / 2, self._height / 2], self._drawn(-1)

    def _drawn(self, up: int) -> List[float]:
        """A velocity of a direction that is drawn, up (1) or down (-1)."""
        steepest, speed = self._sizes["steepest"], self._sizes["speed"]
        angle = self._rng.uniform(steepest, math.pi - steepest)
        return [speed * math.cos(angle), up * speed * math.sin(angle)]

    @property
    def column(self) -> int:
        """The ball's."""
        return int(min(self._columns - 1, self._at[0]))

    def step(self, target: int) -> List[bool]:
        """Ball and paddle move on; whether the paddle hits the ball, if it is there."""
        speed = self._sizes["speed"]
        self._paddle += min(speed, max(-speed, target + 0.5 - self._paddle))
        at, velocity = self._at, self._velocity
        for axis, far in enumerate((self._columns, self._height)):
            at[axis] += velocity[axis]
            if at[axis] > far or (axis == 0 and at[axis] < 0):
                at[axis] = 2 * (far if at[axis] > far else 0) - at[axis]
                velocity[axis] *= -1
        if at[1] >= 0:
            return []
        is_hit = abs(at[0] - self._paddle) <= self._sizes["paddle_half_length"]
        if is_hit:
            # Else the ball would run on one path for ever and come to a few columns alone.
            at[1], self._velocity = -at[1], self._drawn(1)
        else:
            self._serve()
        return [is_hit]


def _array(case: Mapping[str, Any], seed: int, sizes: Mapping[str, Any], rng: np.random.Generator) -> Array:
    columns = sizes["columns"]
    mean, spread = sizes["weights"]
    weights = np.clip(np.rint(rng.normal(mean, spread, (columns, columns))), 0, 63).astype(np.int64)
    return Array.on(
        CHIPS[case["chip"]](seed), n=columns, n_sources=columns, weights=weights, signs=np.ones(columns, np.int64), noise=sizes["noise"], sensors=True,
        sensor_amplitude=_FINER * sizes["amplitude"], sensor_tau_causal=sizes["tau"], seed=seed, **case["sensors"], **sizes["neurons"],
    )  # fmt: skip


def _run(case: Mapping[str, Any], seed: int, sizes: Mapping[str, Any]) -> Dict[str, Any]:
    """Hits in percent, and the mean reward that is expected, after every epoch."""
    columns, spikes, n_epochs = sizes["columns"], sizes["spikes"], sizes["epochs"]
    rng = np.random.default_rng(seed)
    array, game = _array(case, seed, sizes, rng), _Game(sizes, rng)
    times = sizes["interval"] * np.arange(spikes)
    inputs = [SpikeTrains(times, np.full(spikes, column), [0, spikes], n_units=columns) for column in range(columns)]
    rewards = np.zeros(columns)
    rewards[: len(sizes["rewards"])] = sizes["rewards"]
    expected = np.zeros(columns)
    found: Dict[str, List[float]] = {"hits": [], "reward": []}
    with Bar(n_epochs, "epoch", f"{case['chip']}{', even sensors' if case['sensors'] else ''}, seed {seed}") as bar:
        for epoch in range(n_epochs):
            hits: List[bool] = []
            for _ in range(sizes["steps_per_epoch"]):
                column = game.column
                counts = np.bincount(array.run(inputs[column], sizes["duration"]).units, minlength=columns)
                target = int(rng.choice(np.flatnonzero(counts == counts.max())))
                success = float(rewards[abs(target - column)] - expected[column])
                array.apply(RewardModulatedSTDP(column, success, sizes["learning_rate"] / _FINER))
                expected[column] += sizes["expectation_rate"] * success
                hits += game.step(target)
            found["hits"].append(100 * float(np.mean(hits)) if hits else 0.0)
            found["reward"].append(float(expected.mean()))
            bar.move(epoch + 1, {"hits": f"{found['hits'][-1]:.0f} %"})
    return found


def _rows(found: Mapping[str, Results]) -> List[Row]:
    rows = []
    for name, results in found.items():
        last = -(-len(results[0]["hits"]) // 4)
        rows += [
            Row(f"{name}: hits of the first epoch (%)", "", [result["hits"][0] for result in results], 1),
            Row(f"{name}: hits of the last quarter (%)", "", [float(np.mean(result["hits"][-last:])) for result in results], 1),
            Row(f"{name}: expected reward at the end", "", [result["reward"][-1] for result in results]),
        ]
    return rows


def _draw(figure: Any, found: Mapping[str, Results]) -> None:
    left, right = figure.subplots(1, 2)
    for n, (name, results) in enumerate(found.items()):
        for axes, of in ((left, "hits"), (right, "reward")):
            curves = np.array([result[of] for result in results])
            draw_band(axes, np.arange(1, curves.shape[1] + 1), curves, _LABELS[name], f"C{n}")
    left.set_ylabel("hits in the epoch (%): median, quartiles")
    right.set_ylabel("mean expected reward: median, quartiles")
    for axes, top in ((left, 105), (right, 1.05)):
        axes.set_xlabel("epoch")
        axes.set_ylim(0, top)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(True, alpha=0.3)
    # Between the curves of chips before and after calibration.
    right.legend(fontsize="x-small", loc="lower right", bbox_to_anchor=(1, 0.26))


EXPERIMENT = Experiment(
    name="brainscales2-pong",
    summary="Pong by reward-modulated STDP on an emulated BrainScaleS-2",
    description="Neurons learn to name the column of a ball, after which a paddle runs: 32 x 32 synapses, reward-modulated STDP (Wunderlich et al. 2019, "
    "Frontiers in Neuroscience 13:260).",
    sizes=_SIZES,
    quick={"epochs": 2, "steps_per_epoch": 300},
    cases=_CASES,
    run=_run,
    finds=("hits", "reward"),
    say=lambda result: f"{result['hits'][-1]:.0f} % hits, expected reward {result['reward'][-1]:.2f}",
    rows=_rows,
    draw=_draw,
    figure_size=(10, 4.5),
    notes=(
        "published: 32 x 32 synapses, the rule with its traces and rewards; the learning curve only as a picture",
        f"chosen here: field, paddle of {2 * _SIZES['paddle_half_length']:g} columns, initial weights, neurons, and noise of {_SIZES['noise']:g} thresholds, "
        "by which neurons explore; of membranes .007 is published",
        *(f"{name}: {words}" for name, words in _LABELS.items()),
        SENSORS,
        f"hits: of the balls that came down in the epoch, {_SIZES['steps_per_epoch']:,} steps of the ball; the paddle is as fast as the ball",
    ),
)
