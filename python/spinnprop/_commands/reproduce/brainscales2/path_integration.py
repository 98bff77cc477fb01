"""``spinnprop reproduce brainscales2-path-integration``: an agent flies out, and finds home by what it remembers of its path."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional

import numpy as np

from ...._spikes import SpikeTrains
from ...._support.bars import Bar
from ....brainscales2 import Array, Processor
from .experiment import CHIPS, WORDS, Experiment, Results, Row, draw_band

#: Seconds, Hz, steps of the agent, which are as long as it flies in `step` seconds, and radians.
_SIZES: Dict[str, Any] = {
    "trips": 6, "out": 300, "back": 450, "step": 0.05, "wander": 0.25, "turn_per_spike": 0.08, "largest_turn": 0.6,
    "directions": 32, "side": 8, "tonic": 4, "compass_rate": 300.0, "tonic_rate": 50.0,
    "compass_weight": 40, "tonic_weight": 32, "heading_weight": 26, "memory_weight": 32,
    "memory_rate": 0.06, "rest_steps": 600, "rest_turn": 0.1 * np.pi, "rest_period": 1.0, "rest_rate": 0.05,
    "rest_targets": [25, 50, 10, 10],
    "neurons": {"tau_mem": 0.02, "tau_syn_exc": 0.005, "gain": 0.05, "refractory": 0.002},
}  # fmt: skip
#: Each case is a chip, with rest and memory or without.
_CASES: Dict[str, Dict[str, Any]] = {
    **{chip: {"chip": chip, "rests": True, "remembers": True} for chip in WORDS},
    "no-rest": {"chip": "calibrated", "rests": False, "remembers": True},
    "no-memory": {"chip": "calibrated", "rests": True, "remembers": False},
}
#: Trips of the first seed that are drawn.
_DRAWN = 3


class Agent:
    """A compass and a tonic input, and four rings of a neuron for each direction: headings, memory, and steering to the left and to the right.

    Heading neurons hear the compass. A memory neuron hears the tonic input by weights that the processor keeps: they grow while the agent does not head
    in its direction, so the ring is most active toward home. A steering neuron hears the heading of its direction and the memory of a direction
    to its left or right, and fires if both do; the agent turns by the difference of both sides.
    """

    def __init__(self, case: Mapping[str, Any], seed: int, sizes: Mapping[str, Any]) -> None:
        self._sizes, self._rng = sizes, np.random.default_rng(seed)
        n, inputs = sizes["directions"], sizes["directions"] + sizes["tonic"]
        ring = np.arange(n)
        self._directions = 2 * np.pi * ring / n
        weights = np.zeros((inputs + 4 * n, 4 * n), np.int64)
        weights[ring, ring] = sizes["compass_weight"]
        #: Where memory is: tonic inputs to memory neurons.
        self._memory = (slice(n, inputs), slice(n, 2 * n))
        weights[self._memory] = sizes["tonic_weight"]
        for side, turned in ((2, sizes["side"]), (3, -sizes["side"])):
            weights[inputs + ring, side * n + ring] = sizes["heading_weight"]
            weights[inputs + n + (ring + turned) % n, side * n + ring] = sizes["memory_weight"]
        self._array = Array.on(
            CHIPS[case["chip"]](seed), n=4 * n, n_sources=inputs, recurrent=True, mask=weights > 0, weights=weights,
            signs=np.ones(len(weights), np.int64), seed=seed, **sizes["neurons"],
        )  # fmt: skip
        self._targets = np.repeat(sizes["rest_targets"], n)
        self._remembers = case["remembers"]
        if case["rests"]:
            for step in range(sizes["rest_steps"]):
                self._step(step * sizes["rest_turn"], self._rest, sizes["rest_period"])
        self._rested = self._array.weights

    def _rest(self, processor: Processor) -> Any:
        """As the agent turns on the spot, all neurons of a ring come to fire alike."""
        change = self._sizes["rest_rate"] * (self._targets - processor.rates.astype(float))
        return _moved(processor, np.where(processor.mask, change, 0.0))

    def _remember(self, processor: Processor) -> Any:
        """Weights keep in steps of a whole number what the agent has flown: by chance up or down, or small changes would be lost."""
        headings = processor.rates[: self._sizes["directions"]].astype(float)
        change = np.zeros(processor.weights.shape)
        change[self._memory] = self._sizes["memory_rate"] * (headings.mean() - headings)
        return _moved(processor, change)

    def _step(self, heading: float, rule: Any, period: Optional[float]) -> float:
        """How many more spikes steer to the left than to the right."""
        sizes = self._sizes
        compass = sizes["compass_rate"] * np.maximum(0, np.cos(heading - self._directions))
        rates = np.concatenate([compass, np.full(sizes["tonic"], sizes["tonic_rate"])])
        units = np.repeat(np.arange(len(rates)), self._rng.poisson(rates * sizes["step"]))
        times = np.sort(self._rng.uniform(0, sizes["step"], len(units)))
        spikes = SpikeTrains(times, self._rng.permutation(units), [0, len(units)], n_units=len(rates))
        fired = self._array.run(spikes, sizes["step"], rule, period).units
        ring = fired // sizes["directions"]
        return float((ring == 2).sum() - (ring == 3).sum())

    def trip(self) -> Any:
        """(steps, 2), where the agent is after each: a random walk out, then its own way. Home is at 0, and memory is empty."""
        sizes, places = self._sizes, []
        self._array.weights = self._rested
        # What was counted before the trip is not its own.
        self._array.rates()
        rule, period = (self._remember, sizes["step"]) if self._remembers else (None, None)
        heading, at = self._rng.uniform(0, 2 * np.pi), np.zeros(2)
        for step in range(sizes["out"] + sizes["back"]):
            steered = self._step(heading, rule, period) * sizes["turn_per_spike"]
            if step < sizes["out"]:
                heading += sizes["wander"] * self._rng.standard_normal()
            else:
                heading += np.clip(steered, -sizes["largest_turn"], sizes["largest_turn"])
            at = at + [np.cos(heading), np.sin(heading)]
            places.append(at)
        return np.array(places)


def _moved(processor: Processor, change: Any) -> Any:
    """Weights after a change, rounded up or down by chance."""
    weights = processor.weights + np.floor(change + processor.rng.random(change.shape))
    return np.clip(weights, 0, 63).astype(np.int8)


def _run(case: Mapping[str, Any], seed: int, sizes: Mapping[str, Any]) -> Dict[str, Any]:
    """Of each trip how far from home the agent turns back, comes on the way back at least, and is in the last third of that in the mean; the
    median distance after each step; and the first trips' places, x and y in turn."""
    agent, trips = Agent(case, seed, sizes), []
    with Bar(sizes["trips"], "trip", f"{case['chip']} chip, seed {seed}") as bar:
        for trip in range(sizes["trips"]):
            trips.append(agent.trip())
            bar.move(trip + 1)
    distances = np.hypot(*np.moveaxis(np.array(trips), 2, 0))
    back = distances[:, sizes["out"] :]
    return {
        "turned": distances[:, sizes["out"] - 1].tolist(),
        "nearest": back.min(axis=1).tolist(),
        "ended": back[:, -(sizes["back"] // 3) :].mean(axis=1).tolist(),
        "distance": np.median(distances, axis=0).round(2).tolist(),
        "paths": [path.round(2).ravel().tolist() for path in trips[:_DRAWN]],
    }


def _rows(found: Mapping[str, Results]) -> List[Row]:
    words = {"turned": "turns back at", "nearest": "nearest on the way back", "ended": "at the end"}
    return [
        Row(f"{name}: {said} (steps from home)", "", [float(np.median(result[of])) for result in results], 1)
        for name, results in found.items() for of, said in words.items()
    ]  # fmt: skip


def _draw(figure: Any, found: Mapping[str, Results]) -> None:
    """Paths of the first seed, a panel for each case, and distances over time."""
    panels = figure.subplots(2, 3).ravel()
    for n, (axes, (name, results)) in enumerate(zip(panels, found.items())):
        for path in results[0]["paths"]:
            places = np.vstack([[0, 0], np.reshape(path, (-1, 2))])
            axes.plot(*places[: _SIZES["out"] + 1].T, color="0.7", linewidth=0.8)
            axes.plot(*places[_SIZES["out"] :].T, color=f"C{n}", linewidth=0.8)
        axes.plot(0, 0, "k*", markersize=9)
        axes.set_title(f"{name}: out (grey) and back", fontsize="small")
        axes.set_aspect("equal", "datalim")
    courses = panels[len(found)]
    for n, (name, results) in enumerate(found.items()):
        distances = np.array([result["distance"] for result in results])
        draw_band(courses, np.arange(1, distances.shape[1] + 1), distances, name, f"C{n}", linewidth=1)
    courses.axvline(_SIZES["out"], color="0.5", linewidth=0.8, linestyle=":")
    courses.set_xlabel("step; the agent turns back at the dotted line")
    courses.set_ylabel("distance from home (steps)")
    courses.legend(fontsize="x-small")
    for axes in panels:
        axes.grid(True, alpha=0.3)


EXPERIMENT = Experiment(
    name="brainscales2-path-integration",
    summary="an agent on an emulated BrainScaleS-2 flies out and finds home by what it remembers of its path",
    description="Let an agent whose brain are 128 neurons of a chip fly out at random; weights that the plasticity processor keeps remember the path, and "
    "steer it home. For several chips, without regulation of its rates, and without memory.",
    sizes=_SIZES,
    quick={"trips": 2, "rest_steps": 200},
    cases=_CASES,
    run=_run,
    finds=("turned", "nearest", "ended", "distance", "paths"),
    say=lambda result: f"turns back at {np.median(result['turned']):.0f}, at the end {np.median(result['ended']):.0f} steps from home",
    rows=_rows,
    draw=_draw,
    figure_size=(12, 7.5),
    notes=(
        "published: that an insect-like agent on the chip finds home by integrating its path; no parameters. All numbers, and the circuit, are chosen here",
        *(f"{name}: {words}" for name, words in WORDS.items()),
        "no-rest: a calibrated chip whose processor does not bring the neurons of a ring to one rate before the first trip; no-memory: weights stay",
        f"a seed is a chip with {_SIZES['trips']} trips, whose median is taken; at the end: the mean of the last third of the way back",
        "nobody tells the agent that it is home, so it circles there",
    ),
)
