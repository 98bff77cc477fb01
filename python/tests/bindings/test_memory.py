"""What happens where memory runs out; `memory_sweep.py --dense` tries every megabyte from 1 to 200."""

import subprocess
import sys
from pathlib import Path

import pytest

SWEEP = Path(__file__).with_name("memory_sweep.py")


def run(*arguments):
    done = subprocess.run(
        [sys.executable, str(SWEEP), *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600
    )
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
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-4000:]
