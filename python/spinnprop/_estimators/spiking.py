"""A scikit-learn classifier."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

import numpy.typing as npt

# First, as it says what to install if scikit-learn is missing.
from .base import SpikingEstimator  # isort: skip
import numpy as np
from sklearn.base import _fit_context
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from .._network import Network
from .._spikes import SpikeTrains
from .._support import checks
from ..losses import Loss, VIntegralCrossEntropy
from .decisions import Decisions
from .validation import learnt, unmasked


class SpikingClassifier(Decisions, SpikingEstimator):
    """A spiking network as a scikit-learn classifier: one output neuron per class, features as spike times.

    X may be `SpikeTrains` wherever it is asked for: they are taken as they are, without encoder, rescaling and bias. In continuous time theirs count from
    the training set's first spike, `start_`, if it comes later than a tenth of the set's length, and neither t_end, a drive nor a loss is given
    (but `losses.TTFSCrossEntropy`) whose times count from 0.

    Parameters
    ----------
    hidden : sequence of int or int
        Neurons of each hidden layer.
    engine : "event", "clock", "spinnaker2", "first-spike", "brainscales2" or an engine object
        What the network runs on. It chooses what is None below unless that is given: encoder, loss, and what suits training on
        its neurons and its grid. Of an emulated chip fit takes a copy, `engine_`, with an account of its own.
    epochs : int
        Passes through the training set.
    batch_size : int
        Samples per step; a partial last batch is used.
    seed : int
        Seeds initial weights, sample order, dropout and the validation split: the same numbers in every fit.
    early_stopping : bool
        Whether to hold out `validation_fraction` of the samples (unless fit is given a validation set), to stop after
        `patience` epochs without a better validation loss, and to end with the best parameters seen.
    rescale : bool
        Whether to map each feature's range in the training set to [0, 1], clipping what lies outside later; a constant
        feature becomes 0. If not, features must lie in [0, 1].
    early : "large" or "small"
        Which values spike early: on every engine the large ones unless told.
    t_early, t_late, bias : float
        For engines in continuous time, in seconds: when the first and the last values spike, and an additional input unit (None:
        no such unit). See `encoding.latency`. t_late None: so long after t_early as suits the network's time constants and
        number of inputs.
    t_min : int
        For engines with time steps: the first step at which a value spikes. See `encoding.latency_grid`.
    encoder : callable or None
        Makes `SpikeTrains` of X in [0, 1], (n_samples, n_features), in place of early, t_early, t_late, bias and t_min.
    loss : Loss or None
        None: the engine's own choice for the read-out and the time constants. Predictions go by it, too; with `losses.Custom` by first spikes, or by largest
        membranes, whatever its function looks at. For a leaky read-out on engine "event": `losses.VIntegralCrossEntropy`, with the time of the last
        input spike as tau0, and means over as long; an epoch takes some five times as long as with the largest membrane.
    tau_mem, tau_syn
        As in `Network`. Both None: the engine's choice; on a grid of time steps, the length of the run. In continuous time, of SpikeTrains that are longer
        than 6 synaptic time constants: the engine's, stretched to that length, so that an output hears all of them before it decides; of those that are
        shorter than 3/4 of the engine's latency code: shrunk likewise. A leaky read-out
        hears all as it is: there they follow units that spike at most once in a sample, but for a few. A few spikes far from all others do not count.
    threshold, reset, drive, refractory, delays, recurrent, connections, readout, weight_mean, weight_std, masks, recurrent_masks, signs, \
recurrent_signs, weight_bounds
        As in `Network`, whose input has one unit for each feature and one for the bias, and whose last layer one neuron per class.
        Initial weights that are not given are scaled up until enough of each layer spikes on the
        first samples.
    t_end, max_spikes
        As in `Network.forward`; max_spikes for each batch_size samples of a run.
    learning_rate, clip_norm, bump
        As in `Trainer`. None: the engine's choice.
    gradient_engine, optimizer, train, neuron_learning_rate, delay_learning_rate, delay_parameter, delay_shift, delay_scale, delay_l1, \
delay_l2, delay_init, momentum, beta1, beta2, epsilon, weight_decay, schedule, schedule_epochs, schedule_gamma, accumulate, average_epochs, clip_value, \
bump_hidden_limit, \
bump_output_limit, bump_pairs, input_dropout, rate, checkpoint, checkpoint_every, resume
        As in `Trainer`. Of a checkpoint that is said to be of another network the samples may be others, too: initial weights follow from them.
    class_weight : None, "balanced" or dict
        How much samples of each label count beside those of others; "balanced": labels count alike, however many samples they have. Times
        `sample_weight` of fit.
    random_state : None, int or RandomState
        In place of `seed`, as scikit-learn has it, for ensembles and searches that set it: a number below 2**32 means the same, from a RandomState each
        fit draws another. None: `seed` counts.
    warm_start : bool
        Whether fit goes on with the network that an earlier one has left, for `epochs` more, with an optimiser that begins anew; ranges of
        features, labels and initial weights stay what they were. From the second fit on not beside `resume`, which goes on by itself.
    verbose : bool
        Whether to show progress: a bar, or lines where there is no terminal.

    Attributes
    ----------
    network_ : Network
    history_ : (epochs,) structured array
        See `Trainer.history`.
    report_ : dict
        A summary: sizes, spikes per sample, seconds; of an emulated chip, its "account" and what it is estimated to take
        per sample forward: "time" in seconds, "energy" in joules.
    engine_ : Engine
        What the network runs on.
    classes_ : array
    n_features_in_ : int
        Features, or units of spike trains.
    encodes_ : bool
        Whether it has learnt from numbers, not from SpikeTrains.
    loss_ : Loss
    setting_ : dict
        tau_mem, tau_syn, t_late, learning_rate, clip_norm and bump as they were used, given or chosen.
    start_ : float
        Seconds of SpikeTrains from which the network's times count; what comes earlier comes then.

    Raises
    ------
    KeyboardInterrupt
        From fit on Ctrl-C, within 0.2 s; the estimator keeps what it has learnt so far and can be used or fitted again. So it
        does where a callback, progress or a function of one's own raises after the first epoch.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(1000)
    >>> clf = sp.SpikingClassifier(hidden=(60,), epochs=5).fit(X, y)
    >>> clf.predict(X).shape, clf.score(X, y) > 0.5
    ((1000,), True)
    """

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, *, sample_weight: Any = None) -> Any:
        """One pass through samples, to go on with what fit or partial_fit has learnt, or to begin.

        The first call makes the network: ranges of features and initial weights follow from its samples, which should be of all sorts. Further calls go
        on with the optimiser as the one before has left it, with `learning_rate` and `batch_size` as they are set now; one after fit, of a copy or a
        pickle, or with another loss or other parameters of training, begins it anew. Passes follow no schedule, have no input dropout, bump no
        silent neurons, add up no batches, average no epochs, write no checkpoint, and are not in `history_`, which is empty then.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        classes : (n_classes,) array, or None
            All labels that there will be; needed in the first call alone.

        Returns
        -------
        The estimator itself.

        Examples
        --------
        >>> import spinnprop as sp
        >>> X, y = sp.datasets.yin_yang(300)
        >>> clf = sp.SpikingClassifier(hidden=(30,), batch_size=50)
        >>> for first in range(0, 300, 100):
        ...     part = slice(first, first + 100)
        ...     clf = clf.partial_fit(X[part], y[part], classes=[0, 1, 2])
        >>> clf.predict(X).shape
        (300,)
        """
        if self.class_weight == "balanced":
            raise ValueError("class_weight is 'balanced', which part of the samples cannot tell; give the weights, as {label: weight}")
        if not hasattr(self, "network_") and classes is None:
            raise ValueError("classes is None in the first call of partial_fit; give all labels that there will be")
        if hasattr(self, "network_") and classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"classes is {checks.shown(classes)}, but the estimator has {checks.shown(self.classes_)}; they must agree")
        return self._partial_fit(X, y, sample_weight, classes)

    def _stretch(self, length: float, n_units: int, own: Dict[str, Any]) -> float:
        longer = length / (6 * float(own["tau_syn"]))
        if longer > 1.1:
            return longer
        usual = self.engine_._setting(Network((n_units, 1), **own)._handle)["t_late"]
        return length / usual if length < 0.75 * usual else 1.0

    def _follows(self, spikes: SpikeTrains) -> bool:
        return self.readout == "spiking" or _is_latency_code(spikes)

    def _begin(self, X: Any, y: Any, classes: Any = None) -> Tuple[Any, npt.NDArray[np.int64]]:
        X, y = learnt(self, X, y)
        check_classification_targets(y)
        self.classes_ = np.unique(y if classes is None else classes)
        #: Where the engine's own choice is not the one to take.
        self._usual_loss: Optional[Loss] = None
        return X, self._held(y, "y")

    def _held(self, y: Any, whose: str) -> npt.NDArray[np.int64]:
        """The positions of known labels in classes_."""
        unmasked(y=y)
        given = column_or_1d(y, warn=True)
        unknown = given[~np.isin(given, self.classes_)]
        if len(unknown):
            raise ValueError(f"{whose} has the label {unknown[:1].tolist()[0]!r}, which is none of the classes {checks.shown(self.classes_.tolist())}")
        places: npt.NDArray[np.int64] = np.searchsorted(self.classes_, given).astype(np.int64)
        return places

    @property
    def _n_outputs(self) -> int:
        return len(self.classes_)

    def _aim(self, network: Network, spikes: SpikeTrains, weights: Optional[npt.NDArray[np.float64]]) -> None:
        # From weights as they are drawn all maxima of membranes come about together and tell little of the classes; integrals feel every spike.
        if network.readout == "leaky" and self.engine_.name == "event":
            self._usual_loss = VIntegralCrossEntropy._over_input(spikes, self.t_end)

    def _loss_of(self, network: Network) -> Optional[Loss]:
        return self._usual_loss if self.loss is None else self.loss

    def _stratum(self, wanted: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return wanted

    def _class_weight(self, wanted: npt.NDArray[Any]) -> Optional[npt.NDArray[np.float64]]:
        if self.class_weight is None:
            return None
        weights: npt.NDArray[np.float64] = compute_sample_weight(self.class_weight, self.classes_[wanted])
        return weights

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """The loss's softmax over outputs: (n_samples, n_classes) float64, uniform where no output spoke; 0 and 1 of a loss without, as `losses.Custom`."""
        parts = [recording.probabilities(self.loss_) for recording in self._recordings(X)]
        return np.concatenate([np.empty((0, len(self.classes_))), *parts])

    def _decide(self, X: Any) -> npt.NDArray[np.int64]:
        """The position in classes_ of each sample's class; -1 where no output spoke."""
        parts = [recording.predict(self.loss_) for recording in self._recordings(X)]
        return np.concatenate([np.empty(0, np.int64), *parts])


def _is_latency_code(spikes: SpikeTrains) -> bool:
    """Whether units spike once at most in a sample, but for a few."""
    sample = np.repeat(np.arange(len(spikes)), np.diff(spikes.offsets))
    return len(np.unique(sample * spikes.n_units + spikes.units)) >= 0.95 * len(spikes.units)
