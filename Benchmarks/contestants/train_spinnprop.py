"""spinnprop, trained by its own trainer through the public estimator: on the exact engine, or the one that is named."""

import sys
import time

import numpy as np
import setting

import spinnprop as sp
from spinnprop import SpikingClassifier

before = setting.resident_bytes()
warm_up, epochs = (int(argument) for argument in sys.argv[1:3])
engine = sys.argv[3] if len(sys.argv) > 3 else "event"
sp.set_threads(setting.threads())
x, y = setting.yin_yang(setting.SAMPLES, 42)
assert np.array_equal(x, sp.datasets.yin_yang(setting.SAMPLES, seed=42)[0])

classifier = SpikingClassifier(
    hidden=(setting.HIDDEN,), engine=engine, epochs=warm_up + epochs, batch_size=setting.BATCH, seed=0)
start, processor = time.perf_counter(), time.process_time()
classifier.fit(x, y)
whole, processor = time.perf_counter() - start, time.process_time() - processor
seconds = list(classifier.history_["seconds"])
# The library's own clock is believed only as far as it explains the time that went by outside.
if sum(seconds) > whole or sum(seconds) < 0.5 * whole:
    sys.exit("the epochs' seconds add up to %.3f, but fit took %.3f" % (sum(seconds), whole))



def operations():
    """What an epoch has to do with the weights as they are now: every spike that arrives at a layer makes each of its
    neurons decay, add a weight and be searched for a crossing; every spike that is sent takes one root and its adjoint."""
    recording = classifier.network_.forward(classifier._encode(x), engine=classifier.engine_)
    arrivals = [setting.SAMPLES * setting.INPUTS] + [len(layer.times) for layer in recording.spikes]
    sizes = recording.layer_sizes
    updates = sum(spikes * post for spikes, post in zip(arrivals, sizes[1:]))
    return {"updates": updates, "roots": sum(arrivals[1:])}


setting.report(
    "spinnprop, " + engine, sp.__version__, seconds, warm_up, processor / len(seconds), before, lambda: classifier.score(x, y),
    operations)
