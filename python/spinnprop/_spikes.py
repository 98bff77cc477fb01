"""Spike trains of many samples."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Iterator, Optional, Tuple

import numpy as np

from . import _core
from ._support import checks
from ._support.types import Float64Array, Int32Array, Int64Array

if TYPE_CHECKING:
    import numpy.typing as npt


#: Of each unit of time.
_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


class SpikeTrains:
    """Who spiked when, sample after sample, in compressed rows (CSR). Never changes.

    Parameters
    ----------
    times : (n_spikes,) float64
        Spike times, finite and >= 0.
    units : (n_spikes,) int32
        Which unit spiked, 0 .. n_units - 1.
    offsets : (n_samples + 1,) int64
        The spikes of sample s are offsets[s] .. offsets[s + 1] - 1: starts at 0, never falls, ends at n_spikes.
    n_units : int
        How many units there are, spiking or not.
    time_unit : "s", "ms", "us" or "ns", or None
        The unit of the given times; `times` are seconds. None: seconds, with a warning where whole numbers look like another unit.

    Within a sample, spikes may come unsorted or repeated. Arrays that already have these dtypes and lie contiguously
    are not copied: do not change them afterwards.

    Raises
    ------
    ValueError, TypeError
        If the arrays break one of these rules; the message names the element.

    Examples
    --------
    >>> import spinnprop as sp
    >>> spikes = sp.SpikeTrains(times=[1e-3, 4e-3, 2e-3], units=[0, 1, 1], offsets=[0, 2, 3], n_units=2)
    >>> len(spikes)
    2
    >>> times, units = spikes[0]
    >>> times, units
    (array([0.001, 0.004]), array([0, 1], dtype=int32))
    """

    __slots__ = ("_times", "_units", "_offsets", "_n_units")

    def __init__(
        self, times: Any, units: Any, offsets: Any, n_units: int, *, time_unit: Optional[str] = None
    ) -> None:
        self._times: Float64Array = _view(_seconds(times, time_unit))
        self._units: Int32Array = _view(checks.array(units, np.int32, "units", ndim=1))
        self._offsets: Int64Array = _view(checks.array(offsets, np.int64, "offsets", ndim=1))
        self._n_units = checks.integer(n_units, "n_units", 1, checks.INT32)
        _core.spikes_check(self._arrays)

    @classmethod
    def _trusted(
        cls, times: Float64Array, units: Int32Array, offsets: Int64Array, n_units: int
    ) -> SpikeTrains:
        """Spike trains of arrays that the core has just filled."""
        spikes = cls.__new__(cls)
        spikes._times, spikes._units, spikes._offsets = _view(times), _view(units), _view(offsets)
        spikes._n_units = n_units
        return spikes

    @property
    def _arrays(self) -> Tuple[Float64Array, Int32Array, Int64Array, int]:
        """The arrays as the core takes them."""
        return self._times, self._units, self._offsets, self._n_units

    @property
    def times(self) -> Float64Array:
        """(n_spikes,) float64, seconds; read-only."""
        return self._times

    @property
    def units(self) -> Int32Array:
        """(n_spikes,) int32; read-only."""
        return self._units

    @property
    def offsets(self) -> Int64Array:
        """(n_samples + 1,) int64; read-only."""
        return self._offsets

    @property
    def n_units(self) -> int:
        """How many units there are."""
        return self._n_units

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, sample: int) -> Tuple[Float64Array, Int32Array]:
        index = checks.integer(sample, "sample")
        if not -len(self) <= index < len(self):
            raise IndexError(f"sample is {index}, but there are {len(self)} samples")
        start, stop = self._offsets[index % len(self)], self._offsets[index % len(self) + 1]
        return self._times[start:stop], self._units[start:stop]

    def __iter__(self) -> Iterator[Tuple[Float64Array, Int32Array]]:
        return (self[sample] for sample in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SpikeTrains):
            return NotImplemented
        return (
            self._n_units == other._n_units
            and np.array_equal(self._times, other._times)
            and np.array_equal(self._units, other._units)
            and np.array_equal(self._offsets, other._offsets)
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> Tuple[Any, ...]:
        return SpikeTrains, self._arrays

    def __repr__(self) -> str:
        return f"SpikeTrains({len(self)} samples, {len(self._times)} spikes, n_units={self._n_units})"


def trains(spikes: Any, name: str) -> SpikeTrains:
    """Spikes that are SpikeTrains, or an error."""
    if not isinstance(spikes, SpikeTrains):
        raise TypeError(f"{name} is {type(spikes).__name__!r}; it must be SpikeTrains, as spinnprop.encoding makes")
    return spikes


def _seconds(times: Any, time_unit: Optional[str]) -> Float64Array:
    # What a list holds decides, too: numpy makes integers of ints alone.
    found = np.asarray(times) if not isinstance(times, np.ndarray) else times
    if found.dtype.kind in "iu" and found.size:
        if time_unit is None and found.max() >= 1:
            warnings.warn(
                f"times are whole numbers up to {found.max()} and taken as seconds; say time_unit='us' or the like, or "
                "time_unit='s' if they are",
                stacklevel=3,
            )
        # Beyond 2^53 an integer is rounded: by a nanosecond in 104 days of these.
        times = found.astype(np.float64)
    values: Float64Array = checks.array(times, np.float64, "times", ndim=1)
    if time_unit is None:
        return values
    if not isinstance(time_unit, str) or time_unit not in _PER_SECOND:
        known = ", ".join(map(repr, _PER_SECOND))
        raise ValueError(f"time_unit is {checks.shown(time_unit)}; it must be {known}, or None for seconds")
    return values / _PER_SECOND[time_unit]


def _view(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A read-only view; the caller's array stays as it is."""
    return checks.read_only(values.view(np.ndarray))
