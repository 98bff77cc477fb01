"""Events of many samples, gathered as long as memory has room for them."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Optional, Tuple

import numpy as np

from .._spikes import SpikeTrains
from .._support import checks, memory
from .._support.spike_arrays import offsets_of
from .._support.types import Float64Array, Int32Array, Int64Array

#: Bytes of an event's time and unit.
EVENT = 12
#: Events between two looks at what memory is left.
_LOOK = 1 << 20

Events = Tuple[Float64Array, Int32Array]


def labelled(arrays: Dict[str, Any], n_units: int, labels: Any) -> Tuple[SpikeTrains, Int64Array]:
    """Spike trains of times, units and offsets, and their labels.

    Raises
    ------
    KeyError, ValueError, TypeError
        If something is missing, or does not fit together.
    """
    spikes = SpikeTrains(arrays["times"], arrays["units"], arrays["offsets"], n_units)
    y: Int64Array = checks.array(labels, np.int64, "labels", ndim=1)
    checks.one_each(y, "labels", len(spikes))
    return spikes, y


class Gathered:
    """Samples one after another. `step_time`: what a unit sends within so many seconds is one spike in the middle of them."""

    def __init__(self, what: str, n_units: int, step_time: Optional[float]) -> None:
        self._what, self._n_units, self._step = what, n_units, step_time
        self._times: List[Float64Array] = []
        self._units: List[Int32Array] = []
        self._counts: List[int] = []
        self._n = self._seen = 0

    def announce(self, n_events: int) -> None:
        """Refuses so many more events if there is no room for them, and for all in one piece."""
        memory.must_fit(EVENT * (2.0 * n_events + self._n), self._what, self._remedy)

    @property
    def _remedy(self) -> str:
        steps = "" if self._step is not None else ", or step_time=1e-3 for one spike of a unit in a millisecond"
        return f"read fewer at a time, as samples=slice(0, 1000){steps}"

    def add(self, parts: Iterable[Events]) -> None:
        """A sample, in parts."""
        places: Any = None
        count = 0
        for times, units in parts:
            self._seen += len(times)
            if self._seen > _LOOK:
                self._seen = 0
                self.announce(len(times))
            if self._step is None:
                self._times.append(times)
                self._units.append(units)
                self._n, count = self._n + len(times), count + len(times)
            else:
                self._judge_steps(times, self._step)
                own = np.unique(np.floor(times / self._step) * self._n_units + units)
                places = own if places is None else np.union1d(places, own)
        if places is not None:
            assert self._step is not None
            steps = np.floor(places / self._n_units)
            self._times.append((steps + 0.5) * self._step)
            self._units.append((places - steps * self._n_units).astype(np.int32))
            self._n, count = self._n + len(places), len(places)
        self._counts.append(count)

    def _judge_steps(self, times: Float64Array, step: float) -> None:
        """Refuses steps so many that a step and a unit together are no longer a whole number of float64."""
        last = float(times.max(initial=0.0))
        if last / step * self._n_units >= 2.0**53 - self._n_units:
            least = last / 2.0**52 * self._n_units
            raise ValueError(f"step_time is {step} s, too short to tell steps apart until {last} s, in {self._what}; give at least {least:.0e}, or None")

    def arrays(self) -> Dict[str, Any]:
        """Times, units and offsets of all of them, which are then here no more."""
        self.announce(0)
        times = np.concatenate([np.empty(0), *self._times])
        self._times.clear()
        units = np.concatenate([np.empty(0, np.int32), *self._units])
        self._units.clear()
        return {"times": times, "units": units, "offsets": offsets_of(self._counts)}
