"""What spiking estimators share: a network is made, woken, trained and run."""

from __future__ import annotations

import copy
import math
from typing import Any, Callable, Dict, Iterable, Iterator, Optional, Tuple

import numpy.typing as npt

# First, as it says what to install if scikit-learn is missing.
from .parameters import CHOSEN, OF_CODE, OF_NETWORK, OF_NEURONS, OF_OPTIMISER, OF_TRAINER, Parameters  # isort: skip
import numpy as np
from sklearn.base import _fit_context
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from .. import _core
from .. import _encoders as encoding
from .._engines.names import resolve
from .._network import Network
from .._recording import Recording
from .._spikes import SpikeTrains
from .._support import checks
from .._support.bars import EpochBar
from .._support.rescaling import rescaled
from .._support.types import Progress
from .._trainer import Trainer
from ..losses import TTFSCrossEntropy
from .validation import alike, comparable, hidden_sizes, restored, seed_of, weights_of
from .windows import counted_from, window

#: Samples that predict runs at a time, so that its memory does not grow with the number of samples.
_CHUNK = 8192


class SpikingEstimator(Parameters):
    """A spiking network that learns what a subclass makes of y."""

    network_: Network
    setting_: Dict[str, Any]
    start_: float
    _made_with: Dict[str, Any]
    #: Of partial_fit: what takes its steps, what draws the order of samples, and parameters that an optimiser cannot change on its way.
    _going_on: Optional[Tuple[Trainer, np.random.Generator, Dict[str, Any]]]

    def _begin(self, X: Any, y: Any, classes: Any = None) -> Tuple[Any, npt.NDArray[Any]]:
        """What is learnt from first, and y as `_held` gives it; `classes`: all that there will be, where not y alone tells."""
        raise NotImplementedError

    def _held(self, y: Any, whose: str) -> npt.NDArray[Any]:
        """Further y, as it is learnt; `whose` it is, for messages."""
        raise NotImplementedError

    @property
    def _n_outputs(self) -> int:
        raise NotImplementedError

    @property
    def _of_batch(self) -> Any:
        """Samples of a step."""
        return self.batch_size

    @property
    def _dropped_share(self) -> Any:
        """Of inputs, in training."""
        return self.input_dropout

    def _stratum(self, wanted: npt.NDArray[Any]) -> Optional[npt.NDArray[Any]]:
        """What a split of the samples keeps the shares of."""
        return None

    def _look_at(self, wanted: npt.NDArray[Any], weights: Optional[npt.NDArray[np.float64]]) -> None:
        """Looks at what is to be learnt before there is a network."""

    def _class_weight(self, wanted: npt.NDArray[Any]) -> Optional[npt.NDArray[np.float64]]:
        """How much samples count for what they are."""
        return None

    def _chosen(self, network: Network) -> Dict[str, Any]:
        """What is used of `CHOSEN` where it is not given."""
        setting = self.engine_._setting(network._handle)
        return {**setting, "t_late": setting["t_late"] + self.t_early}

    def _code_steps(self, steps: int) -> int:
        """Of a run of so many time steps those in which features spike."""
        return steps

    def _follows(self, spikes: SpikeTrains) -> bool:
        """Whether time constants that are not given follow the length of these spike trains."""
        return True

    def _engine_time_constants(self) -> Dict[str, Any]:
        setting = self.engine_._setting()
        return {name: setting[name] for name in OF_NEURONS}

    def _time_constants(self, X: Any) -> Dict[str, Any]:
        """Those of a network that is given none: the engine's, which in continuous time follow the length of spike trains."""
        own = self._engine_time_constants()
        if not isinstance(X, SpikeTrains) or self.engine_._grid is not None or not self._follows(X):
            return own
        first, last = window(X)
        stretch = self._stretch(last - first, X.n_units, own) if last > first else 1.0
        return own if stretch == 1 else {name: stretch * tau for name, tau in own.items()}

    def _stretch(self, length: float, n_units: int, own: Dict[str, Any]) -> float:
        """What an engine's own time constants are multiplied by for spike trains of a length."""
        raise NotImplementedError

    def _begins(self, X: Any) -> float:
        """From when the network's times count, seconds: losses want early answers, and have none in view if all of X comes late."""
        if not isinstance(X, SpikeTrains) or self.engine_._grid is not None:
            return 0.0
        if self.t_end is not None or np.any(self.drive) or not (self.loss is None or isinstance(self.loss, TTFSCrossEntropy)):
            return 0.0
        first, last = window(X)
        return first if first > 0.1 * (last - first) else 0.0

    def _network_options(self, tau_mem: Any) -> Dict[str, Any]:
        """What else the network is made with."""
        return {name: getattr(self, name) for name in OF_NETWORK}

    def _aim(self, network: Network, spikes: SpikeTrains, weights: Optional[npt.NDArray[np.float64]]) -> None:
        """Looks at the network before it is trained."""

    def _goal(self, wanted: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What `Trainer.run` is given."""
        return wanted

    def _loss_of(self, network: Network) -> Any:
        return self.loss

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        validation: Optional[Tuple[Any, Any]] = None,
        progress: Progress = None,
        *,
        sample_weight: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        callbacks: Iterable[Callable[[Trainer], object]] = (),
    ) -> Any:
        """Trains a new network; with `warm_start`, the one that an earlier fit has left.

        Parameters
        ----------
        X : (n_samples, n_features) float64, or SpikeTrains
        y : (n_samples,) labels of any sort; of a regressor (n_samples,) or (n_samples, n_targets) float64
        validation : None, or (X, y)
            Judged after every epoch, in `history_`; with early_stopping, it decides when to stop.
        progress : callable or None
            As in `Trainer.run`: returns True to stop after what has been learnt so far.
        sample_weight : (n_samples,) float64 >= 0, or None
            How much samples count beside each other: only ratios matter. Those of 0 are left out. Accuracies in `history_` count samples.
        X_val, y_val
            The validation set in two parts, in place of `validation`: as scikit-learn's pipelines hand it on through the steps before,
            with ``Pipeline(steps, transform_input=["X_val"])`` and ``set_fit_request(X_val=True, y_val=True)``.
        callbacks : iterable of callables
            As in `Trainer.run`: given the trainer at the end of each epoch.

        Returns
        -------
        The estimator itself.
        """
        if (X_val is None) != (y_val is None) or (validation is not None and X_val is not None):
            raise ValueError("the validation set is given in part or twice; give validation=(X, y), or both X_val and y_val")
        if X_val is not None:
            validation = (X_val, y_val)
        with restored(self, "network_"):
            return self._fit(X, y, sample_weight, validation, progress, callbacks)

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: Optional[Tuple[Any, Any]],
        progress: Progress,
        callbacks: Iterable[Callable[[Trainer], object]] = (),
    ) -> Any:
        goes_on = self.warm_start and hasattr(self, "network_")
        if goes_on and self.resume:
            # The checkpoint's training would be at its end already, and nothing be learnt.
            raise ValueError("warm_start goes on with the network of an earlier fit, and resume with the training of the checkpoint; set one of them to False")
        seed = seed_of(self)
        X, wanted, weights = self._samples(X, y, sample_weight, goes_on)
        if validation is not None:
            X_validation, y_validation = checks.pair(validation, "validation", "(X, y)")
            X_validation = alike(self, X_validation)
            wanted_validation = self._held(y_validation, "the validation set's y")
        elif self.early_stopping:
            kept, out = train_test_split(
                np.arange(len(wanted)), test_size=self.validation_fraction, random_state=seed % 2**32, stratify=self._stratum(wanted)
            )
            X_validation, wanted_validation = X[out], wanted[out]
            X, wanted, weights = X[kept], wanted[kept], None if weights is None else weights[kept]
        checks.progress(progress)
        network, spikes = self._woken(X, weights, seed, goes_on)
        held_out = None
        if validation is not None or self.early_stopping:
            held_out = (self._encode(X_validation), self._goal(wanted_validation))
        trainer = self._trainer_of(network, seed, goes_on)
        is_drawn = self.weight_mean is None and self.weight_std is None
        scaled = "the weights were scaled up to the first samples"
        if self.weight_bounds is not None:
            scaled += f" as far as weight_bounds={self.weight_bounds!r} allows: widen these"
        trainer._of_quiet_weights = scaled if is_drawn else "give larger weight_mean or weight_std, or neither"
        with EpochBar(self.epochs, shown=bool(self.verbose)) as bar:

            def watch(state: Dict[str, Any]) -> object:
                bar(state)
                return progress is not None and progress(state)

            try:
                trainer.run(spikes, self._goal(wanted), held_out, watch, sample_weight=weights, callbacks=callbacks)
            except BaseException as error:
                if trainer.epochs_done or isinstance(error, KeyboardInterrupt):
                    self._take(trainer)
                raise
        self._take(trainer)
        return self

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, classes: Any = None) -> Any:
        """One pass through samples, in an order drawn, with the optimiser as the pass before has left it."""
        goes_on = hasattr(self, "network_")
        with restored(self, "network_"):
            X, wanted, weights = self._samples(X, y, sample_weight, goes_on, classes)
            size = checks.option(self._of_batch, "batch_size", _core.DOMAINS_TRAINING)
            course = self._compared({"loss", "clip_norm", "bump", *OF_TRAINER} - {"epochs", "batch_size"})
            if goes_on and self._going_on is not None and self._going_on[2] == course:
                (trainer, order, _), spikes = self._going_on, self._encode(X)
                if self.learning_rate is not None and not np.array_equal(self.learning_rate, self.setting_["learning_rate"]):
                    trainer.learning_rate = self.learning_rate
                    self.setting_["learning_rate"] = self.learning_rate
            else:
                seed = seed_of(self)
                network, spikes = self._woken(X, weights, seed, goes_on)
                trainer = self._trainer_of(network, seed, goes_on, checkpoint=None, resume=False, patience=0, restore_best=False)
                order = np.random.default_rng(seed)
            goal = self._goal(wanted)
            try:
                for batch in np.split(order.permutation(len(X)), range(size, len(X), size)):
                    trainer.step((spikes[batch], goal[batch], None if weights is None else weights[batch]))
            finally:
                self._take(trainer)
                self._going_on = trainer, order, course
        return self

    def _compared(self, names: Iterable[str]) -> Dict[str, Any]:
        """Parameters, to be compared with what they are later."""
        return {name: comparable(getattr(self, name)) for name in names}

    def _samples(
        self, X: Any, y: Any, sample_weight: Any, goes_on: bool, classes: Any = None
    ) -> Tuple[Any, npt.NDArray[Any], Optional[npt.NDArray[np.float64]]]:
        """What is learnt from, and how much each sample counts, 1 in the mean; None where all count alike."""
        if goes_on:
            X, wanted = alike(self, X), self._held(y, "y")
            check_consistent_length(X, wanted)
            if not len(X):
                raise ValueError("X has 0 samples; at least 1 is needed")
            if self._sizes(X) != self.network_.layer_sizes:
                raise ValueError(
                    f"the network to go on with has layers of {self.network_.layer_sizes}, this is to be one of {self._sizes(X)}; "
                    "call fit with warm_start=False to begin anew"
                )
            for name, value in self._shape().items():
                if value != self._made_with[name]:
                    raise ValueError(
                        f"{name} is {checks.shown(getattr(self, name))}, which is not what the network to go on with was made with; give it as it was, "
                        "or call fit with warm_start=False to begin anew"
                    )
        else:
            # Engines that remember what has run on them do so for each fit alone.
            self.engine_ = copy.copy(resolve(self.engine))
            X, wanted = self._begin(X, y, classes)
        weights = weights_of(sample_weight, X, self._class_weight(wanted))
        if weights is not None and not weights.all():
            X, wanted, weights = X[weights > 0], wanted[weights > 0], weights[weights > 0]
        if not goes_on:
            self._look_at(wanted, weights)
        return X, wanted, None if weights is None else weights / weights.mean()

    def _shape(self) -> Dict[str, Any]:
        """Parameters that a network that goes on cannot change, to be compared."""
        return {"engine": comparable(resolve(self.engine)), **self._compared(("t_late", *OF_NEURONS, *OF_NETWORK, *OF_CODE))}

    def _woken(
        self, X: Any, weights: Optional[npt.NDArray[np.float64]], seed: int, goes_on: bool
    ) -> Tuple[Network, SpikeTrains]:
        """The network that is to be trained, and the spikes of X."""
        given = {name: getattr(self, name) for name in CHOSEN if getattr(self, name) is not None}
        if goes_on:
            self.setting_ = {**self.setting_, **{name: given[name] for name in OF_OPTIMISER if name in given}}
            return copy.copy(self.network_), self._encode(X)
        self.start_ = self._begins(X)
        if self.rescale and self.encodes_:
            self.feature_min_, self.feature_max_ = X.min(axis=0), X.max(axis=0)
        taus = {name: given[name] for name in OF_NEURONS if name in given}
        # One that is given wants the other as it stands beside it on this engine, not as it suits X.
        taus = {**(self._engine_time_constants() if taus else self._time_constants(X)), **taus}
        network = Network(
            self._sizes(X),
            **taus,
            seed=seed,
            engine=self.engine_,
            **self._network_options(taus["tau_mem"]),
        )
        chosen = {**self._chosen(network), **taus}
        self.setting_ = {name: given.get(name, chosen[name]) for name in CHOSEN}
        spikes = self._encode(X)
        if self.weight_mean is None and self.weight_std is None:
            if self.delay_init is not None:
                # Volleys that are drawn apart wake fewer neurons: delays come first. The trainer draws the same ones again.
                network = copy.copy(self._trainer_of(network, seed, checkpoint=None, resume=False).network)
            network.wake(spikes[: self._at_once], self.engine_, self.t_end, self.max_spikes)
        self._aim(network, spikes, weights)
        return network, spikes

    def _trainer_of(self, network: Network, seed: int, goes_on: bool = False, **other: Any) -> Trainer:
        own: Dict[str, Any] = {
            "patience": self.patience if self.early_stopping else 0,
            "restore_best": self.early_stopping,
            **{name: self.setting_[name] for name in OF_OPTIMISER},
            **{name: getattr(self, name) for name in OF_TRAINER},
            "batch_size": self._of_batch,
            "input_dropout": self._dropped_share,
            **other,
        }
        if goes_on:
            own["delay_init"] = None
        return Trainer(network, self._loss_of(network), engine=self.engine_, seed=seed, **own)

    def _recordings(self, X: Any) -> Iterator[Recording]:
        check_is_fitted(self, "network_")
        X = alike(self, X)
        for start in range(0, len(X), self._at_once):
            yield self._forward(self.network_, X[start : start + self._at_once])

    def _forward(self, network: Network, X: Any) -> Recording:
        return self._run(network, self._encode(X))

    def _run(self, network: Network, spikes: SpikeTrains) -> Recording:
        return network.forward(spikes, engine=self.engine_, t_end=self.t_end, max_spikes=self.max_spikes)

    @property
    def _at_once(self) -> int:
        """Samples of a run: not more than those for which max_spikes is meant."""
        return _CHUNK if self.max_spikes is None else min(_CHUNK, self._of_batch)

    def encode(self, X: Any) -> SpikeTrains:
        """What the network is given for X: rescaled as in fit, each sample's spikes with the bias; SpikeTrains with times from `start_` on.

        For what is asked of `network_` itself, whose input this is: membranes, gradients, runs on other engines.

        Parameters
        ----------
        X : (n_samples, n_features) float64, or SpikeTrains

        Raises
        ------
        ValueError, TypeError
            As predict does.
        NotFittedError
            Before fit.

        Examples
        --------
        >>> import spinnprop as sp
        >>> X, y = sp.datasets.yin_yang(200)
        >>> clf = sp.SpikingClassifier(hidden=(20,), epochs=1).fit(X, y)
        >>> rec = clf.network_.forward(clf.encode(X), engine=clf.engine_)
        >>> bool((rec.predict(clf.loss_) == clf.predict(X)).mean() > 0.9)
        True
        """
        check_is_fitted(self, "network_")
        return self._encode(alike(self, X))

    def _encode(self, X: Any) -> SpikeTrains:
        if isinstance(X, SpikeTrains):
            return counted_from(X, self.start_)
        if self.rescale:
            X = rescaled(X, self.feature_min_, self.feature_max_)
        if self.encoder is None:
            grid = self.engine_._grid
            if grid is None:
                return encoding.latency(X, self.t_early, self.setting_["t_late"], self.bias, early=self.early)
            return encoding.latency_grid(X, self._code_steps(grid.steps), self.t_min, grid.time_step, early=self.early)
        spikes = self.encoder(X)
        if not isinstance(spikes, SpikeTrains) or len(spikes) != len(X):
            raise ValueError(f"encoder gave {spikes!r}; it must give SpikeTrains with {len(X)} samples")
        return spikes

    def _sizes(self, X: Any) -> Tuple[int, ...]:
        return (self._n_inputs(X), *hidden_sizes(self.hidden), self._n_outputs)

    def _n_inputs(self, X: Any) -> int:
        """Units of encoded samples."""
        if isinstance(X, SpikeTrains):
            return X.n_units
        if self.encoder is not None:
            return self._encode(X[:1]).n_units
        return int(X.shape[1] + (self.engine_._grid is not None or self.bias is not None))

    def __getstate__(self) -> Dict[str, Any]:
        # A trainer can be neither pickled nor copied: a copy goes on with an optimiser that begins anew.
        return {**super().__getstate__(), "_going_on": None}

    def _take(self, trainer: Trainer) -> None:
        """Keeps what has been learnt."""
        self._going_on = None
        self._made_with = self._shape()
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
