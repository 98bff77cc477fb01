"""What was slow to read is kept, in a form that is fast to read."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from typing import Any, Callable, Dict, TypeVar

import numpy as np

from .._support import memory
from .._support.files import replaced

#: Changes with what is kept and how it was read.
_FORM = "2"
#: The share of what is free on the disk that one set may take.
_SHARE = 0.1

Arrays = Dict[str, Any]
Made = TypeVar("Made")


def cached(key: Any, read: Callable[[], Arrays], made: Callable[[Arrays], Made]) -> Made:
    """What is `made` of what `read` gives, arrays by name, or of what it gave for the same key: whatever the arrays depend on, files' times among them.

    `made` refuses arrays that are missing or do not fit together: if they were kept so, they are read anew.
    """
    digest = hashlib.sha256(repr((_FORM, key)).encode("utf-8", "surrogateescape")).hexdigest()
    path = os.path.join(folder(), f"{digest[:32]}.npz")
    # Whatever is wrong with what was kept, and whatever zip files and arrays that are damaged make of it, it is read anew; what memory has no room
    # for is, too: that says so, and what to do.
    with contextlib.suppress(Exception):
        # A pipe in its place would never be open.
        if os.path.isfile(path) and os.path.getsize(path) <= memory.free_bytes():
            # Checked as it is read: each array has a checksum. NumPy leaves a file open that it opened and that is no archive.
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as kept:
                return made({name: kept[name] for name in kept.files})
    arrays = read()
    # A cache that cannot be written is none; nothing else depends on it.
    with contextlib.suppress(OSError):
        _keep(path, arrays)
    return made(arrays)


def folder() -> str:
    """Where it is kept."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join("~", ".cache")
    # Where no shell has put the home directory in the place of a tilde, as in a service's settings, none is meant by its name.
    return os.path.expanduser(os.environ.get("SPINNPROP_CACHE") or os.path.join(home, "spinnprop"))


def _keep(path: str, arrays: Arrays) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if sum(values.nbytes for values in arrays.values()) > _SHARE * shutil.disk_usage(os.path.dirname(path)).free:
        return
    with replaced(path) as part, open(part, "wb") as file:
        np.savez(file, **arrays)
