"""First spikes in closed form, trained by the library's trainer at the published settings of Yin-Yang, or on a wider network.

    first_spikes.py RATIO DELAYS SIZES WARM_UP EPOCHS      as in: first_spikes.py 2 synaptic 4-30-3 3 7

Prints a line of JSON: the measured epochs, the time that passes and that of processors, and how many spikes arrived at how many neurons."""

import json
import sys
import time

import numpy as np
import setting

import spinnprop as sp

ratio, delays, warm_up, epochs = float(sys.argv[1]), sys.argv[2], int(sys.argv[4]), int(sys.argv[5])
sizes = [int(size) for size in sys.argv[3].split("-")]
TAU_SYN = 5e-3
sp.set_threads(setting.threads())
random = np.random.default_rng(1)
if sizes[0] == 4:
    x, labels = sp.datasets.yin_yang(setting.SAMPLES, seed=42)
    spikes = sp.encoding.latency(x, t_early=0.15 * TAU_SYN, t_late=2 * TAU_SYN, bias=None)
    mean, spread = (0.5 if delays == "none" else 1.0), 1.0
else:
    # Like handwritten digits of 8 x 8: half of the pixels are bright and spike once.
    samples, active = 1797, sizes[0] // 2
    units = np.stack([np.sort(random.permutation(sizes[0])[:active]) for _ in range(samples)]).astype(np.int32)
    spikes = sp.SpikeTrains(
        random.uniform(0.0, 2 * TAU_SYN, units.size), units.ravel(), np.arange(samples + 1) * active, sizes[0])
    labels = random.integers(0, sizes[-1], samples)
    mean = spread = 6.0 / sizes[0]
engine = sp.FirstSpikeEngine()
kind = None if delays == "none" else delays
network = sp.Network(sizes, tau_mem=ratio * TAU_SYN, tau_syn=TAU_SYN, delays=kind, engine=engine, seed=0)
for layer in range(len(sizes) - 1):
    # In the units of the library the weights of tau_m = 2 tau_s are twice the published ones.
    network.weights[layer] = ratio * random.normal(mean, spread, network.weights[layer].shape)
    if kind:
        network.delays[layer] = TAU_SYN * random.uniform(0.3, 0.7, network.delays[layer].shape)
trainer = sp.Trainer(
    network, loss=sp.losses.TTFSCrossEntropy.in_tau_syn(TAU_SYN), engine=engine, epochs=warm_up + epochs, batch_size=setting.BATCH,
    learning_rate=5e-3, delay_learning_rate=1e-5 if kind else 0.0)
marks = {}


def after(progress):
    """Notes the processors' time as the warm-up ends."""
    if progress["epoch_finished"] and progress["epoch"] + 1 == warm_up:
        marks["processor"] = time.process_time()


trainer.run(spikes, labels, progress=after)
processor = (time.process_time() - marks["processor"]) / epochs
recording = trainer.network.forward(spikes, engine=engine)
arrivals = [spikes.times.size] + [layer.times.size for layer in recording.spikes]
print(json.dumps({
    "seconds": list(trainer.history["seconds"])[warm_up:], "processor_seconds": processor,
    "updates": sum(n * post for n, post in zip(arrivals, sizes[1:])), "spikes": sum(arrivals[1:])}))
