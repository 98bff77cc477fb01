"""Programs of the plasticity processor: those that come with the library, and what a rule in Python sees."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Tuple, Union

import numpy as np

from .. import _core
from .._support import checks
from .._support.types import BoolArray, Int32Array
from .._support.values import Value

#: The least and the largest weight of a synapse.
WEIGHTS = (-63, 63)


def _checked(value: Any, name: str) -> Any:
    return checks.option(value, name, _core.DOMAINS_BRAINSCALES2_PROGRAM)


class Program(Value):
    """A program that comes with the library; whole numbers of 8 bits that saturate, factors with 12 bits after the point."""

    _kind: int

    def _fields(self) -> Dict[str, Any]:
        """As the core takes them."""
        return {"kind": self._kind, **vars(self)}


class RateHomeostasis(Program):
    """Weights grow where their neuron fires too seldom: w += learning_rate (target - rate), with a probability for each synapse.

    Rates are spikes since the last call, so that of a period. Weights stay within their sender's sign, if it has one: a neuron that fires too
    seldom is inhibited less.

    Parameters
    ----------
    target : int
        Spikes per period, 0 .. 255.
    learning_rate : float
        -8 .. 8, in steps of 2^-12.
    probability : float
        0 .. 1.

    Examples
    --------
    >>> import spinnprop as sp
    >>> array = sp.brainscales2.Array(3, 2)
    >>> program = sp.brainscales2.RateHomeostasis(target=10, learning_rate=0.2)
    >>> array.run(duration=0.05, program=program, period=0.01)     # nothing fires: 10 spikes too few, five times
    SpikeTrains(1 samples, 0 spikes, n_units=3)
    >>> array.weights[0]
    array([10, 10, 10], dtype=int8)
    """

    _kind = _core.BRAINSCALES2_RATE_HOMEOSTASIS

    def __init__(self, target: int = 10, learning_rate: float = 0.125, probability: float = 1.0) -> None:
        self.__dict__.update(
            target=_checked(target, "target"), learning_rate=_checked(learning_rate, "learning_rate"), probability=_checked(probability, "probability"),
        )  # fmt: skip


class RewardModulatedSTDP(Program):
    """w <- min(63, w + learning_rate * success * causal read-out), rounded, of one sender's synapses; then all sensors are reset.

    Parameters
    ----------
    sender : int
        Whose synapses learn: the one that was active.
    success : float
        The reward less what was to be expected, -1e6 .. 1e6.
    learning_rate : float
        -8 .. 8; its product with the success is held to that, too, in steps of 2^-12.

    Examples
    --------
    >>> import spinnprop as sp
    >>> array = sp.brainscales2.Array(3, 2, gain=0.2, weights=[[20] * 3, [0] * 3], sensors=True)
    >>> _ = array.run(sp.SpikeTrains([1e-3, 2e-3], [0, 0], [0, 2], n_units=2), 0.02)
    >>> array.apply(sp.brainscales2.RewardModulatedSTDP(sender=0, success=0.5))
    >>> bool((array.weights[0] > 20).all())
    True
    """

    _kind = _core.BRAINSCALES2_REWARD_MODULATED_STDP

    def __init__(self, sender: int, success: float = 1.0, learning_rate: float = 0.125) -> None:
        self.__dict__.update(
            sender=_checked(sender, "sender"), success=_checked(success, "success"), learning_rate=_checked(learning_rate, "learning_rate"),
        )  # fmt: skip


class StructuralPlasticity(Program):
    """Weak synapses from sources listen to other sources, which their neuron does not hear yet; it keeps as many synapses.

    Parameters
    ----------
    threshold : int
        Synapses with smaller weights, in amount, are weak: 0 .. 64.
    weight : int
        With which new ones begin, as far as their source's sign allows: -63 .. 63.
    probability : float
        With which a weak synapse is given away at a call.

    Examples
    --------
    >>> import numpy as np, spinnprop as sp
    >>> array = sp.brainscales2.Array(3, 8, mask=np.arange(24).reshape(8, 3) < 12)      # of 8 sources, 4 are heard
    >>> array.apply(sp.brainscales2.StructuralPlasticity(threshold=1, weight=10))
    >>> int(array.mask.sum()), bool(array.mask[4:].any())
    (12, True)
    """

    _kind = _core.BRAINSCALES2_STRUCTURAL_PLASTICITY

    def __init__(self, threshold: int = 1, weight: int = 10, probability: float = 1.0) -> None:
        self.__dict__.update(
            threshold=_checked(threshold, "threshold"), weight=_checked(weight, "weight"), probability=_checked(probability, "probability"),
        )  # fmt: skip


class Processor:
    """What a rule in Python sees of an array, one call of it; matrices are (senders, neurons), sources first.

    A rule changes `weights` in place, assigns others, or returns them; likewise `mask`. The array goes on with what it leaves. All numbers
    are int32, in which no sum or product of 8-bit ones overflows, and weights that are left saturate at -63 and 63, as on the chip.

    Examples
    --------
    Neurons that spike more than ten times in a period get smaller weights, the others larger ones:

    >>> import numpy as np
    >>> import spinnprop as sp
    >>> array = sp.brainscales2.Array(3, 2, weights=np.full((2, 3), 60))
    >>> def rule(processor):
    ...     return processor.weights + processor.mask * (10 - processor.rates)
    >>> _ = array.run(duration=0.1, program=rule, period=0.1)
    >>> int(array.weights.max())
    63
    """

    #: int32, -63 .. 63; 0 where no synapse is.
    weights: Int32Array
    #: Where synapses are.
    mask: BoolArray
    #: int32 (n,), spikes of each neuron since the last call, at most 255.
    rates: Int32Array
    #: int32 (n,), membranes now: read_low .. read_high of the array as 0 .. 255.
    membranes: Int32Array
    #: Seconds since the array's beginning.
    time: float

    def __init__(self, shape: Tuple[int, int], time: float, seed: int, weights: bytes, mask: bytes, causal: Optional[bytes],
                 acausal: Optional[bytes], rates: bytes, membranes: bytes) -> None:  # fmt: skip
        self._shape, self._seed, self.time = shape, seed, time
        self._rng: Optional[np.random.Generator] = None
        self.weights = np.frombuffer(weights, np.int8).reshape(shape).astype(np.int32)
        self.mask = np.frombuffer(mask, np.bool_).reshape(shape).copy()
        self._causal, self._acausal = causal, acausal
        self.rates, self.membranes = (np.frombuffer(own, np.uint8).astype(np.int32) for own in (rates, membranes))

    @property
    def causal(self) -> Int32Array:
        """int32, 0 .. 255, read-outs of the causal sensors since the last call."""
        return self._sensed(self._causal)

    @property
    def acausal(self) -> Int32Array:
        """int32, 0 .. 255, read-outs of the acausal sensors since the last call."""
        return self._sensed(self._acausal)

    def _sensed(self, values: Optional[bytes]) -> Int32Array:
        if values is None:
            raise ValueError("this array has no correlation sensors; make it with sensors=True")
        return np.frombuffer(values, np.uint8).reshape(self._shape).astype(np.int32)

    @property
    def rng(self) -> np.random.Generator:
        """Random numbers of this call, from the array's seed."""
        if self._rng is None:
            self._rng = np.random.default_rng(self._seed)
        return self._rng

    def _left(self) -> Tuple[Any, Any]:
        """Weights and mask as the rule leaves them."""
        weights = checks.array(self.weights, np.int32, "the rule's weights", ndim=2)
        checks.shape(weights, self._shape, "the rule's weights")
        mask = checks.array(self.mask, np.bool_, "the rule's mask", ndim=2)
        checks.shape(mask, self._shape, "the rule's mask")
        return np.clip(weights, *WEIGHTS).astype(np.int8).view(np.uint8), mask


#: A program, or a function of a `Processor`.
AnyProgram = Union[Program, Callable[[Processor], object]]


def carried(program: Any, shape: Tuple[int, int]) -> Any:
    """A program as the core takes it."""
    if program is None:
        return None
    if isinstance(program, Program):
        return program._fields()
    if not callable(program):
        raise TypeError(f"program is {checks.shown(program)}; it must be a program of spinnprop.brainscales2, a function of a Processor, or None")

    def rule(weights: bytes, mask: bytes, causal: Optional[bytes], acausal: Optional[bytes], rates: bytes, membranes: bytes,
             time: float, seed: int) -> Tuple[Any, Any]:  # fmt: skip
        processor = Processor(shape, time, seed, weights, mask, causal, acausal, rates, membranes)
        answer = program(processor)
        if answer is not None:
            processor.weights = answer
        return processor._left()

    return rule
