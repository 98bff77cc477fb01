"""What a run leaves behind."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional, Sequence, Tuple

import numpy as np

from . import _core
from ._engines.base import BaseEngine
from ._engines.clock import ClockEngine
from ._engines.grid import TimeGrid
from ._engines.names import name_of
from ._spikes import SpikeTrains, trains
from ._support import checks, overviews
from ._support.layers import LayerSequence
from ._support.types import Float64Array, Int64Array, Progress
from .losses import Loss, VIntegralCrossEntropy

if TYPE_CHECKING:
    import numpy.typing as npt


class Recording:
    """Who spiked when, and what a backward pass needs of it. Made by `Network.forward`, or by `Recording.measured` of
    spikes that somebody else has measured; never changes: its arrays are read-only.

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

    __slots__ = ("_handle", "_network", "_input", "_info", "_spikes", "_maker")
    _handle: object
    #: The core's network that made it, as it was then.
    _network: object
    _input: SpikeTrains
    _info: Dict[str, int]
    _spikes: Dict[int, SpikeTrains]
    #: The engine object that made it, which keeps account of gradients, too; None once it has been pickled.
    _maker: Optional[BaseEngine]

    def __init__(self) -> None:
        raise TypeError("recordings are made by Network.forward, or by Recording.measured")

    @classmethod
    def measured(
        cls,
        network: Any,
        spikes: SpikeTrains,
        layers: Sequence[SpikeTrains],
        t_end: Optional[float] = None,
        *,
        progress: Progress = None,
    ) -> Recording:
        """A recording of spikes that somebody else has measured, a chip with the network's weights say.

        `Network.gradient` differentiates it by the rules of engines "event" (the default) and "first-spike", as if the network
        had made it. What a chip does not tell follows from what it does: current and membrane at each spike are those of the network
        under the measured spikes, those that reached the neuron, with delays, and its own before. So a neuron whose threshold differs
        from the network's, or whose weights all do by one factor, has the derivatives that it has on the chip. A leaky read-out
        is replayed from the measured spikes of the layer before.

        Parameters
        ----------
        network : Network
            With the parameters that the chip had. Once they change, the recording is stale.
        spikes : SpikeTrains
            What went in.
        layers : sequence of SpikeTrains
            The measured spikes of each layer, in order, each with as many units as the layer has neurons and as many samples as
            the input. Those of a leaky read-out, which has none, may be left out. A neuron without spikes was silent.
        t_end : float or None
            Seconds: when the measurement ended, inclusive; None: when all was silent.
        progress : callable or None
            As in `Network.forward`.

        Raises
        ------
        ValueError, TypeError
            If spikes do not fit the network, the input or t_end, or a neuron spikes twice at one time.

        Notes
        -----
        A spike may be one at which the model's membrane does not rise, or is below a tenth of its threshold. Its time is then taken as
        given: no gradient passes through it, and the neuron's membrane forgets at it what was
        before. ``diagnostics[layer]["impossible_spikes"]`` counts them.

        Where a spike and an arrival have the same time, as by a clock that ticks, the arrival came later if the spike was possible
        without it, and before if it was only with it; the recording has such spikes earlier or later in their last digit. In a
        recurrent layer it came later.

        Examples
        --------
        >>> import spinnprop as sp
        >>> X, y = sp.datasets.yin_yang(10)
        >>> net = sp.Network([4, 30, 3], seed=1)
        >>> spikes = sp.encoding.latency(X)
        >>> chip = net.forward(spikes)                      # in place of a measurement
        >>> rec = sp.Recording.measured(net, spikes, list(chip.spikes))
        >>> rec
        <Recording of 10 samples through 4-30-3, engine 'measured'>
        >>> bool((abs(rec.deviations[0][rec.deviations[0] < 1]) < 1e-12).all())
        True
        """
        # Its handle says what it is: this module stands below that of networks.
        try:
            _core.network_describe(getattr(network, "_handle", None))
        except TypeError:
            raise TypeError(f"network is {type(network).__name__!r}; it must be a Network") from None
        if isinstance(layers, SpikeTrains) or not any(hasattr(layers, name) for name in ("__iter__", "__getitem__")):
            shown = "None" if layers is None else repr(type(layers).__name__)
            raise TypeError(f"layers is {shown}; it must be a sequence of SpikeTrains, one for each layer")
        arrays = tuple(trains(each, f"layers[{layer}]")._arrays for layer, each in enumerate(layers))
        end = math.inf if t_end is None else checks.option(t_end, "t_end", _core.DOMAINS_FORWARD)
        given = trains(spikes, "spikes")
        made_by = _core.network_copy(network._handle)
        return cls._of(_core.recording_create_measured(made_by, given._arrays, arrays, end, progress), made_by, given)

    @classmethod
    def _of(
        cls, handle: object, network: object, input: SpikeTrains, maker: Optional[BaseEngine] = None
    ) -> Recording:
        recording = cls.__new__(cls)
        recording._handle = handle
        recording._network = network
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
        """The name of the engine that made the recording; "measured" for one of measured spikes."""
        kind = _core.recording_engine(self._handle)["kind"]
        return "measured" if kind == _core.ENGINE_MEASURED else name_of(kind)

    @property
    def grid(self) -> Optional[ClockEngine]:
        """The time steps on which its spikes lie, as the engine that can differentiate it; None in continuous time."""
        return grid_of(self._handle)

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

        In continuous time that is the threshold, but for measured spikes, of which it is the model's; on a grid of time steps it lies above.
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
        spike; ``near_tangential_spikes``, whose current exceeds the membrane by less than a thousandth of the threshold, so that
        their derivatives explode; ``smallest_slope``, the least (current + drive - membrane) / threshold; ``impossible_spikes``,
        measured ones at which the model's membrane does not rise or is below a tenth of its threshold: no gradient passes through them.
        """
        return LayerSequence(
            "diagnostics", self._info["n_layers"], lambda layer: _core.recording_diagnose(self._handle, layer)
        )

    @property
    def deviations(self) -> LayerSequence[Float64Array]:
        """Per layer of a measured recording, (n_samples, n_neurons) float64, seconds: measured first spikes minus the model's.

        The model's are those of the network given the measured spikes that reach the layer, so that deviations do not add up
        over layers. -inf where only the measured neuron spiked, +inf where only the model's would have, NaN where neither.
        """
        return LayerSequence("deviations", self._info["n_layers"], self._deviations_of)

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

    def integrals(self, tau: float = math.inf) -> Float64Array:
        """The integral over the run of exp(-t / tau) V(t), V each membrane of a leaky read-out, exact.

        Parameters
        ----------
        tau : float
            Seconds, > 0; +inf: a weight of 1, for runs with a finite t_end.

        Returns
        -------
        (n_samples, n_outputs) float64
            Seconds, V having no unit.

        Raises
        ------
        ValueError, TypeError
            If tau is out of its domain, or neither it nor t_end is finite.
        SpinnpropError
            If the read-out spikes, or the recording is on a grid of time steps.

        Examples
        --------
        >>> import spinnprop as sp
        >>> net = sp.Network([1, 1], readout="leaky", tau_mem=20e-3, tau_syn=10e-3)
        >>> net.weights[0] = [[1.0]]
        >>> rec = net.forward(sp.SpikeTrains([0.0], [0], [0, 1], 1), t_end=1.0)
        >>> rec.integrals().round(6)                        # the charge, tau_syn, once all has decayed
        array([[0.01]])
        """
        values = np.empty((len(self), self._info["n_outputs"]))
        _core.recording_integrals(values, self._integrated(checks.real(tau, "tau")))
        return checks.read_only(values)

    def _integrated(self, tau: float) -> object:
        """The core's recording with integrals."""
        return _core.recording_integrate(self._handle, self._network, tau, None)

    def _judged(self, loss: Optional[Loss]) -> Tuple[object, Optional[Dict[str, Any]]]:
        """The core's recording with whatever a loss looks at, and the loss."""
        handle = self._integrated(loss.tau0) if isinstance(loss, VIntegralCrossEntropy) else self._handle
        return handle, None if loss is None else _fields(loss)

    def membrane(self, layer: int, sample: Optional[int], times: Any) -> Float64Array:
        """The membranes of a layer's neurons at any times, exact.

        Between events they follow their closed form, so nothing is interpolated. At a spike, and at the end of a refractory period, the value
        is that just before. A measured recording has the membranes of the model under the measured spikes; one of first spikes those that go on
        after the spike and pass the threshold unheard.

        Parameters
        ----------
        layer : int
            From 0, the first after the input; -1 is the read-out.
        sample : int or None
            None: all samples.
        times : (n_times,) float64
            Seconds, 0 .. t_end of the run, in any order.

        Returns
        -------
        (n_times, n_neurons) float64, or with ``sample=None`` (n_samples, n_times, n_neurons)

        Raises
        ------
        IndexError
            If there is no such layer or sample.
        ValueError, TypeError
            If a time is not within the run.
        SpinnpropError
            If the recording is on a grid of time steps.

        Examples
        --------
        >>> import spinnprop as sp
        >>> net = sp.Network([1, 1], tau_mem=20e-3, tau_syn=10e-3)
        >>> net.weights[0] = [[1.0]]
        >>> rec = net.forward(sp.SpikeTrains([0.0], [0], [0, 1], 1))
        >>> rec.membrane(0, 0, [0.0, 10e-3]).round(4)
        array([[0.    ],
               [0.2387]])
        """
        return self._states(layer, sample, times)[0]

    def current(self, layer: int, sample: Optional[int], times: Any) -> Float64Array:
        """The synaptic currents of a layer's neurons at any times, exact; at an arrival that just before it. As `membrane`.

        Examples
        --------
        >>> import spinnprop as sp
        >>> net = sp.Network([1, 1], tau_mem=20e-3, tau_syn=10e-3)
        >>> net.weights[0] = [[1.0]]
        >>> rec = net.forward(sp.SpikeTrains([0.0], [0], [0, 1], 1))
        >>> rec.current(0, 0, [0.0, 10e-3]).round(4)
        array([[0.    ],
               [0.3679]])
        """
        return self._states(layer, sample, times)[1]

    def _states(self, layer: int, sample: Optional[int], times: Any) -> Tuple[Float64Array, Float64Array]:
        def fill(membranes: Float64Array, currents: Float64Array, layer: int, first: int, count: int, at: Float64Array) -> None:
            _core.recording_states(membranes, currents, self._handle, self._network, layer, first, count, at, None)

        return self._at_times(fill, layer, sample, times)

    def _at_times(
        self, fill: Callable[..., None], layer: int, sample: Optional[int], times: Any
    ) -> Tuple[Float64Array, Float64Array]:
        """Two numbers of each of a layer's neurons, as ``fill(ones, others, layer, first_sample, n_samples, times)`` has them."""
        n_layers = self._info["n_layers"]
        layer = checks.integer(layer, "layer")
        if not -n_layers <= layer < n_layers:
            raise IndexError(f"layer is {layer}; the recording has layers 0 .. {n_layers - 1}")
        layer %= n_layers
        first, count = 0, len(self)
        if sample is not None:
            first, count = checks.integer(sample, "sample"), 1
            if not -len(self) <= first < len(self):
                raise IndexError(f"sample is {first}; the recording has samples 0 .. {len(self) - 1}")
            first %= len(self)
        at = checks.array(times, np.float64, "times", ndim=1)
        shape = (count, len(at), _core.recording_layer_size(self._handle, layer))
        ones, others = np.empty(shape), np.empty(shape)
        fill(ones, others, layer, first, count, at)
        return (ones, others) if sample is None else (ones[0], others[0])

    def predict(self, loss: Optional[Loss] = None) -> Int64Array:
        """(n_samples,) int64: the class each sample's output stands for under a loss, -1 if no output spoke.

        None: the loss that the engine takes unless told otherwise.
        """
        classes = np.empty(len(self), np.int64)
        _core.recording_predict(classes, *self._judged(loss))
        return classes

    def probabilities(self, loss: Optional[Loss] = None) -> Float64Array:
        """(n_samples, n_outputs) float64: the loss's softmax over outputs, uniform where no output spoke.

        `losses.Custom`, `losses.MembraneMSE` and `losses.VanRossum` have none: 1 for the output that decides, 0 for others.
        """
        values = np.empty((len(self), self._info["n_outputs"]))
        _core.recording_probabilities(values, *self._judged(loss))
        return values

    def __copy__(self) -> Recording:
        return self

    def __deepcopy__(self, memo: Any) -> Recording:
        return self

    def __reduce__(self) -> Tuple[Any, ...]:
        return _from_bytes, (_core.recording_to_bytes(self._handle), _core.network_to_bytes(self._network), self._input)

    def __repr__(self) -> str:
        sizes = "-".join(map(str, self.layer_sizes))
        return f"<Recording of {len(self)} samples through {sizes}, engine {self.engine!r}>"

    def _repr_html_(self) -> str:
        return overviews.recording(self)

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
        trains = SpikeTrains._trusted(times, units, offsets, _core.recording_layer_size(self._handle, layer))
        return trains, checks.read_only(currents), checks.read_only(membranes)

    def _silent_of(self, layer: int) -> npt.NDArray[np.bool_]:
        silent = np.empty(_core.recording_layer_size(self._handle, layer), np.bool_)
        _core.recording_silent(silent, self._handle, layer)
        return checks.read_only(silent)

    def _deviations_of(self, layer: int) -> Float64Array:
        values = np.empty((len(self), _core.recording_layer_size(self._handle, layer)))
        _core.recording_deviations(values, self._handle, layer)
        return checks.read_only(values)

    def _maxima(self) -> Tuple[Float64Array, Float64Array]:
        values, times = np.empty((2, len(self), self._info["n_outputs"]))
        _core.recording_maxima(values, times, self._handle)
        return checks.read_only(values), checks.read_only(times)


def grid_of(recording: object) -> Optional[ClockEngine]:
    """The time steps on which the spikes of a recording of the core's lie."""
    grid = TimeGrid._of(_core.recording_engine(recording))
    return None if grid is None else ClockEngine(**vars(grid))


def _is_recording(recording: Any) -> None:
    if not isinstance(recording, Recording):
        made = "make one by network.forward(spikes), of an estimator by network_.forward(encode(X))"
        raise TypeError(f"recording is {checks.shown(recording)}; it must be a Recording: {made}")


def _is_loss(loss: Any) -> None:
    if not isinstance(loss, Loss):
        raise TypeError(f"loss is {checks.shown(loss)}; it must be one of those in spinnprop.losses{checks.a_function(loss)}")


def _fields(loss: Loss) -> Dict[str, Any]:
    _is_loss(loss)
    return loss._fields()


def _from_bytes(data: bytes, network: bytes, input: SpikeTrains) -> Recording:
    return Recording._of(_core.recording_from_bytes(data), _core.network_from_bytes(network), input)
