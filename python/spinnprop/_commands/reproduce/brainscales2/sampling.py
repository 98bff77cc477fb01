"""``spinnprop reproduce brainscales2-sampling``: neurons in noise that sample from a Boltzmann distribution."""

from __future__ import annotations

import itertools
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

import numpy as np
import numpy.typing as npt

from ...._spikes import SpikeTrains
from ....brainscales2 import Array
from .experiment import Experiment, Results, Row, around, draw_band, poisson

_Floats = npt.NDArray[np.float64]

#: Seconds of biological time. Thresholds are 1 above the leak; so the published temporal noise is 0.007.
_SIZES: Dict[str, Any] = {
    "neurons": 3,
    "seconds": 300.0,
    "calibration_seconds": 60.0,
    "tau_syn": 10e-3,
    "tau_mem": 1e-3,
    "gain": 2.5e-3,
    "background_rate": 3000.0,
    "background_weight": 8,
    "largest_bias": 1.0,
    "largest_weight": 1.0,
    # Between neurons, relative, and of each neuron's spikes: as measured on calibrated chips.
    "spreads": {"tau_mem": 0.070, "tau_syn_exc": 0.049, "tau_syn_inh": 0.038, "threshold": 0.14, "gain": 0.17},
    "noise": 0.007,
    "delay": 1e-3,
    "delay_jitter": 0.1e-3,
    "resolution": 8e-9,
}
#: Which imperfections the neurons have, and whether each neuron's activation is measured or taken to be an ideal one's.
_CASES: Dict[str, Dict[str, Any]] = {
    "ideal": {"mismatch": False, "noise": False, "events": False, "calibrated": False},
    "events": {"mismatch": False, "noise": False, "events": True, "calibrated": False},
    "noise": {"mismatch": False, "noise": True, "events": False, "calibrated": False},
    "mismatch": {"mismatch": True, "noise": False, "events": False, "calibrated": False},
    "noise-calibrated": {"mismatch": False, "noise": True, "events": False, "calibrated": True},
    "mismatch-calibrated": {"mismatch": True, "noise": False, "events": False, "calibrated": True},
    "all-calibrated": {"mismatch": True, "noise": True, "events": True, "calibrated": True},
}
_WORDS = {
    "ideal": "no imperfections but 6-bit weights",
    "events": "delay of 1.0(1) ms, events on the grid of 8 ns",
    "noise": "temporal noise",
    "mismatch": "mismatch",
    "noise-calibrated": "temporal noise, activations measured",
    "mismatch-calibrated": "mismatch, activations measured",
    "all-calibrated": "all of it, activations measured",
}
#: Biases at which an activation is measured, and times, as parts of a run, at which distances are.
_PROBED = np.linspace(-2.5, 2.5, 15)
_AT = np.geomspace(1 / 300, 1, 26)


class _Activation(NamedTuple):
    """p = 1 / (1 + e^{-(v - v0) / alpha}) of each neuron, v being what its membrane leaks to; and how far measured ones are from that."""

    v0: _Floats
    alpha: _Floats
    farthest: float


def _neurons(sizes: Mapping[str, Any], seed: int, case: Mapping[str, Any]) -> Dict[str, Any]:
    """Parameters of the neurons of a chip, as `Array` takes them."""
    rng, n = np.random.default_rng([seed, 1]), sizes["neurons"]
    means = {"tau_mem": sizes["tau_mem"], "tau_syn_exc": sizes["tau_syn"], "tau_syn_inh": sizes["tau_syn"], "threshold": 1.0, "gain": sizes["gain"]}
    return {name: around(rng, mean, sizes["spreads"][name] if case["mismatch"] else 0.0, n) for name, mean in means.items()}


def _array(sizes: Mapping[str, Any], case: Mapping[str, Any], neurons: Mapping[str, Any], drive: _Floats, weights: Any, seed: int) -> Array:
    """Neurons that hear an excitatory and an inhibitory source of their own, and each other."""
    n = len(drive)
    own = np.arange(n)
    mask, all_weights = np.zeros((3 * n, n), bool), np.zeros((3 * n, n), int)
    for start, sign in ((0, 1), (n, -1)):
        mask[start + own, own] = True
        all_weights[start + own, own] = sign * sizes["background_weight"]
    mask[2 * n :], all_weights[2 * n :] = weights != 0, weights
    events = {name: sizes[name] for name in ("delay", "delay_jitter", "resolution")} if case["events"] else {}
    return Array(
        n, 2 * n, True, mask=mask, weights=all_weights, refractory=sizes["tau_syn"], drive=drive,
        # Just below the threshold: after a refractory period the membrane is where its input is.
        reset=neurons["threshold"] - 1e-3, noise=sizes["noise"] if case["noise"] else 0.0, seed=seed, **events, **neurons,
    )  # fmt: skip


def _activation(sizes: Mapping[str, Any], case: Mapping[str, Any], neurons: Mapping[str, Any], seed: int) -> _Activation:
    """Measured with each neuron many times over, each time with another drive."""
    n, times, seconds = sizes["neurons"], len(_PROBED), sizes["calibration_seconds"]
    deviation = sizes["gain"] * sizes["background_weight"] * np.sqrt(sizes["background_rate"] * sizes["tau_syn"])
    # A logistic function is about as wide as the distribution of a membrane; near the threshold neurons of such inputs fire half of the time.
    drive = neurons["threshold"][:, None] + 0.55 * deviation * (_PROBED - 0.75)
    counts = np.empty((n, times))
    for place, (k, time) in enumerate(np.ndindex(n, times)):
        # An event moves a whole array, so that neurons that share none are faster each in one of its own.
        own = {name: values[k : k + 1] for name, values in neurons.items()}
        array = _array(sizes, case, own, drive[k, time : time + 1], np.zeros((1, 1), int), seed + place)
        inputs = poisson(np.random.default_rng([seed, 2, place]), sizes["background_rate"], 2, seconds)
        counts[k, time] = len(array.run(inputs, seconds).times)
    active = counts * sizes["tau_syn"] / seconds
    v0, alpha, farthest = np.empty(n), np.empty(n), 0.0
    for k, (x, p) in enumerate(zip(drive, active)):
        v0[k], alpha[k] = logistic(x, np.minimum(p, 1.0), 0.55 * deviation)
        farthest = max(farthest, float(np.abs(1 / (1 + np.exp(-(x - v0[k]) / alpha[k])) - p).max()))
    return _Activation(v0, alpha, farthest)


def logistic(x: _Floats, p: _Floats, alpha: float) -> Sequence[float]:
    """v0 and alpha of the likeliest logistic function, by Newton's method from about the right width."""
    centred = x - np.interp(0.5, p, x)
    slope, offset = 1 / alpha, 0.0
    for _ in range(30):
        fitted = 1 / (1 + np.exp(-np.clip(slope * centred + offset, -30, 30)))
        columns = np.stack([centred, np.ones_like(x)])
        step = np.linalg.solve((columns * (fitted * (1 - fitted))) @ columns.T, columns @ (p - fitted))
        slope, offset = slope + step[0], offset + step[1]
    return float(x[0] - centred[0] - offset / slope), float(1 / slope)


def boltzmann(biases: _Floats, weights: _Floats) -> _Floats:
    """The probability of each state, that of neuron k being bit k of its number."""
    n = len(biases)
    states = np.array(list(itertools.product([0, 1], repeat=n)))[:, ::-1]
    energies = states @ biases + 0.5 * np.einsum("si,ij,sj->s", states, weights, states)
    p = np.exp(energies - energies.max())
    return np.asarray(p / p.sum())


def occupancy(spikes: SpikeTrains, on: float, ends: _Floats) -> _Floats:
    """(ends, states): for which part of the time until each end the neurons were in each state, a neuron being 1 for `on` after a spike."""
    n_states = 1 << spikes.n_units
    changes = np.concatenate([spikes.times, spikes.times + on])
    order = np.argsort(changes, kind="stable")
    # A neuron that fires at the end of its period is off and on at one time, in whatever order.
    bits = np.concatenate([1 << spikes.units.astype(np.int64), -(1 << spikes.units.astype(np.int64))])[order]
    times = np.concatenate([[0.0], changes[order], [np.inf]])
    states = np.concatenate([[0], np.cumsum(bits)])
    found = np.empty((len(ends), n_states))
    for k, end in enumerate(ends):
        lasting = np.diff(np.minimum(times, end))
        kept = lasting > 0
        found[k] = np.bincount(np.clip(states[kept], 0, n_states - 1), lasting[kept], n_states) / end
    return found


def distance(p: _Floats, q: _Floats) -> float:
    """Kullback-Leibler, of p from q; what has no probability adds nothing."""
    some = p > 0
    return float((p[some] * np.log(p[some] / q[some])).sum())


def _run(case: Mapping[str, Any], seed: int, sizes: Mapping[str, Any]) -> Dict[str, Any]:
    """A seed is a chip, a distribution and a background."""
    n, rng = sizes["neurons"], np.random.default_rng([seed, 0])
    biases = rng.uniform(-1, 1, n) * sizes["largest_bias"]
    wanted = np.triu(rng.uniform(-1, 1, (n, n)) * sizes["largest_weight"], 1)
    wanted = wanted + wanted.T
    target = boltzmann(biases, wanted)
    perfect = {"mismatch": False, "noise": False, "events": False}
    ideal = _activation(sizes, perfect, _neurons(sizes, seed, perfect), seed)
    neurons = _neurons(sizes, seed, case)
    own = _activation(sizes, case, neurons, seed) if case["calibrated"] else ideal
    # A spike's current lasts longer than the state it stands for, but has the same area: gain w tau_syn = alpha W tau_ref.
    weights = np.rint(wanted * ideal.alpha.mean() / sizes["gain"]).astype(int)
    array = _array(sizes, case, neurons, own.v0 + own.alpha * biases, weights, seed)
    spikes = array.run(poisson(np.random.default_rng([seed, 3]), sizes["background_rate"], 2 * n, sizes["seconds"]), sizes["seconds"])
    measured = occupancy(spikes, sizes["tau_syn"], _AT * sizes["seconds"])
    return {
        "distances": [distance(p, target) for p in measured],
        "target": target.tolist(),
        "measured": measured[-1].tolist(),
        "farthest_from_logistic": own.farthest,
        "largest_weight": int(np.abs(weights).max()),
    }


def _rows(found: Mapping[str, Results]) -> List[Row]:
    rows = [
        Row(f"distance: {_WORDS[name]}", "", [result["distances"][-1] for result in results], 4) for name, results in found.items()
    ]
    return [*rows, Row("activation less a logistic function's, at most", "", [own["farthest_from_logistic"] for own in found["ideal"]], 3)]


def _draw(figure: Any, found: Mapping[str, Results]) -> None:
    """Distances over time; and the distribution that the first seed samples, beside the one it should."""
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    for k, (name, results) in enumerate(found.items()):
        draw_band(left, _AT, [own["distances"] for own in results], _WORDS[name], f"C{k}", linestyle="-" if "cal" in name or k < 2 else "--")
    left.axhline(0.01, color="black", linewidth=0.8, linestyle=":")
    left.set_xscale("log")
    left.set_yscale("log")
    left.set_xlabel("part of the run")
    left.set_ylabel("Kullback-Leibler distance: median, quartiles")
    left.grid(True, alpha=0.3)
    left.legend(fontsize="x-small")
    first = {"Boltzmann": found["ideal"][0]["target"], **{name: found[name][0]["measured"] for name in ("ideal", "mismatch", "all-calibrated")}}
    n_states = len(first["Boltzmann"])
    for k, (name, p) in enumerate(first.items()):
        right.bar(np.arange(n_states) + 0.2 * (k - 1.5), p, 0.2, label=_WORDS.get(name, name), color="0.2" if k == 0 else f"C{list(found).index(name)}")
    digits = (n_states - 1).bit_length()
    right.set_xticks(range(n_states), [f"{state:0{digits}b}"[::-1] for state in range(n_states)], fontsize="small", rotation=45)
    right.set_xlabel("state of the neurons, first seed")
    right.set_ylabel("probability")
    right.legend(fontsize="x-small")


EXPERIMENT = Experiment(
    name="brainscales2-sampling",
    summary="neurons in noise sample from a Boltzmann distribution",
    description="Let three neurons whose refractory period is their synaptic time constant fire in Poisson background, with weights and drives for a "
    "Boltzmann distribution of a seed, and measure how far the distribution of their states is from it as time goes on: without imperfections, with those of "
    "chips, and with each neuron's activation measured first.",
    sizes=_SIZES,
    quick={"seconds": 30.0, "calibration_seconds": 10.0},
    cases=_CASES,
    run=_run,
    finds=("distances", "target", "measured", "farthest_from_logistic", "largest_weight"),
    say=lambda result: f"distance {result['distances'][-1]:.4f}",
    rows=_rows,
    draw=_draw,
    figure_size=(11, 4.8),
    notes=(
        "distance: Kullback-Leibler, of the states' distribution over the whole run from the Boltzmann distribution of the seed",
        "published are the method (a logistic activation, refractory periods of tau_syn) and the spreads of calibrated chips (time constants",
        "3.8 to 7 %, thresholds 14 %, weights 17 %), temporal noise (0.7 % of the threshold), delays; time constants, background, distributions and",
        "weights' translation are this project's choice: a post-synaptic current has the area of alpha W for the refractory period. Resets lie just",
        "below each neuron's threshold",
    ),
)
