"""Data sets: drawn, from packages that bring them, and from files on this machine. Nothing is downloaded.

What takes longer than a second or so to read is kept (`shd`, `ssc`, `nmnist`, `mnist5k`); what takes longer than some seconds shows a bar if asked, by
``verbose=True`` (the first three). The others are there at once.
"""

from __future__ import annotations

from .._support.public import only
from ._heidelberg import shd, ssc
from ._mnist import fashion_mnist, mnist
from ._nmnist import nmnist
from ._packaged import digits, mnist5k
from ._toys import circles, moons, spirals
from ._vowels import japanese_vowels, japanese_vowels_signals
from ._yin_yang import yin_yang

__all__ = [
    "circles",
    "digits",
    "fashion_mnist",
    "japanese_vowels",
    "japanese_vowels_signals",
    "mnist",
    "mnist5k",
    "moons",
    "nmnist",
    "shd",
    "spirals",
    "ssc",
    "yin_yang",
]
__dir__ = only(__all__)
