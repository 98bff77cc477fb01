"""The Heidelberg sets of spoken digits and speech commands from their files: HDF5, read by h5py."""

from __future__ import annotations

import os
import warnings
from typing import Any, Dict, Iterator, Optional, Tuple

import numpy as np

from .._spikes import SpikeTrains
from .._support import checks, memory
from .._support.bars import Bar
from .._support.optional import need
from .._support.types import Int64Array, PathLike
from ._cache import cached
from ._events import Gathered, labelled
from ._files import chosen, folder_name, part_name, stamp, step_of

#: Channels of the artificial cochlea.
_CHANNELS = 700
#: Samples that are read at a time, if they have no more spikes than so many: what a block has is known when it has been read.
_BLOCK, _SPIKES = 64, 1 << 20
#: Seconds, many times as long as a word: who has later spikes has another unit.
_LONG = 20.0
_SOURCE = "https://zenkelab.org/datasets/"


def shd(
    folder: PathLike,
    part: str = "train",
    step_time: Optional[float] = None,
    *,
    samples: Optional[slice] = None,
    cache: bool = True,
    verbose: bool = False,
) -> Tuple[SpikeTrains, Int64Array]:
    """The Spiking Heidelberg Digits, spoken in English and German and heard by an artificial cochlea, from a file on this machine.

    Parameters
    ----------
    folder : path
        Where shd_train.h5 and shd_test.h5 lie. Nothing is downloaded.
    part : "train" or "test"
        8,156 or 2,264 utterances, in the order of the file.
    step_time : float or None
        Seconds. If given, what a channel sends within a step is one spike in the middle of the step, which takes less memory and time;
        the first step begins at time 0.
    samples : slice or None
        Which utterances, as slice(0, 1000); None: all.
    cache : bool
        Whether to keep what has been read, in the folder $SPINNPROP_CACHE or else ~/.cache/spinnprop, where there is room: the same
        is then read fast. A file is the same while its place, its size and the times of its last change (mtime and ctime) are.
    verbose : bool
        Whether to show progress.

    Returns
    -------
    spikes : SpikeTrains of 700 units
        Times in seconds.
    y : (n,) int64
        0 .. 9 in English, 10 .. 19 in German.

    Raises
    ------
    ImportError
        If h5py is missing.
    FileNotFoundError
        If the file is missing; the message says where it is from and where it belongs.
    NotADirectoryError, PermissionError
        If the folder is a file, or it or the file may not be read.
    ValueError
        If it is not what it should be, cut short for instance; the message names what was found.
    MemoryError
        If there is no room for so many spikes; the message says how to read fewer.

    Warns
    -----
    UserWarning
        If times are integers, 1 or more, or beyond 20 s: they are taken as seconds, too.

    Notes
    -----
    Cramer, Stradmann, Schemmel and Zenke (2022), IEEE Transactions on Neural Networks and Learning Systems 33, 2744 to 2757. See `ssc` for
    the larger set.
    """
    return _read("shd", folder, part_name(part), 20, step_time, samples, cache, verbose)


def ssc(
    folder: PathLike,
    part: str = "train",
    step_time: Optional[float] = None,
    *,
    samples: Optional[slice] = None,
    cache: bool = True,
    verbose: bool = False,
) -> Tuple[SpikeTrains, Int64Array]:
    """The Spiking Speech Commands, 35 words heard by an artificial cochlea, from a file on this machine.

    Parameters
    ----------
    folder : path
        Where ssc_train.h5, ssc_valid.h5 and ssc_test.h5 lie. Nothing is downloaded.
    part : "train", "valid" or "test"
        75,466, 9,981 or 20,382 utterances, in the order of the file.
    step_time, samples, cache, verbose
        As in `shd`.

    Returns
    -------
    spikes : SpikeTrains of 700 units
        Times in seconds.
    y : (n,) int64
        0 .. 34.

    Raises
    ------
    ImportError, FileNotFoundError, ValueError, MemoryError
        As `shd` does.

    See `shd` for the smaller set.
    """
    return _read("ssc", folder, part_name(part, ("train", "valid", "test")), 35, step_time, samples, cache, verbose)


def _read(
    name: str, folder: PathLike, part: str, n_classes: int, step_time: Any, samples: Any, cache: Any, verbose: Any
) -> Tuple[SpikeTrains, Int64Array]:
    where, step, shown = folder_name(folder), step_of(step_time), checks.boolean(verbose, "verbose")
    is_kept = checks.boolean(cache, "cache")
    h5py = need("h5py", f"datasets.{name}", "data")
    path = os.path.join(where, f"{name}_{part}.h5")
    if not os.path.isfile(path):
        packed = [end for end in (".gz", ".zip") if os.path.isfile(path + end)]
        if packed:
            raise FileNotFoundError(f"{where} has {name}_{part}.h5{packed[0]}, which is compressed; unpack it")
        raise FileNotFoundError(f"{where} has no {name}_{part}.h5; get {name}_{part}.h5.zip or .gz from {_SOURCE} and unpack it there")

    def read() -> Dict[str, Any]:
        try:
            with h5py.File(path, "r") as file:
                return _gathered(_File(h5py, path, file, n_classes), samples, step, f"{name.upper()}, {part}", shown)
        except (OSError, RuntimeError, KeyError) as error:
            text = " ".join(str(error).split())
            # A file that is damaged may ask for any amount.
            fewer = " or, if it is whole, read fewer samples at a time" * ("memory allocation failed" in text)
            raise ValueError(f"{path} cannot be read: {text}; get the file again{fewer}") from error

    key = (name, step, samples, stamp(path))

    def made(arrays: Dict[str, Any]) -> Tuple[Tuple[SpikeTrains, Int64Array], int]:
        return labelled(arrays, _CHANNELS, arrays["labels"]), int(arrays["last_whole"])

    (spikes, labels), last_whole = cached(key, read, made) if is_kept else made(read())
    last = float(spikes.times.max(initial=0.0))
    if last_whole >= 1 or last > _LONG:
        found = f"whole numbers up to {last_whole}" if last_whole >= 1 else f"up to {last:.6g}"
        warnings.warn(
            f"times of {path} are {found} and taken as seconds; if they are milliseconds, go on with "
            "sp.SpikeTrains(spikes.times / 1000, spikes.units, spikes.offsets, spikes.n_units)",
            stacklevel=3,
        )
    return spikes, labels


def _gathered(file: _File, samples: Any, step: Optional[float], description: str, shown: bool) -> Dict[str, Any]:
    wanted = chosen(samples, file.n_samples)
    found = Gathered(file.path, _CHANNELS, step)
    labels = file.labels(wanted)
    with Bar(len(wanted), "utterance", description, shown) as bar:
        for n, events in enumerate(file.events(wanted)):
            found.add([events])
            bar.move(n + 1)
    return {**found.arrays(), "labels": labels, "last_whole": np.array(file.last_whole)}


class _File:
    """A file with spikes/times, spikes/units and labels, as it should be."""

    def __init__(self, h5py: Any, path: str, file: Any, n_classes: int) -> None:
        self.path = path
        found = {}
        for name, kinds, is_ragged in (("spikes/times", "fiu", True), ("spikes/units", "iu", True), ("labels", "iu", False)):
            own = file.get(name)
            if not isinstance(own, h5py.Dataset) or own.ndim != 1:
                raise ValueError(f"{path} has no list {name}; it must have spikes/times, spikes/units and labels; get the file again")
            dtype = h5py.check_vlen_dtype(own.dtype) if is_ragged else own.dtype
            # Of strings it is a type of Python's.
            if dtype is None or np.dtype(dtype).kind not in kinds:
                wanted = f"{'arrays of ' * is_ragged}{'numbers' if 'f' in kinds else 'whole numbers'}"
                raise ValueError(f"{name} of {path} has the type {own.dtype}; its elements must be {wanted}")
            found[name] = own
        self._times, self._units, self._labels = found.values()
        self._n_classes = n_classes
        #: Of what has been read, the largest time that came as an integer.
        self.last_whole = 0
        self.n_samples = len(self._labels)
        if not len(self._times) == len(self._units) == self.n_samples:
            sizes = ", ".join(f"{len(own)} {name}" for name, own in found.items())
            raise ValueError(f"{path} has {sizes}; there must be as many of each; get the file again")

    def labels(self, samples: range) -> Int64Array:
        """The labels of samples. There may be as many as the file says that it has, whatever its size."""
        memory.must_fit(60.0 * len(samples), f"{len(samples)} samples of {self.path}", "read fewer at a time, as samples=slice(0, 1000), or get the file again")
        own = self._labels[samples.start : samples.stop : samples.step]
        wrong = (own < 0) | (own >= self._n_classes)
        if wrong.any():
            n = int(wrong.argmax())
            raise ValueError(
                f"label {samples[n]} of {self.path} is {own[n]}; labels are 0 .. {self._n_classes - 1}; get the file again, or number classes of your own so"
            )
        found: Int64Array = own.astype(np.int64)
        return found

    def events(self, samples: range) -> Iterator[Any]:
        """Times and units of samples, one after another."""
        first = largest = count = 0
        while first < len(samples):
            # Twice as many as before as long as there is room for as many of the largest so far.
            count = max(1, min(2 * count, _BLOCK, _SPIKES // max(1, largest)))
            block = samples[first : first + count]
            first += len(block)
            own = slice(block.start, block.stop, block.step)
            for n, times, units in zip(block, self._times[own], self._units[own]):
                largest = max(largest, times.size, units.size)
                if times.dtype.kind in "iu" and times.size:
                    self.last_whole = max(self.last_whole, int(times.max()))
                yield self._judged(n, times.astype(np.float64), units.astype(np.int64))

    def _judged(self, n: int, times: Any, units: Any) -> Any:
        if len(times) != len(units):
            raise ValueError(f"sample {n} of {self.path} has {len(times)} times and {len(units)} units; get the file again")
        wrong = ~((times >= 0) & (times < np.inf)) | (units < 0) | (units >= _CHANNELS)
        if wrong.any():
            place = int(wrong.argmax())
            raise ValueError(
                f"spike {place} of sample {n} of {self.path} is at {times[place]} s in channel {units[place]}; times must be finite "
                f"and >= 0, channels 0 .. {_CHANNELS - 1}; get the file again"
            )
        return times, units.astype(np.int32)
