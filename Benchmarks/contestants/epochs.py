"""Epochs of Yin-Yang, 5-120-3 in batches of 150 on the exact engine and one thread, by `sp.Trainer`: what epochs.c does without Python.

    epochs.py RUNS EPOCHS FILE [watched]

Prints the processor seconds of each run, per epoch, and writes the trained network to FILE. Watched: by a function for progress. Under
`valgrind --tool=callgrind --instr-atstart=no`, and with COUNTED in the environment, a dump is written for each run.
"""

import os
import subprocess
import sys
import time

import setting

import spinnprop as sp

runs, epochs, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
progress = (lambda progress: False) if "watched" in sys.argv else None
sp.set_threads(1)
x, y = sp.datasets.yin_yang(setting.SAMPLES, seed=42)
spikes = sp.encoding.latency(x, bias=0.0)
network = sp.Network([setting.INPUTS, setting.HIDDEN, setting.CLASSES])


def control(*words):
    if os.environ.get("COUNTED"):
        subprocess.run(["callgrind_control", *words, str(os.getpid())], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


for _ in range(runs):
    trainer = sp.Trainer(network, epochs=epochs, batch_size=setting.BATCH)
    control("-i", "on")
    control("-z")
    begun = time.process_time()
    trainer.run(spikes, y, progress=progress)
    print("%.9f" % ((time.process_time() - begun) / epochs))
    control("-d", "run")
    sp.save(trainer.network, path)
