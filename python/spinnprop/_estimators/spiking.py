"""A scikit-learn classifier."""

from __future__ import annotations

import copy
import math
from typing import Any, Dict, Iterator, Optional, Tuple

import numpy as np
import numpy.typing as npt

# First, as it says what to install if scikit-learn is missing.
from .parameters import CHOSEN, OF_NETWORK, OF_TRAINER, Parameters  # isort: skip
from sklearn.base import _fit_context
from sklearn.model_selection import train_test_split
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from .. import _encoders as encoding
from .._engines.names import resolve
from .._network import Network
from .._recording import Recording
from .._spikes import SpikeTrains
from .._support import checks
from .._support.bars import EpochBar
from .._support.types import Progress
from .._trainer import Trainer
from .decisions import Decisions
from .rescaling import rescaled
from .validation import alike, hidden_sizes, learnt, restored

#: Samples that predict runs at a time, so that its memory does not grow with the number of samples.
_CHUNK = 8192


class SpikingClassifier(Decisions, Parameters):
    """A spiking network as a scikit-learn classifier: one output neuron per class, features as spike times.

    X may be `SpikeTrains` wherever it is asked for: they are taken as they are, without encoder, rescaling and bias.

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
        Seeds initial weights, sample order, dropout and the validation split.
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
        None: the engine's own choice for the read-out and the time constants.
    tau_mem, tau_syn
        As in `Network`. None: the engine's choice; on a grid of time steps, the length of the run.
    threshold, reset, drive, refractory, delays, recurrent, connections, readout, weight_mean, weight_std, masks, recurrent_masks, signs, \
recurrent_signs, weight_bounds
        As in `Network`, whose input has one unit for each feature and one for the bias, and whose last layer one neuron per class.
        Initial weights that are not given are scaled up until enough of each layer spikes on the
        first samples.
    t_end, max_spikes
        As in `Network.forward`.
    learning_rate, clip_norm, bump
        As in `Trainer`. None: the engine's choice.
    optimizer, train, neuron_learning_rate, delay_learning_rate, delay_parameter, delay_shift, delay_scale, delay_l1, delay_l2, \
delay_init, momentum, weight_decay, schedule, schedule_epochs, schedule_gamma, clip_value, input_dropout, rate, checkpoint, \
checkpoint_every, resume
        As in `Trainer`.
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

    Raises
    ------
    KeyboardInterrupt
        From fit on Ctrl-C, within 0.2 s; the estimator keeps what it has learnt so far and can be used or fitted again.

    Examples
    --------
    >>> import spinnprop as sp
    >>> X, y = sp.datasets.yin_yang(1000)
    >>> clf = sp.SpikingClassifier(hidden=(60,), epochs=5).fit(X, y)
    >>> clf.predict(X).shape, clf.score(X, y) > 0.5
    ((1000,), True)
    """

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: Any, validation: Optional[Tuple[Any, Any]] = None, progress: Progress = None
    ) -> SpikingClassifier:
        """Trains a new network.

        Parameters
        ----------
        X : (n_samples, n_features) float64, or SpikeTrains
        y : (n_samples,) labels of any sort
        validation : None, or (X, y)
            Judged after every epoch, in `history_`; with early_stopping, it decides when to stop.
        progress : callable or None
            As in `Trainer.run`: returns something true to stop after what has been learnt so far.

        Returns
        -------
        The estimator itself.
        """
        with restored(self, "network_"):
            return self._fit(X, y, validation, progress)

    def _fit(self, X: Any, y: Any, validation: Optional[Tuple[Any, Any]], progress: Progress) -> SpikingClassifier:
        # Engines that remember what has run on them do so for each fit alone.
        self.engine_ = copy.copy(resolve(self.engine))
        X, y = learnt(self, X, y)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        labels = labels.astype(np.int64)
        if validation is not None:
            X_validation, y_validation = checks.pair(validation, "validation", "(X, y)")
            X_validation = alike(self, X_validation)
            labels_validation = self._labels(y_validation)
        elif self.early_stopping:
            X, X_validation, labels, labels_validation = train_test_split(
                X, labels, test_size=self.validation_fraction, random_state=self.seed % 2**32, stratify=labels
            )
        if self.rescale and self.encodes_:
            self.feature_min_, self.feature_max_ = X.min(axis=0), X.max(axis=0)
        given = {name: getattr(self, name) for name in CHOSEN if getattr(self, name) is not None}
        own = {**self.engine_._setting(), **given}
        hidden = hidden_sizes(self.hidden)
        checks.progress(progress)
        network = Network(
            [self._n_inputs(X), *hidden, len(self.classes_)],
            tau_mem=own["tau_mem"],
            tau_syn=own["tau_syn"],
            seed=self.seed,
            engine=self.engine_,
            **{name: getattr(self, name) for name in OF_NETWORK},
        )
        chosen = self.engine_._setting(network._handle)
        chosen["t_late"] += self.t_early
        self.setting_ = {name: given.get(name, chosen[name]) for name in CHOSEN}
        spikes = self._encode(X)
        held_out = None
        if validation is not None or self.early_stopping:
            held_out = (self._encode(X_validation), labels_validation)
        trained: Dict[str, Any] = {
            "engine": self.engine_,
            "seed": self.seed,
            **{name: self.setting_[name] for name in ("learning_rate", "clip_norm", "bump")},
            "patience": self.patience if self.early_stopping else 0,
            "restore_best": self.early_stopping,
            **{name: getattr(self, name) for name in OF_TRAINER},
        }
        if self.weight_mean is None and self.weight_std is None:
            if self.delay_init is not None:
                # Volleys that are drawn apart wake fewer neurons: delays come first. The trainer below draws the same ones again.
                network = copy.copy(Trainer(network, self.loss, **{**trained, "checkpoint": None, "resume": False}).network)
            network.wake(spikes, self.engine_, self.t_end, self.max_spikes)
        trainer = Trainer(network, self.loss, **trained)
        with EpochBar(self.epochs, shown=bool(self.verbose)) as bar:

            def watch(state: Dict[str, Any]) -> object:
                bar(state)
                return progress is not None and progress(state)

            try:
                trainer.run(spikes, labels, held_out, watch)
            except KeyboardInterrupt:
                self._take(trainer)
                raise
        self._take(trainer)
        return self

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """The loss's softmax over outputs: (n_samples, n_classes) float64, uniform where no output spoke."""
        parts = [recording.probabilities(self.loss_) for recording in self._recordings(X)]
        return np.concatenate([np.empty((0, len(self.classes_))), *parts])

    def _decide(self, X: Any) -> npt.NDArray[np.int64]:
        """The position in classes_ of each sample's class; -1 where no output spoke."""
        parts = [recording.predict(self.loss_) for recording in self._recordings(X)]
        return np.concatenate([np.empty(0, np.int64), *parts])

    def _recordings(self, X: Any) -> Iterator[Recording]:
        check_is_fitted(self, "network_")
        X = alike(self, X)
        for start in range(0, len(X), _CHUNK):
            yield self._forward(self.network_, X[start : start + _CHUNK])

    def _forward(self, network: Network, X: Any) -> Recording:
        return network.forward(self._encode(X), engine=self.engine_, t_end=self.t_end, max_spikes=self.max_spikes)

    def _encode(self, X: Any) -> SpikeTrains:
        if isinstance(X, SpikeTrains):
            return X
        if self.rescale:
            X = rescaled(X, self.feature_min_, self.feature_max_)
        if self.encoder is None:
            grid = self.engine_._grid
            if grid is None:
                return encoding.latency(X, self.t_early, self.setting_["t_late"], self.bias, early=self.early)
            return encoding.latency_grid(X, grid.steps, self.t_min, grid.time_step, early=self.early)
        spikes = self.encoder(X)
        if not isinstance(spikes, SpikeTrains) or len(spikes) != len(X):
            raise ValueError(f"encoder gave {spikes!r}; it must give SpikeTrains with {len(X)} samples")
        return spikes

    def _n_inputs(self, X: Any) -> int:
        """Units of encoded samples."""
        if isinstance(X, SpikeTrains):
            return X.n_units
        if self.encoder is not None:
            return self._encode(X[:1]).n_units
        return int(X.shape[1] + (self.engine_._grid is not None or self.bias is not None))

    def _labels(self, y: Any) -> npt.NDArray[np.int64]:
        """The positions of known labels in classes_."""
        given = np.asarray(y).ravel()
        unknown = given[~np.isin(given, self.classes_)]
        if len(unknown):
            raise ValueError(f"the validation set has the label {unknown[:1].tolist()[0]!r}, which the training set has not")
        return np.searchsorted(self.classes_, given).astype(np.int64)

    def _take(self, trainer: Trainer) -> None:
        """Keeps what has been learnt."""
        self.network_ = copy.copy(trainer.network)
        self.loss_ = trainer.loss
        self.history_ = trainer.history
        self.n_iter_ = trainer.epochs_done
        last = dict(zip(self.history_.dtype.names or (), self.history_[-1])) if self.n_iter_ else {}
        last.pop("seconds", None)
        self.report_: Dict[str, Any] = {
            "engine": self.engine_.name,
            "layer_sizes": self.network_.layer_sizes,
            "epochs": self.n_iter_,
            "seconds": float(self.history_["seconds"].sum()),
            "seconds_per_epoch": float(np.median(self.history_["seconds"])) if self.n_iter_ else math.nan,
            **{name: float(value) for name, value in last.items()},
            **(self.engine_._report() if self.n_iter_ else {}),
        }
