"""Spike trains of many samples."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Optional, Tuple, overload

import numpy as np

from . import _core
from ._support import checks, overviews, spike_arrays
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
    >>> spikes[1:]
    SpikeTrains(1 samples, 1 spikes, n_units=2)
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
    def concatenate(cls, parts: Iterable[SpikeTrains]) -> SpikeTrains:
        """The samples of several, one after another.

        Raises
        ------
        ValueError, TypeError
            If there are none, or their numbers of units differ.
        """
        all = [trains(part, f"parts[{place}]") for place, part in enumerate(checks.each(parts, "parts", "SpikeTrains"))]
        if not all:
            raise ValueError("there are no spike trains to concatenate; give at least one")
        for place, part in enumerate(all):
            if part.n_units != all[0].n_units:
                raise ValueError(f"parts[{place}] has {part.n_units} units, parts[0] {all[0].n_units}; they must agree")
        spike_arrays.room_for(float(sum(len(part.times) for part in all)))
        counts = np.concatenate([np.diff(part.offsets) for part in all])
        return cls._trusted(
            np.concatenate([part.times for part in all]), np.concatenate([part.units for part in all]),
            spike_arrays.offsets_of(counts), all[0].n_units,
        )  # fmt: skip

    @classmethod
    def from_lists(cls, samples: Iterable[Any], n_units: int, *, time_unit: Optional[str] = None) -> SpikeTrains:
        """From a pair (times, units) for each sample, as indexing by a number gives them.

        Examples
        --------
        >>> import spinnprop as sp
        >>> sp.SpikeTrains.from_lists([([1.0, 4.0], [0, 1]), ([], [])], n_units=2, time_unit="ms")
        SpikeTrains(2 samples, 2 spikes, n_units=2)
        """
        return cls(*spike_arrays.from_lists(samples), n_units, time_unit=time_unit)

    @classmethod
    def from_dense(cls, array: Any, dt: float) -> SpikeTrains:
        """From numbers of spikes, (n_samples, n_steps, n_units): those of step k come at k dt, dt in seconds.

        Raises
        ------
        ValueError, TypeError
            If an element is no whole number >= 0, or dt is not finite and above 0.
        """
        return cls(*spike_arrays.from_dense(array, checks.positive(dt, "dt", "seconds")))

    def to_dense(self, dt: float, n_steps: Optional[int] = None) -> Int32Array:
        """Numbers of spikes, (n_samples, n_steps, n_units) int32: a spike at t is in the last step k with k dt <= t, dt in seconds.

        n_steps : int or None
            What comes later is left out; None: as many as the last spike needs.
        """
        count = None if n_steps is None else checks.integer(n_steps, "n_steps", 0, checks.INT64)
        return spike_arrays.to_dense((self._times, self._units, self._offsets), self._n_units, checks.positive(dt, "dt", "seconds"), count)

    def to_column(self) -> npt.NDArray[Any]:
        """An array of samples, (n_samples, 1) of objects, each SpikeTrains of one sample: for what draws rows of an array, as scikit-learn's boosting and
        bagging do. Estimators take it as X, as they do what it is made of.

        Examples
        --------
        >>> import spinnprop as sp
        >>> sp.SpikeTrains([1e-3, 4e-3, 2e-3], [0, 1, 1], [0, 2, 3], n_units=2).to_column()
        array([[SpikeTrains(1 samples, 2 spikes, n_units=2)],
               [SpikeTrains(1 samples, 1 spikes, n_units=2)]], dtype=object)
        """
        column = np.empty((len(self), 1), object)
        for sample in range(len(self)):
            column[sample, 0] = self[sample : sample + 1]
        return column

    @classmethod
    def from_events(
        cls,
        events: Any,
        sensor_size: Any = None,
        *,
        time_unit: str = "us",
        sample_starts: Any = None,
        sample_length: Optional[float] = None,
    ) -> SpikeTrains:
        """From the events of a camera or a cochlea, structured arrays with the fields t, x and, where there are, y and p.

        Parameters
        ----------
        events : structured array, or a sequence of them
            One sample, or one each. Other names for t and p that recordings use are known: time, ts, timestamp; pol, polarity.
        sensor_size : (width, height, polarities), (width, height), int or None
            An event is of the unit x + width (y + height p). None: the smallest that has all these events; give it where others are to follow.
        time_unit : "s", "ms", "us" or "ns"
            Of t, sample_starts and sample_length; recordings have microseconds.
        sample_starts : (n_samples,) or None
            From when each sample's times count. A single array of events is a recording of them one after another, which is cut there: starts must
            rise, a sample ends where the next one starts, and what comes before the first is left out. None: times count from 0.
        sample_length : float or None
            What comes so long after its sample's start, or later, is left out; None: nothing is.

        Warns
        -----
        UserWarning
            If t, sample_starts or sample_length has fractions of microseconds, which no recording has, or no event lies in a sample.

        Raises
        ------
        ValueError, TypeError
            If a field is missing, a place lies outside the sensor, or an event comes before its sample's start.

        Examples
        --------
        >>> import numpy as np
        >>> import spinnprop as sp
        >>> events = np.array([(3, 1, 0, 1), (1200, 0, 1, 0)], [("t", "i8"), ("x", "i2"), ("y", "i2"), ("p", "i1")])
        >>> times, units = sp.SpikeTrains.from_events(events, (2, 2, 2))[0]
        >>> times, units
        (array([3.0e-06, 1.2e-03]), array([5, 2], dtype=int32))
        >>> sp.SpikeTrains.from_events(events, (2, 2, 2), sample_starts=[0, 1000])[1]
        (array([0.0002]), array([2], dtype=int32))
        """
        (times, units, offsets, n_units), recorded = spike_arrays.from_events(events, sensor_size, sample_starts, sample_length)
        odd = spike_arrays.odd_times(recorded, sample_starts, sample_length, len(times), time_unit)
        if odd is not None:
            warnings.warn(odd, stacklevel=2)
        return cls(times, units, offsets, n_units, time_unit=time_unit)

    @classmethod
    def _trusted(
        cls, times: Float64Array, units: Int32Array, offsets: Int64Array, n_units: int
    ) -> SpikeTrains:
        """Spike trains of arrays that nobody else has, and that keep the rules."""
        spikes = cls.__new__(cls)
        spikes._times, spikes._units, spikes._offsets = checks.read_only(times), checks.read_only(units), checks.read_only(offsets)
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

    @property
    def shape(self) -> Tuple[int, int]:
        """(n_samples, n_units)."""
        return len(self), self._n_units

    @overload
    def __getitem__(self, key: int) -> Tuple[Float64Array, Int32Array]: ...

    @overload
    def __getitem__(self, key: Any) -> Any: ...

    def __getitem__(self, key: Any) -> Any:
        """Times and units of a sample; of a slice, or an array or list of numbers or of one truth for each sample, SpikeTrains of those."""
        if isinstance(key, tuple) and len(key) == 2 and key[1] is Ellipsis:
            key = key[0]
        if isinstance(key, slice):
            first, stop, step = key.indices(len(self))
            if step == 1:
                ends = self._offsets[first : max(first, stop) + 1]
                own = slice(ends[0], ends[-1])
                return SpikeTrains._trusted(self._times[own], self._units[own], ends - ends[0], self._n_units)
            return self._chosen(np.arange(first, stop, step, dtype=np.int64))
        if not isinstance(key, tuple) and (isinstance(key, list) or isinstance(key, range) or getattr(key, "ndim", 0) > 0):
            return self._chosen(spike_arrays.sample_numbers(key, len(self)))
        if isinstance(key, tuple):
            raise TypeError(f"the index is {checks.shown(key)}; SpikeTrains are chosen by samples alone, by one index")
        index = checks.integer(key, "sample")
        if not -len(self) <= index < len(self):
            raise IndexError(f"sample is {index}, but there are {len(self)} samples")
        start, stop = self._offsets[index % len(self)], self._offsets[index % len(self) + 1]
        return self._times[start:stop], self._units[start:stop]

    def _chosen(self, samples: Int64Array) -> SpikeTrains:
        places, offsets = spike_arrays.chosen(self._offsets, samples)
        return SpikeTrains._trusted(self._times[places], self._units[places], offsets, self._n_units)

    def __iter__(self) -> Iterator[Tuple[Float64Array, Int32Array]]:
        return (self[sample] for sample in range(len(self)))

    #: Comparisons with numpy's numbers are Python's.
    __array_ufunc__ = None

    def __array__(self, *args: Any, **options: Any) -> Any:
        # numpy and PyTorch would make one of nested sequences, where samples happen to have as many spikes as one another.
        raise TypeError(
            "SpikeTrains are no array: put several together by SpikeTrains.concatenate, make an array of counts by to_dense or one of samples, as "
            "boosting and bagging want it, by to_column, or take times, units and offsets"
        )

    #: What PyTorch asks first.
    __dlpack__ = __dlpack_device__ = __array__

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

    def _repr_html_(self) -> str:
        return overviews.spike_trains(self)


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
