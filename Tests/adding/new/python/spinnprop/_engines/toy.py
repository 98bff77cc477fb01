"""The engine that only a test has."""

from __future__ import annotations

from .base import BaseEngine


class ToyEngine(BaseEngine):
    """One layer whose neurons spike the earlier the larger their weights. ``engine="toy"``."""

    name = "toy"
