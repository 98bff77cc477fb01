"""A scikit-learn regressor: numbers as first spike times, or as what the membranes of a leaky read-out reach."""

from __future__ import annotations

import math
from typing import Any, Dict, Optional, Tuple

# First, as it says what to install if scikit-learn is missing.
from .base import SpikingEstimator  # isort: skip
import numpy as np
from sklearn.base import RegressorMixin, _fit_context

from .. import losses
from .._network import Network
from .._recording import Recording
from .._spikes import SpikeTrains
from .._support import checks
from .._support.types import Float64Array
from .validation import hidden_sizes, learnt_numbers
from .windows import told_by_others, window

#: So many samples of the training set tell when outputs spike before they are trained.
_LOOKED_AT = 1000


class SpikingRegressor(
    RegressorMixin,
    SpikingEstimator,
    without=("class_weight",),
    batch_size=None,
    reset=None,
    refractory=None,
    average_epochs=10,
    bump_hidden_limit=0.02,
    input_dropout=None,
):
    """A spiking network as a scikit-learn regressor: one output neuron per target, whose first spike time stands for its value, or with
    ``readout="leaky"`` the largest value of its membrane.

    A target's range in the training set is spread over a window of times around the one at which its output of the untrained network spikes in the
    mean, as wide as the mean synaptic time constant, or as the input is long if that is more; within the run, and at most half of it, where
    a run has an end. Large values are early, or as `early` says. A time is read as a number by the same line, beyond the ends of the range, too; an
    output that is silent says the mean of the training set, and a target that never changed in it stays what it was. On time steps numbers come out
    coarser: more steps help.

    Membranes have a window of width 1 around their mean in the untrained network, none of it below 0. Initial weights to a leaky read-out that are not
    given are shifted to a sum of 0 for each output, and scaled so that its membrane reaches 1 in the mean. A membrane that never rises says
    the mean, too. It takes some tens of hidden neurons: of few, too many fall silent.

    Parameters
    ----------
    hidden, engine, epochs, seed, early_stopping, validation_fraction, patience, rescale, early, t_early, t_late, bias, t_min, \
encoder, tau_mem, tau_syn, threshold, drive, delays, recurrent, connections, readout, weight_mean, weight_std, masks, recurrent_masks, \
signs, recurrent_signs, weight_bounds, t_end, max_spikes, learning_rate, clip_norm, bump, gradient_engine, optimizer, train, neuron_learning_rate, \
delay_learning_rate, delay_parameter, delay_shift, delay_scale, delay_l1, delay_l2, delay_init, momentum, beta1, beta2, epsilon, weight_decay, \
schedule, schedule_epochs, schedule_gamma, accumulate, average_epochs, clip_value, bump_hidden_limit, bump_output_limit, bump_pairs, \
rate, checkpoint, \
checkpoint_every, resume, random_state, warm_start, verbose
        As in `SpikingClassifier`. In continuous time a latency code is best 0.7 synaptic time constants long, so that all inputs are heard before an output
        must speak; for membranes, which can wait, of n < 9 features and a bias 2.1 / sqrt(n). With t_late None it is so long; of SpikeTrains the engine's time
        constants are stretched to it where both are None. On time steps features spike in the first half of the run: outputs that are to speak in the second
        could not hear what comes then, and a leaky read-out of which neither time constant is given has both 0.3 times as long as hidden layers, so that its
        membranes tell early spikes from late ones. learning_rate None: what a classifier takes, for spike times 4 times as much, less by the root of their
        number with more than 20 input units, as for membranes on time steps. clip_norm None: of these 0.1. bump None: 0.05 in continuous time, since each
        hidden neuron that never speaks makes the function coarser.
    batch_size : int or None
        As in `SpikingClassifier`. None: 10, or 30 with membranes on time steps, whose gradients differ more from sample to sample.
    input_dropout : float or None
        The share of input units that a sample goes without while it is learnt. None: 0.1 times what inputs tell of each other, which is the mean over units
        of the third largest squared correlation of their first spikes with another unit's, so that inputs which are many and alike, as pixels are, make up
        for each other, and of those which each count none is missed.
    refractory : float, array-like or None
        As in `Network`. None: tau_mem with engine "event" and without recurrence, so that a neuron speaks once in a latency code and the
        network's answer has fewer steps; else 0.
    reset : float, array-like or None
        As in `Network`. None: -10 with membranes on time steps, to the same end; else 0.
    loss : Loss or None
        `losses.SpikeTimeMSE`, of membranes `losses.VMaxMSE`, or `losses.Custom`, whose function gets as y what outputs are to say: seconds of
        first spikes, or largest membranes. None: the one of the read-out, with the mean tau_syn as tau0.

    Attributes
    ----------
    network_, history_, report_, engine_, n_features_in_, encodes_, loss_, setting_, start_
        As in `SpikingClassifier`; accuracies in history_ are NaN, setting_ has input_dropout, too.
    target_ndim_ : int
        Dimensions of the y that was learnt.
    target_min_, target_max_, target_mean_ : (n_targets,) float64
        Of the training set.
    target_outputs_ : (2, n_targets) float64
        What stands for target_min_ and target_max_: seconds, or membranes.

    Examples
    --------
    >>> import numpy as np, spinnprop as sp
    >>> X = np.random.default_rng(0).uniform(size=(300, 4))
    >>> y = X @ [1.0, -2.0, 0.5, 0.0]
    >>> reg = sp.SpikingRegressor(hidden=(60,), epochs=50).fit(X, y)
    >>> reg.predict(X).shape, reg.score(X, y) > 0.9
    ((300,), True)
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _more_tags(self) -> Dict[str, Any]:  # scikit-learn before 1.6
        return {"multioutput": True}

    def _begin(self, X: Any, y: Any, classes: Any = None) -> Tuple[Any, Float64Array]:
        X, y = learnt_numbers(self, X, y)
        self.target_ndim_ = y.ndim
        return X, y.reshape(len(y), -1)

    def _look_at(self, wanted: Float64Array, weights: Optional[Float64Array]) -> None:
        self.target_min_, self.target_max_ = wanted.min(axis=0), wanted.max(axis=0)
        if not np.isfinite(self._span).all():
            raise ValueError("y spans more than float64 holds; scale it down")
        self.target_mean_ = self.target_min_ + self._span * np.average(self._fractions(wanted), axis=0, weights=weights)

    def _held(self, y: Any, whose: str) -> Float64Array:
        y = checks.array(y, np.float64, whose)
        wanted = (len(y),) if self.target_ndim_ == 1 else (len(y), self._n_outputs)
        checks.shape(y, wanted, whose)
        if not np.isfinite(y).all():
            raise ValueError(f"{whose} has NaN or infinity; every element must be finite")
        return y.reshape(len(y), -1)  # type: ignore[no-any-return]

    @property
    def _n_outputs(self) -> int:
        return len(self.target_min_)

    @property
    def _span(self) -> Float64Array:
        with np.errstate(over="ignore"):
            span: Float64Array = self.target_max_ - self.target_min_
        return span

    def _fractions(self, y: Float64Array) -> Float64Array:
        """Where in its range each number lies; of targets that are all the same 0."""
        fractions: Float64Array = (y - self.target_min_) / np.where(self._span > 0, self._span, 1.0)
        return fractions

    def _chosen(self, network: Network) -> Dict[str, Any]:
        chosen = super()._chosen(network)
        # Times are to be met, not only told apart, which takes longer ways. The more inputs a neuron has, the further a step moves its spikes.
        of_inputs = min(1.0, math.sqrt(20 / network.layer_sizes[0]))
        if network.readout == "spiking":
            faster = 4.0 * of_inputs
        else:
            faster = of_inputs if self._is_stepped_membrane else 1.0
        return {
            **chosen,
            "t_late": self.t_early + self._code_length(network.layer_sizes[0]) * float(np.mean(network.tau_syn[0])),
            "learning_rate": faster * chosen["learning_rate"],
            "clip_norm": 0.1 if self._is_stepped_membrane else chosen["clip_norm"],
            "bump": 0.05 if self.engine_._grid is None else chosen["bump"],
        }

    @property
    def _is_stepped_membrane(self) -> bool:
        return self.readout == "leaky" and self.engine_._grid is not None

    def _time_constants(self, X: Any) -> Dict[str, Any]:
        own = super()._time_constants(X)
        if not self._is_stepped_membrane:
            return own
        # As slow as hidden neurons, a membrane would add up all that comes, and spikes early and late would differ by little.
        hidden = len(hidden_sizes(self.hidden))
        return {name: [tau] * hidden + [0.3 * tau] for name, tau in own.items()}

    @property
    def _of_batch(self) -> Any:
        if self.batch_size is None:
            return 30 if self._is_stepped_membrane else 10
        return self.batch_size

    @property
    def _dropped_share(self) -> Any:
        # Before the samples have been looked at nothing is trained.
        return self.setting_.get("input_dropout", 0.0) if self.input_dropout is None else self.input_dropout

    def _code_length(self, n_units: int) -> float:
        """How long samples of so many input units should be, in synaptic time constants.

        Short enough for all inputs to be heard before an output must speak, long enough for hidden neurons to answer to parts of them. Membranes are read
        whenever they are highest and can wait: of few features, between which little else differs, a longer code tells more. One unit counts as the bias.
        """
        return 0.7 * (max(1.0, 3.0 / math.sqrt(max(1, n_units - 1))) if self.readout == "leaky" else 1.0)

    def _stretch(self, length: float, n_units: int, own: Dict[str, Any]) -> float:
        return length / (self._code_length(n_units) * float(own["tau_syn"]))

    def _code_steps(self, steps: int) -> int:
        # Inputs that come in the second half could not be heard by outputs that are to speak in it.
        return max(round(steps / 2), min(steps, self.t_min + 3))

    def _network_options(self, tau_mem: Any) -> Dict[str, Any]:
        options = super()._network_options(tau_mem)
        if self.refractory is None:
            recurs = np.any(self.recurrent) or any(source == target for source, target in self.connections or ())
            options["refractory"] = tau_mem if self.engine_.name == "event" and not recurs else 0.0
        if self.reset is None:
            # There are no refractory periods on time steps. Deeper, and the few spikes that come a second time would have gradients beyond all others.
            options["reset"] = -10.0 if self._is_stepped_membrane else 0.0
        return options

    def _loss_of(self, network: Network) -> Any:
        usual = losses.VMaxMSE() if network.readout == "leaky" else losses.SpikeTimeMSE(tau0=float(np.mean(network.tau_syn[-1])))
        if self.loss is None:
            return usual
        if not isinstance(self.loss, (type(usual), losses.Custom)):
            raise ValueError(
                f"loss is {self.loss!r}; a regressor with a {network.readout} read-out has losses.{type(usual).__name__} or losses.Custom"
            )
        if isinstance(self.loss, losses.Custom) and self.loss.of == "integrals":
            raise ValueError("loss is Custom of integrals, and a regressor reads largest membranes; give of='maxima', or train on integrals by a Trainer")
        return self.loss

    def _aim(self, network: Network, spikes: SpikeTrains, weights: Optional[Float64Array]) -> None:
        begins, ends = window(spikes)
        # Samples without spikes, of which the first may all be, tell nothing of inputs, and without a drive nothing of outputs.
        heard = np.flatnonzero(np.diff(spikes.offsets))[:_LOOKED_AT]
        if len(heard):
            spikes, weights = spikes[heard], None if weights is None else weights[heard]
        self.setting_["input_dropout"] = 0.1 * told_by_others(spikes, weights) if self.input_dropout is None else self.input_dropout
        if network.readout == "leaky" and self.weight_mean is None and self.weight_std is None:
            self._spread(network, spikes, weights)
        middle, _ = self._said_of(network, spikes, weights)
        if network.readout == "leaky":
            first = np.maximum(middle - 0.5, 0.0)
            self.target_outputs_ = np.array([first, first + 1.0])
            return
        width = max(float(np.mean(network.tau_syn[-1])), ends - begins)
        grid = self.engine_._grid
        latest = math.inf if self.t_end is None else float(self.t_end)
        if grid is not None:
            latest = min(latest, grid.time_step * (grid.steps - 1))
        width = min(width, latest / 2)
        first = np.clip(middle - width / 2, 0.0, latest - width)
        self.target_outputs_ = np.array([first + width, first] if self.early == "large" else [first, first + width])

    def _said_of(self, network: Network, spikes: SpikeTrains, weights: Optional[Float64Array]) -> Tuple[Float64Array, Float64Array]:
        """Mean and standard deviation of what outputs of the untrained network say of the first samples: (n_targets,) each."""
        said = _said(network, self._run(network, spikes[: min(_LOOKED_AT, self._at_once)]))
        heard = np.isfinite(said)
        if not heard.any(axis=0).all():
            raise ValueError(
                f"an output of the untrained network is silent in all of {len(said)} samples; see that X has spikes, and give a larger weight_mean where one "
                "was given"
            )
        counts = heard if weights is None else heard * weights[: len(heard), None]
        said = np.where(heard, said, 0.0)
        mean: Float64Array = np.average(said, axis=0, weights=counts)
        return mean, np.sqrt(np.average((said - mean) ** 2, axis=0, weights=counts))

    def _spread(self, network: Network, spikes: SpikeTrains, weights: Optional[Float64Array]) -> None:
        """Has membranes of the read-out differ around zero, as sums of signed weights do, and reach 1."""
        into = [ends for ends in network.connections if ends[1] == len(network.layer_sizes) - 1]

        def scale(factors: Float64Array) -> None:
            for ends in into:
                network.weights[ends] = network.weights[ends] * factors[:, None]

        for ends in into:
            network.weights[ends] = network.weights[ends] - network.weights[ends].mean(axis=1, keepdims=True)
        up = self._said_of(network, spikes, weights)
        scale(np.full(len(up[0]), -1.0))
        down = self._said_of(network, spikes, weights)
        # Of the sides above zero, where membranes are read, the larger one; of two that are not too unlike the one on which samples differ more: a membrane
        # that is highest long after all spikes have come tells little of when they did.
        is_open = np.minimum(up[0], down[0]) >= np.maximum(up[0], down[0]) / 4
        is_up = np.where(is_open, up[1] > down[1], up[0] > down[0])
        most = np.where(is_up, up[0], down[0])
        scale(np.where(is_up, -1.0, 1.0) / np.where(most > 0, most, 1.0))

    def _goal(self, wanted: Float64Array) -> Float64Array:
        low, high = self.target_outputs_
        # Validation samples may lie beyond the range.
        goal: Float64Array = np.maximum(low + (high - low) * self._fractions(wanted), 0.0)
        return goal

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, *, sample_weight: Any = None) -> Any:
        """One pass through samples; see `SpikingClassifier.partial_fit`. The targets' ranges are those of the first call."""
        if not hasattr(self, "network_") and np.size(y) and (np.ptp(np.asarray(y, np.float64), axis=0) == 0).any():
            raise ValueError("y never changes in the first call of partial_fit; give samples whose targets differ, as their ranges are kept")
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X: Any) -> Float64Array:
        """What the network says of each sample: (n_samples,) float64, or (n_samples, n_targets) where y had such a shape."""
        parts = [_said(self.network_, recording) for recording in self._recordings(X)]
        said = np.concatenate([np.empty((0, self._n_outputs)), *parts])
        if self.network_.readout == "leaky":
            # A membrane that never rises says as little as a neuron that never speaks.
            said[said == 0] = np.inf
        low, high = self.target_outputs_
        fractions = (said - low) / (high - low)
        heard = np.isfinite(fractions)
        # A target that never changed has no span, and nothing times infinity is no number.
        numbers: Float64Array = np.where(heard, self.target_min_ + self._span * np.where(heard, fractions, 0.0), self.target_mean_)
        return numbers[:, 0] if self.target_ndim_ == 1 else numbers


def _said(network: Network, recording: Recording) -> Float64Array:
    """What stands for numbers, (n_samples, n_targets); +inf where an output is silent."""
    return recording.maxima if network.readout == "leaky" else recording.first_spike_times

