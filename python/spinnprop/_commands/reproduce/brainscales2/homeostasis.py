"""``spinnprop reproduce brainscales2-homeostasis``: a recurrent network whose weights keep its rate, and how long its activity lasts."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Tuple

import numpy as np
import numpy.typing as npt

from ....brainscales2 import Array, RateHomeostasis
from .experiment import Experiment, Results, Row, around, draw_band, poisson

#: Seconds of biological time, Hz. Thresholds are 1 above the leak, which on the chip is 0.285 V; so are all membranes and currents here.
_SIZES: Dict[str, Any] = {
    "neurons": 512,
    "inhibitory": 102,
    "fan_in": 100,
    "sources": 256,
    "inhibitory_sources": 51,
    "source_rate": 10.0,
    "source_weights": [16, -19],
    "tau_mem": 21.5e-3,
    "tau_syn": 5.1e-3,
    "refractory": 2e-3,
    "delay": 1e-3,
    "reset": -0.46,
    "gain": 0.014,
    "noise": 0.007,
    "spreads": {"tau_mem": 0.07, "tau_syn_exc": 0.049, "tau_syn_inh": 0.038, "threshold": 0.10, "gain": 0.16},
    "target": 10,
    "learning_rate": 0.375,
    "probability": 0.023,
    "regulated_seconds": 200,
    "measured_seconds": 100,
    "bin": 5e-3,
    "longest_lag": 2.5,
}
#: Inputs to each neuron, by what arrives in Hz, with what is published of their activity: autocorrelation times in seconds.
_PUBLISHED = {580: ".70", 650: "", 720: "", 800: ".01"}
_CASES = {f"{rate}-Hz": {"input_rate": rate} for rate in _PUBLISHED}


def _array(sizes: Mapping[str, Any], input_rate: float, seed: int) -> Array:
    """A network without recurrent weights yet; each neuron hears so many sources as give the input rate."""
    rng = np.random.default_rng([seed, 0])
    n, sources = sizes["neurons"], sizes["sources"]
    heard = round(input_rate / sizes["source_rate"])
    mask = np.zeros((sources + n, n), bool)
    for neuron in range(n):
        mask[rng.choice(sources, heard, replace=False), neuron] = True
        mask[sources + rng.choice(n, sizes["fan_in"], replace=False), neuron] = True
    signs = np.ones(sources + n, int)
    signs[: sizes["inhibitory_sources"]] = signs[-sizes["inhibitory"] :] = -1
    weights = np.where(signs[:sources] > 0, *sizes["source_weights"])[:, None] * mask[:sources]
    means = {"tau_mem": sizes["tau_mem"], "tau_syn_exc": sizes["tau_syn"], "tau_syn_inh": sizes["tau_syn"], "threshold": 1.0, "gain": sizes["gain"]}
    return Array(
        n, sources, True, mask=mask, signs=signs, weights=np.vstack([weights, np.zeros((n, n), int)]), seed=seed,
        **{name: around(rng, mean, sizes["spreads"][name], n) for name, mean in means.items()},
        **{name: sizes[name] for name in ("refractory", "delay", "reset", "noise")},
    )  # fmt: skip


def autocorrelation(counts: npt.NDArray[np.float64], lags: int) -> npt.NDArray[np.float64]:
    """Of a signal less its mean, at 0 .. lags - 1; 1 at 0, and 0 everywhere for one that is constant."""
    moved = counts - counts.mean()
    power = np.abs(np.fft.rfft(moved, 2 * len(moved))) ** 2
    found = np.fft.irfft(power)[:lags] / (len(moved) - np.arange(lags))
    return np.asarray(found / found[0] if moved.any() else np.zeros(lags))


def decay_time(correlation: npt.NDArray[np.float64], step: float) -> float:
    """tau of the a e^{-t / tau} that is nearest to an autocorrelation at all lags but 0, among 400 from half a step to twice the last lag."""
    times = step * np.arange(1, len(correlation))
    taus = np.geomspace(step / 2, 2 * times[-1], 400)
    shapes = np.exp(-times / taus[:, None])
    height = shapes @ correlation[1:] / np.sum(shapes * shapes, axis=1)
    return float(taus[np.argmin(np.sum((correlation[1:] - height[:, None] * shapes) ** 2, axis=1))])


def _run(case: Mapping[str, Any], seed: int, sizes: Mapping[str, Any]) -> Dict[str, Any]:
    """Regulates a network, then watches it with its weights held; a seed is a chip, a network and an input."""
    array = _array(sizes, case["input_rate"], seed)
    program = RateHomeostasis(sizes["target"], sizes["learning_rate"], sizes["probability"])
    rng, n, sources = np.random.default_rng([seed, 1]), sizes["neurons"], sizes["sources"]
    rates = []
    # In pieces, so that inputs of a long run need not be in memory at once.
    for _ in range(sizes["regulated_seconds"] // 10):
        spikes = array.run(poisson(rng, sizes["source_rate"], sources, 10.0), 10.0, program, 1.0)
        rates.append(len(spikes.times) / (10.0 * n))
    seconds = sizes["measured_seconds"]
    spikes = array.run(poisson(rng, sizes["source_rate"], sources, seconds), seconds)
    counts = np.histogram(spikes.times, np.arange(round(seconds / sizes["bin"]) + 1) * sizes["bin"])[0].astype(float)
    correlation = autocorrelation(counts, round(sizes["longest_lag"] / sizes["bin"]))
    weights, mask = array.weights[sources:].astype(float), array.mask[sources:]
    excites = slice(0, n - sizes["inhibitory"])
    return {
        "rates": rates,
        "held_rate": len(spikes.times) / (seconds * n),
        "autocorrelation_time": decay_time(correlation, sizes["bin"]),
        "autocorrelation": [round(value, 5) for value in correlation[:200].tolist()],
        "activity": counts[: round(5.0 / sizes["bin"])].tolist(),
        "mean_excitatory_weight": float(weights[excites][mask[excites]].mean()),
    }


def regulated(result: Mapping[str, Any]) -> float:
    """The rate in Hz over the last third of the regulated time."""
    rates = result["rates"]
    return float(np.mean(rates[-max(1, len(rates) // 3) :]))


def _rows(found: Mapping[str, Results]) -> List[Row]:
    named = [(published, results, f"{rate / 1000:.2f} kHz") for (rate, published), results in zip(_PUBLISHED.items(), found.values())]
    return [
        *(Row(f"autocorrelation time, s, {rate}", published, [own["autocorrelation_time"] for own in results], 3) for published, results, rate in named),
        *(Row(f"rate while regulated, Hz, {rate}", "9 .. 11.5", list(map(regulated, results)), 1) for _, results, rate in named),
        *(Row(f"rate with weights held, Hz, {rate}", "", [own["held_rate"] for own in results], 1) for _, results, rate in named),
        *(Row(f"mean excitatory weight, {rate}", "", [own["mean_excitatory_weight"] for own in results], 1) for _, results, rate in named),
    ]


def _draw(figure: Any, found: Mapping[str, Results]) -> None:
    """Autocorrelation times and rates over the input, autocorrelations, and what the population does."""
    (upper_left, upper_right), (lower_left, lower_right) = figure.subplots(2, 2)
    inputs = np.array(list(_PUBLISHED)) / 1000
    results = list(found.values())
    draw_band(upper_left, inputs, _by_seed(results, lambda own: own["autocorrelation_time"]), "measured", "C0", marker="o")
    known = [(rate / 1000, float(value)) for rate, value in _PUBLISHED.items() if value]
    upper_left.plot(*zip(*known), color="black", marker="*", linestyle="", markersize=11, label="published")
    upper_left.set_yscale("log")
    upper_left.set_ylabel("autocorrelation time (s)")
    draw_band(lower_left, inputs, _by_seed(results, regulated), "regulated", "C0", marker="o")
    draw_band(lower_left, inputs, _by_seed(results, lambda own: own["held_rate"]), "weights held", "C1", marker="o")
    lower_left.axhspan(9, 11.5, color="0.9", label="published: 9 to 11.5 Hz")
    lower_left.set_ylabel("rate (Hz)")
    for axes in (upper_left, lower_left):
        axes.set_xlabel("input to each neuron (kHz)")
    for k, (name, case) in enumerate(found.items()):
        correlation = [each["autocorrelation"] for each in case]
        step = _SIZES["bin"]
        draw_band(upper_right, step * np.arange(len(correlation[0])), correlation, name.replace("-", " "), f"C{k}", linewidth=1)
    upper_right.set_xlabel("lag (s)")
    upper_right.set_ylabel("autocorrelation of the population")
    for colour, own in (("C0", results[0][0]), (f"C{len(results) - 1}", results[-1][0])):
        activity = np.array(own["activity"]) / (_SIZES["neurons"] * _SIZES["bin"])
        lower_right.plot(_SIZES["bin"] * np.arange(len(activity)), activity, color=colour, linewidth=0.6)
    lower_right.set_xlabel("time (s): least and most input, first seed")
    lower_right.set_ylabel("rate of the population (Hz)")
    for axes in (upper_left, upper_right, lower_left):
        axes.grid(True, alpha=0.3)
        axes.legend(fontsize="x-small")


def _by_seed(results: List[Results], of: Any) -> Tuple[Tuple[float, ...], ...]:
    """(seeds, cases)"""
    return tuple(zip(*([of(own) for own in case] for case in results)))


EXPERIMENT = Experiment(
    name="brainscales2-homeostasis",
    summary="a recurrent network keeps its rate; the less input, the longer its activity lasts",
    description="Let 512 neurons, a fifth of which inhibit, hear 100 of each other and some of 256 Poisson sources; let the plasticity processor bring each to "
    "10 Hz by its recurrent weights, then hold these and measure how long the population's activity is correlated, for several input rates.",
    sizes=_SIZES,
    quick={"regulated_seconds": 30, "measured_seconds": 10},
    cases=_CASES,
    run=_run,
    finds=("rates", "held_rate", "autocorrelation_time", "autocorrelation", "activity", "mean_excitatory_weight"),
    say=lambda result: f"{regulated(result):.1f} Hz regulated, autocorrelation time {result['autocorrelation_time']:.3f} s",
    rows=_rows,
    draw=_draw,
    figure_size=(11, 7),
    notes=(
        "input rates are those of all sources that a neuron hears: more input is more sources of 10 Hz, a fifth of which inhibit",
        "published: network, rule, rates, time constants with their spreads between neurons, noise, refractory periods and delays; what a",
        "weight of 1 adds is one number for both signs here, where the chip has two and an offset; initial recurrent weights are 0",
        "autocorrelation time: of the exponential that is nearest to the autocorrelation of the population's spikes in bins of 5 ms, weights held",
    ),
)
