"""700-H-20 with a leaky read-out on the exact engine: forward and gradient of a batch of long samples.

    temporal.py HIDDEN KIND REPEATS      as in: temporal.py 128 recurrent 5; KIND: plain, recurrent, "recurrent, 1 %", "taus differ", dendritic,
    synaptic or both

Prints a line of JSON: seconds per sample of each repeat, and hidden spikes per sample."""

import json
import sys
import time

import numpy as np
import setting
import temporal_load as load

import spinnprop as sp

hidden, kind, repeats = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
sp.set_threads(setting.threads())
times, units, labels = load.samples()
spikes = sp.SpikeTrains(times.ravel(), units.ravel(), np.arange(load.SAMPLES + 1) * load.SPIKES, load.INPUTS)
delays = {"synaptic": "synaptic", "both": "synaptic", "dendritic": "dendritic"}.get(kind)
spread = np.random.default_rng(4).uniform(0.9, 1.1, hidden + load.CLASSES) if kind == "taus differ" else 1.0
into, within, out = load.weights(hidden)
masks = {}
if kind == "recurrent, 1 %":
    # What is left weighs as much together.
    chance = np.random.default_rng(5)
    masks = {"masks": [chance.random(into.shape) < 0.01, None], "recurrent_masks": [chance.random(within.shape) < 0.01, None]}
    into, within = 10 * into * masks["masks"][0], 10 * within * masks["recurrent_masks"][0]
network = sp.Network(
    [load.INPUTS, hidden, load.CLASSES], tau_mem=load.TAU_MEM * spread, tau_syn=load.TAU_SYN, readout="leaky",
    recurrent=kind not in ("plain", "synaptic"), delays=[delays, None], seed=0, **masks)
network.weights[0], network.weights[1] = into, out
random = np.random.default_rng(3)
if delays:
    network.delays[0] = random.uniform(0, load.LONGEST_DELAY, network.delays[0].shape)
if kind not in ("plain", "synaptic"):
    network.recurrent_weights[0] = within
    if delays:
        network.recurrent_delays[0] = random.uniform(0, load.LONGEST_DELAY, network.recurrent_delays[0].shape)
forward, gradient = [], []
for _ in range(repeats + 1):
    start = time.perf_counter()
    recording = network.forward(spikes, t_end=load.DURATION)
    between = time.perf_counter()
    network.gradient(recording, sp.losses.VMaxCrossEntropy(), labels, input_times=False)
    forward.append((between - start) / load.SAMPLES)
    gradient.append((time.perf_counter() - between) / load.SAMPLES)
# The first repeat warms caches.
print(json.dumps({
    "forward": forward[1:], "gradient": gradient[1:], "hidden_spikes": len(recording.spikes[0].times) / load.SAMPLES}))
