"""Losses: what a network's output should have been, and how far it is from that. Values that never change."""

from __future__ import annotations

import math
from typing import Any, Dict, Optional, Tuple

import numpy as np

from . import _core
from ._custom_loss import Custom
from ._loss import Loss
from ._spikes import SpikeTrains
from ._support import checks
from ._support.public import only
from ._support.types import Float64Array
from ._support.values import Value

__all__ = [
    "Custom",
    "EarlyDecisionCrossEntropy",
    "Loss",
    "MembraneMSE",
    "RateRegularisation",
    "ShiftInvariantMSE",
    "SpikeCountCrossEntropy",
    "SpikeCountMSE",
    "SpikeTimeMSE",
    "StepTTFSCrossEntropy",
    "TTFSCrossEntropy",
    "VIntegralCrossEntropy",
    "VMaxCrossEntropy",
    "VMaxMSE",
    "VanRossum",
]
__dir__ = only(__all__)


class TTFSCrossEntropy(Loss):
    """Cross-entropy over first spike times: the label's neuron should spike first.

    -log softmax(-t / tau0)[label] + alpha (exp(t_label / tau1) - 1), t the first spike times. Outputs that never spike
    are left out; a sample whose label neuron is silent adds nothing to value and gradient.

    Parameters
    ----------
    tau0 : float
        Seconds; the scale on which earlier counts, > 0.
    alpha : float
        Weight of the term that pulls the label's spike towards early times, >= 0.
    tau1 : float
        Seconds; the scale of that term, > 0.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its domain.

    Notes
    -----
    Wunderlich and Pehle (2021), arXiv 2009.08378; Goeltz et al. (2021), arXiv 1912.11443.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.losses.TTFSCrossEntropy(tau0=1e-3)
    TTFSCrossEntropy(tau0=0.001, alpha=0.003, tau1=0.0064)
    """

    tau0: float
    alpha: float
    tau1: float
    _kind = _core.LOSS_TTFS_CROSS_ENTROPY

    def __init__(self, tau0: float = 0.5e-3, alpha: float = 3e-3, tau1: float = 6.4e-3) -> None:
        self._set(tau0=tau0, alpha=alpha, tau1=tau1)

    @classmethod
    def in_tau_syn(cls, tau_syn: float, xi: float = 0.2, alpha: float = 5e-3, beta: float = 1.0) -> TTFSCrossEntropy:
        """As Fast & Deep gives it, in units of the synaptic time constant: tau0 = xi tau_syn, tau1 = beta tau_syn.

        Parameters
        ----------
        tau_syn : float
            Seconds, > 0.
        xi, alpha, beta : float
            > 0, >= 0, > 0.

        Notes
        -----
        Goeltz et al. (2021), arXiv 1912.11443, whose loss is larger by the constant alpha.

        Examples
        --------
        >>> import spinnprop as sp
        >>> sp.losses.TTFSCrossEntropy.in_tau_syn(5e-3)
        TTFSCrossEntropy(tau0=0.001, alpha=0.005, tau1=0.005)
        """
        tau = checks.option(tau_syn, "tau_syn", cls._kind, "tau0")
        return cls(
            checks.option(xi, "xi", cls._kind, "tau0") * tau, alpha, checks.option(beta, "beta", cls._kind, "tau1") * tau
        )


class VMaxCrossEntropy(Loss):
    """Cross-entropy over the largest membrane values of a leaky read-out: -log softmax(max over time of V)[label].

    The network must be made with ``readout="leaky"``. The maximum is found exactly, between events too.

    Notes
    -----
    Wunderlich and Pehle (2021), arXiv 2009.08378. From default weights, which are positive in the mean, all maxima come about together and tell little of the
    classes: `VIntegralCrossEntropy` learns far more (97 % of Yin-Yang for 53 to 79 %). With weights into the read-out of mean 0, membranes
    times 5 to 20 by `Custom`, and a learning_rate of 5e-3, maxima reach 80 to 97 %. A training on engine "event" that has learnt little so is told.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.losses.VMaxCrossEntropy()
    VMaxCrossEntropy()
    """

    _kind = _core.LOSS_VMAX_CROSS_ENTROPY
    needs_leaky_readout = True

    def __init__(self) -> None:
        self._set()


class VMaxMSE(Loss):
    """Squared distance of a leaky read-out's largest membrane values from targets: 1/2 sum over outputs of (max over time of V - target)^2.

    The network must be made with ``readout="leaky"``. Targets are 1 for the label's neuron and 0 for the others; or give them,
    (n, n_outputs) float64, to `Trainer.run` or `Network.gradient` in place of labels. A membrane begins at 0, so no target below 0 is reached.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(100)
    >>> trainer = sp.Trainer(sp.Network([5, 20, 1], readout="leaky"), sp.losses.VMaxMSE(), epochs=2)
    >>> trainer.run(sp.encoding.latency(X, bias=0.0), X[:, :1])  # a number per sample
    True
    """

    _kind = _core.LOSS_VMAX_MSE
    _has_targets = True
    needs_leaky_readout = True

    def __init__(self) -> None:
        self._set()


class VIntegralCrossEntropy(Loss):
    """Cross-entropy over time integrals of the membranes of a leaky read-out: -log softmax(scale / T * integral of exp(-t / tau0) V)[label].

    The network must be made with ``readout="leaky"``; T is the ``t_end`` of the run, or tau0 of a run until silence. For samples that last: an
    integral feels every spike of the layers before, where a maximum feels those until then. On engine "event", exactly.

    Parameters
    ----------
    tau0 : float
        Seconds; of the weight, which lets early membranes count more, > 0. +inf: a weight of 1, for runs with a ``t_end``.
    scale : float
        What a mean membrane of 1 counts, > 0.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its domain.

    Notes
    -----
    Loss shaping: Nowotny, Turner and Knight (2022), arXiv 2212.01232, with tau0 = T.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(100)
    >>> loss = sp.losses.VIntegralCrossEntropy(tau0=50e-3)
    >>> trainer = sp.Trainer(sp.Network([5, 20, 3], readout="leaky"), loss, t_end=50e-3, epochs=2)
    >>> trainer.run(sp.encoding.latency(X, bias=0.0), y)
    True
    """

    tau0: float
    scale: float
    _kind = _core.LOSS_V_INTEGRAL_CROSS_ENTROPY
    needs_leaky_readout = True

    def __init__(self, tau0: float = math.inf, scale: float = 10.0) -> None:
        self._set(tau0=tau0, scale=scale)

    @classmethod
    def _over_input(cls, spikes: SpikeTrains, t_end: Optional[float]) -> Optional[VIntegralCrossEntropy]:
        """One that suits input for as long as it lasts; None where there is none."""
        length = float(spikes.times.max(initial=0.0))
        if length == 0:
            return None
        # Where there is a t_end the loss divides by that.
        scale = cls().scale * (1.0 if t_end in (None, math.inf) else t_end / length)
        return cls(tau0=length, scale=scale) if 0 < scale < math.inf else None


class SpikeTimeMSE(Loss):
    """Squared distance of first spike times from targets: 1/2 sum over outputs of ((t - target) / tau0)^2.

    Targets are t_label for the label's neuron and t_other, which must be later, for the others; or give target times, (n, n_outputs) float64
    seconds with +inf for none, to `Trainer.run` or `Network.gradient` in place of labels. Silent outputs and infinite targets add
    nothing; with labels, nor does a sample whose label's output is silent. A training's history, early stopping and `restore_best` count each silent
    output with a given target time as a spike at 0 would, at least as one tau0 off: max(1, (target / tau0)^2) / 2. That amount is a choice of this library, no
    part of the gradient.

    Parameters
    ----------
    tau0 : float
        Seconds; the unit of distance, > 0.
    t_label, t_other : float
        Seconds.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its domain.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.losses.SpikeTimeMSE(t_label=5e-3, t_other=15e-3).t_label
    0.005
    """

    tau0: float
    t_label: float
    t_other: float
    _kind = _core.LOSS_SPIKE_TIME_MSE
    _has_targets = True

    def __init__(self, tau0: float = 5e-3, t_label: float = 20e-3, t_other: float = 30e-3) -> None:
        self._set(tau0=tau0, t_label=t_label, t_other=t_other)


class ShiftInvariantMSE(Loss):
    """Squared distance of the other outputs from their wanted lag behind the label's first spike, whenever that is.

    1/2 sum over the other outputs of ((t - t_label - separation) / tau0)^2, with the gradient through t_label too: moving
    all spikes together changes nothing. Silent outputs add nothing, nor does a sample whose label neuron is silent.

    Parameters
    ----------
    separation : float
        Seconds; how long after the label's neuron the others shall spike, > 0.
    tau0 : float
        Seconds; the unit of distance, > 0.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its domain.

    Notes
    -----
    Goeltz, Weber, Kriener et al. (2024), DelGrad, arXiv 2404.19165.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.losses.ShiftInvariantMSE(separation=2e-3)
    ShiftInvariantMSE(separation=0.002, tau0=0.005)
    """

    separation: float
    tau0: float
    _kind = _core.LOSS_SHIFT_INVARIANT_MSE

    def __init__(self, separation: float = 1e-3, tau0: float = 5e-3) -> None:
        self._set(separation=separation, tau0=tau0)


class SpikeCountCrossEntropy(Loss):
    """Cross-entropy over soft spike counts: -log softmax(scale n)[label], n = sum over spikes of exp(-t / tau0).

    A count has no derivative with respect to spike times; the factor exp(-t / tau0) gives it one.

    Parameters
    ----------
    scale : float
        What one spike counts, > 0.
    tau0 : float
        Seconds; when a spike fades, > 0. +inf is the plain count, whose gradient is zero.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its domain.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.losses.SpikeCountCrossEntropy(scale=2.0).scale
    2.0
    """

    scale: float
    tau0: float
    _kind = _core.LOSS_SPIKE_COUNT_CROSS_ENTROPY

    def __init__(self, scale: float = 1.0, tau0: float = 20e-3) -> None:
        self._set(scale=scale, tau0=tau0)


class StepTTFSCrossEntropy(Loss):
    """Cross-entropy over first spike times counted in steps, for engines with time steps.

    -log softmax(-t / xi)[label] + alpha (exp(t_label / beta) - 1), t the steps of first spikes. A silent output counts as
    spiking after the last step, but gets no gradient.

    Parameters
    ----------
    xi : float
        Steps; the difference that tells outputs apart, > 0.
    alpha : float
        Weight of the term that pulls the label's spike towards early steps, >= 0.
    beta : float
        Steps; the scale of that term, > 0.
    ties_are_wrong : bool
        Whether several outputs that spike first together are no class; otherwise the lowest is.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its domain.

    Notes
    -----
    The public training code of arXiv 2412.15021.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.losses.StepTTFSCrossEntropy(xi=2.0)
    StepTTFSCrossEntropy(xi=2.0, alpha=0.01, beta=100.0, ties_are_wrong=False)
    """

    xi: float
    alpha: float
    beta: float
    ties_are_wrong: bool
    _kind = _core.LOSS_STEP_TTFS_CROSS_ENTROPY

    def __init__(
        self, xi: float = 1.5, alpha: float = 1e-2, beta: float = 100.0, ties_are_wrong: bool = False
    ) -> None:
        self._set(xi=xi, alpha=alpha, beta=beta)
        self.__dict__["ties_are_wrong"] = checks.boolean(ties_are_wrong, "ties_are_wrong")

    def _fields(self) -> Dict[str, Any]:
        return {name: int(value) if isinstance(value, bool) else value for name, value in super()._fields().items()}


class MembraneMSE(Loss):
    """Squared distance of a leaky read-out's membranes from targets at given times: 1/2 sum over times and outputs of (V(t) - target)^2.

    The network must be made with ``readout="leaky"``. Targets are given, (n, n_times, n_outputs) float64, to `Trainer.run` or `Network.gradient`; of
    labels they are 1 for the label's neuron and 0 for the others at all times. The rule of engine "event" alone reads membranes at any time and
    differentiates them. The class is the output whose membrane rises highest.

    Parameters
    ----------
    times : (n_times,) float64
        Seconds, >= 0, within the run: give it a t_end.

    Raises
    ------
    ValueError, TypeError
        If there are no times, or one of them is out of its domain.

    Examples
    --------
    >>> import numpy as np, spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(100)
    >>> times = np.array([10e-3, 20e-3, 30e-3])
    >>> trainer = sp.Trainer(sp.Network([5, 20, 1], readout="leaky"), sp.losses.MembraneMSE(times), t_end=40e-3, epochs=2)
    >>> trainer.run(sp.encoding.latency(X, bias=0.0), X[:, :1, None] * times[:, None] / 30e-3)  # a ramp per sample
    True
    """

    times: Tuple[float, ...]
    _kind = _core.LOSS_MEMBRANE_MSE
    _has_targets = True
    needs_leaky_readout = True

    def __init__(self, times: Any) -> None:
        self.__dict__["times"] = tuple(checks.array(times, np.float64, "times", ndim=1).tolist())
        self._set()

    def _fields(self) -> Dict[str, Any]:
        return {"kind": self._kind, "times": np.array(self.times)}

    def _targets(self, y: Any, n_samples: int, n_outputs: int, name: str) -> Optional[Float64Array]:
        if np.ndim(y) == 2 and len(self.times) > 1:
            wanted = (n_samples, len(self.times), n_outputs)
            raise ValueError(f"{name} has shape {np.shape(y)}; give targets of {wanted}, for each sample, time and output, or labels")
        if np.ndim(y) != 3:
            return None
        targets = checks.array(y, np.float64, name, ndim=3)
        checks.shape(targets, (n_samples, len(self.times), n_outputs), name)
        return targets.reshape(n_samples, -1)


class SpikeCountMSE(Loss):
    """Squared distance of soft spike counts from targets: 1/2 sum over outputs of (n - target)^2, n = sum over spikes of exp(-t / tau0).

    Targets are n_label for the label's neuron and n_other for the others; or give them, (n, n_outputs) float64, finite and >= 0, to `Trainer.run` or
    `Network.gradient` in place of labels. A silent output counts 0: there is nothing to differentiate, but its distance is in the value, and
    no sample is skipped. The class is the output with the largest count.

    Parameters
    ----------
    tau0 : float
        Seconds; when a spike fades, > 0. +inf is the plain count, whose gradient is zero.
    n_label, n_other : float
        Spikes, as they fade; >= 0, n_other the fewer.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its domain.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.losses.SpikeCountMSE(n_label=3.0)
    SpikeCountMSE(tau0=0.02, n_label=3.0, n_other=0.2)
    """

    tau0: float
    n_label: float
    n_other: float
    _kind = _core.LOSS_SPIKE_COUNT_MSE
    _has_targets = True

    def __init__(self, tau0: float = 20e-3, n_label: float = 2.0, n_other: float = 0.2) -> None:
        self._set(tau0=tau0, n_label=n_label, n_other=n_other)


class VanRossum(Loss):
    """Van Rossum's distance of output spike trains from target trains, added up over outputs.

    Both trains are filtered by exp(-t / tau0) from each spike on; 1 / tau0 times the integral of the squared distance of the two traces, in closed
    form. A spike that is missing or too many counts 1/2. Targets are given in place of labels to `Trainer.run` or `Network.gradient`: SpikeTrains with as
    many units as there are outputs, or (n, n_outputs, k) float64 seconds with +inf for none.

    Parameters
    ----------
    tau0 : float
        Seconds; how far apart spikes still see each other, > 0.

    Raises
    ------
    ValueError, TypeError
        If the parameter is out of its domain.

    Notes
    -----
    van Rossum (2001), A novel spike distance, Neural Computation 13; as sums: Paiva, Park and Principe (2009), Neural Computation 21.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(100)
    >>> spikes = sp.encoding.latency(X, bias=0.0)
    >>> teacher = sp.Network([5, 20, 3], seed=1).forward(spikes)
    >>> trainer = sp.Trainer(sp.Network([5, 20, 3], seed=2), sp.losses.VanRossum(), epochs=2)
    >>> trainer.run(spikes, teacher.spikes[-1])
    True
    """

    tau0: float
    _kind = _core.LOSS_VAN_ROSSUM
    _has_targets = True

    def __init__(self, tau0: float = 5e-3) -> None:
        self._set(tau0=tau0)

    def _targets(self, y: Any, n_samples: int, n_outputs: int, name: str) -> Optional[Float64Array]:
        if not isinstance(y, SpikeTrains):
            if np.ndim(y) != 3:
                raise ValueError(
                    f"{name} has {np.ndim(y)} dimensions, shape {np.shape(y)}, and VanRossum compares spike trains; give SpikeTrains with a unit for each "
                    "output, or their times, (n_samples, n_outputs, k), and for labels another loss, as SpikeCountMSE"
                )
            targets = checks.array(y, np.float64, name, ndim=3)
            checks.shape(targets, (n_samples, n_outputs, targets.shape[2]), name)
            return targets.reshape(n_samples, -1) if targets.size else np.full((n_samples, n_outputs), np.inf)
        if len(y) != n_samples or y.n_units != n_outputs:
            raise ValueError(
                f"{name} has {len(y)} spike trains of {y.n_units} units; there are {n_samples} samples of {n_outputs} outputs, "
                "and there must be as many"
            )
        pair = np.repeat(np.arange(n_samples), np.diff(y.offsets)) * n_outputs + y.units
        order = np.argsort(pair, kind="stable")
        counts = np.bincount(pair, minlength=n_samples * n_outputs)
        targets = np.full((n_samples * n_outputs, max(1, int(counts.max(initial=0)))), np.inf)
        ordinal = np.arange(len(pair)) - np.repeat(np.cumsum(counts) - counts, counts)
        targets[pair[order], ordinal] = y.times[order]
        return targets.reshape(n_samples, -1)


class EarlyDecisionCrossEntropy(Loss):
    """Cross-entropy over first spike times that also wants decisions early: -log softmax(-t / tau0)[label] + alpha min(t) / tau1.

    The penalty grows with the first spike of any output, at which the class is known; that of `TTFSCrossEntropy` with the label's. Outputs that never
    spike are left out; a sample whose label neuron is silent adds nothing.

    Parameters
    ----------
    tau0 : float
        Seconds; the scale on which earlier counts, > 0.
    alpha : float
        What a decision that comes tau1 later costs, >= 0.
    tau1 : float
        Seconds, > 0.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its domain.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.losses.EarlyDecisionCrossEntropy(alpha=0.1)
    EarlyDecisionCrossEntropy(tau0=0.0005, alpha=0.1, tau1=0.0064)
    """

    tau0: float
    alpha: float
    tau1: float
    _kind = _core.LOSS_EARLY_DECISION_CROSS_ENTROPY

    def __init__(self, tau0: float = 0.5e-3, alpha: float = 1e-2, tau1: float = 6.4e-3) -> None:
        self._set(tau0=tau0, alpha=alpha, tau1=tau1)


def _from_fields(fields: Dict[str, Any]) -> Loss:
    """The loss of the core's numbers."""
    kind: Any = next(kind for kind in Loss.__subclasses__() if kind._kind == fields["kind"])
    code = kind.__init__.__code__
    values = {name: fields[name] for name in code.co_varnames[1 : code.co_argcount]}
    if "ties_are_wrong" in values:
        values["ties_are_wrong"] = bool(values["ties_are_wrong"])
    loss: Loss = kind(**values)
    return loss


class RateRegularisation(Value):
    """Keeps hidden neurons near a firing rate: strength / 2 * sum over hidden neurons of (mean of n - target)^2.

    n = sum over a neuron's spikes of exp(-t / tau) is a soft spike count; its mean is over the batch. A spike at 3 tau counts for 0.05: the
    default tau is for samples of some tens of milliseconds, as a latency code makes them. For longer ones give about their length, so that late
    spikes count, and a target that is below the number of spikes.

    Parameters
    ----------
    strength : float
        >= 0.
    target : float
        Spikes per sample, >= 0.
    tau : float or None
        Seconds, > 0; None: 20 ms, times (tau_mem + tau_syn) / 25 ms of the network.

    Examples
    --------
    >>> import spinnprop as sp
    >>> sp.losses.RateRegularisation(strength=1e-3, target=1.0).strength
    0.001
    """

    strength: float
    target: float
    tau: Optional[float]

    def __init__(self, strength: float, target: float = 1.0, tau: Optional[float] = None) -> None:
        for name, value in (("strength", strength), ("target", target), ("tau", tau)):
            self.__dict__[name] = checks.option(value, name, _core.DOMAINS_GRADIENT, "rate_" + name)

    def _fields(self) -> Dict[str, float]:
        """As the core takes it."""
        fields = {"rate_strength": self.strength, "rate_target": self.target}
        return fields if self.tau is None else {**fields, "rate_tau": self.tau}
