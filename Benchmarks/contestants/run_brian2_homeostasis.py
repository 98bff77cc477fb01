"""Brian2 on bench_brainscales2.py's homeostatic network, 0.1 ms steps: seconds of the processor per second of model time, and the rate in Hz.

    python run_brian2_homeostasis.py input-rate settling seconds [standalone]

With "standalone" Brian2 writes a C++ program of its own and runs that, else Python calls what it compiles, at every step.
"""

import sys
import tempfile
import time

import brian2
import homeostasis as model
import numpy as np
from brian2 import NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, Synapses, ms, second

rate, settling, duration = map(float, sys.argv[1:4])
is_standalone = sys.argv[4:] == ["standalone"]
if is_standalone:
    brian2.set_device("cpp_standalone", build_on_run=False)
    brian2.prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O3", "-ffast-math", "-march=native"]
brian2.defaultclock.dt = 0.1 * ms
mask, weights, signs = model.network()
times, units = model.inputs(rate, settling + duration)
# Brian2 wants no two spikes of a source in one step.
steps = np.unique(np.stack([np.floor(times * 1e4).astype(int), units]), axis=1)
sources = SpikeGeneratorGroup(model.SOURCES, steps[1], steps[0] * 0.1 * ms)
neurons = NeuronGroup(
    model.N, """dv/dt = (-v + ie + ii) / tau_mem : 1 (unless refractory)
    die/dt = -ie / tau_syn : 1
    dii/dt = -ii / tau_syn : 1
    count : 1""", threshold="v > 1", reset="v = 0\ncount += 1", refractory=model.REFRACTORY * second, method="exact",
    namespace={"tau_mem": model.TAU_MEM * second, "tau_syn": model.TAU_SYN * second})
groups = []
for group, rows, delay, target in (
    (sources, slice(0, model.SOURCES), 0, "ie"),
    (neurons[: model.N_INHIBITORY], slice(model.SOURCES, model.SOURCES + model.N_INHIBITORY), model.DELAY, "ii"),
    (neurons[model.N_INHIBITORY :], slice(model.SOURCES + model.N_INHIBITORY, None), model.DELAY, "ie"),
):
    own = Synapses(
        group, neurons, "w : 1", on_pre=f"{target}_post += gain * w", delay=delay * second,
        namespace={"gain": model.GAIN, "p": model.PROBABILITY, "rate": model.LEARNING_RATE, "target": model.TARGET})
    i, j = np.nonzero(mask[rows])
    own.connect(i=i, j=j)
    own.w = weights[rows][i, j]
    low, high = (-63, 0) if target == "ii" else (0, 63)
    own.run_regularly(f"w = clip(w + int(rand() < p) * floor(rate * (target - count_post) + 0.5), {low}, {high})", dt=model.PERIOD * second)
    groups.append(own)
neurons.run_regularly("count = 0", dt=model.PERIOD * second, order=1)
spikes = SpikeMonitor(neurons, record=False)
network = brian2.Network(sources, neurons, spikes, *groups)
# What is compiled, and the settling, are left out.
spikes.active = False
network.run(settling * second, namespace={})
spikes.active = True
begin = time.process_time()
network.run(duration * second, namespace={})
if is_standalone:
    with tempfile.TemporaryDirectory() as folder:
        brian2.device.build(directory=folder, with_output=False)
        count = spikes.num_spikes
else:
    count = spikes.num_spikes
took = brian2.device._last_run_time if is_standalone else time.process_time() - begin
print(took / duration, count / (model.N * duration))
