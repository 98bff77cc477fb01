"""Large sparse recurrent networks, simulated and differentiated spike by spike (Engelken, arXiv 2312.17216)."""

from __future__ import annotations

from typing import Any, Callable, Dict, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from . import _checks, _core
from ._spikes import SpikeTrains

__all__ = ["Gradient", "LyapunovSpectrum", "RecurrentNetwork", "Run", "Summary"]

_MODELS: Dict[Optional[str], int] = {
    "lif": _core.SPARSE_LIF,
    "qif": _core.SPARSE_QIF,
    "theta": _core.SPARSE_QIF,
    "eif": _core.SPARSE_EIF,
    "eif-table": _core.SPARSE_EIF_TABLE,
}
_Progress = Optional[Callable[[Dict[str, Any]], object]]
_Sink = Callable[["_checks.Float64Array", "_checks.Int32Array"], object]
#: As many spikes as come until t_end.
_ENDLESS = 2**63 - 1


class Summary(NamedTuple):
    """How many spikes a run had, and when it ended.

    Examples
    --------
    See `RecurrentNetwork.stream`.
    """

    #: Spikes of all neurons.
    n_spikes: int
    #: Of the last spike, or the t_end that ended the run, seconds.
    t_end: float
    #: Spikes per neuron and second.
    rate: float


class LyapunovSpectrum(NamedTuple):
    """Rates at which small changes of the state grow or shrink.

    Examples
    --------
    See `Run.lyapunov_spectrum`.
    """

    #: 1/s, falling but for fluctuations of a finite run. One of all n belongs to the neutral direction and is 0.
    exponents: _checks.Float64Array
    #: 1/s: the rate at which volumes of the state change, which is what all exponents would add up to; -inf if a neuron was pushed over
    #: its threshold.
    contraction: float
    #: Seconds they are means over.
    duration: float


class Gradient:
    """Derivatives of a loss on a run, read-only float64 arrays. Made by `Run.gradient`.

    Examples
    --------
    See `Run.gradient`.
    """

    __slots__ = ("input_times", "input_weights", "next_times", "phases", "weights")
    #: With respect to the weights: (n_synapses,) in the order of the targets, or (1,) of the one weight of all.
    weights: _checks.Float64Array
    #: (n,): with respect to the initial phases.
    phases: _checks.Float64Array
    #: (n,): with respect to the initial state, given as each neuron's first spike time without inputs.
    next_times: _checks.Float64Array
    #: (n_inputs,): with respect to the times of the input spikes.
    input_times: _checks.Float64Array
    #: (n_inputs,): with respect to their weights.
    input_weights: _checks.Float64Array

    def __init__(self) -> None:
        raise TypeError("gradients are made by Run.gradient")

    @classmethod
    def _of(cls, handle: object) -> Gradient:
        gradient = cls.__new__(cls)
        for name, of in (
            ("weights", _core.SPARSE_WEIGHTS),
            ("phases", _core.SPARSE_PHASES),
            ("next_times", _core.SPARSE_NEXT_TIMES),
            ("input_times", _core.SPARSE_INPUT_TIMES),
            ("input_weights", _core.SPARSE_INPUT_WEIGHTS),
        ):
            values = np.empty(_core.sparse_gradient_count(handle, of))
            _core.sparse_gradient_get(values, handle, of)
            setattr(gradient, name, _checks.read_only(values))
        return gradient

    def __getstate__(self) -> Dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        for name in self.__slots__:
            setattr(self, name, _checks.read_only(state[name]))

    def __repr__(self) -> str:
        return f"<Gradient of {len(self.weights)} weights and {len(self.phases)} neurons>"


class RecurrentNetwork:
    """One population of neurons, each driven by a constant current, that inhibit or excite each other.

    A spike adds the weight of each of its synapses to the target's V at once. Between spikes, time in units of tau:

    ==================  ==========================  ================  ============
    model               dynamics                    threshold, reset  phase
    ==================  ==========================  ================  ============
    lif                 V' = -V + I                 0, -1             below 1
    qif (or theta)      V' = V^2 + I                +inf, -inf        -pi .. pi
    eif, eif-table      V' = -V + D e^(V/D) + I     +inf, -1          below 1
    ==================  ==========================  ================  ============

    Phases advance at a constant velocity from reset (0; qif: -pi) to threshold. Unless drives or weights are given, the network is the
    balanced one: I = tau sqrt(k) coupling rate and every weight -coupling / sqrt(k). A run costs O(k) per spike.

    Parameters
    ----------
    n : int
        Neurons.
    k : int
        Targets per neuron, drawn from the seed among all others: 1 .. n - 1. With `adjacency`, k in the formulas above.
    model : str
        "lif", "qif", "theta", "eif" (by polynomials) or "eif-table".
    rate : float
        Hz: sets the drive. The rate that results is larger by a factor of O(1).
    coupling : float
        Strength of inhibition, > 0.
    tau : float
        Membrane time constant, seconds: 1e-100 .. 1e100.
    seed : int
        Of targets (include/spinnprop.h says how they are drawn) and initial phases.
    adjacency : (offsets, targets) or None
        int64 (n + 1,) and int32: neuron j sends to ``targets[offsets[j]:offsets[j + 1]]``; not to itself, nor twice to the same.
    drives : array of shape (1,) or (n,), or None
        I of all neurons, or of each: 1e-9 .. 1e9. Exponential neurons with different drives take memory and time to set up,
        the more the further apart ``slope + I`` are: about 1 MB (eif-table: 4 MB) and 50 ms per sixteenth octave.
    weights : array of shape (1,) or (n_synapses,), or None
        In the order of the targets, of any sign: -1e6 .. 1e6.
    slope : float
        D of the exponential neuron: 0.01 .. 10.
    stored : bool
        Whether drawn targets are kept, 4 bytes per synapse. If not, they are drawn again at every spike.

    Raises
    ------
    ValueError, IndexError
        For what no network can have; the message names value and remedy.

    Examples
    --------
    >>> import spinnprop as sp
    >>> net = sp.sparse.RecurrentNetwork(1000, 100)
    >>> net
    <RecurrentNetwork of 1000 'lif' neurons, 100000 synapses>
    >>> run = net.run(10000)
    >>> len(run.times), 3.0 < run.rate < 4.0
    (10000, True)
    """

    __slots__ = ("_handle", "_info", "_adjacency", "_options")
    _handle: object
    _info: Dict[str, Any]
    _adjacency: Optional[Tuple[_checks.Int64Array, _checks.Int32Array]]
    _options: Dict[str, Any]

    def __init__(
        self,
        n: int,
        k: int,
        model: str = "lif",
        rate: float = 1.0,
        coupling: float = 1.0,
        tau: float = 10e-3,
        seed: int = 0,
        adjacency: Optional[Tuple[Any, Any]] = None,
        *,
        drives: Any = None,
        weights: Any = None,
        slope: float = 0.1,
        stored: bool = True,
    ) -> None:
        options = {
            "n_neurons": _checks.integer(n, "n", 0, _ENDLESS),
            "degree": _checks.integer(k, "k", 0, _ENDLESS),
            "model": _checks.choice(model, "model", _MODELS),
            "is_stored": int(_checks.boolean(stored, "stored")),
            "rate": _checks.real(rate, "rate"),
            "coupling": _checks.real(coupling, "coupling"),
            "tau": _checks.real(tau, "tau"),
            "slope": _checks.real(slope, "slope"),
            "seed": _checks.integer(seed, "seed", 0, 2**64 - 1),
        }
        self._adjacency = None
        if adjacency is not None:
            offsets, targets = _checks.pair(adjacency, "adjacency", "(offsets, targets)")
            self._adjacency = (
                _own(_checks.array(offsets, np.int64, "adjacency offsets", ndim=1)),
                _own(_checks.array(targets, np.int32, "adjacency targets", ndim=1)),
            )
        self._options = options
        self._create(_values(drives, "drives"), _values(weights, "weights"))

    def _create(self, drives: Optional[_checks.Float64Array], weights: Optional[_checks.Float64Array]) -> None:
        offsets, targets = self._adjacency if self._adjacency is not None else (None, None)
        self._handle = _core.sparse_create(self._options, offsets, targets, drives, weights)
        self._info = _core.sparse_describe(self._handle)

    @property
    def n(self) -> int:
        """Neurons."""
        return int(self._info["n_neurons"])

    @property
    def n_synapses(self) -> int:
        """Synapses of all neurons."""
        return int(self._info["n_synapses"])

    @property
    def model(self) -> str:
        """The neuron model."""
        return next(name for name, code in _MODELS.items() if name and code == self._options["model"])

    @property
    def tau(self) -> float:
        """The membrane time constant, seconds."""
        return float(self._options["tau"])

    @property
    def seed(self) -> int:
        """Of targets and initial phases."""
        return int(self._options["seed"])

    @property
    def phase_range(self) -> Tuple[float, float]:
        """Reset and threshold in units of phase."""
        return float(self._info["reset_phase"]), float(self._info["threshold_phase"])

    @property
    def drives(self) -> _checks.Float64Array:
        """(1,) or (n,) float64, read-only: I of all neurons, or of each."""
        values = np.empty(self._info["n_drives"])
        _core.sparse_drives(values, self._handle)
        return _checks.read_only(values)

    @property
    def weights(self) -> _checks.Float64Array:
        """(1,) or (n_synapses,) float64, in the order of the targets; a read-only copy. Assign to set."""
        handle, n_weights = self._handle, self._info["n_weights"]
        values = np.empty(n_weights)
        _core.sparse_weights(values, handle)
        return _checks.read_only(values)

    @weights.setter
    def weights(self, weights: Any) -> None:
        values = _values(weights, "weights")
        if values is None:
            raise TypeError("weights is None; give one for all synapses, or one each")
        handle = _core.sparse_with_weights(self._handle, values)
        self._info, self._handle = _core.sparse_describe(handle), handle

    @property
    def adjacency(self) -> Tuple[_checks.Int64Array, _checks.Int32Array]:
        """(offsets, targets): int64 (n + 1,) and int32 (n_synapses,), read-only copies."""
        offsets, targets = np.empty(self.n + 1, np.int64), np.empty(self.n_synapses, np.int32)
        _core.sparse_adjacency(offsets, targets, self._handle)
        return _checks.read_only(offsets), _checks.read_only(targets)

    def run(
        self,
        n_spikes: Optional[int] = None,
        initial_phases: Any = None,
        *,
        t_end: Optional[float] = None,
        inputs: Optional[Tuple[Any, Any, Any]] = None,
        traces: Optional[Sequence[int]] = None,
        trace_interval: float = 1e-3,
        keep_tape: bool = True,
        progress: _Progress = None,
    ) -> Run:
        """Simulates from the initial state, every time anew.

        Parameters
        ----------
        n_spikes : int or None
            The run ends with this many. None: 100,000, or as many as come until t_end.
        initial_phases : (n,) float64 or None
            Below the threshold. None: drawn from the seed, even between reset and threshold.
        t_end : float or None
            Seconds, inclusive.
        inputs : (times, units, weights) or None
            Spikes from outside: each adds a weight to the V of one neuron. One weight may stand for all.
        traces : neurons or None
            Whose V is kept, every `trace_interval` seconds.
        keep_tape : bool
            Whether to keep what `Run.gradient` and its like need: 12 bytes per spike for lif, about 12 + k / 2 for qif,
            12 + k / 4 for eif.
        progress : callable or None
            Called with a dictionary now and then, ``done`` and ``total`` counting spikes (total is 2^63 - 1 where t_end
            alone ends the run); ends the run by a true answer.

        Returns
        -------
        Run

        Raises
        ------
        SpinnpropError
            For runaway excitation of lif neurons: more spikes at one instant than there are neurons. Others never spike at the
            instant of an input; if theirs runs away, n_spikes bounds the run.

        Examples
        --------
        >>> import spinnprop as sp
        >>> net = sp.sparse.RecurrentNetwork(100, 10, model="qif")
        >>> run = net.run(t_end=0.2, inputs=([0.1], [7], 0.5), traces=[7])
        >>> run.traces.shape
        (201, 1)
        """
        options, arrays = self._run_options(n_spikes, initial_phases, t_end, inputs)
        options["keeps_tape"] = int(_checks.boolean(keep_tape, "keep_tape"))
        options["trace_interval"] = _checks.real(trace_interval, "trace_interval")
        units = None if traces is None else _checks.array(traces, np.int32, "traces", ndim=1)
        arrays = (*arrays, None if units is None else _own(units))
        return Run._of(self._frozen(), options, arrays, progress)

    def stream(
        self,
        sink: _Sink,
        n_spikes: Optional[int] = None,
        initial_phases: Any = None,
        *,
        t_end: Optional[float] = None,
        inputs: Optional[Tuple[Any, Any, Any]] = None,
        progress: _Progress = None,
    ) -> Summary:
        """Simulates as `run` does, but keeps nothing: spikes are handed over in order, some thousand at once.

        Parameters
        ----------
        sink : callable
            Gets times (float64, seconds) and units (int32), read-only; ends the run by a true answer.

        Returns
        -------
        Summary
            Of what was handed over.

        Examples
        --------
        >>> import numpy as np
        >>> import spinnprop as sp
        >>> counts = np.zeros(1000, int)
        >>> def count(times, units):
        ...     counts[:] += np.bincount(units, minlength=1000)
        >>> sp.sparse.RecurrentNetwork(1000, 100).stream(count, 50000).n_spikes
        50000
        >>> int(counts.sum())
        50000
        """
        if not callable(sink):
            raise TypeError(f"sink is {type(sink).__name__!r}; it must be callable")
        options, arrays = self._run_options(n_spikes, initial_phases, t_end, inputs)
        seen, last = 0, 0.0

        def take(times: bytes, units: bytes) -> object:
            nonlocal seen, last
            some = np.frombuffer(times)
            seen, last = seen + len(some), float(some[-1])
            return sink(some, np.frombuffer(units, np.int32))

        summary = _core.sparse_stream(self._handle, options, (*arrays, None), take, progress)
        if summary is None:
            return Summary(seen, last, seen / (self.n * last) if last > 0 else 0.0)
        return Summary(**summary)

    def _run_options(
        self, n_spikes: Optional[int], initial_phases: Any, t_end: Optional[float], inputs: Any
    ) -> Tuple[Dict[str, Any], Tuple[Any, ...]]:
        """Options and arrays (initial phases, input times, units and weights) as the core takes them."""
        options: Dict[str, Any] = {}
        if n_spikes is not None:
            options["n_spikes"] = _checks.integer(n_spikes, "n_spikes", 0, _ENDLESS)
        elif t_end is not None:
            options["n_spikes"] = _ENDLESS
        if t_end is not None:
            options["t_end"] = _checks.real(t_end, "t_end")
        phases = None
        if initial_phases is not None:
            phases = _own(_checks.array(initial_phases, np.float64, "initial_phases", ndim=1))
            _checks.shape(phases, (self.n,), "initial_phases")
        if inputs is None:
            return options, (phases, None, None, None)
        if not isinstance(inputs, (tuple, list)) or len(inputs) != 3:
            raise TypeError("inputs must be a tuple (times, units, weights), or None")
        times = _own(_checks.array(inputs[0], np.float64, "input times", ndim=1))
        units = _own(_checks.array(inputs[1], np.int32, "input units", ndim=1))
        weights = _own(_checks.array(inputs[2], np.float64, "input weights"))
        if weights.ndim == 0:
            weights = np.full(len(times), weights[()])
        return options, (phases, times, units, weights)

    def _frozen(self) -> RecurrentNetwork:
        """The network as it is now, which assigning to this one's weights does not change."""
        copy = RecurrentNetwork.__new__(RecurrentNetwork)
        for name in self.__slots__:
            setattr(copy, name, getattr(self, name))
        return copy

    __copy__ = _frozen

    def __deepcopy__(self, memo: Any) -> RecurrentNetwork:
        return self._frozen()

    def __getstate__(self) -> Dict[str, Any]:
        return {
            "options": self._options,
            "adjacency": self._adjacency,
            "drives": self.drives,
            "weights": self.weights,
        }

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self._options, self._adjacency = state["options"], state["adjacency"]
        self._create(state["drives"], state["weights"])

    def __repr__(self) -> str:
        return f"<RecurrentNetwork of {self.n} {self.model!r} neurons, {self.n_synapses} synapses>"


class Run:
    """What a simulation leaves; never changes. Made by `RecurrentNetwork.run`.

    A pickle holds the network and what was asked of it, and runs again: the same spikes, bit by bit.

    Examples
    --------
    >>> import spinnprop as sp
    >>> run = sp.sparse.RecurrentNetwork(200, 20).run(1000)
    >>> run
    <Run of 200 neurons, 1000 spikes>
    >>> run.times.shape, run.units.dtype
    ((1000,), dtype('int32'))
    """

    __slots__ = ("_handle", "_network", "_options", "_arrays", "_summary", "_times", "_units")
    _handle: object
    _network: RecurrentNetwork
    _options: Dict[str, Any]
    _arrays: Tuple[Any, ...]
    _summary: Summary
    _times: _checks.Float64Array
    _units: _checks.Int32Array

    def __init__(self) -> None:
        raise TypeError("runs are made by RecurrentNetwork.run")

    @classmethod
    def _of(
        cls, network: RecurrentNetwork, options: Dict[str, Any], arrays: Tuple[Any, ...], progress: _Progress = None
    ) -> Run:
        run = cls.__new__(cls)
        run._handle = _core.sparse_run(network._handle, options, arrays, progress)
        run._network, run._options, run._arrays = network, options, arrays
        run._summary = Summary(**_core.sparse_recording_summary(run._handle))
        times, units = np.empty(len(run)), np.empty(len(run), np.int32)
        _core.sparse_recording_spikes(times, units, run._handle)
        run._times, run._units = _checks.read_only(times), _checks.read_only(units)
        return run

    def __len__(self) -> int:
        """The number of spikes."""
        return self._summary.n_spikes

    @property
    def network(self) -> RecurrentNetwork:
        """The network as it was."""
        return self._network._frozen()

    @property
    def times(self) -> _checks.Float64Array:
        """(n_spikes,) float64, seconds, never falling."""
        return self._times

    @property
    def units(self) -> _checks.Int32Array:
        """(n_spikes,) int32: who spiked."""
        return self._units

    @property
    def spikes(self) -> SpikeTrains:
        """The spikes as one sample of n units."""
        offsets = np.array([0, len(self)], np.int64)
        return SpikeTrains._trusted(self._times, self._units, offsets, self._network.n)

    @property
    def t_end(self) -> float:
        """Seconds: the time of the last spike, or the t_end that ended the run."""
        return self._summary.t_end

    @property
    def rate(self) -> float:
        """Spikes per neuron and second."""
        return self._summary.rate

    @property
    def rates(self) -> _checks.Float64Array:
        """(n,) float64: spikes per second of each neuron."""
        counts = np.bincount(self._units, minlength=self._network.n)
        return counts / self.t_end if self.t_end > 0 else np.zeros(self._network.n)

    @property
    def traces(self) -> _checks.Float64Array:
        """(n_samples, traced neurons) float64, read-only: V at 0, trace_interval, 2 trace_interval ... seconds."""
        traced = self._arrays[-1]
        values = np.empty(
            (_core.sparse_recording_trace_count(self._handle), 0 if traced is None else len(traced)), np.float64
        )
        _core.sparse_recording_traces(values.reshape(-1), self._handle)
        return _checks.read_only(values)

    def spike_time_loss(self, targets: SpikeTrains, tau0: float = 5e-3) -> Tuple[float, _checks.Float64Array]:
        """1/2 sum ((t - target) / tau0)^2 over the k-th spikes of all neurons and their k-th targets.

        Spikes without a target and targets without a spike add nothing.

        Parameters
        ----------
        targets : SpikeTrains
            One sample with a unit per neuron.
        tau0 : float
            Seconds.

        Returns
        -------
        value : float
        errors : (n_spikes,) float64
            The derivative with respect to each spike's time, 1/s: what `gradient` takes.
        """
        if not isinstance(targets, SpikeTrains):
            raise TypeError(f"targets is {type(targets).__name__!r}; it must be SpikeTrains")
        scale = _checks.real(tau0, "tau0")
        if not scale > 0:
            raise ValueError(f"tau0 is {scale}; it must be finite and > 0 seconds")
        errors = np.empty(len(self))
        view = (targets.times, targets.units, targets.offsets, targets.n_units)
        return _core.sparse_spike_time_loss(errors, self._handle, view, scale), errors

    def rate_loss(self, targets: Any) -> Tuple[float, _checks.Float64Array]:
        """1/2 sum (r - target)^2 over neurons, r = (number of spikes - 1) / (last - first spike time) in Hz.

        Neurons with less than two spikes add nothing.

        Parameters
        ----------
        targets : (n,) float64
            Hz; NaN for neurons of any rate.

        Returns
        -------
        value : float
        errors : (n_spikes,) float64
            The derivative with respect to each spike's time, 1/s: what `gradient` takes.
        """
        wanted = _checks.array(targets, np.float64, "targets", ndim=1)
        errors = np.empty(len(self))
        return _core.sparse_rate_loss(errors, self._handle, wanted), errors

    def gradient(self, errors: Any, final_errors: Any = None, *, progress: _Progress = None) -> Gradient:
        """The exact gradient of a loss, at the order of spikes as it was. O(k) per spike.

        Parameters
        ----------
        errors : (n_spikes,) float64
            The loss's derivative with respect to each spike's time, 1/s. Those of several losses may be added.
        final_errors : (n,) float64 or None
            Its derivative with respect to the final state, given as each neuron's next spike time.
        progress : callable or None
            As of `RecurrentNetwork.run`.

        Returns
        -------
        Gradient

        Raises
        ------
        SpinnpropError
            If the run kept no tape.

        Examples
        --------
        >>> import numpy as np
        >>> import spinnprop as sp
        >>> net = sp.sparse.RecurrentNetwork(200, 20)
        >>> net.weights = np.full(net.n_synapses, net.weights[0])
        >>> run = net.run(2000)
        >>> value, errors = run.rate_loss(np.full(200, 5.0))
        >>> run.gradient(errors).weights.shape
        (4000,)
        """
        own = _checks.array(errors, np.float64, "errors", ndim=1)
        final = None if final_errors is None else _checks.array(final_errors, np.float64, "final_errors", ndim=1)
        return Gradient._of(_core.sparse_differentiate(self._handle, own, final, progress))

    def jacobian_product(self, tangent: Any, *, progress: _Progress = None) -> _checks.Float64Array:
        """What becomes of a small change of the initial state, at the order of spikes as it was.

        Both are changes of the neurons' next spike times, so that equal changes of all stay as they are. The transposed
        product is ``gradient(zeros, final_errors).next_times``.

        Parameters
        ----------
        tangent : (n,) float64
        progress : callable or None
            As of `RecurrentNetwork.run`.

        Returns
        -------
        (n,) float64

        Examples
        --------
        >>> import numpy as np
        >>> import spinnprop as sp
        >>> run = sp.sparse.RecurrentNetwork(50, 10).run(500)
        >>> bool(np.allclose(run.jacobian_product(np.ones(50)), 1))
        True
        """
        vector = _checks.array(tangent, np.float64, "tangent", ndim=1)
        _checks.shape(vector, (self._network.n,), "tangent")
        product = np.empty(len(vector))
        _core.sparse_jacobian_product(product, vector, self._handle, progress)
        return product

    def lyapunov_spectrum(
        self,
        count: Optional[int] = None,
        skip: int = 0,
        interval: int = 0,
        seed: int = 0,
        *,
        progress: _Progress = None,
    ) -> LyapunovSpectrum:
        """The largest Lyapunov exponents: tangent vectors are carried along and made orthonormal now and then (QR).

        Parameters
        ----------
        count : int or None
            How many; None: all n.
        skip : int
            Spikes and inputs at the begin that only align the vectors.
        interval : int
            Spikes and inputs from one QR decomposition to the next; 0: n / 32.
        seed : int
            Of the first vectors.
        progress : callable or None
            As of `RecurrentNetwork.run`.

        Returns
        -------
        LyapunovSpectrum

        Examples
        --------
        >>> import spinnprop as sp
        >>> run = sp.sparse.RecurrentNetwork(50, 10).run(3000)
        >>> spectrum = run.lyapunov_spectrum()
        >>> bool(abs(spectrum.exponents.sum() - spectrum.contraction) < 1e-6 * abs(spectrum.contraction))
        True
        """
        wanted = self._network.n if count is None else _checks.integer(count, "count", 1, self._network.n)
        options = {
            "skip": _checks.integer(skip, "skip", 0, _ENDLESS),
            "interval": _checks.integer(interval, "interval", 0, _ENDLESS),
            "seed": _checks.integer(seed, "seed", 0, 2**64 - 1),
        }
        exponents = np.empty(wanted)
        contraction, duration = _core.sparse_lyapunov(exponents, self._handle, options, progress)
        return LyapunovSpectrum(_checks.read_only(exponents), contraction, duration)

    def __copy__(self) -> Run:
        return self

    def __deepcopy__(self, memo: Any) -> Run:
        return self

    def __reduce__(self) -> Tuple[Any, ...]:
        return Run._of, (self._network, self._options, self._arrays)

    def __repr__(self) -> str:
        return f"<Run of {self._network.n} neurons, {len(self)} spikes>"


def _own(values: Any) -> Any:
    """A copy nobody else can change."""
    return _checks.read_only(np.array(values))


def _values(values: Any, name: str) -> Optional[_checks.Float64Array]:
    """One number for all, or one each; None stays None."""
    if values is None:
        return None
    found = _checks.array(values, np.float64, name)
    if found.ndim > 1:
        raise ValueError(f"{name} has shape {found.shape}; it must have one dimension")
    if found.size == 0:
        raise ValueError(f"{name} is empty; give one for all, or one each")
    return found.reshape(-1)
