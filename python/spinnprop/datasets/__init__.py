"""Data sets: drawn, from packages that bring them, and from files on this machine. Nothing is downloaded."""

from __future__ import annotations

from .._support.public import only
from ._mnist import mnist
from ._nmnist import nmnist
from ._packaged import digits, mnist5k
from ._yin_yang import yin_yang

__all__ = ["digits", "mnist", "mnist5k", "nmnist", "yin_yang"]
__dir__ = only(__all__)
