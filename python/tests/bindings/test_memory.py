"""What happens where memory runs out; `memory_sweep.py --dense` tries every megabyte from 1 to 200."""

import subprocess
import sys
from pathlib import Path

import pytest

SWEEP = Path(__file__).with_name("memory_sweep.py")


def run(*arguments):
    done = subprocess.run([sys.executable, str(SWEEP), *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode(errors="replace")
    return done.stdout.decode()


def test_calls_succeed_or_raise_memory_error_and_work_again():
    said = run()
    # Limits under which nothing fails would prove nothing.
    assert said.count("MemoryError at 0 of") < len(said.splitlines()) / 2, said


@pytest.mark.parametrize("name", ["event_trainer", "clock_trainer", "spinnaker2_forward_48"])
def test_the_same_on_several_threads(name):
    run("--threads", name)


def test_any_allocation_of_the_extension_may_fail():
    pytest.importorskip("_testcapi")
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", str(SWEEP.with_name("failing_allocations.py"))],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-4000:]


def test_a_gradient_works_in_the_memory_of_the_one_before():
    # Sums of eight parts of 700 x 128 weights are 1,400 pages, which the system would set to zero each time; some are there from the run forward. The
    # gradient that is handed out has 200 of its own, which malloc takes from the system once, twice or thrice, as it happens.
    code = """
import resource, numpy as np, spinnprop as sp
sp.set_threads(1)
random = np.random.default_rng(0)
times = np.sort(random.uniform(0, 0.1, (8, 800)), axis=1).ravel()
spikes = sp.SpikeTrains(times, random.integers(0, 700, 6400).astype(np.int32), np.arange(9) * 800, 700)
network = sp.Network([700, 128, 20], readout="leaky", seed=0)
recording = network.forward(spikes, t_end=0.1)
faults = []
for _ in range(4):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    network.gradient(recording, sp.losses.VMaxCrossEntropy(), np.arange(8))
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
print(*faults)
"""
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
    first, *later = map(int, done.stdout.split())
    assert first > 700 and max(later) < 700, done.stdout
