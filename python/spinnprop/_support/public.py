"""What a module shows of itself."""

from __future__ import annotations

from typing import Callable, List


def only(names: List[str]) -> Callable[[], List[str]]:
    """A module's `__dir__`: its public names, not what it imports."""
    return lambda: sorted(names)
