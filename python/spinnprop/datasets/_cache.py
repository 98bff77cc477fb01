"""What was slow to read is kept, in a form that is fast to read."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import zipfile
import zlib
from typing import Any, Callable, Dict

import numpy as np

from .._support import memory
from .._support.files import replaced

#: Changes with what is kept and how it was read.
_FORM = "2"
#: The share of what is free on the disk that one set may take.
_SHARE = 0.1

Arrays = Dict[str, Any]


def cached(key: Any, read: Callable[[], Arrays]) -> Arrays:
    """What `read` gives, arrays by name, or what it gave for the same key: whatever the arrays depend on, files' times among them."""
    digest = hashlib.sha256(repr((_FORM, key)).encode("utf-8", "surrogateescape")).hexdigest()
    path = os.path.join(folder(), f"{digest[:32]}.npz")
    with contextlib.suppress(OSError, ValueError, EOFError, KeyError, zlib.error, zipfile.BadZipFile):
        # What memory has no room for is read anew: that says so, and what to do.
        if os.path.getsize(path) <= memory.free_bytes():
            # Checked as it is read: each array has a checksum.
            with np.load(path, allow_pickle=False) as kept:
                return {name: kept[name] for name in kept.files}
    arrays = read()
    # A cache that cannot be written is none; nothing else depends on it.
    with contextlib.suppress(OSError):
        _keep(path, arrays)
    return arrays


def folder() -> str:
    """Where it is kept."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.environ.get("SPINNPROP_CACHE") or os.path.join(home, "spinnprop")


def _keep(path: str, arrays: Arrays) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if sum(values.nbytes for values in arrays.values()) > _SHARE * shutil.disk_usage(os.path.dirname(path)).free:
        return
    with replaced(path) as part, open(part, "wb") as file:
        np.savez(file, **arrays)
