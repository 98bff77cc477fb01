"""How time grows with hidden neurons, inputs, spikes and layers: forward and gradient of one batch, with fitted exponents.

    python Benchmarks/bench_scaling.py [--repeats 5] [--threads 1] [--quick]
"""

import argparse
import statistics
import time

import numpy as np
import results

import spinnprop as sp

BATCH = 150


def spikes(n_units, per_unit, seed):
    """BATCH samples in which every input unit spikes per_unit times, uniformly within 30 ms for each of its spikes."""
    random = np.random.RandomState(seed)
    per_sample = n_units * per_unit
    times = random.uniform(0, 30e-3 * per_unit, (BATCH, per_sample))
    units = np.tile(np.repeat(np.arange(n_units, dtype=np.int32), per_unit), (BATCH, 1))
    order = np.argsort(times, axis=1)
    times, units = np.take_along_axis(times, order, 1), np.take_along_axis(units, order, 1)
    return sp.SpikeTrains(times.ravel(), units.ravel(), np.arange(BATCH + 1, dtype=np.int64) * per_sample, n_units)


def set_active_weights(network, sizes, train):
    """Random weights, each layer's scaled until its neurons spike 0.4 times for every spike of an input unit."""
    random = np.random.RandomState(1)
    few = sp.SpikeTrains(train.times[: train.offsets[20]], train.units[: train.offsets[20]], train.offsets[:21], sizes[0])
    wanted = 0.4 * len(few.times) / (20 * sizes[0])
    for layer, (pre, post) in enumerate(zip(sizes, sizes[1:])):
        drawn = random.normal(1.0 / pre, 1.0 / np.sqrt(pre), (post, pre))
        low, high = 0.01, 1000.0
        while high / low > 1.01:
            gain = np.sqrt(low * high)
            network.weights[layer] = gain * drawn
            try:
                rate = len(network.forward(few, max_spikes=1_000_000).spikes[layer].times) / (20 * post)
            except sp.SpinnpropError:
                rate = np.inf
            low, high = (gain, high) if rate < wanted else (low, gain)


def measure(sizes, per_unit, repeats):
    """Median seconds of forward and of gradient, and the spikes of each layer per sample."""
    network = sp.Network(sizes, seed=0)
    train = spikes(sizes[0], per_unit, 2)
    set_active_weights(network, sizes, train)
    labels = np.arange(BATCH) % sizes[-1]
    # Every output spike gets a derivative, so that the adjoint runs over all of them.
    loss = sp.losses.SpikeCountCrossEntropy()
    forward, backward = [], []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        recording = network.forward(train)
        between = time.perf_counter()
        network.gradient(recording, loss, labels)
        forward.append(between - start)
        backward.append(time.perf_counter() - between)
    per_layer = [len(recording.spikes[layer].times) / BATCH for layer in range(len(sizes) - 1)]
    # The first repeat warms caches and is not counted.
    return statistics.median(forward[1:]), statistics.median(backward[1:]), per_layer


def operations(sizes, per_unit, per_layer):
    """Weights touched per sample: forward and backward, each arriving spike meets every neuron of the next layer."""
    arriving = [sizes[0] * per_unit] + per_layer[:-1]
    return sum(count * post for count, post in zip(arriving, sizes[1:]))


def exponent(values, seconds):
    """Slope of log(seconds) over log(value), least squares over the upper half, where constant costs no longer show."""
    half = max(2, (len(values) + 1) // 2)
    return float(np.polyfit(np.log(values[-half:]), np.log(seconds[-half:]), 1)[0])


def sweep(title, quantity, values, sizes_of, per_unit_of, repeats):
    rows, totals, spike_counts, touched_counts = [], [], [], []
    for value in values:
        sizes, per_unit = sizes_of(value), per_unit_of(value)
        forward, backward, per_layer = measure(sizes, per_unit, repeats)
        arriving = sizes[0] * per_unit + sum(per_layer)
        touched = operations(sizes, per_unit, per_layer)
        totals.append(forward + backward)
        spike_counts.append(arriving)
        touched_counts.append(touched)
        rows.append([
            value, "%.2f" % (1e3 * forward), "%.2f" % (1e3 * backward), "%.0f" % arriving,
            "%.0f" % (1e9 * (forward + backward) / (arriving * BATCH)),
            "%.2f" % (1e9 * (forward + backward) / (touched * BATCH))])
    slopes = "Fitted exponents over the upper half: time over %s %.2f" % (quantity, exponent(values, totals))
    for name, counts in (("spikes", spike_counts), ("weights met", touched_counts)):
        # An exponent over numbers that hardly differ would mean nothing.
        if counts[-1] > 1.5 * counts[-max(2, (len(values) + 1) // 2)]:
            slopes += ", time over %s %.2f" % (name, exponent(counts, totals))
    slopes += "."
    header = [quantity, "forward ms", "gradient ms", "spikes per sample, inputs included", "ns per spike",
              "ns per weight met"]
    return "### %s\n\n%s\n\n%s\n" % (title, results.table(header, rows), slopes)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="fewer and smaller networks; writes nothing")
    options = parser.parse_args()
    section = results.Section("Growth: time over the size of the work")
    sp.set_threads(options.threads)

    def values(*all_values):
        return all_values[:2] if options.quick else all_values

    text = """
Forward run and gradient of one batch of %d samples, %d thread(s), float64, median of %d repeats. "Weights met": every spike
that arrives at a layer meets each of its neurons once forward and once backward; this count is the work that no exact method on
dense layers can avoid. Weights are scaled so that every layer spikes: 0.4 times per neuron for every spike of an input unit.
Constant time per weight met means that the time grows with the work and not faster; an exponent of
time over spikes near 1 at a fixed network means that there is no term quadratic in the number of spikes.

""" % (BATCH, options.threads, options.repeats)
    text += "\n".join([
        sweep("Hidden neurons: 5-N-3", "hidden neurons", values(120, 256, 512, 1024, 2048, 4096),
              lambda n: [5, n, 3], lambda n: 1, options.repeats),
        sweep("Inputs: N-120-3", "inputs", values(5, 16, 49, 196, 784), lambda n: [n, 120, 3], lambda n: 1,
              options.repeats),
        sweep("Spikes: 20-120-3, N spikes per input", "spikes per input", values(1, 2, 4, 8, 16, 32, 64),
              lambda n: [20, 120, 3], lambda n: n, options.repeats),
        sweep("Layers: 5, then N hidden layers of 120, then 3", "hidden layers", values(1, 2, 4, 8),
              lambda n: [5] + [120] * n + [3], lambda n: 1, options.repeats)])
    if options.quick:
        print(text)
    else:
        section.write(text)


if __name__ == "__main__":
    main()
