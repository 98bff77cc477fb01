"""What `make test` makes its stages by: scripts/stages.sh, with a make of our own."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MAKE = """#!/bin/sh
echo "spinnprop: in $1"
echo "noise of $1"
case $1 in
some) echo "SKIPPED [2] python/tests/bindings/test_torch.py:14: could not import 'torch'" ;;
bad) exit 2 ;;
endless) exec 2>&1; echo "spinnprop: process $$"; exec sleep 1000 ;;
esac
"""


@pytest.fixture
def stages(tmp_path):
    make = tmp_path / "make"
    make.write_text(MAKE)
    make.chmod(0o755)

    def begin(*targets):
        # A group of its own, as a shell with a terminal gives it, so that it can be sent Ctrl-C.
        return subprocess.Popen(
            ["scripts/stages.sh", *targets], cwd=str(ROOT), env={**os.environ, "MAKE": str(make), "TMPDIR": str(tmp_path)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    return begin


def ended(process):
    output = process.communicate()[0].decode()
    return process.returncode, output.partition("spinnprop: all in all\n")


def test_every_stage_is_made_and_timed(stages):
    code, (seen, _, summary) = ended(stages("first", "b", "c", "d"))
    assert code == 0 and "noise" not in seen
    assert sorted(line for line in seen.splitlines() if " in " in line) == [f"spinnprop: in {x}" for x in ("b", "c", "d", "first")]
    assert seen.index("make first took") < seen.index("spinnprop: make b\n")
    assert summary.count("s of processors)") == summary.count(" took ") == 4


def test_tests_that_are_skipped_are_told(stages):
    code, (seen, _, _) = ended(stages("first", "some"))
    assert code == 0 and "spinnprop: pytest: skipped [2] python/tests/bindings/test_torch.py:14: could not import 'torch'\n" in seen


def test_one_that_fails_shows_all_and_fails_the_whole(stages):
    code, (seen, _, summary) = ended(stages("first", "b", "bad", "c"))
    assert code == 1 and "noise of bad" in seen and "noise of c" not in seen
    assert "make bad FAILED after" in summary and "make c took" in summary


def test_nothing_follows_a_first_one_that_fails(stages):
    code, (seen, _, summary) = ended(stages("bad", "b"))
    assert code == 1 and "noise of bad" in seen and "spinnprop: make b\n" not in seen and "make bad FAILED" in summary


def test_ctrl_c_ends_all(stages, tmp_path):
    process = stages("first", "endless", "endless")
    # All that there are processors for have to be there: what begins after the signal does not get it.
    begun = (int(line.split()[-1]) for line in process.stdout if line.startswith(b"spinnprop: process "))
    numbers = [next(begun) for _ in range(min(2, len(os.sched_getaffinity(0))))]
    os.killpg(process.pid, signal.SIGINT)
    code, _ = ended(process)  # which also waits until nobody holds the pipe any more
    assert code == 130 and os.listdir(str(tmp_path)) == ["make"]
    for number in numbers:
        status = Path(f"/proc/{number}/stat")
        assert not status.exists() or status.read_text().rpartition(")")[2].split()[0] in "ZX"
