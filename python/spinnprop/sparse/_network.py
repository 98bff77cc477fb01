"""A sparse recurrent network: who is connected to whom, and what a run is asked for."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Sequence, Tuple

import numpy as np

from .. import _core
from .._support import checks, overviews
from .._support.types import Float64Array, Int32Array, Int64Array, Progress
from ._run import Run, Summary

_MODELS: Dict[Optional[str], int] = {
    "lif": _core.SPARSE_LIF,
    "qif": _core.SPARSE_QIF,
    "theta": _core.SPARSE_QIF,
    "eif": _core.SPARSE_EIF,
    "eif-table": _core.SPARSE_EIF_TABLE,
}
_Sink = Callable[[Float64Array, Int32Array], object]


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
        Seeds targets (include/spinnprop.h says how they are drawn) and initial phases.
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

    __slots__ = ("_handle", "_info", "_adjacency", "_options", "_is_frozen")
    _handle: object
    _info: Dict[str, Any]
    _adjacency: Optional[Tuple[Int64Array, Int32Array]]
    _options: Dict[str, Any]
    #: Whether a change would be lost, because it is a run's.
    _is_frozen: bool

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
            "n_neurons": checks.integer(n, "n", 0, checks.INT64),
            "degree": checks.integer(k, "k", 0, checks.INT64),
            "model": checks.choice(model, "model", _MODELS),
            "is_stored": int(checks.boolean(stored, "stored")),
            "rate": checks.real(rate, "rate"),
            "coupling": checks.real(coupling, "coupling"),
            "tau": checks.real(tau, "tau"),
            "slope": checks.real(slope, "slope"),
            "seed": checks.integer(seed, "seed", 0, checks.UINT64),
        }
        self._adjacency = None
        if adjacency is not None:
            offsets, targets = checks.pair(adjacency, "adjacency", "(offsets, targets)")
            self._adjacency = (
                _own(checks.array(offsets, np.int64, "adjacency offsets", ndim=1)),
                _own(checks.array(targets, np.int32, "adjacency targets", ndim=1)),
            )
        self._options = options
        self._create(_values(drives, "drives"), _values(weights, "weights"))

    def _create(self, drives: Optional[Float64Array], weights: Optional[Float64Array]) -> None:
        self._is_frozen = False
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
        """The seed of targets and initial phases."""
        return int(self._options["seed"])

    @property
    def phase_range(self) -> Tuple[float, float]:
        """Reset and threshold in units of phase."""
        return float(self._info["reset_phase"]), float(self._info["threshold_phase"])

    @property
    def drives(self) -> Float64Array:
        """(1,) or (n,) float64, read-only: I of all neurons, or of each."""
        values = np.empty(self._info["n_drives"])
        _core.sparse_drives(values, self._handle)
        return checks.read_only(values)

    @property
    def weights(self) -> Float64Array:
        """(1,) or (n_synapses,) float64, in the order of the targets; a read-only copy. Assign to set."""
        handle, n_weights = self._handle, self._info["n_weights"]
        values = np.empty(n_weights)
        _core.sparse_weights(values, handle)
        return checks.read_only(values, "write net.weights = net.weights - step, say")

    @weights.setter
    def weights(self, weights: Any) -> None:
        if self._is_frozen:
            raise ValueError("a run's network is as it was, and nobody would see the change; change copy.copy(run.network)")
        values = _values(weights, "weights")
        if values is None:
            raise TypeError("weights is None; give one for all synapses, or one each")
        handle = _core.sparse_with_weights(self._handle, values)
        self._info, self._handle = _core.sparse_describe(handle), handle

    @property
    def adjacency(self) -> Tuple[Int64Array, Int32Array]:
        """(offsets, targets): int64 (n + 1,) and int32 (n_synapses,), read-only copies."""
        offsets, targets = np.empty(self.n + 1, np.int64), np.empty(self.n_synapses, np.int32)
        _core.sparse_adjacency(offsets, targets, self._handle)
        return checks.read_only(offsets), checks.read_only(targets)

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
        progress: Progress = None,
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
        options["keeps_tape"] = int(checks.boolean(keep_tape, "keep_tape"))
        options["trace_interval"] = checks.real(trace_interval, "trace_interval")
        units = None if traces is None else checks.array(traces, np.int32, "traces", ndim=1)
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
        progress: Progress = None,
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
            options["n_spikes"] = checks.integer(n_spikes, "n_spikes", 0, checks.INT64)
        elif t_end is not None:
            options["n_spikes"] = checks.INT64
        if t_end is not None:
            options["t_end"] = checks.real(t_end, "t_end")
        phases = None
        if initial_phases is not None:
            phases = _own(checks.array(initial_phases, np.float64, "initial_phases", ndim=1))
            checks.shape(phases, (self.n,), "initial_phases")
        if inputs is None:
            return options, (phases, None, None, None)
        if not isinstance(inputs, (tuple, list)) or len(inputs) != 3:
            raise TypeError("inputs must be a tuple (times, units, weights), or None")
        times = _own(checks.array(inputs[0], np.float64, "input times", ndim=1))
        units = _own(checks.array(inputs[1], np.int32, "input units", ndim=1))
        weights = _own(checks.array(inputs[2], np.float64, "input weights"))
        if weights.ndim == 0:
            weights = np.full(len(times), weights[()])
        return options, (phases, times, units, weights)

    def _frozen(self) -> RecurrentNetwork:
        """The network as it is now, which assigning to this one's weights does not change."""
        copy = RecurrentNetwork.__new__(RecurrentNetwork)
        for name in self.__slots__:
            setattr(copy, name, getattr(self, name))
        copy._is_frozen = False
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

    def _repr_html_(self) -> str:
        return overviews.sparse_network(self)


def _own(values: Any) -> Any:
    """A copy nobody else can change."""
    return checks.read_only(np.array(values))


def _values(values: Any, name: str) -> Optional[Float64Array]:
    """One number for all, or one each; None stays None."""
    if values is None:
        return None
    found = checks.array(values, np.float64, name)
    if found.ndim > 1:
        raise ValueError(f"{name} has shape {found.shape}; it must have one dimension")
    if found.size == 0:
        raise ValueError(f"{name} is empty; give one for all, or one each")
    return found.reshape(-1)
