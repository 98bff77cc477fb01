"""The homeostatic network of bench_brainscales2.py: who is connected, and the inputs; numpy alone, the same for every contestant."""

import numpy as np

N, N_INHIBITORY, FAN_IN, SOURCES, INPUT_SYNAPSES = 512, 102, 100, 256, 64
#: Seconds of biological time; weights are in units of a 6-bit step.
TAU_MEM, TAU_SYN, REFRACTORY, DELAY, GAIN = 20e-3, 5e-3, 2e-3, 1e-3, 0.012
TARGET, LEARNING_RATE, PROBABILITY, PERIOD = 10, 0.5, 0.023, 1.0


def network(seed=0):
    """Mask (senders, neurons), sources first, and initial weights: inputs excite, a fifth of the neurons inhibits."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((SOURCES + N, N), bool)
    for j in range(N):
        mask[rng.choice(SOURCES, INPUT_SYNAPSES, replace=False), j] = True
        mask[SOURCES + rng.choice(N, FAN_IN, replace=False), j] = True
    signs = np.ones(SOURCES + N, int)
    signs[SOURCES : SOURCES + N_INHIBITORY] = -1
    weights = np.where(signs[:, None] > 0, 20, -30) * mask
    return mask, weights, signs


def inputs(rate, seconds, seed=1):
    """Poisson spikes of all sources, `rate` Hz arriving at each neuron: times and sources, in order."""
    rng = np.random.default_rng(seed)
    count = rng.poisson(rate / INPUT_SYNAPSES * SOURCES * seconds)
    return np.sort(rng.uniform(0, seconds, count)), rng.integers(0, SOURCES, count)
