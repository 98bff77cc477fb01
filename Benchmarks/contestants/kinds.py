"""A kind of network on the exact engine, trained for some epochs on Yin-Yang, 5-120-3 unless it is said to be deep.

    kinds.py KIND WARM_UP EPOCHS      as in: kinds.py synaptic 2 5

Of a kind that ends with ", as active", weights are scaled so that hidden neurons spike as often as those of 20/5 ms in the beginning. Prints a
line of JSON: the measured epochs, and hidden spikes per sample before the training."""

import json
import sys

import numpy as np
import setting

import spinnprop as sp

kind, warm_up, epochs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
AS_ACTIVE = ", as active"
MS, HIDDEN, DEEP = 1e-3, setting.HIDDEN, 400
random, other = np.random.default_rng(2), np.random.default_rng(3)
#: What differs from 20 ms and 5 ms, one threshold, no delays and no recurrence.
KINDS = {
    "20/5 ms": {},
    "20/10 ms": {"tau_syn": 10 * MS},
    "20/20 ms": {"tau_syn": 20 * MS},
    "20/7 ms": {"tau_syn": 7 * MS},
    "5/20 ms": {"tau_mem": 5 * MS, "tau_syn": 20 * MS},
    "reset -0.5": {"reset": -0.5},
    "thresholds differ": {"threshold": random.uniform(0.8, 1.2, HIDDEN + 3)},
    "resets differ": {"reset": random.uniform(-0.3, 0.1, HIDDEN + 3)},
    "taus differ": {"tau_mem": random.uniform(15 * MS, 25 * MS, HIDDEN + 3)},
    "axonal": {"delays": "axonal"},
    "dendritic": {"delays": "dendritic"},
    "synaptic": {"delays": "synaptic"},
    "recurrent": {"recurrent": [True]},
    "drives below": {"drive": other.uniform(-0.3, 0.3, HIDDEN + 3)},
    "drives above": {"drive": other.uniform(0.5, 1.3, HIDDEN + 3)},
    "refractory": {"refractory": 2 * MS},
    "skips": {"connections": [(0, 1), (1, 2), (0, 2)]},
    "neurons trained": {},
    "deep": {"layer_sizes": [5, DEEP, DEEP, 3]},
    "deep, 10 %": {"layer_sizes": [5, DEEP, DEEP, 3], "masks": [None, other.random((DEEP, DEEP)) < 0.1, None]},
    "deep, 1 %": {"layer_sizes": [5, DEEP, DEEP, 3], "masks": [None, other.random((DEEP, DEEP)) < 0.01, None]},
}
sp.set_threads(setting.threads())
# What many neurons that fire by themselves need, and a recurrent network.
t_end = 60 * MS if kind in ("recurrent", "drives above") else None
x, labels = setting.yin_yang(setting.SAMPLES, 42)
FIRST = {"layer_sizes": [5, HIDDEN, 3], "tau_mem": 20 * MS, "tau_syn": 5 * MS}
options = {**FIRST, **KINDS[kind.removesuffix(AS_ACTIVE)]}
network = sp.Network(seed=0, **options)
if "delays" in options:
    for layer in range(2):
        network.delays[layer] = random.uniform(0, 2 * MS, network.delays[layer].shape)
spikes = sp.encoding.latency(x, t_early=0.0, t_late=30 * MS, bias=0.0)


def hidden_spikes(network):
    return len(network.forward(spikes, t_end=t_end).spikes[0].times) / setting.SAMPLES


def scaled(factor):
    """The network with weights so many times those it begins with."""
    network = sp.Network(seed=0, **options)
    for connection in range(len(network.weights)):
        network.weights[connection] = factor * network.weights[connection]
    return network


if kind.endswith(AS_ACTIVE):
    wanted = hidden_spikes(sp.Network(seed=0, **FIRST))
    low, high = 0.1, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if hidden_spikes(scaled(middle)) < wanted else (low, middle)
    network = scaled(high)
hidden = hidden_spikes(network)
trainer = sp.Trainer(
    network, loss=sp.losses.TTFSCrossEntropy(), epochs=warm_up + epochs, batch_size=setting.BATCH, t_end=t_end,
    delay_learning_rate=1e-5 if "delays" in options else 0.0,
    train=["weights", "tau_mem", "tau_syn", "threshold", "reset", "drive"] if kind == "neurons trained" else None)
trainer.run(spikes, labels)
print(json.dumps({"seconds": list(trainer.history["seconds"])[warm_up:], "hidden_spikes": hidden}))
