"""What a run leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple

import numpy as np

from . import _core
from ._engines.base import BaseEngine
from ._engines.clock import ClockEngine
from ._engines.grid import TimeGrid
from ._engines.names import name_of
from ._spikes import SpikeTrains
from ._support import checks
from ._support.layers import LayerSequence
from ._support.types import Float64Array, Int64Array
from .losses import Loss

if TYPE_CHECKING:
    import numpy.typing as npt


class Recording:
    """Who spiked when, and what a backward pass needs of it. Made by `Network.forward`; never changes: its arrays
    are read-only.

    Examples
    --------
    >>> import spinnprop as sp
    >>> net = sp.Network([1, 2])
    >>> net.weights[0] = [[10.0], [0.1]]
    >>> rec = net.forward(sp.SpikeTrains([0.0], [0], [0, 1], 1))
    >>> rec
    <Recording of 1 samples through 1-2, engine 'event'>
    >>> rec.first_spike_times.shape
    (1, 2)
    """

    __slots__ = ("_handle", "_input", "_info", "_spikes", "_maker")
    _handle: object
    _input: SpikeTrains
    _info: Dict[str, int]
    _spikes: Dict[int, SpikeTrains]
    #: The engine object that made it, which keeps account of gradients, too; None once it has been pickled.
    _maker: Optional[BaseEngine]

    def __init__(self) -> None:
        raise TypeError("recordings are made by Network.forward")

    @classmethod
    def _of(cls, handle: object, input: SpikeTrains, maker: Optional[BaseEngine] = None) -> Recording:
        recording = cls.__new__(cls)
        recording._handle = handle
        recording._input = input
        recording._info = _core.recording_describe(handle)
        recording._spikes = {}
        recording._maker = maker
        return recording

    @property
    def input(self) -> SpikeTrains:
        """What went in."""
        return self._input

    @property
    def engine(self) -> str:
        """The name of the engine that made the recording."""
        return name_of(_core.recording_engine(self._handle)["kind"])

    @property
    def grid(self) -> Optional[ClockEngine]:
        """The time steps on which its spikes lie, as the engine that can differentiate it; None in continuous time."""
        grid = TimeGrid._of(_core.recording_engine(self._handle))
        return None if grid is None else ClockEngine(**vars(grid))

    @property
    def layer_sizes(self) -> Tuple[int, ...]:
        """Input units, then neurons of each layer."""
        layers = range(self._info["n_layers"])
        return (self._info["n_inputs"], *(_core.recording_layer_size(self._handle, layer) for layer in layers))

    def __len__(self) -> int:
        return self._info["n_samples"]

    @property
    def spikes(self) -> LayerSequence[SpikeTrains]:
        """The spikes of each layer as `SpikeTrains`, in order of time within a sample; none for a leaky read-out."""
        return LayerSequence("spikes", self._info["n_layers"], self._spikes_of)

    @property
    def currents(self) -> LayerSequence[Float64Array]:
        """Per layer, (n_spikes,) float64: the synaptic current at each spike, before any arrival of its own."""
        return LayerSequence("currents", self._info["n_layers"], lambda layer: self._read(layer)[1])

    @property
    def membranes(self) -> LayerSequence[Float64Array]:
        """Per layer, (n_spikes,) float64: the membrane's value at each spike, before the reset.

        In continuous time that is the threshold; on a grid of time steps it lies above.
        """
        return LayerSequence("membranes", self._info["n_layers"], lambda layer: self._read(layer)[2])

    @property
    def silent(self) -> LayerSequence[npt.NDArray[np.bool_]]:
        """Per layer, (n_neurons,) bool: whether the neuron spiked in no sample."""
        return LayerSequence("silent", self._info["n_layers"], self._silent_of)

    @property
    def diagnostics(self) -> LayerSequence[Dict[str, Any]]:
        """Per layer, what can make a gradient vanish or explode.

        ``n_spikes``; ``silent_neurons``, which spiked in no sample; ``silent_pairs``, (sample, neuron) pairs without a
        spike; ``near_tangential_spikes``, whose current exceeds the threshold by less than a thousandth of it, so that
        their derivatives explode; ``smallest_slope``, the least (current - threshold) / threshold.
        """
        return LayerSequence(
            "diagnostics", self._info["n_layers"], lambda layer: _core.recording_diagnose(self._handle, layer)
        )

    @property
    def first_spike_times(self) -> Float64Array:
        """(n_samples, n_outputs) float64, seconds: each output's first spike; +inf where it was silent."""
        times = np.empty((len(self), self._info["n_outputs"]))
        _core.recording_first_spike_times(times, self._handle)
        return checks.read_only(times)

    @property
    def maxima(self) -> Float64Array:
        """(n_samples, n_outputs) float64: the largest membrane values of a leaky read-out, never below 0."""
        return self._maxima()[0]

    @property
    def maximum_times(self) -> Float64Array:
        """(n_samples, n_outputs) float64, seconds: when a leaky read-out had its largest membrane values."""
        return self._maxima()[1]

    def predict(self, loss: Optional[Loss] = None) -> Int64Array:
        """(n_samples,) int64: the class each sample's output stands for under a loss, -1 if no output spoke.

        None: the loss that the engine takes unless told otherwise.
        """
        classes = np.empty(len(self), np.int64)
        _core.recording_predict(classes, self._handle, None if loss is None else _fields(loss))
        return classes

    def probabilities(self, loss: Optional[Loss] = None) -> Float64Array:
        """(n_samples, n_outputs) float64: the loss's softmax over outputs, uniform where no output spoke."""
        values = np.empty((len(self), self._info["n_outputs"]))
        _core.recording_probabilities(values, self._handle, None if loss is None else _fields(loss))
        return values

    def __copy__(self) -> Recording:
        return self

    def __deepcopy__(self, memo: Any) -> Recording:
        return self

    def __reduce__(self) -> Tuple[Any, ...]:
        return _from_bytes, (_core.recording_to_bytes(self._handle), self._input)

    def __repr__(self) -> str:
        sizes = "-".join(map(str, self.layer_sizes))
        return f"<Recording of {len(self)} samples through {sizes}, engine {self.engine!r}>"

    def _spikes_of(self, layer: int) -> SpikeTrains:
        if layer not in self._spikes:
            self._spikes[layer] = self._read(layer)[0]
        return self._spikes[layer]

    def _read(self, layer: int) -> Tuple[SpikeTrains, Float64Array, Float64Array]:
        n_spikes = _core.recording_spike_count(self._handle, layer)
        times, currents, membranes = np.empty(n_spikes), np.empty(n_spikes), np.empty(n_spikes)
        units = np.empty(n_spikes, np.int32)
        offsets = np.empty(len(self) + 1, np.int64)
        _core.recording_spikes(times, units, currents, membranes, offsets, self._handle, layer)
        n_units = _core.recording_layer_size(self._handle, layer)
        trains = SpikeTrains._trusted(times, units, offsets, n_units)
        return trains, checks.read_only(currents), checks.read_only(membranes)

    def _silent_of(self, layer: int) -> npt.NDArray[np.bool_]:
        silent = np.empty(_core.recording_layer_size(self._handle, layer), np.bool_)
        _core.recording_silent(silent, self._handle, layer)
        return checks.read_only(silent)

    def _maxima(self) -> Tuple[Float64Array, Float64Array]:
        values, times = np.empty((2, len(self), self._info["n_outputs"]))
        _core.recording_maxima(values, times, self._handle)
        return checks.read_only(values), checks.read_only(times)


def _fields(loss: Loss) -> Dict[str, Any]:
    if not isinstance(loss, Loss):
        raise TypeError(f"loss is {loss!r}; it must be one of those in spinnprop.losses")
    return loss._fields()


def _from_bytes(data: bytes, input: SpikeTrains) -> Recording:
    return Recording._of(_core.recording_from_bytes(data), input)
