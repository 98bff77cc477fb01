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
training = sp.BioGrad(sizes, batch_size=int(data["batch"]), epochs=1)
for layer in range(len(sizes) - 1):
    training.set("weights", layer, data["weights%d" % layer])
begun = time.perf_counter()
training.run(data["x"], data["labels"])
seconds = time.perf_counter() - begun
print(json.dumps({
    "seconds": seconds / len(data["x"]), "accuracy": float(training.history["accuracy"][0]),
    "spikes": [20 * float(data["x"].sum(axis=1).mean())] + training.history["spikes"][0].tolist()}))
