"""784-350-10 trained by the library's trainer, whose parameters stay in the engine's layout, and call by call: forward, gradient and an Adam
step in numpy, with every parameter read and set anew. Epochs of both alternate; prints a line of JSON."""

import json
import sys
import time

import numpy as np
import setting

import spinnprop as sp

SIZES, SAMPLES, ACTIVE = (784, 350, 10), 150, 100
RATE, BETA1, BETA2, EPSILON = 2e-3, 0.9, 0.999, 1e-8

engine_name, epochs = sys.argv[1], int(sys.argv[2])
sp.set_threads(setting.threads())
random = np.random.default_rng(0)
# Like handwritten digits: of 784 pixels some hundred are bright and spike once.
units = np.stack([random.permutation(SIZES[0])[:ACTIVE] for _ in range(SAMPLES)]).astype(np.int32)
spikes = sp.SpikeTrains(
    random.uniform(0.0, 20e-3, units.size), units.ravel(), np.arange(SAMPLES + 1) * ACTIVE, SIZES[0])
labels = random.integers(0, SIZES[-1], SAMPLES)
engine = sp.EventEngine() if engine_name == "event" else sp.ClockEngine()
network = sp.Network(SIZES, engine=engine, seed=0)
network.wake(spikes, engine=engine)
# One batch an epoch, so that both take the very same steps.
trainer = sp.Trainer(
    network, engine=engine, epochs=epochs, batch_size=SAMPLES, learning_rate=RATE, schedule="constant",
    clip_norm=float("inf"))
loss = trainer.loss

mean = [np.zeros(w.shape) for w in network.weights]
square = [np.zeros(w.shape) for w in network.weights]


def step(number):
    """One batch by calls; the first has the number 1."""
    recording = network.forward(spikes, engine=engine)
    _, gradients = network.gradient(recording, loss, labels, engine=engine)
    for layer, gradient in enumerate(gradients.weights):
        mean[layer] = BETA1 * mean[layer] + (1 - BETA1) * gradient
        square[layer] = BETA2 * square[layer] + (1 - BETA2) * gradient**2
        size = RATE / (1 - BETA1**number)
        root = np.sqrt(square[layer]) / np.sqrt(1 - BETA2**number)
        network.weights[layer] = network.weights[layer] - size * mean[layer] / (root + EPSILON)


by_calls = []


def after(progress):
    """Lets an epoch by calls follow on each of the trainer's."""
    if progress["epoch_finished"]:
        begun = time.perf_counter()
        step(len(by_calls) + 1)
        by_calls.append(time.perf_counter() - begun)


trainer.run(spikes, labels, progress=after)
# float32 on time steps rounds the two ways apart: a spike may come a step earlier, so the exact engine alone is held to the same weights.
for ours, plain in zip(trainer.network.weights, network.weights):
    if engine_name == "event" and not np.allclose(ours, plain, rtol=1e-6, atol=1e-9):
        sys.exit("the trainer's weights are not those of the calls: they differ by up to %g" % np.abs(ours - plain).max())
print(json.dumps({"session": list(trainer.history["seconds"]), "calls": by_calls}))
