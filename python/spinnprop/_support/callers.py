"""Who has called this package."""

from __future__ import annotations

import sys

#: scikit-learn decorates the methods of estimators.
_WITHIN = ("spinnprop", "sklearn")


def caller_level() -> int:
    """The `stacklevel` with which `warnings.warn`, where this is called, points at the line outside that has called the package."""
    level = 1
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] in _WITHIN:
        level, frame = level + 1, frame.f_back
    return level
