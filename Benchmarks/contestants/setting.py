"""What every contestant of bench_training.py shares: the data, the coding in steps, the clock and the memory meter.

Imports numpy only, so that a peer's own imports are not mixed with anything of ours.
"""

import json
import os
import resource
import sys
import time

import numpy as np

SAMPLES, INPUTS, HIDDEN, CLASSES, BATCH, STEPS = 5000, 5, 120, 3, 150, 30
TAU_MEM, TIME_STEP, LEARNING_RATE = 20e-3, 1e-3, 5e-3
DECAY = float(np.exp(-TIME_STEP / TAU_MEM))


def yin_yang(n, seed):
    """The Yin-Yang set of Kriener et al. 2021 (arXiv 2102.08211), written from its definition: (n, 4), (n,)."""
    random = np.random.RandomState(seed)
    x = np.empty((n, 4))
    labels = np.empty(n, dtype=np.int64)
    for sample in range(n):
        goal = random.randint(3)
        while True:
            a, b = random.rand(2)
            if np.hypot(a - 0.5, b - 0.5) > 0.5:
                continue
            right, left = np.hypot(a - 0.75, b - 0.5), np.hypot(a - 0.25, b - 0.5)
            if right < 0.1 or left < 0.1:
                label = 2
            else:
                label = int(right <= 0.1 or 0.1 < left <= 0.25 or (b > 0.5 and right > 0.25))
            if label == goal:
                break
        x[sample] = a, b, 1 - a, 1 - b
        labels[sample] = label
    return x, labels


def spikes_on_grid(x):
    """One spike per feature at round(x * (STEPS - 1)) and one of a bias unit at step 0: float32 (STEPS, n, INPUTS)."""
    grid = np.zeros((STEPS, len(x), INPUTS), dtype=np.float32)
    steps = np.rint(x * (STEPS - 1)).astype(int)
    for feature in range(4):
        grid[steps[:, feature], np.arange(len(x)), feature] = 1
    grid[0, :, 4] = 1
    return grid


def batches(order):
    """The batches of an epoch, the partial last one included."""
    return [order[start : start + BATCH] for start in range(0, len(order), BATCH)]


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def threads():
    return int(os.environ.get("BENCH_THREADS", "1"))


def measure(name, version, train_epoch, before, accuracy):
    """Runs warm-up epochs (compilation included), then the measured ones, and reports.

    train_epoch(order) trains one epoch over the samples in that order and must not return before the last update is
    done. before: resident_bytes() after the imports, before any data. accuracy(): on the training set, asked for after
    everything is measured, to show that the loop does learn.
    """
    warm_up, epochs = (int(argument) for argument in sys.argv[1:3])
    random = np.random.RandomState(0)
    seconds = []
    for epoch in range(warm_up + epochs):
        order = random.permutation(SAMPLES)
        if epoch == warm_up:
            processor = time.process_time()
        start = time.perf_counter()
        train_epoch(order)
        seconds.append(time.perf_counter() - start)
    report(name, version, seconds, warm_up, (time.process_time() - processor) / epochs, before, accuracy)


def report(name, version, seconds, warm_up, processor, before, accuracy, operations=dict):
    """Prints one line of JSON.

    seconds: of every epoch, of which the first warm_up are set apart; processor: seconds that all threads together were
    running, per measured epoch; operations(): the contestant's own account of its work.
    """
    peak = peak_bytes() - before
    result = {
        "name": name,
        "version": version,
        "seconds": seconds[warm_up:],
        "processor_seconds": processor,
        "warm_up_seconds": sum(seconds[:warm_up]),
        "accuracy": float(accuracy()),
        "peak_bytes": peak,
        **operations(),
    }
    print(json.dumps(result))
