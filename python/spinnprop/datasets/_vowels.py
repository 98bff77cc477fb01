"""Japanese Vowels: the file of the package aeon, read without importing it."""

from __future__ import annotations

import importlib.util
import os
from typing import Any, List, Optional, Tuple

import numpy as np

from .. import _encoders as encoding
from .._spikes import SpikeTrains
from .._support import memory
from .._support.rescaling import rescaled
from .._support.types import Float64Array, Int64Array, PathLike
from ._files import folder_name, judge, part_name

_CHANNELS, _SPEAKERS = 12, 9
#: Of each value of a frame, and seconds from one frame to the next.
_FIELDS, _FRAME = 10, 5e-3


def japanese_vowels(part: str = "train", *, folder: Optional[PathLike] = None) -> Tuple[SpikeTrains, Int64Array]:
    """Japanese Vowels: nine speakers utter /ae/; 12 coefficients of a linear prediction for each of 7 to 29 frames.

    Frames follow each other at 5 ms. Within a frame a coefficient's ten receptive fields (`encoding.population`) spike, the nearest first;
    its range in the training set is what they cover. See `japanese_vowels_signals` for the numbers. Files are read within a second: nothing is kept, and
    there is no bar.

    Parameters
    ----------
    part : "train" or "test"
        270 or 370 utterances.
    folder : path or None
        Where JapaneseVowels_TRAIN.ts and JapaneseVowels_TEST.ts lie. None: in the package aeon, of which nothing else is used:
        ``pip install --no-deps aeon``.

    Returns
    -------
    spikes : SpikeTrains of 120 units
        Unit 10 c + k is field k of coefficient c.
    y : (n,) int64
        The speaker, 0 .. 8.

    Raises
    ------
    ImportError
        If aeon is missing.
    FileNotFoundError
        If a file is missing; the message says where it is from and where it belongs.
    ValueError
        If a file is not what it should be, cut short for instance; the message names the line.

    Notes
    -----
    Kudo, Toyama and Shimbo (1999), Pattern Recognition Letters 20, 1103 to 1111.
    """
    signals, y = japanese_vowels_signals(part, folder=folder)
    known = np.concatenate(signals if part == "train" else japanese_vowels_signals("train", folder=folder)[0])
    low, high = known.min(axis=0), known.max(axis=0)
    lengths = np.array([len(own) for own in signals])
    shares = rescaled(np.concatenate(signals), low, high)
    frames = encoding.population(shares, n_fields=_FIELDS, t_late=_FRAME)
    place = np.concatenate([np.arange(n) for n in lengths])
    times = frames.times + np.repeat(place * _FRAME, np.diff(frames.offsets))
    ends = frames.offsets[np.concatenate([[0], np.cumsum(lengths)])]
    return SpikeTrains(times, frames.units, ends, frames.n_units), y


def japanese_vowels_signals(part: str = "train", *, folder: Optional[PathLike] = None) -> Tuple[List[Float64Array], Int64Array]:
    """The numbers of Japanese Vowels, as encoders of signals take them.

    Parameters
    ----------
    part, folder
        As in `japanese_vowels`.

    Returns
    -------
    signals : list of (n_frames, 12) float64
    y : (n,) int64
        The speaker, 0 .. 8.

    See `japanese_vowels` for what it raises, and `encoding.LevelCrossing` for an encoder.
    """
    name = f"JapaneseVowels_{part_name(part).upper()}.ts"
    path = os.path.join(_of_aeon() if folder is None else folder_name(folder), name)
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f"{os.path.dirname(path)} has no {name}; get JapaneseVowels.zip from https://timeseriesclassification.com and unpack it there"
        )
    judge(path)
    # What the text becomes takes less than twice its size; both are there for a while.
    memory.must_fit(4.0 * os.path.getsize(path), path, "get the file again if it is larger than it was")
    signals: List[Float64Array] = []
    labels: List[int] = []
    is_data = False
    try:
        with open(path, encoding="ascii") as file:
            for number, line in enumerate(file, start=1):
                words = line.strip()
                if is_data and words:
                    signal, label = _utterance(words, f"line {number} of {path}")
                    signals.append(signal)
                    labels.append(label)
                is_data = is_data or words.lower() == "@data"
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text: {error}; get the file again") from error
    if not signals:
        raise ValueError(f"{path} has no line after @data; get the file again")
    if not line.endswith("\n"):
        raise ValueError(f"{path} ends within line {number}; get the file again")
    return signals, np.array(labels, np.int64)


def _utterance(words: str, where: str) -> Tuple[Float64Array, int]:
    *channels, label = words.split(":")
    if len(channels) != _CHANNELS:
        raise ValueError(f"{where} has {len(channels)} channels and a label; there must be {_CHANNELS}; get the file again")
    try:
        rows: Any = [np.array(own.split(","), np.float64) for own in channels]
    except ValueError as error:
        raise ValueError(f"{where}: {error}; get the file again") from None
    lengths = {len(own) for own in rows}
    if len(lengths) > 1 or not all(np.isfinite(own).all() for own in rows):
        raise ValueError(f"{where} has channels of {sorted(lengths)} values; there must be as many of each, all finite; get the file again")
    if label not in map(str, range(1, _SPEAKERS + 1)):
        raise ValueError(f"{where} ends with the label {label[:20]!r}; labels are 1 .. {_SPEAKERS}; get the file again")
    return np.stack(rows, axis=1), int(label) - 1


def _of_aeon() -> str:
    found = importlib.util.find_spec("aeon")
    if found is None or not found.submodule_search_locations:
        raise ImportError("datasets.japanese_vowels needs the data of aeon; pip install --no-deps aeon, or give the folder of the files")
    return os.path.join(found.submodule_search_locations[0], "datasets", "data", "JapaneseVowels")
