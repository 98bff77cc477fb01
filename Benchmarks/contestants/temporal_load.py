"""The load that bench_temporal.py and its contestants share: long input of many spikes, and weights at which hidden neurons spike seldom.

Imports numpy only, so that a peer's own imports are not mixed with anything of ours.
"""

import numpy as np

INPUTS, CLASSES, SPIKES, DURATION, SAMPLES = 700, 20, 8000, 1.0, 8
TAU_MEM, TAU_SYN, LONGEST_DELAY = 20e-3, 5e-3, 20e-3


def samples():
    """Times, sorted, and units: (SAMPLES, SPIKES); labels."""
    random = np.random.default_rng(1)
    times = np.sort(random.uniform(0, DURATION, (SAMPLES, SPIKES)), axis=1)
    return times, random.integers(0, INPUTS, (SAMPLES, SPIKES)).astype(np.int32), random.integers(0, CLASSES, SAMPLES)


def weights(hidden):
    """Into the hidden layer, within it, and out of it: (post, pre)."""
    random = np.random.default_rng(2)
    return (
        random.normal(0, 0.3, (hidden, INPUTS)), random.normal(0, 0.3 * (128 / hidden) ** 0.5, (hidden, hidden)),
        random.normal(0, 0.3, (CLASSES, hidden)))
