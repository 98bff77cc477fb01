"""What a run of a sparse recurrent network leaves behind."""

from __future__ import annotations

import copy
from typing import Any, Dict, NamedTuple, Optional, Tuple

import numpy as np

from .. import _core
from .._spikes import SpikeTrains
from .._support import checks, overviews
from .._support.types import Float64Array, Int32Array, Progress
from ._analysis import Gradient, LyapunovSpectrum


class Summary(NamedTuple):
    """How many spikes a run had, and when it ended.

    Examples
    --------
    See `RecurrentNetwork.stream`.
    """

    #: Spikes of all neurons.
    n_spikes: int
    #: The time of the last spike, or the t_end that ended the run, seconds.
    t_end: float
    #: Spikes per neuron and second.
    rate: float


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
    #: A RecurrentNetwork that nobody else has.
    _network: Any
    _options: Dict[str, Any]
    _arrays: Tuple[Any, ...]
    _summary: Summary
    _times: Float64Array
    _units: Int32Array

    def __init__(self) -> None:
        raise TypeError("runs are made by RecurrentNetwork.run")

    @classmethod
    def _of(
        cls, network: Any, options: Dict[str, Any], arrays: Tuple[Any, ...], progress: Progress = None
    ) -> Run:
        run = cls.__new__(cls)
        run._handle = _core.sparse_run(network._handle, options, arrays, progress)
        run._network, run._options, run._arrays = network, options, arrays
        run._summary = Summary(**_core.sparse_recording_summary(run._handle))
        times, units = np.empty(len(run)), np.empty(len(run), np.int32)
        _core.sparse_recording_spikes(times, units, run._handle)
        run._times, run._units = checks.read_only(times), checks.read_only(units)
        return run

    def __len__(self) -> int:
        """The number of spikes."""
        return self._summary.n_spikes

    @property
    def network(self) -> Any:
        """The `RecurrentNetwork` as it was: not to be changed; ``copy.copy`` of it is."""
        network = copy.copy(self._network)
        network._is_frozen = True
        return network

    @property
    def times(self) -> Float64Array:
        """(n_spikes,) float64, seconds, never falling."""
        return self._times

    @property
    def units(self) -> Int32Array:
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
    def rates(self) -> Float64Array:
        """(n,) float64: spikes per second of each neuron."""
        counts = np.bincount(self._units, minlength=self._network.n)
        return counts / self.t_end if self.t_end > 0 else np.zeros(self._network.n)

    @property
    def traces(self) -> Float64Array:
        """(n_samples, traced neurons) float64, read-only: V at 0, trace_interval, 2 trace_interval ... seconds."""
        traced = self._arrays[-1]
        values = np.empty(
            (_core.sparse_recording_trace_count(self._handle), 0 if traced is None else len(traced)), np.float64
        )
        _core.sparse_recording_traces(values.reshape(-1), self._handle)
        return checks.read_only(values)

    def spike_time_loss(self, targets: SpikeTrains, tau0: float = 5e-3) -> Tuple[float, Float64Array]:
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
        scale = checks.real(tau0, "tau0")
        if not scale > 0:
            raise ValueError(f"tau0 is {scale}; it must be finite and > 0 seconds")
        errors = np.empty(len(self))
        view = (targets.times, targets.units, targets.offsets, targets.n_units)
        return _core.sparse_spike_time_loss(errors, self._handle, view, scale), errors

    def rate_loss(self, targets: Any) -> Tuple[float, Float64Array]:
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
        wanted = checks.array(targets, np.float64, "targets", ndim=1)
        errors = np.empty(len(self))
        return _core.sparse_rate_loss(errors, self._handle, wanted), errors

    def gradient(self, errors: Any, final_errors: Any = None, *, progress: Progress = None) -> Gradient:
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
        own = checks.array(errors, np.float64, "errors", ndim=1)
        final = None if final_errors is None else checks.array(final_errors, np.float64, "final_errors", ndim=1)
        return Gradient._of(_core.sparse_differentiate(self._handle, own, final, progress))

    def jacobian_product(self, tangent: Any, *, progress: Progress = None) -> Float64Array:
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
        vector = checks.array(tangent, np.float64, "tangent", ndim=1)
        checks.shape(vector, (self._network.n,), "tangent")
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
        progress: Progress = None,
    ) -> LyapunovSpectrum:
        """The largest Lyapunov exponents: tangent vectors are carried along and made orthonormal now and then (QR).

        Parameters
        ----------
        count : int or None
            How many; None: all n.
        skip : int
            Spikes and inputs at the begin that only align the vectors; what is lost there does not count.
        interval : int
            Spikes and inputs, at most, from one QR decomposition to the next; 0: n / 32.
        seed : int
            Seeds the first vectors.
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
        wanted = self._network.n if count is None else checks.integer(count, "count", 1, self._network.n)
        options = {
            "skip": checks.integer(skip, "skip", 0, checks.INT64),
            "interval": checks.integer(interval, "interval", 0, checks.INT64),
            "seed": checks.integer(seed, "seed", 0, checks.UINT64),
        }
        exponents = np.empty(wanted)
        contraction, duration = _core.sparse_lyapunov(exponents, self._handle, options, progress)
        return LyapunovSpectrum(checks.read_only(exponents), contraction, duration)

    def __copy__(self) -> Run:
        return self

    def __deepcopy__(self, memo: Any) -> Run:
        return self

    def __reduce__(self) -> Tuple[Any, ...]:
        return Run._of, (self._network, self._options, self._arrays)

    def __repr__(self) -> str:
        return f"<Run of {self._network.n} neurons, {len(self)} spikes>"

    def _repr_html_(self) -> str:
        return overviews.sparse_run(self)
