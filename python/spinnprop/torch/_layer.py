"""What of a layer is no tensor: its network's structure, what runs it, and what is read of a run. Works on numpy arrays."""

from __future__ import annotations

import copy
import itertools
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple
from weakref import WeakValueDictionary

import numpy as np

from .. import _core
from .._engines.base import BaseEngine
from .._gradients import NEURON_PARAMETERS
from .._network import _NEURON_PARAMETERS, Network, _forward_options, _rule_of_errors
from .._recording import Recording
from .._spikes import SpikeTrains
from .._support import checks, spike_arrays
from .._support.types import Float64Array, Int64Array

#: What `train` may name.
TRAINED = ("weights", "delays", *NEURON_PARAMETERS)


class Array(NamedTuple):
    """One of a network's parameter arrays."""

    kind: str
    #: What it is called within its kind: the layer's number, or "0-2" for what leads past a layer.
    name: str
    #: The core's numbers of what it is and where.
    code: int
    place: int
    shape: Tuple[int, ...]
    #: Its part of what holds all trained, or all fixed ones.
    part: slice


class Readings(NamedTuple):
    """What is read of a run."""

    #: "spikes", "maxima", "membrane" or "integrals".
    of: str
    n_spikes: int
    #: Of each hidden neuron.
    n_hidden_spikes: int
    #: When membranes are read, seconds.
    times: Tuple[float, ...]
    #: Of integrals, seconds.
    tau: float


class Run:
    """A recording, the layer that made it, and where its input came from."""

    __slots__ = ("layer", "recording", "input_places", "_places")

    def __init__(self, layer: Layer, recording: Recording, input_places: Any) -> None:
        self.layer = layer
        self.recording = recording
        self.input_places = input_places
        self._places: Dict[Tuple[int, int], Int64Array] = {}

    def spikes(self, layer: int, n_spikes: int) -> Float64Array:
        """(n_samples, n, n_spikes): the first spikes of each neuron, +inf where there are none."""
        if n_spikes == 1 and layer == len(self.layer.sizes) - 2:
            return self.recording._first_spike_times()[:, :, None]
        times = self.recording._rows(layer)[0]
        return np.append(times, np.inf)[self._firsts(layer, n_spikes)]

    def errors(self, layer: int, given: Optional[Float64Array], n_spikes: int) -> Float64Array:
        """Of every spike of a layer, from those of each neuron's first spikes; what is said of spikes that are not there is not looked at."""
        count = _core.recording_spike_count(self.recording._handle, layer)
        if given is None:
            return np.zeros(count)
        errors = np.zeros(count + 1)
        errors[self._firsts(layer, n_spikes)] = given
        return errors[:count]

    def _firsts(self, layer: int, n_spikes: int) -> Int64Array:
        if (layer, n_spikes) not in self._places:
            _, units, offsets, n_units, _, _ = self.recording._rows(layer)
            self._places[layer, n_spikes] = spike_arrays.firsts(units, offsets, n_units, n_spikes)
        return self._places[layer, n_spikes]


class Layer:
    """Never changes; known by its key for as long as somebody holds it."""

    #: All layers there are: an operator of tensors takes strings, and no objects.
    _known: WeakValueDictionary[str, Layer] = WeakValueDictionary()
    _numbers = itertools.count()

    def __init__(
        self,
        network: Network,
        engine: BaseEngine,
        gradient_engine: Optional[BaseEngine],
        t_end: Optional[float],
        max_spikes: Optional[int],
        readings: Readings,
        trained: Sequence[str],
    ) -> None:
        self._given = (network, engine, gradient_engine, t_end, max_spikes, readings, tuple(trained))
        self.engine, self.gradient_engine, self.readings = engine, gradient_engine, readings
        self.options = _forward_options(engine, t_end, max_spikes)
        self.sizes = network.layer_sizes
        arrays = list(_arrays(network))
        self.trained = _one_after_another(array for array in arrays if array.kind.replace("recurrent_", "") in trained)
        self.fixed = _one_after_another(array for array in arrays if array.kind.replace("recurrent_", "") not in trained)
        #: A threshold must lie above the reset: with these, either may be set first.
        self.network = copy.copy(network)
        for layer, n in enumerate(self.sizes[1:]):
            self.network.threshold[layer] = np.full(n, 1e300)
            self.network.reset[layer] = np.full(n, -1e300)
        #: The fixed values seen last, and the network that has them.
        self._last: Tuple[Optional[bytes], object] = (None, None)
        self.key = f"{next(Layer._numbers)}"
        Layer._known[self.key] = self

    @classmethod
    def of(cls, key: str) -> Layer:
        """The layer of a key. - Raises RuntimeError if nobody holds it any more."""
        layer = cls._known.get(key)
        if layer is None:
            raise RuntimeError("the EventProp layer of this operation is gone; keep the module for as long as its outputs are differentiated")
        return layer

    def __reduce__(self) -> Tuple[Any, ...]:
        return Layer, self._given

    def __deepcopy__(self, memo: Any) -> Layer:
        return self

    def with_values(self, trained: Float64Array, fixed: Float64Array) -> object:
        """The core's network of these values, one array after another. - Raises ValueError if one is out of its domain."""
        content = fixed.tobytes()
        known, network = self._last
        if known != content:
            network = _core.network_copy(self.network._handle)
            _set(network, self.fixed, fixed)
            self._last = (content, network)
        network = _core.network_copy(network)
        _set(network, self.trained, trained)
        return network

    def run(self, spikes: SpikeTrains, input_places: Any, trained: Float64Array, fixed: Float64Array) -> Run:
        network = self.with_values(trained, fixed)
        handle = _core.network_forward(network, spikes._arrays, {**self.options, "engine": self.engine._handle}, None)
        return Run(self, Recording._of(handle, network, spikes, self.engine), input_places)

    @property
    def is_leaky(self) -> bool:
        return self.readings.of != "spikes"

    @property
    def n_hidden(self) -> int:
        """All hidden neurons whose spikes are read."""
        return sum(self.sizes[1:-1]) if self.readings.n_hidden_spikes else 0

    def output_shape(self, n_samples: Any) -> Tuple[Any, ...]:
        n_outputs = self.sizes[-1]
        if self.readings.of == "membrane":
            return n_samples, len(self.readings.times), n_outputs
        return (n_samples, n_outputs) if self.is_leaky else (n_samples, n_outputs, self.readings.n_spikes)

    def hidden_shape(self, n_samples: Any) -> Tuple[Any, ...]:
        return n_samples, self.n_hidden, self.readings.n_hidden_spikes

    def read(self, run: Run) -> Tuple[Float64Array, Float64Array]:
        """The output, and the spikes of all hidden layers side by side."""
        output: Float64Array
        if self.readings.of == "membrane":
            output = run.recording.membrane(-1, None, self.readings.times)
        elif self.readings.of == "integrals":
            output = np.array(run.recording.integrals(self.readings.tau))
        elif self.is_leaky:
            output = np.array(run.recording.maxima)
        else:
            output = run.spikes(len(self.sizes) - 2, self.readings.n_spikes)
        if not self.n_hidden:
            return output, np.empty(self.hidden_shape(len(output)))
        hidden = [run.spikes(layer, self.readings.n_hidden_spikes) for layer in range(len(self.sizes) - 2)]
        return output, np.concatenate(hidden, axis=1)

    def pull_back(self, run: Run, output: Float64Array, hidden: Float64Array, neurons: bool) -> Tuple[Float64Array, Float64Array]:
        """Derivatives with respect to the times of input spikes, in their order, and to trained values, from those with respect to what was read."""
        readings, errors, first = self.readings, [], 0
        for layer, n in enumerate(self.sizes[1:-1]):
            own = hidden[:, first : first + n] if self.n_hidden else None
            errors.append(run.errors(layer, own, readings.n_hidden_spikes))
            first += n
        times = membranes = integrals = None
        if readings.of == "spikes":
            errors.append(run.errors(len(self.sizes) - 2, output, readings.n_spikes))
        elif readings.of == "maxima":
            errors.append(output.ravel())
        else:
            errors.append(np.zeros(len(output) * self.sizes[-1]))
            if readings.of == "membrane":
                times, membranes = np.array(readings.times), np.ascontiguousarray(output)
            else:
                integrals = np.ascontiguousarray(output)
        recording = run.recording
        options = {**_rule_of_errors(recording, self.gradient_engine), "neurons": int(neurons)}
        handle = _core.network_pull_back(
            recording._network, recording._handle, np.concatenate(errors), times, membranes, integrals, readings.tau, options, None
        )
        of_times = np.empty(len(recording.input.times))
        _core.gradient_input_times(of_times, handle)
        trained = np.zeros(self.trained[-1].part.stop if self.trained else 0)
        for array in self.trained:
            if neurons or array.kind not in NEURON_PARAMETERS:
                _core.gradient_get(trained[array.part], handle, array.code, array.place)
        return of_times, trained


def dense_spikes(times: Float64Array) -> Tuple[SpikeTrains, Any]:
    """Spike times (n_samples, n_units) or (n_samples, n_units, k), +inf where there are none, as SpikeTrains, and their places in the flat array.

    Raises ValueError if a time is NaN or below 0.
    """
    # NaN is the least of all.
    if times.size and not times.min() >= 0:
        place = tuple(int(n) for n in np.argwhere(~(times >= 0))[0])
        raise ValueError(f"times[{', '.join(map(str, place))}] is {times[place]}; spike times are seconds >= 0, or +inf where there is no spike")
    n_samples, n_units, k = times.shape if times.ndim == 3 else (*times.shape, 1)
    if k == 1 and times.size and times.max() < np.inf:
        units = np.empty((n_samples, n_units), np.int32)
        units[:] = np.arange(n_units)
        offsets = np.arange(0, (n_samples + 1) * n_units, n_units, dtype=np.int64)
        return SpikeTrains._trusted(times.ravel(), units.ravel(), offsets, n_units), slice(None)
    heard = times != np.inf
    places = np.flatnonzero(heard)
    units = (places if k == 1 else places // k) % n_units
    offsets = spike_arrays.offsets_of(heard.reshape(n_samples, n_units * k).sum(axis=1))
    return SpikeTrains._trusted(times.ravel()[places], units.astype(np.int32), offsets, n_units), places


def values_of(network: Network, arrays: Sequence[Array]) -> List[Float64Array]:
    """A network's values of these arrays."""
    found = []
    for array in arrays:
        values = np.empty(array.shape)
        _core.network_get(values, network._handle, array.code, array.place)
        found.append(values)
    return found


def _arrays(network: Network) -> List[Array]:
    """All parameter arrays of a network that are not empty."""
    n_layers = len(network.layer_sizes) - 1
    found = []

    def add(kind: str, code: int, index: int, name: str) -> None:
        shape = network._shape(code, index)
        if 0 not in shape:
            found.append(Array(kind, name, code, index, shape, slice(0)))

    for kind, code, recurrent in (
        ("weights", _core.WEIGHTS, _core.RECURRENT_WEIGHTS),
        ("delays", _core.DELAYS, _core.RECURRENT_DELAYS),
    ):
        for place, (source, target) in enumerate(network.connections):
            if source == target:
                add(f"recurrent_{kind}", recurrent, target - 1, f"{target - 1}")
            else:
                add(kind, code, place, f"{place}" if place < n_layers else f"{source}-{target}")
    for kind, code in zip(NEURON_PARAMETERS, _NEURON_PARAMETERS):
        for layer in range(n_layers):
            add(kind, code, layer, f"{layer}")
    return found


def _one_after_another(arrays: Iterable[Array]) -> List[Array]:
    """The arrays, each with its part of what holds them all."""
    found, first = [], 0
    for array in arrays:
        size = int(np.prod(array.shape))
        found.append(array._replace(part=slice(first, first + size)))
        first += size
    return found


def _set(network: object, arrays: Sequence[Array], flat: Float64Array) -> None:
    for array in arrays:
        try:
            _core.network_set(network, array.code, array.place, flat[array.part])
        except ValueError as error:
            raise ValueError(f"{array.kind}[{array.name}]: {error}") from None


def trained_names(train: Any, network: Network) -> Tuple[str, ...]:
    """What is trained: what the caller names, or else weights, and delays where there are any."""
    if train is None:
        return ("weights", "delays") if any(network.delay_kinds) else ("weights",)
    if isinstance(train, str):
        raise TypeError(f"train is {train!r}; it must be a list of names, as ['weights', 'tau_mem'], or None")
    names = tuple(checks.each(train, "train", "names, as ['weights', 'tau_mem']"))
    for n, name in enumerate(names):
        if name not in TRAINED:
            raise ValueError(f"element {n} of train is {name!r}; it must be one of {', '.join(map(repr, TRAINED))}")
    return names
