"""``spinnprop simulate``: a sparse recurrent network from a seed to rates and pictures."""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from typing import Any, Dict, List

import numpy as np

from .. import _core
from .._library import __version__
from .._support.bars import Bar
from .._support.files import replaced
from .._support.types import Float64Array, Int32Array
from ..sparse import RecurrentNetwork, Summary
from . import folder, grammar, report

#: Rows of the raster, and spikes of them that are kept for it.
_SHOWN, _SHOWN_SPIKES = 200, 20000


def add_parser(commands: Any) -> None:
    """The grammar of ``spinnprop simulate``."""
    networks = grammar.family(
        commands, "simulate", "run a network", "Run a network without training.", "networks", "NETWORK"
    )
    parser = grammar.command(
        networks,
        "sparse",
        run,
        "a balanced sparse recurrent network, spike by spike",
        "Simulate a balanced sparse recurrent network exactly; write rates, metrics and a raster to a folder.",
        pictures=True,
    )
    add, drawn = parser.add_argument, _core.sparse_defaults()
    add("--n", type=grammar.positive, default=100_000, metavar="N", help="neurons")
    add("--k", type=grammar.positive, default=100, metavar="K", help="targets per neuron")
    add("--model", default="lif", choices=["lif", "qif", "theta", "eif", "eif-table"], help="of a neuron")
    add("--rate", type=grammar.above_zero, default=drawn["rate"], metavar="HZ", help="sets the drive")
    add("--coupling", type=grammar.above_zero, default=drawn["coupling"], metavar="J", help="strength of inhibition")
    add("--tau", type=grammar.above_zero, default=drawn["tau"], metavar="S", help="membrane time constant")
    add("--seconds", type=grammar.above_zero, default=1.0, metavar="S", help="model time")
    add("--spikes", type=grammar.positive, metavar="N", help="end earlier, with this many spikes")
    add("--seed", type=grammar.seed, default=0, metavar="N", help="of targets and initial state")
    add("--redraw", action="store_true", help="draw targets again at every spike instead of keeping them")
    grammar.add_out(parser, "simulate")


def run(options: argparse.Namespace) -> None:
    """Streams a balanced network's spikes and writes the folder ``options.out``; the last line says the rate."""
    folder.begin(options.out, "simulate")
    begin = time.perf_counter()
    with grammar.judged():
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
    kept, reached = 0, 0.0
    bar = Bar(options.seconds, "s of model time")

    def take(times: Float64Array, units: Int32Array) -> None:
        nonlocal kept, reached
        np.add.at(counts, units, 1)
        if kept < _SHOWN_SPIKES:
            those = units < _SHOWN
            shown.append((times[those], units[those]))
            kept += int(those.sum())
        reached = float(times[-1])
        bar.move(reached)

    begin, begin_processor = time.perf_counter(), time.process_time()
    interrupt = None
    with bar:
        try:
            summary = network.stream(take, options.spikes, t_end=options.seconds)
        except KeyboardInterrupt as error:
            if reached == 0:
                raise
            interrupt, spikes = error, int(counts.sum())
            summary = Summary(spikes, reached, spikes / (options.n * reached))
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
        "is_interrupted": interrupt is not None,
        "rate_hz": summary.rate,
        "rate_hz_spread": float(rates.std()),
        "set_up_seconds": set_up,
        "seconds": seconds,
        "processor_seconds": processor,
        "processor_ns_per_delivered_spike": 1e9 * processor / deliveries if deliveries else None,
        "peak_memory_mb": memory,
    }
    folder.clear(options.out, "simulate")
    with replaced(os.path.join(options.out, "rates.npy")) as part, open(part, "wb") as file:
        np.save(file, rates)

    def draw(figure: Any) -> None:
        raster, histogram = figure.subplots(2, 1, height_ratios=(2, 1))
        if shown:
            times, units = (np.concatenate(each) for each in zip(*shown))
            raster.scatter(1e3 * times, units, s=2, marker="|", color="C0")
        raster.set(xlabel="time (ms)", ylabel="neuron", title=f"{min(_SHOWN, options.n)} of {options.n} {options.model} neurons")
        if summary.t_end > 0:
            histogram.hist(rates, bins=_edges(int(counts.max())) / summary.t_end)
        histogram.set(xlabel="rate (Hz)", ylabel="neurons", title=f"all neurons in {summary.t_end:.4g} s, mean {summary.rate:.3g} Hz")

    report.write_results(options, f"{options.n} {options.model} neurons", metrics, {"raster": (draw, (8, 6))})
    if interrupt is not None:
        print(f"\nstopped after {summary.t_end:.6g} s of model time; what was simulated is in {options.out}", file=sys.stderr)
        raise interrupt

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
