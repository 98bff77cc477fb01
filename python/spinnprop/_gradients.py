"""Derivatives of a loss with respect to everything that can be trained."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple, NoReturn, Optional, Sequence, Tuple

from ._support import overviews
from ._support.types import Float64Array

#: What of a network can be trained, by the names that networks and gradients have for it.
NEURON_PARAMETERS = ("tau_mem", "tau_syn", "threshold", "reset", "drive", "refractory")
PARAMETERS = ("weights", "recurrent_weights", "delays", "recurrent_delays", *NEURON_PARAMETERS)


class ReadAdjoint(NamedTuple):
    """What reads the adjoints of a layer in one sample or all at some times, and the recording that was differentiated."""

    recording: object
    read: Callable[[int, Optional[int], Any], Tuple[Float64Array, Float64Array]]


class Gradients:
    """Gradients of the batch mean of a loss, made by `Network.gradient`. Lists of plain arrays, yours to change:
    ``grad.weights[0] *= 0.5`` and ``grad.weights[0] = ...`` do what they say.

    Per layer, each shaped like the network's array of the same name: ``weights``, ``recurrent_weights``, ``delays``
    (per second), ``recurrent_delays``; ``weights[0, 2]`` and ``delays[0, 2]`` are those of the connection (0, 2).
    With ``neurons=True`` also ``tau_mem``, ``tau_syn``, ``refractory`` (per second), ``threshold``, ``reset`` and ``drive``,
    one number per neuron: the derivative with respect to a value that neurons share is their sum. ``input_times`` has one
    element per input spike, in the order in which the input came (per second), unless ``input_times=False`` left them out.
    ``skipped`` counts the samples that added nothing because their label neuron, or all outputs with a target time, or with
    `losses.Custom` of spikes all outputs, were silent.

    Where a derivative differs on both sides, it is the left one with respect to the drive of a leaky read-out that never rises: its largest value is 0, at
    its beginning, and with more than no drive it would rise. Neurons of a recurrent layer that spike at the same moment are taken not to hear each other
    before they do: the derivative with respect to what all of them share is that of moving together, those with respect to one neuron's own lie between
    both sides.

    Examples
    --------
    >>> import spinnprop as sp
    >>> net = sp.Network([1, 2])
    >>> net.weights[0] = [[10.0], [9.0]]
    >>> rec = net.forward(sp.SpikeTrains([0.0], [0], [0, 1], 1))
    >>> value, grad = net.gradient(rec, sp.losses.TTFSCrossEntropy(), [0])
    >>> grad.weights[0].shape, grad.input_times.shape, grad.skipped
    ((2, 1), (1,), 0)
    """

    __slots__ = (*PARAMETERS, "input_times", "skipped", "_read_adjoint")
    tau_mem: List[Float64Array]
    tau_syn: List[Float64Array]
    threshold: List[Float64Array]
    reset: List[Float64Array]
    drive: List[Float64Array]
    refractory: List[Float64Array]
    input_times: Float64Array
    _read_adjoint: Optional[ReadAdjoint]

    def __init__(
        self,
        weights: List[Float64Array],
        recurrent_weights: List[Float64Array],
        delays: List[Float64Array],
        recurrent_delays: List[Float64Array],
        input_times: Optional[Float64Array],
        skipped: int,
        neurons: Optional[Sequence[List[Float64Array]]] = None,
        read_adjoint: Optional[ReadAdjoint] = None,
    ) -> None:
        self.weights = weights
        self.recurrent_weights = recurrent_weights
        self.delays = delays
        self.recurrent_delays = recurrent_delays
        if input_times is not None:
            self.input_times = input_times
        self.skipped = skipped
        self._read_adjoint = read_adjoint
        if neurons is not None:
            for name, values in zip(NEURON_PARAMETERS, neurons):
                setattr(self, name, values)

    def adjoint(self, layer: int, sample: Optional[int], times: Any) -> Tuple[Float64Array, Float64Array]:
        """The adjoint variables lV, lI of EventProp behind these gradients, at any times, exact.

        They say what a kick just before whatever happens at a time would do to the value that was differentiated, L: the mean
        of a loss over the batch, as in all of these gradients, or the product with given errors.

            dL/dV(t) = -tau_mem lV(t),     dL/dI(t) = -tau_syn lI(t)

        So where lV jumps, at spikes, at the ends of refractory periods, and where the loss reads a membrane, at its maximum
        say, the value is that on the left. Both are 0 after the last time at which the neuron matters to L. A weight's
        gradient is -tau_syn times the sum of lI over its arrivals in all samples.

        Nothing of it is stored but what was differentiated, recording included; the first call takes the gradient again. What
        is done to the arrays of these gradients changes nothing of it.

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
        lambda_v, lambda_i : (n_times, n_neurons) float64, or with ``sample=None`` (n_samples, n_times, n_neurons)
            Per second.

        Raises
        ------
        IndexError
            If there is no such layer or sample.
        ValueError, TypeError
            If a time is not within the run, or these gradients have been copied or pickled, which leaves the recording behind.
        SpinnpropError
            If these gradients are by another rule than that of "event".

        Examples
        --------
        >>> import spinnprop as sp
        >>> net = sp.Network([1, 2])
        >>> net.weights[0] = [[10.0], [9.0]]
        >>> rec = net.forward(sp.SpikeTrains([0.0], [0], [0, 1], 1))
        >>> value, grad = net.gradient(rec, sp.losses.TTFSCrossEntropy(), [0])
        >>> lambda_v, lambda_i = grad.adjoint(0, 0, [0.0, 50e-3])
        >>> bool(abs(-5e-3 * lambda_i[0] - grad.weights[0][:, 0]).max() < 1e-12)     # tau_syn is 5 ms; the one arrival is at 0
        True
        >>> lambda_v[1]                                 # after the spikes
        array([0., 0.])
        """
        read: Optional[ReadAdjoint] = getattr(self, "_read_adjoint", None)
        if read is None:
            raise ValueError(
                "these gradients are a copy, without the recording they were taken of; ask those that Network.gradient returned"
            )
        return read.read(layer, sample, times)

    def _are_of(self, recording: object) -> bool:
        """Whether these gradients were taken of this very recording; copies no longer know."""
        read: Optional[ReadAdjoint] = getattr(self, "_read_adjoint", None)
        return read is not None and read.recording is recording

    def __getstate__(self) -> Tuple[None, Dict[str, Any]]:
        return None, {name: getattr(self, name) for name in self.__slots__ if name != "_read_adjoint" and hasattr(self, name)}

    def __getattr__(self, name: str) -> NoReturn:
        asked = "input_times" if name == "input_times" else "neurons"
        remedy = f"; have what gave them take them with {asked}=True" if name in self.__slots__ else ""
        raise AttributeError(f"these gradients have no {name!r}{remedy}")

    def __repr__(self) -> str:
        return f"<Gradients of {len(self.weights)} layers, {self.skipped} samples skipped>"

    def _repr_html_(self) -> str:
        return overviews.gradients(self, PARAMETERS)
