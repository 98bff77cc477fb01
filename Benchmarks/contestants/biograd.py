"""BioGrad in the library, an epoch.

    biograd.py SIZES DATA.npz      as in: biograd.py 784-500-100-10 data.npz

Prints a line of JSON: seconds per sample, the accuracy of the epoch, spikes of each layer."""

import json
import sys
import time

import numpy as np
import setting

import spinnprop as sp

data = np.load(sys.argv[2])
sizes = [int(size) for size in sys.argv[1].split("-")]
sp.set_threads(setting.threads())
# As the peers have them.
training = sp.BioGrad(
    sizes, batch_size=int(data["batch"]), epochs=1, decay=0.5, threshold=0.5, window=1.0, steps=20, soft_start=5, sleep_steps=50,
    learning_rate=1e-2, sleep_rate=3.33e-5)
for layer in range(len(sizes) - 1):
    training.set("weights", layer, data["weights%d" % layer])
begun = time.perf_counter()
training.run(data["x"], data["labels"])
seconds = time.perf_counter() - begun
print(json.dumps({
    "seconds": seconds / len(data["x"]), "accuracy": float(training.history["accuracy"][0]),
    "spikes": [20 * float(data["x"].sum(axis=1).mean())] + training.history["spikes"][0].tolist()}))
