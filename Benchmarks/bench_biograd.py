"""BioGrad: an epoch of 784-500-100-10 on 10,000 samples, beside the same rule in torch, each in a process of its own, in turn.

    python Benchmarks/bench_biograd.py [--rounds 3] [--samples 10000] [--sizes 784-500-100-10] [--threads 1]
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import bench_training
import numpy as np
import results

import spinnprop as sp

BATCH, STEPS, SLEEP_STEPS, DENSITY = 128, 20, 50, 0.15
#: Batches that the peers are measured on: a trace per synapse and sample takes seconds for each.
PEERS = {"traces": 2, "folded": 20}
METHODS = {
    "spinnprop": "one recursion per neuron; what spiked is added",
    "folded": "one recursion per neuron, dense products",
    "traces": "a trace per synapse and sample, as the rule is stated",
}


def make(path, sizes, samples):
    """Classes of inputs that spike with half or one and a half times the density, and weights of a network that they wake."""
    random = np.random.default_rng(1)
    classes = DENSITY * (1 + random.choice([-0.5, 0.5], (sizes[-1], sizes[0])))
    labels = random.integers(0, sizes[-1], samples)
    x = classes[labels].astype(np.float32)
    training = sp.BioGrad(sizes)
    training.wake(x[:150])
    arrays = {"weights%d" % n: array.astype(np.float32) for n, array in enumerate(training.weights)}
    arrays.update({"feedback%d" % n: array.astype(np.float32) for n, array in enumerate(training.feedback)})
    np.savez(path, x=x, labels=labels, batch=BATCH, **arrays)


def additions(sizes, spikes):
    """Of a sample: awake, once forward and once for the gradient; asleep, a third of a layer's neurons has spikes of one sign alone."""
    awake = 2 * sum(n * after for n, after in zip(spikes, sizes[1:]))
    asleep = SLEEP_STEPS * sum(n / 3 * after for n, after in zip(sizes[1:-1], sizes[2:]))
    return awake + asleep


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--samples", type=int, default=10000)
    parser.add_argument("--sizes", default="784-500-100-10")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split("-")]
    section = results.Section("Local learning: one epoch of %s" % options.sizes)
    torch = bench_training.interpreter("biograd_torch.py", [bench_training.TORCH, "numpy"])
    measured = {}
    with tempfile.TemporaryDirectory() as folder:
        data = str(Path(folder) / "data.npz")
        make(data, sizes, options.samples)
        for _ in range(options.rounds):
            for threads in options.threads:
                runs = {"spinnprop": (sys.executable, "biograd.py", [options.sizes, data])}
                for rule, batches in PEERS.items() if torch else []:
                    runs[rule] = (torch, "biograd_torch.py", [rule, options.sizes, batches, data])
                for name, (python, script, arguments) in runs.items():
                    result = bench_training.run(python, script, arguments, threads)
                    if result:
                        measured.setdefault((name, threads), []).append(result)
    rows = []
    for (name, threads), runs in measured.items():
        seconds = [options.samples * run["seconds"] for run in runs]
        ours = [options.samples * run["seconds"] for run in measured["spinnprop", threads]]
        version = "spinnprop " + sp.__version__ if name == "spinnprop" else "torch " + runs[0]["version"]
        rows.append([
            version, METHODS[name], threads, "%.2f" % statistics.median(seconds), "%.2f" % min(seconds), "%.2f" % max(seconds),
            "%.1f" % (statistics.median(seconds) / statistics.median(ours))])
    ours = measured["spinnprop", options.threads[0]]
    total = additions(sizes, ours[0]["spikes"])
    each = 1e9 * statistics.median(run["seconds"] for run in ours) / total
    section.write("""
Wake and sleep for each batch of %d, T = %d, %d steps of sleep, %d samples whose inputs spike with a probability of %.2f in the mean. Rounds: %d. The peers
are measured on a few batches of the epoch (%s) and scaled up. Random numbers, errors, updates and sleep are part of each.

""" % (BATCH, STEPS, SLEEP_STEPS, options.samples, DENSITY, options.rounds,
       ", ".join("%s: %d" % pair for pair in PEERS.items())) + results.table(
        ["contestant", "method", "threads", "median s", "min", "max", "times spinnprop"], rows) + """

Of a sample, %.1f million additions of a weight or a gradient: spikes of the layers, the input first, are %s. That is %.3f ns each on %d thread(s), all else
included; a core of 3 GHz that adds two vectors of eight numbers in a cycle, each with an operand from its first cache, would take %.3f.
""" % (total / 1e6, ", ".join("%.0f" % n for n in ours[0]["spikes"]), each, options.threads[0], 1 / 48))


if __name__ == "__main__":
    main()
