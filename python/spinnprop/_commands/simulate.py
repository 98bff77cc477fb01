"""``spinnprop simulate``: a sparse recurrent network from a seed to rates and pictures."""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from typing import Any, Dict, List

import numpy as np

from .._library import __version__
from .._support.types import Float64Array, Int32Array
from ..sparse import RecurrentNetwork
from . import folder

#: Rows of the raster, and spikes of them that are kept for it.
_SHOWN, _SHOWN_SPIKES = 200, 20000


def simulate_sparse(options: argparse.Namespace) -> None:
    """Streams a balanced network's spikes and writes the folder ``options.out``; the last line says the rate."""
    from matplotlib.figure import Figure

    folder.begin(options.out, "simulate")
    begin = time.perf_counter()
    network = RecurrentNetwork(
        options.n,
        options.k,
        model=options.model,
        rate=options.rate,
        coupling=options.coupling,
        tau=options.tau,
        seed=options.seed,
        stored=not options.redraw,
    )
    set_up = time.perf_counter() - begin
    print(
        f"{options.n} {options.model} neurons, {network.n_synapses} synapses, {options.seconds} s of model time", flush=True
    )
    counts = np.zeros(options.n, np.int64)
    shown: List[Any] = []
    kept = 0
    bar = _Bar(options.seconds, sys.stderr.isatty())

    def take(times: Float64Array, units: Int32Array) -> None:
        nonlocal kept
        np.add.at(counts, units, 1)
        if kept < _SHOWN_SPIKES:
            those = units < _SHOWN
            shown.append((times[those], units[those]))
            kept += int(those.sum())
        bar.move(float(times[-1]))

    begin, begin_processor = time.perf_counter(), time.process_time()
    with bar:
        summary = network.stream(take, options.spikes, t_end=options.seconds)
    seconds, processor = time.perf_counter() - begin, time.process_time() - begin_processor
    deliveries = summary.n_spikes * network.n_synapses / network.n
    rates = counts / summary.t_end if summary.t_end > 0 else np.zeros(options.n)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    metrics: Dict[str, Any] = {
        "spinnprop": __version__,
        "settings": {
            name: getattr(options, name)
            for name in ("n", "k", "model", "rate", "coupling", "tau", "seed", "seconds", "spikes", "redraw")
        },
        "spikes": summary.n_spikes,
        "model_seconds": summary.t_end,
        "rate_hz": summary.rate,
        "rate_hz_spread": float(rates.std()),
        "set_up_seconds": set_up,
        "seconds": seconds,
        "processor_seconds": processor,
        "processor_ns_per_delivered_spike": 1e9 * processor / deliveries if deliveries else None,
        "peak_memory_mb": memory,
    }
    folder.clear(options.out, "simulate")
    with open(os.path.join(options.out, "metrics.json"), "w", encoding="utf-8") as file:
        json.dump(metrics, file, indent=2)
        file.write("\n")
    np.save(os.path.join(options.out, "rates.npy"), rates)
    figure = Figure(figsize=(8, 6), layout="constrained")
    raster, histogram = figure.subplots(2, 1, height_ratios=(2, 1))
    if shown:
        times, units = (np.concatenate(each) for each in zip(*shown))
        raster.scatter(1e3 * times, units, s=2, marker="|", color="C0")
    raster.set(xlabel="time (ms)", ylabel="neuron")
    if summary.t_end > 0:
        histogram.hist(rates, bins=_edges(int(counts.max())) / summary.t_end)
    histogram.set(xlabel="rate (Hz)", ylabel="neurons")
    figure.savefig(os.path.join(options.out, f"raster.{options.pictures}"), dpi=120)

    print(f"{summary.n_spikes} spikes in {summary.t_end:.6g} s of model time")
    each = f", {1e9 * processor / deliveries:.1f} ns per delivered spike" if deliveries else ""
    print(f"set-up {set_up:.2f} s, run {seconds:.2f} s ({processor:.2f} s of processor time{each})")
    print(f"peak memory {memory:.0f} MB")
    print(f"results in {options.out}")
    print(f"mean rate {summary.rate:.2f} Hz")


def _edges(largest: int) -> Float64Array:
    """The edges of bins for numbers of spikes: about 50, each for equally many whole numbers."""
    step = largest // 50 + 1
    return np.arange(-0.5, largest + step, step, dtype=np.float64)


class _Bar:
    """A tqdm bar that counts model time; does nothing unless `shown`."""

    def __init__(self, seconds: float, shown: bool) -> None:
        self._bar: Any = None
        if shown:
            from tqdm.auto import tqdm

            style = "{l_bar}{bar}| {n:.3f}/{total} s of model time [{elapsed}<{remaining}]"
            self._bar = tqdm(total=seconds, bar_format=style)

    def move(self, to: float) -> None:
        if self._bar is not None:
            self._bar.update(to - self._bar.n)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()
