"""What of a layer is no tensor: its network's structure, what runs it, and what is read of a run. Works on numpy arrays."""

from __future__ import annotations

import copy
import hashlib
import math
import threading
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple, Union
from weakref import WeakValueDictionary

import numpy as np

from .. import _core
from .._engines.base import BaseEngine
from .._engines.names import ENGINES, resolve
from .._gradients import NEURON_PARAMETERS
from .._network import _NEURON_PARAMETERS, Network, _forward_options
from .._recording import grid_of
from .._spikes import SpikeTrains
from .._support import checks
from .._support.types import Float64Array
from .._support.values import Value

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
    #: Of weights, their finite bounds.
    bounds: Tuple[float, ...]


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


class Run(NamedTuple):
    """What the core has of a run."""

    layer: Layer
    network: object
    recording: object


class Layer:
    """Never changes; known by its key for as long as somebody holds it.

    Graphs have its key, and some outlive the process: exported programs, and what compilers keep on disk. So it is a digest of all that shapes
    what the layer computes, but for the values of parameters, which come in as tensors: a graph finds a layer that does the same, or none.
    """

    #: All layers there are: an operator of tensors takes strings, and no objects.
    _known: WeakValueDictionary[str, Layer] = WeakValueDictionary()
    _naming = threading.Lock()

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
        self.engine, self.readings = engine, readings
        self.options = _forward_options(engine, t_end, max_spikes)
        self.sizes = network.layer_sizes
        self.is_leaky = readings.of != "spikes"
        #: All hidden neurons whose spikes are read.
        self.n_hidden = sum(self.sizes[1:-1]) if readings.n_hidden_spikes else 0
        arrays = list(_arrays(network))
        self.trained = _one_after_another(array for array in arrays if array.kind.replace("recurrent_", "") in trained)
        self.fixed = _one_after_another(array for array in arrays if array.kind.replace("recurrent_", "") not in trained)
        #: A threshold must lie above the reset: with these, either may be set first.
        self.network = copy.copy(network)
        for layer, n in enumerate(self.sizes[1:]):
            self.network.threshold[layer] = np.full(n, 1e300)
            self.network.reset[layer] = np.full(n, -1e300)
        self.trains_neurons = any(array.kind in NEURON_PARAMETERS for array in self.trained)
        self._trained_places, self._fixed_places = _places(self.trained), _places(self.fixed)
        #: The fixed values seen last, and the network that has them.
        self._last: Tuple[Optional[bytes], object] = (None, None)
        own = engine if gradient_engine is None else gradient_engine
        #: The gradient rule's engine; None: the one that goes with the time steps of each recording.
        self._rule = None if own._grid is not None and gradient_engine is None else own
        self._must_be_differentiable(network._handle)
        digest, number = self._digest(gradient_engine), 0
        with Layer._naming:
            # Layers that are alike die one by one, so each has a key of its own.
            while f"{digest}-{number}" in Layer._known:
                number += 1
            self.key = f"{digest}-{number}"
            Layer._known[self.key] = self

    def _must_be_differentiable(self, network: object) -> None:
        """Raises ValueError if the core, asked of no samples, refuses to read or take back what the engine runs."""
        try:
            run = self.run(network, np.empty((0, self.sizes[0])))
        except (ValueError, _core.SpinnpropError):
            # Values that the engine runs may yet be loaded.
            return
        try:
            self.read(run, 0)
        except (ValueError, _core.SpinnpropError) as unread:
            raise ValueError(f"output {self.readings.of!r} of a layer that engine {self.engine.name!r} runs cannot be read: {unread}") from None
        error = self._refused(run, self._rule)
        if error is None:
            return
        rules = {"None": None if self.engine._grid is not None else self.engine, **{repr(name): resolve(name) for name in ENGINES}}
        others = [name for name, rule in rules.items() if self._refused(run, rule) is None]
        remedy = f"gradient_engine may be {' or '.join(others)}" if others else "there is no gradient_engine for that: take engine 'event', or train less"
        raise ValueError(f"a layer that engine {self.engine.name!r} runs cannot be differentiated so: {error}. Here {remedy}")

    def _refused(self, run: Run, rule: Optional[BaseEngine]) -> Optional[Exception]:
        """What the core says against a gradient rule for a run of no samples."""
        hidden = np.empty(self.hidden_shape(0)) if self.n_hidden else None
        try:
            self._pull_back(run, np.empty(self.output_shape(0)), hidden, self.trains_neurons, rule)
        except (ValueError, _core.SpinnpropError) as error:
            return error
        return None

    @classmethod
    def of(cls, key: str) -> Layer:
        """The layer of a key. - Raises RuntimeError if nobody holds one."""
        layer = cls._known.get(key)
        if layer is None:
            raise RuntimeError(
                "the EventProp layer of this operation is gone, or was never here; keep the module for as long as its outputs are differentiated, and "
                "where a program that was exported runs have one with the same arguments"
            )
        return layer

    def _digest(self, gradient_engine: Optional[BaseEngine]) -> str:
        network = self.network
        constraints = [[np.asarray(of[pair]) for pair in network.connections] for of in (network.masks, network.signs, network.weight_bounds)]
        options = {name: value for name, value in self.options.items() if name != "engine"}
        digest = hashlib.sha256()
        for own in (
            (network.layer_sizes, network.connections, network.delay_kinds, network.readout, constraints),
            (self.engine, gradient_engine, options, tuple(self.readings)),
            [(array.kind, array.name) for array in self.trained],
        ):
            _describe(own, digest.update)
        return digest.hexdigest()

    def __reduce__(self) -> Tuple[Any, ...]:
        return Layer, self._given

    def __deepcopy__(self, memo: Any) -> Layer:
        return self

    def structure(self) -> Dict[str, Any]:
        """What values are of, where their shapes do not tell: plain values, for messages and files."""
        return {**structure_of(self.network), "fixed": [f"{array.kind}[{array.name}]" for array in self.fixed]}

    def with_values(self, trained: Sequence[Float64Array], fixed: Float64Array) -> object:
        """The core's network of these values. - Raises ValueError if one is out of its domain."""
        content = fixed.tobytes()
        known, network = self._last
        if known != content:
            network = _with(self.network._handle, self.fixed, self._fixed_places, split(fixed, self.fixed))
            self._last = (content, network)
        return _with(network, self.trained, self._trained_places, trained)

    def run(self, network: object, times: Union[SpikeTrains, Float64Array]) -> Run:
        """Times as SpikeTrains, or dense, (n_samples, n_units) or (n_samples, n_units, k).

        Raises ValueError if a time is NaN or below 0.
        """
        options = {**self.options, "engine": self.engine._handle}
        if isinstance(times, SpikeTrains):
            return Run(self, network, _core.network_forward(network, times._arrays, options, None))
        return Run(self, network, _core.layer_forward(network, times, options))

    def output_shape(self, n_samples: Any) -> Tuple[Any, ...]:
        n_outputs = self.sizes[-1]
        if self.readings.of == "membrane":
            return n_samples, len(self.readings.times), n_outputs
        return (n_samples, n_outputs) if self.is_leaky else (n_samples, n_outputs, self.readings.n_spikes)

    def hidden_shape(self, n_samples: Any) -> Tuple[Any, ...]:
        return n_samples, self.n_hidden, self.readings.n_hidden_spikes

    def read(self, run: Run, n_samples: int) -> Tuple[Float64Array, Optional[Float64Array]]:
        """The output, and the spikes of all hidden layers side by side if they are read."""
        output: Float64Array = np.empty(self.output_shape(n_samples))
        hidden: Optional[Float64Array] = np.empty(self.hidden_shape(n_samples)) if self.n_hidden else None
        readings = self.readings
        if readings.of == "membrane":
            _core.recording_states(output, None, run.recording, run.network, len(self.sizes) - 2, 0, n_samples, np.array(readings.times), None)
        elif readings.of == "integrals":
            _core.recording_integrals(output, _core.recording_integrate(run.recording, run.network, readings.tau, None))
        elif readings.of == "maxima":
            _core.recording_maxima(output, np.empty_like(output), run.recording)
        if hidden is not None or not self.is_leaky:
            _core.layer_spikes(None if self.is_leaky else output, hidden, run.recording)
        return output, hidden

    def pull_back(
        self, run: Run, output: Float64Array, hidden: Optional[Float64Array], neurons: bool, input_times: bool = True
    ) -> object:
        """The core's gradient, from derivatives with respect to what was read."""
        return self._pull_back(run, output, hidden, neurons, self._rule, input_times)

    def _pull_back(
        self, run: Run, output: Float64Array, hidden: Optional[Float64Array], neurons: bool, rule: Optional[BaseEngine],
        input_times: bool = True,
    ) -> object:  # fmt: skip
        of, times = self.readings.of, self.readings.times
        rule = grid_of(run.recording) if rule is None else rule
        options = {"neurons": int(neurons), "input_times": int(input_times), **({} if rule is None else {"engine": rule._handle})}
        return _core.network_pull_back(
            run.network,
            run.recording,
            (output if of in ("spikes", "maxima") else None, hidden),
            np.array(times) if of == "membrane" else None,
            output if of == "membrane" else None,
            output if of == "integrals" else None,
            self.readings.tau,
            options,
            None,
        )

    def of_trained(self, gradient: object, neurons: bool) -> List[Float64Array]:
        """Derivatives with respect to all that is trained."""
        found = []
        for array in self.trained:
            if neurons or array.kind not in NEURON_PARAMETERS:
                values = np.empty(array.shape)
                _core.gradient_get(values, gradient, array.code, array.place)
            else:
                values = np.zeros(array.shape)
            found.append(values)
        return found


def _describe(own: Any, write: Callable[[bytes], object]) -> None:
    """Writes what a value is, the same in every process."""
    if isinstance(own, Value):
        write(type(own).__qualname__.encode() + type(own).__module__.encode())
        own = vars(own)
    if isinstance(own, dict):
        own = tuple(own.items())
    if isinstance(own, (tuple, list)):
        write(b"(%d" % len(own))
        for each in own:
            _describe(each, write)
    elif isinstance(own, np.ndarray):
        write(f"{own.dtype.str}{own.shape}".encode())
        write(own.tobytes())
    else:
        write(f"{own!r};".encode())


def structure_of(network: Network) -> Dict[str, Any]:
    """What the same values are other values of in another network."""
    return {
        "layer_sizes": list(network.layer_sizes),
        "connections": [list(pair) for pair in network.connections],
        "delay_kinds": list(network.delay_kinds),
        "readout": network.readout,
    }


def of_times(gradient: object, times: Union[SpikeTrains, Float64Array]) -> Float64Array:
    """Derivatives with respect to the times that a run was given; 0 where they are +inf."""
    if isinstance(times, SpikeTrains):
        values = np.empty(len(times.times))
        _core.gradient_input_times(values, gradient)
        return values
    heard = times != np.inf
    found = np.zeros(times.shape)
    of_heard = np.empty(np.count_nonzero(heard))
    _core.gradient_input_times(of_heard, gradient)
    found[heard] = of_heard
    return found


def split(flat: Float64Array, arrays: Sequence[Array]) -> List[Float64Array]:
    """The arrays in what holds one after another."""
    return [flat[array.part] for array in arrays]


def values_of(network: object, arrays: Sequence[Array]) -> List[Float64Array]:
    """A network of the core's values of these arrays."""
    found = []
    for array in arrays:
        values = np.empty(array.shape)
        _core.network_get(values, network, array.code, array.place)
        found.append(values)
    return found


def _arrays(network: Network) -> List[Array]:
    """All parameter arrays of a network that are not empty."""
    n_layers = len(network.layer_sizes) - 1
    found = []

    def add(kind: str, code: int, index: int, name: str, bounds: Iterable[float] = ()) -> None:
        shape = network._shape(code, index)
        if 0 not in shape:
            found.append(Array(kind, name, code, index, shape, slice(0), tuple(float(bound) for bound in bounds if math.isfinite(bound))))

    for kind, code, recurrent in (
        ("weights", _core.WEIGHTS, _core.RECURRENT_WEIGHTS),
        ("delays", _core.DELAYS, _core.RECURRENT_DELAYS),
    ):
        for place, (source, target) in enumerate(network.connections):
            bounds = network.weight_bounds[source, target] if kind == "weights" else ()
            if source == target:
                add(f"recurrent_{kind}", recurrent, target - 1, f"{target - 1}", bounds)
            else:
                add(kind, code, place, f"{place}" if place < n_layers else f"{source}-{target}", bounds)
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


def _places(arrays: Sequence[Array]) -> Tuple[Tuple[int, int], ...]:
    return tuple((array.code, array.place) for array in arrays)


def _with(network: object, arrays: Sequence[Array], places: Tuple[Tuple[int, int], ...], values: Sequence[Float64Array]) -> object:
    """A copy of a network with these values."""
    try:
        return _core.layer_network(network, places, tuple(values))
    except ValueError:
        for array, own in zip(arrays, values):
            try:
                _core.layer_network(network, _places([array]), (own,))
            except ValueError as error:
                raise ValueError(f"{array.kind}[{array.name}]: {error}") from None
        raise


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
        if name == "delays" and not any(network.delay_kinds):
            raise ValueError(f"element {n} of train is 'delays', but no connection has delays; give delays='synaptic' or of another kind, or leave it out")
    return names
