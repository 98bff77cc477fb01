"""NEST on bench_sparse.py's LIF network, 0.1 ms steps: nanoseconds per delivered spike, and the rate in Hz.

    python run_nest.py neurons targets seconds
"""

import sys
import time

import nest
import numpy as np

n, k, duration = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
nest.set(resolution=0.1, local_num_threads=1)
drive, weight = 10e-3 * np.sqrt(k), -1 / np.sqrt(k)
phases = np.random.default_rng(0).uniform(size=n)
neurons = nest.Create(
    "iaf_psc_delta", n, {"tau_m": 10.0, "E_L": drive, "V_th": 0.0, "V_reset": -1.0, "t_ref": 0.0, "I_e": 0.0})
neurons.V_m = drive - (1 + drive) * np.exp(-phases * np.log(1 + 1 / drive))
# With few repeated targets instead of none: it takes the same time. A spike arrives one step later, which NEST needs.
nest.Connect(
    neurons, neurons, {"rule": "fixed_outdegree", "outdegree": k, "allow_autapses": False},
    {"weight": weight, "delay": 0.1})
# Set-up and settling are left out.
nest.Simulate(100.0)
begin = time.process_time()
nest.Simulate(1e3 * duration)
# Counted anew by every Simulate.
spikes = nest.local_spike_counter
print(1e9 * (time.process_time() - begin) / (spikes * k), spikes / (n * duration))
