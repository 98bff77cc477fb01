"""N-MNIST from its files: events of five bytes."""

from __future__ import annotations

import os
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np

from .._spikes import SpikeTrains
from .._support import checks
from .._support.bars import Bar
from .._support.types import Int64Array, PathLike
from ._cache import cached
from ._events import Events, Gathered, labelled
from ._files import chosen, folder_name, part_name, stamp, step_of

_SIDE = 34
_EVENT = 5
#: Events that are read at a time.
_BLOCK = 1 << 20
#: In place of a row: an event that says that 2^13 us have gone by which later times leave out.
_OVERFLOW_ROW, _OVERFLOW = 240, 1 << 13
_HELP = (
    "N-MNIST is folders Train/0 .. Train/9 and Test/0 .. Test/9 of .bin files; get Train.zip and Test.zip from "
    "https://www.garrickorchard.com/datasets/n-mnist and unpack both into one folder"
)


def nmnist(
    folder: PathLike,
    part: str = "train",
    step_time: Optional[float] = None,
    *,
    samples: Optional[slice] = None,
    cache: bool = True,
    verbose: bool = False,
) -> Tuple[SpikeTrains, Int64Array]:
    """N-MNIST, digits seen by an event camera, from its files on this machine.

    Parameters
    ----------
    folder : path
        Where Train and Test lie, each with a folder of .bin files for each digit. Nothing is downloaded.
    part : "train" or "test"
        60,000 or 10,000 recordings, digit by digit, each in the order of file names.
    step_time : float or None
        Seconds. If given, what a pixel sends within a step is one spike in the middle of the step, which takes less memory; the first
        step begins at time 0.
    samples : slice or None
        Which recordings, in that order, as slice(0, 1000), or slice(None, None, 60) for a few of each digit; None: all.
    cache : bool
        Whether to keep what has been read, in the folder $SPINNPROP_CACHE or else ~/.cache/spinnprop, where there is room: the same
        is then read fast. A file is the same while its place, its size and the times of its last change (mtime and ctime) are.
    verbose : bool
        Whether to show progress.

    Returns
    -------
    spikes : SpikeTrains of 2312 units
        Times in seconds. Unit 1156 p + 34 y + x has the events of polarity p (0: darker, 1: brighter) at column x and row y.
    y : (n,) int64
        0 .. 9.

    Raises
    ------
    FileNotFoundError
        If files are missing; the message says where they are from and where they belong.
    ValueError
        If a file is not what it should be, cut short for instance; the message names the file and what was found.
    MemoryError
        If there is no room for so many events; the message says how to read fewer.

    See `mnist` for the images it was recorded from.
    """
    top = os.path.join(folder_name(folder), part_name(part).capitalize())
    step, shown, is_kept = step_of(step_time), checks.boolean(verbose, "verbose"), checks.boolean(cache, "cache")
    paths: List[Tuple[str, int]] = []
    for digit in range(10):
        own = os.path.join(top, str(digit))
        names = sorted(name for name in os.listdir(own) if name.endswith(".bin")) if os.path.isdir(own) else []
        if not names:
            raise FileNotFoundError(f"{own} has no .bin files; {_HELP}")
        paths += [(os.path.join(own, name), digit) for name in names]
    paths = [paths[place] for place in chosen(samples, len(paths))]
    stamps = [stamp(path) for path, _ in paths]

    def read() -> Dict[str, Any]:
        found = Gathered(top, 2 * _SIDE * _SIDE, step)
        if step is None:
            found.announce(sum(size for _, size, *_ in stamps) // _EVENT)
        with Bar(len(paths), "recording", f"N-MNIST, {part}", shown) as bar:
            for n, (path, _) in enumerate(paths):
                found.add(_read(path))
                bar.move(n + 1)
        return found.arrays()

    y = np.array([digit for _, digit in paths], np.int64)

    def made(arrays: Dict[str, Any]) -> Tuple[SpikeTrains, Int64Array]:
        return labelled(arrays, 2 * _SIDE * _SIDE, y)

    return cached(("nmnist", step, stamps), read, made) if is_kept else made(read())


def _read(path: str) -> Iterator[Events]:
    """Times and units of a file: column, row, then 24 big-endian bits, the polarity and a time in us."""
    size = os.path.getsize(path)
    if not size or size % _EVENT:
        raise ValueError(f"{path} has {size} bytes; it must be a multiple of {_EVENT}, and not 0; get the file again")
    passed = 0
    with open(path, "rb") as file:
        for begin in range(0, size // _EVENT, _BLOCK):
            raw = np.frombuffer(file.read(_BLOCK * _EVENT), np.uint8)
            x, y, high, middle, low = raw.reshape(-1, _EVENT).T.astype(np.int64)
            is_overflow = y == _OVERFLOW_ROW
            wrong = ~is_overflow & ((x >= _SIDE) | (y >= _SIDE))
            if wrong.any():
                n = int(wrong.argmax())
                raise ValueError(
                    f"event {begin + n} of {path} is at column {x[n]}, row {y[n]}; there are {_SIDE} of both; get the file again"
                )
            overflows = passed + np.cumsum(is_overflow)
            passed = int(overflows[-1])
            time = ((high & 0x7F) << 16 | middle << 8 | low) + _OVERFLOW * overflows
            unit = (high >> 7) * _SIDE**2 + y * _SIDE + x
            yield time[~is_overflow] * 1e-6, unit[~is_overflow].astype(np.int32)
