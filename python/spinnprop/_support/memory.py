"""How much memory this process may still take."""

from __future__ import annotations

import math
import os
import resource
from typing import Iterator


def must_fit(n_bytes: float, what: str, remedy: str) -> None:
    """Refuses what would not fit: where memory is promised without being there, a process that takes it is killed.

    Raises
    ------
    MemoryError
    """
    free = free_bytes()
    if n_bytes > free:
        raise MemoryError(f"{what} takes {n_bytes / 1e9:.2f} GB of memory, of which {max(0.0, free) / 1e9:.2f} GB are free; {remedy}")


def free_bytes() -> float:
    """The least of what the machine, the limit of this process and its control group leave."""
    return min((math.inf, *_machine(), *_own(), *_group()))


def _machine() -> Iterator[float]:
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemAvailable:"):
            yield 1024.0 * int(line.split()[1])


def _own() -> Iterator[float]:
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY:
        for line in _lines("/proc/self/statm"):
            yield limit - float(line.split()[0]) * resource.getpagesize()


def _group() -> Iterator[float]:
    for line in _lines("/proc/self/cgroup"):
        if line.startswith("0::"):
            # Within a container its own group lies at the top.
            for folder in {f"/sys/fs/cgroup{line[3:].strip()}", "/sys/fs/cgroup"}:
                limit, used = _lines(os.path.join(folder, "memory.max")), _lines(os.path.join(folder, "memory.current"))
                if limit and used and limit[0].strip() != "max":
                    # What files have left in memory gives way.
                    cached = [int(each.split()[1]) for each in _lines(os.path.join(folder, "memory.stat")) if each.startswith("inactive_file ")]
                    yield float(limit[0]) - float(used[0]) + sum(cached)


def _lines(path: str) -> "list[str]":
    try:
        with open(path, encoding="utf-8") as file:
            return file.readlines()
    except OSError:
        return []
