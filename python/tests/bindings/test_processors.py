"""The library compiled for newer processors gives the bits of the one for any processor."""

import os
import platform
import subprocess
import sys

import pytest

# Every forward and backward kernel: ratios 4, 2 and general, recurrence, delays, a leaky read-out, a short training.
CODE = """
import hashlib
import numpy as np
import spinnprop as sp
digest = hashlib.sha256()
X, y = sp.datasets.yin_yang(60)
spikes = sp.encoding.latency(X, bias=0.0)
cases = [
    dict(tau_syn=5e-3), dict(tau_syn=10e-3), dict(tau_syn=20e-3), dict(tau_syn=7e-3), dict(recurrent=True),
    dict(delays="synaptic"), dict(delays="axonal"), dict(tau_syn=10e-3, readout="leaky"),
]
for options in cases:
    net = sp.Network([5, 21, 3], seed=3, **options)
    rec = net.forward(spikes, t_end=0.2)
    loss = sp.losses.VMaxCrossEntropy() if "readout" in options else sp.losses.TTFSCrossEntropy()
    value, grad = net.gradient(rec, loss, y)
    digest.update(rec.spikes[0].times.tobytes() + np.float64(value).tobytes() + grad.input_times.tobytes())
    for weights in grad.weights:
        digest.update(np.ascontiguousarray(weights).tobytes())
# On a grid: layers of one block, of several and of many, with equal neurons or not.
grid = sp.encoding.latency_grid(X, steps=27)
cases += [dict(tau_mem=np.linspace(15e-3, 30e-3, 85)), dict(threshold=0.5)]
for options in cases:
    net = sp.Network([5, 70, 12, 3], seed=3, weight_mean=[2.5, 0.5, 0.9], weight_std=[1.5, 0.6, 0.6], **options)
    rec = net.forward(grid, engine="clock")
    loss = sp.losses.VMaxCrossEntropy() if "readout" in options else sp.losses.StepTTFSCrossEntropy()
    value, grad = net.gradient(rec, loss, y)
    assert len(rec.spikes[0].times) and any(np.any(weights) for weights in grad.weights)
    digest.update(rec.spikes[1].times.tobytes() + np.float64(value).tobytes())
    for weights in grad.weights:
        digest.update(np.ascontiguousarray(weights).tobytes())
for engine in ("event", "clock", "spinnaker2"):
    clf = sp.SpikingClassifier(hidden=(30,), engine=engine, epochs=3).fit(X, y)
    digest.update(clf.network_.weights[0].tobytes())
for model in ("lif", "qif", "eif"):
    run = sp.sparse.RecurrentNetwork(200, 20, model=model, seed=1).run(2000)
    value, errors = run.rate_loss(np.full(200, 5.0))
    digest.update(run.times.tobytes() + run.gradient(errors).weights.tobytes())
print(digest.hexdigest())
"""
LIBRARY = """
import os, spinnprop
from spinnprop import _core
with open("/proc/self/maps") as maps:
    paths = {line.rstrip("\\n").split(None, 5)[5] for line in maps if "libspinnprop.so" in line}
print(*(os.path.relpath(path, os.path.dirname(spinnprop.__file__)) for path in paths))
"""
# How many threads the library makes beside the calling one.
THREADS = """
import os
import spinnprop as sp
if processors is not None:
    os.sched_setaffinity(0, processors)
X, y = sp.datasets.yin_yang(300)
spikes = sp.encoding.latency(X, bias=0.0)
before = len(os.listdir("/proc/self/task"))
sp.Network([5, 21, 3], seed=3).forward(spikes)
print(len(os.listdir("/proc/self/task")) - before)
"""
#: Has the dynamic linker take the processor for an older one.
OLDER = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX2_Usable"}


def output(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, check=True, stdout=subprocess.PIPE
    ).stdout.decode()


def bits(**environment):
    return output(CODE, **environment)


def has_two_libraries():
    """Whether there are two to choose from: x86-64 with AVX2 and FMA, glibc 2.33 or newer."""
    if platform.machine() != "x86_64" or tuple(map(int, platform.libc_ver()[1].split("."))) < (2, 33):
        return False
    with open("/proc/cpuinfo") as file:
        return {"avx2", "bmi2", "fma", "movbe", "f16c", "abm"} <= set(file.read().split())


@pytest.mark.skipif(not has_two_libraries(), reason="wants x86-64 with AVX2, and glibc 2.33 or newer")
def test_same_bits_on_older_processors():
    assert output(LIBRARY).strip() == "glibc-hwcaps/x86-64-v3/libspinnprop.so"
    assert output(LIBRARY, **OLDER).strip() == "libspinnprop.so"
    assert bits() == bits(**OLDER)


def test_same_bits_for_any_number_of_threads():
    assert bits(SPINNPROP_THREADS="1") == bits(SPINNPROP_THREADS="3")


def threads(processors=None, **environment):
    environment = {"SPINNPROP_THREADS": "none", "OMP_NUM_THREADS": "none", **environment}
    return int(output(f"processors = {processors}\n{THREADS}", **environment)) + 1


def test_as_many_threads_as_processors_it_may_use():
    first = min(os.sched_getaffinity(0))
    assert threads([first]) == 1
    assert threads([first], SPINNPROP_THREADS="3") == 3


def test_threads_of_the_environment():
    assert threads(OMP_NUM_THREADS="3") == threads(OMP_NUM_THREADS="3,2") == 3
    assert threads(OMP_NUM_THREADS="1") == 1
    assert threads(OMP_NUM_THREADS="1", SPINNPROP_THREADS="3") == 3
    assert threads(OMP_NUM_THREADS="3", SPINNPROP_THREADS="1") == 1
