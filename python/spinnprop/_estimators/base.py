"""What spiking estimators share: a network is made, woken, trained and run."""

from __future__ import annotations

import copy
import math
from typing import Any, Dict, Iterator, Optional, Tuple

import numpy.typing as npt

# First, as it says what to install if scikit-learn is missing.
from .parameters import CHOSEN, OF_NETWORK, OF_TRAINER, Parameters  # isort: skip
import numpy as np
from sklearn.base import _fit_context
from sklearn.model_selection import train_test_split
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
from .rescaling import rescaled
from .validation import alike, hidden_sizes, restored

#: Samples that predict runs at a time, so that its memory does not grow with the number of samples.
_CHUNK = 8192


class SpikingEstimator(Parameters):
    """A spiking network that learns what a subclass makes of y."""

    def _begin(self, X: Any, y: Any) -> Tuple[Any, npt.NDArray[Any]]:
        """What is learnt from, and y as `_held` gives it."""
        raise NotImplementedError

    def _held(self, y: Any) -> npt.NDArray[Any]:
        """y of validation samples, as it is learnt."""
        raise NotImplementedError

    @property
    def _n_outputs(self) -> int:
        raise NotImplementedError

    def _stratum(self, wanted: npt.NDArray[Any]) -> Optional[npt.NDArray[Any]]:
        """What a split of the samples keeps the shares of."""
        return None

    def _chosen(self, network: Network) -> Dict[str, Any]:
        """What is used of `CHOSEN` where it is not given."""
        setting = self.engine_._setting(network._handle)
        return {**setting, "t_late": setting["t_late"] + self.t_early}

    def _aim(self, network: Network, spikes: SpikeTrains) -> None:
        """Looks at the network before it is trained."""

    def _goal(self, wanted: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What `Trainer.run` is given."""
        return wanted

    def _loss_of(self, network: Network) -> Any:
        return self.loss

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: Any, validation: Optional[Tuple[Any, Any]] = None, progress: Progress = None
    ) -> Any:
        """Trains a new network.

        Parameters
        ----------
        X : (n_samples, n_features) float64, or SpikeTrains
        y : (n_samples,) labels of any sort; of a regressor (n_samples,) or (n_samples, n_targets) float64
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

    def _fit(self, X: Any, y: Any, validation: Optional[Tuple[Any, Any]], progress: Progress) -> Any:
        # Engines that remember what has run on them do so for each fit alone.
        self.engine_ = copy.copy(resolve(self.engine))
        X, wanted = self._begin(X, y)
        if validation is not None:
            X_validation, y_validation = checks.pair(validation, "validation", "(X, y)")
            X_validation = alike(self, X_validation)
            wanted_validation = self._held(y_validation)
        elif self.early_stopping:
            X, X_validation, wanted, wanted_validation = train_test_split(
                X, wanted, test_size=self.validation_fraction, random_state=self.seed % 2**32, stratify=self._stratum(wanted)
            )
        if self.rescale and self.encodes_:
            self.feature_min_, self.feature_max_ = X.min(axis=0), X.max(axis=0)
        given = {name: getattr(self, name) for name in CHOSEN if getattr(self, name) is not None}
        own = {**self.engine_._setting(), **given}
        hidden = hidden_sizes(self.hidden)
        checks.progress(progress)
        network = Network(
            [self._n_inputs(X), *hidden, self._n_outputs],
            tau_mem=own["tau_mem"],
            tau_syn=own["tau_syn"],
            seed=self.seed,
            engine=self.engine_,
            **{name: getattr(self, name) for name in OF_NETWORK},
        )
        chosen = self._chosen(network)
        self.setting_ = {name: given.get(name, chosen[name]) for name in CHOSEN}
        spikes = self._encode(X)
        trained: Dict[str, Any] = {
            "engine": self.engine_,
            "seed": self.seed,
            **{name: self.setting_[name] for name in ("learning_rate", "clip_norm", "bump")},
            "patience": self.patience if self.early_stopping else 0,
            "restore_best": self.early_stopping,
            **{name: getattr(self, name) for name in OF_TRAINER},
        }
        loss = self._loss_of(network)
        if self.weight_mean is None and self.weight_std is None:
            if self.delay_init is not None:
                # Volleys that are drawn apart wake fewer neurons: delays come first. The trainer below draws the same ones again.
                network = copy.copy(Trainer(network, loss, **{**trained, "checkpoint": None, "resume": False}).network)
            network.wake(spikes, self.engine_, self.t_end, self.max_spikes)
        self._aim(network, spikes)
        held_out = None
        if validation is not None or self.early_stopping:
            held_out = (self._encode(X_validation), self._goal(wanted_validation))
        trainer = Trainer(network, loss, **trained)
        with EpochBar(self.epochs, shown=bool(self.verbose)) as bar:

            def watch(state: Dict[str, Any]) -> object:
                bar(state)
                return progress is not None and progress(state)

            try:
                trainer.run(spikes, self._goal(wanted), held_out, watch)
            except KeyboardInterrupt:
                self._take(trainer)
                raise
        self._take(trainer)
        return self

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
