"""Compressed rows of spikes made from other layouts, and taken apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Optional, Tuple, Union

import numpy as np

from . import checks, memory
from .types import Float64Array, Int32Array, Int64Array

if TYPE_CHECKING:
    import numpy.typing as npt

#: Times (in their own unit), units and offsets.
Rows = Tuple[Any, Int32Array, Int64Array]
#: Spikes from which on memory is looked at before samples are chosen: to look takes longer than to choose fewer.
_MANY = 1 << 20
#: What an event's fields are called, the first of each as the field's libraries have it.
_TIMES, _POLARITIES = ("t", "time", "ts", "timestamp", "times"), ("p", "pol", "polarity")


def offsets_of(counts: Any) -> Int64Array:
    """Where each of so many spikes per sample begin and the last end."""
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int64)


def chosen(offsets: Int64Array, samples: Int64Array) -> Tuple[Int64Array, Int64Array]:
    """The places of all spikes of some samples, and the offsets of the new rows."""
    counts = offsets[samples + 1] - offsets[samples]
    ends = offsets_of(counts)
    if ends[-1] > _MANY:
        room_for(float(ends[-1]))
    return np.repeat(offsets[samples] - ends[:-1], counts) + np.arange(ends[-1]), ends


def sample_numbers(key: Any, n_samples: int) -> Int64Array:
    """The samples that an array or list of numbers or of truths names. - Raises IndexError, TypeError."""
    if isinstance(key, range) and len(key) and not -n_samples <= min(key[0], key[-1]) <= max(key[0], key[-1]) < n_samples:
        raise IndexError(f"the index is {key}, but there are {n_samples} samples")
    found = checks.numbers_of(key, "the index")
    if found.ndim != 1:
        raise IndexError(f"the index has {found.ndim} dimensions; samples are chosen by an integer, a slice or an array of one dimension")
    if found.dtype == np.bool_:
        if len(found) != n_samples:
            raise IndexError(f"the index has {len(found)} truths for {n_samples} samples; give one each")
        return np.flatnonzero(found).astype(np.int64)
    if not len(found):
        return np.empty(0, np.int64)
    if found.dtype.kind not in "iu":
        raise TypeError(f"the index has dtype {found.dtype}; samples are chosen by integers or truths")
    outside = (found < -n_samples) | (found >= n_samples)
    if outside.any():
        raise IndexError(f"sample is {found[outside][0]}, but there are {n_samples} samples")
    numbers: Int64Array = found.astype(np.int64)
    return np.where(numbers < 0, numbers + n_samples, numbers)


def from_lists(samples: Any) -> Rows:
    """Of a pair (times, units) for each sample."""
    times: List[Any] = []
    units: List[Int32Array] = []
    for sample, pair in enumerate(checks.each(samples, "samples", "pairs (times, units)")):
        try:
            own_times, own_units = pair
        except (TypeError, ValueError):
            raise ValueError(f"sample {sample} is {checks.shown(pair)}; give a pair (times, units) for each sample") from None
        own, who = checks.numbers_of(own_times, f"times of sample {sample}"), checks.numbers_of(own_units, f"units of sample {sample}")
        # An empty list has no type of its own.
        who = checks.array(who if who.size else who.astype(np.int32), np.int32, f"units of sample {sample}", ndim=1)
        if own.shape != who.shape:
            raise ValueError(f"sample {sample} has {own.size} times and {who.size} units; give one unit for each time")
        times.append(own)
        units.append(who)
    return _joined(times, units)


def room_for(n_spikes: float) -> None:
    """Refuses more spikes than memory holds while they are put together: times and units twice, and where each is from."""
    memory.must_fit(30.0 * n_spikes, f"an array of spike trains with {n_spikes:.0f} spikes", "give fewer samples at a time")


def from_dense(array: Any, dt: float) -> Tuple[Float64Array, Int32Array, Int64Array, int]:
    """Of counts, (samples, steps, units): times in seconds, units, offsets, and the number of units."""
    found = checks.numbers_of(array, "the array")
    if found.ndim != 3:
        raise ValueError(f"the array has {found.ndim} dimensions, shape {found.shape}; it must be (samples, steps, units)")
    if found.dtype.kind not in "biuf":
        raise TypeError(f"the array has dtype {found.dtype}; it must hold numbers of spikes")
    checks.step(dt, "dt", found.shape[1])
    room_for(float(np.count_nonzero(found)))
    sample, step, unit = np.nonzero(found)
    counts = found[sample, step, unit]
    wrong = ~((counts > 0) & (counts < 2**31) & (counts == np.floor(counts)))
    if wrong.any():
        place = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"the array's element [{sample[place]}, {step[place]}, {unit[place]}] is {counts[place]}; elements are numbers of "
            f"spikes: 0, 1, 2 ... {checks.INT32}"
        )
    numbers = counts.astype(np.int64)
    room_for(float(numbers.sum()))
    offsets = offsets_of(np.bincount(sample, weights=numbers, minlength=found.shape[0]).astype(np.int64))
    return np.repeat(step * dt, numbers), np.repeat(unit, numbers).astype(np.int32), offsets, found.shape[2]


def to_dense(rows: Rows, n_units: int, dt: float, n_steps: Union[None, int]) -> Int32Array:
    """Counts, (samples, steps, units); what lies after the last step is left out."""
    times, units, offsets = rows
    last = float(times.max(initial=0.0))
    if last / dt >= 2**53:
        raise ValueError(f"dt is {dt!r}, too small to count the steps to a spike at {last!r} s; give a larger one")
    steps = np.floor(times / dt)
    # A quotient may be rounded down from a step that begins at the very time, or up to one that begins after it, where that is a finite time.
    with np.errstate(over="ignore"):
        steps += (steps + 1) * dt <= times
    steps -= steps * dt > times
    count = int(steps.max()) + 1 if n_steps is None and len(steps) else n_steps or 0
    shape = len(offsets) - 1, count, n_units
    what = f"an array of {shape} (samples, steps, units) at dt = {dt!r} s"
    memory.must_fit(4.0 * shape[0] * count * n_units, what, "give a larger dt, fewer n_steps or fewer samples at a time")
    samples = np.repeat(np.arange(shape[0]), np.diff(offsets))
    kept = steps < count
    dense: Int32Array = np.zeros(shape, np.int32)
    np.add.at(dense, (samples[kept], steps[kept].astype(np.int64), units[kept]), 1)
    return dense


def from_events(events: Any, sensor_size: Any, starts: Any = None, length: Any = None) -> Tuple[Tuple[Any, Int32Array, Int64Array, int], List[Any]]:
    """Of a structured array, or one for each sample: times, units x + width * (y + height * p), offsets, and the number of units; and times as given."""
    is_one = isinstance(events, np.ndarray) and events.dtype.names
    samples = [events] if is_one else list(checks.each(events, "events", "structured arrays, one each sample"))
    for sample, own in enumerate(samples):
        if not getattr(getattr(own, "dtype", None), "names", None) or not own.ndim:
            remedy = "; of a DataFrame give to_records(index=False)" if hasattr(events, "to_records") or hasattr(own, "to_records") else ""
            raise TypeError(f"sample {sample} is {checks.shown(own)}; events are structured arrays with the fields t, x and, where there are, y and p{remedy}")
    room_for(float(sum(map(len, samples))))
    width, height, polarities = _sensor(_reached(samples) if sensor_size is None else sensor_size)
    times: List[Any] = []
    units: List[Int32Array] = []
    for sample, own in enumerate(samples):
        names = own.dtype.names
        times.append(own[_field(names, _TIMES, sample)])
        unit = _within(own, "x", width, sample)
        if height > 1 or "y" in names:
            unit = unit + width * _within(own, "y", height, sample)
        if polarities > 1:
            unit = unit + width * height * _within(own, _field(names, _POLARITIES, sample), polarities, sample)
        units.append(unit.astype(np.int32))
    recorded = times
    if starts is not None:
        times, units = _cut(times[0], units[0], _rising(starts)) if is_one else (_begun(times, _starts(starts)), units)
    if length is not None:
        end = checks.positive(length, "sample_length")
        # Not a number is kept, to be refused.
        kept = [~(own >= end) for own in times]
        times, units = [own[those] for own, those in zip(times, kept)], [own[those] for own, those in zip(units, kept)]
    return (*_joined(times, units), width * height * polarities), recorded


def odd_times(recorded: List[Any], starts: Any, length: Any, n_left: int, time_unit: Any) -> Optional[str]:
    """What looks wrong with times of events as given, or with where they were cut: they are taken in one unit, and may be of several.

    `n_left`: events that lie in samples.
    """
    if time_unit == "us":
        fraction = next(filter(None, map(_fraction, recorded)), None)
        if fraction is not None:
            return f"t of events has fractions, such as {fraction!r}, and is taken in microseconds; give time_unit, as in time_unit='s'"
        for name, given in (("sample_starts", starts), ("sample_length", length)):
            fraction = None if given is None else _fraction(np.asarray(given))
            if fraction is not None:
                return f"{name} has fractions, such as {fraction!r}, and is taken in microseconds, as t of events is; give it in the unit of t"
    if any(map(len, recorded)) and not n_left:
        where = "" if starts is None or not np.size(starts) else f" beside sample_starts from {np.min(starts)} to {np.max(starts)}"
        first, last = min(own.min() for own in recorded if len(own)), max(own.max() for own in recorded if len(own))
        within = "" if length is None else f" and sample_length {length}"
        return f"no event lies in a sample: t goes from {first} to {last}{where}{within}; give all in one unit"
    return None


def _fraction(values: Any) -> Optional[float]:
    """One that is no whole number, if there is any."""
    if values.dtype.kind != "f":
        return None
    found = values[np.isfinite(values) & (values != np.floor(values))]
    return float(found[0]) if found.size else None


def _rising(starts: Any) -> npt.NDArray[Any]:
    """When samples start that are cut out of one recording."""
    found = _starts(starts)
    if not len(found):
        raise ValueError("sample_starts has 0 elements; give when each sample starts, or None for one that starts at 0")
    falls = ~(found[1:] > found[:-1])
    if falls.any():
        at = int(falls.argmax())
        raise ValueError(f"sample_starts[{at + 1}] is {found[at + 1]} after {found[at]}; starts of samples in one recording must rise")
    return found


def _starts(starts: Any) -> npt.NDArray[Any]:
    found = checks.numbers_of(starts, "sample_starts")
    found = checks.array(found, np.int64 if found.dtype.kind in "iu" else np.float64, "sample_starts", ndim=1)
    wrong = ~((found >= 0) & (found < np.inf))
    if wrong.any():
        at = int(wrong.argmax())
        raise ValueError(f"sample_starts[{at}] is {found[at]}; starts must be finite and >= 0")
    return found


def _alike(times: Any, starts: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Times that can be compared with starts: whole numbers stay exact."""
    return checks.array(times, np.int64 if starts.dtype.kind == "i" and times.dtype.kind in "iu" else np.float64, "t", ndim=1)


def _cut(times: Any, units: Int32Array, starts: npt.NDArray[Any]) -> Tuple[List[Any], List[Int32Array]]:
    """The samples that one recording has one after another."""
    # A copy, of which sample each is, and their order.
    memory.must_fit(40.0 * len(times), f"a recording of {len(times)} events to be cut", "give a part of it at a time")
    times = _alike(times, starts)
    sample = np.searchsorted(starts, times, side="right") - 1
    order = np.argsort(sample, kind="stable")
    ends = np.searchsorted(sample[order], np.arange(len(starts) + 1))
    own = [order[first:end] for first, end in zip(ends[:-1], ends[1:])]
    return [times[those] - start for those, start in zip(own, starts)], [units[those] for those in own]


def _begun(times: List[Any], starts: npt.NDArray[Any]) -> List[Any]:
    """Samples of recordings of their own, each from its start."""
    checks.one_each(starts, "sample_starts", len(times))
    begun = []
    for sample, start in enumerate(starts):
        own = _alike(times[sample], starts)
        if (own < start).any():
            at = int((own < start).argmax())
            raise ValueError(f"event {at} of sample {sample} is at {own[at]}, before the sample's start at {start}; give an earlier start")
        begun.append(own - start)
    return begun


def _reached(samples: List[Any]) -> Tuple[int, int, int]:
    """The smallest sensor that has all events."""
    sizes = [1, 1, 1]
    for sample, own in enumerate(samples):
        for place, known in enumerate((("x",), ("y",), _POLARITIES)):
            if len(own) and (place == 0 or set(known) & set(own.dtype.names)):
                values = _within(own, _field(own.dtype.names, known, sample), checks.INT32, sample)
                sizes[place] = max(sizes[place], int(values.max()) + 1)
    return sizes[0], sizes[1], sizes[2]


def _sensor(size: Any) -> Tuple[int, int, int]:
    """Width, height and polarities; of a number, so many channels."""
    parts = (size,) if np.ndim(size) == 0 else tuple(size)
    if not 1 <= len(parts) <= 3:
        raise ValueError(f"sensor_size is {checks.shown(size)}; give (width, height, polarities), (width, height) or a number of channels")
    whole = [checks.integer(part, f"sensor_size[{place}]", 1, checks.INT32) for place, part in enumerate(parts)]
    width, height, polarities = whole + [1] * (3 - len(whole))
    if width * height * polarities > checks.INT32:
        raise ValueError(f"sensor_size is {checks.shown(size)}, {width * height * polarities} units; there can be {checks.INT32}")
    return width, height, polarities


def _field(names: Tuple[str, ...], known: Tuple[str, ...], sample: int) -> str:
    for name in known:
        if name in names:
            return name
    raise ValueError(f"sample {sample} has the fields {', '.join(names)}; one of {', '.join(known)} is needed")


def _within(events: Any, name: str, count: int, sample: int) -> Int64Array:
    """A field as places 0 .. count - 1."""
    if name not in events.dtype.names:
        raise ValueError(f"sample {sample} has the fields {', '.join(events.dtype.names)}; {name} is needed")
    values: Int64Array = checks.array(events[name].astype(np.int8) if events[name].dtype == np.bool_ else events[name], np.int64, name, ndim=1)
    outside = (values < 0) | (values >= count)
    if outside.any():
        place = int(np.flatnonzero(outside)[0])
        wanted = f"with this sensor_size it must be 0 .. {count - 1}" if count < checks.INT32 else f"it must be 0 .. {count - 1}"
        if name in _POLARITIES and values.min() == -1:
            wanted = "polarities are 0 and 1: make 0 of -1"
        raise ValueError(f"{name} of event {place} of sample {sample} is {values[place]}; {wanted}")
    return values


def _joined(times: List[Any], units: List[Int32Array]) -> Rows:
    if not times:
        return np.empty(0), np.empty(0, np.int32), np.zeros(1, np.int64)
    room_for(float(sum(len(own) for own in times)))
    filled = [own for own in times if len(own)] or times[:1]
    return np.concatenate(filled), np.concatenate(units), offsets_of([len(own) for own in times])
