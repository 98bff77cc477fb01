"""An epoch in the loop with an emulated BrainScaleS-2 beside one on the exact engine, of the same network, on one thread.

    python Benchmarks/bench_in_the_loop.py [--rounds 15] [--epochs 3]

With valgrind, instructions are counted, too, which other processes do not disturb.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import results

import spinnprop as sp

#: Inputs, of 4, and synapses of each input: 20 lines of the chip either way.
NETWORKS = {"20-30-3": (20, 1), "4-30-3, each input on five lines": (4, 5)}
SUBSTRATES = {
    "exact": "the exact engine", "loop": "in the loop with a calibrated chip", "loop-first-spike": "in the loop, gradients of first spikes",
}  # fmt: skip


def samples(n_inputs):
    """5,000 Yin-Yang samples as four spikes each, or as five at each of these times."""
    X, y = sp.datasets.yin_yang(5000, seed=42)
    spikes = sp.encoding.latency(X, t_early=0.15, t_late=2.0)
    copies = n_inputs // 4
    times, units = np.repeat(spikes.times, copies), np.repeat(spikes.units, copies)
    return sp.SpikeTrains(times, copies * units + np.tile(np.arange(copies), len(spikes.times)), copies * spikes.offsets, n_inputs), y


def epochs(network, substrate, n):
    """Trains for n epochs; seconds of the processor per epoch."""
    n_inputs, copies = NETWORKS[network]
    spikes, y = samples(n_inputs)
    share = 4 / n_inputs
    net = sp.Network([n_inputs, 30, 3], tau_mem=1.0, tau_syn=1.0, threshold=2.6, weight_mean=[3.0 * share, 1.0], weight_std=[2.6 * share, 1.3], seed=0)
    chip, is_first = {}, substrate == "loop-first-spike"
    if substrate != "exact":
        chip["engine"] = sp.brainscales2.Engine(sp.brainscales2.Chip(0), input_copies=copies, speedup=1 / 6e-6, single_spikes=is_first)
    loss = sp.losses.ShiftInvariantMSE(separation=0.2, tau0=1.0)
    rule = "first-spike" if is_first else "event"
    trainer = sp.Trainer(net, loss, epochs=max(n, 1), batch_size=150, learning_rate=0.002, gradient_engine=rule, seed=0, **chip)
    if n == 0:
        return 0.0
    begin = time.process_time()
    trainer.run(spikes, y)
    return (time.process_time() - begin) / n


def instructions(network, substrate):
    """Of an epoch; None without valgrind."""
    if shutil.which("valgrind") is None:
        return None
    counts = []
    with tempfile.TemporaryDirectory() as folder:
        for n in (0, 1):
            out = Path(folder) / f"{n}.out"
            command = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}", sys.executable, __file__, "--one", network, substrate, str(n)]
            subprocess.run(command, env=dict(os.environ, SPINNPROP_THREADS="1", PYTHONHASHSEED="0"), check=True)
            counts.append(results.instructions(out))
    return counts[1] - counts[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--one", nargs=3, metavar=("NETWORK", "SUBSTRATE", "EPOCHS"), help="trains once, and writes nothing")
    options = parser.parse_args()
    sp.set_threads(1)
    if options.one:
        epochs(options.one[0], options.one[1], int(options.one[2]))
        return
    section = results.Section("In the loop with an emulated BrainScaleS-2: one epoch")
    rows = []
    for network in NETWORKS:
        seconds = {name: [] for name in SUBSTRATES}
        for _ in range(options.rounds):
            for name, own in seconds.items():
                own.append(epochs(network, name, options.epochs))
        counted = {name: instructions(network, name) for name in SUBSTRATES}
        for name, text in SUBSTRATES.items():
            least, median = min(seconds[name]), statistics.median(seconds[name])
            row = [f"{network}, {text}", "%.1f" % (1e3 * least), "%.1f" % (1e3 * median), "%.2f" % (least / min(seconds["exact"]))]
            rows.append(row + (["%.0f" % (counted[name] / 1e6), "%.2f" % (counted[name] / counted["exact"])] if counted[name] else ["-", "-"]))
    header = ["an epoch", "least ms", "median ms", "over the exact engine's least", "million instructions", "over the exact engine's"]
    text = (
        "5,000 Yin-Yang samples in batches of 150, %d epochs from the same initial weights, in turns, processor time of one thread. Gradients are the exact "
        "engine's in the first two; hidden neurons spike several times, but where gradients are those of first spikes."
    )
    section.write(text % options.epochs + "\n\n" + results.table(header, rows))


if __name__ == "__main__":
    main()
