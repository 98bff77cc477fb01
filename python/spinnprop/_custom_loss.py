"""A loss that somebody writes in Python: a function of what the read-out did, and its derivative."""

from __future__ import annotations

import inspect
import math
from importlib import import_module
from typing import Any, Callable, Dict, Optional, Tuple

import numpy as np

from . import _core
from ._loss import Loss
from ._support import checks
from ._support.types import Float64Array

_KINDS = ("first spikes", "spikes", "maxima", "membrane", "integrals")
#: What differentiates the function, with where it is had from.
_AUTOGRADS = {"torch": "https://pytorch.org/get-started (the build for CPU is enough)", "jax": "pip install jax"}


class Custom(Loss):
    """Any function of what the read-out did.

    ``function(values, y)`` is called once for a whole batch and returns ``(value, derivative)``: a number, and an array of the
    shape of `values` with its derivative with respect to each of them. Written in PyTorch or JAX it returns the number alone and
    their autograd does the rest. What a mean over the batch is, the function says: value and derivatives are taken as they are, and the history of
    a training has the mean of batches by their sizes.

    It is the loss of `Network.gradient`, `Trainer` and estimators; of the emulated SpiNNaker2, whose programs see one sample each, with
    ``gradient_engine="clock"``. A checkpoint cannot know the function: resume with the same. An exception of the function ends the call, and the trainer
    stands after its last good batch.

    Parameters
    ----------
    function : callable
        ``function(values, y)``; `y` is what `Network.gradient` was given, unchanged, or of what `Trainer.run` was given the elements of the batch's
        samples: of an array whose first axis is the sample, or of SpikeTrains. With `sample_weight` it is ``function(values, y, sample_weight)``,
        with the weights of these samples. It must not change `values`, and must not use the trainer that is running.
    of : "first spikes", "spikes", "maxima", "membrane" or "integrals"
        What `values` are, float64:

        - "first spikes": (n_samples, n_outputs), seconds, +inf where an output was silent;
        - "spikes": (n_samples, n_outputs, k), seconds, each output's spikes in order, filled up with +inf to the largest number k;
        - "maxima": (n_samples, n_outputs), the largest membrane values of a leaky read-out;
        - "membrane": (n_samples, n_times, n_outputs), the membranes of a leaky read-out at `times`. The rule of engine "event" alone
          takes these back.

        - "integrals": (n_samples, n_outputs), the integrals of the membranes of a leaky read-out with the weight exp(-t / tau); likewise.

        Derivatives with respect to spikes that are not there are not looked at: a sample without a spike counts as skipped. One whose label's output
        is silent pushes the others later, until all are silent, unless the function leaves it out.

        Whatever they are, decisions (accuracies, `Recording.predict`, an estimator's) go by the first spike, or by the largest membrane of a leaky
        read-out. ``rec.predict(losses.SpikeCountCrossEntropy(tau0=np.inf))`` goes by the number of spikes, ``losses.VIntegralCrossEntropy`` by integrals.
    times : (n_times,) float64, optional
        Seconds, for "membrane".
    tau : float
        Seconds, for "integrals"; +inf: a weight of 1.
    autograd : None, "torch" or "jax"
        What differentiates `function`, which is then given a tensor or array of that library and returns one number of it. JAX computes
        in float32 unless told otherwise (``jax_enable_x64``).

    Raises
    ------
    ValueError, TypeError
        If an argument is none of those; in use, if the function returns anything else, NaN, or an infinity.

    Examples
    --------
    The label's output is to spike a millisecond before any other:

    >>> import numpy as np, spinnprop as sp
    >>> def hinge(times, y):
    ...     heard = np.flatnonzero(np.isfinite(times[np.arange(len(y)), y]))  # what is silent would only push its rivals later
    ...     label, others = (heard, y[heard]), times.copy()
    ...     others[label] = np.inf
    ...     rival = heard, others[heard].argmin(axis=1)
    ...     lag = np.maximum(times[label] + 1e-3 - others[rival], 0)
    ...     derivative = np.zeros_like(times)
    ...     derivative[label] = (lag > 0) + 0.03  # a pull to earlier spikes, lest differences grow where all others spike later
    ...     derivative[rival] -= lag > 0
    ...     return (lag + 0.03 * times[label]).sum() / len(y), derivative / len(y)
    >>> X, y = sp.datasets.yin_yang(1000)
    >>> spikes, net = sp.encoding.latency(X, bias=0.0), sp.Network([5, 60, 3], seed=0)
    >>> net.wake(spikes)                        # what is silent would learn nothing
    >>> trainer = sp.Trainer(net, sp.losses.Custom(hinge), epochs=10, learning_rate=0.01)
    >>> trainer.run(spikes, y)
    True
    >>> print(trainer.history["accuracy"][-1] > 0.7)
    True
    """

    _kind = _core.LOSS_CUSTOM
    function: Callable[..., Any]
    of: str
    times: Optional[Tuple[float, ...]]
    autograd: Optional[str]
    tau: float

    def __init__(
        self,
        function: Callable[..., Any],
        of: str = "first spikes",
        times: Any = None,
        autograd: Optional[str] = None,
        tau: float = math.inf,
    ) -> None:
        if not callable(function):
            raise TypeError(f"function is {type(function).__name__!r}; it must be callable as function(values, y)")
        if of not in _KINDS:
            raise ValueError(f"of is {of!r}; it must be one of {', '.join(map(repr, _KINDS))}")
        if autograd is not None and (not isinstance(autograd, str) or autograd not in _AUTOGRADS):
            raise ValueError(f"autograd is {autograd!r}; it must be one of None, {', '.join(map(repr, _AUTOGRADS))}")
        if (times is None) != (of != "membrane"):
            raise ValueError(
                f"times is {times!r} for of={of!r}; give the times at which membranes are read with of='membrane', and with nothing else"
            )
        if autograd is not None:
            _imported(autograd)
        own = None if times is None else tuple(checks.array(times, np.float64, "times", ndim=1).tolist())
        weight = checks.real(tau, "tau")
        if of != "integrals" and weight != math.inf:
            raise ValueError(f"tau is {weight} for of={of!r}; it is for of='integrals', so leave it out")
        for name, value in (("function", function), ("of", of), ("times", own), ("autograd", autograd), ("tau", weight)):
            self.__dict__[name] = value
        self._set()

    @property
    def needs_leaky_readout(self) -> bool:  # type: ignore[override]
        """Whether the function is given membranes, which a leaky read-out alone has."""
        return self.of in ("maxima", "membrane", "integrals")

    def _fields(self) -> Dict[str, Any]:
        times = None if self.times is None else np.array(self.times)
        weight = {"tau0": self.tau} if self.of == "integrals" else {}
        return {"kind": self._kind, "reads": _KINDS.index(self.of), "times": times, **weight}

    def _asked(self, y: Any, held_out_y: Any = None, is_whole: bool = False) -> Callable[..., Any]:
        """What the core calls, for what samples should give: of all of them at once, or of those of a batch."""

        by_output, is_spikes = self.of not in ("spikes", "membrane"), self.of == "spikes"
        called = {None: self._of_arrays, "torch": self._of_tensors, "jax": self._of_jax}[self.autograd]

        def answer(values: bytes, sizes: Tuple[int, int, int], samples: bytes, is_validation: int, weights: Optional[bytes]) -> Any:
            n_samples, n_outputs, depth = sizes
            shape = (n_samples, n_outputs) if by_output else sizes if is_spikes else (n_samples, depth, n_outputs)
            own = held_out_y if is_validation else y
            wanted = [own if is_whole else own[np.ndarray(n_samples, np.int64, samples)]]
            if weights is not None:
                wanted.append(np.ndarray(n_samples, np.float64, weights))
            return called(np.ndarray(shape, np.float64, values), *wanted)

        return answer

    def _remembered(self, y: Any) -> Answer:
        """The same of all samples at once, with what was answered kept."""
        return Answer(self._asked(y, is_whole=True))

    def _answer(self, values: Any, *wanted: Any) -> Any:
        """What the function returns, which is told with how many arguments it is called."""
        try:
            return self.function(values, *wanted)
        except TypeError as error:
            if _takes(self.function, 1 + len(wanted)):
                raise
            how = "with sample_weight or class_weight it is function(values, y, sample_weight)" if len(wanted) > 1 else "it is function(values, y)"
            raise TypeError(f"{error}; {how}") from None

    def _of_arrays(self, values: Float64Array, *wanted: Any) -> Tuple[float, Float64Array]:
        answer = self._answer(values, *wanted)
        if not isinstance(answer, tuple) or len(answer) != 2:
            alone = "the value alone of tensors, with autograd='torch' or 'jax'"
            raise TypeError(f"function returned {type(answer).__name__!r}; it must return (value, derivative), or {alone}")
        value, derivative = answer
        # What is as it must be, in whatever order it lies, is soon seen: every look costs more than it seems after a run, whose memory has pushed
        # that of Python out of the processor's caches.
        if type(derivative) is not np.ndarray or derivative.dtype is not values.dtype or derivative.shape != values.shape:
            if derivative is None:
                raise TypeError("function returned None for the derivative; it must return an array of the shape of the values it was given")
            derivative = checks.array(derivative, np.float64, "the derivative that function returned")
            checks.shape(derivative, values.shape, "the derivative that function returned")
        return _finite(value if isinstance(value, float) else checks.real(value, "the value that function returned")), derivative

    def _of_tensors(self, values: Float64Array, *wanted: Any) -> Tuple[float, Float64Array]:
        torch = _imported("torch")
        leaf = torch.tensor(values, requires_grad=True)
        # Whoever trains within torch.no_grad() wants these derivatives all the same.
        with torch.enable_grad():
            answer = self._answer(leaf, *wanted)
        derivative = None
        if isinstance(answer, torch.Tensor) and answer.numel() == 1 and answer.requires_grad:
            # Of parameters of the function's own a number may depend, and of the values not.
            (derivative,) = torch.autograd.grad(answer, leaf, allow_unused=True)
        if derivative is None:
            raise TypeError(f"function returned {checks.shown(answer)}; it must return one number, a tensor that depends on the values it was given")
        return _finite(answer.item()), derivative.numpy()

    def _of_jax(self, values: Float64Array, *wanted: Any) -> Tuple[float, Float64Array]:
        jax = _imported("jax")
        answer, pull_back = jax.vjp(lambda own: self._answer(own, *wanted), jax.numpy.asarray(values))
        if getattr(answer, "shape", None) != () or not jax.numpy.issubdtype(answer.dtype, jax.numpy.floating):
            raise TypeError(f"function returned {checks.shown(answer)}; it must return one number that depends on the values it was given")
        (derivative,) = pull_back(jax.numpy.ones_like(answer))
        return _finite(float(answer)), np.asarray(derivative, np.float64)


class Answer:
    """What a function of the caller's has answered once, for who asks the same again."""

    def __init__(self, function: Callable[..., Tuple[float, Float64Array]]) -> None:
        self._function = function

    def __call__(self, *asked: Any) -> Tuple[float, Float64Array]:
        value, derivative = self._function(*asked)
        self._given = value, derivative.copy()  # which may be the caller's own array
        return value, derivative

    def again(self, *asked: Any) -> Tuple[float, Float64Array]:
        return self._given


def _takes(function: Callable[..., Any], count: int) -> bool:
    """Whether it can be called with so many arguments, as far as it tells."""
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # of some that are written in C
        pass
    return True


def _imported(autograd: str) -> Any:
    try:
        return import_module(autograd)
    except ImportError as error:
        raise ImportError(
            f"autograd={autograd!r} needs {autograd} ({error}): {_AUTOGRADS[autograd]}; or leave it out and return the derivative"
        ) from error


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(
            f"the value that function returned is {value}; it must be finite: outputs that are silent have +inf, which may be clamped; where targets are "
            "labels, leave out samples whose label's output is silent, since these would only push its rivals later"
        )
    return value
