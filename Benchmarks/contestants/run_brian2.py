"""Brian2 on bench_sparse.py's LIF network, 0.1 ms steps: nanoseconds per delivered spike, and the rate in Hz.

    python run_brian2.py neurons targets seconds
"""

import sys
import time

import brian2
import numpy as np
from brian2 import Hz, NeuronGroup, PopulationRateMonitor, Synapses, ms, run, second  # noqa: F401

n, k, duration = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
brian2.defaultclock.dt = 0.1 * ms
drive, weight = 10e-3 * np.sqrt(k), -1 / np.sqrt(k)
neurons = NeuronGroup(
    n, "dv/dt = (-v + drive) / tau : 1", threshold="v > 0", reset="v = -1", method="exact",
    namespace={"tau": 10 * ms, "drive": drive})
random = np.random.default_rng(0)
phases = random.uniform(size=n)
neurons.v = drive - (1 + drive) * np.exp(-phases * np.log(1 + 1 / drive))
# With few repeated targets instead of none: it takes the same time.
targets = (np.repeat(np.arange(n), k) + random.integers(1, n, n * k)) % n
synapses = Synapses(neurons, neurons, on_pre="v_post += weight", namespace={"weight": weight})
synapses.connect(i=np.repeat(np.arange(n), k), j=targets)
counts = brian2.SpikeMonitor(neurons, record=False)
# What is compiled, and the settling, are left out.
run(0.1 * second, namespace={})
before, begin = counts.num_spikes, time.process_time()
run(duration * second, namespace={})
spikes = counts.num_spikes - before
print(1e9 * (time.process_time() - begin) / (spikes * k), spikes / (n * duration))
