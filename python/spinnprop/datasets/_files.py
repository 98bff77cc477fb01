"""What readers of files have in common."""

from __future__ import annotations

import os
from typing import Any, Dict, Optional, Sequence

from .._support import checks
from .._support.types import PathLike


def folder_name(folder: PathLike) -> str:
    """A folder's name; if it is no folder, or closed, an error says so. One that does not exist has no files: that is for readers to say."""
    name = os.fsdecode(checks.path(folder, "folder"))
    if os.path.isfile(name):
        raise NotADirectoryError(f"folder is {name!r}, which is a file; give the folder that it lies in, {os.path.dirname(name) or os.curdir!r}")
    if os.path.isdir(name) and not os.access(name, os.R_OK | os.X_OK):
        raise PermissionError(f"folder is {name!r}, which may not be read; change its permissions, or give a copy that is yours")
    return name


def judge(path: str) -> None:
    """Refuses what is no file, or may not be read."""
    if not os.path.isfile(path):
        raise ValueError(f"{path} is no file, or leads to none; move it elsewhere, or get the file again")
    if not os.access(path, os.R_OK):
        raise PermissionError(f"{path} may not be read; change its permissions, or give a folder with a copy that is yours")


def part_name(part: str, parts: Sequence[str] = ("train", "test")) -> str:
    """The word itself, if it is one of them."""
    known: Dict[Optional[str], int] = {each: place for place, each in enumerate(parts)}
    checks.choice(part, "part", known)
    return part


def step_of(step_time: Any) -> Optional[float]:
    """Seconds of a step, or None."""
    return None if step_time is None else checks.positive(step_time, "step_time", "seconds")


def chosen(samples: Any, n: int) -> range:
    """Which of n samples: those of a slice, or all."""
    if samples is None:
        return range(n)
    if not isinstance(samples, slice):
        raise TypeError(f"samples is {checks.shown(samples)}; it must be a slice, as slice(0, 1000), or None for all")
    for bound in (samples.start, samples.stop, samples.step):
        if bound is not None:
            checks.integer(bound, "a bound of samples")
    if samples.step is not None and samples.step < 1:
        raise ValueError(f"samples is {samples}; its step must be at least 1")
    # A longer step than there are samples, which files may not know, takes the first as well.
    first, stop, step = samples.indices(n)
    return range(first, stop, min(step, max(n, 1)))


def stamp(path: str) -> Any:
    """What changes when a file does: its size, when it was written, and when anything about it changed, which no program can set back."""
    judge(path)
    found = os.stat(path)
    return os.path.abspath(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns
