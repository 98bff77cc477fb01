"""N-MNIST from its files: events of five bytes."""

from __future__ import annotations

import os
from typing import List, Optional, Tuple

import numpy as np

from .._spikes import SpikeTrains
from .._support import checks
from .._support.types import Float64Array, Int32Array, Int64Array, PathLike
from ._files import folder_name, part_name

_SIDE = 34
_EVENT = 5
#: In place of a row: an event that says that 2^13 us have gone by which later times leave out.
_OVERFLOW_ROW, _OVERFLOW = 240, 1 << 13
_HELP = (
    "N-MNIST is folders Train/0 .. Train/9 and Test/0 .. Test/9 of .bin files; get Train.zip and Test.zip from "
    "https://www.garrickorchard.com/datasets/n-mnist and unpack both into one folder"
)


def nmnist(folder: PathLike, part: str = "train", step_time: Optional[float] = None) -> Tuple[SpikeTrains, Int64Array]:
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

    See `mnist` for the images it was recorded from.
    """
    top = os.path.join(folder_name(folder), part_name(part).capitalize())
    step = None if step_time is None else checks.positive(step_time, "step_time", "seconds")
    samples: List[Tuple[Float64Array, Int32Array]] = []
    labels: List[int] = []
    for digit in range(10):
        own = os.path.join(top, str(digit))
        names = sorted(name for name in os.listdir(own) if name.endswith(".bin")) if os.path.isdir(own) else []
        if not names:
            raise FileNotFoundError(f"{own} has no .bin files; {_HELP}")
        for name in names:
            found = _read(os.path.join(own, name))
            samples.append(found if step is None else _in_steps(*found, step))
            labels.append(digit)
    return SpikeTrains.from_lists(samples, 2 * _SIDE * _SIDE), np.array(labels, np.int64)


def _read(path: str) -> Tuple[Float64Array, Int32Array]:
    """Times and units of a file: column, row, then 24 big-endian bits, the polarity and a time in us."""
    raw = np.fromfile(path, np.uint8)
    if not len(raw) or len(raw) % _EVENT:
        raise ValueError(f"{path} has {len(raw)} bytes; it must be a multiple of {_EVENT}, and not 0; get the file again")
    x, y, high, middle, low = raw.reshape(-1, _EVENT).T.astype(np.int64)
    is_overflow = y == _OVERFLOW_ROW
    wrong = ~is_overflow & ((x >= _SIDE) | (y >= _SIDE))
    if wrong.any():
        n = int(wrong.argmax())
        raise ValueError(f"event {n} of {path} is at column {x[n]}, row {y[n]}; there are {_SIDE} of both; get the file again")
    time = ((high & 0x7F) << 16 | middle << 8 | low) + _OVERFLOW * np.cumsum(is_overflow)
    unit = (high >> 7) * _SIDE**2 + y * _SIDE + x
    return time[~is_overflow] * 1e-6, unit[~is_overflow].astype(np.int32)


def _in_steps(times: Float64Array, units: Int32Array, step_time: float) -> Tuple[Float64Array, Int32Array]:
    """One spike at most of a unit within a step, by step and unit."""
    count = 2 * _SIDE**2
    places = np.unique(np.floor(times / step_time) * count + units)
    steps = np.floor(places / count)
    return (steps + 0.5) * step_time, (places - steps * count).astype(np.int32)
