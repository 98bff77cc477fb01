"""Networks of leaky integrate-and-fire neurons."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from . import _core
from ._engines.base import BaseEngine
from ._engines.names import EngineLike, resolve
from ._gradients import NEURON_PARAMETERS, Gradients, ReadAdjoint
from ._recording import Recording, _fields, _is_loss, _is_recording
from ._spikes import SpikeTrains, trains
from ._support import checks, overviews
from ._support import network_arguments as arguments
from ._support.layers import ConnectionList, ConnectionSequence, Ends, MutableLayerSequence
from ._support.types import BoolArray, Float64Array, Int8Array, Int32Array, Progress, Supervision
from .losses import Custom, Loss, RateRegularisation

_READOUTS: Dict[Optional[str], int] = {"spiking": _core.READOUT_SPIKING, "leaky": _core.READOUT_LEAKY}
if TYPE_CHECKING:
    Parameters = MutableLayerSequence[Float64Array]


class Network:
    """Layers of leaky integrate-and-fire neurons with exponential synaptic currents, each connected to the next or as you say.

        tau_mem dV/dt = -V + I + drive,   tau_syn dI/dt = -I,   arrival of a spike: I += w,
        V reaches threshold: V = reset for a time of refractory, in which I goes on

    Parameters
    ----------
    layer_sizes : sequence of int
        Input units first; at least two numbers.
    tau_mem, tau_syn : float or array
        Time constants of membrane and current, seconds, > 0: one for all, one per layer, or one for every neuron of all
        layers, layer after layer. None: what suits training on `engine`.
    threshold, reset : float or array
        Membrane values, given as the time constants are; threshold > 0, reset below it.
    drive, refractory : float or array
        A constant current, and seconds for which the membrane stays at the reset after a spike, >= 0, given likewise. A neuron
        whose drive is not below its threshold fires by itself; a run of such a network needs a `t_end`. Engines "event"
        and "brainscales2" run networks in which either is not 0, others refuse them.
    delays : None, "synaptic", "axonal" or "dendritic", or a sequence of these
        Whether connections have delays, and of what kind: per synapse, per sender or per receiver; one for all, or one for
        each layer: of the connections into it, a recurrent one among them; where `connections` are given, one for each of
        these. They start at 0.
    recurrent : bool or sequence of bool
        Whether hidden layers are connected to themselves; one for all hidden layers, or one for each.
    readout : "spiking" or "leaky"
        Whether the last layer spikes. A leaky read-out never does; its membrane is what counts.
    weight_mean, weight_std : None or sequence of float
        Mean and standard deviation of the initial feed-forward weights, one per layer; recurrent ones have mean 0 and
        half the deviation. None: what suits training on `engine`, by the number of units in all sources of a layer; for exact
        events, about half of a layer spikes on latency-coded input.
    seed : int
        Seeds the initial weights, 0 .. 2^64 - 1.
    engine : "event", "clock", "spinnaker2", "first-spike", "brainscales2" or an engine object
        What the network is meant for. It only chooses what is not given; any engine may run the network.
    masks, recurrent_masks : None or sequence of bool arrays, one per layer
        Which synapses exist, shaped as the weights are; None, also for a single layer: all do. Where `connections` are given,
        `masks`, and `signs`, are of each of these. Initial weights whose spread is left
        open are stronger where there are fewer synapses.
    signs, recurrent_signs : None or sequence of int arrays, one per layer
        Of each sender 1 (excitatory), -1 (inhibitory) or 0 (free); None: free. Initial weights take their sender's sign.
    weight_bounds : None or (float, float)
        The least and the largest weight of every synapse that exists.
    connections : None or sequence of (source, target)
        Which populations are connected, 0 being the input and k the k-th layer: (0, 2) skips the first layer, (k, k) makes a
        layer recurrent. In any order, none twice, none from a later layer to an earlier one, and to every layer at least one
        from elsewhere. None: each layer to the next, and to itself as `recurrent` says.

    Attributes
    ----------
    weights, recurrent_weights : sequence of float64 arrays, one per layer
        (n, n_before) and (n, n), post before pre. Reading gives a read-only copy; assign an array to set it. ``weights[l]`` are
        those from the layer before or, where that is no source, from the layer's first source; ``weights[0, 2]`` are those of
        the connection (0, 2), whichever it is.
    delays, recurrent_delays : sequence of float64 arrays, one per layer
        Seconds, >= 0; (n, n_before) if synaptic, (n_before,) if axonal, (n,) if dendritic; ``delays[0, 2]`` as with weights.
        Zeros of the synaptic shape may be set in a layer without delays.
    tau_mem, tau_syn, threshold, reset, drive, refractory : sequence of float64 arrays, one per layer
        (n,) each.
    masks, recurrent_masks : sequence of bool arrays, one per layer
        Whether each synapse exists, shaped as the weights. One that does not has weight 0, no gradient and no training step.
    signs, recurrent_signs : sequence of int8 arrays, one per layer
        (n_before,) and (n,): 1, -1 or 0 for any sign of a sender's weights.
    weight_bounds, recurrent_weight_bounds : sequence of float64 arrays, one per layer
        (2,): the least and the largest weight, infinite for none.

    Masks, signs and bounds are kept to by every training, and are in files and copies. Setting them brings weights to the nearest
    that they allow; setting weights that they do not allow is an error.

    A layer without such an array (recurrent weights of a layer without recurrence) has shape (0, 0).

    Raises
    ------
    ValueError, TypeError, MemoryError
        If a parameter is out of its domain.

    Notes
    -----
    Wunderlich and Pehle (2021), arXiv 2009.08378; delays: Meszaros et al. (2025), arXiv 2501.07331.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(100)
    >>> net = sp.Network([5, 30, 3], seed=1)
    >>> rec = net.forward(sp.encoding.latency(X, bias=0.0))
    >>> value, grad = net.gradient(rec, sp.losses.TTFSCrossEntropy(), y)
    >>> net.weights[0] = net.weights[0] - 1e-3 * grad.weights[0]
    >>> sp.Network([5, 30, 3], connections=[(0, 1), (0, 2), (1, 2)]).weights[0, 2].shape
    (3, 5)
    """

    __slots__ = ("_handle", "_info", "_is_frozen", "_kinds", "_places", "__weakref__")
    #: Of each connection, in the core's order.
    _kinds: Tuple[Optional[str], ...]
    #: Where each connection comes in that order.
    _places: Dict[Ends, int]
    _handle: object
    _info: Dict[str, int]

    def __init__(
        self,
        layer_sizes: Sequence[int],
        tau_mem: Any = 20e-3,
        tau_syn: Any = 5e-3,
        threshold: Any = 1.0,
        delays: arguments.Delays = None,
        recurrent: Union[bool, Sequence[bool]] = False,
        readout: str = "spiking",
        seed: int = 0,
        *,
        reset: Any = 0.0,
        drive: Any = 0.0,
        refractory: Any = 0.0,
        weight_mean: Any = None,
        weight_std: Any = None,
        engine: EngineLike = "event",
        masks: Optional[Sequence[Any]] = None,
        recurrent_masks: Optional[Sequence[Any]] = None,
        signs: Optional[Sequence[Any]] = None,
        recurrent_signs: Optional[Sequence[Any]] = None,
        weight_bounds: Optional[Tuple[float, float]] = None,
        connections: Optional[Sequence[Ends]] = None,
    ) -> None:
        sizes: Int32Array = checks.array(layer_sizes, np.int32, "layer_sizes", ndim=1)
        if len(sizes) < 2:
            raise ValueError(f"layer_sizes is {layer_sizes!r}; a network needs at least 2 sizes, the input's first")
        ends = None if connections is None else arguments.population_pairs(connections)
        flags = arguments.recurrence(recurrent, "recurrent", len(sizes) - 2)
        pairs = arguments.connected(sizes, flags, ends)
        self._take(
            _core.network_create(
                sizes,
                None if tau_mem is None else arguments.per_neuron(tau_mem, "tau_mem"),
                None if tau_syn is None else arguments.per_neuron(tau_syn, "tau_syn"),
                arguments.per_neuron(threshold, "threshold"),
                arguments.per_neuron(reset, "reset"),
                arguments.per_neuron(drive, "drive"),
                arguments.per_neuron(refractory, "refractory"),
                arguments.delay_kinds(delays, len(sizes) - 1, ends),
                flags,
                checks.choice(readout, "readout", _READOUTS),
                None if weight_mean is None else arguments.per_layer(weight_mean, "weight_mean"),
                None if weight_std is None else arguments.per_layer(weight_std, "weight_std"),
                checks.integer(seed, "seed", 0, checks.UINT64),
                resolve(engine)._handle,
                arguments.constraints("masks", (masks, recurrent_masks), np.bool_, [[(n, before) for before, n in own] for own in pairs]),
                arguments.constraints("signs", (signs, recurrent_signs), np.int8, [[(before,) for before, _ in own] for own in pairs]),
                None if weight_bounds is None else checks.array(weight_bounds, np.float64, "weight_bounds", ndim=1),
                ends,
            )
        )

    @classmethod
    def _of(cls, handle: object) -> Network:
        network = cls.__new__(cls)
        network._take(handle)
        return network

    def _take(self, handle: object) -> None:
        self._handle = handle
        #: Whether a change would be lost, because it is a trainer's.
        self._is_frozen = False
        self._info = _core.network_describe(handle)
        names = {code: name for name, code in arguments.DELAY_KINDS.items()}
        kinds = np.empty(self._info["n_connections"], np.int32)
        _core.network_delay_kinds(kinds, handle)
        self._kinds = tuple(names[code] for code in kinds.tolist())
        ends = np.empty((len(kinds), 2), np.int32)
        _core.network_connections(ends, handle)
        self._places = {(source, target): place for place, (source, target) in enumerate(ends.tolist())}

    @property
    def layer_sizes(self) -> Tuple[int, ...]:
        """Input units, then neurons of each layer."""
        layers = range(self._info["n_layers"])
        return (
            self._info["n_inputs"],
            *(_core.network_shape(self._handle, _core.TAU_MEM, layer)[0] for layer in layers),
        )

    @property
    def connections(self) -> Tuple[Ends, ...]:
        """(source, target) of each connection, 0 being the input and k the k-th layer: first one into each layer, from the layer
        before or from the first source; then all others that lead forward, by target and source; then recurrent ones."""
        return tuple(self._places)

    @property
    def delay_kinds(self) -> Tuple[Optional[str], ...]:
        """None, "synaptic", "axonal" or "dendritic", for each layer of a chain, otherwise for each of `connections`."""
        return self._kinds[: self._info["n_layers"]] if self._is_chain else self._kinds

    @property
    def _is_chain(self) -> bool:
        """Whether sizes, recurrence of hidden layers and a kind of delay per layer say it all."""
        last = self._info["n_layers"]
        return all(
            source == target - 1 or (source == target < last and self._kinds[place] == self._kinds[target - 1])
            for (source, target), place in self._places.items()
        )

    @property
    def readout(self) -> str:
        """ "spiking" or "leaky"."""
        return "leaky" if self._info["readout"] == _core.READOUT_LEAKY else "spiking"

    @property
    def weights(self) -> Parameters:
        """Feed-forward weights of each layer, (n, n_before); by a pair those of any connection."""
        return self._parameters("weights", _core.WEIGHTS)

    @property
    def recurrent_weights(self) -> Parameters:
        """Recurrent weights of each layer, (n, n) with the diagonal; (0, 0) without recurrence."""
        return self._parameters("recurrent_weights", _core.RECURRENT_WEIGHTS)

    @property
    def delays(self) -> Parameters:
        """Feed-forward delays into each layer, seconds, by a pair those of any connection; (0, 0) without delays."""
        return self._parameters("delays", _core.DELAYS)

    @property
    def recurrent_delays(self) -> Parameters:
        """Recurrent delays of each layer, seconds; (0, 0) without recurrence or delays."""
        return self._parameters("recurrent_delays", _core.RECURRENT_DELAYS)

    @property
    def tau_mem(self) -> Parameters:
        """Membrane time constants of each layer, (n,), seconds."""
        return self._parameters("tau_mem", _core.TAU_MEM)

    @property
    def tau_syn(self) -> Parameters:
        """Synaptic time constants of each layer, (n,), seconds."""
        return self._parameters("tau_syn", _core.TAU_SYN)

    @property
    def threshold(self) -> Parameters:
        """Thresholds of each layer, (n,)."""
        return self._parameters("threshold", _core.THRESHOLD)

    @property
    def reset(self) -> Parameters:
        """Membrane values after a spike, (n,) for each layer."""
        return self._parameters("reset", _core.RESET)

    @property
    def drive(self) -> Parameters:
        """Constant currents, (n,) for each layer."""
        return self._parameters("drive", _core.DRIVE)

    @property
    def refractory(self) -> Parameters:
        """For how long membranes stay at the reset after a spike, (n,) for each layer, seconds."""
        return self._parameters("refractory", _core.REFRACTORY)

    @property
    def masks(self) -> MutableLayerSequence[BoolArray]:
        """Whether each feed-forward synapse exists, (n, n_before)."""
        return self._parameters("masks", _core.MASK, np.bool_)

    @property
    def recurrent_masks(self) -> MutableLayerSequence[BoolArray]:
        """Whether each recurrent synapse exists, (n, n); (0, 0) without recurrence."""
        return self._parameters("recurrent_masks", _core.RECURRENT_MASK, np.bool_)

    @property
    def signs(self) -> MutableLayerSequence[Int8Array]:
        """The sign of each sender's feed-forward weights, (n_before,): 1, -1, or 0 for any."""
        return self._parameters("signs", _core.SIGNS, np.int8)

    @property
    def recurrent_signs(self) -> MutableLayerSequence[Int8Array]:
        """The sign of each neuron's recurrent weights, (n,); (0, 0) without recurrence."""
        return self._parameters("recurrent_signs", _core.RECURRENT_SIGNS, np.int8)

    @property
    def weight_bounds(self) -> Parameters:
        """The least and the largest feed-forward weight of each layer, (2,)."""
        return self._parameters("weight_bounds", _core.WEIGHT_BOUNDS)

    @property
    def recurrent_weight_bounds(self) -> Parameters:
        """The least and the largest recurrent weight of each layer, (2,); (0, 0) without recurrence."""
        return self._parameters("recurrent_weight_bounds", _core.RECURRENT_WEIGHT_BOUNDS)

    def forward(
        self,
        spikes: SpikeTrains,
        engine: EngineLike = "event",
        t_end: Optional[float] = None,
        max_spikes: Optional[int] = None,
        *,
        progress: Progress = None,
    ) -> Recording:
        """Runs the network on every sample.

        Parameters
        ----------
        spikes : SpikeTrains
            The input, with as many units as the network has inputs.
        engine : "event", "clock", "spinnaker2", "first-spike", "brainscales2" or an engine object
        t_end : float or None
            Seconds, inclusive; None runs until the network is silent. Required with recurrence. Engines with time steps end
            after these, whatever the network does: leave it None.
        max_spikes : int or None
            The most spikes of all samples and layers together; passing it is an error. None: 4 million and 200 for each neuron in each
            sample, at most 100 million.
        progress : callable or None
            Now and then given a dict with the samples ``done`` and ``total``; returns True to stop.

        Raises
        ------
        ValueError, TypeError
            If an argument does not fit the network.
        SpinnpropError
            If the run passes max_spikes (runaway activity), or progress stopped it.

        Examples
        --------
        >>> import spinnprop as sp
        >>> net = sp.Network([2, 10, 3], recurrent=True)
        >>> len(net.forward(sp.SpikeTrains([0.0, 1e-3], [0, 1], [0, 1, 2], 2), t_end=50e-3))
        2
        """
        runs_on = resolve(engine)
        options = _forward_options(runs_on, t_end, max_spikes)
        given = trains(spikes, "spikes")
        made_by = _core.network_copy(self._handle)
        return Recording._of(_core.network_forward(made_by, given._arrays, options, progress), made_by, given, runs_on)

    def wake(
        self,
        spikes: SpikeTrains,
        engine: EngineLike = "event",
        t_end: Optional[float] = None,
        max_spikes: Optional[int] = None,
        *,
        progress: Progress = None,
    ) -> None:
        """Scales initial weights up, layer after layer, until enough of each layer spikes on the first 512 samples.

        What is silent has no gradient that would wake it. Weights go no further than their bounds, within which a layer may stay silent: look at
        `Recording.diagnostics`. The default spread of weights suits a latency code; other input may
        need stronger ones. What spikes enough stays as it is. It does so with the delays that the network has: set them before.
        The estimator does this by itself.

        Parameters
        ----------
        spikes, engine, t_end, max_spikes, progress
            As in `forward`; several runs, whose samples progress counts one run after another.

        Raises
        ------
        ValueError, TypeError, SpinnpropError
            As in `forward`; then the network is unchanged.

        Examples
        --------
        >>> import spinnprop as sp
        >>> net = sp.Network([1, 20, 2])
        >>> lonely = sp.SpikeTrains([0.0], [0], [0, 1], 1)
        >>> net.wake(lonely)
        >>> net.forward(lonely).diagnostics[0]["silent_pairs"] <= 0.7 * 20
        True
        """
        self._must_be_free()
        options = _forward_options(resolve(engine), t_end, max_spikes)
        _core.network_wake(self._handle, trains(spikes, "spikes")._arrays, options, progress)

    def gradient(
        self,
        recording: Recording,
        loss: Union[Loss, Custom],
        y: Any,
        engine: Optional[EngineLike] = None,
        *,
        rate: Optional[RateRegularisation] = None,
        neurons: bool = False,
        input_times: bool = True,
        sample_weight: Any = None,
        progress: Progress = None,
    ) -> Tuple[float, Gradients]:
        """The mean over the batch of a loss, and its gradient.

        Parameters
        ----------
        recording : Recording
            Made by this network, or of measured spikes for it, with the parameters it has now.
        loss : Loss or Custom
        y : (n_samples,) int64, or (n_samples, n_outputs) float64
            Labels 0 .. n_outputs - 1; or target times in seconds, +inf for none, for `losses.SpikeTimeMSE`, or membranes for
            `losses.VMaxMSE`; for `losses.Custom` whatever its function takes.
        engine : None, "event", "clock", "spinnaker2", "first-spike", "brainscales2" or an engine object
            The gradient rule; None: that of the engine that made the recording. "clock" stands for its default grid, which
            must be the recording's; `Recording.grid` is the engine that always fits.
        rate : RateRegularisation or None
            Added to the loss.
        neurons : bool
            Whether to differentiate with respect to tau_mem, tau_syn, threshold, reset, drive and refractory of every neuron,
            too, which takes time; the rule of "event" alone does.
        input_times : bool
            Whether to differentiate with respect to the times of input spikes, too, which takes time.
        sample_weight : (n_samples,) float64, optional
            What each sample's loss is multiplied by, as in `Trainer.run`; handed to the function of a `losses.Custom`.
        progress : callable or None
            As in `forward`.

        Returns
        -------
        value : float
        gradients : Gradients

        Raises
        ------
        SpinnpropError
            If the network has changed since the recording was made, or loss and read-out do not go together.
        ValueError, TypeError
            If an argument does not fit the network.

        Examples
        --------
        >>> import spinnprop as sp
        >>> X, y = sp.datasets.yin_yang(10)
        >>> net = sp.Network([4, 30, 3])
        >>> value, grad = net.gradient(net.forward(sp.encoding.latency(X)), sp.losses.TTFSCrossEntropy(), y)
        """
        is_custom = isinstance(loss, Custom)
        _is_recording(recording)
        # A chip's programs take the errors of a loss that runs on it; its twin takes any.
        options = _rule(recording, recording.grid if is_custom and engine is None and recording.grid is not None else engine)
        if rate is not None:
            if not isinstance(rate, RateRegularisation):
                raise TypeError(f"rate is {rate!r}; it must be a spinnprop.losses.RateRegularisation")
            options.update(rate._fields())
        options.update(_wanted(neurons, input_times))
        answer = None
        if isinstance(loss, Custom):
            # The function is given y itself, whatever that is.
            wanted: Supervision = None, np.zeros((len(recording), 1)), checks.weights(sample_weight, len(recording))
            answer = loss._remembered(y)
        else:
            _is_loss(loss)
            wanted = loss._supervision(y, sample_weight, len(recording), self._info["n_outputs"])
            if wanted[0] is not None and len(wanted[0]) != len(recording):
                raise ValueError(f"y has {len(wanted[0])} labels; the recording has {len(recording)} samples")
        handle, value = _core.network_gradient(
            self._handle, recording._handle, _fields(loss), wanted, options, progress, answer
        )
        # What the caller does to y must not change the adjoint; a function of the caller's is not asked a second time.
        labels, targets, weights = wanted
        given = (_copied(labels), _copied(targets), _copied(weights))
        answered = None if answer is None else answer.again

        def again() -> object:
            return _core.network_gradient(recording._network, recording._handle, _fields(loss), given, options, None, answered)[0]

        return value, self._gradients(handle, recording, neurons, input_times, again)

    def pull_back(
        self,
        recording: Recording,
        spike_errors: Optional[Sequence[Any]] = None,
        maximum_errors: Any = None,
        *,
        membrane_errors: Any = None,
        times: Any = None,
        integral_errors: Any = None,
        tau: float = math.inf,
        engine: Optional[EngineLike] = None,
        neurons: bool = False,
        input_times: bool = True,
        progress: Progress = None,
    ) -> Gradients:
        """What errors that somebody else has taken make of parameters and input times: a vector-Jacobian product, no batch mean.

        Parameters
        ----------
        recording : Recording
            As in `gradient`.
        spike_errors : sequence, optional
            For each layer the derivative with respect to the time of each of its spikes, (n_spikes,) float64, per second, in the
            order of ``recording.spikes[layer]``, or None. Hidden layers too.
        maximum_errors : (n_samples, n_outputs) float64, optional
            With respect to the maxima of a leaky read-out.
        membrane_errors : (n_samples, n_times, n_outputs) float64, optional
            With respect to ``recording.membrane(-1, None, times)`` of a leaky read-out; by the rule of "event" alone.
        times : (n_times,) float64, optional
            Seconds: when those membranes were read.
        integral_errors : (n_samples, n_outputs) float64, optional
            With respect to ``recording.integrals(tau)`` of a leaky read-out; by the rule of "event" alone.
        tau : float
            Seconds, of those integrals.
        engine, neurons, input_times, progress
            As in `gradient`.

        Returns
        -------
        Gradients

        Raises
        ------
        SpinnpropError
            If the network has changed since the recording was made, or errors and read-out do not go together.
        ValueError, TypeError
            If an array does not fit the recording, or an error is not finite.

        Examples
        --------
        >>> import numpy as np, spinnprop as sp
        >>> X, y = sp.datasets.yin_yang(10)
        >>> net = sp.Network([4, 30, 3])
        >>> rec = net.forward(sp.encoding.latency(X))
        >>> grad = net.pull_back(rec, [None, np.ones(len(rec.spikes[1].times))])   # of the sum of all output spike times
        >>> grad.weights[1].shape
        (3, 30)
        """
        options = {**_rule_of_errors(recording, engine), **_wanted(neurons, input_times)}
        n_layers = self._info["n_layers"]
        own = [None] * n_layers if spike_errors is None else list(checks.each(spike_errors, "spike_errors", "arrays, one per layer"))
        n_spiking = n_layers - (self.readout == "leaky")
        if len(own) not in (n_layers, n_spiking):
            raise ValueError(f"spike_errors has {len(own)} elements; give {n_layers}, one for each layer (None: no errors)")
        errors = []
        # All layers', or where hidden spikes have none the read-out's alone.
        for layer in range(0 if any(given is not None for given in own[: n_layers - 1]) else n_layers - 1, n_spiking):
            n_spikes = _core.recording_spike_count(recording._handle, layer)
            errors.append(_errors(own[layer], (n_spikes,), f"spike_errors[{layer}]"))
        if len(own) > n_spiking and own[-1] is not None:
            raise ValueError("spike_errors[-1] is for a leaky read-out, which has no spikes; leave it None")
        if self.readout == "leaky":
            errors.append(_errors(maximum_errors, (len(recording), self._info["n_outputs"]), "maximum_errors").ravel())
        elif maximum_errors is not None or membrane_errors is not None or integral_errors is not None:
            raise ValueError(
                "maximum_errors, membrane_errors and integral_errors are for a leaky read-out, and this one spikes; leave them out"
            )
        if (membrane_errors is None) != (times is None):
            raise ValueError("membrane_errors and times go together; give both or neither")
        if times is not None:
            times = checks.array(times, np.float64, "times", ndim=1)
            shape = (len(recording), len(times), self._info["n_outputs"])
            membrane_errors = _errors(membrane_errors, shape, "membrane_errors")
        if integral_errors is not None:
            integral_errors = _errors(integral_errors, (len(recording), self._info["n_outputs"]), "integral_errors")
        weight = checks.real(tau, "tau")
        given = (np.concatenate(errors), _copied(times), _copied(membrane_errors), _copied(integral_errors), weight)
        handle = _core.network_pull_back(self._handle, recording._handle, *given, options, progress)

        def again() -> object:
            return _core.network_pull_back(recording._network, recording._handle, *given, options, None)

        return self._gradients(handle, recording, neurons, input_times, again)

    def __copy__(self) -> Network:
        return Network._of(_core.network_copy(self._handle))

    def __deepcopy__(self, memo: Any) -> Network:
        return self.__copy__()

    def __reduce__(self) -> Tuple[Any, ...]:
        return _from_bytes, (_core.network_to_bytes(self._handle),)

    def __repr__(self) -> str:
        delays = self.delay_kinds[0] if len(set(self.delay_kinds)) == 1 else list(self.delay_kinds)
        kinds = [] if delays is None else [f"delays={delays!r}"]
        kinds += [] if self.readout == "spiking" else [f"readout={self.readout!r}"]
        kinds += [] if self._is_chain else [f"connections={checks.shown(list(self.connections))}"]
        return f"<Network {'-'.join(map(str, self.layer_sizes))}{', ' * bool(kinds)}{', '.join(kinds)}>"

    def _repr_html_(self) -> str:
        return overviews.network(self, NEURON_PARAMETERS)

    def _must_be_free(self) -> None:
        """Refuses what changes a trainer's network."""
        if self._is_frozen:
            raise ValueError(
                "a trainer's network is a copy, and training would not see the change; "
                "change copy.copy(trainer.network) and make a new Trainer of it"
            )

    def _parameters(self, name: str, code: int, dtype: Any = np.float64) -> MutableLayerSequence[Any]:
        places = self._places if code in _OF_CONNECTIONS else {}
        n_layers = self._info["n_layers"]

        def named(index: int) -> str:
            return f"{name}[{index if index < n_layers else str(self.connections[index])[1:-1]}]"

        def get(index: int) -> Any:
            values = np.empty(self._shape(code, index))
            _core.network_get(values, self._handle, code, index)
            change = f"net.{named(index)} - step" if code <= _core.RESET else "a changed copy of it"
            return checks.read_only(values.astype(dtype, copy=False), f"write net.{named(index)} = {change}, say")

        def set(index: int, values: Any) -> None:
            self._must_be_free()
            given = checks.array(values, dtype, named(index))
            shape = self._shape(code, index)
            if shape == (0, 0) and code in (_core.DELAYS, _core.RECURRENT_DELAYS):
                shape = self._shape(_core.WEIGHTS if code == _core.DELAYS else _core.RECURRENT_WEIGHTS, index)
            checks.shape(given, shape, named(index))
            _core.network_set(self._handle, code, index, np.ascontiguousarray(given, np.float64))

        if not places:
            return MutableLayerSequence(name, n_layers, get, set)
        return ConnectionSequence(name, n_layers, get, set, places)

    def _shape(self, code: int, index: int) -> Tuple[int, ...]:
        """The shape as Python shows it: parameters per neuron have one dimension."""
        shape = _core.network_shape(self._handle, code, index)
        is_vector = code >= _core.TAU_MEM and code not in (_core.MASK, _core.RECURRENT_MASK)
        if code in (_core.DELAYS, _core.RECURRENT_DELAYS) and shape != (0, 0):
            place = index if code == _core.DELAYS else self._places[index + 1, index + 1]
            is_vector = self._kinds[place] in ("axonal", "dendritic")
        return shape[:1] if is_vector and shape != (0, 0) else shape

    def _core_gradients(self, gradients: Gradients) -> object:
        """The core's gradient of these numbers, all of which must be there."""
        handle = _core.gradient_create(self._handle)
        n_layers = self._info["n_layers"]
        ends = tuple(self._places)

        def give(code: int, index: int, values: Any, name: str) -> None:
            own = checks.array(values, np.float64, name)
            checks.shape(own, self._shape(code, index), name)
            _core.gradient_set(handle, code, index, own)

        def give_layers(code: int, arrays: Any, name: str) -> None:
            if len(arrays) != n_layers:
                raise ValueError(f"{name} has {len(arrays)} elements; give one for each of the {n_layers} layers")
            for layer, values in enumerate(arrays):
                give(code, layer, values, f"{name}[{layer}]")

        for code, name in ((_core.WEIGHTS, "weights"), (_core.DELAYS, "delays")):
            arrays = getattr(gradients, name)
            give_layers(code, arrays, name)
            for a, b in ends[n_layers:]:
                if a != b:
                    give(code, self._places[a, b], arrays[a, b], f"{name}[{a}, {b}]")
        give_layers(_core.RECURRENT_WEIGHTS, gradients.recurrent_weights, "recurrent_weights")
        give_layers(_core.RECURRENT_DELAYS, gradients.recurrent_delays, "recurrent_delays")
        for code, name in zip(_NEURON_PARAMETERS, NEURON_PARAMETERS):
            if hasattr(gradients, name):
                give_layers(code, getattr(gradients, name), name)
        return handle

    def _gradients(
        self, handle: object, recording: Recording, neurons: bool, input_times: bool, again: Callable[[], object]
    ) -> Gradients:
        """The numbers of the core's gradient. `again` makes another of the same recording, whatever has become of the network."""
        n_layers = self._info["n_layers"]
        ends = tuple(self._places)

        def read(code: int, index: int) -> Float64Array:
            values = np.empty(self._shape(code, index))
            _core.gradient_get(values, handle, code, index)
            return values

        def layers(code: int) -> List[Float64Array]:
            return [read(code, layer) for layer in range(n_layers)]

        def connections(code: int, recurrent: List[Float64Array]) -> ConnectionList[Float64Array]:
            return ConnectionList(
                layers(code),
                {pair: layer for layer, pair in enumerate(ends[:n_layers])},
                {(a, b): read(code, self._places[a, b]) for a, b in ends[n_layers:] if a != b},
                recurrent,
                {pair for pair in ends if pair[0] == pair[1]},
            )

        recurrent_weights, recurrent_delays = layers(_core.RECURRENT_WEIGHTS), layers(_core.RECURRENT_DELAYS)
        of_input = np.empty(len(recording.input.times)) if input_times else None
        if of_input is not None:
            _core.gradient_input_times(of_input, handle)
        return Gradients(
            weights=connections(_core.WEIGHTS, recurrent_weights),
            recurrent_weights=recurrent_weights,
            delays=connections(_core.DELAYS, recurrent_delays),
            recurrent_delays=recurrent_delays,
            input_times=of_input,
            skipped=_core.gradient_skipped(handle),
            neurons=[layers(code) for code in _NEURON_PARAMETERS] if neurons else None,
            read_adjoint=_adjoint_reader(recording, again),
        )


#: Whose arrays a connection has by its index, those of a layer being of the first into it.
_OF_CONNECTIONS = (_core.WEIGHTS, _core.DELAYS, _core.MASK, _core.SIGNS, _core.WEIGHT_BOUNDS)
_NEURON_PARAMETERS = (_core.TAU_MEM, _core.TAU_SYN, _core.THRESHOLD, _core.RESET, _core.DRIVE, _core.REFRACTORY)


def _adjoint_reader(recording: Recording, again: Callable[[], object]) -> ReadAdjoint:
    """Reads the adjoint behind a gradient, which the core makes once more when it is first asked for."""
    made: List[object] = []

    def read(layer: int, sample: Optional[int], times: Any) -> Tuple[Float64Array, Float64Array]:
        def fill(lambda_v: Float64Array, lambda_i: Float64Array, layer: int, first: int, count: int, at: Float64Array) -> None:
            if not made:
                made.append(again())
            _core.gradient_adjoint(lambda_v, lambda_i, made[0], layer, first, count, at, None)

        return recording._at_times(fill, layer, sample, times)

    return ReadAdjoint(recording, read)


def _from_bytes(data: bytes) -> Network:
    return Network._of(_core.network_from_bytes(data))


def _forward_options(engine: BaseEngine, t_end: Optional[float], max_spikes: Optional[int]) -> Dict[str, Any]:
    options: Dict[str, Any] = {"engine": engine._handle}
    if t_end is not None:
        options["t_end"] = checks.option(t_end, "t_end", _core.DOMAINS_FORWARD)
    if max_spikes is not None:
        options["max_spikes"] = checks.option(max_spikes, "max_spikes", _core.DOMAINS_FORWARD)
    return options


def _wanted(neurons: bool, input_times: bool) -> Dict[str, Any]:
    """The options that say what is differentiated beside weights and delays."""
    return {"neurons": int(checks.boolean(neurons, "neurons")), "input_times": int(checks.boolean(input_times, "input_times"))}


def _rule(recording: Recording, engine: Optional[EngineLike]) -> Dict[str, Any]:
    """The option that names a gradient rule, the recording's own unless one is given."""
    _is_recording(recording)
    rule = recording._maker if engine is None else resolve(engine)
    return {} if rule is None else {"engine": rule._handle}


def _rule_of_errors(recording: Recording, engine: Optional[EngineLike]) -> Dict[str, Any]:
    """`_rule` for errors that somebody else has taken: a chip's programs take those of a loss that runs on it, its twin takes any."""
    _is_recording(recording)
    is_on_grid = recording._maker is None or recording._maker._grid is not None
    return _rule(recording, recording.grid if engine is None and is_on_grid else engine)


def _copied(array: Any) -> Any:
    return None if array is None else array.copy()


def _errors(given: Any, shape: Tuple[int, ...], name: str) -> Float64Array:
    """Errors of a shape; 0 where none are given."""
    if given is None:
        return np.zeros(shape)
    errors = checks.array(given, np.float64, name)
    checks.shape(errors, shape, name)
    return errors
