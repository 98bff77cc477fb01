"""BioGrad in the library, an epoch.

    biograd.py SIZES DATA.npz EPOCHS      as in: biograd.py 784-500-100-10 data.npz 3

Prints a line of JSON."""

import json
import sys
import time

import numpy as np
import setting

import spinnprop as sp

data = np.load(sys.argv[2])
sizes = [int(size) for size in sys.argv[1].split("-")]
epochs = int(sys.argv[3])
sp.set_threads(setting.threads())
training = sp.BioGrad(sizes, batch_size=int(data["batch"]), epochs=epochs)
for layer in range(len(sizes) - 1):
    training.set("weights", layer, data["weights%d" % layer])
marks = [time.perf_counter()]


def after(progress):
    """Notes when each epoch ends."""
    if progress["epoch_finished"]:
        marks.append(time.perf_counter())


training.run(data["x"], data["labels"], progress=after)
print(json.dumps({
    "seconds": list(np.diff(marks) / len(data["x"])), "accuracy": float(training.history["accuracy"][0]), "version": sp.__version__,
    "spikes": [float(data["x"][0].sum()) * 20] + training.history["spikes"][0].tolist()}))
