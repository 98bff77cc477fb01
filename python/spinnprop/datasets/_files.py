"""What readers of files have in common."""

from __future__ import annotations

import os
from typing import Dict, Optional

from .._support import checks
from .._support.types import PathLike

_PARTS: Dict[Optional[str], int] = {"train": 0, "test": 1}


def folder_name(folder: PathLike) -> str:
    """A folder's name."""
    return os.fsdecode(checks.path(folder, "folder"))


def part_name(part: str) -> str:
    """The word itself, if it is one of both."""
    checks.choice(part, "part", _PARTS)
    return part
