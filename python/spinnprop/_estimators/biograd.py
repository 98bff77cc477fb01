"""Local learning as a scikit-learn classifier."""

from __future__ import annotations

import inspect
import os
import warnings
from typing import Any, Dict, Optional, Sequence, Union

import numpy as np
import numpy.typing as npt

# First, as it says what to install if scikit-learn is missing.
from . import parameters  # noqa: F401  # isort: skip
from sklearn.base import BaseEstimator
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from .._biograd import BioGrad, answers
from .._spikes import SpikeTrains
from .._support import checks
from .._support.bars import EpochBar
from .._support.rescaling import rescaled
from .._support.types import PathLike, Progress
from ..spinnaker2 import Board, Chip, Engine
from .decisions import Decisions
from .nested import NestedParameters
from .validation import alike, hidden_sizes, learnt, restored, seed_of


class BioGradClassifier(Decisions, NestedParameters, BaseEstimator):
    """BioGrad as a scikit-learn classifier: features as probabilities of a spike in each step, one output neuron per class.

    X may be `SpikeTrains` wherever it is asked for, with `step_time`: they are taken as they are, without rescaling and complements.
    Initial weights are scaled up until each layer spikes on the first samples.

    There are neither weights of samples and classes nor `partial_fit` and `warm_start`, as errors come as spikes of single samples: repeat samples that
    count more, and go on with ``model.training_``, whose `epochs` may be raised before it runs again (see `BioGrad`).

    Parameters
    ----------
    hidden : sequence of int or int
        Neurons of each hidden layer. One of 100 suits tables and small images; the published networks for MNIST have (500, 100).
    complement : bool or None
        Whether an input for 1 - x stands beside that of each feature x, so that small values speak as well. None: with fewer than 32
        features.
    rescale : bool
        Whether to map each feature's range in the training set to [0, 1], clipping what lies outside later; a constant feature
        becomes 0. If not, features must lie in [0, 1].
    steps, soft_start, decay, threshold, window, amplitude, rule, feedback, sleep, sleep_steps, sleep_rate, sleep_power, sleep_draw, \
averages_sleep, learning_rate, batch_size, epochs, seed, counts, counts_from, traces_from, includes_threshold, integer, engine
        As in `BioGrad`. `window` is twice the published one: with that, neurons at rest do not learn to spike.
    step_time : float or None
        Seconds per step, of SpikeTrains alone.
    checkpoint : path or None
        A file that is written after each epoch and on Ctrl-C; see `BioGrad.run`. What is there is overwritten, unless `resume`.
    resume : bool
        Whether to go on from `checkpoint` if it exists, with the same data and the same options but `epochs`. One that has done as many or
        more is taken as it is.
    random_state : None, int or RandomState
        As in `SpikingClassifier`.
    verbose : bool
        Whether to show progress: a bar, or lines where there is no terminal.

    Attributes
    ----------
    training_ : BioGrad
        What has been trained.
    history_ : (n_iter_,) structured array
        See `BioGrad.history`: accuracy, and for each hidden layer the angle of its feedback and the ratio of norms.
    classes_ : array
    complements_ : bool
        Whether inputs for 1 - x were used.
    feature_min_, feature_max_ : (n_features_in_,) array
        Each feature's range in the training set, with `rescale`.
    n_features_in_ : int
        Features, or units of spike trains.
    encodes_ : bool
        Whether it has learnt from numbers, not from SpikeTrains.
    n_iter_ : int
        Epochs done.

    Raises
    ------
    KeyboardInterrupt
        From fit, on Ctrl-C; what was learnt so far is kept.

    Notes
    -----
    Tang et al., arXiv 2110.14092.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> import spinnprop as sp
    >>> X, y = load_digits(return_X_y=True)
    >>> model = sp.BioGradClassifier(hidden=(50,), epochs=2).fit(X[:300], y[:300])
    >>> model.history_["angle"].shape
    (2, 1)
    """

    def __init__(
        self,
        hidden: Union[int, Sequence[int]] = (100,),
        *,
        rule: str = "biograd",
        feedback: str = "random",
        steps: int = 20,
        soft_start: int = 5,
        decay: float = 0.5,
        threshold: float = 0.5,
        window: float = 1.0,
        amplitude: float = 1.0,
        sleep: bool = True,
        sleep_steps: int = 50,
        sleep_rate: float = 3.33e-5,
        sleep_power: int = 2,
        sleep_draw: str = "sample",
        averages_sleep: bool = False,
        learning_rate: float = 5e-3,
        batch_size: int = 32,
        epochs: int = 60,
        seed: int = 0,
        counts: str = "running",
        counts_from: int = 0,
        traces_from: int = 0,
        includes_threshold: bool = False,
        integer: bool = False,
        engine: Union[str, Engine, Chip, Board] = "host",
        complement: Optional[bool] = None,
        rescale: bool = True,
        step_time: Optional[float] = None,
        checkpoint: Optional[PathLike] = None,
        resume: bool = False,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.hidden = hidden
        self.rule = rule
        self.feedback = feedback
        self.steps = steps
        self.soft_start = soft_start
        self.decay = decay
        self.threshold = threshold
        self.window = window
        self.amplitude = amplitude
        self.sleep = sleep
        self.sleep_steps = sleep_steps
        self.sleep_rate = sleep_rate
        self.sleep_power = sleep_power
        self.sleep_draw = sleep_draw
        self.averages_sleep = averages_sleep
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.seed = seed
        self.counts = counts
        self.counts_from = counts_from
        self.traces_from = traces_from
        self.includes_threshold = includes_threshold
        self.integer = integer
        self.engine = engine
        self.complement = complement
        self.rescale = rescale
        self.step_time = step_time
        self.checkpoint = checkpoint
        self.resume = resume
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any, progress: Progress = None) -> BioGradClassifier:
        """Trains on X, (n_samples, n_features) or SpikeTrains, and labels y of any type; progress as in `BioGrad.run`."""
        with restored(self, "training_"):
            return self._fit(X, y, progress)

    def _fit(self, X: Any, y: Any, progress: Progress) -> BioGradClassifier:
        X, y = learnt(self, X, y)
        check_classification_targets(y)
        classes, labels = np.unique(y, return_inverse=True)
        rescale, verbose = checks.boolean(self.rescale, "rescale"), checks.boolean(self.verbose, "verbose")
        if rescale and self.encodes_:
            self.feature_min_, self.feature_max_ = X.min(axis=0), X.max(axis=0)
        hidden = hidden_sizes(self.hidden)
        checks.progress(progress)
        few = X.shape[1] < _FEW_FEATURES
        complements = few if self.complement is None else checks.boolean(self.complement, "complement")
        self.complements_ = self.encodes_ and complements
        encoded = self._encode(X)
        options = {name: getattr(self, name) for name in _OF_TRAINING}
        training = BioGrad([encoded.shape[1], *hidden, len(classes)], **{**options, "seed": seed_of(self)})
        training = self._resumed(training, encoded)
        self.classes_ = classes
        with EpochBar(self.epochs, shown=verbose) as bar:

            def watch(state: Dict[str, Any]) -> object:
                bar(state)
                return progress is not None and progress(state)

            try:
                training.run(encoded, labels.astype(np.int64), step_time=self.step_time, checkpoint=self.checkpoint, progress=watch)
            finally:
                self.training_, self.history_, self.n_iter_ = training, training.history, training.epochs_done
        most = np.bincount(labels).max() / len(labels)
        if self.n_iter_ and self.history_["accuracy"][-1] <= most < 1:
            warnings.warn(
                f"the network learnt nothing: an accuracy of {self.history_['accuracy'][-1]:.2f} on the training set, where always the "
                f"same answer has {most:.2f}; try another seed, feedback='aligned', a smaller learning_rate or more epochs",
                RuntimeWarning,
                stacklevel=3,
            )
        return self

    def _resumed(self, fresh: BioGrad, encoded: Any) -> BioGrad:
        """The training of the checkpoint, or the fresh one, awake."""
        if checks.boolean(self.resume, "resume"):
            if self.checkpoint is None:
                raise ValueError("resume is True without a checkpoint; give the path to go on from")
            if os.path.exists(checks.path(self.checkpoint, "checkpoint")):
                earlier = BioGrad.load(self.checkpoint)
                earlier.epochs, earlier.engine = fresh.epochs, fresh.engine
                ours, theirs = ({"layers": own.layer_sizes, **own.options} for own in (fresh, earlier))
                for name, value in ours.items():
                    if theirs[name] != value:
                        raise ValueError(
                            f"the checkpoint was begun with {name} {theirs[name]!r}, this is {value!r}; remove the file to begin anew"
                        )
                return earlier
        fresh.wake(encoded, step_time=self.step_time)
        return fresh

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """The softmax of spike counts: (n_samples, n_classes) float64."""
        counts = self._counts(X).astype(np.float64)
        powers = np.exp(counts - counts.max(axis=1, keepdims=True))
        shares: npt.NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
        return shares

    def _counts(self, X: Any) -> npt.NDArray[np.int32]:
        check_is_fitted(self, "training_")
        return self.training_.counts(self._encode(alike(self, X)), step_time=self.step_time)

    def _decide(self, X: Any) -> npt.NDArray[np.int64]:
        return answers(self._counts(X))

    def _encode(self, X: Any) -> Any:
        """Probabilities of a spike, (n_samples, n_inputs), or the spikes that are given."""
        if isinstance(X, SpikeTrains):
            return X
        probabilities = rescaled(X, self.feature_min_, self.feature_max_) if self.rescale else X
        return np.hstack([probabilities, 1 - probabilities]) if self.complements_ else probabilities


#: Below so many features, small values need a voice of their own.
_FEW_FEATURES = 32
_OF_TRAINING = tuple(name for name in inspect.signature(BioGrad).parameters if name != "layer_sizes")
