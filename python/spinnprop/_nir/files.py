"""NIR's files, which are HDF5, tried in a process of their own before they are read: a damaged one can hang or end what reads it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from .._support import checks, memory
from .._support.optional import need
from .._support.types import PathLike

#: Seconds of a processor that a trial may take, and how many bytes it may read in one more.
_SECONDS, _BYTES_PER_SECOND = 5, 10_000_000
#: Counts the bytes of all arrays, those that several links lead to as often; then reads them, if they are not too many.
_TRIAL = """
import resource, sys
name, most, seconds, rate = sys.argv[1], *map(float, sys.argv[2:5])
sys.path[:] = sys.argv[5:]
import h5py, nir

def size(group, depth=0):
    if depth > 100:
        raise ValueError("its groups hold themselves")
    return sum(size(each, depth + 1) if isinstance(each, h5py.Group) else int(each.nbytes or 0) for each in group.values())

def give(seconds):
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime + seconds + 1), resource.getrlimit(resource.RLIMIT_CPU)[1]))

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
try:
    give(seconds)
    with h5py.File(name, "r") as file:
        total = size(file)
    print(total, flush=True)
    if total <= most:
        give(seconds + total / rate)
        nir.read(name)
except Exception as error:
    print(type(error).__name__, error, file=sys.stderr)
    sys.exit(1)
"""


def read(nir: Any, path: PathLike) -> Any:
    """The graph of a file.

    Raises
    ------
    FileNotFoundError, MemoryError
    ValueError
        If it is no such file, or damaged.
    """
    name = os.fsdecode(checks.path(path))
    if not os.path.exists(name):
        raise FileNotFoundError(f"there is no file {name!r}")
    if not os.path.isfile(name):
        raise ValueError(f"{name!r} is no file")
    need("h5py", "from_nir", "nir")
    most = memory.free_bytes() / 3
    trial = subprocess.run(
        [sys.executable, "-c", _TRIAL, name, *map(str, (most, _SECONDS, _BYTES_PER_SECOND)), *sys.path],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
    )  # fmt: skip
    n_bytes = float(trial.stdout) if trial.stdout else 0.0
    if n_bytes > most:
        memory.must_fit(3 * n_bytes, f"the graph in {name!r}", "read it where there is more memory")
    if trial.returncode != 0:
        lines = trial.stderr.strip().splitlines()
        told = lines[-1] if lines else f"the HDF5 library ended with signal {-trial.returncode}"
        raise ValueError(f"{name!r} is no NIR graph that can be read: {' '.join(told.split())[:200]}")
    return nir.read(name)
